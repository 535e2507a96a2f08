//! What is asked of a server, over and over.

use crate::client::Request;
use crate::people::People;
use crate::server::Server;

/// The questions that the architecture sets limits to.
pub const READ: &str = "read by id";
pub const RESULTS: &str = "a patient's results of one code, newest first";
pub const NAMES: &str = "patients by the start of a name";
pub const NUMBERS: &str = "a patient by NHS number";
pub const EVERYTHING: &str = "`$everything` of a patient";

/// A sort of question, with many different ones of it.
pub struct Scenario {
    pub name: &'static str,
    pub requests: Vec<Request>,
}

/// All of them. Every server is asked the same.
pub fn all(server: &Server, people: &People) -> Vec<Scenario> {
    let asked = &people.asked;
    let get = |path: String| Request::get(&format!("{}/{path}", server.base), &server.headers);
    let each =
        |list: &[String], path: &dyn Fn(&str) -> String| list.iter().map(|text| get(path(text))).collect();
    let results = asked.results.iter().map(|(patient, code)| {
        get(format!("Observation?patient={patient}&code={}&_sort=-date&_count=50", encoded(code)))
    });
    vec![
        Scenario { name: "an empty answer (`GET /health`)", requests: vec![Request::get("/health", &[])] },
        Scenario { name: READ, requests: each(&asked.resources, &str::to_owned) },
        Scenario { name: RESULTS, requests: results.collect() },
        Scenario {
            name: NAMES,
            requests: each(&asked.names, &|name| format!("Patient?name={}&_count=20", encoded(start(name)))),
        },
        Scenario {
            name: NUMBERS,
            requests: each(&asked.numbers, &|number| format!("Patient?identifier={}", encoded(number))),
        },
        Scenario {
            name: "a patient's encounters with who took part (`_include`)",
            requests: each(&asked.patients, &|patient| {
                format!("Encounter?patient={patient}&_include=Encounter:participant&_count=20")
            }),
        },
        Scenario {
            name: EVERYTHING,
            requests: each(&asked.patients, &|patient| format!("Patient/{patient}/$everything")),
        },
    ]
}

/// The first letters of a name, as someone types them.
fn start(name: &str) -> &str {
    &name[..name.floor_char_boundary(4)]
}

/// Percent-encoded for a query's value.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_would_misread_is_encoded() {
        assert_eq!(encoded("http://loinc.org|8480-6"), "http%3A%2F%2Floinc.org%7C8480-6");
        assert_eq!(encoded(start("Núñez")), "N%C3%BA");
    }
}

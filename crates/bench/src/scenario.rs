//! What is asked of a server, over and over.

use crate::client::Request;
use crate::people::People;
use crate::server::Server;
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The questions that the architecture sets limits to.
pub const READ: &str = "read by id";
pub const RESULTS: &str = "a patient's results of one code, newest first";
pub const NAMES: &str = "patients by the start of a name";
pub const NUMBERS: &str = "a patient by NHS number";
pub const EVERYTHING: &str = "`$everything` of a patient";

pub const WRITE: &str = "writing one result (`PUT`)";

/// A sort of question, with many different ones of it.
pub struct Scenario {
    pub name: &'static str,
    pub asks: Asks,
}

/// What is asked.
pub enum Asks {
    /// These, over and over.
    Again(Vec<Request>),
    /// Something new each time.
    New(Writes),
}

impl Asks {
    pub fn nth(&self, n: usize) -> Cow<'_, Request> {
        match self {
            Asks::Again(requests) => Cow::Borrowed(&requests[n % requests.len()]),
            Asks::New(writes) => Cow::Owned(writes.next()),
        }
    }

    /// How many different ones there are; of new ones as many as one likes.
    pub fn different(&self) -> usize {
        match self {
            Asks::Again(requests) => requests.len(),
            Asks::New(_) => usize::MAX,
        }
    }
}

/// Results of patients who are there, each under an id that is not.
pub struct Writes {
    base: &'static str,
    headers: Vec<String>,
    word: &'static str,
    results: Vec<(String, String)>,
    next: AtomicUsize,
}

impl Writes {
    /// The ids begin with a word that no other writes of the same run have.
    pub fn new(server: &Server, people: &People, word: &'static str) -> Writes {
        let mut headers = server.headers.clone();
        headers.push("Prefer: return=minimal".to_owned());
        let (results, next) = (people.asked.observations.clone(), AtomicUsize::new(0));
        Writes { base: server.base, headers, word, results, next }
    }

    pub fn next(&self) -> Request {
        let n = self.next.fetch_add(1, Relaxed);
        let (before, after) = &self.results[n % self.results.len()];
        let id = format!("{}-{n}", self.word);
        Request::put(
            &format!("{}/Observation/{id}", self.base),
            &self.headers,
            format!("{before}{id}{after}").as_bytes(),
        )
    }
}

/// All of them. Every server is asked the same.
pub fn all(server: &Server, people: &People) -> Vec<Scenario> {
    let asked = &people.asked;
    let get = |path: String| Request::get(&format!("{}/{path}", server.base), &server.headers);
    let each = |list: &[String], path: &dyn Fn(&str) -> String| {
        Asks::Again(list.iter().map(|text| get(path(text))).collect())
    };
    let results = asked.results.iter().map(|(patient, code)| {
        get(format!("Observation?patient={patient}&code={}&_sort=-date&_count=50", encoded(code)))
    });
    let scenario = |name, asks| Scenario { name, asks };
    vec![
        scenario("an empty answer (`GET /health`)", Asks::Again(vec![Request::get("/health", &[])])),
        scenario(READ, each(&asked.resources, &str::to_owned)),
        scenario(RESULTS, Asks::Again(results.collect())),
        scenario(
            NAMES,
            each(&asked.names, &|name| format!("Patient?name={}&_count=20", encoded(start(name)))),
        ),
        scenario(NUMBERS, each(&asked.numbers, &|number| format!("Patient?identifier={}", encoded(number)))),
        scenario(
            "a patient's encounters with who took part (`_include`)",
            each(&asked.patients, &|patient| {
                format!("Encounter?patient={patient}&_include=Encounter:participant&_count=20")
            }),
        ),
        scenario(EVERYTHING, each(&asked.patients, &|patient| format!("Patient/{patient}/$everything"))),
        scenario(WRITE, Asks::New(Writes::new(server, people, "bench"))),
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

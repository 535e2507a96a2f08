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

/// Resources like those that are there, each under an id that is not.
pub struct Writes {
    base: &'static str,
    headers: Vec<String>,
    word: &'static str,
    kind: &'static str,
    /// What stands before the id of each, and what after.
    texts: Vec<(String, String)>,
    next: AtomicUsize,
}

impl Writes {
    /// Results of patients who are there. The ids begin with a word that no other writes of the same run have.
    pub fn results(server: &Server, people: &People, word: &'static str) -> Writes {
        Writes::new(server, "Observation", people.asked.observations.clone(), word)
    }

    /// Patients.
    pub fn patients(server: &Server, people: &People, word: &'static str) -> Writes {
        Writes::new(server, "Patient", people.asked.persons.clone(), word)
    }

    fn new(server: &Server, kind: &'static str, texts: Vec<(String, String)>, word: &'static str) -> Writes {
        let mut headers = server.headers.clone();
        headers.push("Prefer: return=minimal".to_owned());
        Writes { base: server.base, headers, word, kind, texts, next: AtomicUsize::new(0) }
    }

    pub fn next(&self) -> Request {
        let n = self.next.fetch_add(1, Relaxed);
        let (before, after) = &self.texts[n % self.texts.len()];
        let id = format!("{}-{n}", self.word);
        Request::put(
            &format!("{}/{}/{id}", self.base, self.kind),
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
        scenario(WRITE, Asks::New(Writes::results(server, people, "bench"))),
    ]
}

/// Encounters that were at a clinic, at home, in hospital and so on.
const ENCOUNTER_CLASSES: &str = "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode";

/// What Carespine is asked besides, about the value sets of R4 itself.
pub fn terminology(server: &Server, people: &People) -> Vec<Scenario> {
    let scenario = |name, paths: &[String]| {
        let get = |path: &String| Request::get(&format!("{}/{path}", server.base), &server.headers);
        Scenario { name, asks: Asks::Again(paths.iter().map(get).collect()) }
    };
    let expand = |set: &str, rest: &str| format!("ValueSet/$expand?url={}{rest}", encoded(set));
    let small = expand("http://hl7.org/fhir/ValueSet/administrative-gender", "");
    let large = "http://terminology.hl7.org/ValueSet/v3-ActCode";
    let pages: Vec<String> =
        (0..10).map(|n| expand(large, &format!("&count=100&offset={}", n * 100))).collect();
    let typed = ["in", "pre", "acc", "hos", "cov", "inf", "ord", "med"];
    let filtered = typed.map(|letters| expand(large, &format!("&filter={letters}&count=20")));
    let codes =
        [("AMB", "v3-ActCode"), ("IMP", "v3-ActCode"), ("nonsense", "v3-ActCode"), ("HH", "v3-ActCode")];
    let checked = codes.map(|(code, system)| {
        format!(
            "ValueSet/$validate-code?url={}&system={}&code={code}",
            encoded(ENCOUNTER_CLASSES),
            encoded(&format!("http://terminology.hl7.org/CodeSystem/{system}"))
        )
    });
    let within: Vec<String> = people
        .asked
        .patients
        .iter()
        .map(|patient| {
            format!("Encounter?patient={patient}&class:in={}&_count=20", encoded(ENCOUNTER_CLASSES))
        })
        .collect();
    vec![
        scenario("`$expand` of a value set of 4 codes", &[small]),
        scenario("`$expand` of a page of 100 out of 1,100 codes", &pages),
        scenario("`$expand` of what has some letters out of 1,100 codes, as someone types", &filtered),
        scenario("`$validate-code` in a value set", &checked),
        scenario("a patient's encounters of a value set's classes (`:in`)", &within),
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

//! The door against a real record in a place of its own.

#![expect(clippy::print_stdout, reason = "what was counted and measured is to be seen with --nocapture")]

mod batches;
mod binaries;
mod bulk;
mod conditions;
mod everything;
mod formats;
mod graphql;
mod histories;
mod hostile;
mod later;
mod operations;
mod patches;
mod profiles;
mod repeats;
mod resources;
mod searches;
mod sockets;
mod statement;
mod subscriptions;
mod suites;
mod terms;
mod trail;
mod transactions;
mod unseen;
mod views;

use crate::{Config, Request, Response, Rest, handle};
use access::Access;
use fhir::json::{Json, Limits};
use record::{Options, Place, Scope, Store};
use std::path::PathBuf;
use testbed::Home;

/// Where the door of a test is.
const BASE: &str = "https://care.example/fhir";

/// A record, its door, and a token of each role that was asked for.
struct World {
    rest: Rest,
    access: Access,
    system: String,
    _home: Home,
}

impl World {
    fn new() -> World {
        World::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Config)) -> World {
        let home = Home::new();
        let options = Options { readers: 4, durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let access = Access::open(store).unwrap();
        let mut config = Config::at(BASE);
        change(&mut config);
        let system = access.mint_token("system", 60).unwrap();
        World { rest: Rest::new(access.clone(), config), access, system, _home: home }
    }

    /// Sends as the system itself.
    fn send(&self, request: Request) -> Response {
        self.send_with(&self.system, request)
    }

    fn send_with(&self, token: &str, request: Request) -> Response {
        handle(&self.rest, &request.with("authorization", &format!("Bearer {token}")))
    }

    fn get(&self, url: &str) -> Response {
        self.send(Request::new("GET", url))
    }

    fn post(&self, url: &str, body: &str) -> Response {
        self.send(Request::new("POST", url).body(body))
    }

    fn put(&self, url: &str, body: &str) -> Response {
        self.send(Request::new("PUT", url).body(body))
    }

    /// The newest rows of the audit trail: action and detail.
    fn trail(&self, count: usize) -> Vec<(String, String)> {
        let rows = self.access.store().reader(&Scope::all()).unwrap().audit(None, count).unwrap();
        rows.into_iter().map(|row| (row.action, row.detail)).collect()
    }
}

fn json(response: &Response) -> Json {
    let parsed = Json::parse(response.body.as_slice(), Limits::FILE);
    parsed.unwrap_or_else(|e| panic!("{e}: {}", response.text()))
}

/// The text at a path of members; items of lists by number.
fn at(response: &Response, path: &str) -> String {
    let json = json(response);
    let mut value = json.root();
    for part in path.split('.') {
        let next = match part.parse::<usize>() {
            Ok(number) => value.items().nth(number),
            Err(_) => value.get(part),
        };
        let Some(next) = next else { return String::new() };
        value = next;
    }
    value.as_str().map_or_else(|| value.raw().to_owned(), |text| text.into_owned())
}

/// The id of the resource in a response.
fn id(response: &Response) -> String {
    assert!(response.status < 300, "{} {}", response.status, response.text());
    at(response, "id")
}

/// Fails with the body when the status is another.
#[track_caller]
fn expect(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{}", response.text());
    if status >= 400 {
        assert_eq!(at(response, "resourceType"), "OperationOutcome");
        assert!(!at(response, "issue.0.diagnostics").is_empty());
    }
}

/// A folder of the public test data; none, and a line that says so, when it is not on this machine.
fn suite(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites");
    let root = std::env::var_os("CARESPINE_SUITES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there; set CARESPINE_SUITES", folder.display());
    None
}

const PATIENT: &str = r#"{"resourceType":"Patient","identifier":[{"system":"urn:test","value":"1"}],
    "name":[{"family":"Ashe","given":["Bo"]}],"birthDate":"1970-01-01"}"#;

//! A house with a few people and one service, and browsers that come to it.

use crate::{Config, router};
use access::{Access, NewProfile, NewUser, Session};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode};
use fhir::{Instant, Tree};
use html::{Nav, frame, html};
use record::{Kind, Options, Place, Refusal, Scope, Store, Tx};
use service::{
    Answer, Card, Catalogue, Command, Field, FieldKind, Input, Outcome, Page, Permission, Request, Service,
    Values,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use testbed::Home;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

pub const PASSWORD: &str = "three odd words";
pub const MINUTE: i64 = 60_000;

pub struct House {
    pub access: Access,
    pub router: Router,
    clock: Arc<AtomicI64>,
    runtime: Arc<Runtime>,
    _home: Home,
}

impl House {
    pub fn new() -> House {
        House::with(Config::default())
    }

    pub fn with(config: Config) -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let clock = Arc::new(AtomicI64::new(store.now().0));
        let hands = clock.clone();
        let access =
            Access::with_clock(store, Arc::new(move || Instant(hands.load(Ordering::SeqCst)))).unwrap();
        for (name, role) in [("doctor", "doctor"), ("desk", "receptionist"), ("keeper", "administrator")] {
            let display = format!("A {}", name.to_uppercase());
            let user = NewUser::new(name, &display, NewProfile::new(role).place("Ash ward"), PASSWORD);
            access.add_user(&user).unwrap();
        }
        let runtime = Arc::new(Builder::new_current_thread().enable_all().build().unwrap());
        House { router: router(access.clone(), &CATALOGUE, config), access, clock, runtime, _home: home }
    }

    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            runtime: self.runtime.clone(),
            origin: "http://127.0.0.1:8080".into(),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser in which this person has signed in.
    pub fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(name, PASSWORD);
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/home"));
        browser
    }

    pub fn later(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// The trail as `who action detail`, oldest first.
    pub fn trail(&self) -> Vec<String> {
        let mut rows = self.access.store().reader(&Scope::all()).unwrap().audit(None, 200).unwrap();
        rows.sort_by_key(|row| row.seq);
        rows.into_iter().map(|row| format!("{} {} {}", row.who, row.action, row.detail)).collect()
    }

    /// How often the command of the house has been performed.
    pub fn calls(&self) -> usize {
        self.access.store().reader(&Scope::all()).unwrap().kept_all("call", "").unwrap().len()
    }
}

/// A browser: it keeps cookies, and says with every POST which page it comes from.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    runtime: Arc<Runtime>,
    pub origin: String,
    pub cookies: BTreeMap<String, String>,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of a hidden field of the first form that has it.
    pub fn hidden(&self, name: &str) -> String {
        let field = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&field).map_or("", |(_, rest)| rest);
        rest.split_once('"').map_or("", |(value, _)| value).to_owned()
    }

    /// Fails with the page unless it has all of these.
    pub fn has(&self, parts: &[&str]) -> &Reply {
        for part in parts {
            assert!(self.text.contains(part), "{part} is not in {}", self.text);
        }
        self
    }
}

impl Browser {
    pub fn get(&mut self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path), Body::empty())
    }

    /// Sends a form as it is.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self
            .request(Method::POST, path)
            .header("origin", &self.origin)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request, Body::from(encoded(fields)))
    }

    /// Opens a page and sends its form with these fields and the hidden ones it has.
    pub fn fill(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
        let opened = self.get(page);
        let hidden = ["csrf", "next", "locked", "request"].map(|name| (name, opened.hidden(name)));
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(fields);
        self.post(action, &all)
    }

    pub fn sign_in(&mut self, name: &str, password: &str) -> Reply {
        self.fill("/sign-in", "/sign-in", &[("name", name), ("password", password)])
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let host = self.origin.split("://").nth(1).unwrap();
        HttpRequest::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("cookie", cookies.join("; "))
    }

    pub fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Reply {
        let answer = self.router.clone().oneshot(request.body(body).unwrap());
        let response = self.runtime.block_on(answer).unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            match rest.split_once(';').unwrap().0 {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let bytes = self.runtime.block_on(to_bytes(body, 1 << 24)).unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let value = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    fields.iter().map(|(name, text)| format!("{name}={}", value(text))).collect::<Vec<_>>().join("&")
}

pub static CATALOGUE: Catalogue = Catalogue { services: &[&CALLS] };

static CALLS: Service = Service {
    name: "calls",
    title: "Calls",
    about: "Notes of calls.",
    pages: &[
        Page { path: "/patients", title: "Find a patient", needs: Permission::Trace, show: list },
        Page { path: "/patients/{id}", title: "A record", needs: Permission::ReadRecord, show: record },
    ],
    commands: &[&NOTE],
    sections: &[],
    cards: &[
        Card { title: "Last calls", needs: Permission::ReadRecord, show: last_calls },
        Card { title: "Broken card", needs: Permission::ReadRecord, show: broken_card },
    ],
};

fn last_calls(request: &Request<'_>) -> Result<html::Markup, Refusal> {
    Ok(html! { p { "Nobody called " (request.session.display) } })
}

fn broken_card(_: &Request<'_>) -> Result<html::Markup, Refusal> {
    Err(Refusal::new(Kind::Fault, "The card fell off."))
}

fn list(request: &Request<'_>) -> Result<Answer, Refusal> {
    let found = html! { p { "Found nobody called " (request.query("q").unwrap_or("anything")) } };
    Ok(match request.part() {
        Some(_) => Answer::Part(found),
        None => Answer::Page(frame(&request.frame("Patients", Nav::Patients), found)),
    })
}

/// A page whose id says what it does.
fn record(request: &Request<'_>) -> Result<Answer, Refusal> {
    let id = request.param("id");
    request.audit("read", Tree::object().with("patient", id));
    match id {
        "absent" => Err(Refusal::not_found("The patient")),
        "clash" => Err(Refusal::new(Kind::Conflict, "Dr B changed this at 09:40.")),
        "fault" => Err(Refusal::new(Kind::Fault, "Something went wrong here.")),
        "busy" => Err(Refusal::new(Kind::Busy, "Too much at once.")),
        "panic" => panic!("a page that breaks off"),
        "moved" => Ok(Answer::Redirect("/patients/1".into())),
        "away" => Ok(Answer::Redirect("https://evil.example/".into())),
        "file" => Ok(Answer::File {
            name: "a \"letter\"\r\n.pdf".into(),
            kind: "application/pdf",
            bytes: b"%PDF".to_vec(),
        }),
        _ => {
            Ok(Answer::Page(frame(&request.frame("A record", Nav::Patients), html! { p { "Record " (id) } })))
        }
    }
}

const NOTE: Command<Note> =
    Command { name: "note", about: "Note that someone was called", needs: Permission::ReadRecord, run: note };

struct Note {
    person: String,
}

impl Input for Note {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "person",
            kind: FieldKind::Reference(&["Patient"]),
            required: true,
            label: "Person",
            hint: "",
        },
        Field { name: "day", kind: FieldKind::Date, required: true, label: "Day", hint: "Of the call" },
        Field {
            name: "reason",
            kind: FieldKind::Code(&[("result", "A result"), ("visit", "A visit")]),
            required: false,
            label: "Reason",
            hint: "",
        },
    ];

    fn read(values: &Values) -> Result<Note, Refusal> {
        Ok(Note { person: values.text("person") })
    }
}

fn note(tx: &mut Tx<'_>, _: &Session, note: Note) -> Result<Outcome, Refusal> {
    if note.person == "Patient/clash" {
        return Err(Refusal::new(Kind::Conflict, "This person was called a minute ago."));
    }
    tx.keep("call", &record::new_id(), note.person.as_bytes(), None)?;
    Ok(Outcome::of([], "The call was noted.", format!("/patients/{}", &note.person["Patient/".len()..])))
}

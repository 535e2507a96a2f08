//! What crashes, other nodes and writes meanwhile do to jobs.

use super::{Asked, Export, Jobs, Of, Pace, Purpose, State};
use crate::interaction::{Caller, Expected, Target, update};
use access::{Access, Session};
use fhir::{Instant, Json, Limits};
use record::{Options, Place, Scope, Store};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use testbed::Home;

const BASE: &str = "https://care.example/fhir";

/// A record that several nodes have open, with a clock that the test moves.
struct House {
    clock: Arc<AtomicI64>,
    home: Home,
}

/// One process on it.
struct Node {
    access: Access,
    jobs: Jobs,
    pace: Pace,
}

impl House {
    fn new() -> House {
        House { clock: Arc::new(AtomicI64::new(1_800_000_000_000)), home: Home::new() }
    }

    fn node(&self) -> Node {
        let clock = self.clock.clone();
        let options = Options {
            readers: 3,
            durable: false,
            clock: Arc::new(move || Instant(clock.load(Relaxed))),
            ..Options::default()
        };
        let store = Store::open(self.home.place().parse::<Place>().unwrap(), options).unwrap();
        let access = Access::open(store).unwrap();
        let pace = Pace { page: 2, file_bytes: 1, ..Pace::default() };
        Node { jobs: Jobs::new(access.clone(), BASE, pace.clone()), access, pace }
    }

    fn wait(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Relaxed);
    }
}

impl Node {
    fn session(&self) -> Session {
        self.access.bearer(&self.access.mint_token("system", 600).unwrap()).unwrap()
    }

    fn put(&self, session: &Session, kind: &'static str, id: &str, word: &str) {
        let text = format!(r#"{{"resourceType":"{kind}","id":"{id}","language":"{word}"}}"#);
        let json = Json::parse(text, Limits::DOOR).unwrap();
        let caller = Caller::new(&self.access, session, BASE);
        update(&caller, Target::Id(kind, id.to_owned()), &json, Expected::Any, None).unwrap();
    }

    fn begin(&self, session: &Session, since: Option<Instant>) -> String {
        let export = Export {
            of: Of::System,
            types: vec!["Patient", "Organization"],
            filters: Vec::new(),
            patients: None,
            since,
            elements: Vec::new(),
        };
        let caller = Caller::new(&self.access, session, BASE);
        self.jobs.export(&caller, export, "$export").unwrap().id
    }

    fn turn(&self) -> bool {
        self.jobs.turn(&|_, _, _| unreachable!("no request is to be answered here")).unwrap()
    }

    /// The lines that a job has put out: `Type/id language`.
    fn out(&self, session: &Session, id: &str) -> Vec<String> {
        let job = self.jobs.find(session, id).unwrap();
        assert_eq!(job.state, State::Done, "{job:?}");
        let mut out = Vec::new();
        for file in job.files.iter().filter(|file| file.purpose == Purpose::Output) {
            let bytes = self.access.store().parcel(id, &file.name).unwrap().unwrap();
            for line in std::str::from_utf8(&bytes).unwrap().lines() {
                let json = Json::parse(line, Limits::DOOR).unwrap();
                let member = |name| json.root().str(name).unwrap().into_owned();
                out.push(format!("{}/{} {}", member("resourceType"), member("id"), member("language")));
            }
        }
        out
    }
}

/// Ten patients and an organisation.
fn fill(node: &Node, session: &Session) -> BTreeSet<String> {
    for i in 0..10 {
        node.put(session, "Patient", &format!("p{i}"), "en");
    }
    node.put(session, "Organization", "o", "en");
    let patients = (0..10).map(|i| format!("Patient/p{i} en"));
    patients.chain(["Organization/o en".to_owned()]).collect()
}

/// Breaks an export off in the middle, changes much, and lets `after` finish it.
fn broken_off(since: Option<Instant>, after: impl Fn(&House, Node) -> Node) {
    let house = House::new();
    let node = house.node();
    let session = node.session();
    let expected = fill(&node, &session);
    house.wait(10);
    let id = node.begin(&session, since);
    node.pace.crash.store(3, Relaxed);
    assert!(node.turn(), "it was begun");
    let half = node.jobs.find(&session, &id).unwrap();
    assert_eq!(half.state, State::Open);
    let lines: u64 = half.files.iter().map(|file| file.count).sum();
    assert!((1..11).contains(&lines), "it stopped in the middle, after {lines}");
    for i in 0..10 {
        node.put(&session, "Patient", &format!("p{i}"), "cy");
        node.put(&session, "Patient", &format!("new{i}"), "cy");
    }
    node.pace.crash.store(i64::MAX, Relaxed);
    assert!(!node.turn(), "its lease has not run out");
    house.wait(20_000);
    let node = after(&house, node);
    assert!(node.turn());
    let out = node.out(&session, &id);
    assert_eq!(out.len(), expected.len(), "nothing twice: {out:?}");
    assert_eq!(out.into_iter().collect::<BTreeSet<_>>(), expected, "as it was when it was asked for");
    assert!(!node.turn(), "nothing is left to do");
}

#[test]
fn an_export_goes_on_after_a_restart_and_shows_one_state() {
    broken_off(None, |house, node| {
        drop(node);
        house.node()
    });
    broken_off(Some(Instant(0)), |house, node| {
        drop(node);
        house.node()
    });
}

#[test]
fn another_node_takes_an_export_up() {
    broken_off(None, |house, _| house.node());
}

#[test]
fn an_export_whose_token_is_revoked_in_the_middle_leaves_nothing() {
    let house = House::new();
    let node = house.node();
    let token = node.access.mint_token("system", 600).unwrap();
    let session = node.access.bearer(&token).unwrap();
    fill(&node, &session);
    let id = node.begin(&session, None);
    node.pace.crash.store(3, Relaxed);
    assert!(node.turn());
    assert!(!node.access.store().parcel_owners().unwrap().is_empty());
    node.access.revoke_token(&token).unwrap();
    node.pace.crash.store(i64::MAX, Relaxed);
    house.wait(20_000);
    assert!(node.turn());
    let job = node.jobs.find(&session, &id).unwrap();
    assert!(matches!(job.state, State::Failed(_)) && job.files.is_empty(), "{job:?}");
    assert!(node.access.store().parcel_owners().unwrap().is_empty());
    let trail = node.access.store().reader(&Scope::all()).unwrap().audit(None, 1).unwrap();
    assert_eq!((trail[0].action.as_str(), trail[0].who.as_str()), ("job-failed", session.who.as_str()));
}

#[test]
fn only_so_many_exports_are_kept_for_one_caller() {
    let house = House::new();
    let node = house.node();
    let session = node.session();
    let ids: Vec<String> = (0..super::EXPORTS_MAX)
        .map(|_| {
            let id = node.begin(&session, None);
            assert!(node.turn());
            id
        })
        .collect();
    let caller = Caller::new(&node.access, &session, BASE);
    let super::Work::Export(export) = node.jobs.find(&session, &ids[0]).unwrap().work else {
        panic!("it is an export")
    };
    let one_more = || node.jobs.export(&caller, export.clone(), "x");
    assert_eq!(one_more().unwrap_err().kind, record::Kind::Busy);
    node.jobs.cancel(&caller, &ids[0]).unwrap();
    one_more().unwrap();
}

#[test]
fn what_runs_out_is_swept_out() {
    let house = House::new();
    let node = house.node();
    let session = node.session();
    fill(&node, &session);
    let id = node.begin(&session, None);
    while node.turn() {}
    node.jobs.sweep().unwrap();
    assert!(!node.out(&session, &id).is_empty());
    house.wait((super::KEPT_HOURS + 1) * 3_600_000);
    node.jobs.sweep().unwrap();
    assert!(node.jobs.find(&session, &id).is_err());
    assert!(node.access.store().parcel_owners().unwrap().is_empty());
}

#[test]
fn a_request_that_panics_fails_its_job_after_some_tries_and_stops_no_other() {
    let house = House::new();
    let node = house.node();
    let session = node.session();
    let caller = Caller::new(&node.access, &session, BASE);
    let id = node.jobs.request(&caller, Asked::default(), b"", "x").unwrap().id;
    let mut turns = 0;
    while node.jobs.turn(&|_, _, _| panic!("on purpose")).unwrap() {
        turns += 1;
        assert!(turns < 50, "it is tried for ever");
    }
    assert!(turns > 1, "it is tried again");
    assert!(matches!(node.jobs.find(&session, &id).unwrap().state, State::Failed(_)));
}

#[test]
fn nobody_has_more_jobs_by_asking_for_many_at_the_same_moment() {
    let house = House::new();
    let node = house.node();
    let session = node.session();
    let begun = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let caller = Caller::new(&node.access, &session, BASE);
                if node.jobs.request(&caller, Asked::default(), b"", "x").is_ok() {
                    begun.fetch_add(1, Relaxed);
                }
            });
        }
    });
    assert_eq!(begun.load(Relaxed), super::OPEN_MAX as i64);
}

//! The engine against a real record and real receivers.

mod away;
mod killed;
mod mail;
mod receiver;
mod sight;
mod story;
mod tls;

use crate::endpoint::Hosts;
use crate::{Settings, Subscriptions, Work, guard};
use access::{Access, NewProfile, NewUser, Session};
use fhir::{Json, Limits};
use receiver::Receiver;
use record::{Found, Options, Place, Prepared, Scope, Store};
use std::time::{Duration, Instant};
use testbed::Home;
use tokio::runtime::Runtime;

const BASE: &str = "https://care.example/fhir";

/// A record, its subscriptions, and the work on them.
struct World {
    work: Option<Work>,
    subscriptions: Subscriptions,
    access: Access,
    system: Session,
    runtime: Runtime,
    home: Home,
}

impl World {
    fn new() -> World {
        World::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Settings)) -> World {
        let home = Home::new();
        let options = Options { readers: 8, durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let access = Access::open(store).unwrap();
        let mut settings = settings();
        change(&mut settings);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let subscriptions = Subscriptions::new(access.clone(), settings);
        let work = Some(Work::start(&subscriptions, runtime.handle().clone()).unwrap());
        let system = access.bearer(&access.mint_token("system", 60).unwrap()).unwrap();
        World { work, subscriptions, access, system, runtime, home }
    }

    fn receiver(&self) -> Receiver {
        Receiver::start(&self.runtime)
    }

    /// An account with a role, and what it may.
    fn hire(&self, name: &str, role: &str) -> Session {
        let password = "three odd words";
        let user = NewUser::new(name, "Dr A OKAFOR", NewProfile::new(role), password);
        self.access.add_user(&user).unwrap();
        self.access.sign_in(name, password, "127.0.0.1").unwrap().session
    }

    /// Stores as the door does, once the guards have found nothing wrong.
    fn put_as(&self, session: &Session, text: &str) -> u64 {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        for guard in self.subscriptions.guards().iter().filter(|g| text.contains(&format!("\"{}\"", g.kind)))
        {
            let issues = (guard.check)(session, json.root()).unwrap();
            assert_eq!(issues, []);
        }
        let id = json.root().str("id").unwrap().into_owned();
        let (prepared, by) = (Prepared::of(&json, &id).unwrap(), session.clone());
        let written = self.access.store().write(session.author("test.put", None), move |tx| {
            let written = tx.put(prepared, None)?;
            if written.kind == "Subscription" {
                guard::filed(tx, &by, &written)?;
            }
            Ok(written)
        });
        written.unwrap().version
    }

    fn put(&self, text: &str) -> u64 {
        self.put_as(&self.system, text)
    }

    fn delete(&self, kind: &'static str, id: &str) {
        let id = id.to_owned();
        let author = self.system.author("test.delete", None);
        self.access.store().write(author, move |tx| tx.delete(kind, &id, None)).unwrap();
    }

    /// Observations with these ids, one after the other.
    fn observe(&self, ids: impl IntoIterator<Item = usize>) {
        for id in ids {
            self.put(&observation(id, "final"));
        }
    }

    fn stop(&mut self) {
        self.work = None;
    }

    /// Does something while nobody reads the log.
    fn stop_and(&mut self, act: impl FnOnce(&World)) {
        self.stop();
        act(self);
        self.start();
    }

    fn start(&mut self) {
        self.work = Some(Work::start(&self.subscriptions, self.runtime.handle().clone()).unwrap());
    }

    /// A member of the Subscription as it is stored.
    fn member(&self, id: &str, name: &str) -> String {
        let Ok(Found::Here(body)) = self.access.store().read(&Scope::all(), "Subscription", id) else {
            return String::new();
        };
        Json::parse(body.text, Limits::DOOR).unwrap().root().str(name).unwrap_or_default().into_owned()
    }

    fn until_status(&self, id: &str, status: &str) {
        until(&format!("{id} is {status}"), || self.member(id, "status") == status);
    }
}

/// Settings for tests: everything soon.
fn settings() -> Settings {
    let mut settings = Settings::at(BASE);
    settings.hosts = Hosts::new(["127.0.0.1".to_owned()]);
    settings.retry_first = Duration::from_millis(20);
    settings.retry_max = Duration::from_millis(80);
    settings.owner_every = Duration::from_millis(100);
    settings.failures_max = 3;
    settings.lease = Duration::from_millis(1_500);
    settings
}

/// Waits for what must come, and fails when it does not.
#[track_caller]
fn until(what: &str, mut met: impl FnMut() -> bool) {
    let began = Instant::now();
    while !met() {
        assert!(began.elapsed() < Duration::from_secs(30), "it did not come: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A Subscription of R4 to a receiver.
fn plain(id: &str, criteria: &str, url: &str, payload: bool) -> String {
    let payload = if payload { r#","payload":"application/fhir+json""# } else { "" };
    format!(
        r#"{{"resourceType":"Subscription","id":"{id}","status":"requested","reason":"test","criteria":"{criteria}",
        "channel":{{"type":"rest-hook","endpoint":"{url}","header":["Authorization: Bearer its-own"]{payload}}}}}"#
    )
}

/// A Subscription of the guide to the topic of encounters that end.
fn by_topic(id: &str, channel: &str, content: &str, more: &str) -> String {
    format!(
        r#"{{"resourceType":"Subscription","id":"{id}","status":"requested","reason":"test",
        "meta":{{"profile":["http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription"]}},
        "criteria":"http://care.example/topics/ended",
        "channel":{{{channel},"payload":"application/fhir+json","_payload":{{"extension":[{{"url":
        "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content",
        "valueCode":"{content}"}}]}}{more}}}}}"#
    )
}

fn extension(name: &str, value: u32) -> String {
    let url = format!("http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/{name}");
    format!(r#","extension":[{{"url":"{url}","valuePositiveInt":{value}}}]"#)
}

fn hook(url: &str) -> String {
    format!(r#""type":"rest-hook","endpoint":"{url}""#)
}

fn observation(id: usize, status: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"o{id}","status":"{status}","code":{{"coding":[
        {{"system":"http://loinc.org","code":"1975-2"}}]}},"subject":{{"reference":"Patient/p"}}}}"#
    )
}

fn encounter(id: &str, status: &str) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"{id}","status":"{status}","class":{{"code":"AMB"}},
        "subject":{{"reference":"Patient/p"}}}}"#
    )
}

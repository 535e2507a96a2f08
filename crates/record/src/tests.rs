//! The record as its callers use it, on real files.

mod leak;
mod marks;
mod moving;
mod nodes;
mod replica;

use crate::lens::Lens;
use crate::{
    Author, Found, HistoryOf, Kind, Options, Place, Prepared, Reach, Refusal, Scope, Store, Written, verify,
};
use fhir::{Json, Limits};
use std::collections::BTreeSet;
use std::sync::Arc;
use testbed::Home;

pub(crate) struct Desk {
    pub store: Store,
    pub home: Home,
}

/// Where the store of a test is.
pub(crate) fn place(home: &Home) -> Place {
    home.place().parse().unwrap()
}

impl Desk {
    pub fn new() -> Desk {
        let home = Home::new();
        let store =
            Store::open(place(&home), Options { readers: 3, durable: false, ..Options::default() }).unwrap();
        Desk { store, home }
    }

    pub fn put(&self, text: &str) -> Written {
        self.try_put(text, None, Scope::all()).unwrap()
    }

    pub fn try_put(&self, text: &str, expected: Option<u64>, scope: Scope) -> Result<Written, Refusal> {
        let prepared = prepared(text);
        let author = Author { scope, ..Author::system("test") };
        self.store.write(author, move |tx| tx.put(prepared, expected))
    }

    pub fn delete(&self, kind: &'static str, id: &'static str) -> Option<Written> {
        self.store.write(Author::system("test"), move |tx| tx.delete(kind, id, None)).unwrap()
    }

    pub fn sound(&self) {
        let report = verify(place(&self.home), &mut |_, _| {}).unwrap();
        assert_eq!(report.findings, []);
    }

    pub fn read(&self, kind: &str, id: &str) -> Found {
        self.store.reader(&Scope::all()).unwrap().read(kind, id).unwrap()
    }
}

pub(crate) fn prepared(text: &str) -> Prepared {
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let id = json.root().str("id").unwrap().into_owned();
    Prepared::of(&json, &id).unwrap()
}

pub(crate) fn only(patients: &[&str]) -> Scope {
    let ids: BTreeSet<String> = patients.iter().map(|p| (*p).to_owned()).collect();
    Scope { reach: Reach::Patients(Arc::new(ids)), ..Scope::all() }
}

fn text(found: Found) -> String {
    match found {
        Found::Here(body) => body.text,
        other => panic!("{other:?}"),
    }
}

const ANN: &str = r#"{"resourceType":"Patient","id":"ann","name":[{"family":"Lee","given":["Ann"]}]}"#;
const ANN_AGAIN: &str = r#"{"resourceType":"Patient","id":"ann","name":[{"family":"Moss","given":["Ann"]}]}"#;
const BOB: &str = r#"{"resourceType":"Patient","id":"bob","name":[{"family":"Lee","given":["Bob"]}]}"#;

fn weight(id: &str, patient: &str, value: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"29463-7"}}]}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2026-01-02","valueQuantity":{{"value":{value},"unit":"kg"}}}}"#
    )
}

#[test]
fn a_resource_is_read_as_written_with_version_and_instant() {
    let desk = Desk::new();
    let written = desk.put(&weight("w", "ann", "72.50"));
    assert!(written.created && written.changed && written.version == 1);
    let text = text(desk.read("Observation", "w"));
    let meta = format!(r#""meta":{{"versionId":"1","lastUpdated":"{}"}}"#, written.updated);
    assert!(text.contains(&meta) && text.contains("72.50"), "{text}");
    desk.sound();
}

#[test]
fn a_new_resource_may_point_at_itself() {
    let desk = Desk::new();
    desk.put(r#"{"resourceType":"Organization","id":"o","partOf":{"reference":"Organization/o"}}"#);
    desk.put(
        r#"{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"Organization/o"}}"#,
    );
    desk.sound();
}

#[test]
fn the_same_content_writes_nothing() {
    let desk = Desk::new();
    desk.put(ANN);
    let again = desk.put(ANN);
    assert!(!again.changed && again.version == 1);
    desk.sound();
}

#[test]
fn a_write_on_another_version_than_expected_is_refused() {
    let desk = Desk::new();
    desk.put(ANN);
    desk.put(ANN_AGAIN);
    let refusal = desk.try_put(ANN, Some(1), Scope::all()).unwrap_err();
    assert_eq!(refusal.kind, Kind::Precondition);
    assert!(refusal.to_string().contains("version 2"));
    assert_eq!(desk.try_put(ANN, Some(2), Scope::all()).unwrap().version, 3);
    desk.sound();
}

#[test]
fn a_refusal_undoes_the_whole_transaction() {
    let desk = Desk::new();
    let (ann, bob) = (prepared(ANN), prepared(BOB));
    let outcome = desk.store.write(Author::system("test"), move |tx| {
        tx.put(ann, None)?;
        tx.claim("bed/7", "ann")?;
        tx.keep("space", "key", b"value", None)?;
        tx.create(bob)?;
        Err::<(), _>(Refusal::invalid("", "no"))
    });
    assert!(outcome.is_err());
    assert_eq!(desk.read("Patient", "ann"), Found::Absent);
    assert_eq!(desk.store.reader(&Scope::all()).unwrap().kept("space", "key").unwrap(), None);
    desk.store.write(Author::system("test"), |tx| tx.claim("bed/7", "bob")).unwrap();
    desk.put(BOB);
    desk.sound();
}

#[test]
fn a_panic_in_a_command_is_a_fault_and_the_next_command_works() {
    let desk = Desk::new();
    let outcome =
        desk.store.write(Author::system("test"), |_| -> Result<(), Refusal> { panic!("on purpose") });
    assert_eq!(outcome.unwrap_err().kind, Kind::Fault);
    desk.put(ANN);
    desk.sound();
}

#[test]
fn a_claim_has_one_holder_until_it_is_given_back() {
    let desk = Desk::new();
    let claim =
        |holder: &'static str| desk.store.write(Author::system("test"), move |tx| tx.claim("bed/7", holder));
    claim("ann").unwrap();
    claim("ann").unwrap();
    assert!(claim("bob").unwrap_err().to_string().contains("taken by ann"));
    desk.store.write(Author::system("test"), |tx| tx.release("bed/7", "ann")).unwrap();
    claim("bob").unwrap();
}

#[test]
fn a_deleted_resource_is_gone_and_its_versions_stay() {
    let desk = Desk::new();
    desk.put(ANN);
    assert_eq!(desk.delete("Patient", "ann").unwrap().version, 2);
    assert_eq!(desk.delete("Patient", "ann"), None);
    assert!(matches!(desk.read("Patient", "ann"), Found::Gone(_)));
    let reader = desk.store.reader(&Scope::all()).unwrap();
    assert!(matches!(reader.vread("Patient", "ann", 1).unwrap(), Found::Here(_)));
    let history = reader.history(HistoryOf::Resource("Patient", "ann"), None, 10, None).unwrap();
    assert_eq!(
        history.versions.iter().map(|v| (v.version, v.deleted)).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
    assert_eq!(desk.put(ANN).version, 3);
    desk.sound();
}

#[test]
fn a_past_state_shows_what_was_there_then() {
    let desk = Desk::new();
    let first = desk.put(ANN).updated;
    std::thread::sleep(std::time::Duration::from_millis(5));
    desk.put(ANN_AGAIN);
    desk.put(BOB);
    desk.delete("Patient", "ann");
    let then = desk.store.reader_at(&Scope::all(), first).unwrap();
    assert!(text(then.read("Patient", "ann").unwrap()).contains("Lee"));
    assert_eq!(then.read("Patient", "bob").unwrap(), Found::Absent);
    assert_eq!(then.vread("Patient", "ann", 2).unwrap(), Found::Absent);
    let before = desk.store.reader_at(&Scope::all(), crate::Instant(first.0 - 1)).unwrap();
    assert_eq!(before.read("Patient", "ann").unwrap(), Found::Absent);
}

#[test]
fn what_is_outside_the_scope_is_absent_and_cannot_be_overwritten() {
    let desk = Desk::new();
    desk.put(ANN);
    desk.put(BOB);
    desk.put(&weight("w", "ann", "70"));
    let both = r#"{"resourceType":"Appointment","id":"both","status":"booked","participant":[{"actor":{"reference":"Patient/ann"},"status":"accepted"},{"actor":{"reference":"Patient/bob"},"status":"accepted"}]}"#;
    desk.put(both);
    let reader = desk.store.reader(&only(&["bob"])).unwrap();
    assert_eq!(reader.read("Patient", "ann").unwrap(), Found::Absent);
    assert_eq!(reader.read("Observation", "w").unwrap(), Found::Absent);
    assert_eq!(reader.vread("Observation", "w", 1).unwrap(), Found::Absent);
    assert_eq!(reader.read("Appointment", "both").unwrap(), Found::Absent);
    assert!(matches!(reader.read("Patient", "bob").unwrap(), Found::Here(_)));
    assert_eq!(reader.history(HistoryOf::All, None, 10, None).unwrap().versions.len(), 1);
    drop(reader);
    let both = desk.store.reader(&only(&["ann", "bob"])).unwrap();
    assert!(matches!(both.read("Appointment", "both").unwrap(), Found::Here(_)));
    drop(both);
    let refusal = desk.try_put(&weight("w", "bob", "1"), None, only(&["bob"])).unwrap_err();
    assert_eq!(refusal.kind, Kind::NotFound);
    desk.sound();
}

#[test]
fn what_was_put_right_from_one_patient_to_another_is_not_shown_to_the_second_as_it_was() {
    let desk = Desk::new();
    desk.put(ANN);
    desk.put(BOB);
    let wrong = desk.put(&weight("w", "ann", "70")).updated;
    std::thread::sleep(std::time::Duration::from_millis(5));
    desk.put(&weight("w", "bob", "70"));
    desk.put(&weight("w", "bob", "71"));
    let versions = |scope: &Scope| {
        let reader = desk.store.reader(scope).unwrap();
        let page = reader.history(HistoryOf::Resource("Observation", "w"), None, 10, None);
        page.map(|page| page.versions.iter().map(|v| v.version).collect::<Vec<_>>())
    };
    assert_eq!(versions(&only(&["bob"])).unwrap(), [3, 2]);
    assert_eq!(versions(&Scope::all()).unwrap(), [3, 2, 1]);
    assert_eq!(versions(&only(&["ann"])).unwrap_err().kind, Kind::NotFound);
    let reader = desk.store.reader(&only(&["bob"])).unwrap();
    assert_eq!(reader.vread("Observation", "w", 1).unwrap(), Found::Absent);
    drop(reader);
    let then = desk.store.reader_at(&only(&["bob"]), wrong).unwrap();
    assert_eq!(then.read("Observation", "w").unwrap(), Found::Absent);
    drop(then);
    desk.sound();
}

#[test]
fn a_resource_concerns_every_patient_that_it_points_at_wherever_it_does() {
    let desk = Desk::new();
    desk.put(ANN);
    desk.put(BOB);
    // No search parameter reads who wrote a note.
    let note = r#""note":[{"authorReference":{"reference":"Patient/bob"},"text":"Seen."}]"#;
    desk.put(&weight("w", "ann", "70").replacen('{', &format!("{{{note},"), 1));
    let read = |scope| desk.store.reader(&scope).unwrap().read("Observation", "w").unwrap();
    assert_eq!(read(only(&["ann"])), Found::Absent);
    assert!(matches!(read(only(&["ann", "bob"])), Found::Here(_)));
    desk.sound();
}

#[test]
fn base_tables_cannot_be_read_past_the_guard() {
    let desk = Desk::new();
    desk.put(ANN);
    let place = place(&desk.home);
    let names = Arc::new(crate::names::Names::known(&place.open_whole().unwrap()).unwrap());
    let guarded = place.open_reader(&names).unwrap();
    for sql in [
        "SELECT count(*) FROM head -- forbidden",
        "SELECT vid FROM version -- forbidden",
        "INSERT INTO cursor (name, txn) VALUES ('x', 1)",
        "SELECT (SELECT body FROM version) -- forbidden",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM idx) -- forbidden",
        "CREATE TEMP VIEW guarded_mine AS SELECT * FROM main.head",
        "ATTACH 'x' AS y",
        "PRAGMA synchronous = OFF",
        "DELETE FROM audit",
    ] {
        assert!(guarded.execute(sql, &[]).is_err(), "{sql}");
    }
    let seen = |lens| {
        guarded.see(lens, &names).unwrap();
        guarded.one("SELECT count(*) FROM guarded_head", &[], |r| r.get::<i64>(0)).unwrap()
    };
    assert_eq!(seen(Lens::default()), 1);
    assert_eq!(seen(Lens { types: Some(Arc::default()), ..Lens::default() }), 0);
}

#[test]
fn a_store_opened_twice_shows_each_the_commits_of_the_other() {
    let desk = Desk::new();
    desk.put(ANN);
    let other =
        Store::open(place(&desk.home), Options { readers: 1, durable: false, ..Options::default() }).unwrap();
    let bob = prepared(BOB);
    other.write(Author::system("test"), move |tx| tx.put(bob, None)).unwrap();
    desk.put(&weight("w", "bob", "70"));
    assert!(matches!(desk.read("Patient", "bob"), Found::Here(_)));
    drop(other);
    desk.sound();
}

#[test]
fn verify_finds_what_was_tampered_with() {
    for (sql, at) in [
        ("UPDATE txn SET who = 'other' WHERE number = 1", "commit 1"),
        ("DELETE FROM version WHERE vid = 1", "commit 1"),
        ("UPDATE version SET body = x'7B7D', pack = 0 WHERE vid = 2", "commit 2"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 2", "audit 2"),
        ("DELETE FROM audit WHERE seq = 2", "audit 3"),
        ("DELETE FROM idx WHERE param = (SELECT max(param) FROM idx)", "Patient/ann"),
        ("UPDATE head SET live = 0 WHERE res = 1", "Patient/ann"),
        (
            "UPDATE idx SET patient = 0 WHERE res = 2; UPDATE head SET patient = 0 WHERE res = 2",
            "Observation/w",
        ),
    ] {
        let desk = Desk::new();
        desk.put(ANN);
        desk.put(&weight("w", "ann", "70"));
        desk.put(BOB);
        match desk.home.database() {
            Some(database) => drop(database.sql(&sql.replace("x'7B7D'", "'{}'")).unwrap()),
            None => {
                let file = desk.home.folder().join("record.db");
                rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
            }
        }
        let report = verify(place(&desk.home), &mut |_, _| {}).unwrap();
        assert!(report.findings.iter().any(|f| f.place == at), "{sql}: {:?}", report.findings);
    }
}

#[test]
fn a_backup_is_a_whole_store() {
    let desk = Desk::new();
    desk.put(ANN);
    let hash = desk.store.put_blob(b"a letter").unwrap();
    desk.store.write(Author::system("test"), move |tx| tx.name_blob(&hash, 8)).unwrap();
    if desk.home.database().is_some() {
        assert_eq!(
            desk.store.backup(desk.home.folder(), &mut |_, _| {}).unwrap_err().kind,
            Kind::Unsupported
        );
        return;
    }
    let to = desk.home.folder().join("copy");
    desk.store.backup(&to, &mut |_, _| {}).unwrap();
    assert!(desk.store.backup(&to, &mut |_, _| {}).is_err(), "an existing copy must not be overwritten");
    assert_eq!(verify(&to, &mut |_, _| {}).unwrap().findings, []);
    let copy = Store::open(&to, Options::default()).unwrap();
    assert!(matches!(copy.reader(&Scope::all()).unwrap().read("Patient", "ann").unwrap(), Found::Here(_)));
    assert_eq!(copy.blob(&hash).unwrap(), b"a letter");
}

#[test]
fn pages_of_history_neither_skip_nor_repeat_while_it_grows() {
    let desk = Desk::new();
    for n in 0..7 {
        desk.put(&weight(&format!("w{n}"), "ann", "70"));
    }
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let reader = desk.store.reader(&Scope::all()).unwrap();
        let page = reader.history(HistoryOf::Type("Observation"), None, 3, token.as_deref()).unwrap();
        drop(reader);
        seen.extend(page.versions.into_iter().map(|v| v.id));
        desk.put(&weight(&format!("later{}", seen.len()), "ann", "70"));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["w6", "w5", "w4", "w3", "w2", "w1", "w0"]);
}

/// Keeps the writer at the command `first` while `gather` sends others, which so wait together.
fn behind<'env>(
    store: &'env Store,
    first: impl FnOnce(&mut crate::Tx<'_>) -> Result<(), crate::Refusal> + Send + 'static,
    gather: impl for<'s> FnOnce(&'s std::thread::Scope<'s, 'env>),
) {
    std::thread::scope(|scope| {
        // Dropped at the end of `gather`, also when that fails: the writer goes on.
        let (_release, held) = std::sync::mpsc::channel::<()>();
        let (started, running) = std::sync::mpsc::channel();
        scope.spawn(move || {
            store.write(Author::system("test"), move |tx| {
                started.send(()).unwrap();
                let _ = held.recv();
                first(tx)
            })
        });
        running.recv().unwrap();
        gather(scope);
    });
}

/// Returns when so many commands wait for the writer.
fn until_there_wait(store: &Store, commands: usize) {
    let from = std::time::Instant::now();
    while store.waiting() < commands {
        assert!(from.elapsed().as_secs() < 60, "after a minute {} wait, not {commands}", store.waiting());
        std::thread::yield_now();
    }
}

#[test]
fn someone_who_saves_one_thing_does_not_wait_behind_an_import() {
    let desk = Desk::new();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let commits = |store: &Store| store.metrics().iter().find(|m| m.0 == "record_commits_total").unwrap().1;
    let note = |name: &'static str| {
        let (order, store) = (order.clone(), desk.store.clone());
        move |_: &mut crate::Tx<'_>| {
            order.lock().unwrap().push((name, commits(&store)));
            Ok(())
        }
    };
    let store = &desk.store;
    behind(store, note("first"), |scope| {
        for (waiting, name) in ["import 1", "import 2"].into_iter().enumerate() {
            let act = note(name);
            scope.spawn(move || store.write_large(Author::system("test"), act));
            until_there_wait(store, waiting + 1);
        }
        let act = note("one thing");
        scope.spawn(move || store.write(Author::system("test"), act));
        until_there_wait(store, 3);
    });
    let order = order.lock().unwrap();
    let names: Vec<&str> = order.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[..2], ["first", "one thing"]);
    assert!(order[2].1 < order[3].1, "two imports are not committed together: {order:?}");
}

#[test]
fn what_was_foreseen_does_not_hide_what_has_been_written_since() {
    let desk = Desk::new();
    let (weight, ann, bob) = (prepared(&weight("w", "ann", "70")), prepared(ANN), prepared(BOB));
    // The weight names Ann before she is there; a look at the record then writes both out.
    let written = desk.store.write(Author::system("test"), move |tx| {
        tx.foresee([&weight, &ann, &bob])?;
        tx.put(weight, None)?;
        tx.read("Patient", "ann")?;
        tx.put(ann, None)?;
        tx.put(bob, None)
    });
    assert!(written.unwrap().created);
    desk.sound();
    // The same again by several commands that share a commit.
    let store = &desk.store;
    behind(
        store,
        |_| Ok(()),
        |scope| {
            for value in ["71", "72", "73"] {
                let (weight, carl) = (crate::tests::weight("v", "carl", value), BOB.replace("bob", "carl"));
                let (weight, carl) = (prepared(&weight), prepared(&carl));
                scope.spawn(move || {
                    let both = store.write(Author::system("test"), move |tx| {
                        tx.foresee([&weight, &carl])?;
                        tx.put(weight, None)?;
                        tx.put(carl, None)
                    });
                    both.unwrap();
                });
            }
            until_there_wait(store, 3);
        },
    );
    desk.sound();
}

//! Several nodes on one record: each store stands for a process of its own.

use super::{ANN, BOB, Desk, place, prepared, weight};
use crate::{Author, Commit, Kind, Options, Scope, Store};
use std::time::{Duration, Instant};

impl Desk {
    /// The same record as another node has it open.
    fn other(&self) -> Store {
        let options = Options { readers: 2, durable: false, ..Options::default() };
        Store::open(place(&self.home), options).unwrap()
    }
}

fn author() -> Author {
    Author::system("test")
}

#[test]
fn a_claim_and_a_fact_of_one_node_hold_on_the_other() {
    let desk = Desk::new();
    let other = desk.other();
    desk.store.write(author(), |tx| tx.claim("bed/7b/4", "ann")).unwrap();
    let refusal = other.write(author(), |tx| tx.claim("bed/7b/4", "bob")).unwrap_err();
    assert_eq!(refusal.kind, Kind::Conflict);
    other.write(author(), |tx| tx.release("bed/7b/4", "ann")).unwrap();
    desk.store.write(author(), |tx| tx.claim("bed/7b/4", "bob")).unwrap();
    other.write(author(), |tx| tx.keep("session", "s", b"open", None)).unwrap();
    let kept = || desk.store.reader(&Scope::all()).unwrap().kept("session", "s").unwrap();
    assert_eq!(kept(), Some(b"open".to_vec()));
    other.write(author(), |tx| tx.forget("session", "s")).unwrap();
    assert_eq!(kept(), None);
}

#[test]
fn a_node_hears_what_another_commits() {
    let desk = Desk::new();
    desk.put(ANN);
    let other = desk.other();
    let before = other.reader(&Scope::all()).unwrap().txn();
    assert_eq!(other.wait_past(before, Duration::from_millis(50)).unwrap(), before);
    let waiting = std::thread::spawn({
        let other = other.clone();
        move || (other.wait_past(before, Duration::from_secs(20)).unwrap(), Instant::now())
    });
    std::thread::sleep(Duration::from_millis(100));
    desk.put(BOB);
    let done = Instant::now();
    let (heard, when) = waiting.join().unwrap();
    assert_eq!(heard, before + 1);
    assert!(when < done + Duration::from_secs(5));
}

#[test]
fn a_job_is_done_by_one_node_and_one_that_lost_its_lease_can_do_nothing() {
    let desk = Desk::new();
    let other = desk.other();
    let hour = 3_600_000;
    let take = |store: &Store, holder: &'static str, time| {
        store.write(author(), move |tx| tx.lease("reminders", holder, time)).unwrap()
    };
    assert_eq!(take(&desk.store, "a", -1), Some(1));
    assert_eq!(take(&other, "b", hour), Some(2), "the first has run out");
    assert_eq!(take(&desk.store, "a", hour), None);
    assert_eq!(take(&other, "b", hour), Some(2), "held on to");
    let work = |store: &Store, number| {
        let ann = prepared(ANN);
        store.write(author(), move |tx| tx.fence("reminders", number).and_then(|()| tx.put(ann, None)))
    };
    assert_eq!(work(&desk.store, 1).unwrap_err().kind, Kind::Conflict);
    assert!(work(&other, 2).unwrap().created);
    other.write(author(), |tx| tx.end_lease("reminders", 2)).unwrap();
    assert_eq!(take(&desk.store, "a", hour), Some(3));
    assert_eq!(work(&other, 2).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn a_reader_of_the_log_sees_every_commit_of_all_nodes_once_and_in_order() {
    let desk = Desk::new();
    const EACH: usize = 40;
    let writers: Vec<_> = (0..2)
        .map(|node| {
            let store = if node == 0 { desk.store.clone() } else { desk.other() };
            std::thread::spawn(move || {
                for n in 0..EACH {
                    let resource = prepared(&weight(&format!("w{node}-{n}"), "ann", "70"));
                    store
                        .write(author(), move |tx| {
                            // A node that takes its time must not be overtaken in the log by one that does not.
                            std::thread::sleep(Duration::from_millis(if node == 0 { 3 } else { 0 }));
                            tx.put(resource, None)
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    let reading = desk.other();
    let mut seen: Vec<Commit> = Vec::new();
    while seen.len() < 2 * EACH {
        let read = |tx: &mut crate::Tx<'_>| tx.cursor("feed");
        let from = reading.write(author(), read).unwrap();
        let commits = reading.reader(&Scope::all()).unwrap().commits_after(from, 7).unwrap();
        let Some(last) = commits.last().map(|commit| commit.txn) else { continue };
        reading.write(author(), move |tx| tx.advance("feed", last)).unwrap();
        seen.extend(commits);
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(desk.store.reader(&Scope::all()).unwrap().cursor("feed").unwrap(), 2 * EACH as u64);
    assert!(seen.iter().map(|commit| commit.txn).eq(1..=2 * EACH as u64));
    let mut ids: Vec<&str> = seen.iter().map(|commit| commit.changes[0].id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2 * EACH);
    desk.sound();
}

#[test]
fn a_node_that_did_not_get_the_lock_of_those_that_write_gets_it_the_next_time() {
    let desk = Desk::new();
    let Some(database) = desk.home.database() else { return };
    let locks = "FROM pg_locks JOIN pg_database d ON d.oid = database
                 WHERE locktype = 'advisory' AND classid = 1667330661 AND datname = current_database()";
    let until_one = |what: &str| {
        let counted = format!("SELECT count({what}) {locks}");
        while database.sql(&counted).unwrap() != "1" {}
    };
    std::thread::scope(|scope| {
        let hold = "BEGIN; SELECT pg_advisory_xact_lock(1667330661, 1936746862); SELECT pg_sleep(2); COMMIT";
        scope.spawn(move || database.sql(hold));
        until_one("*");
        let waiting = scope.spawn(|| desk.try_put(ANN, None, Scope::all()));
        until_one("CASE WHEN NOT granted THEN pg_cancel_backend(pid) END");
        assert_eq!(waiting.join().unwrap().unwrap_err().kind, Kind::Fault);
    });
    assert!(desk.put(ANN).created);
}

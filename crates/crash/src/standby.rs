//! A commit that waits for a standby that is away, and whose wait is broken off: nobody may be told that it is done
//! (trust.md 0.6: PostgreSQL says yes then, and only warns).

use crate::follower::Follower;
use crate::ledger::{Ledger, REQUESTS};
use crate::node::{PATIENCE, open};
use crate::requests::{self, Acknowledged, Answer, Request, now};
use record::{Kind, Refusal, Store};
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use testbed::{Cluster, Database, Settings};

const STANDBY: &str = "standby";
/// How many commits wait for the standby: in `SyncRepWaitForLSN`, when they are on the own disk.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
/// The two ways to break the wait off.
const BREAKS: [&str; 2] = [
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
];
/// How long an answer that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(500);

/// Breaks the wait off so often, by a cancel and by a terminate in turn. Each time: the outcome is reported as not
/// known; the same request again says nothing while the standby is away, and yes, without doing it again, when it is
/// back.
pub fn break_off(times: u64) -> Result<Ledger, Refusal> {
    let primary = Cluster::start(Settings::durable());
    let database = primary.database();
    let standby = primary.replica(STANDBY);
    let follower = Follower::start(database.url())?;
    let store = open(database.url())?;
    primary.require_standby(STANDBY);
    let acknowledged = (1..=times).map(|number| once(&database, &standby, &store, number));
    let acknowledged: Result<Vec<Acknowledged>, Refusal> = acknowledged.collect();
    // Also after a fault: what still waits would never end.
    primary.require_no_standby();
    let acknowledged = acknowledged?;
    let all: Vec<&Acknowledged> = acknowledged.iter().collect();
    Ledger::of(database.url(), database.sql(REQUESTS), &all, follower)?
        .good("commits whose wait for a standby was broken off")
}

fn once(database: &Database, standby: &Cluster, store: &Store, number: u64) -> Result<Acknowledged, Refusal> {
    let request = Request { writer: "waiting".to_owned(), number };
    standby.stop();
    let first = send(store, &request);
    await_one(database)?;
    let break_it = BREAKS[number as usize % 2];
    ask(database, break_it)?;
    let outcome = first.join().expect("a writer does not panic");
    if outcome.as_ref().err().map(|refusal| refusal.kind) != Some(Kind::Unknown) {
        return Err(fault(format!("{break_it} while {request:?} waited: {outcome:?}")));
    }
    let again = send(store, &request);
    std::thread::sleep(SILENCE);
    if again.is_finished() {
        let answer = again.join().expect("a writer does not panic");
        return Err(fault(format!("{request:?} again, while the standby was away: {answer:?}")));
    }
    standby.restart();
    let answer = again.join().expect("a writer does not panic")?;
    if !answer.again {
        return Err(fault(format!("{request:?} was on the disk, and was done again: {answer:?}")));
    }
    Ok(Acknowledged { request, answer, unknown: 1, at: now() })
}

/// Sends a request once, on a thread of its own.
fn send(store: &Store, request: &Request) -> JoinHandle<Result<Answer, Refusal>> {
    let (store, request) = (store.clone(), request.clone());
    std::thread::spawn(move || requests::send(&store, &request))
}

fn await_one(database: &Database) -> Result<(), Refusal> {
    let started = Instant::now();
    while ask(database, WAITING)? != "1" {
        if started.elapsed() > PATIENCE {
            return Err(fault("no commit waits for the standby".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn ask(database: &Database, sql: &str) -> Result<String, Refusal> {
    database.sql(sql).map_err(fault)
}

fn fault(text: String) -> Refusal {
    Refusal::new(Kind::Fault, text)
}

pub(crate) fn command(times: u64) -> Result<ExitCode, Refusal> {
    let ledger = break_off(times)?;
    println!("{times} waits for a standby broken off, each reported as not known: {ledger}");
    Ok(ExitCode::SUCCESS)
}

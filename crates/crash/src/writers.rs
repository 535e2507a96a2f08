//! Writers that acknowledge what the record has said yes to.

use fhir::{Json, Limits};
use record::{Author, Kind, Options, Prepared, Refusal, Store};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Threads that write at one time.
pub const WRITERS: usize = 16;
/// Resources in one transaction.
pub const RESOURCES: usize = 3;

/// Writes transactions to `dir` until the process is stopped. Each acknowledged number goes to a line of
/// `acknowledged` after the record has returned.
pub fn write(dir: &Path, acknowledged: &Path, durable: bool) -> Result<ExitCode, Refusal> {
    let file = |e: std::io::Error| Refusal::new(Kind::Invalid, format!("{}: {e}", acknowledged.display()));
    let acks = OpenOptions::new().create(true).append(true).open(acknowledged).map_err(file)?;
    let store = Store::open(dir, Options { readers: 1, durable, ..Options::default() })?;
    // Numbers go on after all that were ever tried, acknowledged or not.
    let next = AtomicU64::new(store.now().0 as u64 * 1_000);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| forever(&store, &next, &acks))).collect();
        writers.into_iter().try_for_each(|w| w.join().unwrap_or(Ok(())))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn forever(store: &Store, next: &AtomicU64, mut acks: &File) -> Result<(), Refusal> {
    loop {
        let number = next.fetch_add(1, Relaxed);
        let resources = (0..RESOURCES).map(|part| resource(number, part)).collect::<Result<Vec<_>, _>>()?;
        store.write(Author::system("crash.write"), move |tx| {
            resources.into_iter().try_for_each(|resource| tx.create(resource).map(|_| ()))
        })?;
        // One write call for the whole line, so that lines of several threads do not mix.
        acks.write_all(format!("{number}\n").as_bytes()).map_err(|e| {
            Refusal::new(Kind::Fault, format!("An acknowledgement could not be written: {e}"))
        })?;
    }
}

/// The id of one part of a transaction.
pub fn id(number: u64, part: usize) -> String {
    format!("t{number}-{part}")
}

fn resource(number: u64, part: usize) -> Result<Prepared, Refusal> {
    let id = id(number, part);
    let text = format!(
        r#"{{"resourceType":"Basic","id":"{id}","code":{{"text":"synthetic"}},"identifier":[{{"value":"{number}"}}]}}"#
    );
    let json = Json::parse(text, Limits::DOOR).map_err(|e| Refusal::new(Kind::Fault, e.to_string()))?;
    Prepared::of(&json, &id)
}

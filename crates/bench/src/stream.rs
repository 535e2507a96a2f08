//! The head of the line: how long one-resource writes take while something large goes on.
//!
//! A write is planned every 20 ms, whatever has become of those before it, and its time counts from the planned
//! instant, so that a server that stands still hides nothing by keeping its clients waiting.

use crate::client::{Answer, Connection, Request};
use crate::engine::Place;
use crate::export;
use crate::load::{POSTING, post_all};
use crate::measure::{insist, share};
use crate::people::{People, one_bundle};
use crate::scenario::Writes;
use crate::server::{Program, Server};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// From one planned write to the next.
const EVERY: Duration = Duration::from_millis(20);
/// Connections of the stream: with so many it comes as planned while the server stands still for a second.
const CONNECTIONS: usize = 64;
/// Resources that are imported meanwhile, each way.
const IMPORTED: usize = 100_000;
/// Entries of the large transaction.
const ENTRIES: usize = 50_000;

/// What the stream saw while something went on.
pub struct Situation {
    pub name: &'static str,
    pub writes: usize,
    pub half: Duration,
    pub most: Duration,
    pub longest: Duration,
    /// How long what went on took, and of how many resources it was.
    pub took: Duration,
    pub resources: usize,
}

/// What goes on meanwhile: people who are in no store yet.
pub struct Crowd {
    posted: People,
    loaded: People,
    /// One transaction of the persons of these.
    together: People,
    bundle: PathBuf,
    entries: usize,
}

impl Crowd {
    /// Writes them to a folder. Seeds differ from that of the people in the store.
    pub fn write(folder: &Path, seed: u64) -> io::Result<Crowd> {
        let people = |n: u64, size| People::write(&folder.join(n.to_string()), seed + n, size);
        // Some entries more than wanted, since those for places are not among them.
        let (posted, loaded, together) =
            (people(1, IMPORTED)?, people(2, IMPORTED)?, people(3, ENTRIES * 11 / 10)?);
        let bundle = folder.join("bundle.json");
        let entries = one_bundle(&together.persons, ENTRIES, &bundle)?;
        Ok(Crowd { posted, loaded, together, bundle, entries })
    }
}

/// Every situation on a server that runs with so many resources in its store.
pub fn all(
    program: &Program,
    place: &Place<'_>,
    server: &Server,
    writes: &Writes,
    crowd: &Crowd,
    alone: Duration,
    stored: usize,
) -> io::Result<Vec<Situation>> {
    for people in [&crowd.posted, &crowd.loaded, &crowd.together] {
        post_all(server, &people.places, 1)?;
    }
    let mut situations = Vec::new();
    let mut situation = |name, resources, work: &dyn Fn() -> io::Result<()>| -> io::Result<()> {
        println!("head of the line: {name}");
        let (times, took) = stream_during(server, writes, work)?;
        situations.push(summary(name, times, took, resources));
        Ok(())
    };
    situation("nothing else", 0, &|| {
        std::thread::sleep(alone);
        Ok(())
    })?;
    situation("an export: `$export` of everything, and fetching its files", stored, &|| {
        export::whole(server)
    })?;
    situation("an import: 4 clients post a transaction for each patient", crowd.posted.resources, &|| {
        post_all(server, &crowd.posted.persons, POSTING)
    })?;
    situation("an import: `carespine load`, a process of its own", crowd.loaded.resources, &|| {
        let output = program.load(place, &crowd.loaded.folders).stdin(Stdio::null()).output()?;
        let text = || String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(io::Error::other(text())) }
    })?;
    situation("one transaction of 50,000 resources", crowd.entries, &|| {
        post_all(server, std::slice::from_ref(&crowd.bundle), 1)
    })?;
    Ok(situations)
}

/// Streams while `work` is done, and tells how long that took.
fn stream_during(
    server: &Server,
    writes: &Writes,
    work: &dyn Fn() -> io::Result<()>,
) -> io::Result<(Vec<Duration>, Duration)> {
    let (next, over, began) = (AtomicUsize::new(0), OnceLock::new(), Instant::now());
    let stream = || -> io::Result<Vec<Duration>> {
        let mut connection = Connection::open(server.address)?;
        let mut answer = Answer { status: 0, body: Vec::new() };
        let mut times = Vec::new();
        loop {
            let request: Request = writes.next();
            let planned = began + EVERY * next.fetch_add(1, Relaxed) as u32;
            std::thread::sleep(planned.saturating_duration_since(Instant::now()));
            // What was planned before the work was done belongs to it, however late it is sent.
            if over.get().is_some_and(|over| planned > *over) {
                return Ok(times);
            }
            insist(&mut connection, &request, &mut answer)?;
            times.push(planned.elapsed());
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(stream)).collect();
        let done = work();
        let over = *over.get_or_init(Instant::now);
        let mut times = Vec::new();
        for thread in threads {
            times.extend(thread.join().expect("streaming does not panic")?);
        }
        done.map(|()| (times, over - began))
    })
}

fn summary(name: &'static str, mut times: Vec<Duration>, took: Duration, resources: usize) -> Situation {
    times.sort_unstable();
    let longest = times.last().copied().unwrap_or_default();
    Situation {
        name,
        writes: times.len(),
        half: share(&times, 50),
        most: share(&times, 99),
        longest,
        took,
        resources,
    }
}

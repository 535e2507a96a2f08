//! Getting the data in, and what that costs.

use crate::client::{Answer, Connection, Request};
use crate::engine::Place;
use crate::people::People;
use crate::process::{Cpu, Process};
use crate::server::{Kind, Program, Server};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Connections that post transactions at the same time.
pub const POSTING: usize = 4;
/// How long a server that has only just started is left alone before it is ended.
const SETTLING: Duration = Duration::from_millis(200);

/// What one way of loading cost.
pub struct Load {
    pub way: &'static str,
    pub took: Duration,
    pub cpu: Cpu,
    /// Bytes on disk that came on top of an empty store.
    pub disk: u64,
    /// The largest parts of the database, where there is one.
    pub parts: Vec<(String, u64)>,
}

/// Loads the data in every way there is. Afterwards the store holds it.
pub fn all(program: &Program, people: &People, place: &mut Place<'_>) -> io::Result<Vec<Load>> {
    let empty = settled(program, place)?;
    let posted = post(program, people, place, empty)?;
    match program.kind {
        Kind::Carespine => {
            place.empty()?;
            Ok(vec![command(program, people, place, empty)?, posted])
        }
        Kind::Helios { .. } => Ok(vec![posted]),
    }
}

/// `carespine load`.
fn command(program: &Program, people: &People, place: &Place<'_>, empty: u64) -> io::Result<Load> {
    let (before, began) = (cpu_of_children(place)?, Instant::now());
    let output = program.load(place, &people.folders).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let (took, cpu) = (began.elapsed(), cpu_of_children(place)? - before);
    loaded("`carespine load`", program, place, (took, cpu, empty))
}

/// Processor time of all commands that have ended, and of the database.
pub fn cpu_of_children(place: &Place<'_>) -> io::Result<Cpu> {
    let own = Process::of(std::process::id()).children_cpu()?;
    Ok(Cpu { own, database: place.database_process().map(Process::family_cpu).transpose()? })
}

fn loaded(
    way: &'static str,
    program: &Program,
    place: &Place<'_>,
    (took, cpu, empty): (Duration, Cpu, u64),
) -> io::Result<Load> {
    settled(program, place)?;
    place.settle()?;
    let disk = place.bytes()?.saturating_sub(empty);
    Ok(Load { way, took, cpu, disk, parts: place.parts()? })
}

/// Bytes on disk once the server has started and ended, and so has nothing left to put in order.
fn settled(program: &Program, place: &Place<'_>) -> io::Result<u64> {
    let server = program.start(place)?;
    std::thread::sleep(SETTLING);
    drop(server);
    place.bytes()
}

/// The same bundles as transactions over HTTP.
fn post(program: &Program, people: &People, place: &Place<'_>, empty: u64) -> io::Result<Load> {
    let server = program.start(place)?;
    let (before, began) = (server.cpu()?, Instant::now());
    post_all(&server, &people.places, 1)?;
    post_all(&server, &people.persons, POSTING)?;
    let (took, cpu) = (began.elapsed(), server.cpu()? - before);
    drop(server);
    loaded("transactions over HTTP", program, place, (took, cpu, empty))
}

/// Posts bundles over so many connections.
pub fn post_all(server: &Server, files: &[PathBuf], connections: usize) -> io::Result<()> {
    let mut headers = server.headers.clone();
    headers.push("Prefer: return=minimal".to_owned());
    let (next, path) = (AtomicUsize::new(0), format!("{}/", server.base));
    let work = || -> io::Result<()> {
        let mut connection = Connection::open(server.address)?;
        let mut answer = Answer { status: 0, body: Vec::new() };
        while let Some(file) = files.get(next.fetch_add(1, Relaxed)) {
            connection.ask(&Request::post(&path, &headers, &fs::read(file)?), &mut answer)?;
            if answer.status != 200 {
                let text = String::from_utf8_lossy(&answer.body);
                return Err(io::Error::other(format!("{}: {} {text}", file.display(), answer.status)));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("posting does not panic"))
    })
}

//! Getting the data in, and what that costs.

use crate::client::{Answer, Connection, Request};
use crate::people::People;
use crate::process::{Process, bytes_below};
use crate::server::{Kind, Program, Server};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Connections that post transactions at the same time.
const POSTING: usize = 4;
/// How long a server that has only just started is left alone before it is ended.
const SETTLING: Duration = Duration::from_millis(200);

/// What one way of loading cost.
pub struct Load {
    pub way: &'static str,
    pub took: Duration,
    pub cpu: Duration,
    /// Bytes on disk afterwards; of a server that fills its store by itself, what came on top.
    pub disk: u64,
}

/// Loads the data in every way there is. Afterwards the store in `data` holds it.
pub fn all(program: &Program, people: &People, data: &Path) -> io::Result<Vec<Load>> {
    match program.kind {
        Kind::Carespine => {
            let posted = post(program, people, data)?;
            fs::remove_dir_all(data)?;
            Ok(vec![command(program, people, data)?, posted])
        }
        Kind::Helios { .. } => Ok(vec![post(program, people, data)?]),
    }
}

/// `carespine load`.
fn command(program: &Program, people: &People, data: &Path) -> io::Result<Load> {
    let ourselves = Process::of(std::process::id());
    let (before, began) = (ourselves.children_cpu()?, Instant::now());
    let mut command = Command::new(&program.file);
    command.args(["load", "--quiet", "--data"]).arg(data).args(&people.folders);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let (took, cpu) = (began.elapsed(), ourselves.children_cpu()? - before);
    Ok(Load { way: "`carespine load`", took, cpu, disk: settled(program, data)? })
}

/// Bytes on disk once the server has started and ended, and so has nothing left to put in order.
fn settled(program: &Program, data: &Path) -> io::Result<u64> {
    let server = program.start(data)?;
    std::thread::sleep(SETTLING);
    drop(server);
    bytes_below(data)
}

/// The same bundles as transactions over HTTP.
fn post(program: &Program, people: &People, data: &Path) -> io::Result<Load> {
    let empty = settled(program, data)?;
    let server = program.start(data)?;
    let (before, began) = (server.process.cpu()?, Instant::now());
    post_all(&server, &people.places, 1)?;
    post_all(&server, &people.persons, POSTING)?;
    let (took, cpu) = (began.elapsed(), server.process.cpu()? - before);
    drop(server);
    let disk = settled(program, data)?.saturating_sub(empty);
    Ok(Load { way: "transactions over HTTP", took, cpu, disk })
}

fn post_all(server: &Server, files: &[PathBuf], connections: usize) -> io::Result<()> {
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

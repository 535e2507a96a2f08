//! A node: a process that writes to a database which others write to as well, and that is killed, or whose database
//! is.

use crate::requests::{self, Acknowledged, Request};
use record::{Kind, Options, Place, Refusal, Store};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Threads of a node that write.
pub const WRITERS: u64 = 8;
/// How long something may take that comes by itself, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Writes requests until its input is closed, each until it is acknowledged. The first request of each writer is
/// the one that was not acknowledged when the node of this name was last killed: it is sent again.
pub(crate) fn write(place: &str, name: &str, acknowledged: &Path) -> Result<ExitCode, Refusal> {
    let file = |e: std::io::Error| Refusal::new(Kind::Invalid, format!("{}: {e}", acknowledged.display()));
    let mut done: HashMap<String, u64> = HashMap::new();
    for ack in Acks::of(acknowledged).new_ones() {
        let last = done.entry(ack.request.writer).or_default();
        *last = ack.request.number.max(*last);
    }
    let acks = OpenOptions::new().create(true).append(true).open(acknowledged).map_err(file)?;
    let store = open(place)?;
    let stopping = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = (0..WRITERS).map(|n| {
            let writer = format!("{name}-{n}");
            let from = done.get(&writer).map_or(1, |last| last + 1);
            let (store, acks, stopping) = (&store, &acks, &stopping);
            scope.spawn(move || requests_of(store, &writer, from, acks, stopping))
        });
        let writers: Vec<_> = writers.collect();
        // It ends when the harness says so or has gone away itself.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stopping.store(true, Relaxed);
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE);
            eprintln!("Requests were not acknowledged in {} s.", PATIENCE.as_secs());
            std::process::exit(2);
        });
        writers.into_iter().try_for_each(|w| w.join().expect("a writer does not panic"))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn requests_of(
    store: &Store,
    writer: &str,
    from: u64,
    mut acks: &File,
    stopping: &AtomicBool,
) -> Result<(), Refusal> {
    for number in from.. {
        if stopping.load(Relaxed) {
            break;
        }
        let ack = requests::insist(store, &Request { writer: writer.to_owned(), number })?;
        // One write call for the whole line, so that lines of several threads do not mix.
        acks.write_all(ack.line().as_bytes()).map_err(|e| {
            Refusal::new(Kind::Invalid, format!("An acknowledgement could not be written: {e}"))
        })?;
    }
    Ok(())
}

/// Opens a record whose database may be away just now.
pub fn open(place: &str) -> Result<Store, Refusal> {
    let place = Place::Postgres(place.to_owned());
    let started = Instant::now();
    loop {
        match Store::open(&place, Options { readers: 1, ..Options::default() }) {
            Err(refusal) if refusal.kind == Kind::Busy && started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            opened => return opened,
        }
    }
}

/// A node that the harness has started.
pub struct Node {
    name: String,
    place: String,
    acks: Acks,
    child: Child,
    /// All that it has acknowledged so far.
    pub acknowledged: Vec<Acknowledged>,
}

impl Node {
    /// Starts one. `folder` is for its acknowledgements.
    pub fn start(place: &str, name: &str, folder: &Path) -> Node {
        let acks = Acks::of(&folder.join(name));
        let child = Node::spawn(place, name, &acks.path);
        Node { name: name.to_owned(), place: place.to_owned(), acks, child, acknowledged: Vec::new() }
    }

    fn spawn(place: &str, name: &str, acks: &Path) -> Child {
        let acks = acks.to_str().expect("temporary folders have plain names");
        let mut command = own(&["node", place, "--name", name, "--acknowledged", acks]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("our own program can be started")
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("The node {} ended by itself: {status}", self.name);
        }
        // SIGKILL on Unix.
        self.child.kill().and_then(|()| self.child.wait()).expect("it can be killed");
    }

    /// Starts it again after a kill.
    pub fn restart(&mut self) {
        self.child = Node::spawn(&self.place, &self.name, &self.acks.path);
    }

    /// Reads what it has acknowledged meanwhile.
    pub fn look(&mut self) {
        self.acknowledged.extend(self.acks.new_ones());
    }

    /// The time of its first acknowledgement at or after one.
    pub fn first_at(&self, from: u64) -> Option<u64> {
        self.acknowledged.iter().map(|ack| ack.at).filter(|at| *at >= from).min()
    }

    /// Waits until it acknowledges something at or after a time.
    pub fn await_after(&mut self, from: u64) {
        let started = Instant::now();
        loop {
            let seen = self.acknowledged.len();
            self.look();
            if self.acknowledged[seen..].iter().any(|ack| ack.at >= from) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "The node {} acknowledges nothing any more", self.name);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The longest time without an acknowledgement between two times.
    pub fn longest_pause(&self, from: u64, to: u64) -> Duration {
        let within = self.acknowledged.iter().map(|ack| ack.at).filter(|at| (from..=to).contains(at));
        let mut times: Vec<u64> = within.chain([from, to]).collect();
        times.sort_unstable();
        let pause = times.windows(2).map(|pair| pair[1] - pair[0]).max();
        Duration::from_millis(pause.unwrap_or(0))
    }

    /// Lets it bring its last requests to their end, and ends it.
    pub fn stop(&mut self) -> Result<(), Refusal> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|e| Refusal::new(Kind::Fault, e.to_string()))?;
        self.look();
        let text = format!("The node {} ended with {status}", self.name);
        status.success().then_some(()).ok_or(Refusal::new(Kind::Fault, text))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of acknowledgements that is being written.
struct Acks {
    path: PathBuf,
    read: usize,
}

impl Acks {
    fn of(path: &Path) -> Acks {
        Acks { path: path.to_owned(), read: 0 }
    }

    /// Those since the last time, up to the last whole line.
    fn new_ones(&mut self) -> Vec<Acknowledged> {
        let bytes = fs::read(&self.path).unwrap_or_default();
        let new = &bytes[self.read.min(bytes.len())..];
        let whole = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.read += whole;
        String::from_utf8_lossy(&new[..whole]).lines().filter_map(Acknowledged::of).collect()
    }
}

/// The environment variable that has the words for a child of a test.
#[cfg(test)]
pub const WORDS: &str = "CARESPINE_CRASH_WORDS";

/// Our own program with these words.
pub fn own(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the system knows which program this is"));
    #[cfg(test)]
    command
        .args(["--exact", "tests::what_a_child_of_a_test_does", "--nocapture"])
        .env(WORDS, words.join("\n"));
    #[cfg(not(test))]
    command.args(words);
    command
}

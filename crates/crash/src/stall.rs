//! A node that stops in the middle of a group of commits, while it holds the lock of those that write: the others
//! go on, and what it had begun never comes late.

use crate::follower::Follower;
use crate::ledger::{Ledger, REQUESTS};
use crate::node::{PATIENCE, open, own};
use crate::requests::{self, Acknowledged, Request};
use record::{Kind, Prepared, Refusal, Store};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use testbed::{Cluster, Database, Settings};

/// What the node says when it is inside its command.
const INSIDE: &str = "inside the command";
const OUTCOME: &str = "outcome ";
const ACKNOWLEDGED: &str = "acknowledged ";
/// Resources of a command that takes so long to copy into the tables that it can be stopped meanwhile.
const MANY: u64 = 20_000;

/// Where in a group a node stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Where {
    /// Inside a command, some of whose rows are in the tables already.
    Command,
    /// While rows are being copied into the tables.
    Copy,
}

/// What came of it.
#[derive(Debug)]
pub struct Stalled {
    /// Everything in the database, against what was acknowledged.
    pub ledger: Ledger,
    /// How long the other node waited with its next write.
    pub waited: Duration,
    /// What the stopped node was told when it went on.
    pub told: String,
}

/// Stops a node there, writes from another, lets it go on.
pub fn stall(at: Where) -> Result<Stalled, Refusal> {
    let cluster = Cluster::start(Settings::durable());
    let database = cluster.database();
    let follower = Follower::start(database.url())?;
    let store = open(database.url())?;
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    let mut other = |number| {
        let request = Request { writer: "other".to_owned(), number };
        requests::insist(&store, &request).map(|ack| acknowledged.push(ack))
    };
    other(1)?;
    let mut node = Stopped::start(database.url(), at);
    node.hear(INSIDE)?;
    if at == Where::Copy {
        node.go_on()?;
        await_copy(&database)?;
    }
    node.signal("STOP");
    let started = Instant::now();
    other(2)?;
    let waited = started.elapsed();
    (3..=20).try_for_each(&mut other)?;
    node.signal("CONT");
    if at == Where::Command {
        node.go_on()?;
    }
    let told = node.hear(OUTCOME)?;
    if told == "done" {
        return Err(fault("the stopped node was told that its command is done".to_owned()));
    }
    let ack = node.hear(ACKNOWLEDGED)?;
    acknowledged.push(Acknowledged::of(&ack).ok_or_else(|| fault(format!("it said {ack}")))?);
    let last =
        ask(&database, "SELECT request FROM txn WHERE request IS NOT NULL ORDER BY number DESC LIMIT 1")?;
    if last != stalled_request().id() {
        return Err(fault(format!("{last} is last in the log, after a command that came later")));
    }
    let all: Vec<&Acknowledged> = acknowledged.iter().collect();
    let ledger = Ledger::of(database.url(), database.sql(REQUESTS), &all, follower)?
        .good("a node that was stopped")?;
    Ok(Stalled { ledger, waited, told })
}

/// Waits until the node copies rows and the server waits for more of them.
fn await_copy(database: &Database) -> Result<(), Refusal> {
    let started = Instant::now();
    while ask(database, "SELECT count(*) FROM pg_stat_progress_copy")? == "0" {
        if started.elapsed() > PATIENCE {
            return Err(fault("nothing is copied".to_owned()));
        }
    }
    Ok(())
}

fn stalled_request() -> Request {
    Request { writer: "stalled".to_owned(), number: 1 }
}

/// The node, and what it and the harness say to each other.
struct Stopped {
    child: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
}

impl Stopped {
    fn start(place: &str, at: Where) -> Stopped {
        let at = if at == Where::Copy { "copy" } else { "command" };
        let mut command = own(&["stalling-node", place, "--at", at]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("our own program can be started");
        let says = BufReader::new(child.stdout.take().expect("it was asked for as a pipe"));
        let hears = child.stdin.take().expect("it was asked for as a pipe");
        Stopped { child, says, hears }
    }

    /// What follows these words, in a line that has them.
    fn hear(&mut self, words: &str) -> Result<String, Refusal> {
        let mut line = String::new();
        while self.says.read_line(&mut line).map_err(|e| fault(e.to_string()))? > 0 {
            if let Some((_, rest)) = line.trim_end().split_once(words) {
                return Ok(rest.to_owned());
            }
            line.clear();
        }
        Err(fault(format!("the node ended before it said: {words}")))
    }

    fn go_on(&mut self) -> Result<(), Refusal> {
        self.hears.write_all(b"go on\n").map_err(|e| fault(e.to_string()))
    }

    fn signal(&self, signal: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill \"$@\"", "kill", "-s", signal, &self.child.id().to_string()]);
        assert!(kill.status().is_ok_and(|status| status.success()), "there is a shell, and the node lives");
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // Also ends one that is stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the node does: a command in which it waits for a word, then the same request until it is acknowledged.
pub(crate) fn node(place: &str, at: Where) -> Result<ExitCode, Refusal> {
    let store = open(place)?;
    let many = if at == Where::Copy { MANY } else { 0 };
    let many = (0..many).map(|n| requests::counter(&format!("many-{n}"), n)).collect::<Result<_, _>>()?;
    say(match first(&store, many) {
        Ok(()) => format!("{OUTCOME}done"),
        Err(refusal) => format!("{OUTCOME}{:?}", refusal.kind),
    });
    say(format!("{ACKNOWLEDGED}{}", requests::insist(&store, &stalled_request())?.line().trim_end()));
    Ok(ExitCode::SUCCESS)
}

fn first(store: &Store, many: Vec<Prepared>) -> Result<(), Refusal> {
    let request = stalled_request();
    store.write(requests::author(&request), move |tx| {
        requests::perform(tx, &request)?;
        tx.foresee(&many)?;
        many.into_iter().try_for_each(|resource| tx.create(resource).map(drop))?;
        say(INSIDE.to_owned());
        std::io::stdin().read_line(&mut String::new()).map_err(|e| fault(e.to_string())).map(drop)
    })
}

fn say(line: String) {
    println!("{line}");
}

fn ask(database: &Database, sql: &str) -> Result<String, Refusal> {
    database.sql(sql).map_err(fault)
}

fn fault(text: String) -> Refusal {
    Refusal::new(Kind::Fault, text)
}

pub(crate) fn command(at: Where) -> Result<ExitCode, Refusal> {
    let Stalled { ledger, waited, told } = stall(at)?;
    println!(
        "a node stopped ({at:?}): the other waited {} ms; it was told {told}; {ledger}",
        waited.as_millis()
    );
    Ok(ExitCode::SUCCESS)
}

//! `kill -9` of the database under two nodes, and of the nodes on one database, again and again. Every request is
//! sent under its id until it is acknowledged.

use crate::follower::Follower;
use crate::kill::delay;
use crate::ledger::Ledger;
use crate::node::Node;
use crate::requests::now;
use record::{Kind, Refusal};
use std::process::ExitCode;
use std::time::Duration;
use testbed::{Cluster, Database, Settings};

/// What many kills came to.
#[derive(Debug)]
pub struct Killed {
    /// What is in the database, against what was acknowledged.
    pub ledger: Ledger,
    /// For each kill: how long until the slowest node had a write acknowledged again (database), or the longest
    /// time for which the other node had none (node).
    pub pauses: Vec<Duration>,
    /// For each kill of a node: from its restart to its first acknowledgement.
    pub restarts: Vec<Duration>,
}

impl Killed {
    /// The longest pause.
    pub fn longest(&self) -> Duration {
        self.pauses.iter().copied().max().unwrap_or_default()
    }
}

/// Two nodes on one database, and a reader of the log.
struct Scene {
    cluster: Cluster,
    database: Database,
    nodes: [Node; 2],
    follower: Follower,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Result<Scene, Refusal> {
        let cluster = Cluster::start(Settings::durable());
        let database = cluster.database();
        let folder = tempfile::tempdir().map_err(|e| Refusal::new(Kind::Fault, format!("No folder: {e}")))?;
        let mut nodes = ["a", "b"].map(|name| Node::start(database.url(), name, folder.path()));
        let follower = Follower::start(database.url())?;
        nodes.iter_mut().for_each(|node| node.await_after(0));
        Ok(Scene { cluster, database, nodes, follower, _folder: folder })
    }

    fn finish(mut self, what: &str) -> Result<Ledger, Refusal> {
        self.nodes.iter_mut().try_for_each(Node::stop)?;
        let all: Vec<_> = self.nodes.iter().flat_map(|node| &node.acknowledged).collect();
        Ledger::of(&self.database, &all, self.follower)?.good(what)
    }
}

/// Kills and restarts the database so often.
pub fn kill_database(times: u32, seed: u64) -> Result<Killed, Refusal> {
    let mut scene = Scene::new()?;
    let (mut state, mut pauses) = (seed, Vec::new());
    for _ in 0..times {
        std::thread::sleep(delay(&mut state));
        let killed = now();
        scene.cluster.kill();
        let back = now();
        scene.cluster.restart();
        let mut last = 0;
        for node in &mut scene.nodes {
            node.await_after(back);
            last = node.first_at(back).map_or(last, |at| at.max(last));
        }
        pauses.push(Duration::from_millis(last - killed));
    }
    let ledger = scene.finish(&format!("{times} kills of the database with seed {seed}"))?;
    Ok(Killed { ledger, pauses, restarts: Vec::new() })
}

/// Kills the nodes in turn so often, while the other goes on.
pub fn kill_nodes(times: u32, seed: u64) -> Result<Killed, Refusal> {
    let mut scene = Scene::new()?;
    let (mut state, mut pauses, mut restarts) = (seed, Vec::new(), Vec::new());
    for n in 0..times as usize {
        std::thread::sleep(delay(&mut state));
        let killed = now();
        scene.nodes[n % 2].kill();
        std::thread::sleep(delay(&mut state));
        let started = now();
        scene.nodes[n % 2].restart();
        scene.nodes[n % 2].await_after(started);
        restarts.push(Duration::from_millis(now() - started));
        let other = &mut scene.nodes[(n + 1) % 2];
        other.await_after(now());
        pauses.push(other.longest_pause(killed, now()));
    }
    let ledger = scene.finish(&format!("{times} kills of nodes with seed {seed}"))?;
    Ok(Killed { ledger, pauses, restarts })
}

pub(crate) fn command_database(times: u32, seed: u64) -> Result<ExitCode, Refusal> {
    let killed = kill_database(times, seed)?;
    println!("{times} kills of the database: {}", killed.ledger);
    println!("from the kill to the first write of the slower node: {}", spread(&killed.pauses));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn command_nodes(times: u32, seed: u64) -> Result<ExitCode, Refusal> {
    let killed = kill_nodes(times, seed)?;
    println!("{times} kills of nodes: {}", killed.ledger);
    println!("longest pause of the other node, for each kill: {}", spread(&killed.pauses));
    println!("from a node's start to its first write: {}", spread(&killed.restarts));
    Ok(ExitCode::SUCCESS)
}

/// Half are no longer than the first.
fn spread(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |n: usize| sorted.get(n).copied().unwrap_or_default().as_millis();
    format!("median {} ms, longest {} ms", at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}

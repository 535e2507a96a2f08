//! `kill -9` of the database under two nodes, and of the nodes on one database, again and again. Every request is
//! sent under its id until it is acknowledged.

use crate::follower::Follower;
use crate::kill::delay;
use crate::ledger::{Ledger, REQUESTS};
use crate::node::Node;
use crate::requests::now;
use record::{Kind, Refusal};
use std::process::ExitCode;
use std::time::Duration;
use testbed::{Cluster, Settings};

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

/// Two nodes on one database, and a reader of the log.
struct Scene {
    nodes: [Node; 2],
    follower: Follower,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new(place: &str) -> Result<Scene, Refusal> {
        let folder = tempfile::tempdir().map_err(|e| Refusal::new(Kind::Fault, format!("No folder: {e}")))?;
        let mut nodes = ["a", "b"].map(|name| Node::start(place, name, folder.path()));
        let follower = Follower::start(place)?;
        nodes.iter_mut().for_each(|node| node.await_after(0));
        Ok(Scene { nodes, follower, _folder: folder })
    }

    /// Waits until each node has a write acknowledged after a time; how long it is since an earlier one then.
    fn await_all_after(&mut self, after: u64, since: u64) -> Duration {
        let mut last = since;
        for node in &mut self.nodes {
            node.await_after(after);
            last = node.first_at(after).map_or(last, |at| at.max(last));
        }
        Duration::from_millis(last - since)
    }

    fn stop(&mut self) -> Result<(), Refusal> {
        self.nodes.iter_mut().try_for_each(Node::stop)
    }

    fn finish(self, place: &str, log: Result<String, String>, what: &str) -> Result<Ledger, Refusal> {
        let all: Vec<_> = self.nodes.iter().flat_map(|node| &node.acknowledged).collect();
        Ledger::of(place, log, &all, self.follower)?.good(what)
    }
}

/// Kills and restarts the database so often.
pub fn kill_database(times: u32, seed: u64) -> Result<Killed, Refusal> {
    let cluster = Cluster::start(Settings::durable());
    let database = cluster.database();
    let mut scene = Scene::new(database.url())?;
    let (mut state, mut pauses) = (seed, Vec::new());
    for _ in 0..times {
        std::thread::sleep(delay(&mut state));
        let killed = now();
        cluster.kill();
        let back = now();
        cluster.restart();
        pauses.push(scene.await_all_after(back, killed));
    }
    scene.stop()?;
    let what = format!("{times} kills of the database with seed {seed}");
    let ledger = scene.finish(database.url(), database.sql(REQUESTS), &what)?;
    Ok(Killed { ledger, pauses, restarts: Vec::new() })
}

/// Kills a database whose commits wait for a standby, for good, and lets the standby take its place. The nodes know
/// both by one URL.
pub fn fail_over(seed: u64) -> Result<Killed, Refusal> {
    let primary = Cluster::start(Settings::durable());
    let standby = primary.replica("standby");
    let place = either(&primary.url(), &standby.url());
    let mut scene = Scene::new(&place)?;
    primary.require_standby("standby");
    std::thread::sleep(Duration::from_millis(500) + delay(&mut { seed }));
    let killed = now();
    primary.kill();
    let dead = now();
    standby.sql("SELECT pg_promote()").map_err(|e| Refusal::new(Kind::Fault, e))?;
    let pauses = vec![scene.await_all_after(dead, killed)];
    scene.stop()?;
    let ledger = scene.finish(&place, standby.sql(REQUESTS), &format!("a failover with seed {seed}"))?;
    Ok(Killed { ledger, pauses, restarts: Vec::new() })
}

/// Whichever of two servers takes writes.
fn either(one: &str, other: &str) -> String {
    let port = |url: &str| {
        let mut parts = url.split(['?', '&']);
        let port = parts.find_map(|part| part.strip_prefix("port=").map(str::to_owned));
        port.expect("the address of a cluster names its port")
    };
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", port(one), port(other));
    format!("postgres://postgres@{hosts}/postgres?target_session_attrs=read-write")
}

/// Kills the nodes in turn so often, while the other goes on.
pub fn kill_nodes(times: u32, seed: u64) -> Result<Killed, Refusal> {
    let cluster = Cluster::start(Settings::durable());
    let database = cluster.database();
    let mut scene = Scene::new(database.url())?;
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
    scene.stop()?;
    let what = format!("{times} kills of nodes with seed {seed}");
    let ledger = scene.finish(database.url(), database.sql(REQUESTS), &what)?;
    Ok(Killed { ledger, pauses, restarts })
}

pub(crate) fn command_database(times: u32, seed: u64) -> Result<ExitCode, Refusal> {
    let killed = kill_database(times, seed)?;
    println!("{times} kills of the database: {}", killed.ledger);
    println!("from the kill to the first write of the slower node: {}", spread(&killed.pauses));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn command_fail_over(times: u32, seed: u64) -> Result<ExitCode, Refusal> {
    let mut pauses = Vec::new();
    for n in 0..times {
        let killed = fail_over(seed + u64::from(n))?;
        println!("failover: {}", killed.ledger);
        pauses.extend(killed.pauses);
    }
    println!("from the kill to the first write of the slower node: {}", spread(&pauses));
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

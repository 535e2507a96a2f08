//! Keeping heads: one node follows the trail, signs a head over it each minute or each thousand rows, and gives it
//! to the witnesses. Nothing waits for it.

use crate::head::{Head, Key};
use crate::trail::{self, Salt, block_key};
use crate::tree::{BLOCK, Edge, Hash};
use crate::witness::Witness;
use record::{Author, Reader, Refusal, Scope, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Kept facts: heads, by size.
pub(crate) const HEADS: &str = "audit-head";
/// The newest of them, among the facts of the tree.
const LAST: &str = "head";
/// Kept facts: how far each witness has come, by its name.
const GIVEN: &str = "audit-witness";
/// The lease of the one node that does this.
const JOB: &str = "audit-heads";
const LEASE_MS: i64 = 30_000;
/// The longest that rows are without a head.
const HEAD_EVERY: Duration = Duration::from_secs(60);
/// Rows after which there is a head before that.
const HEAD_ROWS: u64 = 1_000;
const STEP: Duration = Duration::from_millis(500);
/// How long a witness that could not be reached is left alone.
const PAUSE: Duration = Duration::from_secs(15);

/// The work; it ends when this is dropped.
pub struct Keeping {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to keep heads.
pub fn keep(store: Store, key: Key, witnesses: Vec<Witness>) -> Result<Keeping, Refusal> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let run = move || {
        let mut keeper = Keeper::new(store, key, witnesses);
        while !told.load(Relaxed) {
            if let Err(refusal) = keeper.step() {
                tracing::error!(%refusal, "the audit trail got no head; it is tried again");
                keeper.edge = None;
            }
            std::thread::sleep(STEP);
        }
    };
    let thread = std::thread::Builder::new().name("audit-heads".into()).spawn(run);
    let thread = thread
        .map_err(|e| Refusal::new(record::Kind::Fault, format!("A thread could not be started: {e}.")))?;
    Ok(Keeping { stop, thread: Some(thread) })
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// The one who keeps them.
pub(crate) struct Keeper {
    store: Store,
    key: Key,
    witnesses: Vec<Reached>,
    name: String,
    /// The tree up to the last head; none until this node has the lease.
    edge: Option<Edge>,
    last: Option<Instant>,
}

/// A witness, and how it stands.
struct Reached {
    witness: Witness,
    /// The size of the last head that it has, as far as this node knows.
    given: u64,
    failed: Option<Instant>,
}

impl Keeper {
    pub(crate) fn new(store: Store, key: Key, witnesses: Vec<Witness>) -> Keeper {
        let witnesses =
            witnesses.into_iter().map(|witness| Reached { witness, given: 0, failed: None }).collect();
        Keeper { store, key, witnesses, name: record::new_id(), edge: None, last: None }
    }

    /// Makes a head if it is time, and gives witnesses what they do not have.
    fn step(&mut self) -> Result<(), Refusal> {
        let reader = self.store.reader(&Scope::all())?;
        let newest = newest(&reader)?;
        let size = match &self.edge {
            Some(edge) => edge.size(),
            None => last_head(&reader)?.map_or(0, |head| head.size),
        };
        let due = self.last.is_none_or(|last| last.elapsed() >= HEAD_EVERY) || newest - size >= HEAD_ROWS;
        drop(reader);
        if newest > size && due {
            self.head()?;
        }
        self.give()
    }

    /// Signs a head over all that is there now.
    pub(crate) fn head(&mut self) -> Result<(), Refusal> {
        let name = self.name.clone();
        let author = || Author::system("audit.head");
        let taken = self.store.write(author(), move |tx| {
            let lease = tx.lease(JOB, &name, LEASE_MS)?;
            lease.map(|lease| Ok((lease, Salt::made(tx)?))).transpose()
        })?;
        let Some((lease, salt)) = taken else {
            self.edge = None;
            return Ok(());
        };
        let reader = self.store.reader(&Scope::all())?;
        let mut edge = match self.edge.take() {
            Some(edge) => edge,
            None => grown(&reader, &salt, last_head(&reader)?.map_or(0, |head| head.size))?,
        };
        let newest = newest(&reader)?;
        let mut blocks = Vec::new();
        trail::each_row(&reader, edge.size(), newest, &mut |row| {
            if let Some(block) = edge.push(salt.leaf(row)) {
                blocks.push((row.seq / BLOCK - 1, block));
            }
            Ok(())
        })?;
        let number = reader.txn();
        let commit = (number, reader.commit_link(number)?.unwrap_or_default());
        drop(reader);
        let head = self.key.sign(edge.size(), edge.root(), commit, self.store.now());
        self.store.write(author(), move |tx| {
            tx.fence(JOB, lease)?;
            for (block, hash) in &blocks {
                tx.keep(trail::SPACE, &block_key(*block), hash, None)?;
            }
            tx.keep(trail::SPACE, LAST, head.line().as_bytes(), None)?;
            tx.keep(HEADS, &head_key(head.size), head.line().as_bytes(), None)
        })?;
        (self.edge, self.last) = (Some(edge), Some(Instant::now()));
        Ok(())
    }

    /// Gives each witness the heads that it does not have. One that cannot be reached gets them later, all of them.
    pub(crate) fn give(&mut self) -> Result<(), Refusal> {
        let reader = self.store.reader(&Scope::all())?;
        let Some(last) = last_head(&reader)?.map(|head| head.size) else { return Ok(()) };
        for reached in &mut self.witnesses {
            if reached.given >= last || reached.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
                continue;
            }
            let name = reached.witness.name();
            let given =
                reader.kept(GIVEN, &name)?.and_then(|size| String::from_utf8(size).ok()?.parse().ok());
            let heads = heads_after(&reader, given.unwrap_or(0))?;
            if let Err(error) = reached.witness.give(&heads) {
                reached.failed = Some(Instant::now());
                tracing::error!(witness = name, error, "a witness of the audit trail is not reached");
                continue;
            }
            (reached.given, reached.failed) = (last, None);
            self.store.write(Author::system("audit.witness"), move |tx| {
                tx.keep(GIVEN, &name, last.to_string().as_bytes(), None)
            })?;
        }
        Ok(())
    }
}

/// The edge over the first `size` rows: from the blocks that are kept, and the rows after them.
fn grown(reader: &Reader, salt: &Salt, size: u64) -> Result<Edge, Refusal> {
    let mut edge = Edge::default();
    for block in 0..size / BLOCK {
        let kept = reader.kept(trail::SPACE, &block_key(block))?.and_then(|hash| Hash::try_from(hash).ok());
        let Some(hash) = kept else { break };
        edge.push_block(hash);
    }
    trail::each_row(reader, edge.size(), size, &mut |row| {
        edge.push(salt.leaf(row));
        Ok(())
    })?;
    Ok(edge)
}

/// The number of the newest row; 0 when there is none.
pub(crate) fn newest(reader: &Reader) -> Result<u64, Refusal> {
    Ok(reader.audit(None, 1)?.first().map_or(0, |row| row.seq))
}

fn head_key(size: u64) -> String {
    format!("{size:015}")
}

/// The heads of more rows than `size`, by size.
pub fn heads_after(reader: &Reader, size: u64) -> Result<Vec<Head>, Refusal> {
    let kept = reader.kept_all(HEADS, "")?;
    let heads = kept.iter().filter_map(|(_, line)| Head::read(std::str::from_utf8(line).ok()?));
    Ok(heads.filter(|head| head.size > size).collect())
}

/// The newest head.
pub fn last_head(reader: &Reader) -> Result<Option<Head>, Refusal> {
    let line = reader.kept(trail::SPACE, LAST)?;
    Ok(line.and_then(|line| Head::read(std::str::from_utf8(&line).ok()?)))
}

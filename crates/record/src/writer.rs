//! The one thread that writes. Commands come to it as closures; it runs each in a savepoint, commits several
//! with one wait for the disk, and only then answers any of them.

use crate::chain::audit_hash;
use crate::names::{Fresh, Names};
use crate::sqlite::Sight;
use crate::tx::{Author, Tx};
use crate::{Act, Instant, Refusal, fault};
use rusqlite::{Connection, OptionalExtension, params};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant as Stopwatch};

/// Commands that share one wait for the disk, at most.
const GROUP_MAX: usize = 512;
/// A group takes in no more commands after this long.
const GROUP_TIME: Duration = Duration::from_millis(10);

/// Told whether the commit has reached the disk.
pub(crate) type Reply = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// What the writer is asked.
pub(crate) enum Job {
    /// Run this; it gives back how to answer once the commit is on disk.
    Run(Box<dyn FnOnce(&mut Core) -> Reply + Send>),
    /// Put this on the audit trail.
    Audit(Act, tokio::sync::oneshot::Sender<Result<(), Refusal>>),
}

/// Figures that other threads look at.
#[derive(Default)]
pub(crate) struct Gauges {
    /// Milliseconds of the last commit's instant.
    pub last_at: AtomicI64,
    pub txn: AtomicU64,
    pub commits: AtomicU64,
    pub jobs: AtomicU64,
    pub versions: AtomicU64,
    pub audits: AtomicU64,
    /// A commit failed: nothing more is written until the store is opened anew.
    pub broken: AtomicBool,
}

/// The next numbers and the last hashes. Copied before each command so that an undone one leaves no trace.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub txn: i64,
    pub vid: i64,
    pub res: i64,
    pub audit: i64,
    pub txn_hash: [u8; 32],
    pub audit_hash: [u8; 32],
}

/// What the writer's thread owns.
pub(crate) struct Core {
    pub conn: Connection,
    pub sight: Sight,
    pub names: Arc<Names>,
    pub fresh: Fresh,
    pub next: Position,
    pub now: Instant,
    pub clock: crate::store::Clock,
    pub token_key: [u8; 32],
    pub gauges: Arc<Gauges>,
    /// SQLite's `data_version`: changes when another process commits.
    pub seen: i64,
}

impl Position {
    pub fn load(conn: &Connection) -> rusqlite::Result<Position> {
        let next = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0));
        let hash = |sql: &str| match conn.query_row(sql, [], |r| r.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok([0; 32]),
            other => other,
        };
        Ok(Position {
            txn: next("SELECT coalesce(max(number), 0) + 1 FROM txn")?,
            vid: next("SELECT coalesce(max(vid), 0) + 1 FROM version")?,
            res: next("SELECT coalesce(max(res), 0) + 1 FROM head")?,
            audit: next("SELECT coalesce(max(seq), 0) + 1 FROM audit")?,
            txn_hash: hash("SELECT hash FROM txn ORDER BY number DESC LIMIT 1")?,
            audit_hash: hash("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")?,
        })
    }
}

impl Core {
    /// Runs one command in a savepoint of its own. A refusal or a panic undoes it.
    pub fn run<T>(
        &mut self,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.execute("SAVEPOINT command")?;
        let mark = self.next;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = Tx::begin(self, author)?;
            let answer = act(&mut tx)?;
            tx.finish()?;
            Ok(answer)
        }))
        .unwrap_or_else(|_| Err(fault("run a command", "it panicked; the panic is above")));
        match outcome {
            Ok(answer) => self.execute("RELEASE command").map(|()| answer),
            Err(refusal) => {
                self.execute("ROLLBACK TO command")?;
                self.execute("RELEASE command")?;
                self.next = mark;
                self.forget_undone()?;
                Err(refusal)
            }
        }
    }

    /// Opens a group. Where another process has committed since, its numbers and names are taken in first.
    fn begin(&mut self) -> Result<(), Refusal> {
        let begin = |core: &mut Core| {
            core.conn.execute_batch("BEGIN IMMEDIATE")?;
            let seen: i64 = core.conn.pragma_query_value(None, "data_version", |r| r.get(0))?;
            if seen != core.seen {
                core.seen = seen;
                core.next = Position::load(&core.conn)?;
                core.fresh = Fresh::default();
                core.names.refresh(&core.conn)?;
                load_gauges(&core.conn, &core.gauges)?;
            }
            Ok(())
        };
        begin(self).map_err(|e: rusqlite::Error| fault("begin a group of commits", e))?;
        self.now = Instant((self.clock)().0.max(self.gauges.last_at.load(Relaxed)));
        Ok(())
    }

    fn execute(&self, sql: &'static str) -> Result<(), Refusal> {
        let step = self.conn.prepare_cached(sql).and_then(|mut s| s.execute([]));
        step.map(|_| ()).map_err(|e| fault("begin or end a command", e))
    }

    /// After an undone command: names that it made are not there any more.
    fn forget_undone(&mut self) -> Result<(), Refusal> {
        self.fresh.resources.clear();
        let conn = &self.conn;
        let there =
            |sql: &str, n: i64| conn.prepare_cached(sql).and_then(|mut s| s.exists([n])).unwrap_or(false);
        self.fresh.systems.retain(|_, n| there("SELECT 1 FROM system WHERE number = ?1", *n));
        self.fresh.several.retain(|n, _| there("SELECT 1 FROM several WHERE number = ?1", *n));
        Ok(())
    }

    /// Appends to the audit trail, inside the open transaction.
    pub fn put_audit(
        &mut self,
        who: &str,
        action: &str,
        txn: Option<i64>,
        detail: &str,
    ) -> Result<(), Refusal> {
        let seq = self.next.audit;
        let hash = audit_hash(&self.next.audit_hash, seq, self.now, who, action, txn, detail);
        self.conn
            .prepare_cached(
                "INSERT INTO audit (seq, at, who, action, txn, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .and_then(|mut s| s.execute(params![seq, self.now.0, who, action, txn, detail, hash]))
            .map_err(|e| fault("write the audit trail", e))?;
        self.next.audit += 1;
        self.next.audit_hash = hash;
        self.gauges.audits.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// The writer's life: until the store is dropped, or until a commit fails.
pub(crate) fn serve(mut core: Core, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        if !group(&mut core, first, jobs) {
            refuse_all(jobs);
            return;
        }
    }
    // The log is folded into the main file, so that the next start has nothing to recover.
    let _ = core.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Runs `first` and what else is waiting, and commits once. False when the commit failed.
fn group(core: &mut Core, first: Job, jobs: &Receiver<Job>) -> bool {
    let started = Stopwatch::now();
    let begun = core.begin();
    let before = core.next;
    let mut replies: Vec<Reply> = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next.take() {
        match job {
            Job::Run(act) if begun.is_ok() => replies.push(act(core)),
            // The closure answers through its own channel; dropping it tells the caller that the writer is away.
            Job::Run(_) => {}
            Job::Audit(act, sender) => {
                let outcome = core.put_audit(&act.who, act.action, None, &act.detail);
                replies.push(Box::new(move |committed| {
                    // The asker may have gone away; the act is on the trail all the same.
                    let _ = sender.send(outcome.and(committed));
                }));
            }
        }
        if replies.len() < GROUP_MAX && started.elapsed() < GROUP_TIME {
            next = jobs.try_recv().ok();
        }
    }
    let committed = begun.and_then(|()| {
        core.conn.execute_batch("COMMIT").map_err(|e| fault("commit; the store stops writing", e))
    });
    settle(core, before, &committed, replies.len() as u64);
    let sound = committed.is_ok();
    for reply in replies {
        reply(committed.clone());
    }
    sound
}

fn settle(core: &mut Core, before: Position, committed: &Result<(), Refusal>, jobs: u64) {
    let gauges = &core.gauges;
    if committed.is_err() {
        // After a failed wait for the disk nobody knows what is on it: stop, open anew, recover.
        gauges.broken.store(true, Relaxed);
        return;
    }
    core.names.committed(&mut core.fresh);
    gauges.last_at.store(core.now.0, Relaxed);
    gauges.txn.store((core.next.txn - 1) as u64, Relaxed);
    gauges.commits.fetch_add(1, Relaxed);
    gauges.jobs.fetch_add(jobs, Relaxed);
    gauges.versions.fetch_add((core.next.vid - before.vid) as u64, Relaxed);
}

/// After a failed commit every further command is refused.
fn refuse_all(jobs: &Receiver<Job>) {
    let no = || fault("write", "a commit failed before; restart to recover");
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Run(_) => {}
            Job::Audit(_, sender) => drop(sender.send(Err(no()))),
        }
    }
}

/// Sets the figures that go on from what is on disk.
pub(crate) fn load_gauges(conn: &Connection, gauges: &Gauges) -> rusqlite::Result<()> {
    let last = "SELECT number, at FROM txn ORDER BY number DESC LIMIT 1";
    let (number, at) = conn
        .query_row(last, [], |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))
        .optional()?
        .unwrap_or((0, i64::MIN));
    gauges.txn.store(number as u64, Relaxed);
    gauges.last_at.fetch_max(at, Relaxed);
    let versions: i64 = conn.query_row("SELECT coalesce(max(vid), 0) FROM version", [], |r| r.get(0))?;
    gauges.versions.store(versions as u64, Relaxed);
    Ok(())
}

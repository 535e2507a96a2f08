//! The one thread that writes. Commands come to it as closures; it runs one after the other, writes the rows of
//! several together, commits them with one wait for the disk, and only then answers any of them.

use crate::body::IdKey;
use crate::chain::audit_hash;
use crate::engine::{self, Committed, Conn, Place};
use crate::lens::Lens;
use crate::names::{Fresh, Names};
use crate::pending::{Audit, Pending};
use crate::queue::{Lane, Queue};
use crate::tx::{Author, Before, Tx};
use crate::{Act, Instant, Kind, Prepared, Refusal, fault};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant as Stopwatch};

/// Commands that share one wait for the disk, at most.
const GROUP_MAX: usize = 512;
/// A group takes in no more commands after this long.
const GROUP_TIME: Duration = Duration::from_millis(10);
/// A group takes in no more commands when so many versions wait to be written, which is done at its end.
const GROUP_VERSIONS: usize = 200;

/// A command, with why it cannot run, if it cannot; it gives back how to answer once the commit is on disk.
pub(crate) type Command = Box<dyn FnOnce(&mut Core, Result<(), Refusal>) -> Reply + Send>;

/// Told whether the commit has reached the disk.
pub(crate) type Reply = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// What the writer is asked.
pub(crate) enum Job {
    /// Run this.
    Run(Command),
    /// Put this on the audit trail.
    Audit(Act, tokio::sync::oneshot::Sender<Result<(), Refusal>>),
}

/// Figures that other threads look at.
#[derive(Default)]
pub(crate) struct Gauges {
    /// Milliseconds of the last commit's instant.
    pub last_at: AtomicI64,
    pub txn: AtomicU64,
    /// Wakes who waits for the log to move on.
    pub moved: (Mutex<()>, Condvar),
    pub commits: AtomicU64,
    pub jobs: AtomicU64,
    pub versions: AtomicU64,
    pub audits: AtomicU64,
    /// A commit failed: nothing more is written until the store is opened anew.
    pub broken: AtomicBool,
}

impl Gauges {
    /// The log has come to this commit, of this instant.
    pub fn moved_to(&self, txn: i64, at: i64) {
        self.last_at.fetch_max(at, Relaxed);
        if self.txn.fetch_max(txn as u64, Relaxed) < txn as u64 {
            let _held = self.moved.0.lock().expect("no thread panics while it waits for the log");
            self.moved.1.notify_all();
        }
    }

    /// Waits until the log is past a commit, or for so long; the last commit known.
    pub fn wait_past(&self, txn: u64, at_most: Duration) -> u64 {
        let held = self.moved.0.lock().expect("no thread panics while it waits for the log");
        let past = self.moved.1.wait_timeout_while(held, at_most, |()| self.txn.load(Relaxed) <= txn);
        drop(past);
        self.txn.load(Relaxed)
    }
}

/// The next numbers and the last hashes. Copied before each command so that an undone one leaves no trace.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub txn: i64,
    pub vid: i64,
    pub res: i64,
    pub audit: i64,
    pub system: i64,
    pub several: i64,
    pub class: i64,
    pub txn_hash: [u8; 32],
    pub audit_hash: [u8; 32],
}

/// Heads that were asked for ahead, by type and id; nothing for one that is not there.
pub(crate) type Foreseen = HashMap<(i64, String), Option<Before>>;

/// What the writer's thread owns.
pub(crate) struct Core {
    pub conn: Conn,
    pub place: Place,
    pub durable: bool,
    pub names: Arc<Names>,
    /// Names made in the group of commits that is open.
    pub fresh: Fresh,
    /// (type, id) -> res, also of older resources; spares look-ups of practitioners and patients.
    pub resources: HashMap<(i64, String), i64>,
    pub foreseen: RefCell<Foreseen>,
    /// Rows of commands of this group that are done, and not on their way to the disk.
    pub pending: RefCell<Pending>,
    /// True when the running command has written rows that only a savepoint keeps apart.
    pub apart: Cell<bool>,
    pub next: Position,
    pub now: Instant,
    pub clock: crate::store::Clock,
    pub token_key: [u8; 32],
    pub gauges: Arc<Gauges>,
}

impl Position {
    pub fn load(conn: &Conn) -> engine::Result<Position> {
        let next = |sql| conn.one(sql, &[], |r| r.get::<i64>(0));
        let hash = |sql| Ok::<_, engine::Error>(conn.first(sql, &[], |r| r.get(0))?.unwrap_or([0; 32]));
        Ok(Position {
            txn: next("SELECT coalesce(max(number), 0) + 1 FROM txn")?,
            vid: next("SELECT coalesce(max(vid), 0) + 1 FROM version")?,
            res: next("SELECT coalesce(max(res), 0) + 1 FROM head")?,
            audit: next("SELECT coalesce(max(seq), 0) + 1 FROM audit")?,
            system: next("SELECT coalesce(max(number), 0) + 1 FROM system")?,
            several: next("SELECT coalesce(max(number), 0) + 1 FROM several")?,
            class: next("SELECT coalesce(max(number), 0) + 1 FROM class")?,
            txn_hash: hash("SELECT hash FROM txn ORDER BY number DESC LIMIT 1")?,
            audit_hash: hash("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")?,
        })
    }
}

const BEFORE: &str =
    "SELECT res, ver, vid, live, patient, class, moved, rec FROM head WHERE type = ?1 AND id = ?2";

impl Core {
    /// Runs one command. A refusal or a panic undoes it.
    pub fn run<T>(
        &mut self,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mark = self.next;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = Tx::begin(self, author)?;
            let answer = act(&mut tx)?;
            let laid = tx.take_laid();
            Ok((answer, tx.finish()?, laid))
        }))
        .unwrap_or_else(|_| Err(fault("run a command", "it panicked; the panic is above")));
        match outcome {
            Ok((answer, written, laid)) => {
                self.end_apart("RELEASE SAVEPOINT command")?;
                self.fresh.laid.extend(laid);
                self.pending.get_mut().extend(written);
                Ok(answer)
            }
            Err(refusal) => {
                let undone = self.end_apart("ROLLBACK TO SAVEPOINT command");
                self.next = mark;
                self.fresh.forget(mark.system, mark.several, mark.class);
                self.resources.clear();
                self.foreseen.take();
                Err(self.told(undone.err().unwrap_or(refusal)))
            }
        }
    }

    /// A fault while the database is away is no fault of ours, and worth another try.
    fn told(&self, refusal: Refusal) -> Refusal {
        let is_away = refusal.kind == Kind::Fault && self.conn.is_closed();
        if is_away { Refusal::new(Kind::Busy, AWAY) } else { refusal }
    }

    /// Before a command's rows are written while it runs: those of the commands before it are written first, and
    /// a savepoint keeps its own apart.
    pub fn write_apart(&self) -> Result<(), Refusal> {
        if self.apart.get() {
            return Ok(());
        }
        self.pending.borrow_mut().write(&self.conn)?;
        self.conn.batch("SAVEPOINT command").map_err(|e| fault("set a savepoint", e))?;
        self.apart.set(true);
        Ok(())
    }

    fn end_apart(&mut self, sql: &'static str) -> Result<(), Refusal> {
        if !self.apart.take() {
            return Ok(());
        }
        self.conn.batch(sql).map_err(|e| fault("end a savepoint", e))?;
        if sql.starts_with("ROLLBACK") {
            self.conn.forget_lens();
            self.conn.batch("RELEASE SAVEPOINT command").map_err(|e| fault("end a savepoint", e))?;
        }
        Ok(())
    }

    /// The head of a resource that is not among those still to be written.
    pub fn before(&self, kind: i64, id: &str) -> Result<Option<Before>, Refusal> {
        if let Some(known) = self.foreseen.borrow().get(&(kind, id.to_owned())) {
            return Ok(known.clone());
        }
        let id = IdKey::of(id);
        let values = [kind.into(), id.bytes().into()];
        self.conn.first(BEFORE, &values, Before::read).map_err(|e| fault("find a resource to write", e))
    }

    /// True when an author sees a row, also of a set of patients that is not committed.
    pub fn sees(&self, lens: &Lens, kind: i64, patient: i64, class: i64) -> bool {
        let fresh = self.fresh.several.iter().find(|(_, number)| **number == -patient);
        match fresh {
            Some((patients, _)) => {
                let reached =
                    lens.patients.as_ref().is_none_or(|reach| patients.iter().all(|p| reach.contains(p)));
                let barred =
                    lens.barred.as_ref().is_some_and(|barred| patients.iter().any(|p| barred.contains(p)));
                reached && !barred && lens.sees(&self.names, kind, 0, class)
            }
            _ => lens.sees(&self.names, kind, patient, class),
        }
    }

    /// Asks for many heads at once, where asking costs a round trip.
    pub fn foresee<'r>(&mut self, resources: impl IntoIterator<Item = &'r Prepared>) -> Result<(), Refusal> {
        if !self.conn.is_far() {
            return Ok(());
        }
        let mut wanted: BTreeSet<(i64, String)> = BTreeSet::new();
        for resource in resources {
            let number = |kind: &str| self.names.type_number(kind).unwrap_or(0);
            wanted.insert((number(resource.kind), resource.id.clone()));
            wanted.extend(resource.points_at().map(|(kind, id)| (number(kind), id.to_owned())));
        }
        let foreseen = self.foreseen.get_mut();
        wanted.retain(|key| !self.resources.contains_key(key) && !foreseen.contains_key(key));
        if wanted.len() < 2 {
            return Ok(());
        }
        let found = self.conn.heads(&wanted).map_err(|e| fault("find resources to write", e))?;
        foreseen.extend(wanted.into_iter().map(|key| (key, None)));
        foreseen.extend(found.into_iter().map(|(key, before)| (key, Some(before))));
        Ok(())
    }

    /// Opens a group. Where others have committed since, their numbers and names are taken in first.
    fn begin(&mut self) -> Result<(), Refusal> {
        if self.conn.is_closed() {
            self.conn = self.place.open_writer(self.durable).map_err(away)?;
        }
        let last = (self.next.txn - 1, self.next.audit - 1);
        let begun = self.conn.begin_writing(last).and_then(|others| match others {
            // What was taken in only in part is taken in again the next time.
            true => self.take_in().inspect_err(|_| self.forget()),
            false => Ok(()),
        });
        let begun = begun.map_err(|e: engine::Error| match self.conn.is_closed() {
            true => away(e),
            false => fault("begin a group of commits", e),
        });
        self.now = Instant((self.clock)().0.max(self.gauges.last_at.load(Relaxed)));
        begun
    }

    /// Takes in what others have committed.
    fn take_in(&mut self) -> engine::Result<()> {
        self.next = Position::load(&self.conn)?;
        self.fresh = Fresh::default();
        self.resources.clear();
        self.names.refresh(&self.conn)?;
        load_gauges(&self.conn, &self.gauges)
    }

    /// Takes back what is not committed. What the database has is read again before the next commit.
    fn forget(&mut self) {
        self.pending.take();
        self.apart.set(false);
        self.next = Position { txn: 0, audit: 0, ..self.next };
        self.fresh = Fresh::default();
        self.resources.clear();
        self.conn.forget_lens();
        if !self.conn.is_closed() && self.conn.batch("ROLLBACK").is_err() {
            tracing::warn!("a group of commits could not be rolled back");
        }
    }

    /// Writes what is left, and commits.
    fn commit(&mut self, before: Position) -> Result<(), Refusal> {
        let written = self.pending.borrow_mut().write(&self.conn);
        written.map_err(|refusal| self.told(refusal))?;
        match self.conn.commit(self.next.txn > before.txn) {
            Committed::Yes => Ok(()),
            Committed::No(e) => Err(fault("commit", e)),
            Committed::Unknown(reason) => {
                tracing::error!(%reason, "whether a commit lasts is not known");
                Err(Refusal::new(
                    Kind::Unknown,
                    "The database went away while this was being saved. It may be saved or not. Send it again \
                     with the same request id: then it is done once.",
                ))
            }
        }
    }

    /// The next row of the audit trail.
    pub fn audit(&mut self, who: &str, action: &str, txn: Option<i64>, detail: String) -> Audit {
        let seq = self.next.audit;
        let hash = audit_hash(&self.next.audit_hash, seq, self.now, who, action, txn, &detail);
        self.next.audit += 1;
        self.next.audit_hash = hash;
        self.gauges.audits.fetch_add(1, Relaxed);
        Audit { seq, at: self.now, who: who.to_owned(), action: action.to_owned(), txn, detail, hash }
    }
}

/// The database cannot be reached, and nothing was sent to it.
pub(crate) fn away(error: engine::Error) -> Refusal {
    tracing::error!(%error, "the database cannot be reached");
    Refusal::new(Kind::Busy, AWAY)
}

const AWAY: &str = "The record cannot be reached at the moment. Nothing was changed. Try again soon.";

/// The writer's life: until the store is dropped, or until a commit to a local disk fails.
pub(crate) fn serve(mut core: Core, jobs: &Queue) {
    // Also when it panics: nobody is left waiting.
    let _end = End(jobs);
    while let Some((first, lane)) = jobs.wait() {
        if !group(&mut core, first, lane, jobs) {
            return;
        }
    }
    core.conn.fold();
}

struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Runs `first` and what else is waiting, and commits once. False when nothing more can be written.
fn group(core: &mut Core, first: Job, lane: Lane, jobs: &Queue) -> bool {
    let started = Stopwatch::now();
    let begun = core.begin();
    let before = core.next;
    let mut replies: Vec<Reply> = Vec::new();
    let (mut next, mut has_large) = (Some(first), lane == Lane::Large);
    while let Some(job) = next.take() {
        replies.push(match job {
            Job::Run(act) => act(core, begun.clone()),
            Job::Audit(act, sender) => {
                if begun.is_ok() {
                    let row = core.audit(&act.who, act.action, None, act.detail);
                    core.pending.get_mut().audits.push(row);
                }
                Box::new(move |committed| {
                    // The asker may have gone away; the act is on the trail all the same.
                    let _ = sender.send(committed);
                })
            }
        });
        let versions = core.pending.get_mut().versions.len();
        if replies.len() < GROUP_MAX && versions < GROUP_VERSIONS && started.elapsed() < GROUP_TIME {
            let another = jobs.another(has_large);
            has_large |= another.as_ref().is_some_and(|(_, lane)| *lane == Lane::Large);
            next = another.map(|(job, _)| job);
        }
    }
    let tried = begun.is_ok();
    let committed = begun.and_then(|()| core.commit(before));
    let sound = !tried || settle(core, before, &committed, replies.len() as u64);
    for reply in replies {
        reply(committed.clone());
    }
    sound
}

/// Takes a commit in, or what failed back. False when nothing more can be written.
fn settle(core: &mut Core, before: Position, committed: &Result<(), Refusal>, jobs: u64) -> bool {
    core.foreseen.take();
    if committed.is_ok() {
        core.names.committed(&mut core.fresh);
        let gauges = &core.gauges;
        gauges.commits.fetch_add(1, Relaxed);
        gauges.jobs.fetch_add(jobs, Relaxed);
        gauges.versions.fetch_add((core.next.vid - before.vid) as u64, Relaxed);
        gauges.moved_to(core.next.txn - 1, core.now.0);
        return true;
    }
    if !core.conn.is_far() {
        // After a failed wait for the disk nobody knows what is on it: stop, open anew, recover.
        core.gauges.broken.store(true, Relaxed);
        return false;
    }
    // A database elsewhere knows its own state.
    core.forget();
    true
}

/// Sets the figures that go on from what is on disk.
pub(crate) fn load_gauges(conn: &Conn, gauges: &Gauges) -> engine::Result<()> {
    let last = "SELECT number, at FROM txn ORDER BY number DESC LIMIT 1";
    let (number, at) = conn.first(last, &[], |r| Ok((r.get(0)?, r.get(1)?)))?.unwrap_or((0, i64::MIN));
    gauges.moved_to(number, at);
    let versions: i64 = conn.one("SELECT coalesce(max(vid), 0) FROM version", &[], |r| r.get(0))?;
    gauges.versions.store(versions as u64, Relaxed);
    Ok(())
}

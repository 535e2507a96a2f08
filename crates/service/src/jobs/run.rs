//! Working on jobs: one at a time for each who calls `turn`, each job with one at a time.

use super::job::{File, Purpose, State, Work};
use super::{Door, EXPORTS, Job, Jobs, OPEN, Pace, SPACE, export, import, kept_until, request};
use crate::interaction::Guards;
use access::{Access, Permission, Session};
use conformance::Conformance;
use fhir::Tree;
use record::{Act, Author, Kind, Reader, Refusal, Scope, Store, new_id};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a job is begun without getting further, at most.
const TRIES_MAX: u64 = 5;

/// A job in the hands of who works on it.
pub(super) struct Run<'r> {
    pub access: &'r Access,
    pub base: &'r str,
    pub pace: &'r Pace,
    pub guards: &'r Guards,
    pub conformance: Option<&'r Conformance>,
    pub job: Job,
    lease: u64,
    lost: &'r AtomicBool,
}

impl Work {
    /// Refuses who may not have this done.
    pub(super) fn needs(&self, session: &Session) -> Result<(), Refusal> {
        match self {
            Work::Export(_) => session.needs(Permission::Bulk),
            Work::Import(_) => {
                session.needs(Permission::Write).and_then(|()| session.needs(Permission::AssignIds))
            }
            // The door asks for what the request itself needs.
            Work::Request(_) => Ok(()),
        }
    }
}

impl Run<'_> {
    /// Who asked, if they still may: looked up before each page, so that what was revoked or cancelled stops at
    /// the next one.
    pub fn session(&self) -> Result<Session, Refusal> {
        if self.lost.load(Relaxed) || self.access.store().kept(SPACE, &self.job.id)?.is_none() {
            return Err(lost());
        }
        let session = self.access.under(&self.job.mandate)?.ok_or_else(fallen)?;
        self.job.work.needs(&session)?;
        Ok(session)
    }

    /// The record as the job shows it, to who asked. Small snapshots, one after the other: a long one would keep
    /// what others have long replaced.
    pub fn reader(&self, session: &Session) -> Result<Reader, Refusal> {
        Ok(self.access.store().reader(&session.scope)?.as_at(self.job.txn))
    }

    /// Writes a file of the job. It is there for others once the job is saved.
    pub fn put(&mut self, purpose: Purpose, kind: &str, count: u64, bytes: &[u8]) -> Result<(), Refusal> {
        // Whoever had the job before may still be writing under the same number: the lease tells them apart.
        let name = format!("{kind}-{}-{}", self.job.files.len() + 1, self.lease);
        self.access.store().put_parcel(&self.job.id, &name, bytes)?;
        self.job.files.push(File { name, kind: kind.to_owned(), count, purpose, about: None });
        Ok(())
    }

    /// Keeps how far the job has come.
    pub fn save(&mut self) -> Result<(), Refusal> {
        self.job.tries = 0;
        self.keep(false)?;
        #[cfg(test)]
        if self.pace.crash.fetch_sub(1, Relaxed) <= 1 {
            return Err(lost());
        }
        Ok(())
    }

    fn keep(&mut self, last: bool) -> Result<(), Refusal> {
        let store = self.access.store();
        self.job.until = kept_until(store.now());
        let (id, text, until) = (self.job.id.clone(), self.job.write(), self.job.until);
        let exports = matches!(self.job.work, Work::Export(_));
        let (who, lease, number) = (self.job.who.clone(), lease_of(&id), self.lease);
        store.write(Author::system("jobs.keep"), move |tx| {
            tx.fence(&lease, number)?;
            if tx.kept(SPACE, &id)?.is_none() {
                return Err(lost());
            }
            tx.keep(SPACE, &id, text.as_bytes(), Some(until))?;
            if exports {
                tx.keep(EXPORTS, &id, who.as_bytes(), Some(until))?;
            }
            if last {
                tx.forget(OPEN, &id)?;
                return tx.close_lease(&lease, number);
            }
            tx.keep(OPEN, &id, who.as_bytes(), Some(until))
        })
    }
}

fn fallen() -> Refusal {
    let text = "Who asked for this is no longer signed in, or may no longer have it. Sign in and ask again.";
    Refusal::new(Kind::Unauthenticated, text)
}

fn lost() -> Refusal {
    Refusal::new(Kind::Conflict, "The job was cancelled, or is done elsewhere.")
}

fn lease_of(id: &str) -> String {
    format!("job/{id}")
}

impl Jobs {
    /// Works on one job that waits, to its end. False when none does. Blocks: for a thread of its own.
    pub fn turn(&self, door: &Door<'_>) -> Result<bool, Refusal> {
        let store = self.access.store();
        let holder = new_id();
        for (id, _) in store.reader(&Scope::all())?.kept_all(OPEN, "")? {
            let (lease, name, time) = (lease_of(&id), holder.clone(), self.pace.lease_ms);
            let taken = store.write(Author::system("jobs.lease"), move |tx| {
                // It may have been finished since the list was read.
                if tx.kept(OPEN, &id)?.is_none() {
                    return Ok(None);
                }
                Ok(tx.lease(&lease, &name, time)?.map(|number| (id, number)))
            })?;
            if let Some((id, number)) = taken {
                self.work(&id, &holder, number, door)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn work(&self, id: &str, holder: &str, lease: u64, door: &Door<'_>) -> Result<(), Refusal> {
        let store = self.access.store();
        let Some(job) = self.load(id)? else { return clear(store, id, lease) };
        let lost = AtomicBool::new(false);
        let (access, base, pace) = (&self.access, self.base.as_str(), &self.pace);
        let (guards, conformance) = (&self.guards, self.conformance.as_ref());
        let mut run = Run { access, base, pace, guards, conformance, job, lease, lost: &lost };
        run.job.tries += 1;
        "under way".clone_into(&mut run.job.progress);
        run.keep(false)?;
        let outcome = std::thread::scope(|scope| {
            let (done, ended) = channel::<()>();
            let third = Duration::from_millis((pace.lease_ms / 3).max(1) as u64);
            let lost = &lost;
            scope.spawn(move || {
                while ended.recv_timeout(third) == Err(RecvTimeoutError::Timeout) {
                    if renew(store, id, holder, pace.lease_ms) != Ok(Some(lease)) {
                        lost.store(true, Relaxed);
                    }
                }
            });
            let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(&mut run, door)));
            drop(done);
            outcome
                .unwrap_or_else(|_| Err(Refusal::new(Kind::Fault, "Something went wrong here. Ask again.")))
        });
        self.settle(run, outcome)
    }

    fn settle(&self, mut run: Run<'_>, outcome: Result<(), Refusal>) -> Result<(), Refusal> {
        let store = self.access.store();
        let id = run.job.id.clone();
        let again = matches!(&outcome, Err(r) if matches!(r.kind, Kind::Busy | Kind::Unknown | Kind::Fault));
        match outcome {
            Ok(()) => run.job.state = State::Done,
            // Whoever has it now goes on with it; if nobody does, it was cancelled.
            Err(refusal) if refusal.kind == Kind::Conflict => {
                return match self.load(&id)? {
                    Some(_) => Ok(()),
                    None => clear(store, &id, run.lease),
                };
            }
            Err(_) if again && run.job.tries < TRIES_MAX => {
                let (lease, number) = (lease_of(&id), run.lease);
                return store.write(Author::system("jobs.lease"), move |tx| tx.end_lease(&lease, number));
            }
            Err(refusal) => {
                tracing::warn!(job = id, kind = ?refusal.kind, "a job ended without being done");
                run.job.state = State::Failed(refusal.to_string());
                // What it made is of no use alone, and may be what its asker may no longer see.
                run.job.files.clear();
                store.forget_parcels(&id)?;
                let detail =
                    Tree::object().with("job", id.as_str()).with("outcome", refusal.kind.issue_code());
                let act = Act { who: run.job.who.clone(), action: "job-failed", detail: detail.text() };
                store.audit(act).wait()?;
            }
        }
        match run.keep(true) {
            Err(refusal) if refusal.kind == Kind::Conflict && self.load(&id)?.is_none() => {
                clear(store, &id, run.lease)
            }
            kept => kept,
        }
    }
}

fn carry_out(run: &mut Run<'_>, door: &Door<'_>) -> Result<(), Refusal> {
    match run.job.work.clone() {
        Work::Export(export) => export::run(run, &export),
        Work::Import(import) => import::run(run, &import),
        Work::Request(asked) => request::run(run, &asked, door),
    }
}

fn renew(store: &Store, id: &str, holder: &str, time: i64) -> Result<Option<u64>, Refusal> {
    let (lease, holder) = (lease_of(id), holder.to_owned());
    store.write(Author::system("jobs.lease"), move |tx| tx.lease(&lease, &holder, time))
}

/// Removes what is left of a job that is no more.
fn clear(store: &Store, id: &str, number: u64) -> Result<(), Refusal> {
    store.forget_parcels(id)?;
    let (key, lease) = (id.to_owned(), lease_of(id));
    store.write(Author::system("jobs.clear"), move |tx| {
        tx.forget(OPEN, &key)?;
        tx.close_lease(&lease, number)
    })
}

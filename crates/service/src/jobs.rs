#![doc = include_str!("jobs/README.md")]

mod changes;
mod export;
mod import;
mod job;
mod outbox;
mod request;
mod run;
mod seal;

#[cfg(test)]
mod tests;

pub use export::{Export, Of};
pub use import::{Import, Input};
pub use job::{File, Job, Purpose, State, Work};
pub use request::{Answered, Asked, Door};

use crate::interaction::{Caller, Guards};
use access::{Access, Ends, Session};
use conformance::Conformance;
use fhir::Tree;
use job::Place;
use record::{Author, Instant, Kind, Refusal, Scope, new_id};
use seal::Seal;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Jobs as they are kept, by id.
const SPACE: &str = "job";
/// The ids of those that are not done, with who asked.
const OPEN: &str = "job-open";
/// The ids of exports that are there, done or not, with who asked.
const EXPORTS: &str = "job-export";
/// How long a job and its files are there after it last got further.
pub const KEPT_HOURS: i64 = 24;
/// Jobs that one caller may have open.
pub const OPEN_MAX: usize = 5;

/// Exports that one caller may have, done ones too: each may be as large as the record.
pub const EXPORTS_MAX: usize = 10;

/// How fast and in which portions jobs work. Tests choose small ones.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Resources that are read, or lines that are taken in, at a time.
    pub page: usize,
    /// Bytes of lines from which on they are written to files.
    pub file_bytes: usize,
    /// How long a job is held by who works on it, without a sign of life.
    pub lease_ms: i64,
    /// Tests of what a crash does: after how many more savings the work breaks off as if the machine had.
    #[cfg(test)]
    crash: Arc<std::sync::atomic::AtomicI64>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            page: 500,
            file_bytes: 8 << 20,
            lease_ms: 10_000,
            #[cfg(test)]
            crash: Arc::new(std::sync::atomic::AtomicI64::new(i64::MAX)),
        }
    }
}

/// The jobs of a record, as one node sees them.
pub struct Jobs {
    access: Access,
    base: String,
    pace: Pace,
    guards: Guards,
    conformance: Option<Conformance>,
    /// Held while one begins, so that nobody has more by asking for many at the same moment.
    beginning: Mutex<()>,
    bell: Arc<Bell>,
}

/// Rings when there is something to do.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_one();
    }

    /// Waits until it rings, or for so long: nobody rings for what another node was asked.
    pub fn wait(&self, at_most: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(rung, at_most, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

impl Jobs {
    /// The jobs behind this gate. `base` is the address of the FHIR door, for references below it.
    pub fn new(access: Access, base: &str, pace: Pace) -> Jobs {
        Jobs {
            access,
            base: base.to_owned(),
            pace,
            guards: Guards::default(),
            conformance: None,
            beginning: Mutex::default(),
            bell: Arc::default(),
        }
    }

    /// The same with what must hold of what they write.
    pub fn guarded(self, guards: Guards) -> Jobs {
        Jobs { guards, ..self }
    }

    /// The same with the definitions by which codes are found that a filter names by a value set; without them such a
    /// filter is refused.
    pub fn knowing(self, conformance: Conformance) -> Jobs {
        Jobs { conformance: Some(conformance), ..self }
    }

    /// What rings when a job was begun here.
    pub fn bell(&self) -> Arc<Bell> {
        self.bell.clone()
    }

    /// Begins an export: of the record as it is now.
    pub fn export(&self, caller: &Caller<'_>, export: Export, url: &str) -> Result<Job, Refusal> {
        let fits = export.check(caller, caller.access.store().now());
        fits.map_err(|refusal| caller.refused("export", url, refusal))?;
        self.begin(caller, Work::Export(export), url, &[])
    }

    /// Begins an import of files that were sent, and of Binary resources that are here.
    pub fn import(
        &self,
        caller: &Caller<'_>,
        import: Import,
        sent: &[(&str, &[u8])],
        url: &str,
    ) -> Result<Job, Refusal> {
        let fits = import.check(caller);
        fits.map_err(|refusal| caller.refused("import", url, refusal))?;
        self.begin(caller, Work::Import(import), url, sent)
    }

    /// Begins the answer to a request.
    pub fn request(&self, caller: &Caller<'_>, asked: Asked, body: &[u8], url: &str) -> Result<Job, Refusal> {
        self.begin(caller, Work::Request(asked), url, &[(request::BODY, body)])
    }

    fn begin(
        &self,
        caller: &Caller<'_>,
        work: Work,
        url: &str,
        parcels: &[(&str, &[u8])],
    ) -> Result<Job, Refusal> {
        let store = self.access.store();
        let who = caller.session.who.clone();
        let exports = matches!(work, Work::Export(_));
        let _turn = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_room(&who, exports).map_err(|refusal| caller.refused("job", url, refusal))?;
        let (txn, at) = self.position(caller)?;
        let began = store.now();
        let job = Job {
            id: new_id(),
            work,
            who: who.clone(),
            url: url.to_owned(),
            began,
            at,
            state: State::Open,
            progress: "waiting for its turn".to_owned(),
            files: Vec::new(),
            until: kept_until(began),
            mandate: caller.session.mandate(Ends::WithSession),
            txn,
            place: Place::default(),
            tries: 0,
        };
        // The job is there before its parcels, so that nobody takes these for orphans, and is open after them.
        let (id, text, until) = (job.id.clone(), job.write(), job.until);
        store.write(Author::system("jobs.begin"), move |tx| {
            tx.keep(SPACE, &id, text.as_bytes(), Some(until))
        })?;
        for (name, bytes) in parcels {
            store.put_parcel(&job.id, name, bytes)?;
        }
        let id = job.id.clone();
        store.write(Author::system("jobs.begin"), move |tx| {
            if exports {
                tx.keep(EXPORTS, &id, who.as_bytes(), Some(until))?;
            }
            tx.keep(OPEN, &id, who.as_bytes(), Some(until))
        })?;
        let detail = Tree::object().with("job", job.id.as_str()).with("query", url);
        caller.add_acts(vec![caller.session.act("job-begin", detail.with("as-at", at.to_string()))]);
        self.bell.ring();
        Ok(job)
    }

    /// Refuses more than a caller may have at once.
    fn has_room(&self, who: &str, exports: bool) -> Result<(), Refusal> {
        let reader = self.access.store().reader(&Scope::all())?;
        let count = |space: &str| -> Result<usize, Refusal> {
            let all = reader.kept_all(space, "")?;
            Ok(all.iter().filter(|(_, asker)| asker == who.as_bytes()).count())
        };
        if count(OPEN)? >= OPEN_MAX {
            let text =
                format!("{OPEN_MAX} of your jobs are under way. Wait for one, or cancel one by DELETE.");
            return Err(Refusal::new(Kind::Busy, text));
        }
        if exports && count(EXPORTS)? >= EXPORTS_MAX {
            let text = format!("{EXPORTS_MAX} of your exports are kept. DELETE one that you have fetched.");
            return Err(Refusal::new(Kind::Busy, text));
        }
        Ok(())
    }

    /// The last commit, and its instant: whatever comes after it has this instant or a later one, so that who asks
    /// for changes since then misses nothing.
    fn position(&self, caller: &Caller<'_>) -> Result<(u64, Instant), Refusal> {
        let reader = caller.reader()?;
        let txn = reader.txn();
        let last = match txn {
            0 => None,
            txn => reader.commits_after(txn - 1, 1)?.pop(),
        };
        Ok((txn, last.map_or_else(|| self.access.store().now(), |commit| commit.at)))
    }

    /// A job of this caller. That of another is not known, nor is one's own of another role profile or of a session
    /// that saw more.
    pub fn find(&self, session: &Session, id: &str) -> Result<Job, Refusal> {
        let job = self.load(id)?.filter(|job| job.who == session.who && session.covers(&job.mandate));
        job.ok_or_else(|| unknown(id))
    }

    /// Ends a job of this caller and removes what it has made. What an import has taken in stays.
    pub fn cancel(&self, caller: &Caller<'_>, id: &str) -> Result<(), Refusal> {
        // Whatever role they are in now: their jobs count against them until they are gone.
        let job = self.load(id)?.filter(|job| job.who == caller.session.who).ok_or_else(|| unknown(id))?;
        let key = job.id.clone();
        self.access.store().write(Author::system("jobs.cancel"), move |tx| {
            tx.forget(SPACE, &key)?;
            tx.forget(EXPORTS, &key)?;
            tx.forget(OPEN, &key)
        })?;
        self.access.store().forget_parcels(&job.id)?;
        caller.add_acts(vec![caller.session.act("job-cancel", Tree::object().with("job", id))]);
        Ok(())
    }

    /// The answer to a request that was answered later.
    pub fn result(&self, job: &Job) -> Result<Vec<u8>, Refusal> {
        self.access.store().parcel(&job.id, request::RESULT)?.ok_or_else(|| unknown(&job.id))
    }

    /// The query of a signed link to a file of a job.
    pub fn signed(&self, job: &Job, file: &File) -> Result<String, Refusal> {
        Ok(Seal::of(self.access.store())?.query(&job.id, &file.name, job.until))
    }

    /// A file of a job, for who asked for it and by a link that was signed for it.
    pub fn file(
        &self,
        caller: &Caller<'_>,
        id: &str,
        name: &str,
        expires: &str,
        signature: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let store = self.access.store();
        let gone = || Refusal::not_found(&format!("The file {name} of the job {id}"));
        if !Seal::of(store)?.holds(id, name, expires, signature, store.now()) {
            return Err(caller.refused("job-file", id, gone()));
        }
        let job = self.find(caller.session, id).map_err(|refusal| caller.refused("job-file", id, refusal))?;
        job.work.needs(caller.session).map_err(|refusal| caller.refused("job-file", id, refusal))?;
        let file = job.files.iter().find(|file| file.name == name).ok_or_else(gone)?;
        let bytes = store.parcel(id, name)?.ok_or_else(gone)?;
        let detail = Tree::object().with("job", id).with("file", name).with("kind", file.kind.as_str());
        caller.add_acts(vec![caller.session.act("job-file", detail.with("count", file.count as i64))]);
        Ok(bytes)
    }

    fn load(&self, id: &str) -> Result<Option<Job>, Refusal> {
        self.access.store().kept(SPACE, id)?.map(|kept| Job::read(id, &kept)).transpose()
    }

    /// Removes files of jobs that are no more, and all small facts that have run out. Now and then.
    pub fn sweep(&self) -> Result<(), Refusal> {
        let store = self.access.store();
        store.write(Author::system("jobs.sweep"), |tx| tx.forget_expired())?;
        for owner in store.parcel_owners()? {
            if store.kept(SPACE, &owner)?.is_none() {
                store.forget_parcels(&owner)?;
            }
        }
        Ok(())
    }
}

fn unknown(id: &str) -> Refusal {
    let text = format!("The job {id} is not known: it was never there, was cancelled or is over. Ask again.");
    Refusal::new(Kind::NotFound, text)
}

fn kept_until(from: Instant) -> Instant {
    Instant(from.0 + KEPT_HOURS * 3_600_000)
}

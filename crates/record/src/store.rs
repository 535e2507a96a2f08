//! The store: opening it, and its two entrances, [`Store::reader`] and [`Store::write`].

use crate::blob::Blobs;
use crate::engine::{self, Conn, Place};
use crate::names::{Fresh, Names};
use crate::parcel::Parcels;
use crate::pool::Pool;
use crate::queue::{Lane, Queue};
use crate::replica::Replicas;
use crate::writer::{self, Core, Gauges, Job, Position};
use crate::{
    Act, Author, BlobHash, Found, Instant, Kind, Reader, Refusal, Scope, Ticket, Tx, dictionary, fault,
    postgres, reader, sqlite,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a folder is looked at for the commits of other processes.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Where the time of commits comes from.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Connections for reading.
    pub readers: usize,
    /// Wait for the disk on each commit. Only benchmarks of other things and the self-test of the power-cut
    /// harness turn it off.
    pub durable: bool,
    /// PostgreSQL databases that follow the one that is written to, to read from where they have caught up.
    pub replicas: Vec<Place>,
    /// The clock that commits are dated by; the machine's by default. A simulated health service and tests of
    /// what time does bring their own. Whatever it says, instants never go back along the log.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Options {
        Options { readers: 8, durable: true, replicas: Vec::new(), clock: Arc::new(Instant::now) }
    }
}

/// What readers need of a store.
pub(crate) struct Shared {
    pub pool: Arc<Pool>,
    pub replicas: Replicas,
    pub names: Arc<Names>,
    pub token_key: [u8; 32],
    pub gauges: Arc<Gauges>,
    clock: Clock,
    place: Place,
    blobs: Blobs,
    parcels: Parcels,
    training: AtomicBool,
}

impl Shared {
    pub fn now(&self) -> Instant {
        Instant((self.clock)().0.max(self.gauges.last_at.load(Relaxed)))
    }
}

/// The writer's thread; ends when the last store is dropped.
struct Writer {
    jobs: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.close();
        let thread = self.thread.lock().ok().and_then(|mut t| t.take());
        if let Some(thread) = thread {
            // A writer that panicked has said so already; there is nothing more to do about it here.
            let _ = thread.join();
        }
    }
}

/// An open record. Clones share it. Several processes may have the same store open, also on several machines if it
/// is in PostgreSQL: each sees the commits of the others.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    writer: Arc<Writer>,
}

impl Store {
    /// Opens the record in a place, making it if there is none: a folder that is new or empty, or an empty
    /// database.
    pub fn open(place: impl Into<Place>, options: Options) -> Result<Store, Refusal> {
        let place = place.into();
        if let Place::Folder(folder) = &place {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|e| place.closed(&engine::Error::Shape(format!("its folder cannot be made: {e}"))))?;
        }
        let (core, names) = Store::core(&place, &options).map_err(|e| place.closed(&e))?;
        let (token_key, gauges) = (core.token_key, core.gauges.clone());
        let pool = Arc::new(Pool::open(&place, &names, options.readers)?);
        let replicas = Replicas::new(&options.replicas, options.readers);
        let jobs = Arc::new(Queue::default());
        let waiting = jobs.clone();
        let thread = std::thread::Builder::new()
            .name("record-writer".into())
            .spawn(move || writer::serve(core, &waiting))
            .map_err(|e| fault("start the writer", e))?;
        if let Place::Postgres(url) = &place {
            let (url, gauges) = (url.clone(), Arc::downgrade(&gauges));
            std::thread::Builder::new()
                .name("record-listener".into())
                .spawn(move || postgres::follow(url, gauges))
                .map_err(|e| fault("start to follow the log", e))?;
        }
        let (blobs, parcels) = (Blobs::open(&place)?, Parcels::open(&place));
        let clock = options.clock;
        let shared = Shared {
            pool,
            replicas,
            names,
            token_key,
            gauges,
            clock,
            place,
            blobs,
            parcels,
            training: AtomicBool::new(false),
        };
        Ok(Store {
            shared: Arc::new(shared),
            writer: Arc::new(Writer { jobs, thread: Mutex::new(Some(thread)) }),
        })
    }

    fn core(place: &Place, options: &Options) -> engine::Result<(Core, Arc<Names>)> {
        let mut conn = place.open_writer(options.durable)?;
        conn.begin_writing((-1, -1))?;
        let names = Arc::new(Names::load(&conn)?);
        let token_key = token_key(&conn)?;
        let next = Position::load(&conn)?;
        let gauges = Arc::new(Gauges::default());
        writer::load_gauges(&conn, &gauges)?;
        // Nobody is told of this commit, so that a node also opens while a standby is away.
        conn.batch("COMMIT")?;
        conn.guard(&names)?;
        let core = Core {
            conn,
            place: place.clone(),
            durable: options.durable,
            names: names.clone(),
            fresh: Fresh::default(),
            resources: HashMap::new(),
            foreseen: RefCell::default(),
            pending: RefCell::default(),
            apart: Cell::new(false),
            next,
            now: (options.clock)(),
            clock: options.clock.clone(),
            token_key,
            gauges,
        };
        Ok((core, names))
    }

    pub(crate) fn names(&self) -> &Names {
        &self.shared.names
    }

    /// A snapshot of now.
    pub fn reader(&self, scope: &Scope) -> Result<Reader, Refusal> {
        Reader::open(&self.shared, scope, None)
    }

    /// A resource as it is now; the same as with a reader, and cheaper for just this.
    pub fn read(&self, scope: &Scope, kind: &str, id: &str) -> Result<Found, Refusal> {
        reader::read(&self.shared, scope, kind, id)
    }

    /// A small durable fact as it is now; the same as with a reader, and cheaper for just this.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        reader::kept_now(&self.shared, space, key)
    }

    /// A snapshot as it was at the end of `at`.
    pub fn reader_at(&self, scope: &Scope, at: Instant) -> Result<Reader, Refusal> {
        Reader::open(&self.shared, scope, Some(at))
    }

    /// Runs `act` in a serialisable transaction of its own on the writer's thread and waits until it is on
    /// disk. A refusal undoes all of it. `act` must not block.
    pub fn write<T: Send + 'static>(
        &self,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.write_in(Lane::Prompt, author, act)
    }

    /// The same for a transaction that writes much, as of an import: others that wait go first.
    pub fn write_large<T: Send + 'static>(
        &self,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.write_in(Lane::Large, author, act)
    }

    fn write_in<T: Send + 'static>(
        &self,
        lane: Lane,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let job = Job::Run(Box::new(move |core, begun| {
            let outcome = begun.and_then(|()| core.run(author, act));
            Box::new(move |committed| {
                // The caller may have gone away; what it asked for is done all the same.
                let _ = sender.send(outcome.and_then(|answer| committed.map(|()| answer)));
            })
        }));
        self.send(job, lane)?;
        let answer = receiver.recv().map_err(|e| fault("hear from the writer", e))?;
        self.train_once();
        answer
    }

    fn send(&self, job: Job, lane: Lane) -> Result<(), Refusal> {
        let taken = self.writer.jobs.put(job, lane);
        taken.then_some(()).ok_or_else(|| fault("reach the writer", "it has ended; restart to recover"))
    }

    /// Trains the compression dictionary once enough bodies are there, on a thread of its own.
    fn train_once(&self) {
        let shared = &self.shared;
        if shared.names.dictionaries.next() > dictionary::FIRST
            || shared.gauges.versions.load(Relaxed) < dictionary::SAMPLES as u64
            || shared.training.swap(true, Relaxed)
        {
            return;
        }
        let store = self.clone();
        std::thread::spawn(move || {
            // Without a dictionary bodies only take more room; the log has what went wrong.
            let _ = dictionary::train(&store);
        });
    }

    /// How many commands wait for the writer.
    pub fn waiting(&self) -> usize {
        self.writer.jobs.waiting()
    }

    /// Waits until all that can be read now will last. A commit whose wait for a standby was broken off can be read,
    /// and may yet be lost; who answers from what was read, as if it had been done, waits here first.
    pub fn settled(&self) -> Result<(), Refusal> {
        if self.is_near() {
            return Ok(());
        }
        self.write(Author::system("record.settle"), |_| Ok(()))
    }

    /// Puts an act on the audit trail.
    pub fn audit(&self, act: Act) -> Ticket {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // When the writer has ended the ticket says so.
        let _ = self.send(Job::Audit(act, sender), Lane::Prompt);
        Ticket(receiver)
    }

    /// The clock of the record: now, and never before the last commit.
    pub fn now(&self) -> Instant {
        self.shared.now()
    }

    /// Writes a file durably, before the transaction that names it ([`Tx::name_blob`]).
    pub fn put_blob(&self, bytes: &[u8]) -> Result<BlobHash, Refusal> {
        self.shared.blobs.put(bytes)
    }

    /// Reads a file and checks it against its name.
    pub fn blob(&self, hash: &BlobHash) -> Result<Vec<u8>, Refusal> {
        self.shared.blobs.get(hash)
    }

    /// Writes a file that is no part of the record: it is there for its owner until that is forgotten. Another of
    /// the same name takes its place. Names are letters, digits, hyphens and underlines.
    pub fn put_parcel(&self, owner: &str, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        self.shared.parcels.put(owner, name, bytes)
    }

    /// Reads such a file, if it is there.
    pub fn parcel(&self, owner: &str, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.shared.parcels.get(owner, name)
    }

    /// Removes all such files of an owner.
    pub fn forget_parcels(&self, owner: &str) -> Result<(), Refusal> {
        self.shared.parcels.forget(owner)
    }

    /// Everyone who has such files.
    pub fn parcel_owners(&self) -> Result<Vec<String>, Refusal> {
        self.shared.parcels.owners()
    }

    /// Copies the whole store, consistently and while it is in use, into a new folder. `progress` is told pages
    /// done and pages in all.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        match &self.shared.place {
            Place::Folder(folder) => crate::backup::copy(folder, to, progress),
            Place::Postgres(_) => Err(Refusal::new(
                Kind::Unsupported,
                "A record in PostgreSQL is backed up with PostgreSQL's own tools: pg_basebackup, or pg_dump.",
            )),
        }
    }

    /// Waits until the log is past a commit, whichever node or process made it, or for so long. The number of the
    /// last commit known.
    pub fn wait_past(&self, txn: u64, at_most: Duration) -> Result<u64, Refusal> {
        let until = std::time::Instant::now() + at_most;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let last = self.shared.gauges.wait_past(txn, left.min(LOOK_EVERY));
            if last > txn || left.is_zero() {
                return Ok(last);
            }
            // Nobody tells of what another process has committed to a folder.
            if matches!(self.shared.place, Place::Folder(_)) {
                let last = self.reader(&Scope::all())?.txn();
                if last > txn {
                    return Ok(last);
                }
            }
        }
    }

    /// Numbers for `/metrics`: name and value.
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        let g = &self.shared.gauges;
        let size = |name: &str| match &self.shared.place {
            Place::Folder(folder) => std::fs::metadata(folder.join(name)).map_or(0.0, |m| m.len() as f64),
            Place::Postgres(_) => 0.0,
        };
        vec![
            ("record_txn", g.txn.load(Relaxed) as f64),
            ("record_commits_total", g.commits.load(Relaxed) as f64),
            ("record_commands_total", g.jobs.load(Relaxed) as f64),
            ("record_versions_total", g.versions.load(Relaxed) as f64),
            ("record_audits_total", g.audits.load(Relaxed) as f64),
            ("record_replica_reads_total", self.shared.replicas.reads.load(Relaxed) as f64),
            ("record_waiting", self.waiting() as f64),
            ("record_broken", f64::from(u8::from(g.broken.load(Relaxed)))),
            ("record_file_bytes", size(sqlite::FILE)),
            ("record_wal_bytes", size(sqlite::LOG_FILE)),
        ]
    }

    /// True when the record is in this machine's own files, so that a small read waits for nothing. Otherwise each
    /// read waits for a server, and must not be asked for on a thread that drives asynchronous tasks.
    pub fn is_near(&self) -> bool {
        matches!(self.shared.place, Place::Folder(_))
    }

    /// True while the store can write.
    pub fn writes(&self) -> bool {
        !self.shared.gauges.broken.load(Relaxed)
    }
}

/// The key that page tokens are signed with: made once for each store.
fn token_key(conn: &Conn) -> engine::Result<[u8; 32]> {
    let read = "SELECT value FROM kept WHERE space = 'key' AND key = 'page-token'";
    if let Some(key) = conn.first(read, &[], |r| r.get(0))? {
        return Ok(key);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the system gives random bytes");
    let keep = "INSERT INTO kept (space, key, value) VALUES ('key', 'page-token', ?1)";
    conn.execute(keep, &[(&key).into()])?;
    Ok(key)
}

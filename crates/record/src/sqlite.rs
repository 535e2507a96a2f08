//! Connections to SQLite: how they are opened, and the guard that every read goes through.

mod guard;

pub(crate) use guard::{Lens, Sight};

use crate::names::Names;
use crate::{Refusal, fault};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The first SQLite without the WAL-reset race that can corrupt a database silently (fixed in 3.51.3).
const SQLITE_MIN: i32 = 3_051_003;
/// Layout of the tables. A store of another layout is refused.
const LAYOUT: i64 = 2;
/// How long one connection waits for another's lock. Only a backup or an operator's shell ever makes it wait.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// Pages of the write-ahead log after which they are moved into the main file: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;
/// Bytes of the main file that are read by memory map.
const MMAP_BYTES: i64 = 2 << 30;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 128 << 10;
/// Page cache of each reader, in KiB. Small, since readers use the memory map.
const READER_CACHE_KIB: i64 = 4 << 10;
/// Compiled statements kept by each connection.
const STATEMENTS: usize = 256;

/// Opens the connection that writes, making the tables if the file is new.
pub(crate) fn open_writer(file: &Path, durable: bool) -> Result<Connection, Refusal> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(fault(
            "open the store",
            "SQLite is older than 3.51.3 and may corrupt data; rebuild with the bundled one",
        ));
    }
    writer(file, durable).map_err(|e| fault("open the store", e))
}

fn writer(file: &Path, durable: bool) -> rusqlite::Result<Connection> {
    let conn = Connection::open(file)?;
    settle(&conn, WRITER_CACHE_KIB)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", if durable { "full" } else { "normal" })?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    let mode: String = conn.pragma_query_value(None, "journal_mode", |r| r.get(0))?;
    let level: i64 = conn.pragma_query_value(None, "synchronous", |r| r.get(0))?;
    if mode != "wal" || (durable && level != 2) {
        return Err(refused(format!(
            "journal_mode is {mode} and synchronous is {level}; wal and 2 (full) are needed"
        )));
    }
    match conn.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0))? {
        0 => {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            conn.execute_batch(include_str!("schema.sql"))?;
            conn.pragma_update(None, "user_version", LAYOUT)?;
            conn.execute_batch("COMMIT")?;
        }
        LAYOUT => {}
        other => return Err(refused(format!("its layout is {other}, this program needs {LAYOUT}"))),
    }
    Ok(conn)
}

fn refused(reason: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR), Some(reason))
}

/// Opens a connection that can only read, and only what its lens shows.
pub(crate) fn open_reader(file: &Path, names: &Arc<Names>) -> Result<Guarded, Refusal> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let mut conn = Connection::open_with_flags(file, flags)?;
        settle(&conn, READER_CACHE_KIB)?;
        let sight = guard::install(&conn, names)?;
        guard::forbid_base_tables(&mut conn)?;
        Ok(Guarded { conn, sight })
    };
    open().map_err(|e: rusqlite::Error| fault("open the store for reading", e))
}

/// Puts the guard on a connection that also writes: its searches go through the same views.
pub(crate) fn guard_writer(conn: &Connection, names: &Arc<Names>) -> Result<Sight, Refusal> {
    guard::install(conn, names).map_err(|e| fault("guard the store", e))
}

fn settle(conn: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    conn.busy_timeout(LOCK_WAIT)?;
    // Plans are ours: without this SQLite, built with STAT4, prepares a statement anew whenever a bound
    // value might suggest another plan, which more than doubled the cost of reading a version.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    conn.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "trusted_schema", false)
}

/// A reading connection and what it can see at the moment.
pub(crate) struct Guarded {
    pub conn: Connection,
    pub sight: Sight,
}

/// Reading connections, lent one by one.
pub(crate) struct Pool {
    file: PathBuf,
    names: Arc<Names>,
    free: Mutex<Vec<Guarded>>,
    returned: Condvar,
}

impl Pool {
    pub fn open(file: &Path, names: &Arc<Names>, size: usize) -> Result<Pool, Refusal> {
        let free = (0..size.max(1)).map(|_| open_reader(file, names)).collect::<Result<_, _>>()?;
        Ok(Pool {
            file: file.to_owned(),
            names: names.clone(),
            free: Mutex::new(free),
            returned: Condvar::new(),
        })
    }

    /// A connection, waiting until one is free.
    pub fn lend(&self) -> Guarded {
        let mut free = self.free.lock().expect("no thread panics with the pool locked");
        loop {
            match free.pop() {
                Some(conn) => return conn,
                None => free = self.returned.wait(free).expect("no thread panics with the pool locked"),
            }
        }
    }

    /// Opens a new connection for one that could not be given back. If even that fails the pool is one
    /// smaller.
    pub fn replace(&self) {
        if let Ok(conn) = open_reader(&self.file, &self.names) {
            self.give_back(conn);
        }
    }

    pub fn give_back(&self, conn: Guarded) {
        self.free.lock().expect("no thread panics with the pool locked").push(conn);
        self.returned.notify_one();
    }
}

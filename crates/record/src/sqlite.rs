//! SQLite: how its connections are opened, and the guard that every read goes through.

mod guard;

use crate::engine::{Bulk, Error, LAYOUT, Result, Row, TAKEN, UNFINISHED, Value, other_layout};
use crate::lens::Lens;
use crate::names::Names;
use guard::Sight;
use rusqlite::config::DbConfig;
use rusqlite::{OpenFlags, params_from_iter};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The database inside a store's folder.
pub(crate) const FILE: &str = "record.db";
/// Its write-ahead log.
pub(crate) const LOG_FILE: &str = "record.db-wal";

/// The first SQLite without the WAL-reset race that can corrupt a database silently (fixed in 3.51.3).
const SQLITE_MIN: i32 = 3_051_003;
/// The layout of a file that a record is being moved into.
const MOVING: i64 = -1;
/// How often one connection tries again to have another's lock, and how many times: 10 s in all. Only another
/// process makes it wait; SQLite's own way of waiting sleeps for up to 100 ms and so loses to one that is busy.
const LOCK_AGAIN: Duration = Duration::from_micros(500);
const LOCK_TRIES: i32 = 20_000;
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
pub(crate) fn open_writer(file: &Path, durable: bool) -> Result<Connection> {
    if rusqlite::version_number() < SQLITE_MIN {
        let text = "SQLite is older than 3.51.3 and may corrupt data; rebuild with the bundled one";
        return Err(Error::Shape(text.into()));
    }
    let mut conn = rusqlite::Connection::open(file)?;
    settle(&mut conn, WRITER_CACHE_KIB)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", if durable { "full" } else { "normal" })?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    let mode: String = conn.pragma_query_value(None, "journal_mode", |r| r.get(0))?;
    let level: i64 = conn.pragma_query_value(None, "synchronous", |r| r.get(0))?;
    if mode != "wal" || (durable && level != 2) {
        let text = format!("journal_mode is {mode} and synchronous is {level}; wal and 2 (full) are needed");
        return Err(Error::Shape(text));
    }
    match conn.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0))? {
        0 => make_tables(&conn, LAYOUT)?,
        LAYOUT => {}
        MOVING => return Err(Error::Shape(UNFINISHED.into())),
        other => return Err(other_layout(other)),
    }
    Ok(Connection { conn, sight: None, seen: Cell::new(0) })
}

fn make_tables(conn: &rusqlite::Connection, layout: i64) -> rusqlite::Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    conn.execute_batch(include_str!("schema.sql"))?;
    conn.pragma_update(None, "user_version", layout)?;
    conn.execute_batch("COMMIT")
}

/// Opens a file that a record is being moved into, making the tables if it is new. It is no record until
/// [`Connection::finish_tables`].
pub(crate) fn open_target(file: &Path) -> Result<Connection> {
    let mut conn = rusqlite::Connection::open(file)?;
    settle(&mut conn, WRITER_CACHE_KIB)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    match conn.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0))? {
        0 => make_tables(&conn, MOVING)?,
        MOVING => {}
        _ => return Err(Error::Shape(TAKEN.into())),
    }
    Ok(Connection { conn, sight: None, seen: Cell::new(0) })
}

/// Opens a connection that can only read, and only what its lens shows.
pub(crate) fn open_reader(file: &Path, names: &Arc<Names>) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = rusqlite::Connection::open_with_flags(file, flags)?;
    settle(&mut conn, READER_CACHE_KIB)?;
    let sight = Some(guard::install(&conn, names)?);
    guard::forbid_base_tables(&mut conn)?;
    Ok(Connection { conn, sight, seen: Cell::new(0) })
}

/// Opens a connection that reads all tables in one state.
pub(crate) fn open_whole(file: &Path) -> Result<Connection> {
    let mut conn = rusqlite::Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    settle(&mut conn, READER_CACHE_KIB)?;
    conn.execute_batch("BEGIN")?;
    Ok(Connection { conn, sight: None, seen: Cell::new(0) })
}

fn wait_for_lock(tries: i32) -> bool {
    std::thread::sleep(LOCK_AGAIN);
    tries < LOCK_TRIES
}

fn settle(conn: &mut rusqlite::Connection, cache_kib: i64) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_lock))?;
    // Plans are ours: without this SQLite, built with STAT4, prepares a statement anew whenever a bound
    // value might suggest another plan, which more than doubled the cost of reading a version.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    conn.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "trusted_schema", false)
}

/// A connection to SQLite.
pub(crate) struct Connection {
    conn: rusqlite::Connection,
    /// What it can see at the moment; nothing before it is guarded.
    sight: Option<Sight>,
    /// SQLite's `data_version`: changes when another process commits.
    seen: Cell<i64>,
}

impl Connection {
    pub fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize> {
        Ok(self.conn.prepare_cached(sql)?.execute(params_from_iter(values))?)
    }

    pub fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&Row::Sqlite(row))?);
        }
        Ok(all)
    }

    pub fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
    }

    pub fn batch(&self, sql: &'static str) -> Result<()> {
        self.conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    pub fn bulk(&self, bulk: &Bulk, values: &[Value<'_>]) -> Result<()> {
        let mut statement = self.conn.prepare_cached(bulk.row)?;
        for row in values.chunks_exact(bulk.columns.len()) {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    /// From now on the tables are a record.
    pub fn finish_tables(&self) -> Result<()> {
        Ok(self.conn.pragma_update(None, "user_version", LAYOUT)?)
    }

    pub fn guard(&mut self, names: &Arc<Names>) -> Result<()> {
        self.sight = Some(guard::install(&self.conn, names)?);
        Ok(())
    }

    pub fn see(&self, lens: Lens) -> Result<()> {
        let sight = self.sight.as_ref().ok_or_else(|| Error::Shape("the connection has no guard".into()))?;
        sight.set(lens);
        Ok(())
    }

    pub fn begin_reading(&self) -> Result<i64> {
        self.batch("BEGIN")?;
        let last = self.first("SELECT max(number) FROM txn", &[], |r| r.get::<Option<i64>>(0))?;
        Ok(last.flatten().unwrap_or(0))
    }

    pub fn begin_writing(&self) -> Result<bool> {
        self.batch("BEGIN IMMEDIATE")?;
        let seen: i64 = self.conn.pragma_query_value(None, "data_version", |r| r.get(0))?;
        Ok(self.seen.replace(seen) != seen)
    }

    /// Folds the log into the main file, so that the next start has nothing to recover.
    pub fn fold(&self) {
        // What is not folded now is folded at the next start.
        let _ = self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    #[cfg(test)]
    pub fn plan(&self, sql: &'static str) -> Result<Vec<crate::engine::Step>> {
        let mut plan = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let bound = vec![None::<i64>; plan.parameter_count()];
        let steps = plan.query_map(params_from_iter(bound), |r| r.get::<_, String>(3))?;
        let step = |text: String| {
            let seeks = text.starts_with("SEARCH") && text.contains(['=', '>', '<']);
            crate::engine::Step { text, seeks }
        };
        Ok(steps.map(|text| text.map(step)).collect::<rusqlite::Result<_>>()?)
    }
}

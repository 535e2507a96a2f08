//! PostgreSQL: how its connections are opened, one writer at a time over all nodes, and commits whose outcome is
//! never guessed.
//!
//! Whoever writes holds a lock of the database until its transaction ends. So the numbers of the log are in the
//! order of its commits on every node, and a command runs as if it were alone. A node that stalls while it holds
//! the lock is thrown out by the server, and its transaction with it.

mod guard;

use crate::body::IdKey;
use crate::engine::{Bulk, Committed, Error, LAYOUT, Result, Row, TAKEN, UNFINISHED, Value, other_layout};
use crate::lens::Lens;
use crate::names::Names;
use crate::tx::Before;
use crate::writer::Gauges;
use guard::Settings;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, SimpleQueryMessage, Statement};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Rows from which on they are copied instead of inserted.
const COPY_MIN: usize = 48;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The oldest server that the record is tried on: PostgreSQL 15.
const SERVER_MIN: i64 = 150_000;
/// How long until a lost connection is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How often the log is looked at when nothing was heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Plans are ours: every statement seeks by an index, whatever the tables held when it was first planned.
const PLANS: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan;";
/// A writer waits for the disk, and one that stalls is thrown out, so that others can go on.
const WRITER: &str = "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '10s';
    SET lock_timeout = '30s';";
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT max(number) FROM txn";
/// The number of the lock is that of no other program's, as far as that can be: the letters `care` and `spin`.
const BEGIN_WRITING: &str = "BEGIN; SELECT pg_advisory_xact_lock(1667330661, 1936746862);
    SELECT (SELECT max(number) FROM txn), (SELECT max(seq) FROM audit)";
const COMMIT: &str = "COMMIT";
/// For a group that may have written nothing, only found what an earlier one wrote: that may not be said before it
/// is on the standby, and a commit that leaves no trace in the server's log would not wait for that.
const COMMIT_SAME: &str = "SELECT pg_logical_emit_message(true, 'carespine', ''); COMMIT";
/// Tells the other nodes that the log has moved on.
const COMMIT_MOVED: &str = "NOTIFY carespine_log; COMMIT";
/// Throws out a node that has stopped in the middle of a copy. The server's own limits do not end that: it neither
/// idles nor can be cancelled while it waits for the next row.
const THROW_OUT: &str = "ROLLBACK; SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND classid = 1667330661 AND objid = 1936746862 AND granted
      AND datname = current_database() AND wait_event = 'ClientRead' AND query_start < now() - interval '20s'";
/// Many heads by type and id.
const HEADS: &str = "SELECT h.res, h.ver, h.vid, h.live, h.patient, h.class, h.moved, h.rec, w.type, w.id
     FROM unnest(?1::int2[], ?2::bytea[]) AS w (type, id)
     CROSS JOIN LATERAL (SELECT * FROM head WHERE type = w.type AND id = w.id OFFSET 0) AS h";

const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(1667330661, 1936746862)";

/// Opens the connection that writes, making the tables if the database has none.
pub(crate) fn open_writer(url: &str, durable: bool) -> Result<Connection> {
    let conn = Connection::open(url)?;
    conn.check_version()?;
    conn.batch(WRITER)?;
    conn.batch(LOCK)?;
    if !conn.has_tables()? {
        conn.make_tables()?;
        conn.finish_tables()?;
    }
    conn.batch(COMMIT)?;
    match conn.first("SELECT number FROM layout", &[], |r| r.get::<i64>(0))? {
        Some(LAYOUT) => {}
        Some(other) => return Err(other_layout(other)),
        None => return Err(Error::Shape(UNFINISHED.into())),
    }
    conn.make_parcels()?;
    match durable {
        true => conn.check_durable()?,
        false => conn.batch("SET synchronous_commit = off")?,
    }
    Ok(conn)
}

/// Opens a database that a record is being moved into, making the tables if it has none. It is no record until
/// [`Connection::finish_tables`].
pub(crate) fn open_target(url: &str) -> Result<Connection> {
    let conn = Connection::open(url)?;
    conn.batch(WRITER)?;
    if !conn.has_tables()? {
        conn.batch(LOCK)?;
        conn.make_tables()?;
        conn.batch(COMMIT)?;
    } else if conn.first("SELECT number FROM layout", &[], |_| Ok(()))?.is_some() {
        return Err(Error::Shape(TAKEN.into()));
    }
    Ok(conn)
}

/// Whether the database has our tables.
pub(crate) fn exists(url: &str) -> Result<bool> {
    Connection::open(url)?.has_tables()
}

/// Opens a connection that can only read, and only what its lens shows.
pub(crate) fn open_reader(url: &str) -> Result<Connection> {
    let conn = Connection::open(url)?;
    conn.batch("SET ROLE carespine_reader; SET default_transaction_read_only = on")?;
    Ok(conn)
}

/// Opens a connection that reads all tables in one state.
pub(crate) fn open_whole(url: &str) -> Result<Connection> {
    let conn = Connection::open(url)?;
    conn.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    Ok(conn)
}

/// Writes a file, in a transaction of its own.
pub(crate) fn put_file(url: &str, hash: &[u8; 32], bytes: &[u8]) -> Result<()> {
    let conn = Connection::open(url)?;
    conn.batch(WRITER)?;
    let put = "INSERT INTO file (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    conn.execute(put, &[hash.into(), bytes.into()]).map(drop)
}

/// Reads a file.
pub(crate) fn file(url: &str, hash: &[u8; 32]) -> Result<Vec<u8>> {
    let read = "SELECT bytes FROM file WHERE hash = ?1";
    let found = Connection::open(url)?.first(read, &[hash.into()], |r| r.get(0))?;
    found.ok_or_else(|| Error::Shape("it is not there".into()))
}

/// Writes a parcel, in a transaction of its own.
pub(crate) fn put_parcel(url: &str, owner: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let put = "INSERT INTO parcel (owner, name, bytes) VALUES (?1, ?2, ?3)
               ON CONFLICT (owner, name) DO UPDATE SET bytes = excluded.bytes";
    Connection::open(url)?.execute(put, &[owner.into(), name.into(), bytes.into()]).map(drop)
}

/// Reads a parcel.
pub(crate) fn parcel(url: &str, owner: &str, name: &str) -> Result<Option<Vec<u8>>> {
    let read = "SELECT bytes FROM parcel WHERE owner = ?1 AND name = ?2";
    Connection::open(url)?.first(read, &[owner.into(), name.into()], |r| r.get(0))
}

/// Removes the parcels of an owner.
pub(crate) fn forget_parcels(url: &str, owner: &str) -> Result<()> {
    Connection::open(url)?.execute("DELETE FROM parcel WHERE owner = ?1", &[owner.into()]).map(drop)
}

/// Everyone who has parcels.
pub(crate) fn parcel_owners(url: &str) -> Result<Vec<String>> {
    Connection::open(url)?.all("SELECT DISTINCT owner FROM parcel", &[], |r| r.get(0))
}

/// Follows what other nodes commit, on a thread of its own, until the store is gone. What the database says is only
/// that something happened; what, is read from the log.
pub(crate) fn follow(url: String, gauges: std::sync::Weak<Gauges>) {
    while gauges.strong_count() > 0 {
        if let Err(error) = listen(&url, &gauges) {
            tracing::warn!(%error, "the log of other nodes cannot be followed; trying again");
            std::thread::sleep(RETRY);
        }
    }
}

fn listen(url: &str, gauges: &std::sync::Weak<Gauges>) -> Result<()> {
    let conn = Connection::open(url)?;
    conn.batch("LISTEN carespine_log")?;
    while let Some(gauges) = gauges.upgrade() {
        let last = "SELECT number, at FROM txn ORDER BY number DESC LIMIT 1";
        if let Some((number, at)) = conn.first(last, &[], |r| Ok((r.get(0)?, r.get(1)?)))? {
            gauges.moved_to(number, at);
        }
        drop(gauges);
        let mut client = conn.client.borrow_mut();
        let mut heard = client.notifications();
        heard.timeout_iter(LOOK_EVERY).next()?;
        // All that came meanwhile is one look.
        while heard.iter().next()?.is_some() {}
    }
    Ok(())
}

/// A connection to PostgreSQL.
pub(crate) struct Connection {
    client: RefCell<Client>,
    /// Prepared statements, by the address of their text, which is a constant.
    statements: RefCell<HashMap<usize, Statement>>,
    /// What it sees; nothing when that is not known.
    settings: RefCell<Option<Settings>>,
    /// What the server warned of last.
    warning: Arc<Mutex<Option<String>>>,
}

impl Connection {
    fn open(url: &str) -> Result<Connection> {
        let mut config: Config = url.parse()?;
        let warning = Arc::new(Mutex::new(None));
        let heard = warning.clone();
        config.connect_timeout(CONNECT).application_name("carespine").notice_callback(move |notice| {
            if notice.severity() == "WARNING" {
                tracing::warn!(%notice, "the database warns");
                *heard.lock().expect("no thread panics with a warning locked") =
                    Some(notice.message().to_owned());
            }
        });
        let client = RefCell::new(config.connect(NoTls)?);
        let conn =
            Connection { client, statements: RefCell::default(), settings: RefCell::default(), warning };
        conn.batch(PLANS)?;
        Ok(conn)
    }

    fn check_version(&self) -> Result<()> {
        let read = "SELECT current_setting('server_version_num')";
        let version = self.first(read, &[], |r| r.get::<String>(0))?.unwrap_or_default();
        if version.parse::<i64>().is_ok_and(|version| version >= SERVER_MIN) {
            return Ok(());
        }
        Err(Error::Shape(format!("the server's version is {version}, and {SERVER_MIN} or later is needed")))
    }

    fn has_tables(&self) -> Result<bool> {
        let sql = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('layout')";
        Ok(self.first(sql, &[], |r| r.get::<i64>(0))? == Some(1))
    }

    fn make_tables(&self) -> Result<()> {
        self.batch(include_str!("postgres/schema.sql"))?;
        self.batch(guard::VIEWS)?;
        self.batch(guard::ROLE)
    }

    /// Makes the table of parcels where there is none.
    fn make_parcels(&self) -> Result<()> {
        self.batch(LOCK)?;
        let there = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('parcel')";
        if self.first(there, &[], |r| r.get::<i64>(0))? == Some(0) {
            self.batch(include_str!("postgres/parcels.sql"))?;
        }
        self.batch(COMMIT)
    }

    /// From now on the tables are a record.
    pub fn finish_tables(&self) -> Result<()> {
        self.execute("INSERT INTO layout (number) VALUES (?1)", &[LAYOUT.into()]).map(drop)
    }

    /// What is acknowledged must be on the server's disk.
    fn check_durable(&self) -> Result<()> {
        let read = "SELECT current_setting('synchronous_commit'), current_setting('fsync')";
        let (level, fsync) =
            self.first(read, &[], |r| Ok((r.get::<String>(0)?, r.get::<String>(1)?)))?.unwrap_or_default();
        if matches!(level.as_str(), "on" | "remote_apply") && fsync == "on" {
            return Ok(());
        }
        let text = format!("synchronous_commit is {level} and fsync is {fsync}; on is needed for both");
        Err(Error::Shape(text))
    }

    fn statement(&self, sql: &'static str) -> Result<Statement> {
        if let Some(known) = self.statements.borrow().get(&(sql.as_ptr() as usize)) {
            return Ok(known.clone());
        }
        let statement = self.client.borrow_mut().prepare(&numbered(sql))?;
        self.statements.borrow_mut().insert(sql.as_ptr() as usize, statement.clone());
        Ok(statement)
    }

    pub fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize> {
        let statement = self.statement(sql)?;
        let changed = self.client.borrow_mut().execute(&statement, &bound(values))?;
        Ok(changed as usize)
    }

    pub fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let statement = self.statement(sql)?;
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, values)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&Row::Postgres(&row))?);
        }
        Ok(all)
    }

    pub fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut read = Some(read);
        let mut found = None;
        self.all(sql, values, |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    pub fn batch(&self, sql: &'static str) -> Result<()> {
        Ok(self.client.borrow_mut().batch_execute(sql)?)
    }

    pub fn bulk(&self, bulk: &Bulk, values: &[Value<'_>]) -> Result<()> {
        let width = bulk.columns.len();
        match bulk.copy {
            Some(copy) if values.len() >= COPY_MIN * width => self.copy(copy, bulk, values),
            _ => {
                let arrays: Vec<Vec<Value<'_>>> =
                    (0..width).map(|at| values.iter().skip(at).step_by(width).copied().collect()).collect();
                let statement = self.statement(bulk.rows)?;
                self.client.borrow_mut().execute(&statement, &bound(&arrays))?;
                Ok(())
            }
        }
    }

    fn copy(&self, copy: &'static str, bulk: &Bulk, values: &[Value<'_>]) -> Result<()> {
        let statement = self.statement(copy)?;
        let mut client = self.client.borrow_mut();
        let mut rows = BinaryCopyInWriter::new(client.copy_in(&statement)?, bulk.columns);
        let mut row: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(bulk.columns.len());
        for values in values.chunks_exact(bulk.columns.len()) {
            row.clear();
            row.extend(bound(values));
            rows.write(&row)?;
        }
        rows.finish()?;
        Ok(())
    }

    /// Looks through a lens, with a round trip only where it is another than before.
    pub fn see(&self, lens: &Lens, names: &Names) -> Result<()> {
        let settings = Settings::of(lens, names);
        if self.settings.borrow().as_ref() == Some(&settings) {
            return Ok(());
        }
        let s = &settings;
        let values = [
            s.lens.into(),
            (&s.types).into(),
            (&s.params).into(),
            s.everyone.into(),
            (&s.patients).into(),
            s.everyclass.into(),
            (&s.classes).into(),
            (&s.opened).into(),
            (&s.openedclasses).into(),
            (&s.barred).into(),
        ];
        self.first(guard::SET, &values, |_| Ok(()))?;
        self.settings.replace(Some(settings));
        Ok(())
    }

    /// Forgets what it sees: a setting that was made in a transaction goes with it.
    pub fn forget_lens(&self) {
        self.settings.replace(None);
    }

    pub fn begin_reading(&self) -> Result<i64> {
        let said = self.client.borrow_mut().simple_query(BEGIN_READING)?;
        Ok(numbers(&said).next().flatten().unwrap_or(0))
    }

    pub fn begin_writing(&self, last: (i64, i64)) -> Result<bool> {
        let said = self.client.borrow_mut().simple_query(BEGIN_WRITING);
        // What was begun without success must be ended, or nothing can be begun any more.
        let said = said.inspect_err(|e| {
            let locked = e.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
            if self.batch(if locked { THROW_OUT } else { "ROLLBACK" }).is_err() {
                tracing::warn!("what was not begun could not be ended");
            }
        })?;
        // The lock's own row comes first, with nothing in it.
        let mut ends = numbers(&said).skip(1);
        let now = (ends.next().flatten().unwrap_or(0), ends.next().flatten().unwrap_or(0));
        Ok(now != last)
    }

    pub fn heads(&self, kinds: Vec<Value<'_>>, ids: Vec<Value<'_>>) -> Result<Vec<((i64, String), Before)>> {
        let statement = self.statement(HEADS)?;
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, [kinds, ids])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let r = Row::Postgres(&row);
            let key = (r.get(8)?, IdKey::text(r.get(9)?));
            all.push((key, Before::read(&r)?));
        }
        Ok(all)
    }

    pub fn commit(&self, moved: bool) -> Committed {
        let warned = || self.warning.lock().expect("no thread panics with a warning locked").take();
        warned();
        let outcome = self.client.borrow_mut().batch_execute(if moved { COMMIT_MOVED } else { COMMIT_SAME });
        match (outcome, warned()) {
            (Ok(()), None) => Committed::Yes,
            // The server stopped waiting for its standby: the commit is on one disk only, or on none that lasts.
            (Ok(()), Some(warning)) => Committed::Unknown(warning),
            (Err(e), _) if e.is_closed() || e.as_db_error().is_none() => Committed::Unknown(e.to_string()),
            (Err(e), _) if self.is_closed() => Committed::Unknown(Error::from(e).to_string()),
            (Err(e), _) => Committed::No(e.into()),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.client.borrow().is_closed()
    }

    #[cfg(test)]
    pub fn plan(&self, sql: &'static str) -> Result<Vec<crate::engine::Step>> {
        let params = self.statement(sql)?.params().len();
        let values = vec!["NULL"; params].join(", ");
        let values = if params == 0 { String::new() } else { format!("({values})") };
        let mut client = self.client.borrow_mut();
        client.batch_execute(&format!("PREPARE plan AS {}", numbered(sql)))?;
        let said = client.simple_query(&format!("EXPLAIN (COSTS OFF) EXECUTE plan{values}"))?;
        client.batch_execute("DEALLOCATE plan")?;
        let lines = said.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(|text| text.trim().to_owned()),
            _ => None,
        });
        let lines: Vec<String> = lines.collect();
        let steps = lines.iter().enumerate().filter(|(_, line)| {
            let step = line.trim_start_matches("->").trim_start();
            ["Seq Scan", "Index", "Bitmap", "Sort", "Incremental Sort", "Hash", "Materialize"]
                .iter()
                .any(|kind| step.starts_with(kind))
                && !step.starts_with("Index Cond")
                && !step.starts_with("Sort Key")
        });
        let step = |(at, text): (usize, &String)| {
            let reads = text.contains("Index Scan") || text.contains("Index Only Scan");
            let seeks = reads && lines.get(at + 1).is_some_and(|next| next.starts_with("Index Cond"));
            crate::engine::Step { text: format!("{text} / {}", lines.join(" / ")), seeks }
        };
        Ok(steps.map(step).collect())
    }
}

fn bound<T: ToSql + Sync>(values: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// `?1` as PostgreSQL says it: `$1`.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The whole numbers of all rows of an answer, one after the other.
fn numbers(said: &[SimpleQueryMessage]) -> impl Iterator<Item = Option<i64>> {
    let rows = said.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.flat_map(|row| (0..row.len()).map(|at| row.get(at).and_then(|text| text.parse().ok())))
}

//! Reading: a snapshot of the record, now or as at a past instant, through one caller's scope.

use crate::snapshot::Snapshot;
use crate::sqlite::Guarded;
use crate::store::Shared;
use crate::{
    AuditRow, Body, Found, HistoryOf, HistoryPage, Instant, Page, Refusal, Results, Scope, fault, history,
};
use fhir::search::Query;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// A snapshot of the record through a scope. Cheap to open; holds a connection until dropped.
pub struct Reader {
    shared: Arc<Shared>,
    /// Always there until the drop.
    lent: Option<Guarded>,
    txn: i64,
    newest: i64,
    scope: [u8; 32],
    everyone: bool,
    now: Instant,
}

impl Reader {
    pub(crate) fn open(shared: &Arc<Shared>, scope: &Scope, at: Option<Instant>) -> Result<Reader, Refusal> {
        let lent = shared.pool.lend();
        let mut reader = Reader {
            shared: shared.clone(),
            lent: Some(lent),
            txn: 0,
            newest: 0,
            scope: scope.fingerprint(),
            everyone: scope.is_all(),
            now: shared.now(),
        };
        let conn = reader.conn();
        let begin = || {
            conn.prepare_cached("BEGIN")?.execute([])?;
            conn.prepare_cached("SELECT max(number) FROM txn")?.query_row([], |r| r.get::<_, Option<i64>>(0))
        };
        let newest = begin().map_err(|e| fault("open a snapshot", e))?.unwrap_or(0);
        let txn = match at {
            None => newest,
            Some(at) => last_txn(conn, newest, at).map_err(|e| fault("find a past state", e))?,
        };
        let guarded = reader.lent.as_ref().expect("it is lent until the drop");
        guarded.sight.set(crate::sqlite::Lens::default());
        let lens = scope.lens(&guarded.conn, &shared.names)?;
        guarded.sight.set(lens);
        (reader.txn, reader.newest) = (txn, newest);
        Ok(reader)
    }

    fn conn(&self) -> &Connection {
        &self.lent.as_ref().expect("it is lent until the drop").conn
    }

    fn snapshot(&self) -> Snapshot<'_> {
        let mut snapshot = Snapshot::new(self.conn(), &self.shared.names, self.txn, self.newest);
        snapshot.token_key = self.shared.token_key;
        snapshot.scope = self.scope;
        snapshot.everyone = self.everyone;
        snapshot
    }

    /// The log's number of the last commit that this snapshot shows.
    pub fn txn(&self) -> u64 {
        self.txn as u64
    }

    /// The resource as it is (or was, for a reader that is as at a past instant).
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.snapshot().read(kind, id)
    }

    /// One version of it.
    pub fn vread(&self, kind: &str, id: &str, version: u64) -> Result<Found, Refusal> {
        self.snapshot().vread(kind, id, version)
    }

    /// Versions, newest first. `since` keeps those committed at or after an instant; `count` is at most
    /// [`crate::COUNT_MAX`]; `token` goes on from a page before. Not found when one resource is asked for that
    /// is not there.
    pub fn history(
        &self,
        of: HistoryOf<'_>,
        since: Option<Instant>,
        count: usize,
        token: Option<&str>,
    ) -> Result<HistoryPage, Refusal> {
        history::page(&self.snapshot(), of, since, count, token)
    }

    /// Runs a query. `page.count` matches at most are returned, with what they include.
    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        self.snapshot().search(query, page)
    }

    /// How many match.
    pub fn count(&self, query: &Query) -> Result<u64, Refusal> {
        self.snapshot().count(query)
    }

    /// The resources of a patient that this state shows, the patient first, then by type in the order of
    /// `types` (by name when empty: all types), oldest first. For `$everything` and the pages of a record.
    pub fn compartment(&self, patient: &str, types: &[&str]) -> Result<Vec<Body>, Refusal> {
        crate::compartment::bodies(&self.snapshot(), patient, types)
    }

    /// How many live resources of each type a patient has, in this state.
    pub fn compartment_counts(&self, patient: &str) -> Result<Vec<(&'static str, u64)>, Refusal> {
        crate::compartment::counts(&self.snapshot(), patient)
    }

    /// Texts of the newest versions, at most `count`.
    pub(crate) fn newest_bodies(&self, count: usize) -> Result<Vec<String>, Refusal> {
        let read = || {
            self.conn()
                .prepare_cached(
                    "SELECT pack, body FROM guarded_version WHERE body IS NOT NULL ORDER BY vid DESC LIMIT ?1",
                )?
                .query_map([count as i64], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|e| fault("read bodies", e))?;
        rows.iter().map(|(pack, body)| self.shared.names.unpack(self.conn(), *pack, body)).collect()
    }

    /// The newest audit rows, at most `count`, older than `before` if given. Not narrowed by the scope: callers
    /// must hold the permission to see the trail.
    pub fn audit(&self, before: Option<u64>, count: usize) -> Result<Vec<AuditRow>, Refusal> {
        let read = || {
            self.conn()
                .prepare_cached(
                    "SELECT seq, at, who, action, txn, detail FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
                )?
                .query_map(params![before.map_or(i64::MAX, |s| s as i64), count as i64], |r| {
                    Ok(AuditRow {
                        seq: r.get::<_, i64>(0)? as u64,
                        at: Instant(r.get(1)?),
                        who: r.get(2)?,
                        action: r.get(3)?,
                        txn: r.get::<_, Option<i64>>(4)?.map(|n| n as u64),
                        detail: r.get(5)?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| fault("read the audit trail", e))
    }

    /// A small durable fact that is no resource; nothing when it has run out.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        kept(self.conn(), self.now, space, key)
    }

    /// All facts of a space whose key starts so, by key.
    pub fn kept_all(&self, space: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let read = || {
            self.conn()
                .prepare_cached(
                    "SELECT key, value FROM kept WHERE space = ?1 AND key >= ?2 AND (until IS NULL OR until >= ?3)
                     ORDER BY key",
                )?
                .query_map(params![space, prefix, self.now.0], |r| Ok((r.get::<_, String>(0)?, r.get(1)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut all = read().map_err(|e| fault("read facts", e))?;
        all.retain(|(key, _)| key.starts_with(prefix));
        Ok(all)
    }
}

/// The newest commit at or before an instant. Instants never go back along the log, so halves are enough.
fn last_txn(conn: &Connection, newest: i64, at: Instant) -> rusqlite::Result<i64> {
    let mut find = conn.prepare_cached("SELECT at FROM txn WHERE number = ?1")?;
    let (mut low, mut high) = (0, newest);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let then: i64 = find.query_row([middle], |r| r.get(0))?;
        if then <= at.0 { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

pub(crate) fn kept(
    conn: &Connection,
    now: Instant,
    space: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, Refusal> {
    conn.prepare_cached(
        "SELECT value FROM kept WHERE space = ?1 AND key = ?2 AND (until IS NULL OR until >= ?3)",
    )
    .and_then(|mut s| s.query_row(params![space, key, now.0], |r| r.get(0)).optional())
    .map_err(|e| fault("read a fact", e))
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            // A snapshot that cannot be closed would hold the log back for ever: such a connection is dropped.
            if lent.conn.prepare_cached("ROLLBACK").and_then(|mut s| s.execute([])).is_ok() {
                self.shared.pool.give_back(lent);
            } else {
                self.shared.pool.replace();
            }
        }
    }
}

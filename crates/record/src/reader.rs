//! Reading: a snapshot of the record, now or as at a past instant, through one caller's scope.

use crate::engine::{self, Conn, Row};
use crate::names::Names;
use crate::pool::Pool;
use crate::search::Seal;
use crate::snapshot::Snapshot;
use crate::store::Shared;
use crate::{
    AuditRow, Body, Commit, Found, HistoryOf, HistoryPage, Instant, Kind, Page, Refusal, Results, Scope,
    Walk, fault, history, log,
};
use fhir::search::Query;
use std::sync::Arc;

/// A snapshot of the record through a scope. Cheap to open; holds a connection until dropped.
pub struct Reader {
    shared: Arc<Shared>,
    /// Where the connection goes back to.
    pool: Arc<Pool>,
    /// Always there until the drop.
    lent: Option<Conn>,
    txn: i64,
    newest: i64,
    scope: [u8; 32],
    everyone: bool,
    now: Instant,
}

impl Reader {
    pub(crate) fn open(shared: &Arc<Shared>, scope: &Scope, at: Option<Instant>) -> Result<Reader, Refusal> {
        let (lent, newest, pool) = match shared.replicas.lend(shared, scope) {
            Some((lent, newest, pool)) => (lent, Ok(newest), pool),
            None => {
                let (lent, newest) = from_primary(shared, scope)?;
                (lent, newest, shared.pool.clone())
            }
        };
        let mut reader = Reader {
            shared: shared.clone(),
            pool,
            lent: Some(lent),
            txn: 0,
            newest: 0,
            scope: scope.fingerprint(),
            everyone: scope.is_all(),
            now: shared.now(),
        };
        reader.newest = newest?;
        reader.txn = match at {
            None => reader.newest,
            Some(at) => {
                last_txn(reader.conn(), reader.newest, at).map_err(|e| fault("find a past state", e))?
            }
        };
        Ok(reader)
    }

    pub(crate) fn conn(&self) -> &Conn {
        self.lent.as_ref().expect("it is lent until the drop")
    }

    /// A body as it was stored.
    pub(crate) fn unpacked(&self, pack: i64, body: &[u8]) -> Result<String, Refusal> {
        self.shared.names.unpack(self.conn(), pack, body)
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

    /// The same snapshot, as it was after a commit. For work that reads one state in many small snapshots.
    pub fn as_at(mut self, txn: u64) -> Reader {
        self.txn = self.newest.min(txn as i64);
        self
    }

    /// This state's place in the log as a token for a further page, with a number for whoever asks: sealed, and good
    /// only for the same scope and the same `words`.
    pub fn page_token(&self, words: &str, place: u64) -> String {
        let content = [self.txn.to_be_bytes(), place.to_be_bytes()].concat();
        self.seal(words).close_bytes(content)
    }

    /// Goes back to the state of a token that [`Reader::page_token`] made, and gives its number.
    pub fn turn_to(&mut self, words: &str, token: &str) -> Result<u64, Refusal> {
        let content = self.seal(words).open_bytes(token)?;
        let number = |at: usize| content.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
        let (Some(txn), Some(place)) = (number(0), number(8)) else {
            return Err(Refusal::invalid(
                "_page",
                "This is no link to a further page. Start from the first.",
            ));
        };
        if txn as i64 > self.newest {
            let text = "This link to a further page is of a later state of the record.";
            return Err(Refusal::new(Kind::Invalid, text));
        }
        self.txn = txn as i64;
        Ok(place)
    }

    fn seal(&self, words: &str) -> Seal<'_> {
        Seal::named(&self.shared.token_key, &self.scope, words)
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

    /// All resources of a type, batch by batch; see [`Walk`].
    pub fn walk(&self, kind: &str) -> Walk<'_> {
        Walk::new(self.snapshot(), &self.shared.names, kind)
    }

    /// Texts of the newest versions, at most `count`.
    pub(crate) fn newest_bodies(&self, count: usize) -> Result<Vec<String>, Refusal> {
        let sql = "SELECT pack, body FROM guarded_version WHERE body IS NOT NULL ORDER BY vid DESC LIMIT ?1";
        let read = |r: &Row<'_>| Ok((r.get::<i64>(0)?, r.get::<Vec<u8>>(1)?));
        let rows =
            self.conn().all(sql, &[(count as i64).into()], read).map_err(|e| fault("read bodies", e))?;
        rows.iter().map(|(pack, body)| self.shared.names.unpack(self.conn(), *pack, body)).collect()
    }

    /// The newest audit rows, at most `count`, older than `before` if given. Not narrowed by the scope: callers
    /// must hold the permission to see the trail.
    pub fn audit(&self, before: Option<u64>, count: usize) -> Result<Vec<AuditRow>, Refusal> {
        let sql =
            "SELECT seq, at, who, action, txn, detail FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
        self.audit_rows(sql, before.map_or(i64::MAX, |s| s as i64), count)
    }

    /// The next audit rows after one, at most `count`, in their order; the same holds for who may see them.
    pub fn audit_after(&self, seq: u64, count: usize) -> Result<Vec<AuditRow>, Refusal> {
        let sql = "SELECT seq, at, who, action, txn, detail FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        self.audit_rows(sql, seq as i64, count)
    }

    /// The first row of the audit trail at an instant or after it; nothing when there is none. The trail's clock never
    /// goes back.
    pub fn audit_from(&self, at: Instant) -> Result<Option<u64>, Refusal> {
        let newest = self.audit(None, 1)?;
        let (mut low, mut high) = (1, newest.first().map_or(0, |row| row.seq) + 1);
        let end = high;
        while low < high {
            let middle = low + (high - low) / 2;
            let here = self.audit_after(middle - 1, 1)?;
            if here.first().is_some_and(|row| row.at >= at) { high = middle } else { low = middle + 1 }
        }
        Ok((low < end).then_some(low))
    }

    pub(crate) fn audit_rows(
        &self,
        sql: &'static str,
        seq: i64,
        count: usize,
    ) -> Result<Vec<AuditRow>, Refusal> {
        let read = |r: &Row<'_>| {
            Ok(AuditRow {
                seq: r.get::<i64>(0)? as u64,
                at: Instant(r.get(1)?),
                who: r.get(2)?,
                action: r.get(3)?,
                txn: r.get::<Option<i64>>(4)?.map(|n| n as u64),
                detail: r.get(5)?,
            })
        };
        let values = [seq.into(), (count as i64).into()];
        self.conn().all(sql, &values, read).map_err(|e| fault("read the audit trail", e))
    }

    /// The next commits after one, at most `count`, in their order: none is left out, and none comes late.
    pub fn commits_after(&self, txn: u64, count: usize) -> Result<Vec<Commit>, Refusal> {
        log::after(&self.snapshot(), txn, count)
    }

    /// The link of a commit in the hash chain of the log; nothing when there is none of this number.
    pub fn commit_link(&self, number: u64) -> Result<Option<[u8; 32]>, Refusal> {
        let read = |r: &Row<'_>| r.get::<Vec<u8>>(0);
        let link =
            self.conn().first("SELECT hash FROM txn WHERE number = ?1", &[(number as i64).into()], read);
        Ok(link.map_err(|e| fault("read the log", e))?.and_then(|link| link.try_into().ok()))
    }

    /// How far a reader of the log has come; 0 for one that has not begun.
    pub fn cursor(&self, cursor: &str) -> Result<u64, Refusal> {
        log::cursor(self.conn(), cursor)
    }

    /// A small durable fact that is no resource; nothing when it has run out.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        kept(self.conn(), self.now, space, key)
    }

    /// All facts of a space whose key starts so, by key.
    pub fn kept_all(&self, space: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let sql = "SELECT key, value FROM kept WHERE space = ?1 AND key >= ?2 AND key < ?3
                   AND (until IS NULL OR until >= ?4) ORDER BY key";
        let end = format!("{prefix}\u{10ffff}");
        let values = [space.into(), prefix.into(), end.as_str().into(), self.now.0.into()];
        let read = |r: &Row<'_>| Ok((r.get::<String>(0)?, r.get(1)?));
        let mut all = self.conn().all(sql, &values, read).map_err(|e| fault("read facts", e))?;
        all.retain(|(key, _)| key.starts_with(prefix));
        Ok(all)
    }
}

/// A resource as it is now, without a snapshot for more.
pub(crate) fn read(shared: &Shared, scope: &Scope, kind: &str, id: &str) -> Result<Found, Refusal> {
    lent(shared, |conn| {
        let lens = scope.lens(conn, &shared.names)?;
        conn.see(lens, &shared.names).map_err(|e| fault("look through a lens", e))?;
        Snapshot::new(conn, &shared.names, i64::MAX, i64::MAX).read(kind, id)
    })
}

/// A small fact as it is now.
pub(crate) fn kept_now(shared: &Shared, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
    lent(shared, |conn| kept(conn, shared.now(), space, key))
}

/// Asks something once on a connection of the pool.
fn lent<T>(shared: &Shared, ask: impl Fn(&Conn) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut lent = shared.pool.lend()?;
    let mut answer = ask(&lent);
    // The database may have gone away and come back since the connection was last used.
    if answer.is_err() && lent.is_closed() {
        lent = shared.pool.renew(lent)?;
        answer = ask(&lent);
    }
    shared.pool.give_back(lent);
    answer
}

fn from_primary(shared: &Shared, scope: &Scope) -> Result<(Conn, Result<i64, Refusal>), Refusal> {
    let mut lent = shared.pool.lend()?;
    let newest = match begin(&lent, scope, &shared.names) {
        // The database may have gone away and come back since the connection was last used.
        Err(_) if lent.is_closed() => {
            lent = shared.pool.renew(lent)?;
            begin(&lent, scope, &shared.names)
        }
        begun => begun,
    };
    Ok((lent, newest))
}

impl Shared {
    /// The number of the last commit, as the primary has it.
    pub(crate) fn primary_txn(&self) -> Result<i64, Refusal> {
        lent(self, |conn| {
            let last = conn.first("SELECT max(number) FROM txn", &[], |r| r.get::<Option<i64>>(0));
            last.map(|last| last.flatten().unwrap_or(0)).map_err(|e| fault("find the end of the log", e))
        })
    }
}

/// Begins a snapshot through a scope; the number of its last commit.
pub(crate) fn begin(conn: &Conn, scope: &Scope, names: &Names) -> Result<i64, Refusal> {
    let lens = scope.lens(conn, names)?;
    conn.see(lens, names).and_then(|()| conn.begin_reading()).map_err(|e| fault("open a snapshot", e))
}

/// The newest commit at or before an instant. Instants never go back along the log, so halves are enough.
fn last_txn(conn: &Conn, newest: i64, at: Instant) -> engine::Result<i64> {
    let (mut low, mut high) = (0, newest);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let then: i64 = conn.one("SELECT at FROM txn WHERE number = ?1", &[middle.into()], |r| r.get(0))?;
        if then <= at.0 { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

pub(crate) fn kept(conn: &Conn, now: Instant, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let sql = "SELECT value FROM kept WHERE space = ?1 AND key = ?2 AND (until IS NULL OR until >= ?3)";
    conn.first(sql, &[space.into(), key.into(), now.0.into()], |r| r.get(0))
        .map_err(|e| fault("read a fact", e))
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            // A snapshot that cannot be ended would hold the log back for ever: such a connection is dropped.
            let lent = if lent.end_reading().is_ok() { Ok(lent) } else { self.pool.renew(lent) };
            if let Ok(lent) = lent {
                self.pool.give_back(lent);
            }
        }
    }
}

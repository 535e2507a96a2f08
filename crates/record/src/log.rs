//! Reading the log from where a reader of it has come to: commits in their order, none left out and none twice,
//! whichever node made them.

use crate::body::IdKey;
use crate::engine::{Conn, Row, Value};
use crate::snapshot::Snapshot;
use crate::{Instant, Refusal, fault};

/// A commit, as a reader of the log sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its number.
    pub txn: u64,
    /// When.
    pub at: Instant,
    /// The command.
    pub command: String,
    /// What it changed, of what the reader's scope shows.
    pub changes: Vec<Change>,
}

/// A version in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Resource type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The version.
    pub version: u64,
    /// True when it says that the resource was deleted.
    pub deleted: bool,
}

/// The next commits after one, at most `count`.
pub(crate) fn after(snapshot: &Snapshot<'_>, txn: u64, count: usize) -> Result<Vec<Commit>, Refusal> {
    let sql = "SELECT number, at, command, last FROM txn WHERE number >= ?1 AND number <= ?2
               ORDER BY number LIMIT ?3";
    // The one before tells where the first begins.
    let count = count.min(crate::COUNT_MAX) as i64 + i64::from(txn > 0);
    let values = [(txn as i64).max(1), snapshot.txn, count].map(Value::Int);
    let read = |r: &Row<'_>| Ok((r.get::<i64>(0)?, r.get(1)?, r.get::<String>(2)?, r.get::<i64>(3)?));
    let rows = snapshot.conn.all(sql, &values, read).map_err(|e| fault("read the log", e))?;
    let mut commits = Vec::with_capacity(rows.len());
    let mut from = 0;
    for (number, at, command, last) in rows {
        if number > txn as i64 {
            let changes = changes(snapshot, from, last)?;
            commits.push(Commit { txn: number as u64, at: Instant(at), command, changes });
        }
        from = last;
    }
    Ok(commits)
}

fn changes(snapshot: &Snapshot<'_>, from: i64, last: i64) -> Result<Vec<Change>, Refusal> {
    let sql = "SELECT v.type, h.id, v.ver, CASE WHEN v.body IS NULL THEN 1 ELSE 0 END
               FROM guarded_version v JOIN guarded_head h ON h.res = v.res
               WHERE v.vid > ?1 AND v.vid <= ?2 ORDER BY v.vid";
    let read = |r: &Row<'_>| {
        Ok(Change {
            kind: snapshot.names.kind(r.get(0)?),
            id: IdKey::text(r.get(1)?),
            version: r.get::<i64>(2)? as u64,
            deleted: r.get(3)?,
        })
    };
    snapshot.conn.all(sql, &[from, last].map(Value::Int), read).map_err(|e| fault("read a commit", e))
}

/// How far a reader of the log has come.
pub(crate) fn cursor(conn: &Conn, name: &str) -> Result<u64, Refusal> {
    let found = conn.first("SELECT txn FROM cursor WHERE name = ?1", &[name.into()], |r| r.get::<i64>(0));
    found.map(|txn| txn.unwrap_or(0) as u64).map_err(|e| fault("read a cursor", e))
}

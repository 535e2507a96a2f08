//! Versions of one resource, of one type, of everything, newest first.

use crate::engine::{self, Value};
use crate::search::COUNT_MAX;
use crate::snapshot::Snapshot;
use crate::{Body, Instant, Refusal, fault};

/// Which history is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryOf<'a> {
    /// One resource: type and id.
    Resource(&'a str, &'a str),
    /// One type.
    Type(&'a str),
    /// Everything.
    All,
}

/// A page of history, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Versions.
    pub versions: Vec<Body>,
    /// How many there are in all, where that is cheap to know (one resource).
    pub total: Option<u64>,
    /// Token of the next page. It says only where in the log to go on; the scope is applied again.
    pub next: Option<String>,
}

pub(crate) fn page(
    snapshot: &Snapshot<'_>,
    of: HistoryOf<'_>,
    since: Option<Instant>,
    count: usize,
    token: Option<&str>,
) -> Result<HistoryPage, Refusal> {
    let count = count.min(COUNT_MAX);
    let (before, txn) = match token {
        None => (i64::MAX, snapshot.txn),
        Some(token) => open(token)?,
    };
    let since = since.map_or(i64::MIN, |t| t.0);
    let mut total = None;
    let mut places: Vec<(i64, i64)> = match of {
        HistoryOf::Resource(kind, id) => {
            let head = snapshot.head(kind, id)?.ok_or_else(|| Refusal::not_found(&format!("{kind}/{id}")))?;
            let mut chain = snapshot.chain(&head)?;
            chain.retain(|(_, _, at)| *at >= since);
            if chain.is_empty() && since == i64::MIN {
                return Err(Refusal::not_found(&format!("{kind}/{id}")));
            }
            total = Some(chain.len() as u64);
            chain.iter().filter(|(vid, ..)| *vid < before).map(|(vid, ..)| (*vid, head.res)).collect()
        }
        HistoryOf::Type(kind) => {
            let number = snapshot.names.type_number(kind).ok_or_else(|| Refusal::not_found(kind))?;
            of_type(snapshot, number, before, txn, since, count + 1)
                .map_err(|e| fault("read a type's history", e))?
        }
        HistoryOf::All => {
            of_all(snapshot, before, txn, since, count + 1).map_err(|e| fault("read the history", e))?
        }
    };
    let more = places.len() > count;
    places.truncate(count);
    let next = places.last().filter(|_| more).map(|(vid, _)| format!("{vid:x}.{txn:x}"));
    let mut versions = Vec::with_capacity(places.len());
    for (vid, res) in places {
        versions.extend(snapshot.version_body(vid, res)?);
    }
    Ok(HistoryPage { versions, total, next })
}

fn open(token: &str) -> Result<(i64, i64), Refusal> {
    let parts = token.split_once('.').and_then(|(vid, txn)| {
        Some((i64::from_str_radix(vid, 16).ok()?, i64::from_str_radix(txn, 16).ok()?))
    });
    parts.ok_or_else(|| {
        Refusal::invalid("_page", "This is no page token of a history. Follow the links as given.")
    })
}

fn of_type(
    snapshot: &Snapshot<'_>,
    kind: i64,
    before: i64,
    txn: i64,
    since: i64,
    count: usize,
) -> engine::Result<Vec<(i64, i64)>> {
    let values = [kind, before, txn.min(snapshot.txn), since, count as i64].map(Value::Int);
    let sql = "SELECT vid, res FROM guarded_version
               WHERE type = ?1 AND vid < ?2 AND txn <= ?3 AND at >= ?4 ORDER BY vid DESC LIMIT ?5";
    snapshot.conn.all(sql, &values, |r| Ok((r.get(0)?, r.get(1)?)))
}

fn of_all(
    snapshot: &Snapshot<'_>,
    before: i64,
    txn: i64,
    since: i64,
    count: usize,
) -> engine::Result<Vec<(i64, i64)>> {
    let values = [before, txn.min(snapshot.txn), since, count as i64].map(Value::Int);
    let sql = "SELECT vid, res FROM guarded_version
               WHERE vid < ?1 AND txn <= ?2 AND at >= ?3 ORDER BY vid DESC LIMIT ?4";
    snapshot.conn.all(sql, &values, |r| Ok((r.get(0)?, r.get(1)?)))
}

//! Reading places of the index: rows of now and, for a past state, also those superseded since.

use super::{SearchContext, sql};
use crate::keys::KeyRange;
use crate::{Refusal, fault};
use rusqlite::{OptionalExtension, Row, ToSql, params};
use std::rc::Rc;

/// Different values that one code in any system is taken apart into.
const VALUES_FEW: usize = if cfg!(test) { 2 } else { 8 };

/// One place of the index to read.
#[derive(Clone)]
pub(super) enum Seek {
    /// A resource that is known.
    Resource(i64),
    /// Rows with one value, of one patient.
    OfPatient { param: i64, value: Vec<u8>, patient: i64 },
    /// Rows in a range.
    Range { param: i64, range: KeyRange },
    /// Every resource of a type.
    Kind(i64),
}

impl Seek {
    /// How many rows are likely, in a very rough order.
    pub fn rank(&self) -> u8 {
        match self {
            Seek::Resource(_) => 0,
            Seek::OfPatient { .. } => 1,
            Seek::Range { range, .. } if range.exact().is_some() => 2,
            Seek::Range { range, .. } if !range.low.is_empty() => 3,
            Seek::Range { .. } => 4,
            Seek::Kind(_) => 5,
        }
    }
}

/// All resources under these, in order and each once, unless there are more rows than `limit`.
pub(super) fn read_few(
    context: &SearchContext<'_>,
    seeks: &[Seek],
    limit: usize,
) -> Result<Option<Vec<i64>>, Refusal> {
    let mut found = Vec::new();
    for seek in seeks {
        read(context, seek, limit + 1 - found.len(), &mut found)?;
        if found.len() > limit {
            return Ok(None);
        }
    }
    Ok(Some(in_order(found)))
}

/// All resources under these, in order and each once.
pub(super) fn read_all(context: &SearchContext<'_>, seeks: &[Seek]) -> Result<Vec<i64>, Refusal> {
    let mut found = Vec::new();
    for seek in seeks {
        read(context, seek, i64::MAX as usize, &mut found)?;
    }
    Ok(in_order(found))
}

fn in_order(mut found: Vec<i64>) -> Vec<i64> {
    found.sort_unstable();
    found.dedup();
    found
}

/// Reads at most `limit` rows.
fn read(context: &SearchContext<'_>, seek: &Seek, limit: usize, found: &mut Vec<i64>) -> Result<(), Refusal> {
    let (now, past) = match seek {
        Seek::Resource(res) => {
            found.push(*res);
            return Ok(());
        }
        Seek::Kind(kind) => return context.listing(*kind, 0, limit).map(|list| found.extend(list)),
        Seek::OfPatient { .. } => (sql::ONE_OF_PATIENT, sql::PAST_ONE_OF_PATIENT),
        Seek::Range { .. } => (sql::RANGE, sql::PAST_RANGE),
    };
    let (limit, txn) = (limit as i64, context.snapshot.txn);
    let mut bound: Vec<&dyn ToSql> = match seek {
        Seek::OfPatient { param, value, patient } => vec![param, value, patient, &limit],
        Seek::Range { param, range } => vec![param, &range.low, &range.high, &limit],
        Seek::Resource(_) | Seek::Kind(_) => Vec::new(),
    };
    let mut run = || {
        rows(context, &now, &bound, found)?;
        if context.is_past() {
            bound.push(&txn);
            rows(context, &past, &bound, found)?;
        }
        Ok(())
    };
    run().map_err(|e: rusqlite::Error| fault("read the index", e))
}

fn rows(
    context: &SearchContext<'_>,
    statement: &sql::Statement,
    bound: &[&dyn ToSql],
    found: &mut Vec<i64>,
) -> rusqlite::Result<()> {
    let mut statement = statement.on(context.snapshot.conn)?;
    let mut rows = statement.query(bound)?;
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
    }
    Ok(())
}

/// The values in a range, if they are few. Under a scope of some patients no one knows how many rows that are
/// hidden lie between two values, so they are not looked for.
pub(super) fn few_values(
    context: &SearchContext<'_>,
    param: i64,
    range: &KeyRange,
) -> Result<Option<Vec<Vec<u8>>>, Refusal> {
    if let Some(value) = range.exact() {
        return Ok(Some(vec![value.to_vec()]));
    }
    if !context.snapshot.everyone {
        return Ok(None);
    }
    let mut values = Vec::new();
    let mut low = range.low.clone();
    while let Some(value) = first_value(context, param, &low, &range.high)? {
        if values.len() == VALUES_FEW {
            return Ok(None);
        }
        low = value.clone();
        low.push(0);
        values.push(value);
    }
    Ok(Some(values))
}

fn first_value(
    context: &SearchContext<'_>,
    param: i64,
    low: &[u8],
    high: &[u8],
) -> Result<Option<Vec<u8>>, Refusal> {
    let conn = context.snapshot.conn;
    let read = || {
        let read = |r: &Row<'_>| r.get::<_, Vec<u8>>(0);
        let now = sql::FIRST_VALUE.on(conn)?.query_row(params![param, low, high], read).optional()?;
        if !context.is_past() {
            return Ok(now);
        }
        let bounds = params![param, low, high, context.snapshot.txn];
        let then = sql::PAST_FIRST_VALUE.on(conn)?.query_row(bounds, read).optional()?;
        Ok(now.into_iter().chain(then).min())
    };
    read().map_err(|e: rusqlite::Error| fault("read the index", e))
}

impl SearchContext<'_> {
    /// Resources of a type after `after`, in order, at most `limit`. Of a past state also those that changed
    /// since, which may have been there then.
    pub(super) fn listing(&self, kind: i64, after: i64, limit: usize) -> Result<Vec<i64>, Refusal> {
        let mut found: Vec<i64> = sql::LISTING
            .on(self.snapshot.conn)
            .and_then(|mut s| s.query_map([kind, after, limit as i64], |r| r.get(0))?.collect())
            .map_err(|e| fault("list resources", e))?;
        if self.is_past() {
            // Beyond the last that was read there may be others that are live.
            let last = if found.len() < limit { i64::MAX } else { found.last().copied().unwrap_or(i64::MAX) };
            let changed = self.changed(kind)?;
            found.extend(changed.iter().filter(|res| (after + 1..=last).contains(*res)));
            found = in_order(found);
            found.truncate(limit);
        }
        Ok(found)
    }

    /// Resources of a type with versions after the state that is searched.
    fn changed(&self, kind: i64) -> Result<Rc<Vec<i64>>, Refusal> {
        if let Some(known) = self.changed.borrow().get(&kind) {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        self.log(kind, |res, _, txn| {
            found.push(res);
            txn > self.snapshot.txn
        })?;
        let found = Rc::new(in_order(found));
        self.changed.borrow_mut().insert(kind, found.clone());
        Ok(found)
    }

    /// Resources of a type with versions committed at or after an instant.
    pub(super) fn updated_since(&self, kind: i64, from: i64) -> Result<Vec<i64>, Refusal> {
        let mut found = Vec::new();
        self.log(kind, |res, at, _| {
            found.push(res);
            at >= from
        })?;
        Ok(in_order(found))
    }

    /// Shows versions of a type, newest first: resource, instant, commit; until told that it is enough.
    fn log(&self, kind: i64, mut more: impl FnMut(i64, i64, i64) -> bool) -> Result<(), Refusal> {
        let mut read = || {
            let mut statement = sql::LOG_DOWN.on(self.snapshot.conn)?;
            let mut rows = statement.query([kind, i64::MAX, i64::MAX])?;
            while let Some(row) = rows.next()? {
                if !more(row.get(1)?, row.get(2)?, row.get(3)?) {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(|e: rusqlite::Error| fault("read the log", e))
    }
}

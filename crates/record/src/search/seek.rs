//! Reading places of the index: rows of now and, for a past state, also those superseded since.

use super::{SearchContext, sql};
use crate::engine::{self, Row, Value};
use crate::keys::KeyRange;
use crate::{Refusal, fault};
use std::rc::Rc;

/// Different values that one code in any system is taken apart into.
const VALUES_FEW: usize = if cfg!(test) { 2 } else { 8 };

/// Versions read at a time.
const LOG_READ: i64 = if cfg!(test) { 3 } else { 256 };

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
    let (limit, txn) = (Value::Int(limit as i64), context.snapshot.txn.into());
    let mut values: Vec<Value<'_>> = match seek {
        Seek::OfPatient { param, value, patient } => {
            vec![(*param).into(), value.into(), (*patient).into(), limit]
        }
        Seek::Range { param, range } => {
            vec![(*param).into(), (&range.low).into(), (&range.high).into(), limit]
        }
        Seek::Resource(_) | Seek::Kind(_) => Vec::new(),
    };
    let conn = context.snapshot.conn;
    let mut run = || {
        found.extend(now.all(conn, &values, |r| r.get::<i64>(0))?);
        if context.is_past() {
            values.push(txn);
            found.extend(past.all(conn, &values, |r| r.get::<i64>(0))?);
        }
        Ok(())
    };
    run().map_err(|e: engine::Error| fault("read the index", e))
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
    let read = |r: &Row<'_>| r.get::<Vec<u8>>(0);
    let both = || {
        let now = sql::FIRST_VALUE.first(conn, &[param.into(), low.into(), high.into()], read)?;
        if !context.is_past() {
            return Ok(now);
        }
        let values = [param.into(), low.into(), high.into(), context.snapshot.txn.into()];
        let then = sql::PAST_FIRST_VALUE.first(conn, &values, read)?;
        Ok(now.into_iter().chain(then).min())
    };
    both().map_err(|e: engine::Error| fault("read the index", e))
}

impl SearchContext<'_> {
    /// Resources of a type after `after`, in order, at most `limit`. Of a past state also those that changed
    /// since, which may have been there then.
    pub(super) fn listing(&self, kind: i64, after: i64, limit: usize) -> Result<Vec<i64>, Refusal> {
        let values = [kind, after, limit.min(i64::MAX as usize) as i64].map(Value::Int);
        let mut found: Vec<i64> = sql::LISTING
            .all(self.snapshot.conn, &values, |r| r.get(0))
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
        let mut before = i64::MAX;
        loop {
            let values = [kind, before, LOG_READ].map(Value::Int);
            let read = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
            let rows: Vec<(i64, i64, i64, i64)> =
                sql::LOG_DOWN.all(self.snapshot.conn, &values, read).map_err(|e| fault("read the log", e))?;
            let ended = (rows.len() as i64) < LOG_READ;
            for (vid, res, at, txn) in rows {
                if !more(res, at, txn) {
                    return Ok(());
                }
                before = vid;
            }
            if ended {
                return Ok(());
            }
        }
    }
}

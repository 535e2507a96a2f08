//! Reading along an index, so that a page costs the same however many matches follow it.
//!
//! A resource may have several rows on the way. It counts at the one that is its place: of the values on the
//! way the first (the last when falling). Of a past state, rows of now and superseded ones are merged, and a
//! row counts only if it was there then.

use super::state::State;
use super::{SearchContext, sql};
use crate::engine::{Row, Value};
use crate::keys::{KeyRange, bounds_of, sort_key};
use crate::{Refusal, fault};
use fhir::definitions::ParamKind;
use std::cmp::Ordering;

/// Rows read at a time: few at first, since most pages are small.
const READ_FIRST: usize = if cfg!(test) { 2 } else { 32 };
/// Rows read at a time, at most.
const READ_MOST: usize = 1_024;
/// Versions read at a time.
const READ_VERSIONS: usize = if cfg!(test) { 3 } else { 128 };

/// A row of the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub value: Vec<u8>,
    pub patient: i64,
    pub res: i64,
}

/// What is read along.
#[derive(Clone)]
pub(super) struct Way {
    pub param: i64,
    /// Ranges that do not overlap.
    pub ranges: Vec<KeyRange>,
    /// The kind of the parameter when the order is that of the values; nothing when it is that of the bytes.
    pub sorted_as: Option<ParamKind>,
    pub descending: bool,
}

impl Way {
    /// True when `place` is where the resource stands on the way.
    pub fn is_place_of(&self, state: &State, place: &Place) -> bool {
        let on_way =
            state.values(self.param).filter(|value| self.ranges.iter().any(|range| range.holds(value)));
        let better = if self.descending { Ordering::Greater } else { Ordering::Less };
        let first = on_way.reduce(|a, b| if self.compare_values(b, a) == better { b } else { a });
        state.patient == place.patient && first == Some(&place.value)
    }

    fn compare_values(&self, a: &[u8], b: &[u8]) -> Ordering {
        let by_bytes = a.cmp(b);
        match self.sorted_as {
            Some(kind) if self.ranges.len() > 1 => sort_key(kind, a).cmp(&sort_key(kind, b)).then(by_bytes),
            _ => by_bytes,
        }
    }

    fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let rising =
            self.compare_values(&a.value, &b.value).then_with(|| (a.patient, a.res).cmp(&(b.patient, b.res)));
        if self.descending { rising.reverse() } else { rising }
    }
}

/// Rows on the way, in order.
pub(super) struct Along<'w> {
    way: &'w Way,
    after: Option<Place>,
    lanes: Vec<Lane>,
}

/// One range of one table.
struct Lane {
    range: KeyRange,
    past: bool,
    /// Rows read and not yet given, the next one last.
    ready: Vec<Place>,
    /// The last row read.
    last: Option<Place>,
    ended: bool,
    read: usize,
}

impl<'w> Along<'w> {
    /// From the start, or from after a place.
    pub fn new(context: &SearchContext<'_>, way: &'w Way, after: Option<Place>) -> Along<'w> {
        let tables = if context.is_past() { &[false, true][..] } else { &[false] };
        let mut lanes = Vec::new();
        for range in &way.ranges {
            let last = after.as_ref().and_then(|after| way.enter(range, after));
            let ended = after.as_ref().is_some_and(|after| way.is_over(range, after));
            lanes.extend(tables.iter().map(|past| Lane {
                range: range.clone(),
                past: *past,
                ready: Vec::new(),
                last: last.clone(),
                ended,
                read: READ_FIRST,
            }));
        }
        Along { way, after, lanes }
    }

    /// From the first row with a sort key, or a little before, on a sorted way.
    pub fn from_key(context: &SearchContext<'_>, way: &'w Way, key: &[u8]) -> Along<'w> {
        let mut along = Along::new(context, way, None);
        for lane in &mut along.lanes {
            lane.last = way.start(&lane.range, key);
        }
        along
    }

    /// The next row.
    pub fn next(&mut self, context: &SearchContext<'_>) -> Result<Option<Place>, Refusal> {
        while let Some(place) = self.next_row(context)? {
            // A lane may have been entered a little before.
            let follows = |after: &Place| self.way.compare(&place, after) == Ordering::Greater;
            if self.after.as_ref().is_none_or(follows) {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn next_row(&mut self, context: &SearchContext<'_>) -> Result<Option<Place>, Refusal> {
        let mut best: Option<usize> = None;
        for i in 0..self.lanes.len() {
            let lane = &mut self.lanes[i];
            if lane.ready.is_empty() && !lane.ended {
                lane.fill(context, self.way)?;
            }
            let Some(next) = self.lanes[i].ready.last() else { continue };
            let sooner = |best: &usize| {
                let other = self.lanes[*best].ready.last();
                other.is_some_and(|other| self.way.compare(next, other) == Ordering::Less)
            };
            if best.as_ref().is_none_or(sooner) {
                best = Some(i);
            }
        }
        let Some(place) = best.and_then(|lane| self.lanes[lane].ready.pop()) else { return Ok(None) };
        // The same row may stand among those of now and, more than once, among those superseded.
        for lane in &mut self.lanes {
            while lane.ready.pop_if(|other| *other == place).is_some() {}
        }
        Ok(Some(place))
    }
}

impl Way {
    /// A row of a range that nothing which follows `after` comes before.
    fn enter(&self, range: &KeyRange, after: &Place) -> Option<Place> {
        if range.holds(&after.value) {
            return Some(after.clone());
        }
        self.start(range, &sort_key(self.sorted_as?, &after.value)?)
    }

    /// A row of a range that nothing with this sort key comes before.
    fn start(&self, range: &KeyRange, key: &[u8]) -> Option<Place> {
        let (low, high) = bounds_of(self.sorted_as?, range, key);
        let value = if self.descending { high } else { low };
        Some(Place { value, patient: i64::MIN, res: i64::MIN })
    }

    /// True when nothing of a range can follow `after`.
    fn is_over(&self, range: &KeyRange, after: &Place) -> bool {
        let in_bytes = self.sorted_as.is_none();
        in_bytes && if self.descending { range.low > after.value } else { range.high <= after.value }
    }
}

impl Lane {
    fn fill(&mut self, context: &SearchContext<'_>, way: &Way) -> Result<(), Refusal> {
        let statement = match (way.descending, self.past) {
            (false, false) => sql::ROWS_UP,
            (false, true) => sql::PAST_ROWS_UP,
            (true, false) => sql::ROWS_DOWN,
            (true, true) => sql::PAST_ROWS_DOWN,
        };
        let start = if way.descending {
            Place { value: self.range.high.clone(), patient: i64::MIN, res: i64::MIN }
        } else {
            Place { value: self.range.low.clone(), patient: i64::MIN, res: i64::MIN }
        };
        let from = self.last.as_ref().unwrap_or(&start);
        let stop = if way.descending { &self.range.low } else { &self.range.high };
        let (read, txn) = (self.read as i64, context.snapshot.txn);
        let mut values: Vec<Value<'_>> = vec![
            way.param.into(),
            stop.into(),
            (&from.value).into(),
            from.patient.into(),
            from.res.into(),
            read.into(),
        ];
        if self.past {
            values.push(txn.into());
        }
        let place = |r: &Row<'_>| Ok(Place { value: r.get(0)?, patient: r.get(1)?, res: r.get(2)? });
        let rows: Vec<Place> = statement
            .all(context.snapshot.conn, &values, place)
            .map_err(|e| fault("read along the index", e))?;
        context.expect(rows.iter().map(|place| place.res));
        self.ended = rows.len() < self.read;
        self.read = (self.read * 2).min(READ_MOST);
        self.last = rows.last().cloned().or(self.last.take());
        self.ready = rows;
        self.ready.reverse();
        Ok(())
    }
}

/// Versions of a type in the order they were committed, or the other way round: for `_sort=_lastUpdated`.
pub(super) struct Log {
    kind: i64,
    descending: bool,
    after: i64,
    ready: Vec<(i64, i64)>,
    ended: bool,
}

impl Log {
    /// From the start, or from after a version.
    pub fn new(kind: i64, descending: bool, after: Option<i64>) -> Log {
        let start = if descending { i64::MAX } else { 0 };
        Log { kind, descending, after: after.unwrap_or(start), ready: Vec::new(), ended: false }
    }

    /// The next version and its resource.
    pub fn next(&mut self, context: &SearchContext<'_>) -> Result<Option<(i64, i64)>, Refusal> {
        if self.ready.is_empty() && !self.ended {
            let statement = if self.descending { sql::LOG_DOWN } else { sql::LOG_UP };
            let read = READ_VERSIONS;
            let values = [self.kind, self.after, read as i64].map(Value::Int);
            self.ready = statement
                .all(context.snapshot.conn, &values, |r| Ok((r.get(0)?, r.get(1)?)))
                .map_err(|e| fault("read along the log", e))?;
            context.expect(self.ready.iter().map(|(_, res)| *res));
            self.ended = self.ready.len() < read;
            self.after = self.ready.last().map_or(self.after, |(vid, _)| *vid);
            self.ready.reverse();
        }
        Ok(self.ready.pop())
    }
}

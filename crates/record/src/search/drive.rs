//! Where the candidates of a search come from: the condition that fewest resources can meet, read from the
//! index. All other conditions are asked of each candidate (see `check.rs`).

use super::check::{Check, ParamCheck, Refers};
use super::{Part, SearchContext, sql};
use crate::keys::{self, KeyRange};
use crate::{Refusal, fault};
use fhir::search::{Match, Prefix};
use rusqlite::{OptionalExtension, Row, ToSql, params};
use std::rc::Rc;

/// How many rows of each condition are read, step by step, until one of them has no more. Few in tests, so that
/// small stores take every path.
const STEPS: [usize; 3] = if cfg!(test) { [2, 5, 9] } else { [64, 512, 2_048] };
/// The step at which conditions on other resources are turned into sets of resources.
const STEP_OF_LINKS: usize = 1;
/// From this step on it is not asked whether the whole type is small.
const STEP_LAST: usize = STEPS.len() - 1;
/// Different values that one code in any system is taken apart into.
const VALUES_FEW: usize = if cfg!(test) { 2 } else { 8 };

/// Where candidates come from.
pub(super) enum Drive {
    /// From these resources.
    Given(Vec<i64>),
    /// From more than the last of [`STEPS`] under these.
    Many(Vec<Seek>),
    /// From all versions committed from this instant on.
    Log(i64),
    /// From all resources of the type.
    Listing,
}

/// What drives a search.
pub(super) struct Choice {
    pub drive: Drive,
    /// Which of the checks it comes from, if from one.
    pub check: Option<usize>,
}

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
    fn rank(&self) -> u8 {
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

/// Chooses where the candidates that meet all of `checks` come from.
pub(super) fn choose(context: &SearchContext<'_>, kind: i64, checks: &[&Check]) -> Result<Choice, Refusal> {
    let patients = patient_keys(context, kind, checks);
    // Of a past state a type's resources are not told by the heads alone, so reading some of them is not cheap.
    let mut lists = if context.is_past() { Vec::new() } else { vec![(None, vec![Seek::Kind(kind)])] };
    for (i, check) in checks.iter().enumerate() {
        lists.extend(seeks_of(context, check, patients.as_deref())?.map(|seeks| (Some(i), seeks)));
    }
    lists.sort_by_key(|(_, seeks)| seeks.iter().map(Seek::rank).max());
    for (step, limit) in STEPS.into_iter().enumerate() {
        if step == STEP_OF_LINKS {
            for (i, check) in checks.iter().enumerate() {
                let seeks = seeks_of_link(context, check, patients.as_deref())?;
                lists.splice(0..0, seeks.map(|seeks| (Some(i), seeks)));
            }
        }
        if step == STEP_LAST {
            lists.retain(|(_, seeks)| !matches!(seeks.as_slice(), [Seek::Kind(_)]));
        }
        for (check, seeks) in &lists {
            if let Some(found) = read_few(context, seeks, limit)? {
                return Ok(Choice { drive: Drive::Given(found), check: *check });
            }
        }
    }
    if !lists.is_empty() {
        let (check, seeks) = lists.swap_remove(0);
        return Ok(Choice { drive: Drive::Many(seeks), check });
    }
    let from = checks.iter().filter_map(|check| updated_from(check)).max();
    Ok(Choice { drive: from.map_or(Drive::Listing, Drive::Log), check: None })
}

/// The patient keys that what meets the checks can have, where they tell.
fn patient_keys(context: &SearchContext<'_>, kind: i64, checks: &[&Check]) -> Option<Vec<i64>> {
    if context.snapshot.names.kind(kind) == "Patient" {
        return None;
    }
    let patients = checks.iter().find_map(|check| check.patients())?;
    let mut keys = patients.to_vec();
    for patient in patients {
        keys.extend(context.snapshot.names.several_with(*patient));
    }
    keys.sort_unstable();
    keys.dedup();
    Some(keys)
}

/// Where all that meets a check stands in the index; nothing when it may stand nowhere.
fn seeks_of(
    context: &SearchContext<'_>,
    check: &Check,
    patients: Option<&[i64]>,
) -> Result<Option<Vec<Seek>>, Refusal> {
    let mut seeks = Vec::new();
    match check {
        Check::Never => {}
        Check::Ids(ids) => seeks.extend(ids.iter().map(|res| Seek::Resource(*res))),
        Check::Param(check) => {
            let Some(ranges) = ranges_of(check) else { return Ok(None) };
            for (param, range) in ranges {
                push_range(context, param, range, patients, &mut seeks)?;
            }
        }
        Check::Refers(Refers { params, to, itself, .. }) => {
            let range = KeyRange::one(keys::local(*to));
            for param in params {
                push_range(context, *param, range.clone(), patients, &mut seeks)?;
            }
            seeks.extend(itself.then_some(Seek::Resource(*to)));
        }
        Check::Or(checks) => {
            for check in checks {
                match seeks_of(context, check, patients)? {
                    Some(more) => seeks.extend(more),
                    None => return Ok(None),
                }
            }
        }
        Check::Updated(_) | Check::Points(_) | Check::PointedAt(_) => return Ok(None),
    }
    Ok(Some(seeks))
}

/// The same for a check on other resources, where those are few.
fn seeks_of_link(
    context: &SearchContext<'_>,
    check: &Check,
    patients: Option<&[i64]>,
) -> Result<Option<Vec<Seek>>, Refusal> {
    let mut seeks = Vec::new();
    match check {
        Check::Points(points) => {
            let Some(targets) = points.targets(context)? else { return Ok(None) };
            for res in targets.iter() {
                push_range(context, points.number, KeyRange::one(keys::local(*res)), patients, &mut seeks)?;
            }
        }
        Check::PointedAt(pointed) => {
            let Some(targets) = pointed.targets(context)? else { return Ok(None) };
            seeks.extend(targets.iter().map(|res| Seek::Resource(*res)));
        }
        _ => return Ok(None),
    }
    Ok(Some(seeks))
}

/// The ranges that hold a row of everything that meets the check. Of a composite, those of one component.
pub(super) fn ranges_of(check: &ParamCheck) -> Option<Vec<(i64, KeyRange)>> {
    let number = check.number_to_drive()?;
    if check.alternatives.is_empty() {
        return Some(vec![(number, KeyRange::any())]);
    }
    let mut ranges = Vec::new();
    for alternative in &check.alternatives {
        let exact = |ranges: &[KeyRange]| ranges.iter().all(|range| range.few);
        let best = alternative.parts.iter().min_by_key(|(_, test)| !exact(&test.ranges))?;
        ranges.extend(best.1.ranges.iter().map(|range| (best.0, range.clone())));
    }
    Some(ranges)
}

fn push_range(
    context: &SearchContext<'_>,
    param: i64,
    range: KeyRange,
    patients: Option<&[i64]>,
    seeks: &mut Vec<Seek>,
) -> Result<(), Refusal> {
    let Some(patients) = patients.filter(|_| range.few) else {
        seeks.push(Seek::Range { param, range });
        return Ok(());
    };
    let Some(values) = few_values(context, param, &range)? else {
        seeks.push(Seek::Range { param, range });
        return Ok(());
    };
    for value in values {
        let of = |patient: &i64| Seek::OfPatient { param, value: value.clone(), patient: *patient };
        seeks.extend(patients.iter().map(of));
    }
    Ok(())
}

/// The values in a range, if they are few. Under a scope of some patients no one knows how many rows that are
/// hidden lie between two values, so they are not looked for.
fn few_values(
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

/// The least instant that what meets a check can have been committed at.
fn updated_from(check: &Check) -> Option<i64> {
    let Check::Updated(ranges) = check else { return None };
    let from = |range: &Match| match range {
        Match::Date {
            prefix: Prefix::Eq | Prefix::Gt | Prefix::Ge | Prefix::Sa | Prefix::Ap, start, ..
        } => *start,
        _ => i64::MIN,
    };
    ranges.iter().map(from).min().filter(|from| *from > i64::MIN)
}

/// All resources under these, in order and each once, unless there are more rows than `limit`.
fn read_few(context: &SearchContext<'_>, seeks: &[Seek], limit: usize) -> Result<Option<Vec<i64>>, Refusal> {
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
fn read_all(context: &SearchContext<'_>, seeks: &[Seek]) -> Result<Vec<i64>, Refusal> {
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

/// Every candidate, in order and each once.
pub(super) fn candidates(context: &SearchContext<'_>, kind: i64, drive: Drive) -> Result<Vec<i64>, Refusal> {
    match drive {
        Drive::Given(list) => Ok(list),
        Drive::Many(seeks) => read_all(context, &seeks),
        Drive::Listing => context.listing(kind, 0, i64::MAX as usize),
        Drive::Log(from) => context.updated_since(kind, from),
    }
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
    fn updated_since(&self, kind: i64, from: i64) -> Result<Vec<i64>, Refusal> {
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

impl Part {
    /// What drives a search for the part.
    pub fn choose(&self, context: &SearchContext<'_>) -> Result<Choice, Refusal> {
        choose(context, self.number, &self.checks.iter().collect::<Vec<_>>())
    }

    /// Everything that meets the conditions, if the index shows in few steps that it is little.
    pub fn few(&self, context: &SearchContext<'_>) -> Result<Option<Vec<i64>>, Refusal> {
        match self.choose(context)? {
            Choice { drive: Drive::Given(list), check } => self.matching(context, list, check).map(Some),
            _ => Ok(None),
        }
    }

    /// True when something meets the conditions and points at a resource by one of these parameters.
    pub fn any_refers(&self, context: &SearchContext<'_>, refers: Refers) -> Result<bool, Refusal> {
        self.referring_up_to(context, refers, 1).map(|found| !found.is_empty())
    }

    /// What meets the conditions and points at a resource by one of these parameters, at most so much.
    pub fn referring_up_to(
        &self,
        context: &SearchContext<'_>,
        refers: Refers,
        count: usize,
    ) -> Result<Vec<i64>, Refusal> {
        let refers = Check::Refers(refers);
        let mut checks: Vec<&Check> = self.checks.iter().collect();
        checks.push(&refers);
        let drive = choose(context, self.number, &checks)?.drive;
        let mut found = Vec::new();
        for res in candidates(context, self.number, drive)? {
            if found.len() == count {
                break;
            }
            if let Some(state) = context.state(res)?
                && refers.verdict(context, &state)? == keys::Verdict::Yes
                && self.holds(context, &state)?
            {
                found.push(res);
            }
        }
        Ok(found)
    }

    /// Everything that meets the conditions, in order.
    pub fn all(&self, context: &SearchContext<'_>) -> Result<Vec<i64>, Refusal> {
        let Choice { drive, check } = self.choose(context)?;
        let list = candidates(context, self.number, drive)?;
        self.matching(context, list, check)
    }

    /// Those of a list that meet the conditions. `check` is the one that the list comes from.
    pub fn matching(
        &self,
        context: &SearchContext<'_>,
        mut list: Vec<i64>,
        check: Option<usize>,
    ) -> Result<Vec<i64>, Refusal> {
        if self.is_told_by(context, check) {
            return Ok(list);
        }
        let mut failed = Ok(());
        list.retain(|res| {
            let met = || match context.state(*res)? {
                Some(state) => self.holds(context, &state),
                None => Ok(false),
            };
            failed.is_ok()
                && met().unwrap_or_else(|refusal| {
                    failed = Err(refusal);
                    false
                })
        });
        failed.map(|()| list)
    }

    /// True when what the check drives is already all that meets the conditions.
    pub fn is_told_by(&self, context: &SearchContext<'_>, check: Option<usize>) -> bool {
        let told = match (self.checks.as_slice(), check) {
            ([], None) => true,
            ([only], Some(_)) => only.is_told_by_rows(),
            _ => false,
        };
        told && !context.is_past()
    }
}

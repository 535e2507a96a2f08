//! Where the candidates of a search come from: the condition that fewest resources can meet, read from the
//! index. All other conditions are asked of each candidate (see `check.rs`).

use super::SearchContext;
use super::check::{Check, ParamCheck, Refers};
use super::seek::{Seek, few_values, read_all, read_few};
use crate::Refusal;
use crate::keys::{self, KeyRange};
use crate::snapshot::Snapshot;
use fhir::search::{Match, Prefix, Test};

/// How many rows of each condition are read, step by step, until one of them has no more. Few in tests, so
/// that small stores take every path.
const STEPS: [usize; 3] = if cfg!(test) { [2, 5, 9] } else { [64, 512, 2_048] };
/// The step at which conditions on other resources are turned into sets of resources.
const STEP_OF_LINKS: usize = 1;
/// From this step on it is not asked whether the whole type is small.
const STEP_LAST: usize = STEPS.len() - 1;

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

/// What the candidates are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// All of them are read.
    All,
    /// As many as a page needs, in whatever order they come.
    Page,
}

/// Chooses where the candidates that meet all of `checks` come from.
pub(super) fn choose(
    context: &SearchContext<'_>,
    kind: i64,
    checks: &[&Check],
    purpose: Purpose,
) -> Result<Choice, Refusal> {
    let patients = patient_keys(context, kind, checks)?;
    // Of a past state a type's resources are not told by the heads alone, so reading some of them is not
    // cheap.
    let mut lists = if context.is_past() { Vec::new() } else { vec![(None, vec![Seek::Kind(kind)])] };
    for (i, check) in checks.iter().enumerate() {
        lists.extend(seeks_of(context, check, patients.as_deref())?.map(|seeks| (Some(i), seeks)));
    }
    // All of a patient's rows come after those of the patient's that meet something else.
    let names_patient = |check: &Option<usize>| check.is_some_and(|i| checks[i].patients().is_some());
    lists.sort_by_key(|(check, seeks)| (seeks.iter().map(Seek::rank).max(), names_patient(check)));
    // Where there is nothing to choose from, it does not matter how many there are.
    let alone =
        purpose == Purpose::Page && checks.len() <= 1 && !matches!(checks.first(), Some(Check::Text(_)));
    let steps = if alone { &STEPS[..1] } else { &STEPS };
    for (step, limit) in steps.iter().copied().enumerate() {
        if step == STEP_OF_LINKS {
            for (i, check) in checks.iter().enumerate() {
                let seeks = seeks_of_link(context, check, patients.as_deref())?;
                lists.splice(0..0, seeks.map(|seeks| (Some(i), seeks)));
            }
        }
        if step == STEP_LAST {
            lists.retain(|(check, _)| check.is_some());
        }
        for (check, seeks) in &lists {
            if let Some(found) = read_few(context, seeks, limit)? {
                return Ok(Choice { drive: Drive::Given(found), check: *check });
            }
        }
    }
    lists.retain(|(check, _)| check.is_some());
    if !lists.is_empty() {
        let (check, seeks) = lists.swap_remove(0);
        return Ok(Choice { drive: Drive::Many(seeks), check });
    }
    let from = checks.iter().filter_map(|check| updated_from(check)).max();
    Ok(Choice { drive: from.map_or(Drive::Listing, Drive::Log), check: None })
}

/// The patient keys that what meets the checks can have, where they tell.
fn patient_keys(
    context: &SearchContext<'_>,
    kind: i64,
    checks: &[&Check],
) -> Result<Option<Vec<i64>>, Refusal> {
    let Snapshot { conn, names, .. } = context.snapshot;
    let patients = checks.iter().find_map(|check| check.patients());
    let Some(patients) = patients.filter(|_| names.kind(kind) != "Patient") else { return Ok(None) };
    let mut keys = patients.to_vec();
    for patient in patients {
        keys.extend(names.several_with(conn, *patient)?);
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(Some(keys))
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
        // Whatever meets all of them meets the one that looks cheapest.
        Check::And(checks) => {
            let mut best: Option<Vec<Seek>> = None;
            for check in checks {
                let Some(these) = seeks_of(context, check, patients)? else { continue };
                let rank = |seeks: &[Seek]| seeks.iter().map(Seek::rank).max();
                if best.as_deref().is_none_or(|best| rank(&these) < rank(best)) {
                    best = Some(these);
                }
            }
            return Ok(best);
        }
        Check::Updated(_) | Check::Points(_) | Check::PointedAt(_) => return Ok(None),
        Check::Not(_) | Check::Text(_) => return Ok(None),
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
        Check::Text(words) => {
            let Some(found) = context.with_words(words)? else { return Ok(None) };
            seeks.extend(found.into_iter().map(Seek::Resource));
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
    if matches!(check.test, Test::Other(_)) {
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

/// Every candidate, in order and each once.
pub(super) fn candidates(context: &SearchContext<'_>, kind: i64, drive: Drive) -> Result<Vec<i64>, Refusal> {
    match drive {
        Drive::Given(list) => Ok(list),
        Drive::Many(seeks) => read_all(context, &seeks),
        Drive::Listing => context.listing(kind, 0, i64::MAX as usize),
        Drive::Log(from) => context.updated_since(kind, from),
    }
}

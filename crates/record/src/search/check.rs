//! Conditions made ready to be asked of one resource after another: first of its packed index rows, then,
//! where those cannot tell, of the resource itself.

use super::SearchContext;
use super::along::Way;
use super::chain::{PointedAt, Points};
use super::drive::ranges_of;
use super::state::State;
use crate::Refusal;
use crate::keys::{self, KeyRange, KeyTest, Known, Verdict, any_verdict};
use fhir::definitions::{self, SearchParam, search_param};
use fhir::json::Value;
use fhir::search::{Filter, Match, SearchValue, Target, Test, Words, alias, extract_param, matches};
use std::collections::BTreeSet;

/// One condition.
pub(super) enum Check {
    /// Nothing meets it.
    Never,
    /// A parameter of the resource itself.
    Param(ParamCheck),
    /// One of these resources.
    Ids(BTreeSet<i64>),
    /// Committed in one of these ranges.
    Updated(Vec<Match>),
    /// Points at a resource.
    Refers(Refers),
    /// Points at a resource that meets conditions.
    Points(Points),
    /// A resource that meets conditions points here.
    PointedAt(PointedAt),
    /// Has these words.
    Text(Words),
    /// Alternatives.
    Or(Vec<Check>),
    /// All of these.
    And(Vec<Check>),
    /// Not this.
    Not(Box<Check>),
}

/// See [`Check::Refers`].
pub(super) struct Refers {
    /// The parameters that may point.
    pub params: Vec<i64>,
    /// At what.
    pub to: i64,
    /// True when that is a patient.
    pub patient: bool,
    /// True when the resource pointed at is meant, too.
    pub itself: bool,
}

/// See [`Check::Param`].
pub(super) struct ParamCheck {
    param: &'static SearchParam,
    /// Where the index has its rows: under its own number, or that of the parameter it is a part of.
    number: i64,
    /// True when the index has also rows that are not this parameter's.
    narrowed: bool,
    pub test: Test,
    /// What `test` is on the index.
    pub alternatives: Vec<Alternative>,
    /// The patients that the resource must concern, if the test says so.
    patients: Option<Vec<i64>>,
}

/// One alternative of a test: some value of each parameter must meet that parameter's key test.
pub(super) struct Alternative {
    /// One, or for a composite one for each component.
    pub parts: Vec<(i64, KeyTest)>,
    /// True for a composite: only the resource tells whether the values belong together.
    composite: bool,
}

impl Check {
    /// Makes a filter ready for resources of a type.
    pub fn of(context: &SearchContext<'_>, kind: &'static str, filter: &Filter) -> Result<Check, Refusal> {
        Ok(match filter {
            // In a search over several types each alternative is for one of them.
            Filter::Param { param, .. } | Filter::Chain { param, .. } if param.base != kind => Check::Never,
            Filter::Param { param, test } => Check::Param(ParamCheck::of(context, param, test)?),
            Filter::Id(ids) => {
                let mut found = BTreeSet::new();
                for id in ids {
                    found.extend(context.resource(kind, id)?);
                }
                Check::Ids(found)
            }
            Filter::LastUpdated(ranges) => Check::Updated(ranges.clone()),
            Filter::Compartment { kind: owner, id } => compartment(context, kind, owner, id)?,
            Filter::Chain { param, targets } => Check::Points(Points::of(context, param, targets)?),
            Filter::Has { source, param, filter } => {
                Check::PointedAt(PointedAt::of(context, kind, source, param, filter)?)
            }
            Filter::Text(words) => Check::Text(words.clone()),
            Filter::Or(filters) => {
                let mut checks = Check::each(context, kind, filters)?;
                checks.retain(|check| !matches!(check, Check::Never));
                match checks.len() {
                    0 => Check::Never,
                    1 => checks.remove(0),
                    _ => Check::Or(checks),
                }
            }
            Filter::And(filters) => {
                let checks = Check::each(context, kind, filters)?;
                let never = checks.iter().any(|check| matches!(check, Check::Never));
                if never { Check::Never } else { Check::And(checks) }
            }
            Filter::Not(filter) => Check::Not(Box::new(Check::of(context, kind, filter)?)),
        })
    }

    fn each(
        context: &SearchContext<'_>,
        kind: &'static str,
        filters: &[Filter],
    ) -> Result<Vec<Check>, Refusal> {
        filters.iter().map(|filter| Check::of(context, kind, filter)).collect()
    }

    /// What the index says.
    pub fn verdict(&self, context: &SearchContext<'_>, state: &State) -> Result<Verdict, Refusal> {
        let yes = |is: bool| if is { Verdict::Yes } else { Verdict::No };
        Ok(match self {
            Check::Never => Verdict::No,
            Check::Param(check) => check.verdict(state),
            Check::Ids(ids) => yes(ids.contains(&state.res)),
            Check::Updated(ranges) => {
                let at = context.instant(state.vid)?;
                let at = SearchValue::Date { start: at, end: at };
                yes(ranges.iter().any(|range| matches(range, &at)))
            }
            Check::Refers(check) => yes(check.met(state)),
            Check::Points(check) => yes(check.met(context, state)?),
            Check::PointedAt(check) => yes(check.met(context, state)?),
            Check::Or(checks) => {
                let mut best = Verdict::No;
                for check in checks {
                    best = best.max(check.verdict(context, state)?);
                    if best == Verdict::Yes {
                        break;
                    }
                }
                best
            }
            Check::And(checks) => {
                let mut worst = Verdict::Yes;
                for check in checks {
                    worst = worst.min(check.verdict(context, state)?);
                    if worst == Verdict::No {
                        break;
                    }
                }
                worst
            }
            Check::Text(_) => Verdict::Maybe,
            Check::Not(check) => check.verdict(context, state)?.turned(),
        })
    }

    /// The answer, with the resource itself at hand.
    fn holds(
        &self,
        context: &SearchContext<'_>,
        state: &State,
        resource: Value<'_>,
    ) -> Result<bool, Refusal> {
        Ok(match (self, self.verdict(context, state)?) {
            (_, Verdict::Yes) => true,
            (_, Verdict::No) => false,
            (Check::Param(check), Verdict::Maybe) => check.holds(resource),
            (Check::Text(words), Verdict::Maybe) => {
                context.reads_text()?;
                words.met_by(resource)
            }
            (Check::Or(checks), Verdict::Maybe) => {
                let mut held = false;
                for check in checks {
                    held = held || check.holds(context, state, resource)?;
                }
                held
            }
            (Check::And(checks), Verdict::Maybe) => {
                let mut held = true;
                for check in checks {
                    held = held && check.holds(context, state, resource)?;
                }
                held
            }
            (Check::Not(check), Verdict::Maybe) => !check.holds(context, state, resource)?,
            (_, Verdict::Maybe) => false,
        })
    }

    /// True when what has a row in the index where the check looks for it meets the check.
    pub fn is_told_by_rows(&self) -> bool {
        match self {
            Check::Param(check) => check.certain(),
            Check::Refers(check) => !check.itself,
            Check::Points(_) => true,
            Check::Never | Check::Ids(_) | Check::Updated(_) | Check::PointedAt(_) => false,
            Check::Or(_) | Check::And(_) | Check::Not(_) | Check::Text(_) => false,
        }
    }

    /// The way along the index that passes everything which meets this, if there is one.
    pub fn way(&self) -> Option<Way> {
        let (param, ranges) = match self {
            Check::Param(check) => ranges_of(check)?.into_iter().unzip(),
            Check::Refers(Refers { params, to, itself: false, .. }) => {
                (params.clone(), vec![KeyRange::one(keys::local(*to))])
            }
            _ => return None,
        };
        let param: Vec<i64> = param;
        let one = param.iter().all(|other| Some(other) == param.first());
        let param = *param.first().filter(|_| one)?;
        Some(Way { param, ranges: apart(ranges), sorted_as: None, descending: false })
    }

    /// The patients that a resource must concern to meet this, if it says so.
    pub fn patients(&self) -> Option<&[i64]> {
        match self {
            Check::Param(check) => check.patients.as_deref(),
            Check::Refers(Refers { to, patient: true, itself: false, .. }) => Some(std::slice::from_ref(to)),
            Check::And(checks) => checks.iter().find_map(Check::patients),
            _ => None,
        }
    }
}

/// True when the resource meets all of them.
pub(super) fn all_hold(
    context: &SearchContext<'_>,
    checks: &[Check],
    state: &State,
) -> Result<bool, Refusal> {
    let mut certain = true;
    for check in checks {
        match check.verdict(context, state)? {
            Verdict::No => return Ok(false),
            Verdict::Maybe => certain = false,
            Verdict::Yes => {}
        }
    }
    if certain {
        return Ok(true);
    }
    let json = context.resource_of(state)?;
    for check in checks {
        if !check.holds(context, state, json.root())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The same ranges, in order and without overlaps.
fn apart(mut ranges: Vec<KeyRange>) -> Vec<KeyRange> {
    ranges.sort_by(|a, b| a.low.cmp(&b.low));
    ranges.dedup_by(|range, before| {
        let overlaps = range.low < before.high;
        if overlaps && range.high > before.high {
            before.high = std::mem::take(&mut range.high);
        }
        overlaps
    });
    ranges
}

/// Where the index has a parameter's rows, and whether others are among them.
pub(super) fn number_of(context: &SearchContext<'_>, param: &'static SearchParam) -> (i64, bool) {
    let whole = alias(param);
    let number = context.snapshot.names.params()[usize::from(whole.unwrap_or(param).number)];
    (number, whole.is_some())
}

impl Refers {
    fn met(&self, state: &State) -> bool {
        let points = |param: &i64| state.targets(*param).any(|res| res == self.to);
        self.itself && state.res == self.to || self.params.iter().any(points)
    }
}

fn compartment(
    context: &SearchContext<'_>,
    kind: &'static str,
    owner: &str,
    id: &str,
) -> Result<Check, Refusal> {
    let Some(to) = context.resource(owner, id)? else { return Ok(Check::Never) };
    let mut params: Vec<i64> =
        definitions::compartment(owner, kind).map(|param| number_of(context, param).0).collect();
    params.sort_unstable();
    params.dedup();
    let itself = kind == owner;
    Ok(if params.is_empty() && !itself {
        Check::Never
    } else {
        Check::Refers(Refers { params, to, patient: owner == "Patient", itself })
    })
}

impl ParamCheck {
    fn of(
        context: &SearchContext<'_>,
        param: &'static SearchParam,
        test: &Test,
    ) -> Result<ParamCheck, Refusal> {
        let (number, narrowed) = number_of(context, param);
        let mut check = ParamCheck {
            param,
            number,
            narrowed,
            test: test.clone(),
            alternatives: Vec::new(),
            patients: None,
        };
        if let Test::Any(tests) | Test::Not(tests) | Test::Other(tests) = test {
            for test in tests {
                check.alternatives.push(check.alternative(context, test)?);
            }
        }
        check.patients = check.only_patients(context)?;
        Ok(check)
    }

    fn alternative(&self, context: &SearchContext<'_>, test: &Match) -> Result<Alternative, Refusal> {
        let parts = match test {
            Match::Composite(tests) => {
                let mut parts = Vec::with_capacity(tests.len());
                for (test, (code, _)) in tests.iter().zip(self.param.components) {
                    if let Some(param) = search_param(self.param.base, code) {
                        parts.push((number_of(context, param).0, KeyTest::new(test, context)?));
                    }
                }
                parts
            }
            Match::Reference { targets } if self.narrowed => {
                // What points elsewhere may be of any type by its address.
                let here = |target: &Target| match target {
                    Target::Local(kind, _) => self.param.targets.contains(&kind.as_str()),
                    Target::Url(_) => false,
                };
                let elsewhere = targets.iter().any(|target| matches!(target, Target::Url(_)));
                let kept = targets.iter().filter(|t| here(t) || matches!(t, Target::Url(_))).cloned();
                let key = KeyTest::new(&Match::Reference { targets: kept.collect() }, context)?;
                vec![(self.number, if elsewhere { key.unsure() } else { key })]
            }
            Match::ReferenceIdentifier { .. } if self.narrowed => {
                vec![(self.number, KeyTest::new(test, context)?.unsure())]
            }
            _ => vec![(self.number, KeyTest::new(test, context)?)],
        };
        Ok(Alternative { parts, composite: matches!(test, Match::Composite(_)) })
    }

    /// A resource that points at a patient concerns that patient; a patient concerns itself.
    fn only_patients(&self, context: &SearchContext<'_>) -> Result<Option<Vec<i64>>, Refusal> {
        let Test::Any(tests) = &self.test else { return Ok(None) };
        if self.param.base == "Patient" {
            return Ok(None);
        }
        let mut patients = Vec::new();
        for test in tests {
            let Match::Reference { targets } = test else { return Ok(None) };
            for target in targets {
                match target {
                    Target::Local(kind, id) if kind == "Patient" => {
                        patients.extend(context.resource(kind, id)?);
                    }
                    // A bare id may be of any type, but is mostly of one that is there.
                    Target::Local(kind, id) if context.resource(kind, id)?.is_none() => {}
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(patients))
    }

    fn verdict(&self, state: &State) -> Verdict {
        match &self.test {
            Test::Any(_) => self.any(state),
            Test::Not(_) => self.any(state).turned(),
            Test::Other(_) => self.other(state),
            Test::Missing(missing) => match state.values(self.number).next() {
                Some(_) if self.narrowed => Verdict::Maybe,
                Some(_) if *missing => Verdict::No,
                None if !*missing => Verdict::No,
                _ => Verdict::Yes,
            },
        }
    }

    fn any(&self, state: &State) -> Verdict {
        let of = |alternative: &Alternative| {
            let parts = alternative.parts.iter();
            let verdicts =
                parts.map(|(number, test)| any_verdict(std::slice::from_ref(test), state.values(*number)));
            let most = if alternative.composite { Verdict::Maybe } else { Verdict::Yes };
            verdicts.min().unwrap_or(Verdict::Maybe).min(most)
        };
        self.alternatives.iter().map(of).max().unwrap_or(Verdict::No)
    }

    /// Whether some value meets none of the alternatives; which values those are, the resource tells.
    fn other(&self, state: &State) -> Verdict {
        if state.values(self.number).next().is_some() { Verdict::Maybe } else { Verdict::No }
    }

    fn holds(&self, resource: Value<'_>) -> bool {
        self.test.met_by(&extract_param(resource, self.param))
    }

    /// True when a row in the ranges of an alternative is enough to meet the test.
    pub fn certain(&self) -> bool {
        let sure = |alternative: &Alternative| {
            !alternative.composite && alternative.parts.iter().all(|(_, test)| test.certain())
        };
        matches!(self.test, Test::Any(_)) && self.alternatives.iter().all(sure)
    }

    /// The number to drive on and the test, unless the test is met by what has no rows.
    pub fn number_to_drive(&self) -> Option<i64> {
        match self.test {
            Test::Any(_) | Test::Other(_) | Test::Missing(false) => Some(self.number),
            Test::Not(_) | Test::Missing(true) => None,
        }
    }
}

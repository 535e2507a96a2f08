//! The conditions of a query on one type of resource.

use super::SearchContext;
use super::check::{Check, Refers, all_hold};
use super::drive::{Choice, Drive, Purpose, candidates, choose};
use super::state::State;
use crate::keys::Verdict;
use crate::{Refusal, fault};
use fhir::definitions::RESOURCES;
use fhir::search::{Base, Filter, Query};

/// The conditions of a query on one type of resource.
pub(super) struct Part {
    pub kind: &'static str,
    /// Number of the type.
    pub number: i64,
    pub checks: Vec<Check>,
}

impl Part {
    pub fn of(context: &SearchContext<'_>, kind: &'static str, filters: &[Filter]) -> Result<Part, Refusal> {
        let checks =
            filters.iter().map(|filter| Check::of(context, kind, filter)).collect::<Result<_, _>>()?;
        let number = context.snapshot.names.type_number(kind);
        let number = number.ok_or_else(|| fault("search a type", "the store has no number for it"))?;
        Ok(Part { kind, number, checks })
    }

    /// True when a resource is of the type and meets the conditions.
    pub fn holds(&self, context: &SearchContext<'_>, state: &State) -> Result<bool, Refusal> {
        Ok(state.kind == self.number && all_hold(context, &self.checks, state)?)
    }

    fn is_empty(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::Never))
    }

    /// What drives a search for the part.
    pub fn choose(&self, context: &SearchContext<'_>, purpose: Purpose) -> Result<Choice, Refusal> {
        choose(context, self.number, &self.checks.iter().collect::<Vec<_>>(), purpose)
    }

    /// Everything that meets the conditions, if the index shows in few steps that it is little.
    pub fn few(&self, context: &SearchContext<'_>) -> Result<Option<Vec<i64>>, Refusal> {
        match self.choose(context, Purpose::All)? {
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
        let drive = choose(context, self.number, &checks, Purpose::All)?.drive;
        let mut found = Vec::new();
        let list = candidates(context, self.number, drive)?;
        context.expect(list.iter().copied());
        for res in list {
            if found.len() == count {
                break;
            }
            if let Some(state) = context.state(res)?
                && refers.verdict(context, &state)? == Verdict::Yes
                && self.holds(context, &state)?
            {
                found.push(res);
            }
        }
        Ok(found)
    }

    /// Everything that meets the conditions, in order.
    pub fn all(&self, context: &SearchContext<'_>) -> Result<Vec<i64>, Refusal> {
        let Choice { drive, check } = self.choose(context, Purpose::All)?;
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
        context.expect(list.iter().copied());
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

/// The types that a query is about, and its conditions on each.
pub(super) fn parts(context: &SearchContext<'_>, query: &Query) -> Result<Vec<Part>, Refusal> {
    let kinds = match &query.base {
        Base::Type(kind) => std::slice::from_ref(kind),
        Base::Types(kinds) if kinds.is_empty() => RESOURCES,
        Base::Types(kinds) => kinds,
    };
    let mut parts = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let part = Part::of(context, kind, &query.filters)?;
        if !part.is_empty() {
            parts.push(part);
        }
    }
    Ok(parts)
}

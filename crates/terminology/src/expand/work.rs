//! What an expansion may cost. A value set may come with the request, and a few words of it can ask for what takes
//! hours: a hundred thousand concepts, each held against a thousand patterns.

use super::items::{ASKED_EACH_MAX, Item, chosen};
use crate::issue::{Issue, Refused};
use crate::set::{Clause, Condition, Membership, Place, Set};
use crate::system::{Concept, Content, System};
use fhir::outcome::Kind;
use std::cell::Cell;
use std::collections::HashSet;

/// Steps of one expansion, at most: a step is one concept that is asked one simple thing.
const STEPS_MAX: u64 = 100_000_000;
/// Steps of holding one value against a pattern.
const PATTERN: u64 = 50;
/// Steps of reading a pattern, or of evaluating an expression constraint, for one concept alone.
const READ: u64 = 1_000;

/// The steps that are left.
pub(super) struct Work(Cell<u64>);

impl Work {
    pub fn new() -> Work {
        Work(Cell::new(STEPS_MAX))
    }

    /// Takes so many times so many steps, or refuses the expansion.
    pub fn spend(&self, times: usize, steps: u64) -> Result<(), Refused> {
        let cost = steps.saturating_mul(times as u64);
        let left = self.0.get().checked_sub(cost).ok_or_else(too_costly)?;
        self.0.set(left);
        Ok(())
    }
}

fn too_costly() -> Refused {
    let text =
        "To find the codes of this value set takes too many steps. Ask for it with fewer or simpler filters.";
    let issue =
        Issue { kind: None, ..Issue::error("too-costly", "", "VALUESET_TOO_COSTLY", text.to_owned()) };
    Refused::new(Kind::Invalid, issue)
}

/// Steps of a filter for each concept of a system, when all that meet it are found at once.
pub(super) fn at_once(condition: &Condition) -> u64 {
    let long = 1 + condition.value.len() as u64 / 64;
    if condition.op == "regex" { PATTERN * long } else { long }
}

/// Steps of a filter for one concept alone.
pub(super) fn alone(condition: &Condition) -> u64 {
    let reads = condition.op == "regex" || matches!(condition.property.as_str(), "constraint" | "expression");
    if reads { READ + at_once(condition) } else { at_once(condition) }
}

/// Steps of the question whether a code is in all of these.
pub(super) fn of_sets<'s>(sets: impl IntoIterator<Item = &'s std::sync::Arc<Set>>) -> u64 {
    let of_set =
        |set: &Set| set.include.iter().chain(&set.exclude).map(of_clause).fold(0, u64::saturating_add);
    sets.into_iter().map(|set| of_set(set)).fold(0, u64::saturating_add)
}

/// Steps of the question whether a code is in a clause.
pub(super) fn of_clause(clause: &Clause) -> u64 {
    let filters = clause.filters.iter().map(alone).fold(1, u64::saturating_add);
    filters.saturating_add(of_sets(&clause.sets))
}

/// What a value set leaves out.
pub(super) struct Excludes<'s> {
    all: Vec<Exclude<'s>>,
}

struct Exclude<'s> {
    clause: &'s Clause,
    /// What meets its filters, once that was found.
    found: Option<HashSet<Concept>>,
}

impl<'s> Excludes<'s> {
    pub fn of(set: &'s Set) -> Excludes<'s> {
        Excludes { all: set.exclude.iter().map(|clause| Exclude { clause, found: None }).collect() }
    }

    /// Takes what is left out from the members that an include gives.
    pub fn apply(&mut self, mut items: Vec<Item<'s>>, work: &Work) -> Result<Vec<Item<'s>>, Refused> {
        for exclude in &mut self.all {
            items = exclude.apply(items, work)?;
        }
        Ok(items)
    }
}

impl<'s> Exclude<'s> {
    /// Address and list of the system whose concepts it leaves out by filters alone.
    fn listed(&self) -> Option<(&'s str, &'s dyn System)> {
        let named = self.clause.system.as_ref()?;
        let Place::System(system) = &named.place else { return None };
        let plain = self.clause.concepts.is_none() && self.clause.sets.is_empty();
        (plain && system.content() != Content::Part).then_some((named.url.as_str(), &**system))
    }

    fn apply(&mut self, items: Vec<Item<'s>>, work: &Work) -> Result<Vec<Item<'s>>, Refused> {
        if let Some((url, system)) = self.listed()
            && items.iter().filter(|item| item.named.url == url).count() > ASKED_EACH_MAX
        {
            if self.found.is_none() {
                let found = chosen(self.clause, system, None, usize::MAX, work)?;
                self.found = Some(found.into_iter().collect());
            }
            work.spend(items.len(), 1)?;
            let is_found = |one| self.found.as_ref().is_some_and(|found| found.contains(&one));
            let is_out =
                |item: &Item<'_>| item.named.url == url && system.find(&item.code()).is_some_and(is_found);
            return Ok(items.into_iter().filter(|item| !is_out(item)).collect());
        }
        work.spend(items.len(), of_clause(self.clause))?;
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            match self.clause.has(&item.named.url, &item.code()) {
                Membership::In(_) => {}
                Membership::Unsure(why) => return Err(Refused::unsupported(why)),
                Membership::Out => kept.push(item),
            }
        }
        Ok(kept)
    }
}

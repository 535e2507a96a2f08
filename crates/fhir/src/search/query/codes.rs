//! Conditions that name codes by a value set or by a code above or below them become conditions on these codes.

use super::values::is_implied;
use super::{Filter, Query, Test};
use crate::Refusal;
use crate::definitions::SearchParam;
use crate::search::value::{Around, Match, System};

/// Who knows the codes that are meant: by system.
pub type Ask<'a> = dyn FnMut(&Around) -> Result<Vec<(String, Vec<String>)>, Refusal> + 'a;

impl Query {
    /// Puts the codes that `:in`, `:not-in`, `:below` and `:above` mean in their place.
    pub fn resolve(&mut self, ask: &mut Ask<'_>) -> Result<(), Refusal> {
        self.filters.iter_mut().try_for_each(|filter| resolve(filter, ask))
    }
}

fn resolve(filter: &mut Filter, ask: &mut Ask<'_>) -> Result<(), Refusal> {
    match filter {
        Filter::Param { param, test: Test::Any(tests) | Test::Not(tests) | Test::Other(tests) } => {
            if tests.iter().any(|test| matches!(test, Match::Codes(_))) {
                *tests = tokens(param, tests, ask)?;
            }
            Ok(())
        }
        Filter::Chain { targets, .. } => targets.iter_mut().try_for_each(|(_, filter)| resolve(filter, ask)),
        Filter::Has { filter, .. } | Filter::Not(filter) => resolve(filter, ask),
        Filter::Or(filters) | Filter::And(filters) => {
            filters.iter_mut().try_for_each(|filter| resolve(filter, ask))
        }
        Filter::Param { test: Test::Missing(_), .. }
        | Filter::Id(_)
        | Filter::LastUpdated(_)
        | Filter::Compartment { .. }
        | Filter::Text(_) => Ok(()),
    }
}

fn tokens(param: &SearchParam, tests: &[Match], ask: &mut Ask<'_>) -> Result<Vec<Match>, Refusal> {
    let mut found = Vec::new();
    for test in tests {
        let Match::Codes(around) = test else {
            found.push(test.clone());
            continue;
        };
        for (system, codes) in ask(around)? {
            let system = if is_implied(param, &system) { System::Absent } else { System::Is(system) };
            found.extend(
                codes.into_iter().map(|code| Match::Token { system: system.clone(), code: Some(code) }),
            );
        }
    }
    Ok(found)
}

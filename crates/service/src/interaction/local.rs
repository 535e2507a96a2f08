//! Whether a resource that is not in the record yet meets criteria: for conditional references and
//! conditional creates that mean an entry of their own transaction.

use fhir::json::Value;
use fhir::search::{Base, Filter, Query, Test, extract_param, matches};

/// True when the resource meets all criteria that can be judged by looking at it alone. Criteria that lead to
/// other resources (chains) are never met: only the record can follow them.
pub(super) fn meets(query: &Query, kind: &str, id: &str, resource: Value<'_>) -> bool {
    let right_type = match &query.base {
        Base::Type(base) => *base == kind,
        Base::Types(bases) => bases.is_empty() || bases.contains(&kind),
    };
    right_type && query.filters.iter().all(|filter| meets_filter(filter, id, resource))
}

fn meets_filter(filter: &Filter, id: &str, resource: Value<'_>) -> bool {
    match filter {
        Filter::Param { param, test } => {
            let values = extract_param(resource, param);
            let any = |tests: &[_]| values.iter().any(|value| tests.iter().any(|test| matches(test, value)));
            match test {
                Test::Any(tests) => any(tests),
                Test::Not(tests) => !any(tests),
                Test::Missing(missing) => values.is_empty() == *missing,
            }
        }
        Filter::Id(ids) => ids.iter().any(|wanted| wanted == id),
        Filter::Or(filters) => filters.iter().any(|filter| meets_filter(filter, id, resource)),
        Filter::LastUpdated(_) | Filter::Chain { .. } | Filter::Has { .. } | Filter::Compartment { .. } => {
            false
        }
    }
}

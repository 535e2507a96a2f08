//! Whether a resource that is not in the record yet meets criteria: for conditional references and
//! conditional creates that mean an entry of their own transaction.

use fhir::json::Value;
use fhir::search::{Base, Filter, Query, extract_param};

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
        Filter::Param { param, test } => test.met_by(&extract_param(resource, param)),
        Filter::Id(ids) => ids.iter().any(|wanted| wanted == id),
        Filter::Or(filters) => filters.iter().any(|filter| meets_filter(filter, id, resource)),
        Filter::Text(words) => words.met_by(resource),
        Filter::And(filters) => filters.iter().all(|filter| meets_filter(filter, id, resource)),
        // What only the record can follow is not met, and neither is its opposite.
        Filter::Not(filter) => !leads_on(filter) && !meets_filter(filter, id, resource),
        Filter::LastUpdated(_) | Filter::Chain { .. } | Filter::Has { .. } | Filter::Compartment { .. } => {
            false
        }
    }
}

/// True when a filter leads to other resources or to when something was written.
fn leads_on(filter: &Filter) -> bool {
    match filter {
        Filter::Param { .. } | Filter::Id(_) | Filter::Text(_) => false,
        Filter::Or(filters) | Filter::And(filters) => filters.iter().any(leads_on),
        Filter::Not(filter) => leads_on(filter),
        Filter::LastUpdated(_) | Filter::Chain { .. } | Filter::Has { .. } | Filter::Compartment { .. } => {
            true
        }
    }
}

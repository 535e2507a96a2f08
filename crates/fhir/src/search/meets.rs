//! Whether one resource meets conditions, asked of the resource itself: for what looks at changes one by one.

use super::extract::extract_param;
use super::matching::matches;
use super::query::{Filter, Test};
use super::value::{Match, SearchValue, Target};
use crate::Instant;
use crate::definitions::{SearchParam, compartment};
use crate::json::Value;

/// True when the condition can be told from the resource alone: it follows no reference, in no direction, and names no
/// codes by a value set or by another code (`:in`, `:below`) that are still to be found.
pub fn stands_alone(filter: &Filter) -> bool {
    match filter {
        Filter::Chain { .. } | Filter::Has { .. } => false,
        Filter::Or(filters) | Filter::And(filters) => filters.iter().all(stands_alone),
        Filter::Not(filter) => stands_alone(filter),
        Filter::Param { test: Test::Any(tests) | Test::Not(tests) | Test::Other(tests), .. } => {
            !tests.iter().any(|test| matches!(test, Match::Codes(_)))
        }
        Filter::Param { test: Test::Missing(_), .. }
        | Filter::Id(_)
        | Filter::LastUpdated(_)
        | Filter::Compartment { .. }
        | Filter::Text(_) => true,
    }
}

/// Whether a resource, as it was committed at an instant, meets a condition. One that does not stand alone
/// ([`stands_alone`]) is never met.
pub fn meets(filter: &Filter, resource: Value<'_>, updated: Instant) -> bool {
    let kind = resource.str("resourceType").unwrap_or_default();
    match filter {
        Filter::Param { param, .. } if param.base != kind => false,
        Filter::Param { param, test } => test.met_by(&extract_param(resource, param)),
        Filter::Id(ids) => resource.str("id").is_some_and(|id| ids.iter().any(|one| *one == id)),
        Filter::LastUpdated(ranges) => {
            let at = SearchValue::Date { start: updated.0, end: updated.0 };
            ranges.iter().any(|range| matches(range, &at))
        }
        Filter::Compartment { kind: owner, id } => {
            let itself = kind == *owner && resource.str("id").as_deref() == Some(id);
            itself || compartment(owner, &kind).any(|param| points(resource, param, (*owner, id)))
        }
        Filter::Text(words) => words.met_by(resource),
        Filter::And(filters) => filters.iter().all(|filter| meets(filter, resource, updated)),
        Filter::Not(filter) => !meets(filter, resource, updated),
        Filter::Or(filters) => filters.iter().any(|filter| meets(filter, resource, updated)),
        Filter::Chain { .. } | Filter::Has { .. } => false,
    }
}

fn points(resource: Value<'_>, param: &'static SearchParam, (owner, id): (&str, &str)) -> bool {
    let wanted = SearchValue::Reference(Target::Local(owner.into(), id.into()));
    extract_param(resource, param).contains(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Handling, Query};
    use crate::{Json, Limits};

    const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o1","status":"final",
        "code":{"coding":[{"system":"http://loinc.org","code":"1975-2"}]},
        "subject":{"reference":"Patient/p1"},"valueQuantity":{"value":7.2,"unit":"mg/dL"}}"#;

    fn check(query: &str, expected: bool) {
        let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let query =
            Query::parse(Some("Observation"), &pairs, Handling::Strict, Instant(0), "https://c/").unwrap();
        let json = Json::parse(OBSERVATION, Limits::DOOR).unwrap();
        let at = Instant::parse("2026-11-24T09:00:00Z").unwrap();
        let met = query.filters.iter().all(|filter| meets(filter, json.root(), at));
        assert_eq!(met, expected, "{pairs:?}");
    }

    #[test]
    fn a_resource_alone_meets_what_a_search_would_find() {
        check("", true);
        check("code=http://loinc.org|1975-2", true);
        check("code=http://loinc.org|1975-2,2160-0&status=final", true);
        check("code=2160-0", false);
        check("status:not=final", false);
        check("patient=Patient/p1", true);
        check("patient=p2", false);
        check("value-quantity=gt7", true);
        check("value-quantity=lt7", false);
        check("_id=o1", true);
        check("_id=o2", false);
        check("_lastUpdated=2026-11-24", true);
        check("_lastUpdated=lt2026-11-24", false);
        check("encounter:missing=true", true);
    }

    #[test]
    fn what_asks_other_resources_does_not_stand_alone() {
        for (query, alone) in [
            ("status", true),
            ("subject:Patient.name", false),
            ("_has:Provenance:target:agent", false),
            ("status:in", false),
            ("status:not-in", false),
        ] {
            let pairs = [(query.to_owned(), "final".to_owned())];
            let query = Query::parse(Some("Observation"), &pairs, Handling::Strict, Instant(0), "https://c/");
            assert_eq!(query.unwrap().filters.iter().all(stands_alone), alone);
        }
    }
}

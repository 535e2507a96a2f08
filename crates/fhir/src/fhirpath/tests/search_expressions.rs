//! Every search parameter's expression on every published example.

use crate::definitions::{RESOURCES, SEARCH_PARAMS, search_params};
use crate::fhirpath::Expression;
use crate::json::{Json, Limits};
use crate::suites;

#[test]
fn every_expression_parses() {
    assert!(SEARCH_PARAMS.len() > 1_300 && RESOURCES.len() > 140);
    for param in SEARCH_PARAMS {
        let parsed = Expression::parse(param.expression);
        assert!(
            parsed.is_ok(),
            "{}.{} {}: {}",
            param.base,
            param.code,
            param.expression,
            parsed.unwrap_err()
        );
    }
}

#[test]
fn every_expression_is_evaluated_on_every_example_without_fault() {
    let mut count = 0;
    for (name, text) in suites::files("fhir-r4-examples") {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        let kind = json.root().str("resourceType").unwrap();
        for param in search_params(&kind) {
            let items = Expression::parse(param.expression).unwrap().evaluate(json.root());
            let items = items.unwrap_or_else(|fault| panic!("{name} {}: {fault}", param.expression));
            count += items.len();
        }
    }
    eprintln!("{count} items found in the examples");
}

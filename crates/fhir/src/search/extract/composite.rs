//! Composite parameters: values that stand together.

use super::read::{self, Sink};
use crate::definitions::{ParamKind, SEARCH_PARAMS, SearchParam, search_param};
use crate::fhirpath::{Expression, Item, Node};
use crate::search::value::SearchValue;
use std::sync::{LazyLock, OnceLock};

/// What a composite is made of.
struct Program {
    /// What each tuple is read from.
    whole: Expression,
    parts: Vec<(ParamKind, Expression)>,
}

fn program(param: &'static SearchParam) -> &'static Program {
    static PROGRAMS: LazyLock<Vec<OnceLock<Program>>> =
        LazyLock::new(|| SEARCH_PARAMS.iter().map(|_| OnceLock::new()).collect());
    PROGRAMS[usize::from(param.number)].get_or_init(|| {
        let parse =
            |text: &str| Expression::parse(text).expect("a test parses every expression of composites");
        let part = |(code, text): &(&'static str, &'static str)| {
            let of = search_param(param.base, code).expect("a test finds every part of composites");
            (of.kind, parse(&corrected(param, code, text)))
        };
        Program { whole: parse(param.expression), parts: param.components.iter().map(part).collect() }
    })
}

/// The published expressions have two slips: a type that FHIR writes `dateTime`, and the parts of
/// `DocumentReference.relationship` the wrong way round.
fn corrected(param: &SearchParam, code: &str, text: &str) -> String {
    match (param.base, param.code, code) {
        ("DocumentReference", "relationship", "relatesto") => "target".to_owned(),
        ("DocumentReference", "relationship", "relation") => "code".to_owned(),
        _ => text.replace("as(DateTime)", "as(dateTime)"),
    }
}

/// One tuple for each item of the composite in which every part has a value.
pub(super) fn tuples(resource: Node<'_>, param: &'static SearchParam) -> Vec<SearchValue> {
    let program = program(param);
    let items = program.whole.evaluate_on(Item::Node(resource), resource).unwrap_or_default();
    let mut tuples: Vec<SearchValue> = Vec::new();
    for item in items {
        let parts: Vec<Vec<SearchValue>> =
            program.parts.iter().map(|(kind, part)| values(*kind, part, &item, resource)).collect();
        let whole = parts.iter().all(|values| !values.is_empty());
        let tuple = SearchValue::Composite(parts);
        if whole && !tuples.contains(&tuple) {
            tuples.push(tuple);
        }
    }
    tuples
}

fn values(kind: ParamKind, part: &Expression, item: &Item<'_>, resource: Node<'_>) -> Vec<SearchValue> {
    let mut entries = Vec::new();
    let mut sink = Sink { param: 0, entries: &mut entries };
    let items = part.evaluate_on(item.clone(), resource).unwrap_or_default();
    items.iter().for_each(|item| read::item(kind, item, &mut sink));
    let values = super::in_order(entries).into_iter().map(|entry| entry.value);
    values.filter(|value| *value != SearchValue::Present).collect()
}

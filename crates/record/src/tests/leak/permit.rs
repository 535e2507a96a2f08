//! The rule of who may see what, written again from the rule and from nothing of the record.
//!
//! A resource is seen when its type is in the scope, and every patient that it points at is in reach; a patient,
//! when it is in reach itself. So a resource that points at no patient is seen by all whose types hold it. A
//! patient of whom nothing was ever filed is in nobody's reach.

use super::world::World;
use crate::{Reach, Scope};
use fhir::{Json, Limits, Value};
use std::collections::BTreeSet;

/// Types and ids of what is seen.
pub(super) fn permitted(world: &World, scope: &Scope) -> BTreeSet<(&'static str, String)> {
    let last = world.last();
    let seen = |kind: &'static str, id: &str, text: &str| {
        let of_type = scope.types.as_ref().is_none_or(|types| types.contains(kind));
        let reached = match &scope.reach {
            Reach::Everyone => true,
            Reach::Patients(reach) => patients(kind, id, text)
                .iter()
                .all(|id| reach.contains(id) && last.contains_key(&("Patient", id.as_str()))),
        };
        of_type && reached
    };
    let all = last.iter().filter(|((kind, id), text)| seen(kind, id, text));
    all.map(|((kind, id), _)| (*kind, (*id).to_owned())).collect()
}

/// The patients that a resource concerns.
fn patients(kind: &str, id: &str, text: &str) -> BTreeSet<String> {
    if kind == "Patient" {
        return BTreeSet::from([id.to_owned()]);
    }
    let json = Json::parse(text, Limits::FILE).unwrap();
    let mut found = BTreeSet::new();
    references(json.root(), &mut found);
    found
}

fn references(value: Value<'_>, found: &mut BTreeSet<String>) {
    for (name, member) in value.members() {
        let text = member.as_str().unwrap_or_default();
        if let Some(id) = text.strip_prefix("Patient/").filter(|_| name == "reference") {
            found.insert(id.to_owned());
        }
        references(member, found);
    }
    value.items().for_each(|item| references(item, found));
}

#[test]
fn the_reference_knows_who_may_see_what() {
    let scope = super::narrow(&["ann", "bob"], None);
    let step = |kind: &'static str, id: &str, text: &str| super::world::Step {
        commit: 0,
        kind,
        id: id.to_owned(),
        text: Some(text.to_owned()),
    };
    let world = World {
        orderly: true,
        steps: vec![
            step("Patient", "ann", r#"{"link":[{"other":{"reference":"Patient/eve"}}]}"#),
            step("Patient", "eve", "{}"),
            step("Organization", "ward", "{}"),
            step("Observation", "of-ann", r#"{"subject":{"reference":"Patient/ann"}}"#),
            step("Observation", "of-eve", r#"{"subject":{"reference":"Patient/eve"}}"#),
            step("Observation", "of-bob", r#"{"subject":{"reference":"Patient/bob"}}"#),
            step(
                "Appointment",
                "both",
                r#"{"participant":[{"actor":{"reference":"Patient/ann"}},{"actor":{"reference":"Patient/eve"}}]}"#,
            ),
        ],
    };
    let seen = permitted(&world, &scope);
    let ids: Vec<&str> = seen.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["of-ann", "ward", "ann"]);
}

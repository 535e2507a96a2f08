//! The rule of who may see what, written again from the rule and from nothing of the record.
//!
//! A resource is seen when its type is in the scope, and every patient that it points at is in reach; a patient,
//! when it is in reach itself. So a resource that points at no patient is seen by all whose types hold it. A
//! patient of whom nothing was ever filed is in nobody's reach. Who does not reach everyone sees no version from
//! before a patient was taken off: what was filed under the wrong patient is theirs to see who put it right.

use super::world::World;
use crate::{Reach, Scope};
use fhir::{Json, Limits, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is seen, by type and id.
pub(super) type Permitted = BTreeMap<(&'static str, String), Versions>;

/// Which versions of a resource are seen: all from one on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Versions {
    /// The step that wrote the first of them.
    pub from: usize,
    /// How many there are before it.
    pub skipped: u64,
}

/// What becomes of a resource.
#[derive(Default)]
struct Life<'w> {
    text: Option<&'w str>,
    patients: BTreeSet<String>,
    versions: u64,
    seen: Versions,
}

/// What is seen of a world.
pub(super) fn permitted(world: &World, scope: &Scope) -> Permitted {
    let mut lives: BTreeMap<(&'static str, &str), Life<'_>> = BTreeMap::new();
    for (number, step) in world.steps.iter().enumerate().filter(|(_, step)| step.laying.is_none()) {
        let life = lives.entry((step.kind, &step.id)).or_default();
        if life.text == step.text.as_deref() {
            continue;
        }
        life.text = step.text.as_deref();
        if let Some(text) = life.text {
            let patients = patients(step.kind, &step.id, text);
            let is_narrow = scope.reach != Reach::Everyone || scope.barred.is_some();
            if !life.patients.is_subset(&patients) && is_narrow {
                life.seen = Versions { from: number, skipped: life.versions };
            }
            life.patients = patients;
        }
        life.versions += 1;
    }
    let known = |id: &String| lives.contains_key(&("Patient", id.as_str()));
    let bears = super::bears::bears(world);
    let seen = |(kind, id): (&'static str, &str), life: &Life<'_>| {
        let of_type = scope.types.as_ref().is_none_or(|types| types.contains(kind));
        let traced = scope.traced.as_ref().is_some_and(|types| types.contains(kind));
        let reached = match &scope.reach {
            Reach::Everyone => true,
            Reach::Patients(reach) => life.patients.iter().all(|id| reach.contains(id) && known(id)),
        };
        let marks = &bears[&(kind, id.to_owned())];
        let is_barred = |id: &String| known(id) && scope.barred.as_ref().is_some_and(|ids| ids.contains(id));
        let barred = life.patients.iter().any(is_barred);
        of_type && (traced || reached) && !barred && super::bears::shows(scope, marks, &life.patients)
    };
    let all = lives.iter().filter(|(name, life)| seen(**name, life));
    all.map(|((kind, id), life)| ((*kind, (*id).to_owned()), life.seen)).collect()
}

/// The patients that a resource concerns.
pub(super) fn patients(kind: &str, id: &str, text: &str) -> BTreeSet<String> {
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
        custodian: None,
        laying: None,
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
            step("Observation", "moved", r#"{"subject":{"reference":"Patient/eve"}}"#),
            step("Observation", "moved", r#"{"subject":{"reference":"Patient/ann"}}"#),
            step(
                "Appointment",
                "both",
                r#"{"participant":[{"actor":{"reference":"Patient/ann"}},{"actor":{"reference":"Patient/eve"}}]}"#,
            ),
        ],
    };
    let seen = permitted(&world, &scope);
    let ids: Vec<&str> = seen.keys().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["moved", "of-ann", "ward", "ann"]);
    assert_eq!(seen[&("Observation", "moved".to_owned())], Versions { from: 7, skipped: 1 });
}

//! What each resource bears, written again from the rule: its custodian's mark; what is laid on it; what is laid on
//! all that concerns its patients; and of what any of its versions says again, or happened within, whatever passes on.

use super::world::{Laying, World};
use crate::{Marks, Over, Scope};
use fhir::{Json, Limits, Value};
use std::collections::{BTreeMap, BTreeSet};

type Name = (&'static str, String);

/// The marks of every resource of a world, as they are at its end.
pub(super) fn bears(world: &World) -> BTreeMap<Name, Marks> {
    let mut custodians: BTreeMap<Name, Option<&str>> = BTreeMap::new();
    let mut targets: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    let mut patients: BTreeMap<Name, BTreeSet<String>> = BTreeMap::new();
    let mut laid: BTreeMap<(Name, bool), Marks> = BTreeMap::new();
    for step in &world.steps {
        let name = (step.kind, step.id.clone());
        if let Some(Laying { over, marks }) = &step.laying {
            if custodians.contains_key(&name) {
                laid.insert((name, *over == Over::Whole), marks.clone());
            }
            continue;
        }
        custodians.entry(name.clone()).or_insert(step.custodian);
        let Some(text) = &step.text else { continue };
        let json = Json::parse(text.as_str(), Limits::FILE).unwrap();
        patients.insert(name.clone(), super::permit::patients(step.kind, &step.id, text));
        let mut found = BTreeSet::new();
        said(step.kind, json.root(), &mut found);
        targets.entry(name).or_default().extend(found);
    }
    let own = |name: &Name| {
        let none = BTreeSet::new();
        let of = patients.get(name).unwrap_or(&none).iter().filter(|_| name.0 != "Patient");
        let whole = of.flat_map(|id| laid.get(&(("Patient", id.clone()), true)).into_iter().flatten());
        let itself = laid.get(&(name.clone(), false)).into_iter().flatten();
        let custodian = custodians[name];
        let laid = itself.chain(whole).filter_map(|mark| match (mark.ends_with('@'), custodian) {
            (false, _) => Some(mark.clone()),
            (true, custodian) => custodian.map(|custodian| format!("{mark}{custodian}")),
        });
        laid.chain(custodian.map(|custodian| format!("org:{custodian}"))).collect::<Marks>()
    };
    let mut bears: BTreeMap<Name, Marks> = custodians.keys().map(|name| (name.clone(), own(name))).collect();
    loop {
        let before = bears.clone();
        for (name, targets) in &targets {
            let passing = targets
                .iter()
                .filter(|(kind, _)| !["Patient", "Practitioner", "Organization"].contains(kind));
            let passed = passing.flat_map(|target| before.get(target).into_iter().flatten());
            let passed =
                passed.filter(|mark| ["sealed:", "locked:"].iter().any(|kind| mark.starts_with(kind)));
            bears.get_mut(name).unwrap().extend(passed.cloned());
        }
        if bears == before {
            return bears;
        }
    }
}

/// What a resource says again or happened within.
fn said(kind: &str, root: Value<'_>, found: &mut BTreeSet<Name>) {
    let members: &[&str] = match kind {
        "Group" | "List" | "Provenance" | "RiskAssessment" => return references(root, found),
        "Encounter" => &["partOf"],
        "Observation" => &["encounter", "hasMember", "derivedFrom"],
        _ => &["encounter"],
    };
    members.iter().filter_map(|name| root.get(name)).for_each(|member| references(member, found));
}

fn references(value: Value<'_>, found: &mut BTreeSet<Name>) {
    for (name, member) in value.members() {
        let text = member.as_str().unwrap_or_default();
        if let Some((kind, id)) = text.split_once('/').filter(|_| name == "reference") {
            found
                .extend(super::world::kinds().find(|known| *known == kind).map(|kind| (kind, id.to_owned())));
        }
        references(member, found);
    }
    value.items().for_each(|item| references(item, found));
}

/// True when a scope shows what bears these marks and concerns these patients.
pub(super) fn shows(scope: &Scope, marks: &Marks, patients: &BTreeSet<String>) -> bool {
    let Some(held) = &scope.marks else { return true };
    let holds = |held: &Marks| {
        marks.iter().all(|mark| {
            held.iter().any(|h| h == mark || h.strip_suffix('*').is_some_and(|k| mark.starts_with(k)))
        })
    };
    let opened = scope.opened.as_ref().is_some_and(|opened| {
        let one = patients.len() == 1 && patients.is_subset(&opened.patients);
        one && holds(&(&**held | &opened.marks))
    });
    holds(held) || opened
}

//! Whoever points at a resource of this record must see it. Nobody can then try whether an id that they may not see
//! is there: what is hidden and what never was are refused alike, and a result for the wrong id is refused at once.
//!
//! Exempt are those who may choose ids: they bring whole records in, in whatever order.

use super::address;
use super::lookup::Lookup;
use super::references::References;
use access::Permission;
use fhir::{Json, Limits, Value};
use record::{Found, Issue, Kind, Refusal};
use std::collections::BTreeSet;

/// Refuses references (`Type/id`, of a resource that is to be written as `kind`/`id`) to what is neither in the
/// caller's sight nor written by the same transaction. What the resource points at already may stay.
pub(super) fn check(
    kind: &str,
    id: &str,
    pointed: &[String],
    references: &References<'_>,
    lookup: &mut Lookup<'_>,
) -> Result<(), Refusal> {
    if lookup.caller.session.may(Permission::AssignIds) {
        return Ok(());
    }
    let named: BTreeSet<(&str, &str)> = pointed.iter().filter_map(|reference| local(reference)).collect();
    let mut missing = Vec::new();
    for (to, of) in named {
        let is_written = references.drafts.iter().any(|draft| (draft.kind, draft.id.as_str()) == (to, of));
        let is_removed = lookup.removed.iter().any(|(kind, id)| (*kind, id.as_str()) == (to, of));
        if !is_written && (is_removed || !matches!(lookup.read(to, of)?, Found::Here(_))) {
            missing.push((to, of));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let before = before(kind, id, lookup)?;
    let issues: Vec<Issue> = missing
        .into_iter()
        .map(|(kind, id)| format!("{kind}/{id}"))
        .filter(|reference| !before.contains(reference))
        .map(|reference| {
            let text =
                format!("{reference} is not here. Correct the reference, or file what it means first.");
            Issue::new("business-rule", "", text)
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Refusal::many(Kind::Invalid, issues)) }
}

/// What the resource points at as it is now.
fn before(kind: &str, id: &str, lookup: &mut Lookup<'_>) -> Result<BTreeSet<String>, Refusal> {
    let Found::Here(body) = lookup.read(kind, id)? else { return Ok(BTreeSet::new()) };
    let json = parse(body.text)?;
    let mut texts = BTreeSet::new();
    gather(json.root(), &mut texts);
    Ok(texts)
}

fn gather(value: Value<'_>, texts: &mut BTreeSet<String>) {
    let to = value.str("reference").and_then(|text| local(&text).map(|(kind, id)| format!("{kind}/{id}")));
    texts.extend(to);
    value.members().for_each(|(_, member)| gather(member, texts));
    value.items().for_each(|item| gather(item, texts));
}

/// Type and id of a reference to a resource of this record, whichever version it means.
fn local(reference: &str) -> Option<(&str, &str)> {
    let mut parts = reference.split('/');
    let (kind, id) = (parts.next()?, parts.next()?);
    let is_versioned = parts.next().is_none_or(|part| part == "_history");
    (is_versioned && fhir::definitions::is_resource(kind) && address::is_id(id)).then_some((kind, id))
}

/// A resource of the record, or one that was just patched.
pub(super) fn parse(text: String) -> Result<Json, Refusal> {
    let limits = Limits { bytes: Limits::DOOR.bytes * 2, ..Limits::DOOR };
    Json::parse(text, limits).map_err(|e| Refusal::new(Kind::TooLarge, format!("The patched resource: {e}.")))
}

//! Taking in what has ids of its own: collections, NDJSON, single resources. Doing it again changes nothing.

use super::commit::{TRIES_MAX, apply_plan};
use super::plan::{self, Ask, Change, Plan};
use super::write::{kind_of, of_kind};
use super::{Caller, Done, Expected, Target, commit, is_id, placed};
use access::Permission;
use fhir::json::{Json, Value};
use record::{Issue, Kind, Refusal};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A resource to be filed under its own id.
pub struct Item<'j> {
    /// The resource.
    pub resource: Value<'j>,
    /// What others in the same Bundle call it.
    pub full_url: Option<String>,
    /// Where it stands, for refusals: `Bundle.entry[3].resource`; empty when it is alone.
    pub place: String,
}

/// The resources of a Bundle that only holds them (`collection`, `searchset`, `document`, ...).
pub fn items(bundle: &Json) -> Result<Vec<Item<'_>>, Refusal> {
    let root = of_kind(bundle.root(), "Bundle")?;
    let entries = root.get("entry").into_iter().flat_map(Value::items).enumerate();
    let resources = entries.filter_map(|(i, entry)| {
        let full_url = entry.str("fullUrl").map(|url| url.into_owned());
        Some(Item {
            resource: entry.get("resource")?,
            full_url,
            place: format!("Bundle.entry[{i}].resource"),
        })
    });
    Ok(resources.collect())
}

/// Files all of them or none. Those without an id get one from their content, so that it is the same each
/// time.
pub fn load_whole(caller: &Caller<'_>, items: &[Item<'_>]) -> Result<Vec<Done>, Refusal> {
    caller.session.needs(Permission::AssignIds)?;
    let changes = items.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    Ok(commit::commit(caller, "fhir.load", &changes, true, None)?.done)
}

/// Files each that can be filed, as few commits as that takes, and says for each what came of it.
pub fn load_each(caller: &Caller<'_>, items: &[Item<'_>]) -> Result<Vec<Result<Done, Refusal>>, Refusal> {
    caller.session.needs(Permission::AssignIds)?;
    let mut fates: Vec<Option<Result<Done, Refusal>>> = items.iter().map(|_| None).collect();
    let doubles = doubles(items);
    for _ in 0..TRIES_MAX {
        let mut whole = Plan { premises: Vec::new(), steps: Vec::new(), places: Vec::new() };
        let mut filed = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let one = match &doubles[i] {
                Some(refusal) => Err(refusal.clone()),
                None => change(item).and_then(|change| plan::make(caller, &[change], false)),
            };
            match one {
                Ok(one) => {
                    whole.add(one);
                    filed.push(i);
                }
                Err(refusal) => fates[i] = Some(Err(refusal)),
            }
        }
        match apply_plan(caller, "fhir.load", whole) {
            Ok(Some(done)) => {
                for (i, done) in filed.into_iter().zip(done) {
                    fates[i] = Some(Ok(done));
                }
                return Ok(fates.into_iter().flatten().collect());
            }
            Ok(None) => {}
            Err(refusal) if matches!(refusal.kind, Kind::Fault | Kind::Busy) => return Err(refusal),
            Err(_) => return Ok(one_by_one(caller, items, fates, &filed)),
        }
    }
    Err(Refusal::new(Kind::Busy, "The record changed while the resources were made ready. Try once more."))
}

/// When the record refuses one of many, each has to find out for itself.
fn one_by_one(
    caller: &Caller<'_>,
    items: &[Item<'_>],
    mut fates: Vec<Option<Result<Done, Refusal>>>,
    filed: &[usize],
) -> Vec<Result<Done, Refusal>> {
    for &i in filed {
        let fate = load_whole(caller, std::slice::from_ref(&items[i]));
        fates[i] = fate.map(|done| done.into_iter().next()).transpose();
    }
    fates.into_iter().flatten().collect()
}

/// True when a refusal is only about conditional references that meet nothing: what they mean may come later.
pub fn waits(refusal: &Refusal) -> bool {
    refusal.kind == Kind::Precondition && refusal.issues.iter().all(|issue| issue.code == "not-found")
}

impl Plan {
    fn add(&mut self, other: Plan) {
        self.premises.extend(other.premises);
        self.steps.extend(other.steps);
        self.places.extend(other.places);
    }
}

fn change<'j>(item: &Item<'j>) -> Result<Change<'j>, Refusal> {
    let (kind, id) = identity(item.resource).map_err(|refusal| placed(refusal, &item.place))?;
    let ask = Ask::Update { target: Target::Id(kind, id), resource: item.resource, expected: Expected::Any };
    Ok(Change { ask, place: item.place.clone(), called: item.full_url.clone() })
}

/// The type and id that a resource is filed under.
fn identity(resource: Value<'_>) -> Result<(&'static str, String), Refusal> {
    let kind = kind_of(resource)?;
    let id = match resource.get("id") {
        Some(id) => id.as_str().unwrap_or_default().into_owned(),
        None => crate::once::hex(&Sha256::digest(resource.canonical()))[..32].to_owned(),
    };
    if is_id(&id) {
        return Ok((kind, id));
    }
    let text = format!("{id:?} is no FHIR id. An id is 1 to 64 letters, digits, hyphens and full stops.");
    Err(Refusal::many(Kind::Invalid, vec![Issue::new("value", "id", text)]))
}

/// Refusals of those that stand among the items before, with other content.
fn doubles(items: &[Item<'_>]) -> Vec<Option<Refusal>> {
    let mut seen: HashMap<(&'static str, String), usize> = HashMap::new();
    let twice = |(i, item): (usize, &Item<'_>)| {
        let (kind, id) = identity(item.resource).ok()?;
        let first = *seen.entry((kind, id.clone())).or_insert(i);
        if first == i {
            return None;
        }
        let text = format!("{kind}/{id} has come before in the same input. Leave one of them out.");
        Some(Refusal::many(Kind::Invalid, vec![Issue::new("duplicate", &item.place, text)]))
    };
    items.iter().enumerate().map(twice).collect()
}

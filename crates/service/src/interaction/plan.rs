//! The plan of a write: everything that can be known and done before the writer's turn.

use super::guard;
use super::lookup::{Lookup, Premise};
use super::references::{Draft, References};
use super::{Caller, Expected, Pairs, Target, placed, pointing};
use access::Permission;
use access::grant::Interaction;
use fhir::json::{Json, Value};
use fhir::patch::Patch;
use fhir::search::{Handling, Query};
use record::{Body, COUNT_MAX, Found, Issue, Kind, Page, Prepared, Refusal, Written, new_id};
use std::collections::HashMap;

/// One thing that is asked for, as it came.
pub(super) enum Ask<'j> {
    /// A new resource, unless criteria are met already.
    Create { kind: &'static str, resource: Value<'j>, unless: Option<Pairs> },
    /// This content for a resource.
    Update { target: Target, resource: Value<'j>, expected: Expected },
    /// A patch of a resource.
    Patch { target: Target, patch: Patch, expected: Expected },
    /// An end to a resource.
    Delete { target: Target, expected: Expected },
    /// A read.
    Read { kind: &'static str, id: String },
    /// A search.
    Search { kind: &'static str, pairs: Pairs },
}

/// An ask with its place in the input, and what the input calls its resource.
pub(super) struct Change<'j> {
    pub ask: Ask<'j>,
    pub place: String,
    pub called: Option<String>,
}

/// One step of a plan.
pub(super) enum Step {
    Create(Ready),
    /// `guessed` when the version was read while planning and not given by the caller.
    Put {
        resource: Ready,
        expected: Option<u64>,
        guessed: bool,
    },
    Delete {
        kind: &'static str,
        ids: Vec<String>,
        expected: Option<u64>,
    },
    /// Nothing to write: the record has it.
    Met(Written),
    /// Nothing to write: an earlier step writes it.
    Same(usize),
    Read {
        kind: &'static str,
        id: String,
    },
    Search(Box<(Query, Page)>),
}

/// A resource that may be written, and what is to be told of it.
pub(super) struct Ready {
    pub prepared: Prepared,
    pub told: Vec<Issue>,
}

/// What the writer is to do, in the order of the input, and what must still be so.
pub(super) struct Plan {
    pub premises: Vec<Premise>,
    pub steps: Vec<Step>,
    pub places: Vec<String>,
}

impl Plan {
    /// True when nothing is to be written.
    pub(super) fn only_reads(&self) -> bool {
        let reads = |step: &Step| matches!(step, Step::Met(_) | Step::Read { .. } | Step::Search(_));
        self.steps.iter().all(reads)
    }
}

/// Where a change will go.
enum Aim {
    New(String),
    Met(Written),
    Same(usize),
    /// `guessed` when the version was read while planning and not given by the caller.
    At {
        id: String,
        expected: Option<u64>,
        guessed: bool,
        patched: Option<Json>,
    },
    Remove {
        ids: Vec<String>,
        expected: Option<u64>,
    },
    Look,
}

/// Makes the plan, or says all that is wrong. `bundled` when the changes came together and may name each
/// other.
pub(super) fn make(caller: &Caller<'_>, changes: &[Change<'_>], bundled: bool) -> Result<Plan, Refusal> {
    let mut lookup = Lookup::new(caller);
    let mut refusals = Vec::new();
    let mut aims: Vec<Aim> = Vec::with_capacity(changes.len());
    let mut first: HashMap<(&str, &Pairs), usize> = HashMap::new();
    remove(changes, &mut lookup);
    for (i, change) in changes.iter().enumerate() {
        // The same conditional create again, within one transaction, means the same resource.
        let earlier = match &change.ask {
            Ask::Create { kind, unless: Some(unless), .. } => *first.entry((kind, unless)).or_insert(i),
            _ => i,
        };
        let aim = match aims.get(earlier) {
            Some(Aim::New(_)) => Ok(Aim::Same(earlier)),
            _ => aim(change, &mut lookup),
        };
        match aim {
            Ok(aim) => aims.push(aim),
            Err(refusal) => {
                refusals.push(placed(refusal, &change.place));
                aims.push(Aim::Look);
            }
        }
    }
    refusals.extend(twice(changes, &aims));
    let mut references = known(changes, &aims, bundled);
    let mut steps = Vec::with_capacity(changes.len());
    for (change, aim) in changes.iter().zip(&aims) {
        match step(change, aim, &mut references, &mut lookup) {
            Ok(step) => steps.push(step),
            Err(refusal) => refusals.push(placed(refusal, &change.place)),
        }
    }
    match combined(refusals) {
        Some(refusal) => Err(refusal),
        None => {
            let places = changes.iter().map(|change| change.place.clone()).collect();
            Ok(Plan { premises: lookup.premises, steps, places })
        }
    }
}

/// Lets the creates know what goes: "process any DELETE interactions" comes first (FHIR R4
/// http.html#trules). What is wrong with a deletion is said in its turn.
fn remove(changes: &[Change<'_>], lookup: &mut Lookup<'_>) {
    for change in changes.iter().filter(|change| matches!(change.ask, Ask::Delete { .. })) {
        if let (Ask::Delete { target, .. }, Ok(Aim::Remove { ids, .. })) = (&change.ask, aim(change, lookup))
        {
            lookup.removed.extend(ids.into_iter().map(|id| (target.kind(), id)));
        }
    }
}

/// One refusal of many: what stops all of it comes alone, else everything the caller has to put right.
fn combined(refusals: Vec<Refusal>) -> Option<Refusal> {
    if let Some(ours) = refusals.iter().find(|r| matches!(r.kind, Kind::Fault | Kind::Busy | Kind::TooLarge))
    {
        return Some(ours.clone());
    }
    let invalid = refusals.iter().find(|r| r.kind == Kind::Invalid);
    let kind = invalid.or(refusals.first())?.kind;
    Some(Refusal::many(kind, refusals.into_iter().flat_map(|r| r.issues).collect()))
}

fn aim(change: &Change<'_>, lookup: &mut Lookup<'_>) -> Result<Aim, Refusal> {
    let caller = lookup.caller;
    match &change.ask {
        Ask::Create { kind, unless, .. } => {
            caller.may_change(kind, Interaction::Create)?;
            let Some(unless) = unless else { return Ok(Aim::New(new_id())) };
            aim_create(kind, unless, lookup)
        }
        Ask::Update { target, resource, expected } => {
            caller.may_change(target.kind(), Interaction::Update)?;
            aim_update(target, *resource, *expected, lookup)
        }
        Ask::Patch { target, patch, expected } => {
            caller.may_change(target.kind(), Interaction::Update)?;
            aim_patch(target, patch, *expected, lookup)
        }
        Ask::Delete { target, expected } => {
            caller.may_change(target.kind(), Interaction::Delete)?;
            aim_delete(target, *expected, lookup)
        }
        Ask::Read { kind, .. } => caller.may_look(Some(kind), Interaction::Read).map(|()| Aim::Look),
        Ask::Search { kind, .. } => caller.may_look(Some(kind), Interaction::Search).map(|()| Aim::Look),
    }
}

/// Creates unless something in the record that stays there meets the criteria.
fn aim_create(kind: &'static str, unless: &Pairs, lookup: &mut Lookup<'_>) -> Result<Aim, Refusal> {
    let answer = lookup.find(kind, unless, 2 + lookup.removed.len().min(100))?;
    let stays = |body: &&Body| !lookup.removed.contains(&(kind, body.id.clone()));
    let found: Vec<&Body> = answer.bodies.iter().filter(stays).collect();
    match found.as_slice() {
        [] => Ok(Aim::New(new_id())),
        [body] => Ok(Aim::Met(Written {
            kind,
            id: body.id.clone(),
            version: body.version,
            updated: body.updated,
            created: false,
            changed: false,
        })),
        _ => Err(several()),
    }
}

fn several() -> Refusal {
    let text = "Several resources meet the criteria. Narrow them.";
    Refusal::many(Kind::Precondition, vec![Issue::new("multiple-matches", "", text)])
}

fn aim_update(
    target: &Target,
    resource: Value<'_>,
    expected: Expected,
    lookup: &mut Lookup<'_>,
) -> Result<Aim, Refusal> {
    let given = resource.str("id");
    match target {
        Target::Id(kind, id) => {
            let chooses = lookup.caller.session.may(Permission::AssignIds);
            let mut version = None;
            if !chooses || expected != Expected::Any {
                let found = lookup.read(kind, id)?;
                let creates = chooses && expected.is_of_state();
                if found == Found::Absent && !creates {
                    return Err(Refusal::not_found(&format!("{kind}/{id}")));
                }
                version = expected.seen(&found)?;
            }
            Ok(Aim::At { id: id.clone(), expected: version, guessed: expected.is_of_state(), patched: None })
        }
        Target::Where(kind, criteria) => match (lookup.find(kind, criteria, 2)?.bodies.as_slice(), given) {
            ([], _) if expected == Expected::There => expected.seen(&Found::Absent).map(|_| Aim::Look),
            ([], None) => Ok(Aim::New(new_id())),
            ([], Some(id)) => {
                lookup.caller.session.needs(Permission::AssignIds)?;
                Ok(Aim::New(id.into_owned()))
            }
            ([body], Some(id)) if body.id != id => {
                let text = format!(
                    "The criteria mean {kind}/{}, the resource says {id}. Leave the id out.",
                    body.id
                );
                Err(Refusal::invalid("id", text))
            }
            ([body], _) => {
                let version = expected.seen(&Found::Here(body.clone()))?;
                current(version, body.version)?;
                Ok(Aim::At {
                    id: body.id.clone(),
                    expected: version,
                    guessed: expected.is_of_state(),
                    patched: None,
                })
            }
            _ => Err(several()),
        },
    }
}

fn current(expected: Option<u64>, version: u64) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != version => {
            let text = format!(
                "The current version is {version}, not {expected}. Read it again and repeat the change."
            );
            Err(Refusal::new(Kind::Precondition, text))
        }
        _ => Ok(()),
    }
}

fn aim_patch(
    target: &Target,
    patch: &Patch,
    expected: Expected,
    lookup: &mut Lookup<'_>,
) -> Result<Aim, Refusal> {
    let body = match target {
        Target::Id(kind, id) => match lookup.read(kind, id)? {
            Found::Here(body) => body,
            Found::Gone(_) => return Err(Refusal::new(Kind::Gone, format!("{kind}/{id} has been deleted."))),
            Found::Absent => return Err(Refusal::not_found(&format!("{kind}/{id}"))),
        },
        Target::Where(kind, criteria) => match lookup.find(kind, criteria, 2)?.bodies.as_slice() {
            [body] => body.clone(),
            [] => {
                return Err(Refusal::new(
                    Kind::NotFound,
                    format!("No {kind} meets the criteria. Nothing was changed."),
                ));
            }
            _ => return Err(several()),
        },
    };
    current(expected.seen(&Found::Here(body.clone()))?, body.version)?;
    let now = pointing::parse(body.text)?;
    let patched = patch.apply(now.root())?;
    let patched = pointing::parse(patched.text())?;
    if patched.root().str("id").as_deref() != Some(&body.id)
        || patched.root().str("resourceType").as_deref() != Some(body.kind)
    {
        return Err(Refusal::invalid(
            "",
            "A patch may change neither the id nor the type. Leave them as they are.",
        ));
    }
    let guessed = !matches!(expected, Expected::Version(_));
    Ok(Aim::At { id: body.id, expected: Some(body.version), guessed, patched: Some(patched) })
}

fn aim_delete(target: &Target, expected: Expected, lookup: &mut Lookup<'_>) -> Result<Aim, Refusal> {
    match target {
        Target::Id(kind, id) => {
            let mut version = None;
            if expected != Expected::Any {
                let found = lookup.read(kind, id)?;
                if found == Found::Absent && !expected.is_of_state() {
                    return Err(Refusal::not_found(&format!("{kind}/{id}")));
                }
                version = expected.seen(&found)?;
            }
            Ok(Aim::Remove { ids: vec![id.clone()], expected: version })
        }
        Target::Where(kind, criteria) => {
            let many = lookup.caller.deletes_many;
            let answer = lookup.find(kind, criteria, if many { COUNT_MAX } else { 2 })?;
            match answer.bodies.as_slice() {
                [body] => current(expected.seen(&Found::Here(body.clone()))?, body.version)?,
                [] => _ = expected.seen(&Found::Absent)?,
                [_, _, ..] if !many => return Err(several()),
                found if found.len() >= COUNT_MAX => {
                    let text = format!("{COUNT_MAX} resources or more meet the criteria. Narrow them.");
                    return Err(Refusal::new(Kind::TooLarge, text));
                }
                _ => {}
            }
            let version = match expected {
                Expected::Version(version) => Some(version),
                _ => None,
            };
            let ids = answer.bodies.iter().map(|body| body.id.clone()).collect();
            Ok(Aim::Remove { ids, expected: version })
        }
    }
}

/// The kind and ids that a change writes to.
fn written<'c>(change: &Change<'_>, aim: &'c Aim) -> Option<(&'static str, &'c [String])> {
    let kind = match &change.ask {
        Ask::Create { kind, .. } => kind,
        Ask::Update { target, .. } | Ask::Patch { target, .. } | Ask::Delete { target, .. } => target.kind(),
        Ask::Read { .. } | Ask::Search { .. } => return None,
    };
    match aim {
        Aim::New(id) | Aim::At { id, .. } => Some((kind, std::slice::from_ref(id))),
        Aim::Remove { ids, .. } => Some((kind, ids)),
        Aim::Met(_) | Aim::Same(_) | Aim::Look => None,
    }
}

/// Refuses two changes of one resource: their order would decide.
fn twice(changes: &[Change<'_>], aims: &[Aim]) -> Vec<Refusal> {
    let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
    let mut refusals = Vec::new();
    for (change, aim) in changes.iter().zip(aims) {
        let Some((kind, ids)) = written(change, aim) else { continue };
        for id in ids {
            if let Some(first) = seen.insert((kind, id), &change.place) {
                let text = format!("{kind}/{id} is changed by {first} already. Change it once.");
                refusals
                    .push(Refusal::many(Kind::Invalid, vec![Issue::new("duplicate", &change.place, text)]));
            }
        }
    }
    refusals
}

/// What references may mean once all aims are known.
fn known<'j>(changes: &'j [Change<'_>], aims: &'j [Aim], bundled: bool) -> References<'j> {
    let mut references = References::new(bundled);
    for (change, aim) in changes.iter().zip(aims) {
        let mut aim = aim;
        if let Aim::Same(i) = aim {
            aim = &aims[*i];
        }
        if let (Some(called), Aim::Met(met)) = (&change.called, aim) {
            references.link(called, met.kind, &met.id);
        }
        let Some((kind, ids)) = written(change, aim) else { continue };
        if let (Some(called), [id]) = (&change.called, ids) {
            references.link(called, kind, id);
        }
        if !matches!(aim, Aim::New(_)) {
            references.superseded.extend(ids.iter().map(|id| (kind, id.clone())));
        }
        if let Some(resource) = content(change, aim)
            && let [id] = ids
        {
            references.drafts.push(Draft { kind, id: id.clone(), resource });
        }
    }
    references
}

/// The content that a change will have written.
fn content<'j>(change: &'j Change<'_>, aim: &'j Aim) -> Option<Value<'j>> {
    match (&change.ask, aim) {
        (_, Aim::At { patched: Some(patched), .. }) => Some(patched.root()),
        (Ask::Create { resource, .. } | Ask::Update { resource, .. }, Aim::New(_) | Aim::At { .. }) => {
            Some(*resource)
        }
        _ => None,
    }
}

fn step<'j>(
    change: &'j Change<'_>,
    aim: &'j Aim,
    references: &mut References<'j>,
    lookup: &mut Lookup<'_>,
) -> Result<Step, Refusal> {
    let mut prepare = |id: &str| match content(change, aim) {
        Some(resource) => prepared(resource, id, references, lookup),
        None => Err(Refusal::invalid("", "There is no resource to write. Send one.")),
    };
    Ok(match (aim, &change.ask) {
        (Aim::New(id), _) => Step::Create(prepare(id)?),
        (Aim::At { id, expected, guessed, .. }, _) => {
            Step::Put { resource: prepare(id)?, expected: *expected, guessed: *guessed }
        }
        (Aim::Met(written), _) => Step::Met(written.clone()),
        (Aim::Same(i), _) => Step::Same(*i),
        (Aim::Remove { ids, expected }, Ask::Delete { target, .. }) => {
            Step::Delete { kind: target.kind(), ids: ids.clone(), expected: *expected }
        }
        (_, ask) => look(ask, lookup.caller)?,
    })
}

/// The step of a read or a search.
pub(super) fn look(ask: &Ask<'_>, caller: &Caller<'_>) -> Result<Step, Refusal> {
    Ok(match ask {
        Ask::Read { kind, id } => Step::Read { kind, id: id.clone() },
        Ask::Search { kind, pairs } => {
            let now = caller.access.store().now();
            let query = caller.query(Some(kind), pairs, Handling::Strict, now)?;
            let count = query.count.unwrap_or(super::COUNT_DEFAULT).min(COUNT_MAX);
            let page = Page { count, total: query.total == fhir::search::Total::Accurate };
            Step::Search(Box::new((query, page)))
        }
        // A change whose aim was refused: the refusal is on its list already.
        _ => Step::Delete { kind: "Basic", ids: Vec::new(), expected: None },
    })
}

fn prepared(
    resource: Value<'_>,
    id: &str,
    references: &mut References<'_>,
    lookup: &mut Lookup<'_>,
) -> Result<Ready, Refusal> {
    // The references inside a Bundle that is itself a resource are that Bundle's own.
    let opaque = resource.str("resourceType").as_deref() == Some("Bundle");
    let relinked = if opaque { None } else { references.relinked(resource)? };
    let resource = relinked.as_ref().map_or(resource, Json::root);
    let mut pointed = Vec::new();
    let outcome = Prepared::new(resource, id, &mut |reference| {
        if opaque {
            return None;
        }
        let rewritten = references.rewrite(reference, lookup);
        pointed.push(rewritten.clone().unwrap_or_else(|| reference.to_owned()));
        rewritten
    });
    let faults = references.take_faults()?;
    match outcome {
        Ok(prepared) if faults.is_empty() => {
            let kind = resource.str("resourceType").unwrap_or_default();
            pointing::check(&kind, id, &pointed, references, lookup)?;
            let told = guard::check(&lookup.caller.guards, lookup.caller.session, resource)?;
            Ok(Ready { prepared: prepared.packed_for(lookup.caller.access.store())?, told })
        }
        Ok(_) => {
            let unmet = faults.iter().all(|fault| matches!(fault.code, "not-found" | "multiple-matches"));
            Err(Refusal::many(if unmet { Kind::Precondition } else { Kind::Invalid }, faults))
        }
        Err(mut refusal) => {
            refusal.issues.extend(faults);
            Err(refusal)
        }
    }
}

//! Changing one resource.

use super::plan::{Ask, Change};
use super::{Caller, Done, Expected, Once, Pairs, commit, kind_named};
use fhir::json::{Json, Kind as JsonKind, Value};
use fhir::patch::Patch;
use record::{Kind, Refusal};

/// Which resource is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one with this id.
    Id(&'static str, String),
    /// The one of this type that meets criteria.
    Where(&'static str, Pairs),
}

impl Target {
    /// The resource type.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::Id(kind, _) | Target::Where(kind, _) => kind,
        }
    }
}

/// Files a new resource under an id of our own, unless (`If-None-Exist`) something meets the criteria
/// already.
pub fn create(
    caller: &Caller<'_>,
    kind: &'static str,
    resource: &Json,
    unless: Option<Pairs>,
    once: Option<&Once>,
) -> Result<Done, Refusal> {
    let resource = of_kind(resource.root(), kind)?;
    single(caller, "fhir.create", Ask::Create { kind, resource, unless }, once)
}

/// Files this content for a resource: by id or by criteria; only where it is as `expected`.
pub fn update(
    caller: &Caller<'_>,
    target: Target,
    resource: &Json,
    expected: Expected,
    once: Option<&Once>,
) -> Result<Done, Refusal> {
    let resource = of_kind(resource.root(), target.kind())?;
    if let Target::Id(_, id) = &target {
        has_id(resource, id)?;
    }
    single(caller, "fhir.update", Ask::Update { target, resource, expected }, once)
}

/// Changes a resource by a patch.
pub fn patch(
    caller: &Caller<'_>,
    target: Target,
    patch: Patch,
    expected: Expected,
    once: Option<&Once>,
) -> Result<Done, Refusal> {
    single(caller, "fhir.patch", Ask::Patch { target, patch, expected }, once)
}

/// Deletes a resource: by id, or by criteria (more than one only where [`Caller::deletes_many`]).
pub fn delete(
    caller: &Caller<'_>,
    target: Target,
    expected: Expected,
    once: Option<&Once>,
) -> Result<Done, Refusal> {
    single(caller, "fhir.delete", Ask::Delete { target, expected }, once)
}

fn single(
    caller: &Caller<'_>,
    command: &'static str,
    ask: Ask<'_>,
    once: Option<&Once>,
) -> Result<Done, Refusal> {
    let change = Change { ask, place: String::new(), called: None };
    let outcome = commit::commit(caller, command, &[change], false, once)?;
    let fault =
        || Refusal::new(Kind::Fault, "The kept answer to this request is empty. Send it under a new id.");
    outcome.done.into_iter().next().ok_or_else(fault)
}

/// The value, if it is a resource of this type.
pub(super) fn of_kind<'j>(value: Value<'j>, kind: &str) -> Result<Value<'j>, Refusal> {
    let given = kind_of(value)?;
    if given == kind {
        return Ok(value);
    }
    Err(Refusal::invalid(
        "resourceType",
        format!("The resource is of type {given}, the URL says {kind}. They must agree."),
    ))
}

/// The type of a resource.
pub(super) fn kind_of(value: Value<'_>) -> Result<&'static str, Refusal> {
    if value.kind() != JsonKind::Object {
        return Err(Refusal::invalid("", "A resource is a JSON object. Send one."));
    }
    let name = value.str("resourceType");
    let name =
        name.ok_or_else(|| Refusal::invalid("resourceType", "The resource has no resourceType. Add it."))?;
    kind_named(&name).map_err(|refusal| Refusal::invalid("resourceType", refusal.to_string()))
}

/// FHIR R4 http.html#update: the id must be there and the same as in the URL.
pub(super) fn has_id(resource: Value<'_>, id: &str) -> Result<(), Refusal> {
    match resource.str("id") {
        Some(given) if given == id => Ok(()),
        Some(given) => Err(Refusal::invalid(
            "id",
            format!("The resource has the id {given}, the URL says {id}. They must agree."),
        )),
        None => Err(Refusal::invalid(
            "id",
            format!("The resource has no id. An update must say it: \"id\":\"{id}\"."),
        )),
    }
}

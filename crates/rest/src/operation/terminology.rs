//! The operations of terminology: `$expand`, `$validate-code`, `$lookup`, `$subsumes`, `$translate`. What they do is
//! in the crate `terminology`; they ask the definitions that this record goes by.

use super::{Call, Kinds, Operation, Target};
use crate::body;
use crate::response::Response;
use crate::route::Weight;
use crate::status::{self, No};
use fhir::json::{Json, Limits};
use record::Refusal;
use service::interaction;
use terminology::{Request, parameters};

const VALUE_SET: Kinds = Kinds::Only(&["ValueSet"]);
const CODE_SYSTEM: Kinds = Kinds::Only(&["CodeSystem"]);
const CONCEPT_MAP: Kinds = Kinds::Only(&["ConceptMap"]);

pub(super) const EXPAND: Operation = Operation {
    name: "expand",
    definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    system: false,
    types: VALUE_SET,
    instances: VALUE_SET,
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};
pub(super) const VALIDATE_IN_SET: Operation = Operation {
    name: "validate-code",
    definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    weight: Weight::Usual,
    ..EXPAND
};
pub(super) const VALIDATE_IN_SYSTEM: Operation = Operation {
    definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    types: CODE_SYSTEM,
    instances: CODE_SYSTEM,
    ..VALIDATE_IN_SET
};
pub(super) const LOOKUP: Operation = Operation {
    name: "lookup",
    definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    instances: Kinds::NONE,
    ..VALIDATE_IN_SYSTEM
};
pub(super) const SUBSUMES: Operation = Operation {
    name: "subsumes",
    definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    ..VALIDATE_IN_SYSTEM
};
pub(super) const TRANSLATE: Operation = Operation {
    name: "translate",
    definition: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    types: CONCEPT_MAP,
    instances: CONCEPT_MAP,
    ..VALIDATE_IN_SYSTEM
};

fn run(call: Call<'_>) -> Result<Response, No> {
    let name = call.operation.name;
    let instance = match &call.target {
        Target::Instance(kind, id) | Target::Version(kind, id, _) => Some(stored(&call, kind, id)?),
        Target::System | Target::Type(_) => None,
    };
    let kind = match &call.target {
        Target::System => None,
        Target::Type(kind) | Target::Instance(kind, _) | Target::Version(kind, ..) => Some(*kind),
    };
    let given = match call.request.body.is_empty() {
        true => None,
        false => Some(body::resource(call.request, call.body_bytes)?),
    };
    let query = call.wants.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let asked = parse(parameters(query, given.as_ref().map(Json::root)).text())?;
    let request = Request {
        operation: name,
        kind,
        instance: instance.as_ref().map(Json::root),
        parameters: Some(asked.root()),
        languages: call.request.header("accept-language"),
        now: call.caller.access.store().now(),
    };
    let loaded = call.rest.conformance.now()?;
    Ok(match loaded.terminology().operation(&request) {
        Ok(tree) => Response::json(200, tree.text()),
        Err(refused) => {
            let outcome = refused.outcome().text();
            Response::json(status::of(&No::from(Refusal::from(refused))), outcome)
        }
    })
}

/// The resource that an operation stands at, if its caller may see it.
pub(super) fn stored(call: &Call<'_>, kind: &'static str, id: &str) -> Result<Json, No> {
    parse(interaction::read(call.caller, kind, id)?.text)
}

/// What we made or keep ourselves has no limit but memory.
fn parse(text: String) -> Result<Json, No> {
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
    Json::parse(text, limits).map_err(|e| Refusal::invalid("", format!("It cannot be read: {e}.")).into())
}

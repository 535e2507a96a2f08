//! `$validate`: whether a resource may be written, and meets profiles (FHIR R4 resource-operation-validate).

use super::{Call, Kinds, Operation, Target, terminology::stored};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::Tree;
use fhir::json::{Json, Value};
use profile::{Before, Options};
use record::{Issue, Kind, Refusal};
use service::interaction;

pub(super) const OPERATION: Operation = Operation {
    name: "validate",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    system: false,
    types: Kinds::All,
    instances: Kinds::All,
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};
const KNOWN: &[&str] = &["resource", "mode", "profile"];

/// The answer is 200 whatever was found: the operation has been done (resource-operation-validate, notes).
fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(KNOWN)?;
    let profiles = inputs.texts("profile");
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let mode = inputs.text("mode");
    let given = inputs.resource("resource").or_else(|| inputs.bare());
    let kept = match (given, &call.target) {
        (None, Target::Instance(kind, id) | Target::Version(kind, id, _)) => Some(stored(&call, kind, id)?),
        _ => None,
    };
    let kind = match &call.target {
        Target::Type(kind) | Target::Instance(kind, _) | Target::Version(kind, ..) => *kind,
        Target::System => "Resource",
    };
    let mut issues = match mode.as_deref() {
        None | Some("create" | "profile") => Vec::new(),
        Some("update") => mode_of(&call, given)?,
        Some("delete") => return Ok(told(Vec::new())),
        Some(other) => {
            let text = format!("{other:?} is no mode. Use create, update, delete or profile.");
            return Err(Refusal::invalid("mode", text).into());
        }
    };
    let Some(resource) = given.or(kept.as_ref().map(Json::root)) else {
        let text = "Send a resource, as the body or as the parameter resource of a Parameters.";
        return Err(Refusal::invalid("resource", text).into());
    };
    if kind != "Resource" && resource.str("resourceType").is_some_and(|is| is != kind) {
        let text =
            format!("The resource is of another type than {kind}, where this is asked. They must agree.");
        issues.push(Issue::new("invalid", "resourceType", text));
    }
    let options = Options {
        before: Before::Nothing,
        now: Some(call.caller.access.store().now()),
        ..Options::default()
    };
    issues.extend(call.rest.conformance.now()?.profiles().validate(resource, &profiles, &options).issues);
    Ok(told(issues))
}

/// What speaks against an update: there must be something to update, under the id that the resource says.
fn mode_of(call: &Call<'_>, given: Option<Value<'_>>) -> Result<Vec<Issue>, No> {
    let Target::Instance(kind, id) = &call.target else {
        return Err(Refusal::invalid("mode", "update is asked at a resource: TYPE/ID/$validate.").into());
    };
    let mut issues = Vec::new();
    match interaction::read(call.caller, kind, id) {
        Ok(_) => {}
        Err(refusal) if matches!(refusal.kind, Kind::NotFound | Kind::Gone) => {
            issues.push(Issue::new("not-found", "", format!("There is no {kind}/{id} to update.")));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    if given.and_then(|resource| resource.str("id")).is_some_and(|is| is != *id) {
        issues.push(Issue::new(
            "invalid",
            "id",
            "The resource has another id than the address. They must agree.",
        ));
    }
    Ok(issues)
}

fn told(issues: Vec<Issue>) -> Response {
    if !issues.is_empty() {
        return Response::json(200, fhir::outcome::outcome(&issues).text());
    }
    let issue = Tree::object()
        .with("severity", "information")
        .with("code", "informational")
        .with("diagnostics", "Nothing was found wrong.");
    Response::json(200, Tree::resource("OperationOutcome").with("issue", vec![issue]).text())
}

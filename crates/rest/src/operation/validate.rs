//! `$validate`: whether a resource may be written, and meets profiles (FHIR R4 resource-operation-validate).

use super::{Call, Kinds, Operation, Target, terminology::stored};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use access::grant::Interaction;
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

/// What the resource is to be fit for (FHIR R4 valueset-resource-validation-mode).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing in particular.
    General,
    Create,
    Update,
    Delete,
    /// The resource that is stored meets the profile that is named.
    Profile,
}

impl Mode {
    fn of(name: Option<&str>) -> Result<Mode, Refusal> {
        Ok(match name {
            None => Mode::General,
            Some("create") => Mode::Create,
            Some("update") => Mode::Update,
            Some("delete") => Mode::Delete,
            Some("profile") => Mode::Profile,
            Some(other) => {
                let text = format!("{other:?} is no mode. Use create, update, delete or profile.");
                return Err(Refusal::invalid("mode", text));
            }
        })
    }
}

/// The answer is 200 whatever was found: the operation has been done (resource-operation-validate, notes). What could
/// not be judged is refused.
fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(KNOWN)?;
    let profiles = inputs.texts("profile");
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let mode = Mode::of(inputs.text("mode").as_deref())?;
    let given = inputs.resource("resource").or_else(|| inputs.bare());
    fits(mode, &call.target, given.is_some(), !profiles.is_empty())?;
    let loaded = call.rest.conformance.now()?;
    if let Some(unknown) = profiles.iter().find(|profile| !loaded.profiles().knows(profile)) {
        let text =
            format!("The profile {unknown} is not here. Add the package that has it, or check its address.");
        return Err(Refusal::many(Kind::Invalid, vec![Issue::new("not-found", "profile", text)]).into());
    }
    let mut issues = match mode {
        Mode::Update => for_update(&call, given)?,
        Mode::Delete => return Ok(told(for_delete(&call)?)),
        Mode::Create => may(&call, Interaction::Create),
        Mode::General | Mode::Profile => Vec::new(),
    };
    let kept = match (given, &call.target) {
        (None, Target::Instance(kind, id) | Target::Version(kind, id, _)) => Some(stored(&call, kind, id)?),
        _ => None,
    };
    let Some(resource) = given.or(kept.as_ref().map(Json::root)) else {
        return Err(absent());
    };
    let kind = kind_of(&call.target);
    if resource.str("resourceType").is_some_and(|is| is != kind) {
        let text =
            format!("The resource is of another type than {kind}, where this is asked. They must agree.");
        issues.push(Issue::new("invalid", "resourceType", text));
    }
    let now = Some(call.caller.access.store().now());
    let options = Options { before: Before::Nothing, now, ..Options::default() };
    issues.extend(loaded.profiles().validate(resource, &profiles, &options).issues);
    if matches!(mode, Mode::Create | Mode::Update) {
        guarded(&call, resource, &mut issues)?;
    }
    Ok(told(issues))
}

/// Refuses what a mode cannot be asked of: "Modes update and delete can only be used when the operation is invoked at
/// the resource instance level"; a resource "must be present unless the mode is delete", but for mode profile, where
/// the stored one "must be nominated by id, not provided as a parameter". Without a mode, the stored one is judged.
fn fits(mode: Mode, target: &Target, given: bool, profile: bool) -> Result<(), No> {
    let stored = !matches!(target, Target::Type(_) | Target::System);
    let at_one = |mode: &str| -> Result<(), No> {
        let text = format!("{mode} is asked at a resource: TYPE/ID/$validate.");
        Err(Refusal::invalid("mode", text).into())
    };
    match mode {
        Mode::Update if !stored => at_one("update"),
        Mode::Delete if !stored => at_one("delete"),
        Mode::Profile if !stored => at_one("profile"),
        Mode::Profile if given => {
            let text =
                "Mode profile is about the resource that is stored. Leave yours out, or leave the mode out.";
            Err(Refusal::invalid("resource", text).into())
        }
        Mode::Profile if !profile => {
            Err(Refusal::invalid("profile", "Mode profile needs a profile. Name one.").into())
        }
        Mode::Create | Mode::Update if !given => Err(absent()),
        Mode::General if !given && !stored => Err(absent()),
        _ => Ok(()),
    }
}

fn absent() -> No {
    let text = "Send a resource, as the body or as the parameter resource of a Parameters.";
    Refusal::invalid("resource", text).into()
}

fn kind_of(target: &Target) -> &'static str {
    match target {
        Target::Type(kind) | Target::Instance(kind, _) | Target::Version(kind, ..) => kind,
        // It does not stand at the base.
        Target::System => "Resource",
    }
}

/// What speaks against a change by who asks.
fn may(call: &Call<'_>, interaction: Interaction) -> Vec<Issue> {
    call.caller
        .may_change(kind_of(&call.target), interaction)
        .err()
        .map_or_else(Vec::new, |refusal| refusal.issues)
}

/// What speaks against an update: there must be something to update, under the id that the resource says.
fn for_update(call: &Call<'_>, given: Option<Value<'_>>) -> Result<Vec<Issue>, No> {
    let mut issues = may(call, Interaction::Update);
    issues.extend(there(call, "update")?);
    let (Target::Instance(_, id), Some(resource)) = (&call.target, given) else { return Ok(issues) };
    let text = match resource.str("id") {
        Some(is) if is == *id => return Ok(issues),
        Some(_) => "The resource has another id than the address. They must agree.",
        None => "The resource has no id. An update must say it, as the address does.",
    };
    issues.push(Issue::new("invalid", "id", text));
    Ok(issues)
}

/// What speaks against a deletion. Content, if any came, is passed over.
fn for_delete(call: &Call<'_>) -> Result<Vec<Issue>, No> {
    let mut issues = may(call, Interaction::Delete);
    issues.extend(there(call, "delete")?);
    Ok(issues)
}

/// That there is nothing to change, if so. What may not be seen is not there.
fn there(call: &Call<'_>, change: &str) -> Result<Option<Issue>, No> {
    let Target::Instance(kind, id) = &call.target else { return Ok(None) };
    match interaction::read(call.caller, kind, id) {
        Ok(_) => Ok(None),
        Err(refusal) if matches!(refusal.kind, Kind::NotFound | Kind::Gone) => {
            Ok(Some(Issue::new("not-found", "", format!("There is no {kind}/{id} to {change}."))))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Adds what the guards would say of a write, the installation's and the organisation's own rules among them: without
/// an error, "the operation would be expected to succeed" (resource-operation-validate, return).
fn guarded(call: &Call<'_>, resource: Value<'_>, issues: &mut Vec<Issue>) -> Result<(), No> {
    if !fhir::validate::structure(resource).is_empty() {
        return Ok(());
    }
    let found = match call.caller.foresee(resource) {
        Ok(found) => found,
        Err(refusal) if matches!(refusal.kind, Kind::Invalid | Kind::Unsupported) => refusal.issues,
        Err(refusal) => return Err(refusal.into()),
    };
    for one in found {
        let same = |other: &Issue| (&one.at, one.code, &one.text) == (&other.at, other.code, &other.text);
        if !issues.iter().any(same) {
            issues.push(one);
        }
    }
    Ok(())
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

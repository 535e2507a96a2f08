//! `Composition/$document`: a Composition and all that it names, as one Bundle (FHIR R4
//! composition-operation-document).

use super::{Call, Kinds, Operation, Target};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use crate::write::once;
use fhir::Tree;
use fhir::json::{Json, Limits, Value};
use record::{Issue, Kind, Refusal, new_id};
use service::interaction::{self, Address, Caller, Done};

pub(super) const OPERATION: Operation = Operation {
    name: "document",
    definition: "http://hl7.org/fhir/OperationDefinition/Composition-document",
    system: false,
    types: Kinds::Only(&["Composition"]),
    instances: Kinds::Only(&["Composition"]),
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};

/// Resources that a document may name, at most.
const NAMED_MAX: usize = 1_000;

/// Of a Composition by id, or of one in the body; with `persist` the Bundle is filed, too.
fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(&["persist", "id", "composition"])?;
    let persists = match inputs.text("persist").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("persist", "persist is true or false.").into()),
    };
    if persists && call.request.method != "POST" {
        let text = "A document is filed only by POST. Leave persist out to read it.";
        return Err(Refusal::new(Kind::Unsupported, text).into());
    }
    let caller = call.caller;
    let by_id = match (&call.target, inputs.text("id")) {
        (Target::Instance(_, id), _) => Some(id.clone()),
        (_, id) => id,
    };
    let (text, url) = match (by_id, inputs.bare().or(inputs.resource("composition"))) {
        (Some(id), None) => {
            let body = interaction::read(caller, "Composition", &id)?;
            (body.text, format!("{}/Composition/{id}", caller.base))
        }
        (None, Some(given)) => {
            fault_of(given)?;
            (given.raw().to_owned(), format!("urn:uuid:{}", new_id()))
        }
        _ => {
            let text = "Give the Composition by its id, or in the body, and not both.";
            return Err(Refusal::invalid("id", text).into());
        }
    };
    let json = parsed(&text)?;
    let bundle = bundle(caller, json.root(), url)?;
    if !persists {
        return Ok(Response::json(200, bundle.text()));
    }
    let bundle = parsed(&bundle.text())?;
    let done = interaction::create(caller, "Bundle", &bundle, None, once(caller, call.request).as_ref())?;
    let Done::Wrote(written, _) = done else {
        let text = "The document was answered as a read. Send it again under a new request id.";
        return Err(Refusal::new(Kind::Fault, text).into());
    };
    let location = format!("{}/Bundle/{}/_history/{}", caller.base, written.id, written.version);
    let text = crate::write::representation(caller, &written)?.unwrap_or_else(|| bundle.text().to_owned());
    Ok(Response::json(201, text).versioned(written.version, written.updated).set("location", location))
}

/// Refuses what is no sound Composition.
fn fault_of(given: Value<'_>) -> Result<(), Refusal> {
    if given.str("resourceType").as_deref() != Some("Composition") {
        return Err(Refusal::invalid("resourceType", "A document is made of a Composition. Send one."));
    }
    let faults = fhir::validate::structure(given);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::many(Kind::Invalid, faults)) }
}

fn parsed(text: &str) -> Result<Json, Refusal> {
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
    Json::parse(text, limits).map_err(|e| Refusal::new(Kind::Fault, format!("The Composition: {e}.")))
}

/// The Composition first, then what it names, in the order in which it does.
fn bundle(caller: &Caller<'_>, composition: Value<'_>, url: String) -> Result<Tree, Refusal> {
    let entry = |url: String, resource: Tree| Tree::object().with("fullUrl", url).with("resource", resource);
    let mut entries = vec![entry(url, composition.into())];
    let mut named = Vec::new();
    gather(composition, &mut named);
    let mut missing = Vec::new();
    let mut seen: Vec<(&'static str, String)> = Vec::new();
    for reference in named {
        // What stands elsewhere is for its reader to find.
        let Ok(Address { kind, id: Some(id), version, .. }) = Address::parse(&reference, caller.base) else {
            continue;
        };
        if seen.contains(&(kind, id.clone())) {
            continue;
        }
        if seen.len() == NAMED_MAX {
            let text = format!("The Composition names more than {NAMED_MAX} resources.");
            return Err(Refusal::new(Kind::TooLarge, text));
        }
        let found = match version {
            Some(version) => interaction::vread(caller, kind, &id, version),
            None => interaction::read(caller, kind, &id),
        };
        match found {
            Ok(body) => {
                let json = parsed(&body.text)?;
                entries.push(entry(format!("{}/{kind}/{id}", caller.base), json.root().into()));
            }
            Err(refusal) if matches!(refusal.kind, Kind::NotFound | Kind::Gone) => {
                let text = format!("The Composition names {kind}/{id}, which is not there.");
                missing.push(Issue::new("not-found", "Composition", text));
            }
            Err(refusal) => return Err(refusal),
        }
        seen.push((kind, id));
    }
    // "The bundle SHALL include all resources that the Composition directly references".
    if !missing.is_empty() {
        return Err(Refusal::many(Kind::Precondition, missing));
    }
    let identifier =
        Tree::object().with("system", "urn:ietf:rfc:3986").with("value", format!("urn:uuid:{}", new_id()));
    Ok(Tree::resource("Bundle")
        .with("identifier", identifier)
        .with("type", "document")
        .with("timestamp", caller.access.store().now().to_string())
        .with("entry", entries))
}

/// What a Composition points at, in its order; other documents that it replaces or adds to are not part of it.
fn gather(value: Value<'_>, named: &mut Vec<String>) {
    for (name, member) in value.members() {
        match (&*name, member.as_str()) {
            ("relatesTo" | "contained", _) => {}
            ("reference", Some(text)) => named.push(text.into_owned()),
            _ => gather(member, named),
        }
    }
    value.items().for_each(|item| gather(item, named));
}

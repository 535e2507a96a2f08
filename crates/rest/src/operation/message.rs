//! `$process-message`: a message is taken in and answered (FHIR R4 messageheader-operation-process-message). The
//! resources of an event that is known here are filed as one transaction.

use super::{Call, Inputs, Kinds, Operation};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::Tree;
use fhir::json::{Json, Limits, Value};
use record::{Issue, Kind, Refusal};
use service::interaction::{self, Address, Caller, Once};

pub(super) const OPERATION: Operation = Operation {
    name: "process-message",
    definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
    system: true,
    types: Kinds::NONE,
    instances: Kinds::NONE,
    versions: false,
    changes: true,
    weight: Weight::Bundle,
    run,
};

/// The code system of the events that R4 names (<https://hl7.org/fhir/R4/valueset-message-events.html>).
const EVENTS: &str = "http://terminology.hl7.org/CodeSystem/message-events";

/// The events whose resources are filed: the code, and what their focus may be.
const HANDLED: &[(&str, &[&str])] = &[
    ("admin-notify", &["Encounter", "Patient", "Practitioner", "Organization", "Location"]),
    ("communication-request", &["CommunicationRequest", "Communication"]),
    ("diagnosticreport-provide", &["DiagnosticReport"]),
    ("observation-provide", &["Observation"]),
    ("MedicationAdministration-Complete", &["MedicationAdministration"]),
    ("MedicationAdministration-Recording", &["MedicationAdministration"]),
    ("MedicationAdministration-Update", &["MedicationAdministration"]),
];

fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    let message = content(&inputs)?;
    let faults = fhir::validate::structure(message);
    if !faults.is_empty() {
        return Err(Refusal::many(Kind::Invalid, faults).into());
    }
    let header = header(message)?;
    let Some(id) = header.str("id") else {
        let text =
            "The MessageHeader has no id. Give each message an id of its own, so that it is taken in once.";
        return Err(required("Bundle.entry[0].resource.id", text).into());
    };
    let answer = match taken_in(&call, message, header, &id) {
        Ok(()) => response(call.caller, header, &id, "ok", None),
        Err(refusal) => {
            let code = if matches!(refusal.kind, Kind::Busy | Kind::Unknown) {
                "transient-error"
            } else {
                "fatal-error"
            };
            response(call.caller, header, &id, code, Some(refusal.outcome()))
        }
    };
    Ok(Response::json(200, answer.text()))
}

fn required(at: &str, text: &str) -> Refusal {
    Refusal::many(Kind::Invalid, vec![Issue::new("required", at, text)])
}

/// The message: the body itself or the parameter `content`.
fn content(inputs: &Inputs) -> Result<Value<'_>, Refusal> {
    inputs.only(&["content", "async", "response-url"])?;
    if inputs.text("async").is_some_and(|is| is != "false") || inputs.text("response-url").is_some() {
        let text = "Messages are answered at once here. Leave async and response-url out.";
        return Err(Refusal::new(Kind::Unsupported, text));
    }
    let message = inputs.bare().or_else(|| inputs.resource("content"));
    let message =
        message.ok_or_else(|| required("content", "There is no message. Send a Bundle of type message."))?;
    if message.str("resourceType").as_deref() != Some("Bundle")
        || message.str("type").as_deref() != Some("message")
    {
        return Err(Refusal::invalid("Bundle.type", "A message is a Bundle of type message. Send one."));
    }
    Ok(message)
}

fn entries(message: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    message.get("entry").into_iter().flat_map(Value::items)
}

/// "The first resource in the bundle is the MessageHeader" (R4 bundle.html#message).
fn header(message: Value<'_>) -> Result<Value<'_>, Refusal> {
    let first = entries(message).next().and_then(|entry| entry.get("resource"));
    let header = first.filter(|one| one.str("resourceType").as_deref() == Some("MessageHeader"));
    header.ok_or_else(|| {
        required(
            "Bundle.entry[0].resource",
            "The first entry of a message is its MessageHeader. Put it there.",
        )
    })
}

/// Files what the message brings, once.
fn taken_in(call: &Call<'_>, message: Value<'_>, header: Value<'_>, id: &str) -> Result<(), Refusal> {
    let kinds = handled(header)?;
    let focus = focus(message, header)?;
    if let Some((kind, _)) = focus.iter().find(|(kind, _)| !kinds.contains(&kind.as_str())) {
        let text = format!("A message of this event is about {}, not about {kind}.", kinds.join(", "));
        return Err(Refusal::invalid("MessageHeader.focus", text));
    }
    let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
    let transaction = Json::parse(transaction(message, call.caller.base).text(), limits)
        .map_err(|e| Refusal::new(Kind::TooLarge, format!("The message: {e}.")))?;
    let who = &call.caller.session.who;
    let once = Once::named(&[who, "$process-message"], id, message.canonical().as_bytes());
    interaction::transaction(call.caller, &transaction, Some(&once)).map(|_| ())
}

/// What an event that is known is about.
fn handled(header: Value<'_>) -> Result<&'static [&'static str], Refusal> {
    let coding = header.get("eventCoding");
    let (system, code) = match coding {
        Some(coding) => (coding.str("system").unwrap_or_default(), coding.str("code").unwrap_or_default()),
        None => (EVENTS.into(), header.str("eventUri").unwrap_or_default()),
    };
    let code = if coding.is_some() {
        code.as_ref()
    } else {
        code.strip_prefix(EVENTS).unwrap_or("").trim_start_matches(['#', '/'])
    };
    let found = HANDLED.iter().find(|(known, _)| system == EVENTS && *known == code);
    found.map(|(_, kinds)| *kinds).ok_or_else(|| {
        let known: Vec<&str> = HANDLED.iter().map(|(code, _)| *code).collect();
        let text = format!("The event is not known here. Known of {EVENTS} are {}.", known.join(", "));
        Refusal::many(Kind::Unsupported, vec![Issue::new("not-supported", "MessageHeader.event", text)])
    })
}

/// Type and full URL of the resources in the message that it is about.
fn focus(message: Value<'_>, header: Value<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let references = header.get("focus").into_iter().flat_map(Value::items);
    let references: Vec<String> =
        references.filter_map(|one| one.str("reference")).map(|text| text.into_owned()).collect();
    if references.is_empty() {
        return Err(required(
            "MessageHeader.focus",
            "The message does not say what it is about. Add a focus.",
        ));
    }
    let find = |reference: &String| {
        let found = entries(message).find(|entry| {
            let url = entry.str("fullUrl").unwrap_or_default();
            url == reference.as_str() || url.ends_with(&format!("/{reference}"))
        });
        let kind = found.and_then(|entry| entry.get("resource")).and_then(|one| one.str("resourceType"));
        kind.map(|kind| (kind.into_owned(), reference.clone())).ok_or_else(|| {
            Refusal::invalid(
                "MessageHeader.focus",
                format!("The message is about {reference}, which it does not bring."),
            )
        })
    };
    references.iter().map(find).collect()
}

/// All resources of a message but its header as a transaction. One with an address of a type and id goes there, any
/// other is new.
fn transaction(message: Value<'_>, base: &str) -> Tree {
    let mut list = Vec::new();
    for entry in entries(message).skip(1) {
        let Some(resource) = entry.get("resource") else { continue };
        let kind = resource.str("resourceType").unwrap_or_default().into_owned();
        let url = entry.str("fullUrl").unwrap_or_default();
        let local = url.rsplitn(3, '/').take(2).collect::<Vec<_>>();
        let address = match local.as_slice() {
            [id, of] if *of == kind => Address::parse(&format!("{kind}/{id}"), base).ok(),
            _ => None,
        };
        let own = resource.str("id");
        let request = match address.and_then(|address| address.id) {
            Some(id) if own.as_deref() == Some(&id) => {
                Tree::object().with("method", "PUT").with("url", format!("{kind}/{id}"))
            }
            _ => Tree::object().with("method", "POST").with("url", kind.as_str()),
        };
        let tree = Tree::object().maybe("fullUrl", Some(&*url).filter(|url| !url.is_empty()));
        list.push(tree.with("resource", resource).with("request", request));
    }
    Tree::resource("Bundle").with("type", "transaction").with("entry", list)
}

/// The answer: a MessageHeader that says what became of the message, with the reasons if it was refused.
fn response(caller: &Caller<'_>, header: Value<'_>, id: &str, code: &str, outcome: Option<Tree>) -> Tree {
    let own: String = format!("r-{id}").chars().take(64).collect();
    let mut response = Tree::object().with("identifier", id).with("code", code);
    if outcome.is_some() {
        response.set("details", Tree::object().with("reference", format!("urn:message:{own}:outcome")));
    }
    let event = ["eventCoding", "eventUri"].into_iter().find_map(|name| Some((name, header.get(name)?)));
    let mut answer = Tree::resource("MessageHeader").with("id", own.as_str());
    if let Some((name, event)) = event {
        answer.set(name, event);
    }
    if let Some(endpoint) = header.at(&["source", "endpoint"]) {
        answer.set("destination", vec![Tree::object().with("endpoint", endpoint)]);
    }
    answer.set("source", Tree::object().with("name", "Carespine").with("endpoint", caller.base));
    answer.set("response", response);
    let entry = |url: String, resource: Tree| Tree::object().with("fullUrl", url).with("resource", resource);
    let mut list = vec![entry(format!("urn:message:{own}"), answer)];
    list.extend(outcome.map(|outcome| entry(format!("urn:message:{own}:outcome"), outcome)));
    Tree::resource("Bundle")
        .with("type", "message")
        .with("timestamp", caller.access.store().now().to_string())
        .with("entry", list)
}

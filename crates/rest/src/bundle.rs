//! Batch and transaction.

use crate::body;
use crate::door::{Rest, bare_answer};
use crate::request::Request;
use crate::response::Response;
use crate::search;
use crate::status::No;
use crate::wants::{Returns, Wants};
use crate::write::{once, outcome_of, representation};
use fhir::Tree;
use fhir::json::Value;
use record::{Body, Instant, Issue, Kind, Refusal, Written};
use service::interaction::{self, Caller, Done};

/// Entries of a batch, at most: each is a request.
const BATCH_MAX: usize = 10_000;
/// Bytes of the answer of a batch after which no further entry is begun: an entry of a hundred bytes may ask for
/// all that a resource holds.
pub(crate) const ANSWER_MAX: usize = 64 << 20;

/// A Bundle posted to the base.
pub(crate) fn post(
    rest: &Rest,
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
) -> Result<Response, No> {
    wants.nothing_else()?;
    let json = body::resource(request, rest.config.body_bytes)?;
    let root = json.root();
    let kind = root.str("resourceType");
    if kind.as_deref() != Some("Bundle") {
        let text = "Only a Bundle is taken at the base. POST a resource to its type, e.g. Patient.";
        return Err(Refusal::many(Kind::Invalid, vec![Issue::new("structure", "resourceType", text)]).into());
    }
    match root.str("type").as_deref() {
        Some("transaction") => {
            let outcome = interaction::transaction(caller, &json, once(caller, request).as_ref())?;
            let text = transaction_response(caller, &wants, &outcome.done)?;
            Ok(Response::json(200, text))
        }
        Some("batch") => Ok(Response::json(200, batch(rest, caller, request, root)?)),
        _ => {
            let text = "The Bundle's type is to be batch or transaction here. POST other Bundles to Bundle.";
            Err(Refusal::many(Kind::Invalid, vec![Issue::new("value", "Bundle.type", text)]).into())
        }
    }
}

fn transaction_response(caller: &Caller<'_>, wants: &Wants, done: &[Done]) -> Result<String, No> {
    let mut out = String::with_capacity(done.len() * 200 + 100);
    out.push_str("{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\",\"entry\":[");
    for (i, done) in done.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        transaction_entry(caller, wants, done, &mut out)?;
    }
    crate::read::close_entries(&mut out);
    Ok(out)
}

fn transaction_entry(caller: &Caller<'_>, wants: &Wants, done: &Done, out: &mut String) -> Result<(), No> {
    match done {
        Done::Wrote(written, told) => {
            let status = if written.created { "201 Created" } else { "200 OK" };
            let text = match wants.returns {
                Some(Returns::Representation) => representation(caller, written)?,
                _ => None,
            };
            let location = format!("{}/{}/_history/{}", written.kind, written.id, written.version);
            let mut response = Tree::object().with("status", status).with("location", location);
            stamp(&mut response, written);
            entry_with(text.as_deref(), response, outcome_of(wants, written, told).as_deref(), out);
        }
        Done::Deleted(list) => {
            let mut response = Tree::object().with("status", "204 No Content");
            if let [one] = list.as_slice() {
                stamp(&mut response, one);
            }
            entry(None, response, out);
        }
        Done::Read(body) => {
            let Body { version, updated, .. } = **body;
            let mut response = Tree::object().with("status", "200 OK");
            stamp_with(&mut response, version, updated);
            entry(Some(&body.text), response, out);
        }
        Done::Found(found) => {
            let (query, results) = &**found;
            let path = match &query.base {
                fhir::search::Base::Type(kind) => format!("/{kind}"),
                fhir::search::Base::Types(_) => String::new(),
            };
            let text = search::bundle(caller.base, &path, query, results, &Vec::new());
            entry(Some(&text), Tree::object().with("status", "200 OK"), out);
        }
    }
    Ok(())
}

fn stamp(response: &mut Tree, written: &Written) {
    stamp_with(response, written.version, written.updated);
}

fn stamp_with(response: &mut Tree, version: u64, updated: Instant) {
    response.set("etag", format!("W/\"{version}\""));
    response.set("lastModified", updated.to_string());
}

fn entry(resource: Option<&str>, response: Tree, out: &mut String) {
    entry_with(resource, response, None, out);
}

/// An entry with what is told of it: a resource, how it went, and an OperationOutcome of that.
fn entry_with(resource: Option<&str>, response: Tree, outcome: Option<&str>, out: &mut String) {
    out.push('{');
    if let Some(text) = resource {
        out.push_str("\"resource\":");
        out.push_str(text);
        out.push(',');
    }
    out.push_str("\"response\":");
    let mut text = response.text();
    if let Some(outcome) = outcome {
        text.pop();
        text.push_str(",\"outcome\":");
        text.push_str(outcome);
        text.push('}');
    }
    out.push_str(&text);
    out.push('}');
}

/// Each entry as a request of its own, through the same door.
fn batch(rest: &Rest, caller: &Caller<'_>, request: &Request, root: Value<'_>) -> Result<String, No> {
    let entries: Vec<Value<'_>> = root.get("entry").into_iter().flat_map(Value::items).collect();
    if entries.len() > BATCH_MAX {
        let text = format!("A batch has at most {BATCH_MAX} entries. Send it in parts.");
        return Err(Refusal::new(Kind::TooLarge, text).into());
    }
    let mut out = String::from("{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":[");
    for (i, value) in entries.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if out.len() > ANSWER_MAX {
            let text =
                "The answer of this batch is too large for this entry. Send it again, in another batch.";
            answered(
                &Request::default(),
                &Response::refused(&Refusal::new(Kind::TooLarge, text).into()),
                &mut out,
            );
            continue;
        }
        match inner(rest, request, value, i) {
            Ok(inner) => {
                let (response, acts) = bare_answer(rest, Some(caller.session), &inner);
                caller.add_acts(acts);
                let refused =
                    || Response::refused(&No::Format("Rows cannot stand in a Bundle. Ask alone.".to_owned()));
                let response = if response.is_resource() { response } else { refused() };
                answered(&inner, &response, &mut out);
            }
            Err(no) => answered(&Request::default(), &Response::refused(&no), &mut out),
        }
    }
    crate::read::close_entries(&mut out);
    Ok(out)
}

/// The request that an entry of a batch is.
fn inner(rest: &Rest, outer: &Request, entry: Value<'_>, i: usize) -> Result<Request, No> {
    let place = format!("Bundle.entry[{i}]");
    let required = |at: &str| {
        let text = "Each entry of a batch says what is to be done. Give request.method and request.url.";
        Refusal::many(Kind::Invalid, vec![Issue::new("required", format!("{place}.{at}"), text)])
    };
    let ask = entry.get("request").ok_or_else(|| required("request"))?;
    let method = ask.str("method").ok_or_else(|| required("request.method"))?;
    let url = ask.str("url").ok_or_else(|| required("request.url"))?;
    let local = url.strip_prefix(rest.config.base.as_str()).unwrap_or(&url);
    // The answer goes into a Bundle, so it is a resource whatever it is about, and JSON until all is done.
    let mut request = Request::new(&method, local).with("accept", "application/fhir+json");
    if request.path == "/" {
        let text = "A batch within a batch is not possible. Send its entries on their own.";
        return Err(Refusal::many(
            Kind::Invalid,
            vec![Issue::new("not-supported", format!("{place}.request.url"), text)],
        )
        .into());
    }
    let headers = [
        ("ifMatch", "if-match"),
        ("ifNoneMatch", "if-none-match"),
        ("ifModifiedSince", "if-modified-since"),
        ("ifNoneExist", "if-none-exist"),
    ];
    for (member, header) in headers {
        if let Some(value) = ask.str(member) {
            request = request.with(header, &value);
        }
    }
    request = request.with("prefer", outer.header("prefer").unwrap_or("return=minimal"));
    if let Some(id) = outer.header("x-request-id") {
        request = request.with("x-request-id", id);
    }
    if let Some(key) = outer.header("idempotency-key").or(outer.header("x-request-id")) {
        request = request.with("idempotency-key", &format!("{key} {i}"));
    }
    match (entry.get("resource"), &*method) {
        (Some(resource), "PATCH") => {
            let patch = interaction::patch_in(resource).map_err(|r| interaction::placed(r, &place))?;
            Ok(request.with("content-type", patch.0).body(patch.1))
        }
        (Some(resource), _) => Ok(request.body(resource.raw())),
        (None, _) => Ok(request),
    }
}

/// The Bundle that holds the answer to one request.
pub(crate) fn of_one(request: &Request, response: &Response) -> String {
    let mut out = String::from("{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":[");
    answered(request, response, &mut out);
    crate::read::close_entries(&mut out);
    out
}

/// Appends the entry that answers one of a batch.
fn answered(request: &Request, response: &Response, out: &mut String) {
    let good = response.status < 400;
    let reason = reason(response.status);
    let mut told = Tree::object().with("status", format!("{} {reason}", response.status));
    let location = response.header("location").or(response.header("content-location"));
    told = told.maybe("location", location).maybe("etag", response.header("etag"));
    let modified = response.header("last-modified").and_then(crate::headers::parse_date);
    told = told.maybe("lastModified", modified.map(|at| at.to_string()));
    let body = Some(response.text()).filter(|body| !body.is_empty());
    let (resource, outcome) = match good {
        // What a write is answered with may be its outcome alone, and an entry has a place for that.
        true => (body.filter(|body| response.outcome.as_deref() != Some(*body)), response.outcome.as_deref()),
        false => (None, body),
    };
    entry_with(resource.filter(|_| request.method != "HEAD"), told, outcome, out);
}

/// The words that go with a status in a Bundle. They are for people; programs read the number.
fn reason(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Unknown")
}

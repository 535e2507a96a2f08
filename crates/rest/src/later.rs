//! Requests that are answered later (FHIR R4 async.html; Bulk Data Access IG 2.0): the 202 that says where, how far
//! it is, the manifest, and the files.

use crate::bundle;
use crate::door::{Rest, bare_answer, shielded};
use crate::headers::{http_date, trace};
use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::status::No;
use access::Session;
use fhir::Tree;
use record::{Act, Kind, Refusal};
use service::interaction::{Caller, pairs};
use service::jobs::{Answered, Asked, File, Job, Purpose, State, Work};

/// Seconds after which to ask again how far a job is.
const RETRY_SECONDS: u32 = 2;
/// Characters of `X-Progress`, at most (Bulk Data Access IG 2.0).
const PROGRESS_MAX: usize = 100;
/// Headers of a request that still mean something when it is answered later.
const KEPT_HEADERS: &[&str] =
    &["content-type", "content-encoding", "if-none-exist", "if-match", "idempotency-key", "x-request-id"];

/// Answers what is about jobs, and begins one for a request that is to be answered later; nothing for others.
pub(crate) fn answer(rest: &Rest, session: &Session, request: &Request) -> Option<(Response, Vec<Act>)> {
    let route = Route::of(&request.path).ok()?;
    let mut caller = Caller::new(&rest.access, session, &rest.config.base);
    caller.request = trace(request.header("x-request-id"));
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let response = match (&route, method) {
        (Route::Job(id), "GET") => status(rest, session, id),
        (Route::Job(id), "DELETE") => cancelled(rest, &caller, id),
        (Route::JobFile(id, name), "GET") => file(rest, &caller, request, id, name),
        (Route::Job(_) | Route::JobFile(..), _) => Err(No::Method(route.allow())),
        _ if is_wanted(request) && may_wait(&route, method) => begun(rest, &caller, request),
        _ => return None,
    };
    Some((response.unwrap_or_else(|no| Response::refused(&no)), caller.take_acts()))
}

/// The preferences of a request.
fn preferences(request: &Request) -> impl Iterator<Item = &str> {
    let headers = request.headers.iter().filter(|(name, _)| name == "prefer");
    headers.flat_map(|(_, value)| value.split([',', ';'])).map(str::trim)
}

/// Whether the client wants to be answered later (RFC 7240, 4.1).
fn is_wanted(request: &Request) -> bool {
    preferences(request).any(|one| one == "respond-async")
}

/// Refuses to begin what is only ever answered later, for a client that does not expect that. A browser can be made
/// to follow a link, but not to send this header.
pub(crate) fn must_be_wanted(request: &Request) -> Result<(), Refusal> {
    if is_wanted(request) {
        return Ok(());
    }
    Err(Refusal::invalid("Prefer", "This is answered later only. Send Prefer: respond-async."))
}

/// Whether that is possible for a request: searches, batches and transactions, and operations that take their time.
fn may_wait(route: &Route, method: &str) -> bool {
    match (route, method) {
        (Route::Base | Route::Type(_) | Route::Compartment(..), "GET") | (Route::Base, "POST") => true,
        (Route::SystemSearch | Route::TypeSearch(_) | Route::CompartmentSearch(..), "POST") => true,
        (Route::SystemHistory | Route::TypeHistory(_), "GET") => true,
        (Route::Operation(operation, _), "GET" | "POST") => operation.may_wait(),
        _ => false,
    }
}

/// The whole address of a request.
pub(crate) fn address(rest: &Rest, request: &Request) -> String {
    format!("{}{}", rest.config.base, request.url())
}

/// Begins to answer a request later.
fn begun(rest: &Rest, caller: &Caller<'_>, request: &Request) -> Result<Response, No> {
    // The answer becomes part of a Bundle in JSON, whatever the client wants that in.
    let query = request.query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        name != "_format" && name != "_pretty"
    });
    let kept = request.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str())).cloned();
    let prefer: Vec<&str> = preferences(request).filter(|one| *one != "respond-async").collect();
    let asked = Asked {
        method: request.method.clone(),
        path: request.path.clone(),
        query: query.collect::<Vec<_>>().join("&"),
        headers: kept.chain([("prefer".to_owned(), prefer.join(", "))]).collect(),
    };
    let job = rest.jobs.request(caller, asked, &request.body, &address(rest, request))?;
    Ok(accepted(rest, &job))
}

/// The answer to what begins a job.
pub(crate) fn accepted(rest: &Rest, job: &Job) -> Response {
    let place = format!("{}/$jobs/{}", rest.config.base, job.id);
    let issue = Tree::object()
        .with("severity", "information")
        .with("code", "informational")
        .with("diagnostics", format!("This is being done. Ask at {place} how far it is."));
    let text = Tree::resource("OperationOutcome").with("issue", vec![issue]).text();
    Response::json(202, text).set("content-location", place)
}

/// Answers a request whose time has come.
pub(crate) fn carry_out(rest: &Rest, session: &Session, asked: &Asked, body: Vec<u8>) -> Answered {
    let request = Request {
        method: asked.method.clone(),
        path: asked.path.clone(),
        query: asked.query.clone(),
        headers: asked.headers.clone(),
        body,
    };
    let (response, acts) = shielded(&request, || bare_answer(rest, Some(session), &request));
    Answered { text: bundle::of_one(&request, &response), acts }
}

fn status(rest: &Rest, session: &Session, id: &str) -> Result<Response, No> {
    let job = rest.jobs.find(session, id)?;
    match (&job.state, &job.work) {
        (State::Open, _) => {
            let progress: String = job.progress.chars().filter(char::is_ascii).take(PROGRESS_MAX).collect();
            let response = Response::empty(202).set("x-progress", progress);
            Ok(response.set("retry-after", RETRY_SECONDS.to_string()))
        }
        (State::Failed(why), _) => Err(Refusal::new(Kind::Fault, why.as_str()).into()),
        (State::Done, Work::Request(_)) => {
            let text = String::from_utf8(rest.jobs.result(&job)?);
            let broken = |_| Refusal::new(Kind::Fault, "The answer cannot be read. Ask again.");
            Ok(Response::json(200, text.map_err(broken)?).set("expires", http_date(job.until)))
        }
        (State::Done, Work::Export(_) | Work::Import(_)) => {
            let response = Response::json(200, manifest(rest, &job)?.text());
            Ok(response.set("content-type", "application/json").set("expires", http_date(job.until)))
        }
    }
}

/// Bulk Data Access IG 2.0, "Response - Output Manifest".
fn manifest(rest: &Rest, job: &Job) -> Result<Tree, Refusal> {
    let link = |file: &File| {
        let (base, query) = (&rest.config.base, rest.jobs.signed(job, file)?);
        Ok(Tree::object()
            .with("type", file.kind.as_str())
            .with("url", format!("{base}/$jobs/{}/{}?{query}", job.id, file.name))
            .with("count", file.count as i64))
    };
    let list = |purpose: Purpose| {
        let files = job.files.iter().filter(|file| file.purpose == purpose).map(link);
        files.collect::<Result<Vec<_>, Refusal>>()
    };
    Ok(Tree::object()
        .with("transactionTime", job.at.to_string())
        .with("request", job.url.as_str())
        .with("requiresAccessToken", true)
        .with("output", list(Purpose::Output)?)
        .with("deleted", list(Purpose::Deleted)?)
        .with("error", list(Purpose::Error)?))
}

fn cancelled(rest: &Rest, caller: &Caller<'_>, id: &str) -> Result<Response, No> {
    rest.jobs.cancel(caller, id)?;
    Ok(Response::empty(202))
}

fn file(rest: &Rest, caller: &Caller<'_>, request: &Request, id: &str, name: &str) -> Result<Response, No> {
    let query = pairs(&request.query)?;
    let value = |wanted: &str| {
        let found = query.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let bytes = rest.jobs.file(caller, id, name, value("expires"), value("signature"))?;
    let mut response = Response::empty(200).set("content-type", "application/fhir+ndjson");
    response.body = bytes;
    Ok(response)
}

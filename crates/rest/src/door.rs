//! The door as a function: from a request to a response.

use crate::config::Config;
use crate::format::presented;
use crate::headers::trace;
use crate::operation::Call;
use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::status::No;
use crate::wants::Wants;
use crate::{bundle, capability, later, openapi, read, search, trail, write};
use access::{Access, Session, Standing};
use conformance::Conformance;
use record::{Act, Kind, Refusal};
use service::interaction::{Caller, Guards, of_house};
use service::jobs::Jobs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// The door: the gate behind it and how it behaves.
pub struct Rest {
    pub(crate) access: Access,
    pub(crate) config: Config,
    pub(crate) conformance: Conformance,
    pub(crate) jobs: Jobs,
    guards: Guards,
    statement: OnceLock<String>,
    description: OnceLock<String>,
}

/// A response, and what must be on the audit trail before it may leave.
pub(crate) struct Reply {
    pub response: Response,
    pub acts: Vec<Act>,
}

impl Rest {
    /// A door to this gate.
    pub fn new(access: Access, config: Config) -> Rest {
        let jobs = Jobs::new(access.clone(), &config.base, config.pace.clone());
        let conformance = Conformance::with_releases(access.store().clone(), config.releases.clone());
        let of_subscriptions = config.subscriptions.as_ref().map(|s| s.guards()).unwrap_or_default();
        let of_house = of_house(&conformance, config.validation.clone());
        let guards = of_subscriptions.iter().cloned().chain(of_house).chain([trail::guard()]);
        let guards: Guards = guards.collect();
        let jobs = jobs.guarded(guards.clone()).knowing(conformance.clone());
        Rest {
            access,
            config,
            conformance,
            jobs,
            guards,
            statement: OnceLock::new(),
            description: OnceLock::new(),
        }
    }

    /// Works on one job that waits, to its end; false when none does. [`crate::router`] calls it on threads of its
    /// own.
    pub fn work(&self) -> Result<bool, Refusal> {
        self.jobs.turn(&|session, asked, body| later::carry_out(self, session, asked, body))
    }

    /// The CapabilityStatement's text.
    pub(crate) fn statement(&self) -> &str {
        self.statement.get_or_init(|| capability::statement(&self.config).text())
    }

    /// What anyone may ask: the CapabilityStatement and the OpenAPI description.
    fn public(&self, route: &Route) -> Option<Response> {
        match route {
            Route::Metadata => Some(Response::json(200, self.statement().to_owned())),
            Route::Description => {
                let text = self.description.get_or_init(|| openapi::description(&self.config).text());
                Some(Response::json(200, text.clone()).set("content-type", "application/json"))
            }
            _ => None,
        }
    }

    /// Who asks, by the headers alone. Nothing for what anyone may ask.
    pub(crate) fn caller(&self, request: &Request) -> Result<Option<Session>, No> {
        if matches!(request.method.as_str(), "GET" | "HEAD")
            && matches!(Route::of(&request.path), Ok(Route::Metadata | Route::Description))
        {
            return Ok(None);
        }
        if let Some(authorization) = request.header("authorization") {
            let token =
                authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (_, token) = token.ok_or_else(|| unknown("Only Bearer tokens are taken."))?;
            return Ok(Some(self.access.bearer(token.trim())?));
        }
        let Some(cookie) = cookie(request) else {
            return Err(unknown("There is no token.").into());
        };
        match self.access.session(cookie)? {
            Standing::SignedIn(session) => {
                self.same_site(&session, request)?;
                Ok(Some(session))
            }
            Standing::Owing(_) => {
                Err(unknown("The sign-in is not complete. Complete it in the browser.").into())
            }
            Standing::Locked(_) => Err(unknown("The session is locked. Unlock it in the browser.").into()),
            Standing::Nobody => Err(unknown("The session has ended. Sign in again.").into()),
        }
    }

    /// A browser sends its cookie along whoever made it ask, so a change must also show that a page of ours
    /// asked: our origin and the session's own token.
    fn same_site(&self, session: &Session, request: &Request) -> Result<(), Refusal> {
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return Ok(());
        }
        let token = request.header("x-csrf-token").unwrap_or_default();
        let origin = request.header("origin").is_some_and(|origin| is_origin_of(origin, &self.config.base));
        if origin && !token.is_empty() && equal(token, &session.csrf) {
            return Ok(());
        }
        let text =
            "A change by a signed-in browser must come from our own pages, with the session's X-CSRF-Token.";
        Err(Refusal::new(Kind::Forbidden, text))
    }
}

fn unknown(text: &str) -> Refusal {
    Refusal::new(Kind::Unauthenticated, format!("{text} Send Authorization: Bearer and a token."))
}

fn is_origin_of(origin: &str, base: &str) -> bool {
    !origin.is_empty()
        && base.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Compares without telling by its time where the difference is.
fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

fn cookie(request: &Request) -> Option<&str> {
    let headers = request.headers.iter().filter(|(name, _)| name == "cookie");
    let pairs =
        headers.flat_map(|(_, value)| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(name, _)| *name == "__Host-carespine" || *name == "carespine")
        .map(|(_, value)| value)
        .next()
}

/// Answers a request: recognises the caller, does it, and waits until the audit trail is on disk. Blocks.
pub fn handle(rest: &Rest, request: &Request) -> Response {
    let reply = match rest.caller(request) {
        Ok(session) => answer(rest, session.as_ref(), request),
        Err(no) => turned_away(request, no),
    };
    for act in reply.acts {
        if let Err(refusal) = rest.access.store().audit(act).wait() {
            return refused(request, &refusal.into());
        }
    }
    reply.response.gathered()
}

/// The reply to a request that got no further than its headers or its body. Who was not recognised, or may
/// not come in this way, goes on the audit trail.
pub(crate) fn turned_away(request: &Request, no: No) -> Reply {
    let detail = fhir::Tree::object()
        .maybe("request", trace(request.header("x-request-id")))
        .with("query", format!("{} {}", request.method, short(&request.path)))
        .with("outcome", i64::from(crate::status::of(&no)));
    let act = Act { who: "unknown".to_owned(), action: "refused", detail: detail.text() };
    let stranger = crate::status::is_stranger(&no);
    Reply { response: refused(request, &no), acts: if stranger { vec![act] } else { Vec::new() } }
}

/// A path short enough for the audit trail.
fn short(path: &str) -> String {
    path.chars().take(200).collect()
}

/// Answers a request of someone who was recognised. A panic becomes a fault of ours, without details.
pub(crate) fn answer(rest: &Rest, session: Option<&Session>, request: &Request) -> Reply {
    let (response, acts) = shielded(request, || {
        let later = session.and_then(|who| later::answer(rest, who, request));
        let (response, acts) = later.unwrap_or_else(|| bare_answer(rest, session, request));
        (presented(request, response), acts)
    });
    Reply { response: dressed(request, response), acts }
}

/// Runs what may panic. The panic itself has gone to the log.
pub(crate) fn shielded(
    request: &Request,
    answer: impl FnOnce() -> (Response, Vec<Act>),
) -> (Response, Vec<Act>) {
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| {
        tracing::error!("panic while answering");
        let text = "Something went wrong here. Try again, then tell support the X-Request-ID.";
        (presented(request, Response::refused(&Refusal::new(Kind::Fault, text).into())), Vec::new())
    })
}

/// The same in JSON, without the headers that every response has; also for each entry of a batch.
pub(crate) fn bare_answer(rest: &Rest, session: Option<&Session>, request: &Request) -> (Response, Vec<Act>) {
    let wants = match Wants::of(request) {
        Ok(wants) => wants,
        Err(no) => return (Response::refused(&no), Vec::new()),
    };
    let (response, acts) = match session {
        None => {
            let route = Route::of(&request.path).ok();
            let nothing = || Response::refused(&Refusal::not_found(&request.path).into());
            (route.and_then(|route| rest.public(&route)).unwrap_or_else(nothing), Vec::new())
        }
        Some(session) => {
            let mut caller = Caller::new(&rest.access, session, &rest.config.base);
            caller.request = trace(request.header("x-request-id"));
            caller.deletes_many = rest.config.deletes_many;
            caller.guards = rest.guards.clone();
            caller.conformance = Some(rest.conformance.clone());
            let response =
                dispatch(rest, &caller, request, wants).unwrap_or_else(|no| Response::refused(&no));
            (response, caller.take_acts())
        }
    };
    (response, acts)
}

fn dispatch(rest: &Rest, caller: &Caller<'_>, request: &Request, wants: Wants) -> Result<Response, No> {
    let route = Route::of(&request.path)?;
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let most = rest.config.body_bytes;
    if trail::is_at(&route) {
        return trail::answer(caller, request, wants, (&route, method), most);
    }
    match (&route, method) {
        (Route::Metadata | Route::Description, "GET") => {
            rest.public(&route).ok_or_else(|| Refusal::not_found(&request.path).into())
        }
        (Route::Base, "POST") => bundle::post(rest, caller, request, wants),
        (Route::Base, "GET") => search::system(caller, wants, Vec::new()),
        (Route::SystemSearch, "POST") => search::system(caller, wants, crate::body::form(request, most)?),
        (Route::Type(kind), "GET") => search::of_type(caller, wants, kind, Vec::new()),
        (Route::TypeSearch(kind), "POST") => {
            search::of_type(caller, wants, kind, crate::body::form(request, most)?)
        }
        (Route::Compartment(owner, kind), "GET") => {
            search::compartment(caller, wants, owner, *kind, Vec::new())
        }
        (Route::CompartmentSearch(owner, kind), "POST") => {
            search::compartment(caller, wants, owner, *kind, crate::body::form(request, most)?)
        }
        (Route::Operation(operation, target), "GET" | "POST") if method == "POST" || !operation.changes => {
            let target = target.clone();
            (operation.run)(Call { rest, caller, request, wants, operation, target, body_bytes: most })
        }
        (Route::Instance(kind, id), "GET") => read::read(caller, request, wants, kind, id),
        (Route::Misnamed(_, id), "PUT") => Err(misnamed(id)),
        (Route::Misnamed(kind, id), "GET" | "PATCH" | "DELETE") => {
            Err(Refusal::not_found(&format!("{kind}/{id}")).into())
        }
        (Route::Version(kind, id, version), "GET") => read::vread(caller, wants, kind, id, *version),
        (Route::InstanceHistory(..) | Route::TypeHistory(_) | Route::SystemHistory, "GET") => {
            read::history(caller, wants, &route)
        }
        (Route::Type(kind), "POST") => write::create(rest, caller, request, wants, kind),
        (Route::Instance(..) | Route::Type(_), "PUT") => write::update(rest, caller, request, wants, &route),
        (Route::Instance(..) | Route::Type(_), "PATCH") => write::patch(rest, caller, request, wants, &route),
        (Route::Instance(..) | Route::Type(_), "DELETE") => write::delete(caller, request, wants, &route),
        _ => Err(No::Method(route.allow())),
    }
}

/// FHIR R4 http.html#update: a resource that fails basic validation, as one of such an id must, is 400.
fn misnamed(id: &str) -> No {
    let text = format!("{id:?} is no FHIR id. An id is 1 to 64 letters, digits, hyphens and full stops.");
    Refusal::invalid("id", text).into()
}

/// The response to what was refused, as it leaves.
fn refused(request: &Request, no: &No) -> Response {
    dressed(request, presented(request, Response::refused(no)))
}

/// With the headers that every response has.
pub(crate) fn dressed(request: &Request, response: Response) -> Response {
    let id = trace(request.header("x-request-id"));
    let id = id.map_or_else(record::new_id, str::to_owned);
    let mut response = response
        .set("x-request-id", id)
        .set("cache-control", "no-store")
        .set("x-content-type-options", "nosniff")
        .set("referrer-policy", "no-referrer")
        .set("cross-origin-resource-policy", "same-origin");
    if response.header("content-security-policy").is_none() {
        response = response.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    }
    if let Some(correlation) = trace(request.header("x-correlation-id")) {
        response = response.set("x-correlation-id", correlation);
    }
    if request.method == "HEAD" {
        // The length that GET would have (RFC 9110, 9.3.2), not that of nothing.
        if !response.body.is_empty() {
            let length = response.body.len().to_string();
            response = response.set("content-length", length);
        }
        response.body.clear();
        response.stream = None;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault_without_details() {
        let (response, _) = shielded(&Request::default(), || panic!("secret detail"));
        assert_eq!(response.status, 500);
        assert!(response.text().contains("OperationOutcome") && !response.text().contains("secret"));
    }

    #[test]
    fn an_origin_is_ours_only_as_a_whole() {
        let base = "https://care.example:8443/fhir";
        assert!(is_origin_of("https://care.example:8443", base));
        for other in
            ["", "null", "https://care.example", "https://care.example:844", "http://care.example:8443"]
        {
            assert!(!is_origin_of(other, base), "{other}");
        }
    }
}

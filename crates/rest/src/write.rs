//! Changing one resource.

use crate::binary;
use crate::body;
use crate::door::Rest;
use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::status::No;
use crate::wants::{Returns, Wants};
use fhir::outcome::outcome;
use record::{Issue, Kind, Refusal, Written};
use service::interaction::{self, Caller, Done, Expected, Once, Pairs, Target, pairs};

/// `POST Type`, with `If-None-Exist`.
pub(crate) fn create(
    rest: &Rest,
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
    kind: &'static str,
) -> Result<Response, No> {
    wants.nothing_else()?;
    let json = binary::incoming(request, rest.config.body_bytes, kind, None)?;
    let unless = request.header("if-none-exist").map(criteria).transpose()?;
    let done = interaction::create(caller, kind, &json, unless, once(caller, request).as_ref())?;
    wrote(caller, &wants, done)
}

/// `PUT Type/id` and `PUT Type?criteria`, with `If-Match` or `If-None-Match: *`.
pub(crate) fn update(
    rest: &Rest,
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
    route: &Route,
) -> Result<Response, No> {
    let (target, wants) = target(route, wants)?;
    let id = match &target {
        Target::Id(_, id) => Some(id.as_str()),
        Target::Where(..) => None,
    };
    let json = binary::incoming(request, rest.config.body_bytes, target.kind(), id)?;
    let done =
        interaction::update(caller, target, &json, expected(request)?, once(caller, request).as_ref())?;
    wrote(caller, &wants, done)
}

/// `PATCH Type/id` and `PATCH Type?criteria` with a patch of one of the three kinds.
pub(crate) fn patch(
    rest: &Rest,
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
    route: &Route,
) -> Result<Response, No> {
    let (target, wants) = target(route, wants)?;
    let patch = body::patch(request, rest.config.body_bytes)?;
    let done = interaction::patch(caller, target, patch, expected(request)?, once(caller, request).as_ref())?;
    wrote(caller, &wants, done)
}

/// `DELETE Type/id` and `DELETE Type?criteria`.
pub(crate) fn delete(
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
    route: &Route,
) -> Result<Response, No> {
    let (target, wants) = target(route, wants)?;
    let done = interaction::delete(caller, target, expected(request)?, once(caller, request).as_ref())?;
    wrote(caller, &wants, done)
}

/// Criteria as a header has them: a query, perhaps with its question mark.
fn criteria(text: &str) -> Result<Pairs, Refusal> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    pairs(query)
}

/// What is meant, by id or by the query as criteria.
fn target(route: &Route, mut wants: Wants) -> Result<(Target, Wants), No> {
    let target = match route {
        Route::Instance(kind, id) => {
            wants.nothing_else()?;
            Target::Id(kind, id.clone())
        }
        Route::Type(kind) => Target::Where(kind, std::mem::take(&mut wants.pairs)),
        _ => return Err(No::Method(route.allow())),
    };
    Ok((target, wants))
}

fn expected(request: &Request) -> Result<Expected, Refusal> {
    Expected::of(request.header("if-match"), request.header("if-none-match"))
}

/// The name under which this request takes effect once, if the client gave it one.
pub(crate) fn once(caller: &Caller<'_>, request: &Request) -> Option<Once> {
    let name = request.header("idempotency-key").or(request.header("x-request-id"))?;
    Some(Once::named(&[&caller.session.who, &request.method, &request.url()], name, &request.body))
}

fn wrote(caller: &Caller<'_>, wants: &Wants, done: Done) -> Result<Response, No> {
    match done {
        Done::Wrote(written, told) => {
            let response = answer(caller, wants, &written, &told)?;
            let location =
                format!("{}/{}/{}/_history/{}", caller.base, written.kind, written.id, written.version);
            Ok(response.versioned(written.version, written.updated).set("location", location))
        }
        Done::Deleted(list) => {
            let response = Response::empty(204);
            Ok(match list.as_slice() {
                [one] => response.versioned(one.version, one.updated),
                _ => response,
            })
        }
        Done::Read(_) | Done::Found(_) => Err(Refusal::new(
            Kind::Fault,
            "A change was answered as a read. Read the resource to see what holds.",
        )
        .into()),
    }
}

fn answer(caller: &Caller<'_>, wants: &Wants, written: &Written, told: &[Issue]) -> Result<Response, No> {
    let status = if written.created { 201 } else { 200 };
    let outcome = outcome_of(wants, written, told);
    let mut response = match (wants.returns.unwrap_or(Returns::Representation), &outcome) {
        (Returns::Outcome, Some(text)) => Response::json(status, text.clone()),
        (Returns::Representation, _) => match representation(caller, written)? {
            Some(text) => Response::json(status, text),
            None => Response::empty(status),
        },
        (Returns::Minimal | Returns::Outcome, _) => Response::empty(status),
    };
    response.outcome = outcome;
    Ok(response)
}

/// The OperationOutcome of a write that was done, with "hints and warnings" (FHIR R4 http.html#ops,
/// Bundle.entry.response.outcome); nothing when there are none and it was not asked for.
pub(crate) fn outcome_of(wants: &Wants, written: &Written, told: &[Issue]) -> Option<String> {
    if told.is_empty() && wants.returns != Some(Returns::Outcome) {
        return None;
    }
    let did = match written {
        Written { created: true, .. } => "Created",
        Written { changed: true, .. } => "Updated",
        _ => "Unchanged:",
    };
    let text = format!("{did} {}/{}, version {}.", written.kind, written.id, written.version);
    let done = Issue { warning: true, ..Issue::new("informational", "", text) };
    let issues: Vec<Issue> = std::iter::once(done).chain(told.iter().cloned()).collect();
    Some(outcome(&issues).text())
}

/// The text of what was written, as the writer may see it; nothing if they may write it and not see it.
pub(crate) fn representation(caller: &Caller<'_>, written: &Written) -> Result<Option<String>, Refusal> {
    match interaction::written(caller, written) {
        Ok(body) => Ok(Some(body.text)),
        Err(refusal) if refusal.kind == Kind::NotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

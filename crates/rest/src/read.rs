//! Reading one resource, its versions, and histories.

use crate::binary;
use crate::headers::parse_date;
use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::search::{count_of, links};
use crate::status::No;
use crate::subset::Subset;
use crate::wants::Wants;
use access::Permission;
use fhir::{Instant, Tree};
use record::{Body, COUNT_MAX, HistoryOf, Kind, Refusal};
use service::interaction::{self, COUNT_DEFAULT, Caller, version_of};

/// The current version, unless the client has it already.
pub(crate) fn read(
    caller: &Caller<'_>,
    request: &Request,
    mut wants: Wants,
    kind: &'static str,
    id: &str,
) -> Result<Response, No> {
    let subset = Subset::of(&mut wants)?;
    wants.nothing_else()?;
    let body = interaction::read(caller, kind, id)?;
    if is_current(request, &body) {
        return Ok(Response::empty(304).version_of(&body));
    }
    shown(&body, &subset, &wants)
}

/// One version.
pub(crate) fn vread(
    caller: &Caller<'_>,
    mut wants: Wants,
    kind: &'static str,
    id: &str,
    version: u64,
) -> Result<Response, No> {
    let subset = Subset::of(&mut wants)?;
    wants.nothing_else()?;
    shown(&interaction::vread(caller, kind, id, version)?, &subset, &wants)
}

fn shown(body: &Body, subset: &Subset, wants: &Wants) -> Result<Response, No> {
    if wants.raw {
        return Ok(binary::raw(body)?.version_of(body));
    }
    let mut text = String::with_capacity(body.text.len());
    subset.write(body, &mut text);
    Ok(Response::json(200, text).version_of(body))
}

/// RFC 9110, 13.2.2: `If-None-Match` decides, and only without it `If-Modified-Since`.
fn is_current(request: &Request, body: &Body) -> bool {
    match (request.header("if-none-match"), request.header("if-modified-since")) {
        (Some(tags), _) => {
            tags.split(',').any(|tag| tag.trim() == "*" || version_of(tag) == Ok(body.version))
        }
        // HTTP dates have whole seconds.
        (None, Some(date)) => parse_date(date).is_some_and(|date| body.updated.0 / 1000 <= date.0 / 1000),
        (None, None) => false,
    }
}

/// Versions of a resource, a type or everything, newest first.
pub(crate) fn history(caller: &Caller<'_>, mut wants: Wants, route: &Route) -> Result<Response, No> {
    let (of, path) = match route {
        Route::InstanceHistory(kind, id) => (HistoryOf::Resource(kind, id), format!("/{kind}/{id}/_history")),
        Route::TypeHistory(kind) => (HistoryOf::Type(kind), format!("/{kind}/_history")),
        _ => (HistoryOf::All, "/_history".to_owned()),
    };
    if !matches!(of, HistoryOf::Resource(..)) {
        let needs = caller.session.needs(Permission::SystemHistory);
        needs.map_err(|refusal| caller.refused("history", &path, refusal))?;
    }
    let mut honoured = Vec::new();
    let mut taken = |wants: &mut Wants, name: &str| {
        let value = wants.take(name)?;
        honoured.push((name.to_owned(), value.clone()));
        Some(value)
    };
    let count = taken(&mut wants, "_count").map(|count| count_of(&count)).transpose()?;
    let since = taken(&mut wants, "_since").map(|since| instant(&since)).transpose()?;
    let token = wants.take("_page");
    if wants.take("_at").is_some() {
        let text = "_at is not supported. Use _since, or read the resource's history and choose.";
        return Err(Refusal::new(Kind::Unsupported, text).into());
    }
    wants.nothing_else()?;
    let count = count.unwrap_or(COUNT_DEFAULT).min(COUNT_MAX);
    let page = interaction::history(caller, of, since, count, token.as_deref())?;
    if page.versions.is_empty()
        && count > 0
        && token.is_none()
        && since.is_none()
        && let Route::InstanceHistory(kind, id) = route
    {
        return Err(Refusal::not_found(&format!("{kind}/{id}")).into());
    }
    honoured.extend(wants.format);
    let mut out = String::from("{\"resourceType\":\"Bundle\",\"type\":\"history\"");
    if let Some(total) = page.total {
        out.push_str(&format!(",\"total\":{total}"));
    }
    links(caller.base, &path, &honoured, token.as_deref(), page.next.as_deref(), &mut out);
    out.push_str(",\"entry\":[");
    for (i, body) in page.versions.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        version(caller.base, body, &mut out);
    }
    close_entries(&mut out);
    Ok(Response::json(200, out))
}

/// Ends the list of entries and the Bundle. FHIR has no empty lists.
pub(crate) fn close_entries(out: &mut String) {
    match out.strip_suffix(",\"entry\":[").map(str::len) {
        Some(length) => out.truncate(length),
        None => out.push(']'),
    }
    out.push('}');
}

fn instant(text: &str) -> Result<Instant, Refusal> {
    let date = fhir::date::PartialDate::parse(text);
    date.map(|date| Instant(date.range().0)).ok_or_else(|| {
        Refusal::invalid("_since", format!("{text:?} is no instant. Write 2026-11-24T09:05:00Z."))
    })
}

/// An entry of a history. What the client asked for then is told by what came of it.
fn version(base: &str, body: &Body, out: &mut String) {
    let Body { kind, id, .. } = body;
    let full_url = format!("{base}/{kind}/{id}");
    let (method, url, status) = match (body.deleted, body.version) {
        (true, _) => ("DELETE", format!("{kind}/{id}"), "204"),
        (false, 1) => ("POST", (*kind).to_owned(), "201"),
        (false, _) => ("PUT", format!("{kind}/{id}"), "200"),
    };
    out.push_str("{\"fullUrl\":");
    fhir::json::write_string(&full_url, out);
    if !body.deleted {
        out.push_str(",\"resource\":");
        out.push_str(&body.text);
    }
    let request = Tree::object().with("method", method).with("url", url);
    let response = Tree::object()
        .with("status", status)
        .with("etag", format!("W/\"{}\"", body.version))
        .with("lastModified", body.updated.to_string());
    out.push_str(",\"request\":");
    request.write(out);
    out.push_str(",\"response\":");
    response.write(out);
    out.push('}');
}

//! `Patient/id/$everything`.

use super::{Call, Target};
use crate::response::Response;
use crate::search::{count_of, links};
use crate::status::No;
use crate::wants::Wants;
use fhir::Instant;
use fhir::json::write_string;
use record::{COUNT_MAX, Refusal};
use service::interaction::{self, Everything, Pairs, kind_named};

/// With `_type`, `_since`, `_count`.
pub(super) fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    let (caller, mut wants) = (call.caller, call.wants);
    let Target::Instance(_, patient) = &call.target else { unreachable!("the table says where it stands") };
    wants.pairs = inputs.pairs()?;
    let mut honoured = Pairs::new();
    let mut take = |wants: &mut Wants, name: &str| {
        let value = wants.take(name)?;
        honoured.push((name.to_owned(), value.clone()));
        Some(value)
    };
    let mut types = Vec::new();
    while let Some(list) = take(&mut wants, "_type") {
        types.extend(
            list.split(',')
                .map(kind_named)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|r| Refusal::invalid("_type", r.to_string()))?,
        );
    }
    let since = take(&mut wants, "_since");
    let since = since.map(|since| {
        Instant::parse(&since).ok_or_else(|| {
            Refusal::invalid("_since", format!("{since:?} is no instant. Write 2026-11-24T09:05:00Z."))
        })
    });
    let since = since.transpose()?;
    let count = take(&mut wants, "_count").map(|count| count_of(&count)).transpose()?;
    let page = wants.take("_page");
    wants.nothing_else()?;
    let place = page.as_deref().map(place).transpose()?;
    let count = count.filter(|count| *count > 0).map(|count| count.min(COUNT_MAX));
    let wanted = Everything {
        types,
        since,
        // Pages are all as at one instant, so that writes between them neither skip nor repeat.
        at: place.map(|(at, _)| at).or_else(|| count.map(|_| caller.access.store().now())),
        first: place.map_or(0, |(_, first)| first),
        count,
    };
    let (bodies, total) = interaction::everything(caller, patient, &wanted)?;
    let end = wanted.first.saturating_add(bodies.len());
    let next = wanted.at.filter(|_| end < total).map(|at| format!("{}-{end}", at.0));
    honoured.extend(wants.format);
    let mut out = String::with_capacity(bodies.iter().map(|body| body.text.len() + 120).sum::<usize>() + 512);
    out.push_str("{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":");
    out.push_str(&total.to_string());
    let path = format!("/Patient/{patient}/$everything");
    links(caller.base, &path, &honoured, page.as_deref(), next.as_deref(), &mut out);
    out.push_str(",\"entry\":[");
    for (i, body) in bodies.iter().enumerate() {
        out.push_str(if i > 0 { ",{\"fullUrl\":" } else { "{\"fullUrl\":" });
        write_string(&format!("{}/{}/{}", caller.base, body.kind, body.id), &mut out);
        out.push_str(",\"resource\":");
        out.push_str(&body.text);
        out.push_str(",\"search\":{\"mode\":\"match\"}}");
    }
    crate::read::close_entries(&mut out);
    Ok(Response::json(200, out))
}

/// The page token: the instant that all pages are as at, and the first resource of this one. It opens
/// nothing that the caller could not ask for otherwise, so it needs no seal.
fn place(token: &str) -> Result<(Instant, usize), Refusal> {
    let parts =
        token.split_once('-').and_then(|(at, first)| Some((Instant(at.parse().ok()?), first.parse().ok()?)));
    parts.ok_or_else(|| {
        Refusal::invalid("_page", "The page is not one of ours. Follow the links of the first page.")
    })
}

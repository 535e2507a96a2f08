//! `Patient/id/$everything`.

use super::{Call, Kinds, Operation, Target};
use crate::response::Response;
use crate::route::Weight;
use crate::search::{count_of, links};
use crate::status::No;
use crate::wants::Wants;
use fhir::Instant;
use fhir::date::PartialDate;
use fhir::json::write_string;
use record::{COUNT_MAX, Refusal};
use service::interaction::{self, Everything, EverythingPage, Pairs, kind_named};

pub(super) const OPERATION: Operation = Operation {
    name: "everything",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    system: false,
    types: Kinds::NONE,
    instances: Kinds::Only(&["Patient"]),
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};

/// With `start`, `end`, `_type`, `_since`, `_count`.
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
    let start = take(&mut wants, "start").map(|text| date("start", &text)).transpose()?;
    let end = take(&mut wants, "end").map(|text| date("end", &text)).transpose()?;
    let care = (start.is_some() || end.is_some())
        .then(|| (start.map_or(i64::MIN, |range| range.0), end.map_or(i64::MAX, |range| range.1)));
    let count = take(&mut wants, "_count").map(|count| count_of(&count)).transpose()?;
    let page = wants.take("_page");
    wants.nothing_else()?;
    // None at all are wanted by who only asks how many there are (R4 search.html#count).
    let count = count.map(|count| count.min(COUNT_MAX));
    let wanted = Everything { types, since, care, count, page: page.clone() };
    let EverythingPage { bodies, total, next } = interaction::everything(caller, patient, &wanted)?;
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

/// First and last millisecond of a date.
fn date(name: &str, text: &str) -> Result<(i64, i64), Refusal> {
    PartialDate::parse(text).map(|date| date.range()).ok_or_else(|| {
        Refusal::invalid(name, format!("{text:?} is no date. Write 2026, 2026-11 or 2026-11-24."))
    })
}

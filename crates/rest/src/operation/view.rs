//! `POST ViewDefinition/$run` of SQL on FHIR 2: the rows of a view, of the record or of resources that come with it.

use super::{Call, Inputs, Kinds, Operation};
use crate::headers::media;
use crate::request::Request;
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use crate::stream::Stream;
use fhir::Value;
use record::Refusal;
use service::interaction::{Flattened, Pairs, Wanted, flatten};
use view::write::Output;
use view::{Format, View};

/// What it takes.
const KNOWN: &[&str] = &["viewResource", "resource", "_format", "header", "_limit"];
/// Media types of the formats, as a client may ask for them.
const MEDIA: &[(&str, Format)] = &[
    ("application/x-ndjson", Format::Ndjson),
    ("application/ndjson", Format::Ndjson),
    ("application/fhir+ndjson", Format::Ndjson),
    ("text/csv", Format::Csv { header: true }),
    ("application/vnd.apache.parquet", Format::Parquet),
    ("application/octet-stream", Format::Parquet),
    ("application/json", Format::Json),
];
/// Threads that flatten for one request: others want theirs.
const THREADS: usize = 2;

/// Whether this operation is asked for a format of its own, by `_format` or by `Accept`.
pub(crate) fn is_wanted(request: &Request, format: &Pairs) -> bool {
    let asked = format.iter().find(|(name, _)| name == "_format").map(|(_, value)| named(value));
    request.path.trim_end_matches('/').ends_with("/ViewDefinition/$run")
        && asked.unwrap_or_else(|| accepted(request)).is_some()
}

fn named(format: &str) -> Option<Format> {
    let short = format.parse().ok();
    short.or_else(|| MEDIA.iter().find(|(name, _)| *name == format).map(|(_, format)| *format))
}

pub(super) const OPERATION: Operation = Operation {
    name: "run",
    definition: "http://sql-on-fhir.org/OperationDefinition/$run",
    system: false,
    types: Kinds::Only(&["ViewDefinition"]),
    instances: Kinds::NONE,
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};

pub(super) fn run(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(KNOWN)?;
    let view = definition(&inputs)?;
    let format = format(&call, &inputs)?;
    let rows = limit(&inputs)?;
    let given: Vec<Value<'_>> =
        inputs.parts("resource").filter_map(|part| part.get("resource")).flat_map(unwrapped).collect();
    let mut response = Response::empty(200).set("content-type", format.media_type());
    if !given.is_empty() {
        response.body = of_given(&view, format, rows, &given)?;
        return Ok(response);
    }
    let flattening = flatten(call.caller, &view, None)?;
    let wanted = Wanted { format, rows, threads: THREADS };
    response.stream =
        Some(Stream::new(move |sink| flattening.write(&view, wanted, sink, &Flattened::default())));
    Ok(response)
}

fn definition(inputs: &Inputs) -> Result<View, Refusal> {
    let given = inputs.bare().or_else(|| inputs.resource("viewResource"));
    let definition = given.ok_or_else(|| {
        let text = "Send the ViewDefinition, as the body or as the parameter viewResource of a Parameters.";
        Refusal::invalid("viewResource", text)
    })?;
    View::parse(definition)
}

/// By `_format`, else the first of `Accept` that there is, else NDJSON.
fn format(call: &Call<'_>, inputs: &Inputs) -> Result<Format, Refusal> {
    let of_query =
        call.wants.format.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.clone());
    let format = match of_query.or_else(|| inputs.text("_format")) {
        Some(name) => named(&name).ok_or_else(|| {
            let text = format!("{name:?} is no format of views. Use ndjson, json, csv or parquet.");
            Refusal::invalid("_format", text)
        })?,
        None => accepted(call.request).unwrap_or(Format::Ndjson),
    };
    match (format, inputs.text("header").as_deref()) {
        (format, None | Some("true")) => Ok(format),
        (Format::Csv { .. }, Some("false")) => Ok(Format::Csv { header: false }),
        (format, Some("false")) => Ok(format),
        (_, Some(_)) => Err(Refusal::invalid("header", "header is true or false.")),
    }
}

fn accepted(request: &Request) -> Option<Format> {
    let list = request.header("accept")?;
    list.split(',').find_map(|item| named(&media(item).0))
}

fn limit(inputs: &Inputs) -> Result<Option<u64>, Refusal> {
    let limit = inputs.text("_limit").map(|limit| {
        limit.parse().map_err(|_| Refusal::invalid("_limit", format!("{limit:?} is no number of rows.")))
    });
    limit.transpose()
}

/// A resource, or those of the entries of a Bundle.
fn unwrapped(resource: Value<'_>) -> Vec<Value<'_>> {
    if resource.str("resourceType").as_deref() != Some("Bundle") {
        return vec![resource];
    }
    let entries = resource.get("entry").into_iter().flat_map(Value::items);
    entries.filter_map(|entry| entry.get("resource")).collect()
}

fn of_given(
    view: &View,
    format: Format,
    most: Option<u64>,
    resources: &[Value<'_>],
) -> Result<Vec<u8>, Refusal> {
    let mut rows = view.rows();
    for resource in resources {
        view.run(*resource, &mut rows)?;
        if rows.cells() > view::CELLS_MAX {
            let text =
                format!("The rows have more than {} cells. Send fewer resources at once.", view::CELLS_MAX);
            return Err(Refusal::new(record::Kind::TooLarge, text));
        }
    }
    rows.truncate(most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX)));
    let part = view.encode(format, &rows)?;
    let written = Output::new(view, format, Vec::new()).and_then(|mut output| {
        output.write(part)?;
        output.finish()
    });
    written.map_err(|e| Refusal::new(record::Kind::Fault, format!("The rows could not be written: {e}.")))
}

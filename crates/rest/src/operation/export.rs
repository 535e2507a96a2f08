//! `$export`, `Patient/$export` and `Group/id/$export` (Bulk Data Access IG 2.0).

use super::{Call, Inputs, Kinds, Operation, Target};
use crate::later::{accepted, address, must_be_wanted};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::Instant;
use fhir::search::Handling;
use record::Refusal;
use service::interaction::kind_named;
use service::jobs::{Export, Of};

/// What it takes; `patient` only in a body, and not for the whole record.
const KNOWN: &[&str] = &["_outputFormat", "_since", "_type", "_typeFilter", "_elements", "patient"];
/// Names of the one format there is.
const FORMATS: &[&str] = &["application/fhir+ndjson", "application/ndjson", "ndjson"];

pub(super) const SYSTEM: Operation = Operation {
    name: "export",
    definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
    system: true,
    types: Kinds::NONE,
    instances: Kinds::NONE,
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run,
};

pub(super) const PATIENT: Operation = Operation {
    name: "export",
    definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    system: false,
    types: Kinds::Only(&["Patient"]),
    instances: Kinds::NONE,
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run,
};

pub(super) const GROUP: Operation = Operation {
    name: "export",
    definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
    system: false,
    types: Kinds::NONE,
    instances: Kinds::Only(&["Group"]),
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run,
};

pub(super) fn run(call: Call<'_>) -> Result<Response, No> {
    must_be_wanted(call.request)?;
    let inputs = call.inputs()?;
    if call.wants.handling == Handling::Strict {
        inputs.only(KNOWN)?;
    }
    let of = match &call.target {
        Target::System => Of::System,
        Target::Type(_) => Of::Patients,
        Target::Instance(_, id) | Target::Version(_, id, _) => Of::Group(id.clone()),
    };
    let export = read(of, &inputs)?;
    let job = call.rest.jobs.export(call.caller, export, &address(call.rest, call.request))?;
    Ok(accepted(call.rest, &job))
}

fn read(of: Of, inputs: &Inputs) -> Result<Export, Refusal> {
    // A plus that was not encoded has become a space.
    let format = inputs.text("_outputFormat").map(|format| format.replace(' ', "+"));
    if let Some(format) = format.filter(|format| !FORMATS.contains(&format.as_str())) {
        let text = format!("{format:?} cannot be had. Leave _outputFormat out, or ask for {}.", FORMATS[0]);
        return Err(Refusal::invalid("_outputFormat", text));
    }
    let since = inputs.text("_since").map(|since| {
        Instant::parse(&since).ok_or_else(|| {
            Refusal::invalid("_since", format!("{since:?} is no instant. Write 2026-11-24T09:05:00Z."))
        })
    });
    let types = listed(inputs, "_type");
    let named = |name: &String| kind_named(name).map_err(|r| Refusal::invalid("_type", r.to_string()));
    let filters = inputs.texts("_typeFilter");
    Ok(Export {
        of,
        types: types.iter().map(named).collect::<Result<Vec<_>, _>>()?,
        filters: filters.iter().flat_map(|list| queries(list)).map(filter).collect::<Result<Vec<_>, _>>()?,
        patients: patients(inputs)?,
        since: since.transpose()?,
        elements: listed(inputs, "_elements"),
    })
}

/// The items of a list, whether commas part them or it comes several times.
fn listed(inputs: &Inputs, name: &str) -> Vec<String> {
    let texts = inputs.texts(name);
    let items = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The queries of a `_typeFilter`. In version 1 of the IG commas part them, and stand in them too: a part that does
/// not begin with a type belongs to the one before.
fn queries(list: &str) -> Vec<String> {
    let mut queries: Vec<String> = Vec::new();
    for part in list.split(',') {
        let begins = part.split_once('?').is_some_and(|(kind, _)| kind_named(kind).is_ok());
        match queries.last_mut() {
            Some(last) if !begins => {
                last.push(',');
                last.push_str(part);
            }
            _ => queries.push(part.to_owned()),
        }
    }
    queries
}

fn filter(query: String) -> Result<(&'static str, String), Refusal> {
    let parts =
        query.split_once('?').and_then(|(kind, query)| Some((kind_named(kind).ok()?, query.to_owned())));
    parts.ok_or_else(|| {
        let text = format!("{query:?} is no query of a type. Write Observation?status=final.");
        Refusal::invalid("_typeFilter", text)
    })
}

/// The ids of the patients that are named in the body.
fn patients(inputs: &Inputs) -> Result<Option<Vec<String>>, Refusal> {
    let wrong = || {
        let text = "Give patient by POST in Parameters, as valueReference with a reference like Patient/1.";
        Refusal::invalid("patient", text)
    };
    if !inputs.texts("patient").is_empty() {
        return Err(wrong());
    }
    let mut ids = Vec::new();
    for value in inputs.values("patient") {
        let reference = value.str("reference").ok_or_else(wrong)?;
        ids.push(reference.strip_prefix("Patient/").ok_or_else(wrong)?.to_owned());
    }
    Ok(Some(ids).filter(|ids| !ids.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::queries;

    #[test]
    fn commas_part_filters_only_before_a_type() {
        assert_eq!(queries("Observation?code=a,b"), ["Observation?code=a,b"]);
        assert_eq!(
            queries("Observation?code=a,b,Condition?code=c"),
            ["Observation?code=a,b", "Condition?code=c"]
        );
    }
}

//! `$import`: NDJSON as the body, or a Parameters resource that names Binary resources of this record. Nothing is
//! fetched from elsewhere.

use super::{Call, Kinds, Operation};
use crate::body;
use crate::headers::media;
use crate::later::{accepted, address, must_be_wanted};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::json::Value;
use record::Refusal;
use service::interaction::is_id;
use service::jobs::{Import, Input};

/// What the parcel of the body is called.
const SENT: &str = "sent";

pub(super) const OPERATION: Operation = Operation {
    name: "import",
    definition: "OperationDefinition/carespine-import",
    system: true,
    types: Kinds::NONE,
    instances: Kinds::NONE,
    versions: false,
    changes: true,
    weight: Weight::Usual,
    run,
};

pub(super) fn run(call: Call<'_>) -> Result<Response, No> {
    must_be_wanted(call.request)?;
    let url = address(call.rest, call.request);
    let (kind, _) = media(call.request.header("content-type").unwrap_or_default());
    let job = if body::LINES.contains(&kind.as_str()) {
        let lines = body::lines(call.request, call.body_bytes)?;
        let import = Import { inputs: vec![Input::Parcel(SENT.to_owned())] };
        call.rest.jobs.import(call.caller, import, &[(SENT, &lines)], &url)?
    } else {
        call.rest.jobs.import(call.caller, named(&call)?, &[], &url)?
    };
    Ok(accepted(call.rest, &job))
}

/// The inputs that a Parameters resource names: `input` with `url`, and `type` if one likes.
fn named(call: &Call<'_>) -> Result<Import, No> {
    let inputs = call.inputs()?;
    inputs.only(&["inputFormat", "inputSource", "input"])?;
    if let Some(format) = inputs.text("inputFormat").filter(|f| !body::LINES.contains(&f.as_str())) {
        let text = format!("{format:?} is not taken. Send {}.", body::LINES[0]);
        return Err(Refusal::invalid("inputFormat", text).into());
    }
    let read = |input: Value<'_>| {
        let mut parts = input.get("part").into_iter().flat_map(Value::items);
        let part = parts.find(|part| part.str("name").as_deref() == Some("url"));
        let url =
            part.and_then(|part| part.str("valueUrl").or(part.str("valueUri")).or(part.str("valueString")));
        let url = url.unwrap_or_default();
        let local = url.strip_prefix(call.caller.base).map_or(&*url, |rest| rest.trim_start_matches('/'));
        let id = local.strip_prefix("Binary/").filter(|id| is_id(id));
        id.map(|id| Input::Binary(id.to_owned())).ok_or_else(|| {
            let text = format!(
                "{url:?} is no Binary of this record, and nothing is fetched from elsewhere. Name one as \
                 Binary/id, or send the NDJSON as the body."
            );
            Refusal::invalid("input.url", text)
        })
    };
    Ok(Import { inputs: inputs.parts("input").map(read).collect::<Result<_, _>>()? })
}

//! `$status`, `$events` and `$get-ws-binding-token` of the Subscriptions R5 Backport guide, and `$resend`, our own.

use super::{Call, Inputs, Kinds, Operation, SUBSCRIPTION, Target};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::Tree;
use record::{Kind, Refusal};
use subscription::Subscriptions;

pub(super) const STATUS: Operation = Operation {
    name: "status",
    definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    system: false,
    types: SUBSCRIPTION,
    instances: SUBSCRIPTION,
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run: status,
};

/// How Subscriptions stand: `id` and `status` choose among them.
pub(super) fn status(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(&["id", "status"])?;
    let ids = ids(&call, &inputs);
    let answer = subscriptions(&call)?.status(call.caller.session, &ids, &inputs.texts("status"))?;
    Ok(Response::json(200, answer.text()))
}

pub(super) const EVENTS: Operation = Operation {
    name: "events",
    definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events",
    system: false,
    types: Kinds::NONE,
    instances: SUBSCRIPTION,
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run: events,
};

/// What happened: from `eventsSinceNumber` to `eventsUntilNumber`, with `content`.
pub(super) fn events(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(&["eventsSinceNumber", "eventsUntilNumber", "content"])?;
    let range = (number(&inputs, "eventsSinceNumber")?, number(&inputs, "eventsUntilNumber")?);
    let content = inputs.text("content");
    let answer =
        subscriptions(&call)?.events(call.caller.session, instance(&call), range, content.as_deref())?;
    Ok(Response::json(200, answer.text()))
}

pub(super) const BINDING_TOKEN: Operation = Operation {
    name: "get-ws-binding-token",
    definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/\
                 backport-subscription-get-ws-binding-token",
    system: false,
    types: SUBSCRIPTION,
    instances: SUBSCRIPTION,
    versions: false,
    changes: false,
    weight: Weight::Usual,
    run: binding_token,
};

/// A token to bind a websocket with.
pub(super) fn binding_token(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(&["id", "ids"])?;
    let mut ids = ids(&call, &inputs);
    ids.extend(inputs.texts("ids"));
    let url = crate::listen::url(&call.rest.config.base);
    let answer = subscriptions(&call)?.binding_token(call.caller.session, &ids, &url)?;
    Ok(Response::json(200, answer.text()))
}

pub(super) const RESEND: Operation = Operation {
    name: "resend",
    definition: "OperationDefinition/carespine-subscription-resend",
    system: false,
    types: Kinds::NONE,
    instances: SUBSCRIPTION,
    versions: false,
    changes: true,
    weight: Weight::Usual,
    run: resend,
};

/// Sends again what was given up: all, or the event with one number.
pub(super) fn resend(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    inputs.only(&["eventNumber"])?;
    let number = number(&inputs, "eventNumber")?;
    let count = subscriptions(&call)?.resend(call.caller.session, instance(&call), number)?;
    let count = Tree::object().with("name", "count").with("valueInteger", count as i64);
    Ok(Response::json(200, Tree::resource("Parameters").with("parameter", vec![count]).text()))
}

fn subscriptions<'c>(call: &Call<'c>) -> Result<&'c Subscriptions, Refusal> {
    let text = "Subscriptions are not served here. Ask the administrator.";
    call.rest.config.subscriptions.as_ref().ok_or_else(|| Refusal::new(Kind::Unsupported, text))
}

fn instance<'c>(call: &'c Call<'_>) -> &'c str {
    match &call.target {
        Target::Instance(_, id) | Target::Version(_, id, _) => id,
        Target::System | Target::Type(_) => "",
    }
}

fn ids(call: &Call<'_>, inputs: &Inputs) -> Vec<String> {
    match &call.target {
        Target::Instance(_, id) | Target::Version(_, id, _) => vec![id.clone()],
        Target::System | Target::Type(_) => {
            inputs.texts("id").iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
        }
    }
}

fn number(inputs: &Inputs, name: &str) -> Result<Option<u64>, Refusal> {
    let read = |text: String| {
        text.parse().map_err(|_| Refusal::invalid(name, format!("{text:?} is no number of an event.")))
    };
    inputs.text(name).map(read).transpose()
}

//! Operations: what stands at `$name`. One table says where each stands and what does it; routes and the
//! CapabilityStatement are made of it. Each has a file in `operation/`.

mod document;
mod everything;
mod export;
mod graphql;
mod import;
mod inputs;
mod lastn;
mod message;
mod meta;
pub(crate) mod ours;
mod subscription;
mod terminology;
mod validate;
pub(crate) mod view;

use crate::body;
use crate::door::Rest;
use crate::request::Request;
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use crate::wants::Wants;
pub(crate) use inputs::Inputs;
use service::interaction::Caller;

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Without the `$`.
    pub name: &'static str,
    /// The canonical address of its OperationDefinition; of our own below the base ([`Operation::address`]).
    pub definition: &'static str,
    /// Whether it stands at the base.
    pub system: bool,
    /// The types that it stands at.
    pub types: Kinds,
    /// The types at whose instances it stands.
    pub instances: Kinds,
    /// Whether it stands at the versions of those, too.
    pub versions: bool,
    /// Whether it changes something, so that it cannot be asked by GET (R4 operations.html#http).
    pub changes: bool,
    pub weight: Weight,
    pub run: fn(Call<'_>) -> Result<Response, No>,
}

impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Operation {}

/// Resource types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    All,
    Only(&'static [&'static str]),
}

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds::Only(&[]);

    pub(crate) fn has(self, kind: &str) -> bool {
        match self {
            Kinds::All => true,
            Kinds::Only(list) => list.contains(&kind),
        }
    }
}

/// All of them.
pub(crate) static OPERATIONS: &[Operation] = &[
    everything::OPERATION,
    view::OPERATION,
    export::SYSTEM,
    export::PATIENT,
    export::GROUP,
    import::OPERATION,
    document::OPERATION,
    graphql::OPERATION,
    lastn::OPERATION,
    message::OPERATION,
    meta::READ,
    meta::ADD,
    meta::DELETE,
    terminology::EXPAND,
    terminology::VALIDATE_IN_SET,
    terminology::VALIDATE_IN_SYSTEM,
    terminology::LOOKUP,
    terminology::SUBSUMES,
    terminology::TRANSLATE,
    validate::OPERATION,
    subscription::STATUS,
    subscription::EVENTS,
    subscription::BINDING_TOKEN,
    subscription::RESEND,
];

const SUBSCRIPTION: Kinds = Kinds::Only(&["Subscription"]);

impl Operation {
    /// Whether it can be answered later: what it answers with is a resource, and so fits into a Bundle.
    pub(crate) fn may_wait(&self) -> bool {
        self.weight == Weight::Wide && !matches!(self.name, "graphql" | "run")
    }

    /// True when it is only there where subscriptions are served.
    pub(crate) fn is_of_subscriptions(&self) -> bool {
        self.instances == SUBSCRIPTION
    }
}

/// Where an operation is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    System,
    Type(&'static str),
    Instance(&'static str, String),
    Version(&'static str, String, u64),
}

/// The operation of this name that stands there.
pub(crate) fn find(name: &str, target: &Target) -> Option<&'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.name == name).find(|operation| match target {
        Target::System => operation.system,
        Target::Type(kind) => operation.types.has(kind),
        Target::Instance(kind, _) => operation.instances.has(kind),
        Target::Version(kind, ..) => operation.versions && operation.instances.has(kind),
    })
}

/// One call.
pub(crate) struct Call<'c> {
    pub rest: &'c Rest,
    pub caller: &'c Caller<'c>,
    pub request: &'c Request,
    pub wants: Wants,
    pub operation: &'static Operation,
    pub target: Target,
    /// Bytes of a body, at most.
    pub body_bytes: usize,
}

impl Call<'_> {
    /// What it is given, by GET in the query, by POST in a body or without one.
    pub(crate) fn inputs(&self) -> Result<Inputs, No> {
        let body = match self.request.body.is_empty() {
            true => None,
            false => Some(body::resource(self.request, self.body_bytes)?),
        };
        Ok(Inputs::new(self.wants.pairs.clone(), body))
    }
}

//! The definitions of the operations that are our own. They stand in the record as OperationDefinitions, so that they
//! are read and found like any other, at the address that the CapabilityStatement gives.

use super::{Kinds, OPERATIONS, Operation};
use fhir::Tree;
use fhir::json::{Json, Limits};
use record::{Author, Prepared, Refusal, Store};

/// Where they stand below the base. An operation whose definition begins so is ours.
const PLACE: &str = "OperationDefinition/";

/// What is said of one of them beside what the table of operations says.
struct About {
    /// The part of its definition's address after [`PLACE`].
    id: &'static str,
    /// For programs that make code of it.
    name: &'static str,
    title: &'static str,
    text: &'static str,
    parameters: &'static [Parameter],
}

struct Parameter {
    name: &'static str,
    usage: &'static str,
    min: i64,
    max: &'static str,
    /// Nothing where it has parts.
    kind: Option<&'static str>,
    text: &'static str,
    parts: &'static [Parameter],
}

const fn parameter(name: &'static str, kind: &'static str, text: &'static str) -> Parameter {
    Parameter { name, usage: "in", min: 0, max: "1", kind: Some(kind), text, parts: &[] }
}

const ABOUT: &[About] = &[
    About {
        id: "carespine-import",
        name: "Import",
        title: "Import of NDJSON",
        text: "Files resources from NDJSON, later (Prefer: respond-async). The lines are the body itself, or in Binary \
               resources of this record that a Parameters resource names. Nothing is fetched from elsewhere.",
        parameters: &[
            parameter(
                "inputFormat",
                "code",
                "application/fhir+ndjson, which is what is taken without it, too.",
            ),
            parameter("inputSource", "uri", "Where it comes from; for whoever reads the request later."),
            Parameter {
                name: "input",
                usage: "in",
                min: 0,
                max: "*",
                kind: None,
                text: "A file. Needed where the body is a Parameters resource.",
                parts: &[
                    Parameter { min: 1, ..parameter("url", "url", "A Binary of this record, as Binary/id.") },
                    parameter(
                        "type",
                        "code",
                        "The type of the resources in it; the lines themselves decide.",
                    ),
                ],
            },
        ],
    },
    About {
        id: "carespine-subscription-resend",
        name: "Resend",
        title: "Sending notifications again",
        text: "Sends again, under their own numbers, the notifications of a Subscription that were given up because \
               its receiver refused them, and lets one whose receiver was away try at once.",
        parameters: &[
            parameter("eventNumber", "string", "The number of the event, for just this one; all without it."),
            Parameter {
                usage: "out",
                min: 1,
                ..parameter("count", "integer", "How many notifications are sent again.")
            },
        ],
    },
];

impl Operation {
    /// The canonical address of its definition; of one of ours, at this base.
    pub(crate) fn address(&self, base: &str) -> String {
        if self.is_ours() { format!("{base}/{}", self.definition) } else { self.definition.to_owned() }
    }

    fn is_ours(&self) -> bool {
        self.definition.starts_with(PLACE)
    }
}

/// Files the definitions of our operations, where they are not there as they should be. May be called at every start.
pub(crate) fn file(store: &Store, base: &str) -> Result<(), Refusal> {
    let of = |operation: &&Operation| {
        let about = ABOUT.iter().find(|about| operation.definition.strip_prefix(PLACE) == Some(about.id))?;
        Some(definition(operation, about, base))
    };
    let mut all = Vec::new();
    for (id, tree) in OPERATIONS.iter().filter(|operation| operation.is_ours()).filter_map(|o| of(&o)) {
        let json = Json::parse(tree.text(), Limits::DOOR)
            .map_err(|_| Refusal::new(record::Kind::Fault, "A definition of our own cannot be read."))?;
        all.push(Prepared::of(&json, id)?);
    }
    store.write(Author::system("rest.definitions"), move |tx| {
        all.into_iter().try_for_each(|prepared| tx.put(prepared, None).map(drop))
    })
}

fn definition(operation: &Operation, about: &About, base: &str) -> (&'static str, Tree) {
    let kinds: Vec<Tree> = [operation.types, operation.instances]
        .into_iter()
        .filter_map(|kinds| if let Kinds::Only(list) = kinds { Some(list) } else { None })
        .flatten()
        .map(|kind| Tree::from(*kind))
        .collect();
    let tree = Tree::resource("OperationDefinition")
        .with("id", about.id)
        .with("url", operation.address(base))
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("name", about.name)
        .with("title", about.title)
        .with("status", "active")
        .with("kind", "operation")
        .with("publisher", "Carespine")
        .with("description", about.text)
        .with("affectsState", operation.changes)
        .with("code", operation.name);
    let tree = if kinds.is_empty() { tree } else { tree.with("resource", kinds) };
    let tree = tree
        .with("system", operation.system)
        .with("type", operation.types != Kinds::NONE)
        .with("instance", operation.instances != Kinds::NONE)
        .with("parameter", about.parameters.iter().map(described).collect::<Vec<_>>());
    (about.id, tree)
}

fn described(parameter: &Parameter) -> Tree {
    let tree = Tree::object()
        .with("name", parameter.name)
        .with("use", parameter.usage)
        .with("min", parameter.min)
        .with("max", parameter.max)
        .with("documentation", parameter.text)
        .maybe("type", parameter.kind);
    let parts: Vec<Tree> = parameter.parts.iter().map(described).collect();
    if parts.is_empty() { tree } else { tree.with("part", parts) }
}

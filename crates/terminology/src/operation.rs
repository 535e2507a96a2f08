//! Operations as doors call them: a Parameters resource in, a resource out.

use crate::Terminology;
use crate::issue::Refused;
use fhir::json::Value;
use fhir::{Instant, Tree};

/// One call.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Without the `$`.
    pub operation: &'r str,
    /// The type that it stands at: `ValueSet`, `CodeSystem` or `ConceptMap`; nothing at the base.
    pub kind: Option<&'r str>,
    /// The resource that it stands at.
    pub instance: Option<Value<'r>>,
    /// A Parameters resource; its values may all be strings, as they are in a query ([`parameters`]).
    pub parameters: Option<Value<'r>>,
    /// The header `Accept-Language`.
    pub languages: Option<&'r str>,
    pub now: Instant,
}

/// The Parameters of a call: of its query, and of its body, which may be Parameters or the resource that it is about
/// (R4 operations.html#request).
pub fn parameters<'q>(query: impl IntoIterator<Item = (&'q str, &'q str)>, body: Option<Value<'_>>) -> Tree {
    let query =
        query.into_iter().map(|(name, value)| Tree::object().with("name", name).with("valueString", value));
    let mut parts: Vec<Tree> = query.collect();
    let kind = body.and_then(|body| body.str("resourceType")).unwrap_or_default();
    let name = match &*kind {
        "CodeSystem" => "codeSystem",
        "ConceptMap" => "conceptMap",
        _ => "valueSet",
    };
    match (&*kind, body) {
        ("Parameters", Some(body)) => {
            parts.extend(body.get("parameter").into_iter().flat_map(Value::items).map(Tree::from));
        }
        (_, Some(body)) => parts.push(Tree::object().with("name", name).with("resource", Tree::from(body))),
        (_, None) => {}
    }
    Tree::resource("Parameters").with("parameter", parts)
}

type Run = fn(&Terminology, &Request<'_>) -> Result<Tree, Refused>;

/// Name, type and function of all operations.
const OPERATIONS: &[(&str, &str, Run)] = &[
    ("expand", "ValueSet", crate::expand::run),
    ("validate-code", "ValueSet", crate::validate::value_set),
    ("validate-code", "CodeSystem", crate::validate::code_system),
    ("batch-validate-code", "ValueSet", crate::validate::batch),
    ("batch-validate-code", "CodeSystem", crate::validate::batch),
    ("lookup", "CodeSystem", crate::lookup::run),
    ("subsumes", "CodeSystem", crate::subsumes::run),
    ("translate", "ConceptMap", crate::translate::run),
];

impl Terminology {
    /// Does an operation. What is refused says so as an OperationOutcome, too ([`Refused::outcome`]).
    pub fn operation(&self, request: &Request<'_>) -> Result<Tree, Refused> {
        let found = OPERATIONS.iter().find(|(name, kind, _)| {
            *name == request.operation && request.kind.is_none_or(|asked| asked == *kind)
        });
        match found {
            Some((_, _, run)) => run(self, request),
            None => Err(Refused::unsupported(format!(
                "There is no operation ${} here. There are {}.",
                request.operation,
                OPERATIONS
                    .iter()
                    .map(|(name, kind, _)| format!("{kind}/${name}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }
}

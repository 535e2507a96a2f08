//! `$graphql`: reading by GraphQL (FHIR R4 graphql.html), at the base and at a resource.
//!
//! A query is answered by the same reads and searches as any other request, under the caller's scope and on the
//! audit trail. It changes nothing: mutations are refused.

mod about;
mod arguments;
mod cost;
mod place;
mod run;
mod shape;

use super::{Call, Kinds, Operation, Target};
use crate::body;
use crate::headers::media;
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use fhir::Tree;
use graphql_parser::query::{
    Definition, Document, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use record::{Issue, Kind, Refusal};
use run::Run;
use std::collections::HashMap;

pub(super) const OPERATION: Operation = Operation {
    name: "graphql",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
    system: true,
    types: Kinds::NONE,
    instances: Kinds::All,
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};

/// Bytes of a query, at most.
const QUERY_MAX: usize = 64 << 10;
/// Selections within each other, fragments counted too, at most.
const DEPTH_MAX: usize = 25;

/// A query as it came.
struct Asked {
    query: String,
    operation: Option<String>,
    variables: Tree,
}

fn run(call: Call<'_>) -> Result<Response, No> {
    let asked = asked(&call)?;
    if asked.query.len() > QUERY_MAX {
        let text = format!("The query is longer than {QUERY_MAX} bytes. Ask for less at once.");
        return Err(Refusal::many(Kind::TooLarge, vec![Issue::new("too-long", "query", text)]).into());
    }
    let document = graphql_parser::parse_query::<String>(&asked.query).map_err(|e| {
        let text = e.to_string().replace('\n', " ");
        Refusal::invalid("query", format!("The query is no GraphQL: {}.", text.trim()))
    })?;
    let document: Document<'static, String> = document.into_static();
    let mut fragments = HashMap::new();
    let mut operations = Vec::new();
    for definition in document.definitions {
        match definition {
            Definition::Fragment(fragment) => _ = fragments.insert(fragment.name.clone(), fragment),
            Definition::Operation(operation) => operations.push(operation),
        }
    }
    let (set, variables) = chosen(operations, asked.operation.as_deref())?;
    let variables = arguments::variables(variables, &asked.variables)?;
    let run = Run::new(call.caller, fragments, variables);
    let data = match &call.target {
        Target::Instance(kind, id) => run.instance(kind, id, &set)?,
        _ => run.root(&set)?,
    };
    let mut answer = Tree::object().with("data", data);
    let faults = run.faults();
    if !faults.is_empty() {
        answer.set("errors", faults);
    }
    Ok(Response::json(200, answer.text()).set("content-type", "application/json; charset=utf-8"))
}

/// From the query of the URL, or a body of JSON or of GraphQL itself.
fn asked(call: &Call<'_>) -> Result<Asked, No> {
    let mut wants = call.wants.clone();
    let (query, operation, variables) =
        (wants.take("query"), wants.take("operationName"), wants.take("variables"));
    wants.nothing_else()?;
    let given = Asked {
        query: query.unwrap_or_default(),
        operation,
        variables: variables.map(|text| parsed(&text)).transpose()?.unwrap_or(Tree::Null),
    };
    if call.request.body.is_empty() {
        return Ok(given);
    }
    let kind = media(call.request.header("content-type").unwrap_or("application/json")).0;
    if kind == "application/graphql" {
        return Ok(Asked {
            query: body::text(call.request, "application/graphql", call.body_bytes)?,
            ..given
        });
    }
    let json = body::resource(call.request, call.body_bytes)?;
    let root = json.root();
    let query = root.str("query").map(|text| text.into_owned()).ok_or_else(|| {
        Refusal::invalid("query", "Send a JSON object with query, and perhaps variables and operationName.")
    })?;
    let operation = root.str("operationName").map(|name| name.into_owned());
    let variables = root.get("variables").map_or(Tree::Null, Tree::from);
    Ok(Asked { query, operation, variables })
}

fn parsed(text: &str) -> Result<Tree, Refusal> {
    let json = fhir::Json::parse(text, fhir::Limits::DOOR)
        .map_err(|e| Refusal::invalid("variables", format!("The variables are no JSON: {e}.")))?;
    Ok(json.root().into())
}

type Chosen = (SelectionSet<'static, String>, Vec<VariableDefinition<'static, String>>);

/// The operation that is meant: the only one, or the one of this name.
fn chosen(
    operations: Vec<OperationDefinition<'static, String>>,
    name: Option<&str>,
) -> Result<Chosen, Refusal> {
    let many = operations.len() > 1;
    for operation in operations {
        let (own, set, variables) = match operation {
            OperationDefinition::SelectionSet(set) => (None, set, Vec::new()),
            OperationDefinition::Query(query) => {
                (query.name, query.selection_set, query.variable_definitions)
            }
            OperationDefinition::Mutation(_) | OperationDefinition::Subscription(_) => {
                let text = "Only queries are answered. Change resources by POST, PUT, PATCH and DELETE.";
                return Err(Refusal::new(Kind::Unsupported, text));
            }
        };
        if name.map_or(!many, |name| own.as_deref() == Some(name)) {
            return Ok((set, variables));
        }
    }
    Err(Refusal::invalid("operationName", "Say by operationName which of the query's operations is meant."))
}

/// What a selection is called in a message.
fn named<'s>(selection: &'s Selection<'static, String>) -> &'s str {
    match selection {
        Selection::Field(field) => &field.name,
        Selection::FragmentSpread(spread) => &spread.fragment_name,
        Selection::InlineFragment(_) => "...",
    }
}

//! Arguments and variables.

use fhir::Tree;
use graphql_parser::query::{Directive, Field, Value, VariableDefinition};
use record::Refusal;
use service::interaction::Pairs;
use std::collections::HashMap;

/// The values of a query's variables, as text.
pub(super) type Variables = HashMap<String, Vec<String>>;

/// The variables that a query declares, with what was given or is the default.
pub(super) fn variables(
    declared: Vec<VariableDefinition<'static, String>>,
    given: &Tree,
) -> Result<Variables, Refusal> {
    let mut all = Variables::new();
    for one in declared {
        let value = match given.get(&one.name) {
            Some(Tree::Null) | None => {
                one.default_value.as_ref().map(|value| texts(value, &all)).transpose()?
            }
            Some(tree) => Some(of_tree(tree)),
        };
        all.extend(value.map(|value| (one.name, value)));
    }
    Ok(all)
}

fn of_tree(tree: &Tree) -> Vec<String> {
    match tree {
        Tree::String(text) | Tree::Number(text) => vec![text.clone()],
        Tree::Bool(is) => vec![is.to_string()],
        Tree::Array(list) => list.iter().flat_map(of_tree).collect(),
        Tree::Null | Tree::Object(_) => Vec::new(),
    }
}

/// A value as texts: one, or those of a list.
pub(super) fn texts(value: &Value<'static, String>, variables: &Variables) -> Result<Vec<String>, Refusal> {
    Ok(match value {
        Value::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        Value::Int(number) => vec![number.as_i64().unwrap_or_default().to_string()],
        Value::Float(number) => vec![number.to_string()],
        Value::String(text) | Value::Enum(text) => vec![text.clone()],
        Value::Boolean(is) => vec![is.to_string()],
        Value::Null => Vec::new(),
        Value::List(list) => {
            let each = list.iter().map(|one| texts(one, variables)).collect::<Result<Vec<_>, _>>()?;
            each.into_iter().flatten().collect()
        }
        Value::Object(_) => {
            return Err(Refusal::invalid(
                "query",
                "An argument is a text, a number or a list, and no object.",
            ));
        }
    })
}

/// An argument of a field.
pub(super) fn argument(
    field: &Field<'static, String>,
    name: &str,
    variables: &Variables,
) -> Result<Option<String>, Refusal> {
    let found = field.arguments.iter().find(|(n, _)| n == name);
    let Some((_, value)) = found else { return Ok(None) };
    Ok(texts(value, variables)?.into_iter().next())
}

/// The directive of this name.
pub(super) fn directive<'f>(
    directives: &'f [Directive<'static, String>],
    name: &str,
) -> Option<&'f Directive<'static, String>> {
    directives.iter().find(|directive| directive.name == name)
}

/// False when `@skip` or `@include` leaves a selection out.
pub(super) fn is_wanted(
    directives: &[Directive<'static, String>],
    variables: &Variables,
) -> Result<bool, Refusal> {
    for one in directives {
        let known =
            matches!(one.name.as_str(), "skip" | "include" | "flatten" | "first" | "singleton" | "slice");
        if !known {
            let text = format!(
                "@{} is no directive here. Use skip, include, flatten, first, singleton, slice.",
                one.name
            );
            return Err(Refusal::invalid("query", text));
        }
        if matches!(one.name.as_str(), "skip" | "include") {
            let condition = one.arguments.iter().find(|(name, _)| name == "if");
            let text = condition.map(|(_, value)| texts(value, variables)).transpose()?.unwrap_or_default();
            let is = match text.first().map(String::as_str) {
                Some("true") => true,
                Some("false") => false,
                _ => {
                    return Err(Refusal::invalid("query", format!("@{} needs if: true or false.", one.name)));
                }
            };
            if is == (one.name == "skip") {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What would shape a search in a way that GraphQL does itself.
const SHAPES: [&str; 7] =
    ["_include", "_revinclude", "_summary", "_elements", "_page", "_format", "_contained"];

/// The arguments of a search as a query of a URL. In names `_` stands for `-`; `_reference` is the parameter that
/// points at the resource at hand; `_cursor` is the page to go on from.
pub(super) fn search(
    field: &Field<'static, String>,
    at: Option<&str>,
    variables: &Variables,
) -> Result<Pairs, Refusal> {
    let mut pairs = Pairs::new();
    for (name, value) in &field.arguments {
        let values = texts(value, variables)?;
        if values.is_empty() {
            continue;
        }
        if SHAPES.contains(&name.as_str()) {
            let text =
                format!("{name} has no place in GraphQL: choose fields, and follow references by resource.");
            return Err(Refusal::invalid("query", text));
        }
        let values = values.join(",");
        match (name.as_str(), at) {
            ("_reference", Some(at)) => pairs.push((values.replace('_', "-"), at.to_owned())),
            ("_reference", None) => {
                return Err(Refusal::invalid("query", "_reference stands only within a resource."));
            }
            ("_cursor", _) => pairs.push(("_page".to_owned(), values)),
            (name, _) => {
                let plain = name.strip_prefix('_').map(|rest| format!("_{rest}"));
                pairs.push((plain.unwrap_or_else(|| name.replace('_', "-")), values));
            }
        }
    }
    let reverse = field.arguments.iter().any(|(name, _)| name == "_reference");
    if at.is_some() && !reverse {
        let text =
            format!("{} within a resource needs _reference: the parameter that points here.", field.name);
        return Err(Refusal::invalid("query", text));
    }
    Ok(pairs)
}

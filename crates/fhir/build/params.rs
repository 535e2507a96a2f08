//! Search parameters and the patient compartment.

use crate::json::Value;
use crate::package::{Package, list, resources, text, texts};
use crate::structures::{Kind, Types};
use std::collections::BTreeMap;

/// As `fhir::definitions::SearchParam`.
pub struct Param {
    pub kind: String,
    pub expression: String,
    pub targets: Vec<String>,
    pub components: Vec<(String, String)>,
    pub url: String,
}

/// Parameters by base and code.
pub type Params = BTreeMap<(String, String), Param>;

/// Reads the search parameters: one row for each base type.
pub fn read(package: &Package, types: &Types) -> Result<Params, String> {
    let bundle = package.file("search-parameters.json")?;
    let concrete: Vec<_> = types.iter().filter(|(_, t)| t.kind == Kind::Resource).map(|(n, _)| n).collect();
    let code_of: BTreeMap<_, _> =
        resources(&bundle, "SearchParameter").map(|p| (text(p, "url"), text(p, "code"))).collect();
    let mut params = Params::new();
    for param in resources(&bundle, "SearchParameter") {
        let (code, expression) = (text(param, "code"), text(param, "expression"));
        // The record answers these two itself; `_text`, `_content` and `_query` have no expression.
        if expression.is_empty() || code == "_id" || code == "_lastUpdated" {
            continue;
        }
        let components = list(param, "component").map(|c| {
            let definition = text(c, "definition");
            let code = code_of.get(&definition).ok_or(format!("{definition} is not a search parameter"))?;
            Ok((code.clone(), text(c, "expression")))
        });
        let components = components.collect::<Result<Vec<_>, String>>()?;
        for base in texts(param, "base") {
            let bases = if base == "Resource" { concrete.clone() } else { vec![&base] };
            for name in bases {
                let row = Param {
                    kind: text(param, "type"),
                    expression: narrow(&expression, &base, name)?,
                    targets: targets(param),
                    components: components.clone(),
                    url: text(param, "url"),
                };
                params.insert((name.clone(), code.clone()), row);
            }
        }
    }
    Ok(params)
}

/// The types a reference may point at; none when it may be any.
fn targets(param: Value<'_>) -> Vec<String> {
    let mut targets = texts(param, "target");
    targets.sort();
    if targets.iter().any(|t| t == "Resource") { Vec::new() } else { targets }
}

/// Keeps the alternatives of an expression that start at `base`, and makes them start at `name`.
fn narrow(expression: &str, base: &str, name: &str) -> Result<String, String> {
    let alternatives = split(expression).into_iter().filter_map(|alternative| {
        let inner = alternative.trim_start_matches('(');
        let opened = &alternative[..alternative.len() - inner.len()];
        let first = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if first == base {
            Some(format!("{opened}{name}{}", &inner[first.len()..]))
        } else if first.starts_with(|c: char| c.is_ascii_lowercase()) {
            // InsurancePlan-name leaves its type out: `name | alias`.
            Some(format!("{opened}{name}.{inner}"))
        } else {
            None
        }
    });
    let narrowed = alternatives.collect::<Vec<_>>().join(" | ");
    if narrowed.is_empty() { Err(format!("no part of {expression} starts at {base}")) } else { Ok(narrowed) }
}

/// Splits at each `|` that stands outside parentheses and quotes.
fn split(expression: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in expression.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            '|' if !quoted && depth == 0 => {
                parts.push(expression[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(expression[start..].trim());
    parts
}

/// The types of the patient compartment with the parameters that put a resource in it.
pub fn compartment(package: &Package) -> Result<BTreeMap<String, Vec<String>>, String> {
    let definition = package.file("compartmentdefinition-patient.json")?;
    let rows = list(definition.root(), "resource").map(|r| (text(r, "code"), texts(r, "param")));
    Ok(rows.filter(|(_, params)| !params.is_empty()).collect())
}

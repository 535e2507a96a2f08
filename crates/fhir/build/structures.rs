//! Types and their elements, from the structure definitions.
//!
//! The package is FHIR R4 with additions of its makers and one resource from a later version.
//! `corrections.json` takes it back to R4 4.0.1; the tests compare the tables with `dataelements.json`, which
//! the makers left as it was published.

use crate::codes::Codes;
use crate::json::{Json, Limits, Value};
use crate::package::{Package, list, resources, text, texts};
use std::collections::{BTreeMap, BTreeSet};

/// As `fhir::definitions::TypeDef`.
pub struct Type {
    pub kind: Kind,
    pub elements: Vec<Element>,
}

/// As `fhir::definitions::TypeKind`; abstract resources apart, because they are no type of a resource.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Resource,
    AbstractResource,
    Complex,
    Primitive,
}

/// As `fhir::definitions::Element`.
pub struct Element {
    pub name: String,
    pub path: String,
    pub type_name: String,
    pub min: u16,
    pub max: u16,
    pub summary: bool,
    pub choice: bool,
    pub group: u8,
    pub codes: Vec<String>,
    pub system: String,
    pub targets: Vec<String>,
}

/// An ElementDefinition.
struct Definition {
    path: String,
    min: u16,
    max: u16,
    summary: bool,
    /// Code and targets of each allowed type.
    types: Vec<(String, Vec<String>)>,
    /// Path of the element whose content this one has.
    content: Option<String>,
    /// Value set of a required binding.
    binding: Option<String>,
}

/// All types by name.
pub type Types = BTreeMap<String, Type>;

/// Reads resources and data types.
pub fn read(package: &Package, codes: &Codes) -> Result<Types, String> {
    let corrections =
        Json::parse(include_str!("corrections.json"), Limits::FILE).map_err(|e| e.to_string())?;
    let mut types = Types::new();
    for file in ["profiles-resources.json", "profiles-types.json"] {
        let bundle = package.file(file)?;
        for structure in resources(&bundle, "StructureDefinition") {
            let (kind, derivation) = (text(structure, "kind"), text(structure, "derivation"));
            if text(structure, "fhirVersion") != "4.0.1" || derivation == "constraint" || kind == "logical" {
                continue;
            }
            let is_abstract = structure.get("abstract").and_then(Value::as_bool) == Some(true);
            let kind = match (kind.as_str(), is_abstract) {
                ("resource", true) => Kind::AbstractResource,
                ("resource", false) => Kind::Resource,
                ("primitive-type", _) => Kind::Primitive,
                _ => Kind::Complex,
            };
            let snapshot = structure.get("snapshot").into_iter().flat_map(|s| list(s, "element"));
            let mut definitions: Vec<_> = snapshot.map(definition).collect();
            correct(&mut definitions, corrections.root());
            add(&mut types, &text(structure, "name"), kind, &definitions, codes);
        }
    }
    Ok(types)
}

fn definition(element: Value<'_>) -> Definition {
    let types = list(element, "type").map(|t| {
        let last = |url: String| url.rsplit('/').next().unwrap_or_default().to_owned();
        let targets: BTreeSet<_> = texts(t, "targetProfile").into_iter().map(last).collect();
        let any = targets.contains("Resource");
        (type_code(t), if any { Vec::new() } else { targets.into_iter().collect() })
    });
    let binding = element.get("binding").filter(|b| text(*b, "strength") == "required");
    let max = text(element, "max");
    Definition {
        path: text(element, "path"),
        min: element.get("min").and_then(Value::as_number).and_then(|n| n.parse().ok()).unwrap_or(0),
        max: max.parse().unwrap_or(u16::MAX),
        summary: element.get("isSummary").and_then(Value::as_bool) == Some(true),
        types: types.collect(),
        content: element.str("contentReference").map(|c| c.trim_start_matches('#').to_owned()),
        binding: binding.map(|b| text(b, "valueSet")),
    }
}

/// The type's code. Ids and the urls of extensions are given as FHIRPath types, with the FHIR type beside it.
fn type_code(kind: Value<'_>) -> String {
    let code = text(kind, "code");
    if !code.starts_with("http://hl7.org/fhirpath/") {
        return code;
    }
    list(kind, "extension").map(|e| text(e, "valueUrl")).find(|t| !t.is_empty()).unwrap_or("string".into())
}

/// Removes what R4 does not have; puts in or replaces what it has.
fn correct(definitions: &mut Vec<Definition>, corrections: Value<'_>) {
    let within = |path: &str, top: &str| {
        path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for removed in texts(corrections, "removed") {
        definitions.retain(|d| !within(&d.path, &removed));
    }
    for right in list(corrections, "element").map(definition) {
        if let Some(wrong) = definitions.iter_mut().find(|d| d.path == right.path) {
            *wrong = right;
            continue;
        }
        let parent = right.path.rsplit_once('.').map_or("", |(parent, _)| parent);
        if let Some(last) = definitions.iter().rposition(|d| within(&d.path, parent)) {
            definitions.insert(last + 1, right);
        }
    }
}

/// Adds a type and, for each element with children of its own, one more.
fn add(types: &mut Types, name: &str, kind: Kind, definitions: &[Definition], codes: &Codes) {
    types.insert(name.to_owned(), Type { kind, elements: Vec::new() });
    if kind == Kind::Primitive {
        return;
    }
    for d in definitions.iter().filter(|d| d.max > 0) {
        let Some((parent, last)) = d.path.rsplit_once('.') else { continue };
        let nested = definitions.iter().any(|c| c.path.rsplit_once('.').is_some_and(|(p, _)| p == d.path));
        let owner =
            types.entry(parent.to_owned()).or_insert(Type { kind: Kind::Complex, elements: Vec::new() });
        let plain = last.trim_end_matches("[x]");
        let choice = plain.len() < last.len();
        let is_resource_id = last == "id" && matches!(owner.kind, Kind::Resource | Kind::AbstractResource);
        let group = owner.elements.last().map_or(0, |e| e.group + 1);
        let mut push = |type_name: &str, targets: &[String]| {
            let set = d.binding.as_ref().filter(|_| type_name == "code");
            let listed = set.and_then(|set| codes.of(set));
            owner.elements.push(Element {
                name: if choice { format!("{plain}{}", capital(type_name)) } else { plain.to_owned() },
                path: plain.to_owned(),
                type_name: type_name.to_owned(),
                min: d.min,
                max: d.max,
                summary: d.summary,
                choice,
                group,
                codes: listed.unwrap_or_default().into_iter().collect(),
                system: set.and_then(|set| codes.system_of(set)).unwrap_or_default(),
                targets: targets.to_vec(),
            });
        };
        if let Some(content) = &d.content {
            push(content, &[]);
        } else if nested {
            push(&d.path, &[]);
        } else if is_resource_id {
            // The package says `string`; the standard's page on resources says `id`.
            push("id", &[]);
        } else {
            d.types.iter().for_each(|(type_name, targets)| push(type_name, targets));
        }
    }
}

/// `dateTime` as it follows the name of a choice: `DateTime`.
pub fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

//! From the resource to the rows.

use super::{Listed, Row, Said};
use crate::system::{Concept, Content, Designation, Meaning};
use fhir::Tree;
use fhir::json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Extensions of a concept that say what properties say, with the property and how it is written there.
const AS_PROPERTY: &[(&str, &str)] = &[
    ("codesystem-conceptOrder", "order"),
    ("codesystem-label", "label"),
    ("itemWeight", "weight"),
    ("structuredefinition-standards-status", "status"),
];
/// Extensions that an expansion repeats.
const REPEATED: &[&str] = &["rendering-style", "rendering-xhtml"];
/// Extensions of a designation that an expansion repeats.
const OF_DESIGNATION: &[&str] = &["coding-sctdescid", "structuredefinition-standards-status"];
/// Statuses of what may not be used any more.
const NOT_IN_USE: &[&str] = &["retired", "inactive", "withdrawn", "entered-in-error"];

impl Listed {
    /// The system of a CodeSystem resource.
    pub fn new(resource: Value<'_>) -> Listed {
        let text = |name: &str| resource.str(name).map(Cow::into_owned);
        let part = !matches!(text("content").as_deref(), Some("complete"));
        let mut listed = Listed {
            url: text("url").unwrap_or_default(),
            version: text("version"),
            name: text("name").or_else(|| text("title")),
            language: text("language"),
            content: if part { Content::Part } else { Content::Complete },
            // Not said is taken as said: a code that differs in case is rarely meant.
            case_sensitive: resource.get("caseSensitive").and_then(Value::as_bool) != Some(false),
            supplements: text("supplements"),
            declared: declared(resource),
            rows: Vec::new(),
            by_code: HashMap::new(),
            parents: Vec::new(),
            children: Vec::new(),
        };
        let mut edges = Vec::new();
        listed.add(resource, None, &mut edges);
        listed.join(edges);
        // What is used counts as declared.
        let used: BTreeSet<&str> =
            listed.rows.iter().flat_map(|row| &row.properties).map(|(code, _)| code.as_str()).collect();
        let more: Vec<String> = used
            .into_iter()
            .filter(|code| !listed.declared.iter().any(|(declared, _)| declared == code))
            .map(str::to_owned)
            .collect();
        listed.declared.extend(more.into_iter().map(|code| (code, None)));
        listed
    }

    fn add(&mut self, of: Value<'_>, parent: Option<Concept>, edges: &mut Vec<(Concept, String, bool)>) {
        for value in of.get("concept").into_iter().flat_map(Value::items) {
            let Some(code) = value.str("code") else { continue };
            let concept = Concept(self.rows.len() as u32);
            let (row, mut named) = self.row_of(&code, value);
            self.by_code.entry(self.key(&code).into_owned()).or_insert(concept);
            self.rows.push(row);
            self.parents.push(parent.into_iter().collect());
            self.children.push(Vec::new());
            if let Some(parent) = parent {
                self.children[parent.0 as usize].push(concept);
            }
            edges.extend(named.drain(..).map(|(code, up)| (concept, code, up)));
            self.add(value, Some(concept), edges);
        }
    }

    /// Parents and children that are said by properties.
    fn join(&mut self, edges: Vec<(Concept, String, bool)>) {
        for (concept, code, up) in edges {
            let Some(other) = self.by_code.get(&*self.key(&code)).copied() else { continue };
            let (parent, child) = if up { (other, concept) } else { (concept, other) };
            if !self.parents[child.0 as usize].contains(&parent) {
                self.parents[child.0 as usize].push(parent);
                self.children[parent.0 as usize].push(child);
            }
        }
    }

    /// A row, and the codes that it names as parents (true) or children.
    fn row_of(&self, code: &str, value: Value<'_>) -> (Row, Vec<(String, bool)>) {
        let text = |name: &str| value.str(name).map(Cow::into_owned);
        let mut row = Row {
            code: code.to_owned(),
            display: text("display"),
            definition: text("definition"),
            designations: value
                .get("designation")
                .into_iter()
                .flat_map(Value::items)
                .filter_map(said)
                .collect(),
            properties: Vec::new(),
            extensions: extensions(value, REPEATED),
            active: true,
            groups: false,
        };
        let mut edges = Vec::new();
        for property in value.get("property").into_iter().flat_map(Value::items) {
            let Some(name) = property.str("code").map(Cow::into_owned) else { continue };
            let Some(meaning) = meaning(property) else { continue };
            match (self.meant(&name), &meaning) {
                ("parent" | "subsumedBy", Meaning::Code(code)) => edges.push((code.to_string(), true)),
                ("child", Meaning::Code(code)) => edges.push((code.to_string(), false)),
                (meant, said) => {
                    row.note(meant, said);
                    row.properties.push((name, meaning));
                }
            }
        }
        for extension in value.get("extension").into_iter().flat_map(Value::items) {
            let url = extension.str("url").unwrap_or_default();
            let known = AS_PROPERTY.iter().find(|(name, _)| url.strip_prefix(EXTENSION) == Some(*name));
            let Some((name, meaning)) = known.and_then(|(_, name)| Some((*name, meaning(extension)?))) else {
                continue;
            };
            let meaning = match (name, meaning) {
                ("order" | "weight", Meaning::Integer(number)) => Meaning::Decimal(number.to_string().into()),
                (_, meaning) => meaning,
            };
            if !row.properties.iter().any(|(said, _)| said == name) {
                row.note(name, &meaning);
                row.properties.push((name.to_owned(), meaning));
            }
        }
        (row, edges)
    }

    /// What a property means by FHIR's own list, whatever the system calls it.
    fn meant<'n>(&'n self, name: &'n str) -> &'n str {
        let uri = self.declared.iter().find(|(code, _)| code == name).and_then(|(_, uri)| uri.as_deref());
        uri.and_then(|uri| uri.strip_prefix("http://hl7.org/fhir/concept-properties#")).unwrap_or(name)
    }
}

impl Row {
    /// What a property says of the use of the concept.
    fn note(&mut self, name: &str, meaning: &Meaning<'_>) {
        let is = matches!(meaning, Meaning::Boolean(true))
            || matches!(meaning, Meaning::Code(text) | Meaning::Text(text) if text == "true");
        match (name, meaning) {
            ("inactive", _) if is => self.active = false,
            ("notSelectable" | "abstract", _) if is => self.groups = true,
            ("status", Meaning::Code(status) | Meaning::Text(status))
                if NOT_IN_USE.contains(&status.to_lowercase().as_str()) =>
            {
                self.active = false;
            }
            _ => {}
        }
    }
}

fn declared(resource: Value<'_>) -> Vec<(String, Option<String>)> {
    let all = resource.get("property").into_iter().flat_map(Value::items);
    all.filter_map(|one| Some((one.str("code")?.into_owned(), one.str("uri").map(Cow::into_owned)))).collect()
}

fn said(value: Value<'_>) -> Option<Said> {
    let usage = value.get("use").and_then(|usage| {
        let system = usage.str("system").unwrap_or_default().into_owned();
        Some((system.into(), usage.str("code")?.into_owned().into()))
    });
    let language = value.str("language").map(|language| language.into_owned().into());
    let designation = Designation { language, usage, value: value.str("value")?.into_owned().into() };
    Some(Said { designation, extensions: extensions(value, OF_DESIGNATION) })
}

/// The extensions of these names, as they are.
pub(crate) fn extensions(value: Value<'_>, names: &[&str]) -> Vec<Tree> {
    let all = value.get("extension").into_iter().flat_map(Value::items);
    let wanted = |url: &str| url.strip_prefix(EXTENSION).is_some_and(|name| names.contains(&name));
    all.filter(|one| one.str("url").is_some_and(|url| wanted(&url))).map(Tree::from).collect()
}

/// The `value[x]` of a property or of an extension.
fn meaning(value: Value<'_>) -> Option<Meaning<'static>> {
    let (name, value) = value.members().find(|(name, _)| name.starts_with("value"))?;
    let text = || value.as_str().map(|text| Cow::Owned(text.into_owned()));
    Some(match &*name {
        "valueCode" => Meaning::Code(text()?),
        "valueBoolean" => Meaning::Boolean(value.as_bool()?),
        "valueInteger" => Meaning::Integer(value.as_number()?.parse().ok()?),
        "valueDecimal" => Meaning::Decimal(value.as_number()?.to_owned().into()),
        "valueDateTime" => Meaning::DateTime(text()?),
        "valueCoding" => Meaning::Coding {
            system: value.str("system").unwrap_or_default().into_owned().into(),
            code: value.str("code")?.into_owned().into(),
            display: value.str("display").map(|display| display.into_owned().into()),
        },
        _ => Meaning::Text(text()?),
    })
}

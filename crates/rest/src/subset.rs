//! `_summary` and `_elements`: parts of a resource, marked as such.

use crate::status::No;
use crate::wants::Wants;
use fhir::Tree;
use fhir::definitions::{TypeDef, type_def};
use fhir::json::{Json, Kind as JsonKind, Limits, Value};
use fhir::search::Summary;
use record::{Body, Refusal};

/// Which part of a resource is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subset {
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`; empty for all.
    pub elements: Vec<String>,
}

/// What every part has.
const ALWAYS: &[&str] = &["resourceType", "id", "meta"];

impl Subset {
    /// Takes `_summary` and `_elements` out of a query that is no search.
    pub(crate) fn of(wants: &mut Wants) -> Result<Subset, No> {
        let summary = match wants.take("_summary").as_deref() {
            None | Some("false") => Summary::No,
            Some("true") => Summary::Yes,
            Some("text") => Summary::Text,
            Some("data") => Summary::Data,
            Some(other) => {
                let text = format!(
                    "_summary={other} is not possible for one resource. Use true, text, data or false."
                );
                return Err(Refusal::invalid("_summary", text).into());
            }
        };
        let elements = wants.take("_elements").unwrap_or_default();
        let elements = elements.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Subset { summary, elements: elements.map(str::to_owned).collect() })
    }

    /// Appends the wanted part of a body.
    pub(crate) fn write(&self, body: &Body, out: &mut String) {
        if self.elements.is_empty() && matches!(self.summary, Summary::No | Summary::Count) {
            out.push_str(&body.text);
            return;
        }
        let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
        let parsed = Json::parse(body.text.as_str(), limits);
        match (parsed, type_def(body.kind)) {
            (Ok(json), Some(def)) => self.part(json.root(), def).write(out),
            // The record's own text is sound and of a known type; if not, less is not to be pretended.
            _ => out.push_str(&body.text),
        }
    }

    fn part(&self, resource: Value<'_>, def: &'static TypeDef) -> Tree {
        let mut tree = Tree::object();
        for (name, value) in resource.members() {
            let plain = name.strip_prefix('_').unwrap_or(&name);
            if ALWAYS.contains(&plain) {
                tree.set(&name, value);
                continue;
            }
            let Some(element) = def.elements.iter().find(|element| element.name == plain) else { continue };
            let keep = match self.summary {
                Summary::Text => plain == "text" || element.min > 0,
                Summary::Data => plain != "text",
                Summary::Yes => element.summary,
                Summary::No | Summary::Count => true,
            };
            let named = |wanted: &String| {
                let wanted =
                    wanted.strip_prefix(def.name).and_then(|rest| rest.strip_prefix('.')).unwrap_or(wanted);
                wanted == plain || wanted == element.path
            };
            // FHIR R4 search.html#elements: what the standard requires is always there.
            if keep && (self.elements.is_empty() || element.min > 0 || self.elements.iter().any(named)) {
                let inner = match (self.summary, type_def(element.type_name)) {
                    (Summary::Yes, Some(inner)) if inner.name.contains('.') => summary(value, inner),
                    _ => value.into(),
                };
                tree.set(&name, inner);
            }
        }
        marked(tree)
    }
}

/// The summary of an element that has its own children.
fn summary(value: Value<'_>, def: &'static TypeDef) -> Tree {
    if value.kind() == JsonKind::Array {
        return Tree::Array(value.items().map(|item| summary(item, def)).collect());
    }
    let mut tree = Tree::object();
    for (name, member) in value.members() {
        let plain = name.strip_prefix('_').unwrap_or(&name);
        let element = def.elements.iter().find(|element| element.name == plain && element.summary);
        let Some(element) = element else { continue };
        let inner = match type_def(element.type_name) {
            Some(inner) if inner.name.contains('.') => summary(member, inner),
            _ => member.into(),
        };
        tree.set(&name, inner);
    }
    tree
}

/// With the tag that says that this is not all of it.
fn marked(mut tree: Tree) -> Tree {
    let tag = Tree::object()
        .with("system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue")
        .with("code", "SUBSETTED");
    let mut meta = tree.get("meta").cloned().unwrap_or_else(Tree::object);
    let mut tags = match meta.get("tag") {
        Some(Tree::Array(tags)) => tags.clone(),
        _ => Vec::new(),
    };
    tags.push(tag);
    meta.set("tag", tags);
    tree.set("meta", meta);
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = concat!(
        r#"{"resourceType":"Patient","id":"a","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div/>"},"#,
        r#""active":true,"_active":{"id":"x"},"name":[{"family":"B"}],"contact":[{"name":{"family":"C"}}],"#,
        r#""communication":[{"language":{"text":"Welsh"}}]}"#
    );

    fn check(text: &str, kind: &'static str, subset: Subset, members: &[&str]) {
        let body = Body {
            kind,
            id: "a".into(),
            version: 1,
            updated: fhir::Instant(0),
            deleted: false,
            text: text.into(),
            txn: 1,
            patients: vec![],
        };
        let mut out = String::new();
        subset.write(&body, &mut out);
        let json = Json::parse(out.as_str(), Limits::DOOR).unwrap();
        let names: Vec<String> = json.root().members().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, members, "{out}");
        assert!(out.contains("SUBSETTED"), "{out}");
    }

    #[test]
    fn a_summary_has_the_summary_elements() {
        let subset = |summary| Subset { summary, elements: vec![] };
        check(
            PATIENT,
            "Patient",
            subset(Summary::Yes),
            &["resourceType", "id", "meta", "active", "_active", "name"],
        );
        check(PATIENT, "Patient", subset(Summary::Text), &["resourceType", "id", "meta", "text"]);
        check(
            PATIENT,
            "Patient",
            subset(Summary::Data),
            &["resourceType", "id", "meta", "active", "_active", "name", "contact", "communication"],
        );
    }

    #[test]
    fn chosen_elements_come_with_those_that_are_required() {
        let observation = r#"{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"valueString":"y","note":[]}"#;
        for name in ["value", "valueString", "Observation.value"] {
            let subset = Subset { summary: Summary::No, elements: vec![name.into()] };
            check(
                observation,
                "Observation",
                subset,
                &["resourceType", "id", "status", "code", "valueString", "meta"],
            );
        }
    }
}

//! Whether an answer is the expected one, with the wild cards of HL7's terminology tests.

use fhir::Tree;
use fhir::json::{Kind, Value};

const OF_CODE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property";
const OF_EXPANSION: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.property";

/// An answer as R5 would write it: what R4 says in extensions stands in elements.
pub(super) fn as_r5(tree: Tree) -> Tree {
    match tree {
        Tree::Array(items) => Tree::Array(items.into_iter().map(as_r5).collect()),
        Tree::Object(members) => {
            let mut out = Tree::object();
            let mut properties = Vec::new();
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("extension", Tree::Array(all)) => {
                        let (ours, others): (Vec<Tree>, Vec<Tree>) = all.into_iter().partition(of_r5);
                        properties.extend(ours.iter().map(property));
                        if !others.is_empty() {
                            out.set("extension", others);
                        }
                    }
                    (name, value) => out.set(name, as_r5(value)),
                }
            }
            if !properties.is_empty() {
                out.set("property", properties);
            }
            out
        }
        other => other,
    }
}

fn of_r5(extension: &Tree) -> bool {
    extension.get("url").and_then(Tree::as_text).is_some_and(|url| url == OF_CODE || url == OF_EXPANSION)
}

fn property(extension: &Tree) -> Tree {
    let mut out = Tree::object();
    let Some(Tree::Array(parts)) = extension.get("extension") else { return out };
    for part in parts {
        let Tree::Object(members) = part else { continue };
        let url = part.get("url").and_then(Tree::as_text).unwrap();
        let (name, value) = members.iter().find(|(name, _)| name.starts_with("value")).unwrap();
        out.set(if url == "value" { name } else { url }, value.clone());
    }
    out
}

/// The first difference; nothing when the answer fits.
pub(super) fn difference(expected: Value<'_>, actual: Value<'_>, at: &str) -> Option<String> {
    match (expected.kind(), actual.kind()) {
        (Kind::Object, Kind::Object) => objects(expected, actual, at),
        (Kind::Array, Kind::Array) => arrays(expected, actual, at),
        (Kind::String, Kind::String) => {
            let (wanted, got) = (expected.as_str().unwrap(), actual.as_str().unwrap());
            (!fits(&wanted, &got)).then(|| format!("{at}: expected {wanted:?}, not {got:?}"))
        }
        (Kind::Number, Kind::Number) => {
            let number = |value: Value<'_>| value.raw().parse::<f64>().unwrap();
            (number(expected) != number(actual))
                .then(|| format!("{at}: expected {expected:?}, not {actual:?}"))
        }
        _ => (expected.raw() != actual.raw()).then(|| format!("{at}: expected {expected:?}, not {actual:?}")),
    }
}

fn fits(wanted: &str, got: &str) -> bool {
    let Some(card) = wanted.strip_prefix('$').and_then(|rest| rest.strip_suffix('$')) else {
        return wanted == got;
    };
    match card.split_once(':') {
        Some(("choice", all)) => all.split('|').any(|one| one == got),
        Some(("fragments", all)) => all.split('|').all(|one| got.contains(one)),
        Some(("external", text)) => text.split_once(':').is_none_or(|(_, text)| got.contains(text)),
        _ => match card {
            "uuid" => got.starts_with("urn:uuid:"),
            "instant" => fhir::Instant::parse(got).is_some(),
            _ => true,
        },
    }
}

fn listed(value: Value<'_>, name: &str, wanted: &str) -> bool {
    value.get(name).is_some_and(|list| list.items().any(|one| one.as_str().as_deref() == Some(wanted)))
}

/// Whether a part may be absent: always, or for all servers but one, or with a warning.
fn optional(value: Value<'_>) -> bool {
    value.get("$optional$").is_some()
}

fn objects(expected: Value<'_>, actual: Value<'_>, at: &str) -> Option<String> {
    let wanted = || expected.members().filter(|(name, _)| !name.starts_with('$') && ours(name));
    for (name, value) in wanted() {
        let inner = format!("{at}.{name}");
        match actual.get(&name) {
            Some(got) if listed(expected, "$count-arrays$", &name) => {
                let (wanted, got) = (value.items().count(), got.items().count());
                if wanted != got {
                    return Some(format!("{inner}: expected {wanted} items, not {got}"));
                }
            }
            Some(got) => {
                if let Some(difference) = difference(value, got, &inner) {
                    return Some(difference);
                }
            }
            None if listed(expected, "$optional-properties$", &name) || optional(value) => {}
            None if value.kind() == Kind::Array && value.items().all(optional) => {}
            None => return Some(format!("{inner}: expected {value:?}, but it is not there")),
        }
    }
    let more = actual.members().filter(|(name, _)| ours(name) && expected.get(name).is_none());
    let more = more.into_iter().find(|(name, _)| !listed(expected, "$optional-properties$", name));
    more.map(|(name, value)| format!("{at}.{name}: not expected: {value:?}"))
}

/// `location` repeats `expression` and is deprecated; we do not send it.
fn ours(name: &str) -> bool {
    name != "location"
}

/// The order says nothing.
fn arrays(expected: Value<'_>, actual: Value<'_>, at: &str) -> Option<String> {
    let mut rest: Vec<Value<'_>> = actual.items().collect();
    let mut missing = None;
    for wanted in expected.items() {
        let named = wanted.str("name").or_else(|| wanted.str("code")).unwrap_or_default();
        let inner = format!("{at}[{named}]");
        let place = rest.iter().position(|got| difference(wanted, *got, &inner).is_none());
        match place {
            Some(place) => {
                rest.remove(place);
            }
            None if optional(wanted) => {}
            None => {
                let same = |name: &str, got: &Value<'_>| {
                    wanted.str(name).is_some() && wanted.str(name) == got.str(name)
                };
                let near = rest.iter().find(|got| same("name", got) || same("code", got) || same("url", got));
                let near = near.or(rest.first());
                missing = missing.or(Some(match near {
                    Some(near) => difference(wanted, *near, &inner).unwrap(),
                    None => format!("{inner}: expected {wanted:?}, but it is not there"),
                }));
            }
        }
    }
    missing.or_else(|| rest.first().map(|got| format!("{at}: not expected: {got:?}")))
}

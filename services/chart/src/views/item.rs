//! Any resource, whole, as labels and values.

use super::element::{Reference, concept, period, plain, reference};
use super::patient::{address_lines, read_name};
use super::unit::unit;
use fhir::json::{Kind, Value};
use html::{When, number};

/// Levels of a resource that are shown inside one another; what lies deeper is in the source.
const DEPTH_MAX: usize = 6;

/// A label with its value, or with further facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The element's name in words.
    pub label: String,
    /// Its value in words; empty when it only holds others or points at something without words.
    pub text: String,
    /// What it points at.
    pub to: Option<Reference>,
    /// What it holds.
    pub within: Vec<Fact>,
}

/// All that a resource says, except what the record says about it (`meta`) and its narrative.
pub fn facts_of(resource: Value<'_>) -> Vec<Fact> {
    members(resource, 0)
}

fn members(value: Value<'_>, depth: usize) -> Vec<Fact> {
    const LEFT_OUT: [&str; 5] = ["resourceType", "id", "meta", "text", "implicitRules"];
    let skipped = |name: &str| (depth == 0 && LEFT_OUT.contains(&name)) || name.starts_with('_');
    let members = value.members().filter(|(name, _)| !skipped(name));
    members
        .flat_map(|(name, value)| value.each().filter_map(|v| fact(&name, v, depth)).collect::<Vec<_>>())
        .collect()
}

fn fact(name: &str, value: Value<'_>, depth: usize) -> Option<Fact> {
    let label = label(name, value);
    let to = reference(Some(value)).filter(|r| value.get("reference").is_some() && !r.id.starts_with('#'));
    let to = to.filter(|r| !r.kind.is_empty());
    if let Some(text) = in_words(name, value) {
        return Some(Fact { label, text, to, within: Vec::new() });
    }
    let within = if depth < DEPTH_MAX { members(value, depth + 1) } else { Vec::new() };
    (!within.is_empty()).then_some(Fact { label, text: String::new(), to, within })
}

/// `bodySite` is `Body site`; an extension is called by the end of its URL.
fn label(name: &str, value: Value<'_>) -> String {
    let name = match (name, value.str("url")) {
        ("extension" | "modifierExtension", Some(url)) => {
            let last = url.rsplit('/').next().unwrap_or_default();
            last.trim_start_matches("Extension-UKCore-").to_owned()
        }
        _ => name.to_owned(),
    };
    let choice =
        ["value", "effective", "onset", "abatement", "performed", "occurrence", "medication", "deceased"];
    let name =
        choice.iter().find(|c| name.starts_with(**c) && name.len() > c.len()).map_or(name.as_str(), |c| c);
    let mut words = String::new();
    for c in name.chars() {
        let after_capital = words.ends_with(|p: char| p.is_uppercase() || p == ' ');
        if c.is_uppercase() && !words.is_empty() && !after_capital {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else if words.is_empty() {
            words.extend(c.to_uppercase());
        } else {
            words.push(c);
        }
    }
    words
}

/// Names, addresses, phone numbers and identifiers in a line.
fn of_people(value: Value<'_>) -> Option<String> {
    let has = |name: &str| value.get(name).is_some();
    let used = |text: String| match value.str("use") {
        Some(used) => format!("{text} ({used})"),
        None => text,
    };
    if has("resourceType") || has("name") {
        return None;
    }
    if has("family") || has("given") {
        return Some(used(read_name(value).to_string()));
    }
    if has("line") || has("postalCode") {
        return Some(used(address_lines(value).join(", ")));
    }
    let known = ["extension", "id", "use", "type", "system", "value", "period", "rank", "assigner"];
    let plain = value.members().all(|(name, _)| known.contains(&name.as_ref()));
    let text = value.str("value").filter(|_| plain && has("system"))?;
    let system = value.str("system").filter(|system| system.contains(':'));
    Some(match (concept(value.get("type")), system) {
        (Some(kind), Some(system)) => format!("{text} ({}, {system})", kind.to_lowercase()),
        (None, Some(system)) => format!("{text} ({system})"),
        _ => used(text.into_owned()),
    })
}

fn in_words(name: &str, value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => {
            let text = value.as_str()?;
            let is_date = text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
            let date = if is_date && text.contains('-') { When::parse(&text).map(When::text) } else { None };
            Some(match (date, name) {
                (Some(date), _) => date,
                (None, "status" | "intent" | "gender" | "use" | "criticality" | "priority") => {
                    super::words(&text)
                }
                (None, "data") => format!("{} characters of base64", text.len()),
                (None, _) => text.into_owned(),
            })
        }
        Kind::Number => value.as_number().map(number),
        Kind::Bool => plain(value),
        Kind::Object => object(value),
        Kind::Array | Kind::Null => None,
    }
}

/// Data types that are one value for a reader.
fn object(value: Value<'_>) -> Option<String> {
    let only = |names: &[&str]| {
        value
            .members()
            .all(|(name, _)| names.contains(&name.as_ref()) || name == "id" || name.starts_with('_'))
    };
    if only(&["coding", "text"]) {
        return concept(Some(value));
    }
    if only(&["system", "version", "code", "display", "userSelected"]) && value.get("code").is_some() {
        return value.str("display").or_else(|| value.str("code")).map(|text| text.into_owned());
    }
    if only(&["value", "unit", "system", "code", "comparator"])
        && let Some(amount) = value.get("value").and_then(Value::as_number)
    {
        let unit = unit(&value.str("unit").or_else(|| value.str("code")).unwrap_or_default());
        return Some(format!("{}{} {unit}", value.str("comparator").unwrap_or_default(), number(amount)));
    }
    if only(&["start", "end"]) {
        let (start, end) = period(Some(value));
        return match (start, end) {
            (Some(start), Some(end)) => Some(format!("{} to {}", start.text(), end.text())),
            (Some(start), None) => Some(format!("From {}", start.text())),
            (None, Some(end)) => Some(format!("Until {}", end.text())),
            (None, None) => None,
        };
    }
    if only(&["reference", "type", "identifier", "display"]) {
        let found = reference(Some(value))?;
        return Some(found.display.unwrap_or_default());
    }
    if let Some(text) = of_people(value) {
        return Some(text);
    }
    let url_only = value.members().filter(|(name, _)| name != "url").collect::<Vec<_>>();
    match (value.get("url"), url_only.as_slice()) {
        (Some(_), [(name, inner)]) if name.starts_with("value") => in_words(name, *inner),
        _ => None,
    }
}

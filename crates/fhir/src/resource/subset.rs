//! Part of a resource: `_summary` and `_elements`.

use crate::definitions::{Element, TypeDef, type_def};
use crate::json::{Kind, Value, write_string};

/// The tag that marks a part as one, so that nobody takes it for the whole (R4, search, 3.1.1.5.8).
const TAG: &str =
    "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\",\"code\":\"SUBSETTED\"}";

/// Which part of a resource is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Subset<'a> {
    /// `_summary=true`: what the standard marks as summary.
    Summary,
    /// `_summary=text`: the narrative.
    Text,
    /// `_summary=data`: all but the narrative.
    Data,
    /// `_elements`: the elements of these names; `value` means `value[x]`.
    Elements(&'a [String]),
}

/// Appends the part of a sound resource that is asked for. It always has `resourceType`, `id`, `meta` with
/// the tag `SUBSETTED`, what may change the meaning of the rest, and the elements that must be there.
pub fn subset(resource: Value<'_>, subset: Subset<'_>, out: &mut String) {
    let Some(def) = resource.str("resourceType").and_then(|name| type_def(&name)) else {
        return resource.write_canonical(out);
    };
    let has_meta = resource.get("meta").is_some();
    let last_before_meta = if resource.get("id").is_some() { "id" } else { "resourceType" };
    out.push('{');
    for (name, value) in resource.members() {
        match &*name {
            "meta" => {
                start(&name, out);
                tagged(value, out);
            }
            "resourceType" | "id" => whole(&name, value, out),
            _ => {
                if let Some(element) = element(def, &name).filter(|e| is_asked_for(subset, e)) {
                    match subset {
                        Subset::Summary => summary_member(&name, value, element, out),
                        _ => whole(&name, value, out),
                    }
                }
            }
        }
        if !has_meta && name == last_before_meta {
            start("meta", out);
            out.push_str("{\"tag\":[");
            out.push_str(TAG);
            out.push_str("]}");
        }
    }
    out.push('}');
}

/// The element that a member belongs to; `_birthDate` belongs to `birthDate`.
fn element<'d>(def: &'d TypeDef, name: &str) -> Option<&'d Element> {
    let name = name.strip_prefix('_').unwrap_or(name);
    def.elements.iter().find(|e| e.name == name)
}

fn is_asked_for(subset: Subset<'_>, element: &Element) -> bool {
    let asked = match subset {
        Subset::Summary => element.summary,
        Subset::Text => element.name == "text",
        Subset::Data => element.name != "text",
        Subset::Elements(names) => names.iter().any(|n| n == element.name || n == element.path),
    };
    asked || element.min > 0 || matches!(element.name, "modifierExtension" | "implicitRules")
}

/// Writes a member's name, after a comma unless it is the first of its object.
fn start(name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_string(name, out);
    out.push(':');
}

fn whole(name: &str, value: Value<'_>, out: &mut String) {
    start(name, out);
    value.write_canonical(out);
}

/// Writes what is summary of a member; nothing when nothing is left of it.
fn summary_member(name: &str, value: Value<'_>, element: &Element, out: &mut String) {
    let before = out.len();
    start(name, out);
    // Extensions of a primitive and those that modify are part of what is said.
    let primitive = name.starts_with('_') || element.type_def().primitive.is_some();
    let kept = if primitive || name == "modifierExtension" {
        value.write_canonical(out);
        true
    } else {
        summary(value, element.type_def(), out)
    };
    if !kept {
        out.truncate(before);
    }
}

/// Writes what is summary of a complex value; false when nothing is left of it.
fn summary(value: Value<'_>, def: &TypeDef, out: &mut String) -> bool {
    if value.kind() == Kind::Array {
        out.push('[');
        let mut kept = false;
        for item in value.items() {
            let before = out.len();
            out.push_str(if kept { "," } else { "" });
            if summary(item, def, out) {
                kept = true;
            } else {
                out.truncate(before);
            }
        }
        out.push(']');
        return kept;
    }
    let inner = value.str("resourceType").and_then(|name| type_def(&name));
    let def = inner.unwrap_or(def);
    let before = out.len();
    out.push('{');
    for (name, member) in value.members() {
        match element(def, &name) {
            _ if name == "resourceType" || name == "id" => whole(&name, member, out),
            Some(element) if is_asked_for(Subset::Summary, element) => {
                summary_member(&name, member, element, out);
            }
            _ => {}
        }
    }
    let kept = out.len() > before + 1;
    out.push('}');
    kept
}

/// Writes meta with the tag in it.
fn tagged(meta: Value<'_>, out: &mut String) {
    let has_tags = meta.get("tag").is_some();
    out.push('{');
    for (name, value) in meta.members() {
        start(&name, out);
        if name != "tag" {
            value.write_canonical(out);
            continue;
        }
        out.push('[');
        for tag in value.items().filter(|t| t.str("code").is_none_or(|code| code != "SUBSETTED")) {
            tag.write_canonical(out);
            out.push(',');
        }
        out.push_str(TAG);
        out.push(']');
    }
    if !has_tags {
        start("tag", out);
        out.push('[');
        out.push_str(TAG);
        out.push(']');
    }
    out.push('}');
}

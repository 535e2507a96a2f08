//! Structural validation against the R4 tables.
//!
//! Not here: invariants in FHIRPath, profiles, terminology beyond required codes, whether a reference leads
//! anywhere. Sentences never repeat what a resource says, because they go into logs and reports.

pub mod place;
mod primitive;
mod sibling;
#[cfg(test)]
mod tests;

use crate::Issue;
use crate::definitions::{Element, TypeDef, TypeKind, is_resource, type_def};
use crate::json::{Kind, Value};
use place::Place;

/// At most so many faults are listed: enough to mend a resource, too few to fill the memory.
const FAULTS_MAX: usize = 100;

/// A list of allowed codes is spelt out when it is no longer than this.
const CODES_SHOWN_MAX: usize = 12;

/// Groups of `Extension`: `id`, `extension`, `url`, `value[x]`.
const EXTENSIONS: u128 = 1 << 1;
const EXTENSION_VALUE: u128 = 1 << 3;

/// Every structural fault of a resource, at once: unknown element, wrong type, cardinality, required code,
/// malformed primitive. Empty when it is sound. `value` must be the resource's object.
pub fn structure(value: Value<'_>) -> Vec<Issue> {
    let mut check = Check { faults: Vec::new() };
    check.resource(value, None, false);
    if check.faults.len() > FAULTS_MAX {
        check.faults.truncate(FAULTS_MAX);
        let text = format!("There are more faults. The first {FAULTS_MAX} are listed.");
        check.faults.push(Issue::new("too-costly", "", text));
    }
    check.faults
}

struct Check {
    faults: Vec<Issue>,
}

impl Check {
    fn fault(&mut self, code: &'static str, place: &Place<'_>, text: impl Into<String>) {
        if self.faults.len() <= FAULTS_MAX {
            self.faults.push(Issue::new(code, place.to_string(), text));
        }
    }

    /// A resource: the outermost one, which has no place yet, a contained one, or one in a bundle.
    fn resource(&mut self, value: Value<'_>, place: Option<&Place<'_>>, contained: bool) {
        let here = place.copied().unwrap_or(Place::root(""));
        if value.kind() != Kind::Object {
            return self.fault("structure", &here, "A resource must be a JSON object.");
        }
        let Some(name) = value.str("resourceType") else {
            let text = "A resource must say its type as text in the member resourceType.";
            return self.fault("structure", &here, text);
        };
        let Some(def) = type_def(&name).filter(|def| is_resource(def.name)) else {
            let text = format!("{} is not a resource type of FHIR R4.", place::shown(&name));
            return self.fault("structure", &here, text);
        };
        if contained && value.get("contained").is_some() {
            let text = "A contained resource must not contain others. Put them beside it.";
            self.fault("structure", &here.element("contained"), text);
        }
        self.object(value, def, &place.copied().unwrap_or(Place::root(def.name)));
    }

    /// The members of an object. Gives the groups that were there.
    fn object(&mut self, value: Value<'_>, def: &'static TypeDef, place: &Place<'_>) -> u128 {
        let mut seen = 0u128;
        let mut next = 0usize;
        for (name, member) in value.members() {
            let (plain, is_sibling) = match name.strip_prefix('_') {
                Some(plain) => (plain, true),
                None => (&*name, false),
            };
            let found = find(def, plain, next.saturating_sub(usize::from(is_sibling)));
            let Some(at) = found.filter(|at| !is_sibling || sibling::is_allowed(def, &def.elements[*at]))
            else {
                if name != "resourceType" || def.kind != TypeKind::Resource {
                    self.unknown(&name, def, place);
                    seen |= UNKNOWN;
                }
                continue;
            };
            let element = &def.elements[at];
            next = at + 1;
            let group = 1 << element.group;
            if element.choice && seen & group != 0 {
                self.two_of_a_choice(value, def, element, place);
            }
            seen |= group;
            if is_sibling {
                self.sibling(element, member, value, place);
            } else {
                self.member(element, member, value, place);
            }
        }
        if def.required & !seen != 0 {
            self.missing(def, def.required & !seen, place);
        }
        seen
    }

    /// One member: an element, or an array of it.
    fn member(&mut self, element: &'static Element, value: Value<'_>, owner: Value<'_>, place: &Place<'_>) {
        let is_array = value.kind() == Kind::Array;
        let here = place.element(element.path);
        if !is_array {
            if element.repeats() {
                self.fault("structure", &here, "This must be an array. Put it in [ and ].");
            }
            return self.item(element, value, owner, &here);
        }
        if !element.repeats() {
            self.fault("structure", &here, "This may come once only and must not be in an array.");
        }
        let mut count = 0;
        for (index, item) in value.items().enumerate() {
            self.item(element, item, owner, &here.at(index));
            count += 1;
        }
        if count == 0 {
            self.fault("structure", &here, "This array is empty. Leave it out.");
        }
        // `u16::MAX` is `*`, which is no limit.
        if element.repeats() && element.max != u16::MAX && count > usize::from(element.max) {
            self.fault("structure", &here, format!("This may come {} times at most.", element.max));
        }
    }

    fn item(&mut self, element: &'static Element, value: Value<'_>, owner: Value<'_>, here: &Place<'_>) {
        let def = element.type_def();
        if let Some(primitive) = def.primitive {
            if value.kind() == Kind::Null {
                return self.null(element, owner, here);
            }
            match primitive::fault(primitive, value) {
                Some(text) => self.fault("value", here, text),
                None if !element.codes.is_empty() => self.code(element, value, here),
                None => {}
            }
        } else if def.kind == TypeKind::Resource {
            self.resource(value, Some(here), element.name == "contained");
        } else if value.kind() == Kind::Object {
            let seen = self.object(value, def, here);
            // ele-1: a value or children besides the id, which is the first group of every data type.
            if seen & !1 == 0 {
                self.fault("structure", here, "This is empty. Give it content or leave it out.");
            }
            if def.name == "Extension"
                && (seen & EXTENSIONS == 0) == (seen & EXTENSION_VALUE == 0)
                && seen & !1 != 0
            {
                let text =
                    "An extension must have either a value or extensions of its own, not both (ext-1).";
                self.fault("invariant", here, text);
            }
        } else {
            self.fault("structure", here, format!("This must be a JSON object ({}).", def.name));
        }
    }

    fn code(&mut self, element: &Element, value: Value<'_>, here: &Place<'_>) {
        let allowed = value.as_str().is_some_and(|code| element.codes.binary_search(&&*code).is_ok());
        if allowed {
            return;
        }
        let text = if element.codes.len() <= CODES_SHOWN_MAX {
            format!("This code is not allowed here. Use one of: {}.", element.codes.join(", "))
        } else {
            format!("This code is not one of the {} that are allowed here.", element.codes.len())
        };
        self.fault("code-invalid", here, text);
    }

    fn unknown(&mut self, name: &str, def: &TypeDef, place: &Place<'_>) {
        let text = match name {
            "fhir_comments" => "FHIR R4 has no comments in JSON. Leave fhir_comments out.".to_owned(),
            "resourceType" => format!("{} is not a resource and must not have a resourceType.", def.name),
            _ => {
                let name = place::shown(name);
                format!("{} has no element called {name}. Correct the name, or leave it out.", def.name)
            }
        };
        self.fault("structure", &place.element(name), text);
    }

    /// Called when a second member of one choice comes; it may be the first one's `_name`.
    fn two_of_a_choice(&mut self, owner: Value<'_>, def: &TypeDef, element: &Element, place: &Place<'_>) {
        let here = place.element(element.path);
        let of_choice = |name: &str| def.elements.iter().find(|e| e.name == name && e.group == element.group);
        let members = owner.members().filter_map(|(name, _)| of_choice(name.trim_start_matches('_')));
        let mut names: Vec<_> = members.map(|e| e.name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 {
            let text = format!("Only one of {} may be given.", names.join(", "));
            let told = self.faults.iter().any(|f| f.text == text && f.at == here.to_string());
            if !told {
                self.fault("structure", &here, text);
            }
        }
    }

    fn missing(&mut self, def: &'static TypeDef, groups: u128, place: &Place<'_>) {
        let mut last = None;
        for element in def.elements.iter().filter(|e| groups >> e.group & 1 == 1) {
            if last.replace(element.group) != Some(element.group) {
                let choice = if element.choice { "[x]" } else { "" };
                let text = format!("{} must have {}{choice}.", def.name, element.path);
                self.fault("required", &place.element(element.path), text);
            }
        }
    }
}

/// Set in place of a group when an unknown member was there.
const UNKNOWN: u128 = 1 << 127;

/// The index of the element called `name`. Members mostly come in the standard's order, so the search begins
/// at `start`.
pub(crate) fn find(def: &TypeDef, name: &str, start: usize) -> Option<usize> {
    let start = start.min(def.elements.len());
    let (before, after) = def.elements.split_at(start);
    let is_it = |e: &Element| e.name == name;
    after.iter().position(is_it).map(|at| at + start).or_else(|| before.iter().position(is_it))
}

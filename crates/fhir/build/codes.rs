//! Value sets: the codes of a required binding.

use crate::json::Value;
use crate::package::{Package, list, resources, text, texts};
use std::collections::{BTreeMap, BTreeSet};

/// What a value set takes in.
#[derive(Default)]
struct Include {
    system: String,
    codes: Vec<String>,
    sets: Vec<String>,
    filtered: bool,
}

/// Every code system and value set of the package.
#[derive(Default)]
pub struct Codes {
    systems: BTreeMap<String, Vec<String>>,
    sets: BTreeMap<String, Vec<Include>>,
}

/// Reads code systems and value sets.
pub fn read(package: &Package) -> Result<Codes, String> {
    let mut codes = Codes::default();
    for name in ["valuesets.json", "v3-codesystems.json", "v2-tables.json"] {
        let bundle = package.file(name)?;
        for system in resources(&bundle, "CodeSystem") {
            let mut concepts = Vec::new();
            flatten(system, &mut concepts);
            if text(system, "content") == "complete" {
                codes.systems.insert(text(system, "url"), concepts);
            }
        }
        for set in resources(&bundle, "ValueSet") {
            codes.sets.insert(text(set, "url"), set.get("compose").map(includes).unwrap_or_default());
        }
    }
    Ok(codes)
}

/// The codes of a system that may be used in data, children included.
fn flatten(parent: Value<'_>, out: &mut Vec<String>) {
    for concept in list(parent, "concept") {
        let group = list(concept, "property").any(|p| {
            text(p, "code") == "notSelectable" && p.get("valueBoolean").and_then(Value::as_bool) == Some(true)
        });
        if !group {
            out.push(text(concept, "code"));
        }
        flatten(concept, out);
    }
}

fn includes(compose: Value<'_>) -> Vec<Include> {
    let read = |include: Value<'_>, filtered: bool| Include {
        system: text(include, "system"),
        codes: list(include, "concept").map(|c| text(c, "code")).collect(),
        sets: texts(include, "valueSet"),
        filtered: filtered || include.get("filter").is_some(),
    };
    // No value set of a required binding leaves codes out; if one ever does, it counts as not listed.
    let excludes = list(compose, "exclude").map(|e| read(e, true));
    list(compose, "include").map(|i| read(i, false)).chain(excludes).collect()
}

impl Codes {
    /// The codes of a value set, sorted; nothing when they are not all listed in the package (mime types,
    /// currencies, units, anything chosen by a filter).
    pub fn of(&self, set: &str) -> Option<BTreeSet<String>> {
        let url = set.split('|').next().unwrap_or_default();
        let mut codes = BTreeSet::new();
        for include in self.sets.get(url)? {
            if include.filtered {
                return None;
            }
            if !include.codes.is_empty() {
                codes.extend(include.codes.iter().cloned());
            } else if !include.system.is_empty() {
                codes.extend(self.systems.get(&include.system)?.iter().cloned());
            }
            for other in &include.sets {
                codes.extend(self.of(other)?);
            }
        }
        Some(codes)
    }

    /// The one system that all codes of a value set are of; nothing when there are several or none.
    pub fn system_of(&self, set: &str) -> Option<String> {
        let mut systems = BTreeSet::new();
        self.add_systems(set, &mut systems)?;
        systems.pop_first().filter(|_| systems.is_empty())
    }

    fn add_systems(&self, set: &str, systems: &mut BTreeSet<String>) -> Option<()> {
        let url = set.split('|').next().unwrap_or_default();
        for include in self.sets.get(url)? {
            if !include.system.is_empty() {
                systems.insert(include.system.clone());
            }
            for other in &include.sets {
                self.add_systems(other, systems)?;
            }
        }
        Some(())
    }
}

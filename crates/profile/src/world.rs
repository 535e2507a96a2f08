//! What FHIRPath asks of what lies outside the item that it is evaluated on.

use crate::outside::Found;
use crate::walk::{Walk, outermost};
use fhir::codes::{Coded, Subsumption};
use fhir::fhirpath::{Code, Node, Outside, Target};
use fhir::validate::place::Place;

/// Evaluations and walks inside one another.
const DEPTH_MAX: usize = 8;

/// The world as a walk knows it.
pub struct World<'s, 'w, 'v> {
    pub walk: &'s Walk<'w, 'v>,
}

impl Outside for World<'_, '_, '_> {
    fn resolve(&self, reference: &str) -> Target {
        let local = self.walk.around.local(reference).and_then(|node| node.value);
        if let Some(local) = local {
            return Target::Resource(local.to_json());
        }
        match self.walk.options.resolver.map(|resolver| resolver.resolve(reference)) {
            Some(Found::Resource(json)) => Target::Resource(json),
            Some(Found::Nowhere) => Target::Nowhere,
            Some(Found::NotKnown) | None => Target::NotKnown,
        }
    }

    fn member_of(&self, value_set: &str, code: &Code<'_>) -> Option<bool> {
        let coded = Coded {
            system: code.system.as_deref(),
            version: code.version.as_deref(),
            code: &code.code,
            display: None,
        };
        self.walk.profiles.codes.member(value_set, coded).is
    }

    fn subsumes(&self, general: &Code<'_>, special: &Code<'_>) -> Option<bool> {
        let system = general.system.as_deref().filter(|system| special.system.as_deref() == Some(system))?;
        let version = general.version.as_deref().or(special.version.as_deref());
        let found = self.walk.profiles.codes.subsumes(system, version, &general.code, &special.code)?;
        Some(matches!(found, Subsumption::Equivalent | Subsumption::Subsumes))
    }

    fn conforms_to(&self, profile: &str, item: Node<'_>) -> Option<bool> {
        if self.walk.depth >= DEPTH_MAX {
            return None;
        }
        let mut apart = Walk::begin(self.walk.profiles, self.walk.options, item);
        apart.depth = self.walk.depth + 1;
        apart.meets(profile, &outermost(item), &Place::root(item.kind.name))
    }

    fn in_slice(&self, profile: &str, slice: &str, item: Node<'_>) -> Option<bool> {
        let profile = self.walk.profiles.compiled(profile)?.ok()?;
        let mut open = vec![&profile.root];
        while let Some(node) = open.pop() {
            if node.slice.as_deref() == Some(slice) {
                let mut apart = Walk::begin(self.walk.profiles, self.walk.options, item);
                return Some(apart.is_in(node, &outermost(item), &Place::root(item.kind.name)));
            }
            open.extend(node.children.iter().chain(&node.slices));
        }
        None
    }
}

//! All that is known of codes: resources by their address, imported releases, and rules.

use crate::grammar;
use crate::issue::Refused;
use crate::listed::Listed;
use crate::set::{Place, Set};
use crate::system::{Content, System};
use fhir::Json;
use fhir::json::Value;
use package::Source;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Codes that one answer of `$expand` holds, at most, unless it is told otherwise.
pub const EXPANSION_MAX: usize = 10_000;
/// Value sets and systems that are kept ready, at most; then all are made anew.
const KEPT_MAX: usize = 4_096;
/// Bytes of the address of a value set that is kept, at most: one may hold an expression of any length.
const ADDRESS_MAX: usize = 2_048;

/// Code systems, value sets and concept maps, and what can be asked of them.
pub struct Terminology {
    sources: Vec<Arc<dyn Source>>,
    systems: Vec<Arc<dyn System>>,
    pub(crate) expansion_max: usize,
    built: RwLock<Built>,
    /// By canonical address; also what cannot be made of a resource, and why.
    sets: RwLock<HashMap<String, Made>>,
}

/// A value set that was made, or why it cannot be.
type Made = Result<Arc<Set>, Refused>;
/// Systems by address and version.
type Built = HashMap<(String, Option<String>), Arc<dyn System>>;

impl Terminology {
    /// A terminology of these sources of resources: the first that has an address is taken.
    pub fn new(sources: Vec<Arc<dyn Source>>) -> Terminology {
        let (built, sets) = Default::default();
        Terminology { sources, systems: Vec::new(), expansion_max: EXPANSION_MAX, built, sets }
    }

    /// The same with a code system that is no resource, such as an imported release. Of several versions the first
    /// is taken where none is said.
    pub fn with(mut self, system: Arc<dyn System>) -> Terminology {
        self.systems.push(system);
        self
    }

    /// The same with another limit for the codes of one expansion.
    pub fn with_limit(mut self, codes: usize) -> Terminology {
        self.expansion_max = codes;
        self
    }

    /// Forgets what was made of resources. To be called when a CodeSystem or ValueSet has changed.
    pub fn forget(&self) {
        self.built.write().expect("no thread panics with it locked").clear();
        self.sets.write().expect("no thread panics with it locked").clear();
    }

    /// The code systems that are no resources.
    pub fn systems(&self) -> &[Arc<dyn System>] {
        &self.systems
    }

    pub(crate) fn resource(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        self.sources.iter().find_map(|source| source.find(kind, url, version))
    }

    /// All resources of a type that the sources can name.
    pub(crate) fn all(&self, kind: &str) -> Vec<Arc<Json>> {
        let named = self.sources.iter().flat_map(|source| source.addresses(kind));
        let mut named: Vec<String> = named.collect();
        named.sort_unstable();
        named.dedup();
        named.iter().filter_map(|url| self.resource(kind, url, None)).collect()
    }

    /// Where a code system is.
    pub(crate) fn system(&self, url: &str, version: Option<&str>) -> Place {
        let fits = |system: &&Arc<dyn System>| {
            system.url() == url
                && version.is_none_or(|version| system.version().is_some_and(|own| of(own, version)))
        };
        if let Some(system) = self.systems.iter().find(fits) {
            return Place::System(system.clone());
        }
        if let Some(grammar) = grammar::find(url) {
            return Place::Grammar(grammar);
        }
        let key = (url.to_owned(), version.map(str::to_owned));
        if let Some(built) = self.built.read().expect("no thread panics with it locked").get(&key) {
            return Place::System(built.clone());
        }
        let listed = match self.resource("CodeSystem", url, version) {
            Some(json) => has_concepts(json.root()).then(|| Listed::new(json.root())),
            None if version.is_none() => crate::tables::find(url),
            None => None,
        };
        let Some(system) = listed.map(|listed| Arc::new(listed) as Arc<dyn System>) else {
            return Place::Missing;
        };
        let mut built = self.built.write().expect("no thread panics with it locked");
        if built.len() >= KEPT_MAX {
            built.clear();
        }
        built.insert(key, system.clone());
        Place::System(system)
    }

    pub(crate) fn known_set(&self, canonical: &str) -> Option<Made> {
        self.sets.read().expect("no thread panics with it locked").get(canonical).cloned()
    }

    pub(crate) fn keep_set(&self, canonical: &str, set: &Made) {
        if canonical.len() > ADDRESS_MAX {
            return;
        }
        let mut sets = self.sets.write().expect("no thread panics with it locked");
        if sets.len() >= KEPT_MAX {
            sets.clear();
        }
        sets.insert(canonical.to_owned(), set.clone());
    }
}

/// A system whose resource says nothing of its codes (content `not-present`), or adds to another, is not here.
fn has_concepts(root: Value<'_>) -> bool {
    !matches!(root.str("content").as_deref(), Some("not-present" | "supplement"))
}

/// Whether a version is the one that is asked for: the same, or one of it.
fn of(version: &str, wanted: &str) -> bool {
    version == wanted || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['.', '/']))
}

/// Whether a system may have codes that are not here.
pub(crate) fn is_part(system: &dyn System) -> bool {
    system.content() == Content::Part
}

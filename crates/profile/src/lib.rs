#![doc = include_str!("../README.md")]

mod bindings;
mod bundle;
mod compile;
mod definitions;
mod discriminate;
mod element;
mod extension;
mod merge;
mod narrowing;
mod node;
mod outside;
mod policy;
mod questionnaire;
mod references;
mod rules;
mod same;
mod slices;
mod snapshot;
mod spot;
#[cfg(test)]
mod tests;
mod walk;
mod world;

pub use outside::{Found, Resolver};
pub use policy::Policy;
pub use snapshot::Error;

use fhir::codes::Codes;
use fhir::definitions::{TYPES, TypeDef};
use fhir::{Instant, Issue, Tree, Value};
use node::Profile;
use package::Source;
use snapshot::Snapshots;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

/// Profiles by their canonical address, ready to validate with. Each is made when it is first asked for and kept.
pub struct Profiles {
    snapshots: Snapshots,
    codes: Arc<dyn Codes>,
    compiled: RwLock<HashMap<String, Option<Compiled>>>,
    /// R4's own types, by their number in the tables.
    own: Vec<OnceLock<Option<Arc<Profile>>>>,
}

type Compiled = Result<Arc<Profile>, Error>;

/// How to validate.
#[derive(Clone, Copy, Default)]
pub struct Options<'o> {
    /// What has been checked before.
    pub before: Before,
    /// Who knows where references lead, besides to contained resources and entries of the same Bundle.
    pub resolver: Option<&'o dyn Resolver>,
    /// What it is now, for rules that speak of `now()` and `today()`. Without it they are passed over.
    pub now: Option<Instant>,
    /// What is thought of a display that the code system does not have for the code.
    pub displays: Displays,
}

/// What has been checked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Before {
    /// Nothing: `fhir::validate::structure` is asked first, and where it refuses, its word stands alone.
    #[default]
    Nothing,
    /// `fhir::validate::structure` has found nothing wrong.
    Structure,
}

/// What is thought of a display that the code system does not have for the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Displays {
    /// It is worth a warning.
    #[default]
    Warned,
    /// It is an error.
    Refused,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Errors and warnings in the order in which they were found.
    pub issues: Vec<Issue>,
}

impl Report {
    /// True when there is no error.
    pub fn is_valid(&self) -> bool {
        self.issues.iter().all(|issue| issue.warning)
    }
}

impl Profiles {
    /// Profiles that a source has, with what is known of codes.
    pub fn new(source: Arc<dyn Source>, codes: Arc<dyn Codes>) -> Profiles {
        let own = TYPES.iter().map(|_| OnceLock::new()).collect();
        Profiles { snapshots: Snapshots::new(source), codes, compiled: RwLock::default(), own }
    }

    /// Validates a resource against R4's own definition of its type, the profiles that its `meta.profile` names, and
    /// those that are named here (`url` or `url|version`).
    pub fn validate(&self, resource: Value<'_>, profiles: &[&str], options: &Options<'_>) -> Report {
        if options.before == Before::Nothing {
            let faults = fhir::validate::structure(resource);
            if !faults.is_empty() {
                return Report { issues: faults };
            }
        }
        walk::validate(self, resource, profiles, options)
    }

    /// True when the profile with this canonical address (`url` or `url|version`) is here to validate against.
    pub fn knows(&self, reference: &str) -> bool {
        matches!(self.compiled(reference), Some(Ok(_)))
    }

    /// The structure definition with this canonical address and its snapshot. Nothing when it is not here; an error
    /// when its snapshot cannot be made.
    pub fn snapshot(&self, reference: &str) -> Option<Result<Tree, Error>> {
        let definition = self.snapshots.definition(reference)?;
        Some(definition.map(|definition| self.snapshots.published(&definition)))
    }

    /// Makes a profile ready, so that the first who needs it need not wait. Nothing when it is not here; an error when
    /// it cannot be used.
    pub fn prepare(&self, reference: &str) -> Option<Result<(), Error>> {
        self.compiled(reference).map(|compiled| compiled.map(|_| ()))
    }

    fn compiled(&self, reference: &str) -> Option<Compiled> {
        let kept = self.compiled.read().expect("no thread panics with it locked").get(reference).cloned();
        if let Some(kept) = kept {
            return kept;
        }
        let definition = self.snapshots.definition(reference);
        let made = definition.map(|definition| compile::compile(definition?, &self.snapshots).map(Arc::new));
        let mut compiled = self.compiled.write().expect("no thread panics with it locked");
        // Addresses that are not known are what senders made up: there is no end of them.
        if made.is_some() {
            compiled.insert(reference.to_owned(), made.clone());
        }
        made
    }

    fn source(&self) -> &dyn Source {
        self.snapshots.source()
    }

    /// R4's own rules for a type.
    fn own(&self, number: usize) -> Option<&Arc<Profile>> {
        let made = self.own[number].get_or_init(|| {
            let definition = self.snapshots.of_type(TYPES[number].name)?.ok()?;
            compile::compile(definition, &self.snapshots).ok().map(Arc::new)
        });
        made.as_ref()
    }

    fn own_of(&self, kind: &'static TypeDef) -> Option<&Arc<Profile>> {
        let number = TYPES.binary_search_by(|known| known.name.cmp(kind.name)).ok()?;
        self.own(number)
    }
}

//! How resources are held to profiles when they are written: for whom, to which, and with what consequence.

use access::Session;
use fhir::Value;
pub use profile::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Profiles by the type that is held to them.
pub type ByType = BTreeMap<String, Vec<String>>;

/// How resources are held to profiles when they are written, whichever way they come by FHIR.
#[derive(Clone, Debug, Default)]
pub struct Validation {
    /// What follows from an error, where no organisation's own rule says otherwise.
    pub policy: Policy,
    /// Profiles that every resource of a type is held to, besides those that its `meta.profile` names.
    pub profiles: ByType,
    /// Profiles that a resource is held to when its `meta.profile` names none, where no organisation's own rule says
    /// otherwise.
    pub set: ByType,
    /// Rules of organisations, by what their accounts and tokens say.
    pub organisations: BTreeMap<String, Rule>,
    /// The organisation that those act for whose account or token names none; may be empty.
    pub organisation: String,
    /// What has come of it.
    pub counts: Arc<Counts>,
}

/// What an organisation has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What follows from an error.
    pub policy: Policy,
    /// Profiles that a resource is held to when its `meta.profile` names none.
    pub set: ByType,
}

impl Validation {
    /// The same with one policy for all.
    pub fn with_policy(mut self, policy: Policy) -> Validation {
        self.policy = policy;
        self.organisations.values_mut().for_each(|rule| rule.policy = policy);
        self
    }

    /// What follows from an error in what this session writes.
    pub fn policy_for(&self, session: &Session) -> Policy {
        self.rule(session).map_or(self.policy, |rule| rule.policy)
    }

    /// The profiles that a resource of this type is held to when this session writes it, besides those that it names
    /// itself.
    pub fn profiles_for(&self, session: &Session, kind: &str, resource: Value<'_>) -> Vec<&str> {
        let named = resource.get("meta").and_then(|meta| meta.get("profile"));
        let claims = named.is_some_and(|named| named.items().next().is_some());
        let set = self.rule(session).map_or(&self.set, |rule| &rule.set);
        let set = set.get(kind).filter(|_| !claims);
        self.profiles.get(kind).into_iter().chain(set).flatten().map(String::as_str).collect()
    }

    /// The rule of the organisation that a session acts for.
    fn rule(&self, session: &Session) -> Option<&Rule> {
        let own = Some(session.organisation.as_str()).filter(|own| !own.is_empty());
        self.organisations.get(own.unwrap_or(&self.organisation))
    }
}

/// How many resources were checked, and what came of it. One that is made ready more than once, because the record
/// changed meanwhile, counts each time; so does one that `$validate` asks about for a create or an update.
#[derive(Debug, Default)]
pub struct Counts {
    checked: AtomicU64,
    warned: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    pub(super) fn count(&self, policy: Policy, broken: bool) {
        self.checked.fetch_add(1, Relaxed);
        match policy {
            Policy::Warn if broken => self.warned.fetch_add(1, Relaxed),
            Policy::Refuse if broken => self.refused.fetch_add(1, Relaxed),
            _ => 0,
        };
    }

    /// Numbers for `/metrics`: name and value.
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        let value = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        vec![
            ("validation_checked_total", value(&self.checked)),
            ("validation_warned_total", value(&self.warned)),
            ("validation_refused_total", value(&self.refused)),
        ]
    }
}

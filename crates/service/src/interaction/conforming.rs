//! Resources are held to profiles when they are written, and a definition that is written counts from then on.

use super::guard::Guard;
use conformance::{Conformance, KINDS};
use fhir::{Issue, Value};
use profile::{Before, Options, Policy};
use record::{Refusal, Tx, Written};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How resources are held to profiles when they are written, whichever way they come by FHIR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validation {
    /// What follows from an error.
    pub policy: Policy,
    /// By type: profiles that every resource of it is held to, besides those that its `meta.profile` names.
    pub profiles: BTreeMap<String, Vec<String>>,
}

/// The guard that does it, over resources of every type.
pub fn conforming(conformance: &Conformance, validation: Validation) -> Guard {
    let mine = conformance.clone();
    Guard {
        kind: Guard::EVERY,
        check: Arc::new(move |_, resource| check(&mine, &validation, resource)),
        filed: Arc::new(|tx, _, resource| changes(tx, resource)),
        gone: Some(Arc::new(|tx, _, resource| changes(tx, resource))),
    }
}

fn check(
    conformance: &Conformance,
    validation: &Validation,
    resource: Value<'_>,
) -> Result<Vec<Issue>, Refusal> {
    if validation.policy == Policy::Off {
        return Ok(Vec::new());
    }
    let kind = resource.str("resourceType").unwrap_or_default();
    let set: Vec<&str> = validation.profiles.get(&*kind).into_iter().flatten().map(String::as_str).collect();
    let report = conformance.now()?.profiles().validate(resource, &set, &options());
    let broken = !report.is_valid();
    let told = validation.policy.apply(report)?;
    if broken {
        note(&kind, &told);
    }
    Ok(Vec::new())
}

/// What is checked on a write has been found sound in its structure.
fn options<'o>() -> Options<'o> {
    Options { before: Before::Structure, ..Options::default() }
}

/// Places and sentences of a report never repeat what a resource says, so they may go into the log.
fn note(kind: &str, told: &[Issue]) {
    for issue in told {
        tracing::warn!(kind, at = issue.at, code = issue.code, "{}", issue.text);
    }
}

/// A definition that is new or gone counts from its commit on.
fn changes(tx: &mut Tx<'_>, written: &Written) -> Result<(), Refusal> {
    if KINDS.contains(&written.kind) {
        Conformance::changes(tx)?;
    }
    Ok(())
}

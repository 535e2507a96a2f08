//! Resources are held to profiles when they are written, and a definition that is written counts from then on.

use super::guard::Guard;
use super::validation::{Policy, Validation};
use access::Session;
use conformance::{Conformance, KINDS};
use fhir::{Issue, Value};
use profile::{Before, Options};
use record::{Refusal, Tx, Written};
use std::sync::Arc;

/// The guards of the house, at whichever door: resources are held to profiles, Consents mark what they are about,
/// and events relate patients to teams.
pub fn of_house(conformance: &Conformance, validation: Validation) -> Vec<Guard> {
    let mut guards =
        vec![conforming(conformance, validation), crate::consent::guard(), crate::review::guard()];
    guards.extend(crate::relationship::guards());
    guards
}

/// The guard that does it, over resources of every type.
fn conforming(conformance: &Conformance, validation: Validation) -> Guard {
    let mine = conformance.clone();
    Guard {
        kind: Guard::EVERY,
        check: Arc::new(move |session, resource| check(&mine, &validation, session, resource)),
        filed: Arc::new(|tx, _, resource| changes(tx, resource)),
        gone: Some(Arc::new(|tx, _, resource| changes(tx, resource))),
    }
}

/// What is to be told of a resource that may be written.
fn check(
    conformance: &Conformance,
    validation: &Validation,
    session: &Session,
    resource: Value<'_>,
) -> Result<Vec<Issue>, Refusal> {
    let policy = validation.policy_for(session);
    if policy == Policy::Off {
        return Ok(Vec::new());
    }
    let kind = resource.str("resourceType").unwrap_or_default();
    let required = validation.profiles_for(session, &kind, resource);
    let report = conformance.now()?.profiles().validate(resource, &required, &options());
    let broken = !report.is_valid();
    validation.counts.count(policy, broken);
    let told = policy.apply(report)?;
    if broken {
        note(&kind, &told);
    }
    Ok(told)
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

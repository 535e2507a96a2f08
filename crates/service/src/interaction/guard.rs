//! Guards: what must hold of a type whichever way a change of it comes, by itself, in a transaction or by loading.

use access::Session;
use fhir::Value;
use record::{Issue, Kind, Refusal, Tx, Written};
use std::fmt;
use std::sync::Arc;

/// What is wrong with content that somebody wants stored, seen before the writer's turn. Warnings do not stop it, and
/// are told with what was done.
pub type Check = Arc<dyn Fn(&Session, Value<'_>) -> Result<Vec<Issue>, Refusal> + Send + Sync>;
/// What goes into the same transaction as a version that was written.
pub type Filed = Arc<dyn Fn(&mut Tx<'_>, &Session, &Written) -> Result<(), Refusal> + Send + Sync>;

/// A guard over one resource type.
#[derive(Clone)]
pub struct Guard {
    /// The type; [`Guard::EVERY`] for all.
    pub kind: &'static str,
    /// Asked before it is stored.
    pub check: Check,
    /// Done in the transaction that stores it, after it is stored.
    pub filed: Filed,
    /// Done in the transaction that deletes it, if anything is.
    pub gone: Option<Filed>,
}

impl Guard {
    /// Over resources of every type.
    pub const EVERY: &str = "Resource";

    fn is_over(&self, kind: &str) -> bool {
        self.kind == kind || self.kind == Guard::EVERY
    }
}

/// All guards of an installation.
pub type Guards = Arc<[Guard]>;

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Refuses content that a guard of its type finds something wrong with. Gives what is to be told of other content.
pub(super) fn check(guards: &Guards, session: &Session, resource: Value<'_>) -> Result<Vec<Issue>, Refusal> {
    if guards.is_empty() {
        return Ok(Vec::new());
    }
    let kind = resource.str("resourceType").unwrap_or_default();
    let mut issues = Vec::new();
    for guard in guards.iter().filter(|guard| guard.is_over(&kind)) {
        issues.extend((guard.check)(session, resource)?);
    }
    if issues.iter().all(|issue| issue.warning) {
        return Ok(issues);
    }
    let unsupported = issues.iter().filter(|issue| !issue.warning).all(|issue| issue.code == "not-supported");
    Err(Refusal::many(if unsupported { Kind::Unsupported } else { Kind::Invalid }, issues))
}

/// Lets the guards of its type add to the transaction that wrote a resource.
pub(super) fn filed(
    guards: &Guards,
    tx: &mut Tx<'_>,
    session: &Session,
    written: &Written,
) -> Result<(), Refusal> {
    guards
        .iter()
        .filter(|guard| guard.is_over(written.kind))
        .try_for_each(|g| (g.filed)(tx, session, written))
}

/// Lets the guards of its type add to the transaction that deleted a resource.
pub(super) fn gone(
    guards: &Guards,
    tx: &mut Tx<'_>,
    session: &Session,
    written: &Written,
) -> Result<(), Refusal> {
    let guards = guards.iter().filter(|guard| guard.is_over(written.kind));
    guards.filter_map(|guard| guard.gone.as_ref()).try_for_each(|gone| gone(tx, session, written))
}

//! What of the events may leave: what their owner, and whoever listens, may see at this moment.

use crate::Shared;
use crate::kept::Event;
use crate::notification::Told;
use access::{Permission, Session};
use fhir::Tree;
use record::{Found, Reader, Refusal};
use std::collections::BTreeSet;

/// True when a session reads anything at all.
fn reads(session: &Session) -> bool {
    [Permission::Trace, Permission::ReadRecord, Permission::Administer].into_iter().any(|p| session.may(p))
}

/// The events of these numbers that all of the sessions see, in order. Those that are kept no more are left out.
pub(crate) fn visible(
    shared: &Shared,
    id: &str,
    numbers: impl Iterator<Item = u64>,
    sessions: &[&Session],
) -> Result<Vec<Told>, Refusal> {
    let store = shared.access.store();
    if !sessions.iter().all(|session| reads(session)) {
        return Ok(Vec::new());
    }
    let readers = sessions.iter().map(|session| store.reader(&session.scope));
    let readers = readers.collect::<Result<Vec<Reader>, _>>()?;
    let mut all = Vec::new();
    for number in numbers {
        let Some(event) = Event::of(store, id, number)? else { continue };
        let mut seen = None;
        for reader in &readers {
            seen = match reader.vread(&event.kind, &event.id, event.version)? {
                Found::Here(body) | Found::Gone(body) => Some(body),
                Found::Absent => None,
            };
            if seen.is_none() {
                break;
            }
        }
        all.extend(seen.map(|body| Told { number, event, body }));
    }
    Ok(all)
}

/// Puts on the audit trail what leaves, before it does.
pub(crate) fn note(shared: &Shared, id: &str, session: &Session, told: &[Told]) -> Result<(), Refusal> {
    if told.is_empty() {
        return Ok(());
    }
    let out =
        told.iter().map(|t| Tree::from(format!("{}/{}/_history/{}", t.body.kind, t.body.id, t.body.version)));
    let patients: BTreeSet<&str> =
        told.iter().flat_map(|t| t.body.patients.iter().map(String::as_str)).collect();
    let detail = Tree::object()
        .with("query", format!("Subscription/{id}"))
        .with("outcome", "ok")
        .with("count", told.len() as i64)
        .with("out", out.collect::<Vec<_>>())
        .with("patients", patients.into_iter().map(Tree::from).collect::<Vec<_>>());
    shared.access.store().audit(session.act("notify", detail)).wait()
}

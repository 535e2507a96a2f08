//! What of the events may leave: what their owner, and whoever listens, may see at this moment.

use crate::kept::Event;
use crate::notification::Told;
use crate::order::About;
use crate::topic::Topic;
use crate::{Shared, Watched, topic_at};
use access::{Permission, Session};
use fhir::Tree;
use record::{Body, Found, Refusal, Scope};
use std::collections::BTreeSet;

/// True when a session reads anything at all.
fn reads(session: &Session) -> bool {
    [Permission::Trace, Permission::ReadRecord, Permission::Administer].into_iter().any(|p| session.may(p))
}

/// How every reason begins for which the owner is told nothing.
pub(crate) const STOPPED: &str = "Whoever made this subscription";

/// The session in which its owner may be told now, or why they may not.
pub(crate) fn owner(shared: &Shared, watched: &Watched) -> Result<Result<Session, String>, Refusal> {
    let owner = watched.state.owner.as_ref().map(|owner| shared.access.under(owner)).transpose()?.flatten();
    let Some(session) = owner.filter(reads) else {
        let why = format!("{STOPPED} may see nothing here any more. Someone who may saves it anew.");
        return Ok(Err(why));
    };
    let kinds: Vec<&str> = match watched.order.as_ref().map(|order| &order.about) {
        Ok(About::Criteria(criteria)) => vec![criteria.kind],
        Ok(About::Topic { url, .. }) => {
            let topic = topic_at(shared, &shared.access.store().reader(&Scope::all())?, url)?;
            topic.iter().flat_map(Topic::kinds).collect()
        }
        Err(_) => Vec::new(),
    };
    if kinds.is_empty() || kinds.iter().any(|kind| session.scope.has_type(kind)) {
        return Ok(Ok(session));
    }
    let (role, kinds) = (&session.role.title, kinds.join(", "));
    let why = format!(
        "{STOPPED} is {role} by now, a role that has no part in {kinds}. Someone who may saves it anew."
    );
    Ok(Err(why))
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
    let mut all = Vec::new();
    for number in numbers {
        all.extend(Event::of(store, id, number)?.map(|event| (number, event, None)));
    }
    // One connection at a time: whoever waits for a second while it holds one may wait for ever.
    for session in sessions {
        let reader = store.reader(&session.scope)?;
        let mut seen = Vec::with_capacity(all.len());
        for (number, event, _) in all {
            if let Found::Here(body) | Found::Gone(body) =
                reader.vread(&event.kind, &event.id, event.version)?
            {
                seen.push((number, event, Some(body)));
            }
        }
        all = seen;
    }
    let told = |(number, event, body): (u64, Event, Option<Body>)| Some(Told { number, event, body: body? });
    Ok(all.into_iter().filter_map(told).collect())
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

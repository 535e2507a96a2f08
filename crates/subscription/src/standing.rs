//! A Subscription's status, written into the resource itself, so that whoever made it can see how it stands.

use crate::Shared;
use fhir::{Json, Limits, Tree};
use record::{Author, Found, Kind, Prepared, Refusal, Scope};

/// The command in the log by which a status is written. It is the engine's own, and no change of what is asked for.
pub(crate) const COMMAND: &str = "subscription.status";

/// Sets status and error, unless they are so or the resource is gone. If a client changes the resource meanwhile, its
/// change stands.
pub(crate) fn set(shared: &Shared, id: &str, status: &str, error: Option<&str>) -> Result<(), Refusal> {
    let store = shared.access.store();
    let Found::Here(body) = store.read(&Scope::all(), "Subscription", id)? else { return Ok(()) };
    let Ok(json) = Json::parse(body.text, Limits::DOOR) else { return Ok(()) };
    let root = json.root();
    // What a client has switched off stays off.
    let off = root.str("status").as_deref() == Some("off");
    if off || (root.str("status").as_deref() == Some(status) && root.str("error").as_deref() == error) {
        return Ok(());
    }
    let Tree::Object(mut members) = Tree::from(root) else { return Ok(()) };
    members.retain(|(name, _)| name != "error" && name != "_error");
    let tree = Tree::Object(members).with("status", status).maybe("error", error);
    let Ok(json) = Json::parse(tree.text(), Limits::DOOR) else { return Ok(()) };
    let prepared = Prepared::of(&json, id)?.packed_for(store)?;
    let version = body.version;
    match store.write(Author::system(COMMAND), move |tx| tx.put(prepared, Some(version)).map(drop)) {
        Err(refusal) if refusal.kind == Kind::Precondition => Ok(()),
        other => other,
    }
}

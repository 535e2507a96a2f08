//! The one way to perform a command, whatever the door.

use crate::{FieldKind, Listed, Once, Outcome, Values};
use access::{Access, PROOF, Session};
use fhir::Tree;
use record::Refusal;

/// Characters of a request id.
const REQUEST_MAX: usize = 200;

/// Performs a command: may they? is the input right? was this request answered before? then in one
/// transaction everything or nothing, with the answer kept for the same request id of the same person.
///
/// A refusal for want of permission is on the audit trail before it is returned.
pub fn perform(
    session: &Session,
    access: &Access,
    listed: Listed,
    values: &Values,
    request: Option<&str>,
) -> Result<Outcome, Refusal> {
    if let Err(refusal) = session.needs(listed.command.needs()) {
        let detail = Tree::object()
            .with("command", listed.name())
            .maybe("request", request)
            .with("needs", listed.command.needs().name());
        access.store().audit(session.act("refused", detail)).wait()?;
        return Err(refusal);
    }
    if request.is_some_and(|request| request.is_empty() || request.len() > REQUEST_MAX) {
        return Err(Refusal::invalid(
            "request",
            format!("Use 1 to {REQUEST_MAX} characters as a request id."),
        ));
    }
    let act = listed.command.ready(values)?;
    let values = &proven(session, access, listed, values)?;
    let once = request.map(|request| once(session, listed, values, request));
    let (author, asker) = (session.author(&listed.name(), request), session.clone());
    let done = access.store().write(author, move |tx| {
        let Some(once) = once else { return act(tx, &asker) };
        if let Some(outcome) = once.answered(once.kept_in(tx)?, Outcome::from_parameters)? {
            return Ok(outcome);
        }
        let outcome = act(tx, &asker)?;
        once.keep(tx, outcome.parameters())?;
        Ok(outcome)
    })?;
    // What it changed of the asker's own sight counts for their next request.
    access.look_again(session);
    Ok(done)
}

/// The values without the proof that the command asks for, which has been found good.
fn proven(session: &Session, access: &Access, listed: Listed, values: &Values) -> Result<Values, Refusal> {
    let fields = listed.command.fields();
    if fields.iter().any(|field| matches!(field.kind, FieldKind::Proof)) {
        access.prove(session, values.get(PROOF).unwrap_or_default())?;
    }
    let rest = values.pairs().iter().filter(|(name, _)| name != PROOF);
    Ok(Values::new(rest.cloned()))
}

/// A request of this person. Under the same id it must be the same command with the same input.
fn once(session: &Session, listed: Listed, values: &Values, request: &str) -> Once {
    let pairs = values.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let input = pairs.fold(Tree::object(), |input, (name, value)| input.with(name, value));
    let body = Tree::object().with("command", listed.name()).with("input", input);
    Once::named(&[&session.who], request, body.text().as_bytes())
}

//! The one way to perform a command, whatever the door.

use crate::{Listed, Once, Outcome, Values};
use access::{Access, Session};
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
    let once = request.map(|request| once(session, listed, values, request));
    let (author, asker) = (session.author(&listed.name(), request), session.clone());
    access.store().write(author, move |tx| {
        let Some(once) = once else { return act(tx, &asker) };
        if let Some(outcome) = once.answered(once.kept_in(tx)?, Outcome::from_parameters)? {
            return Ok(outcome);
        }
        let outcome = act(tx, &asker)?;
        once.keep(tx, outcome.parameters())?;
        Ok(outcome)
    })
}

/// A request of this person. Under the same id it must be the same command with the same input.
fn once(session: &Session, listed: Listed, values: &Values, request: &str) -> Once {
    let pairs = values.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let input = pairs.fold(Tree::object(), |input, (name, value)| input.with(name, value));
    let body = Tree::object().with("command", listed.name()).with("input", input);
    Once::named(&[&session.who], request, body.text().as_bytes())
}

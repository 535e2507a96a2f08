//! The one way to perform a command, whatever the door.

use crate::{Listed, Outcome, Values};
use access::{Access, Session};
use fhir::{Instant, Json, Limits, Tree};
use record::{Kind, Refusal, Tx};
use sha2::{Digest, Sha256};

/// Where answers are kept for requests that come again.
const SPACE: &str = "answer";
/// How long an answer is kept: longer than any client tries again.
const KEPT_MS: i64 = 24 * 3_600_000;
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
    let once = request.map(|request| Once::new(session, &listed, values, request));
    access.store().write(session.author(&listed.name(), request), move |tx| {
        let Some(once) = once else { return act(tx) };
        if let Some(outcome) = once.answered(tx)? {
            return Ok(outcome);
        }
        let outcome = act(tx)?;
        once.keep(tx, &outcome)?;
        Ok(outcome)
    })
}

/// A request that must be done once however often it comes.
struct Once {
    key: String,
    /// Command and input, so that a request id that is used again for something else is noticed.
    input: String,
}

impl Once {
    fn new(session: &Session, listed: &Listed, values: &Values, request: &str) -> Once {
        let name = listed.name();
        let input = values.pairs().iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        Once {
            key: digest([session.who.as_str(), request]),
            input: digest(std::iter::once(name.as_str()).chain(input)),
        }
    }

    fn answered(&self, tx: &Tx<'_>) -> Result<Option<Outcome>, Refusal> {
        let Some(kept) = tx.kept(SPACE, &self.key)? else { return Ok(None) };
        let unreadable = || {
            tracing::error!("a kept answer cannot be read");
            Refusal::new(
                Kind::Fault,
                "The first answer to this request cannot be read. Look whether it was done.",
            )
        };
        let json = Json::parse(kept, Limits::DOOR).map_err(|_| unreadable())?;
        if json.root().str("input").as_deref() != Some(self.input.as_str()) {
            let text = "This request id was used for something else. Use a new one for each thing you do.";
            return Err(Refusal::new(Kind::Conflict, text));
        }
        let answer = json.root().get("answer").and_then(|answer| Outcome::from_parameters(answer.raw()));
        answer.map(Some).ok_or_else(unreadable)
    }

    fn keep(&self, tx: &mut Tx<'_>, outcome: &Outcome) -> Result<(), Refusal> {
        let value = Tree::object().with("input", self.input.as_str()).with("answer", outcome.parameters());
        let until = Instant(tx.now().0 + KEPT_MS);
        tx.keep(SPACE, &self.key, value.text().as_bytes(), Some(until))
    }
}

/// A digest of words that keeps the borders between them.
fn digest<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

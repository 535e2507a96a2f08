//! Whose records someone looked at last: a kept fact of the space `recent`, by account.
//!
//! It is what the audit trail says, kept a second time by person because the trail is in order of time. It is
//! written when a page of another patient than the last is shown, and is no more a change by GET than the
//! trail is.

use crate::Request;
use fhir::{Json, Limits, Tree};
use record::{Author, Refusal, Scope};

const SPACE: &str = "recent";
/// How many are remembered.
pub const RECENT_MAX: usize = 12;

impl Request<'_> {
    /// Notes that this person looks at a patient's record, by the patient's id.
    pub fn looked_at(&self, patient: &str) -> Result<(), Refusal> {
        if self.recent()?.first().is_some_and(|first| first == patient) {
            return Ok(());
        }
        let (who, patient) = (self.session.who.clone(), patient.to_owned());
        // Under no scope of resources: the fact is the person's own and holds ids only.
        let author = Author { scope: Scope::all(), ..self.session.author("service.looked-at", None) };
        self.access.store().write(author, move |tx| {
            let mut ids = tx.kept(SPACE, &who)?.map(|value| read(&value)).unwrap_or_default();
            ids.retain(|id| *id != patient);
            ids.insert(0, patient);
            ids.truncate(RECENT_MAX);
            let value = Tree::Array(ids.into_iter().map(Tree::from).collect());
            tx.keep(SPACE, &who, value.text().as_bytes(), None)
        })
    }

    /// The ids of the patients this person looked at last, latest first. They may have left the person's
    /// scope: read them through the reader.
    pub fn recent(&self) -> Result<Vec<String>, Refusal> {
        let kept = self.access.store().reader(&Scope::all())?.kept(SPACE, &self.session.who)?;
        Ok(kept.map(|value| read(&value)).unwrap_or_default())
    }
}

fn read(value: &[u8]) -> Vec<String> {
    let Ok(json) = Json::parse(value, Limits::DOOR) else { return Vec::new() };
    json.root().items().filter_map(|id| id.as_str()).map(|id| id.into_owned()).collect()
}

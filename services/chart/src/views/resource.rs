//! A resource of the record, parsed.

use super::element::has_code;
use fhir::json::{Json, Limits, Value};
use record::Body;
use std::borrow::Cow;

/// A resource with its JSON at hand.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Type.
    pub kind: &'static str,
    /// Logical id.
    pub id: String,
    /// Version.
    pub version: u64,
    json: Json,
}

impl Resource {
    /// Parses what the record gave. The record holds only JSON that it has parsed before, so nothing is lost
    /// where this gives nothing: a version that says "deleted" has no JSON.
    pub fn of(body: Body) -> Option<Resource> {
        let json = Json::parse(body.text, Limits::FILE).ok()?;
        Some(Resource { kind: body.kind, id: body.id, version: body.version, json })
    }

    /// The whole of it.
    pub fn value(&self) -> Value<'_> {
        self.json.root()
    }

    /// The text as it is served.
    pub fn text(&self) -> &str {
        self.json.text()
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<Value<'_>> {
        self.value().get(name)
    }

    /// A member that is a string.
    pub fn str(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value().str(name)
    }

    /// True when a code element has this code.
    pub fn is(&self, name: &str, code: &str) -> bool {
        self.str(name).is_some_and(|value| value == code)
    }

    /// True when it was entered in error or found to be wrong, so that it stands nowhere but on its own page.
    pub fn is_withdrawn(&self) -> bool {
        let wrong = |code: &str| has_code(self.get("verificationStatus"), code);
        self.is("status", "entered-in-error") || wrong("entered-in-error") || wrong("refuted")
    }

    /// Where its own page is in the record of a patient.
    pub fn href(&self, patient: &str) -> String {
        format!("/patients/{patient}/items/{}/{}", self.kind, self.id)
    }
}

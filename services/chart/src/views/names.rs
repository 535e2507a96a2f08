//! What references point at, by name.

use super::element::{Reference, concept};
use super::{Resource, patient::person_name};
use record::{Found, Reader};
use std::cell::RefCell;
use std::collections::HashMap;

/// Reads a page makes at most to find names; after that references without words stay without.
const READS_MAX: usize = 60;

/// Names of people, places and things that are referred to, each looked up once.
pub struct Names<'r> {
    reader: &'r Reader,
    known: RefCell<HashMap<(String, String), Option<String>>>,
}

impl<'r> Names<'r> {
    /// Of the record that `reader` shows.
    pub fn new(reader: &'r Reader) -> Names<'r> {
        Names { reader, known: RefCell::default() }
    }

    /// The words of a reference: its own, else the name of what it points at.
    pub fn of(&self, reference: Option<&Reference>) -> Option<String> {
        let reference = reference?;
        if reference.display.is_some() {
            return reference.display.clone();
        }
        let key = (reference.kind.clone(), reference.id.clone());
        if let Some(name) = self.known.borrow().get(&key) {
            return name.clone();
        }
        if self.known.borrow().len() >= READS_MAX {
            return None;
        }
        let found = match self.reader.read(&reference.kind, &reference.id) {
            Ok(Found::Here(body)) => Resource::of(body).and_then(|resource| name_of(&resource)),
            _ => None,
        };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }
}

/// What a resource is called.
fn name_of(resource: &Resource) -> Option<String> {
    match resource.kind {
        "Practitioner" | "Patient" | "RelatedPerson" | "Person" => {
            let name = person_name(resource.value())?;
            let title =
                name.title.map(|title| format!("{} ", title.trim_end_matches('.'))).unwrap_or_default();
            Some(format!("{title}{} {}", name.given, name.family.to_uppercase()).trim().to_owned())
        }
        "Organization" | "Location" | "HealthcareService" | "Device" => {
            resource.str("name").map(|name| name.into_owned())
        }
        "PractitionerRole" => super::reference(resource.get("practitioner")).and_then(|r| r.display),
        _ => concept(resource.get("code")),
    }
}

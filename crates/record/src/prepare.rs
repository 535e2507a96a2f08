//! A resource made ready on the caller's thread: checked, indexed, hashed, compressed. The writer only files it.

use crate::{Kind, Refusal, Store};
use fhir::Json;
use fhir::Limits;
use fhir::definitions::RESOURCES;
use fhir::json::Value;
use fhir::search::{Entry, SearchValue, Target};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A resource ready to be written.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Resource type.
    pub kind: &'static str,
    /// The id it will have.
    pub id: String,
    pub(crate) text: String,
    pub(crate) splice: u32,
    pub(crate) hash: [u8; 32],
    pub(crate) entries: Vec<Entry>,
    /// Ids of the patients it points at.
    pub(crate) patients: BTreeSet<String>,
    pub(crate) packed: Option<(i64, Vec<u8>)>,
}

impl Prepared {
    /// Checks a resource's structure and reads what it can be found by. `reference` may rewrite each literal
    /// reference (`urn:uuid:...` of a transaction). Every fault at once.
    pub fn new(
        resource: Value<'_>,
        id: &str,
        reference: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Result<Prepared, Refusal> {
        let faults = fhir::validate::structure(resource);
        if !faults.is_empty() {
            return Err(Refusal::many(Kind::Invalid, faults));
        }
        let name = resource.str("resourceType").unwrap_or_default();
        let at = RESOURCES.binary_search(&&*name).map_err(|_| {
            Refusal::invalid("resourceType", format!("\"{name}\" is no resource type of FHIR R4."))
        })?;
        if !well_formed(id) {
            let text = format!("\"{id}\" is no id: use 1 to 64 letters, digits, hyphens and full stops.");
            return Err(Refusal::invalid(format!("{name}.id"), text));
        }
        let mut rewritten = false;
        let stored = fhir::resource::stored(resource, id, &mut |text| {
            let new = reference(text);
            rewritten |= new.is_some();
            new
        });
        let (entries, patients) = if rewritten {
            let again = Json::parse(stored.text.as_str(), Limits::FILE)
                .map_err(|e| crate::fault("read a resource again", e))?;
            (fhir::search::extract(again.root()), patients_of(again.root()))
        } else {
            (fhir::search::extract(resource), patients_of(resource))
        };
        Ok(Prepared {
            kind: RESOURCES[at],
            id: id.to_owned(),
            hash: Sha256::digest(stored.text.as_bytes()).into(),
            text: stored.text,
            splice: stored.splice,
            entries,
            patients,
            packed: None,
        })
    }

    /// The same for a document of one resource with references as they are.
    pub fn of(json: &Json, id: &str) -> Result<Prepared, Refusal> {
        Prepared::new(json.root(), id, &mut |_| None)
    }

    /// The resources of this record that it points at, by type and id.
    pub(crate) fn points_at(&self) -> impl Iterator<Item = (&str, &str)> {
        let targets = self.entries.iter().filter_map(|entry| match &entry.value {
            SearchValue::Reference(Target::Local(kind, id)) => Some((&**kind, &**id)),
            _ => None,
        });
        targets.chain(self.patients.iter().map(|id| ("Patient", id.as_str())))
    }

    /// Compresses the body now, on this thread, for this store. Without it the writer's thread does it.
    pub fn packed_for(mut self, store: &Store) -> Result<Prepared, Refusal> {
        self.packed = Some(store.names().dictionaries.pack(&self.text)?);
        Ok(self)
    }
}

/// The ids of all patients that a resource points at, wherever in it, also where no search parameter reads: whoever
/// may not know of one of them may not see the resource.
pub(crate) fn patients_of(resource: Value<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    gather(resource, &mut found);
    found
}

fn gather(value: Value<'_>, found: &mut BTreeSet<String>) {
    for (name, member) in value.members() {
        if name != "reference" {
            gather(member, found);
        } else if let Some(text) = member.as_str()
            && let Some(rest) = text.strip_prefix("Patient/")
        {
            let id = rest.split_once("/_history/").map_or(rest, |(id, _)| id);
            found.extend(Some(id).filter(|id| well_formed(id)).map(str::to_owned));
        }
    }
    value.items().for_each(|item| gather(item, found));
}

/// FHIR R4 `id`: `[A-Za-z0-9\-\.]{1,64}`.
fn well_formed(id: &str) -> bool {
    let fits = (1..=64).contains(&id.len());
    fits && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.')
}

/// A fresh random id: a version 4 UUID in small letters.
pub fn new_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    crate::body::IdKey::text(&bytes)
}

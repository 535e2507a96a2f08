//! FHIR resources as the pages need them: small plain structs read from what is stored, tolerant of what is not
//! there. One file a kind; what is shown in which words is decided here, where it stands on a page is not.

mod allergy;
mod document;
mod element;
mod encounter;
mod event;
mod item;
mod medicine;
mod names;
mod observation;
mod patient;
mod problem;
mod product;
mod resource;
#[cfg(test)]
mod tests;
mod timing;
mod unit;

pub use allergy::{AllergyEntry, AllergyStatus, allergies_state};
pub use document::{Content, DocumentEntry};
pub use element::{Reference, concept, reference, slug, words};
pub use encounter::{AppointmentEntry, EncounterEntry};
pub use event::{EventKind, ImmunisationEntry, ProcedureEntry, alert, event_end, event_time};
pub use item::{Fact, facts_of};
pub use medicine::{MedicineEntry, Phase};
pub use names::Names;
pub use observation::{Measured, Panel, Reading, Sort, rank, short_name};
pub use patient::{NHS_NUMBER, Person, Related};
pub use problem::ProblemEntry;
pub use resource::Resource;

//! Small definitions made here, and the public suites.

mod codes;
mod made;
#[path = "../../fhir/src/suites.rs"]
mod suites;
mod ukcore;

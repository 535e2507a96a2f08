//! Small definitions made here, and the public suites.

mod codes;
mod examples;
mod made;
mod mistakes;
#[allow(dead_code, reason = "files() is for suites of one folder of JSON")]
#[path = "../../fhir/src/suites.rs"]
mod suites;
mod ukcore;
mod validator;

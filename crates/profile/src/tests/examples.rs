//! The official examples of R4 are what R4 says.

use super::codes::Listed;
use super::suites;
use crate::{Options, Profiles};
use fhir::{Json, Limits};
use package::Library;
use std::sync::Arc;

/// Examples with errors: name, and the reason.
const KNOWN: &str = include_str!("examples.txt");

#[test]
fn the_examples_of_r4_have_no_errors() {
    let library = Arc::new(Library::new(Vec::new()));
    let codes = Arc::new(Listed::new(library.clone()));
    let profiles = Profiles::new(library, codes);
    let (mut passed, mut failed, mut wrong) = (0, 0, Vec::new());
    for (name, text) in suites::files("fhir-r4-examples") {
        let known =
            KNOWN.lines().any(|line| line.split('|').next().is_some_and(|known| known.trim() == name));
        let Ok(json) = Json::parse(text, Limits::DOOR) else { continue };
        let report = profiles.validate(json.root(), &[], &Options::default());
        let errors = report.issues.iter().filter(|issue| !issue.warning);
        let errors: Vec<String> =
            errors.map(|issue| format!("\n    {} {}: {}", issue.code, issue.at, issue.text)).collect();
        match (errors.is_empty(), known) {
            (true, false) => passed += 1,
            (false, true) => failed += 1,
            (true, true) => wrong.push(format!("{name} has no error any more: take it from examples.txt")),
            (false, false) => wrong.push(format!("{name}:{}", errors.concat())),
        }
    }
    println!("SUITE fhir-r4-examples, with profiles: passed {passed}, failed {failed}, skipped 0");
    assert!(wrong.is_empty(), "{} others:\n{}", wrong.len(), wrong.join("\n"));
}

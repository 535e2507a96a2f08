use crate::{Options, Profiles};
use fhir::codes::{Coded, Codes, Known, Subsumption};
use fhir::{Json, Limits};
use package::{Library, Package};
use std::sync::Arc;

struct NoCodes;

impl Codes for NoCodes {
    fn member(&self, _: &str, _: Coded<'_>) -> Known {
        Known::default()
    }
    fn known(&self, _: Coded<'_>) -> Known {
        Known::default()
    }
    fn subsumes(&self, _: &str, _: Option<&str>, _: &str, _: &str) -> Option<Subsumption> {
        None
    }
}

const BASE: &str = "http://hl7.org/fhir/StructureDefinition";

/// Profiles with one made here: its type and its differential. Its address is `http://example.org/p`.
fn profiles(kind: &str, differential: &str) -> Profiles {
    let text = format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"draft",
        "kind":"resource","abstract":false,"type":"{kind}","baseDefinition":"{BASE}/{kind}",
        "derivation":"constraint","differential":{{"element":[{differential}]}}}}"#
    );
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let package = Package::of("example", "1", &[], &[json]).unwrap();
    Profiles::new(Arc::new(Library::new(vec![Arc::new(package)])), Arc::new(NoCodes))
}

/// The errors of a resource against the profile, each as place and text.
fn faults(profiles: &Profiles, resource: &str) -> Vec<String> {
    let json = Json::parse(resource, Limits::DOOR).unwrap();
    let report = profiles.validate(json.root(), &["http://example.org/p"], &Options::default());
    let errors = report.issues.iter().filter(|issue| !issue.warning);
    errors.map(|issue| format!("{}: {}", issue.at, issue.text)).collect()
}

fn check(kind: &str, differential: &str, cases: &[(&str, &[&str])]) {
    let profiles = profiles(kind, differential);
    for (resource, wanted) in cases {
        assert_eq!(faults(&profiles, resource), *wanted, "{resource}");
    }
}

#[test]
fn an_element_comes_as_often_as_its_profile_says() {
    check(
        "Patient",
        r#"{"path":"Patient.birthDate","min":1},{"path":"Patient.photo","max":"0"},{"path":"Patient.name.family","min":1}"#,
        &[
            (r#"{"resourceType":"Patient","birthDate":"1970-01-01"}"#, &[]),
            (
                r#"{"resourceType":"Patient","name":[{"text":"a"}],"photo":[{"url":"http://a"}]}"#,
                &[
                    "Patient.name[0].family: Patient.name.family must be given.",
                    "Patient.birthDate: Patient.birthDate must be given.",
                    "Patient.photo: Patient.photo must not be given here. Leave it out.",
                ],
            ),
        ],
    );
}

#[test]
fn slices_are_told_apart_by_value() {
    check(
        "Patient",
        r#"{"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}},
        {"path":"Patient.identifier","sliceName":"a","min":1,"max":"1"},
        {"path":"Patient.identifier.system","min":1,"fixedUri":"http://a"},
        {"path":"Patient.identifier.value","min":1,"maxLength":3}"#,
        &[
            (r#"{"resourceType":"Patient","identifier":[{"system":"http://a","value":"123"}]}"#, &[]),
            (
                r#"{"resourceType":"Patient","identifier":[{"system":"http://b","value":"1"}]}"#,
                &[
                    "Patient.identifier[0]: This is in no slice of Patient.identifier, which is closed.",
                    "Patient.identifier: Patient.identifier:a must be given.",
                ],
            ),
            (
                r#"{"resourceType":"Patient","identifier":[{"system":"http://a","value":"1234"},{"system":"http://a"}]}"#,
                &[
                    "Patient.identifier: Patient.identifier:a may come 1 times at most, and there are 2.",
                    "Patient.identifier[0].value: Patient.identifier:a.value may have 3 characters at most.",
                    "Patient.identifier[1].value: Patient.identifier:a.value must be given.",
                ],
            ),
        ],
    );
}

//! What a developer is told of typical mistakes in a UK Core Patient. Everyone here is invented.

use super::{suites, ukcore};
use crate::{Options, Profiles};
use fhir::{Json, Limits};

const PATIENT: &str = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient";
const EXTENSION: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore";
const NHS_NUMBER: &str = r#"{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000000"}"#;

const PATIENT_SAYS: &str =
    "The profile https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient|2.6.1 says so.";
const SEX_SAYS: &str =
    "The profile https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex|2.1.0 says so.";

/// Members with the mistake, and what is told of it.
const MISTAKES: &[(&str, &[&str])] = &[
    (
        r#""identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number"}]"#,
        &["error required Patient.identifier[0].value: \
           Patient.identifier:nhsNumber.value must be given. Add it. {patient}"],
    ),
    (
        r#""identifier":[NHS_NUMBER,NHS_NUMBER]"#,
        &["error structure Patient.identifier: \
           Patient.identifier:nhsNumber may come once only, and there are 2. Keep one. {patient}"],
    ),
    // The slices are open, and none must be there: an identifier of another system is no fault.
    (r#""identifier":[{"system":"https://example.org/nhs-number","value":"9990000000"}]"#, &[]),
    (
        r#""extension":[{"url":"EXTENSION-BirthSexx","valueString":"x"}]"#,
        &[
            "information informational Patient.extension[0]: This extension is not known here, so it was not checked. \
           Correct its url, or add the package that defines it.",
        ],
    ),
    (
        r#""extension":[{"url":"EXTENSION-BirthSex","valueString":"F"}]"#,
        &["error structure Patient.extension[0].value: \
           Extension.value must be of the type CodeableConcept, not string. {sex}"],
    ),
    (
        r#""extension":[{"url":"EXTENSION-BirthSex","valueCodeableConcept":{"coding":[
        {"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-BirthSex","code":"Q"}]}}]"#,
        &["error code-invalid Patient.extension[0].value: \
           This code is not in the value set https://fhir.hl7.org.uk/ValueSet/UKCore-BirthSex. \
           Extension.value must have one of it: use that. {sex}"],
    ),
    (
        r#""modifierExtension":[{"url":"https://example.org/unheard-of","valueBoolean":true}]"#,
        &["error extension Patient.modifierExtension[0]: \
           This extension changes the meaning of what it stands in, and is not known here. \
           Correct its url, or add the package that defines it."],
    ),
    (
        r#""managingOrganization":{"reference":"Practitioner/1"}"#,
        &["error structure Patient.managingOrganization: \
           Patient.managingOrganization must refer to Organization, not to Practitioner."],
    ),
    (
        r#""contact":[{"gender":"female"}]"#,
        &["error invariant Patient.contact[0]: The rule pat-1 is broken: \
           SHALL at least contain a contact's details or a reference to an organization."],
    ),
    // These break R4 itself, before any profile is asked.
    (
        r#""gender":"F""#,
        &["error code-invalid Patient.gender: \
           This code is not allowed here. Use one of: female, male, other, unknown."],
    ),
    (
        r#""birthDate":"25/12/1970""#,
        &["error value Patient.birthDate: Write a date that exists like 2024, 2024-03 or 2024-03-12."],
    ),
    (
        r#""nhsNumber":"9990000000""#,
        &["error structure Patient.nhsNumber: \
           Patient has no element called nhsNumber. Correct the name, or leave it out."],
    ),
];

/// What is told of a Patient with these members, each as `severity code place: sentence`.
fn told(profiles: &Profiles, members: &str) -> Vec<String> {
    let members = members.replace("NHS_NUMBER", NHS_NUMBER).replace("EXTENSION", EXTENSION);
    let text = format!(r#"{{"resourceType":"Patient","meta":{{"profile":["{PATIENT}"]}},{members}}}"#);
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let issues = profiles.validate(json.root(), &[], &Options::default()).issues;
    let line =
        |issue: &fhir::Issue| format!("{} {} {}: {}", issue.severity(), issue.code, issue.at, issue.text);
    issues.iter().map(line).collect()
}

#[test]
fn typical_mistakes_are_told_with_place_rule_and_remedy() {
    let Some(folder) = suites::folder("uk-core") else { return };
    let (_, profiles) = ukcore::profiles(&folder);
    for (members, wanted) in MISTAKES {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|line| line.replace("{patient}", PATIENT_SAYS).replace("{sex}", SEX_SAYS))
            .collect();
        assert_eq!(told(&profiles, members), wanted, "{members}");
    }
}

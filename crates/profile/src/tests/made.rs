use crate::{Found, Options, Profiles, Resolver};
use fhir::codes::{Coded, Codes, Known, Subsumption};
use fhir::{Issue, Json, Limits};
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
    errors.map(line).collect()
}

/// Place and text, without the word on whose rule it is.
fn line(issue: &Issue) -> String {
    let text = issue.text.strip_suffix(" The profile http://example.org/p says so.").unwrap_or(&issue.text);
    format!("{}: {text}", issue.at)
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
                    "Patient.name[0].family: Patient.name.family must be given. Add it.",
                    "Patient.birthDate: Patient.birthDate must be given. Add it.",
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
                    "Patient.identifier[0]: This is in no slice of Patient.identifier, which is closed. Make it one of a, or leave it out.",
                    "Patient.identifier: Patient.identifier:a must be given. Add it.",
                ],
            ),
            (
                r#"{"resourceType":"Patient","identifier":[{"system":"http://a","value":"1234"},{"system":"http://a"}]}"#,
                &[
                    "Patient.identifier: Patient.identifier:a may come once only, and there are 2. Keep one.",
                    "Patient.identifier[0].value: Patient.identifier:a.value may have 3 characters at most.",
                    "Patient.identifier[1].value: Patient.identifier:a.value must be given. Add it.",
                ],
            ),
        ],
    );
}

#[test]
fn a_choice_is_narrowed_by_its_short_name() {
    check(
        "Observation",
        r#"{"path":"Observation.valueQuantity","min":1},{"path":"Observation.valueQuantity.code","min":1,"patternCode":"mg"}"#,
        &[
            (
                r#"{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueString":"b"}"#,
                &["Observation.value: Observation.value:valueQuantity must be given. Add it."],
            ),
            (
                r#"{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"system":"http://unitsofmeasure.org","code":"g"}}"#,
                &["Observation.value.code: Observation.value:valueQuantity.code must have \"mg\"."],
            ),
        ],
    );
    check(
        "Observation",
        r#"{"path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"CodeableConcept"}]}"#,
        &[(
            r#"{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueString":"b"}"#,
            &[
                "Observation.value: Observation.value must be of the type Quantity or CodeableConcept, not string.",
            ],
        )],
    );
}

#[test]
fn slices_come_in_order_where_it_is_said() {
    let category = |rules: &str, ordered: bool| {
        format!(
            r#"{{"path":"Patient.name","slicing":{{"discriminator":[{{"type":"value","path":"use"}}],"rules":"{rules}",
            "ordered":{ordered}}}}},
            {{"path":"Patient.name","sliceName":"a"}},{{"path":"Patient.name.use","min":1,"patternCode":"usual"}},
            {{"path":"Patient.name","sliceName":"b"}},{{"path":"Patient.name.use","min":1,"patternCode":"old"}}"#
        )
    };
    let patient = r#"{"resourceType":"Patient","name":[{"use":"old"},{"use":"temp"},{"use":"usual"}]}"#;
    check(
        "Patient",
        &category("open", true),
        &[(patient, &["Patient.name[2]: Patient.name:a must come before those of the slices behind it."])],
    );
    check(
        "Patient",
        &category("openAtEnd", false),
        &[(patient, &["Patient.name[2]: What is in no slice of Patient.name must come behind this."])],
    );
    check("Patient", &category("open", false), &[(patient, &[])]);
}

#[test]
fn slices_are_told_apart_by_what_is_there_and_by_type() {
    check(
        "Patient",
        r#"{"path":"Patient.contact","slicing":{"discriminator":[{"type":"exists","path":"name"}],"rules":"open"}},
        {"path":"Patient.contact","sliceName":"named","max":"1"},{"path":"Patient.contact.name","min":1}"#,
        &[(
            r#"{"resourceType":"Patient","contact":[{"name":{"text":"a"}},{"name":{"text":"b"}},{"telecom":[{"system":"phone"}]}]}"#,
            &["Patient.contact: Patient.contact:named may come once only, and there are 2. Keep one."],
        )],
    );
    let references = r#"{"path":"Observation.performer",
            "slicing":{"discriminator":[{"type":"type","path":"resolve()"}],"rules":"open"}},
        {"path":"Observation.performer","sliceName":"who","min":1,
            "type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]}"#;
    let observation = |to: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"a"}},"performer":[{{"reference":"{to}"}}]}}"#
        )
    };
    check(
        "Observation",
        references,
        &[
            (&observation("Practitioner/1"), &[]),
            (
                &observation("Organization/1"),
                &["Observation.performer: Observation.performer:who must be given. Add it."],
            ),
            (
                &observation("Device/1"),
                &[
                    "Observation.performer[0]: Observation.performer must refer to Practitioner or PractitionerRole or \
                     Organization or CareTeam or Patient or RelatedPerson, not to Device.",
                    "Observation.performer: Observation.performer:who must be given. Add it.",
                ],
            ),
        ],
    );
}

#[test]
fn rules_are_errors_or_warnings_as_they_say() {
    let rule = |severity: &str| {
        format!(
            r#"{{"path":"Patient.name","constraint":[{{"key":"p-1","severity":"{severity}","human":"A name has a family",
            "expression":"family.exists()"}}]}}"#
        )
    };
    let patient = r#"{"resourceType":"Patient","name":[{"text":"a"}]}"#;
    check(
        "Patient",
        &rule("error"),
        &[(patient, &["Patient.name[0]: The rule p-1 is broken: A name has a family."])],
    );
    check("Patient", &rule("warning"), &[(patient, &[])]);
}

#[test]
fn an_extension_stands_only_where_it_may() {
    let extension = |at: &str| {
        format!(
            r#"{{"resourceType":"Patient",{at}"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"2020-01-01T00:00:00Z"}}]}}"#
        )
    };
    check(
        "Patient",
        r#"{"path":"Patient"}"#,
        &[
            (
                &extension("")
                    .replace(r#""extension""#, r#""birthDate":"2020-01-01","_birthDate":{"extension""#)
                    .replace("}]}", "}]}}"),
                &[],
            ),
            (
                &extension(""),
                &["Patient.extension[0]: This extension may not stand here, only in: Patient.birthDate."],
            ),
            (
                r#"{"resourceType":"Patient","modifierExtension":[{"url":"http://example.org/m","valueBoolean":true}]}"#,
                &[
                    "Patient.modifierExtension[0]: This extension changes the meaning of what it stands in, and is not \
                   known here. Correct its url, or add the package that defines it.",
                ],
            ),
            (
                r#"{"resourceType":"Patient","extension":[{"url":"http://example.org/m","valueBoolean":true}]}"#,
                &[],
            ),
        ],
    );
}

#[test]
fn what_is_wrong_in_a_profile_is_told() {
    for (differential, wanted) in [
        (
            r#"{"path":"Patient.nose","min":1}"#,
            "Its differential names Patient.nose, which is no element of the base.",
        ),
        (
            r#"{"path":"Observation.code","min":1},{"path":"Patient.name"}"#,
            "The path Patient.name does not begin with Observation.",
        ),
        (
            r#"{"path":"Patient.name","constraint":[{"key":"a","expression":"a +"}]}"#,
            "The rule a at Patient.name cannot be read",
        ),
    ] {
        let error = profiles("Patient", differential).prepare("http://example.org/p").unwrap().unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn a_report_never_repeats_what_the_resource_says() {
    let profiles = profiles(
        "Patient",
        r#"{"path":"Patient.name.family","maxLength":3,"fixedString":"x"},{"path":"Patient.gender","patternCode":"male"}"#,
    );
    let faults =
        faults(&profiles, r#"{"resourceType":"Patient","gender":"female","name":[{"family":"Secretname"}]}"#);
    assert_eq!(faults.len(), 3);
    assert!(faults.iter().all(|fault| !fault.contains("Secretname") && !fault.contains("female")));
}

#[test]
fn what_a_reference_leads_to_must_meet_its_profile() {
    let profile = |url: &str, kind: &str, differential: &str| {
        let text = format!(
            r#"{{"resourceType":"StructureDefinition","url":"{url}","name":"P","status":"draft","kind":"resource",
            "abstract":false,"type":"{kind}","baseDefinition":"{BASE}/{kind}","derivation":"constraint",
            "differential":{{"element":[{differential}]}}}}"#
        );
        Json::parse(text, Limits::DOOR).unwrap()
    };
    let subject = r#"{"path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://example.org/t"]}]}"#;
    let definitions = [
        profile("http://example.org/p", "Observation", subject),
        profile("http://example.org/t", "Patient", r#"{"path":"Patient.birthDate","min":1}"#),
    ];
    let package = Package::of("example", "1", &[], &definitions).unwrap();
    let profiles = Profiles::new(Arc::new(Library::new(vec![Arc::new(package)])), Arc::new(NoCodes));
    let observation = |contained: &str| {
        format!(
            r##"{{"resourceType":"Observation","contained":[{{"resourceType":"Patient","id":"a"{contained}}}],
            "status":"final","code":{{"text":"b"}},"subject":{{"reference":"#a"}}}}"##
        )
    };
    assert_eq!(faults(&profiles, &observation(r#","birthDate":"1970-01-01""#)), [""; 0]);
    let wanted =
        "Observation.subject: Observation.subject must refer to a resource that meets http://example.org/t.";
    assert_eq!(faults(&profiles, &observation("")), [wanted]);

    // A resource from elsewhere, by the one who knows where references lead.
    struct One;
    impl Resolver for One {
        fn resolve(&self, reference: &str) -> Found {
            match reference {
                "Patient/1" => {
                    Found::Resource(Json::parse(r#"{"resourceType":"Patient"}"#, Limits::DOOR).unwrap())
                }
                _ => Found::Nowhere,
            }
        }
    }
    let options = Options { resolver: Some(&One), ..Options::default() };
    for (to, wanted) in [
        ("Patient/1", wanted),
        ("Patient/2", "Observation.subject: This refers to a resource that is not here."),
    ] {
        let text = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"b"}},"subject":{{"reference":"{to}"}}}}"#
        );
        let json = Json::parse(text, Limits::DOOR).unwrap();
        let report = profiles.validate(json.root(), &["http://example.org/p"], &options);
        let errors = report.issues.iter().filter(|issue| !issue.warning);
        assert_eq!(errors.map(line).collect::<Vec<_>>(), [wanted]);
    }
}

/// The errors of a resource by R4's own rules alone.
fn own_faults(resource: &str) -> Vec<String> {
    let profiles = Profiles::new(Arc::new(Library::new(Vec::new())), Arc::new(NoCodes));
    let json = Json::parse(resource, Limits::DOOR).unwrap();
    let report = profiles.validate(json.root(), &[], &Options::default());
    report.issues.iter().filter(|issue| !issue.warning).map(line).collect()
}

#[test]
fn a_profile_that_is_validated_itself_narrows_its_base_only() {
    let profile = |base: &str, differential: &str| {
        own_faults(&format!(
            r#"{{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"draft",
            "kind":"resource","abstract":false,"type":"Observation","baseDefinition":"{base}",
            "derivation":"constraint","differential":{{"element":[{differential}]}}}}"#
        ))
    };
    let base = format!("{BASE}/Observation");
    assert_eq!(profile(&base, r#"{"id":"a","path":"Observation.subject","min":1}"#), [""; 0]);
    for (differential, wanted) in [
        (
            r#"{"id":"a","path":"Observation.code","min":0}"#,
            "StructureDefinition: Observation.code may not have the min 0: its base has 1, which may only rise.",
        ),
        (
            r#"{"id":"a","path":"Observation.subject","max":"*"}"#,
            "StructureDefinition: Observation.subject may not have another max than up to 1, as its base has it.",
        ),
        (
            r#"{"id":"a","path":"Observation.category",
            "slicing":{"discriminator":[{"type":"value","path":"sort"}],"rules":"open"}}"#,
            "StructureDefinition: The discriminator sort of Observation.category names sort, which is no element there.",
        ),
        (
            r#"{"id":"a","path":"Observation.nothing","min":1}"#,
            "StructureDefinition: This profile cannot be used. \
             Its differential names Observation.nothing, which is no element of the base.",
        ),
    ] {
        assert_eq!(profile(&base, differential), [wanted]);
    }
    let circle = profile("http://example.org/p", r#"{"id":"a","path":"Observation.subject","min":1}"#);
    let wanted = "StructureDefinition.baseDefinition: \
                  A profile must not build on itself. Name another baseDefinition.";
    assert_eq!(circle, [wanted]);
}

#[test]
fn a_search_parameter_has_the_type_of_the_one_it_names() {
    let statement = |kind: &str| {
        own_faults(&format!(
            r#"{{"resourceType":"CapabilityStatement","status":"draft","date":"2024-01-01","kind":"requirements",
            "description":"a","fhirVersion":"4.0.1","format":["json"],"rest":[{{"mode":"server","resource":[
            {{"type":"Patient","searchParam":[{{"name":"gender","type":"{kind}",
            "definition":"http://hl7.org/fhir/SearchParameter/individual-gender"}}]}}]}}]}}"#
        ))
    };
    assert_eq!(statement("token"), [""; 0]);
    let wanted = "CapabilityStatement.rest[0].resource[0].searchParam[0].type: \
                  The SearchParameter that definition names is of the type token. Give the same type.";
    assert_eq!(statement("string"), [wanted]);
}

#[test]
fn a_canonical_names_what_its_element_allows() {
    let answered = |questionnaire: &str| {
        own_faults(&format!(
            r#"{{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"{questionnaire}"}}"#
        ))
    };
    assert_eq!(answered("http://example.org/not-here"), [""; 0]);
    let wanted = "QuestionnaireResponse.questionnaire: \
                  This must name a Questionnaire, and what has this address is a ValueSet.";
    assert_eq!(answered("http://hl7.org/fhir/ValueSet/administrative-gender"), [wanted]);
}

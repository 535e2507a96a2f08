//! With R4's own definitions.

use super::*;
use fhir::codes::{Coded, Codes, Subsumption};
use package::Library;

fn terminology() -> Terminology {
    Terminology::new(vec![Arc::new(Library::new(Vec::new()))])
}

/// Value sets of R4 that cannot be expanded although no code system is missing.
const NOT_EXPANDED: &[(&str, &str)] = &[
    (
        "http://hl7.org/fhir/ValueSet/example-filter",
        "its filter is on a property that its system does not declare",
    ),
    ("http://hl7.org/fhir/ValueSet/media-modality", "imports a value set that is not published with R4"),
    ("http://hl7.org/fhir/ValueSet/mimetypes", "media types are a rule, and nobody lists much used ones"),
    ("http://hl7.org/fhir/ValueSet/use-context", "imports a value set that is not published with R4"),
];

#[test]
fn every_value_set_of_r4_can_be_expanded_unless_a_code_system_is_not_here() {
    let library = Arc::new(Library::new(Vec::new()));
    let terminology = Terminology::new(vec![library.clone()]);
    let (mut expanded, mut missing, mut refused) = (0, 0, Vec::new());
    for url in library.addresses("ValueSet") {
        match ask(&terminology, "ValueSet", "expand", &[("url", &url)]) {
            Ok(tree) => {
                expanded += 1;
                let faults = fhir::validate::structure(json(&tree.text()).root());
                assert!(faults.is_empty(), "{url}: {faults:?}");
            }
            Err(refusal) if refusal.issues[0].message == "UNKNOWN_CODESYSTEM_EXP" => missing += 1,
            Err(_) => refused.push(url),
        }
    }
    refused.sort();
    let known: Vec<&str> = NOT_EXPANDED.iter().map(|(url, _)| *url).collect();
    assert_eq!(refused, known);
    assert!(expanded > 1_200 && missing < 90, "{expanded} expanded, {missing} without a code system");
}

#[test]
fn a_code_is_in_a_value_set_or_not_or_nobody_can_say() {
    let terminology = terminology();
    let check = |set: &str, system: Option<&str>, code: &str, expected: Option<bool>| {
        let set = format!("http://hl7.org/fhir/ValueSet/{set}");
        let known = terminology.member(&set, Coded { system, code, ..Coded::default() });
        assert_eq!(known.is, expected, "{set} {system:?} {code}: {known:?}");
        assert_eq!(known.why.is_some(), expected != Some(true), "{known:?}");
    };
    let gender = Some("http://hl7.org/fhir/administrative-gender");
    check("administrative-gender", gender, "female", Some(true));
    check("administrative-gender|4.0.1", gender, "female", Some(true));
    check("administrative-gender", gender, "femail", Some(false));
    check("administrative-gender", Some("http://example.org"), "female", Some(false));
    // An element of type code has no system.
    check("administrative-gender", None, "female", Some(true));
    check("administrative-gender", None, "F", Some(false));
    check("mimetypes", None, "application/fhir+json", Some(true));
    check("mimetypes", None, "fhir", Some(false));
    check("currencies", None, "GBP", Some(true));
    check("currencies", None, "STERLING", Some(false));
    check("iso3166-1-2", Some("urn:iso:std:iso:3166"), "GB", Some(true));
    check("iso3166-1-2", Some("urn:iso:std:iso:3166"), "GBR", Some(false));
    check("iso3166-1-3", Some("urn:iso:std:iso:3166"), "GBR", Some(true));
    check("iso3166-1-N", Some("urn:iso:std:iso:3166"), "826", Some(true));
    check("ucum-units", Some("http://unitsofmeasure.org"), "mmol/L", Some(true));
    check("ucum-units", Some("http://unitsofmeasure.org"), "mmol/litre", Some(false));
    check("all-time-units", Some("http://unitsofmeasure.org"), "h", Some(true));
    check("all-time-units", Some("http://unitsofmeasure.org"), "km", Some(false));
    check("all-languages", None, "cy-GB", Some(true));
    check("all-languages", None, "Welsh!", Some(false));
    // A list can be read without the code system; a filter on it cannot.
    check("body-site", Some("http://snomed.info/sct"), "106004", None);
    check("c80-practice-codes", Some("http://snomed.info/sct"), "408467006", Some(true));
    check("c80-practice-codes", Some("http://snomed.info/sct"), "106004", Some(false));
    check("no-such-set", gender, "female", None);
}

#[test]
fn a_wrong_display_is_told_with_the_right_one() {
    let terminology = terminology();
    let system = Some("http://hl7.org/fhir/administrative-gender");
    let known = |display| {
        let coded = Coded { system, code: "female", display: Some(display), ..Coded::default() };
        (
            terminology.known(coded),
            terminology.member("http://hl7.org/fhir/ValueSet/administrative-gender", coded),
        )
    };
    let (own, member) = known("Woman");
    assert_eq!((own.is, own.display.as_deref()), (Some(true), Some("Female")));
    assert_eq!((member.is, member.display.as_deref()), (Some(true), Some("Female")));
    assert_eq!(known("FEMALE").0.display, None);
}

#[test]
fn what_a_code_system_does_not_have_is_unknown_unless_only_a_part_is_here() {
    let terminology = terminology();
    let known = |system, code| terminology.known(Coded { system, code, ..Coded::default() }).is;
    assert_eq!(known(Some("http://hl7.org/fhir/administrative-gender"), "femail"), Some(false));
    assert_eq!(known(Some("http://terminology.hl7.org/CodeSystem/service-type"), "1"), Some(true));
    assert_eq!(known(Some("http://terminology.hl7.org/CodeSystem/service-type"), "no-such"), None);
    assert_eq!(known(Some("http://snomed.info/sct"), "22298006"), None);
    assert_eq!(known(None, "22298006"), None);
}

#[test]
fn codes_stand_above_and_below_each_other() {
    let terminology = terminology();
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let subsumes = |a, b| terminology.subsumes(system, None, a, b);
    assert_eq!(subsumes("_ActEncounterCode", "AMB"), Some(Subsumption::Subsumes));
    assert_eq!(subsumes("AMB", "_ActEncounterCode"), Some(Subsumption::SubsumedBy));
    assert_eq!(subsumes("AMB", "AMB"), Some(Subsumption::Equivalent));
    assert_eq!(subsumes("AMB", "EMER"), Some(Subsumption::NotSubsumed));
    assert_eq!(subsumes("AMB", "no-such"), None);
    let below = terminology.below(system, "_ActEncounterCode", 100).unwrap();
    assert!(
        below.contains(&"AMB".to_owned()) && below.contains(&"_ActEncounterCode".to_owned()),
        "{below:?}"
    );
    assert_eq!(
        terminology.above(system, "AMB", 10).unwrap(),
        ["AMB", "_ActEncounterCode", "_ActCareProvisionCode"]
    );
    assert_eq!(terminology.below(system, "_ActEncounterCode", 2).unwrap_err().kind, fhir::Kind::TooLarge);
    assert_eq!(terminology.below(system, "no-such", 2).unwrap_err().kind, fhir::Kind::NotFound);
}

#[test]
fn the_codes_of_a_value_set_are_given_by_system_within_a_limit() {
    let terminology = terminology();
    let codes = |set: &str, limit| {
        let found = terminology.value_set_codes(&format!("http://hl7.org/fhir/ValueSet/{set}"), limit);
        found.map_err(|refused| refused.issues[0].code)
    };
    let genders = ["male", "female", "other", "unknown"].map(str::to_owned).to_vec();
    let expected = vec![("http://hl7.org/fhir/administrative-gender".to_owned(), genders)];
    assert_eq!(codes("administrative-gender", 4), Ok(expected));
    assert_eq!(codes("administrative-gender", 3), Err("too-costly"));
    // A page of examples must not pass for all units.
    assert_eq!(codes("ucum-units", 10_000), Err("too-costly"));
    assert_eq!(codes("no-such-set", 10), Err("not-found"));
}

#[test]
fn what_is_here_is_told_as_capabilities() {
    let tree = terminology().capabilities(("carespine", "1"), Instant(0));
    let text = tree.text();
    let faults = fhir::validate::structure(json(&text).root());
    assert!(faults.is_empty(), "{faults:?}");
    for url in
        ["http://hl7.org/fhir/administrative-gender", "http://unitsofmeasure.org", "urn:iso:std:iso:4217"]
    {
        assert!(text.contains(&format!(r#"{{"uri":"{url}""#)), "{url}");
    }
    // Its resource is here, its codes are not.
    assert!(!text.contains(r#"{"uri":"http://snomed.info/sct""#));
}

#[test]
fn maps_translate_and_back() {
    let terminology = terminology();
    let map = "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3";
    let translate =
        |pairs: &[(&str, &str)]| ask(&terminology, "ConceptMap", "translate", pairs).unwrap().text();
    let own = ("system", "http://hl7.org/fhir/administrative-gender");
    let v3 = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender";
    let there = translate(&[("url", map), own, ("code", "male")]);
    assert!(there.contains(r#""name":"result","valueBoolean":true"#), "{there}");
    assert!(there.contains(&format!(r#""system":"{v3}","code":"M""#)), "{there}");
    let back = translate(&[("url", map), ("system", v3), ("code", "M"), ("reverse", "true")]);
    assert!(back.contains(r#""system":"http://hl7.org/fhir/administrative-gender","code":"male""#), "{back}");
    let none = translate(&[("url", map), own, ("code", "no-such")]);
    assert!(none.contains(r#""name":"result","valueBoolean":false"#), "{none}");
    // Without a map, those of both systems are asked.
    let found = translate(&[own, ("code", "male"), ("targetsystem", v3)]);
    assert!(found.contains(map) && !found.contains("v2-0001"), "{found}");
}

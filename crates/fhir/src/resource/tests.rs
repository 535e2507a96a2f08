use super::*;
use crate::definitions::TYPES;
use crate::suites;
use crate::{Json, Limits, Tree};

const UPDATED: Instant = Instant(1_764_000_000_123);
const META: &str = r#""versionId":"3","lastUpdated":"2025-11-24T16:00:00.123Z""#;

fn parse(text: &str) -> Json {
    Json::parse(text, Limits::FILE).unwrap()
}

fn store(text: &str) -> Stored {
    stored(parse(text).root(), "new", &mut |_| None)
}

fn serve(stored: &Stored) -> String {
    let mut out = String::new();
    served(&stored.text, stored.splice, 3, UPDATED, &mut out);
    out
}

fn part(text: &str, asked: Subset<'_>) -> String {
    let mut out = String::new();
    subset(parse(text).root(), asked, &mut out);
    out.replace(
        r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"#,
        "TAG",
    )
}

#[test]
fn the_id_replaces_the_one_that_came_or_follows_the_type() {
    let cases = [
        (r#"{"resourceType":"Basic","a":1}"#, r#"{"resourceType":"Basic","id":"new","a":1}"#),
        (r#"{"a":1,"resourceType":"Basic"}"#, r#"{"a":1,"resourceType":"Basic","id":"new"}"#),
        (r#"{"id":"old","resourceType":"Basic"}"#, r#"{"id":"new","resourceType":"Basic"}"#),
        (r#"{"resourceType":"Basic","b":[ ],"id":"old"}"#, r#"{"resourceType":"Basic","b":[],"id":"new"}"#),
        ("{}", r#"{"id":"new"}"#),
    ];
    for (came, expected) in cases {
        assert_eq!(store(came).text, expected);
    }
}

#[test]
fn the_records_own_meta_leaves_and_comes_back() {
    let cases = [
        (r#"{"resourceType":"Basic","id":"x"}"#, r#"{"resourceType":"Basic","id":"new","meta":{M}}"#),
        (
            r#"{"meta":{"versionId":"1","_lastUpdated":{"id":"a"}},"resourceType":"Basic","z":1}"#,
            r#"{"resourceType":"Basic","id":"new","meta":{M},"z":1}"#,
        ),
        (
            r#"{"resourceType":"Basic","meta":{"lastUpdated":"2020","tag":[{"code":"é"}],"versionId":"1"}}"#,
            r#"{"resourceType":"Basic","id":"new","meta":{M,"tag":[{"code":"é"}]}}"#,
        ),
        (
            r#"{"meta":{"source":"a"},"resourceType":"Basic"}"#,
            r#"{"meta":{M,"source":"a"},"resourceType":"Basic","id":"new"}"#,
        ),
    ];
    for (came, expected) in cases {
        let stored = store(came);
        assert!(!stored.text.contains("versionId") && !stored.text.contains("lastUpdated"));
        assert_eq!(serve(&stored), expected.replace('M', META));
    }
}

#[test]
fn every_literal_reference_is_offered_and_may_be_rewritten() {
    let text = r##"{"resourceType":"Basic","subject":{"reference":"Patient?identifier=\u0061|1",
        "identifier":{"value":"Patient/1"}},"contained":[{"resourceType":"Basic","id":"c",
        "subject":{"reference":"#x"}}],"extension":[{"url":"u","valueReference":{"reference":"urn:uuid:1"}}],
        "reference":{"reference":"Patient/1"}}"##;
    let mut seen = Vec::new();
    let stored = stored(parse(text).root(), "1", &mut |reference| {
        seen.push(reference.to_owned());
        (reference == "urn:uuid:1").then(|| "Patient/\"9".to_owned())
    });
    assert_eq!(seen, ["Patient?identifier=a|1", "#x", "urn:uuid:1", "Patient/1"]);
    assert!(stored.text.contains(r#""valueReference":{"reference":"Patient/\"9"}"#));
    assert!(stored.text.contains(r#""subject":{"reference":"Patient?identifier=a|1","identifier""#));
}

#[test]
fn besides_reference_only_three_uris_have_that_name() {
    let elements = TYPES.iter().flat_map(|t| t.elements.iter().map(move |e| (t.name, e)));
    let named = elements.filter(|(_, e)| e.name == "reference" && e.type_def().primitive.is_some());
    let named: Vec<_> = named.map(|(name, e)| (name, e.type_name)).collect();
    let uris = ["DetectedIssue", "Expression", "Immunization.education"].map(|name| (name, "uri"));
    assert_eq!(named, [&uris[..], &[("Reference", "string")]].concat());
}

/// Takes the record's own out of a canonical resource the slow way.
fn bare(resource: &Tree) -> Tree {
    let Tree::Object(members) = resource else { panic!("not an object") };
    let mut members = members.clone();
    if let Some((_, Tree::Object(meta))) = members.iter_mut().find(|(name, _)| name == "meta") {
        meta.retain(|(name, _)| name != "versionId" && name != "lastUpdated");
    }
    members.retain(|(name, value)| name != "id" && (name != "meta" || *value != Tree::object()));
    Tree::Object(members)
}

#[test]
fn every_published_example_comes_back_as_it_went_in() {
    for (name, text) in suites::files("fhir-r4-examples") {
        let came = parse(&text);
        let stored = stored(came.root(), "new", &mut |_| None);
        let back = serve(&stored);
        let back = parse(&back);
        assert_eq!(back.root().canonical(), back.text(), "{name}: canonical");
        assert_eq!(back.root().str("id").as_deref(), Some("new"), "{name}");
        let meta = back.root().get("meta").unwrap();
        assert_eq!(meta.str("versionId").as_deref(), Some("3"), "{name}");
        assert_eq!(meta.str("lastUpdated").as_deref(), Some("2025-11-24T16:00:00.123Z"), "{name}");
        let (came, back) = (bare(&came.root().into()), bare(&back.root().into()));
        assert_eq!(came, back, "{name}");
        assert_eq!(came.text(), back.text(), "{name}");
    }
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"1","meta":{"tag":[{"code":"a"}]},
    "text":{"status":"generated","div":"<div/>"},"extension":[{"url":"u","valueCode":"x"}],
    "modifierExtension":[{"url":"m","valueCode":"x"}],
    "name":[{"family":"Ash","extension":[{"url":"u","valueCode":"x"}]},{"extension":[{"url":"u"}]}],
    "birthDate":"2020","_birthDate":{"extension":[{"url":"u"}]},"maritalStatus":{"text":"none"},
    "contact":[{"name":{"family":"Oak"}}],"photo":[{"title":"t"}]}"#;

#[test]
fn a_summary_has_what_the_standard_marks_at_every_depth() {
    assert_eq!(
        part(PATIENT, Subset::Summary),
        "{\"resourceType\":\"Patient\",\"id\":\"1\",\"meta\":{\"tag\":[{\"code\":\"a\"},TAG]},\
         \"modifierExtension\":[{\"url\":\"m\",\"valueCode\":\"x\"}],\"name\":[{\"family\":\"Ash\"}],\
         \"birthDate\":\"2020\",\"_birthDate\":{\"extension\":[{\"url\":\"u\"}]}}"
    );
}

#[test]
fn a_part_can_be_the_narrative_or_all_but_the_narrative() {
    assert_eq!(
        part(
            r#"{"resourceType":"Basic","id":"1","text":{"div":"<div/>"},"code":{"id":"c"},"created":"2020"}"#,
            Subset::Text
        ),
        r#"{"resourceType":"Basic","id":"1","meta":{"tag":[TAG]},"text":{"div":"<div/>"},"code":{"id":"c"}}"#
    );
    assert_eq!(
        part(
            r#"{"resourceType":"Basic","text":{"div":"<div/>"},"created":"2020","contained":[{"id":"1"}]}"#,
            Subset::Data
        ),
        r#"{"resourceType":"Basic","meta":{"tag":[TAG]},"created":"2020","contained":[{"id":"1"}]}"#
    );
}

#[test]
fn a_part_can_be_the_elements_that_are_named() {
    let observation = r#"{"resourceType":"Observation","meta":{"source":"s"},"status":"final",
        "code":{"coding":[{"code":"c","extension":[{"url":"u"}]}]},"valueQuantity":{"value":1.0},
        "note":[{"text":"n"}],"effectiveDateTime":"2020"}"#;
    let names = ["value".to_owned(), "note".to_owned()];
    assert_eq!(
        part(observation, Subset::Elements(&names)),
        "{\"resourceType\":\"Observation\",\"meta\":{\"source\":\"s\",\"tag\":[TAG]},\"status\":\"final\",\
         \"code\":{\"coding\":[{\"code\":\"c\",\"extension\":[{\"url\":\"u\"}]}]},\
         \"valueQuantity\":{\"value\":1.0},\"note\":[{\"text\":\"n\"}]}"
    );
}

#[test]
fn a_summary_of_a_bundle_goes_into_its_resources() {
    let bundle = r#"{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Patient",
        "id":"1","contact":[{"name":{"text":"x"}}],"gender":"male"}}]}"#;
    assert_eq!(
        part(bundle, Subset::Summary),
        "{\"resourceType\":\"Bundle\",\"meta\":{\"tag\":[TAG]},\"type\":\"document\",\
         \"entry\":[{\"resource\":\
         {\"resourceType\":\"Patient\",\"id\":\"1\",\"gender\":\"male\"}}]}"
    );
}

#[test]
fn a_part_that_is_marked_already_is_not_marked_twice() {
    let once = r#"{"resourceType":"Basic","meta":{"tag":[{"code":"SUBSETTED"}]}}"#;
    assert_eq!(part(once, Subset::Summary), r#"{"resourceType":"Basic","meta":{"tag":[TAG]}}"#);
}

//! Validation through the door: asked for, and on every write.

use super::*;
use profile::Policy;
use std::collections::BTreeMap;

pub(super) const STRICT: &str = r#"{"resourceType":"StructureDefinition","id":"strict","url":"http://example.org/strict",
    "name":"Strict","status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
    "differential":{"element":[{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]}}"#;
const BORN: &str = r#"{"resourceType":"Patient","birthDate":"1970-01-01"}"#;
const UNBORN: &str = r#"{"resourceType":"Patient","name":[{"family":"Ashe"}]}"#;

fn severities(response: &Response) -> Vec<String> {
    expect_ok(response);
    let json = json(response);
    let issues = json.root().get("issue").unwrap().items();
    issues.map(|issue| issue.str("severity").unwrap().into_owned()).collect()
}

fn expect_ok(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
}

#[test]
fn a_resource_is_validated_against_r4_and_a_profile_of_the_record() {
    let world = World::new();
    assert_eq!(severities(&world.post("Patient/$validate", BORN)), ["information"]);
    let broken = r#"{"resourceType":"Patient","contact":[{"gender":"female"}]}"#;
    let answer = world.post("Patient/$validate", broken);
    assert!(severities(&answer).contains(&"error".to_owned()), "pat-1 is broken: {}", answer.text());
    let named = "Patient/$validate?profile=http://example.org/strict";
    assert!(
        severities(&world.post(named, BORN)).contains(&"error".to_owned()),
        "the profile is not known yet"
    );
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    assert_eq!(severities(&world.post(named, BORN)), ["information"]);
    let answer = world.post(named, UNBORN);
    assert!(severities(&answer).contains(&"error".to_owned()));
    assert!(answer.text().contains("Patient.birthDate"), "{}", answer.text());
    let id = id(&world.post("Patient", UNBORN));
    assert_eq!(severities(&world.get(&format!("Patient/{id}/$validate"))), ["information"]);
    let parameters = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"mode","valueCode":"update"}},
            {{"name":"resource","resource":{BORN}}}]}}"#
    );
    assert_eq!(severities(&world.post(&format!("Patient/{id}/$validate"), &parameters)), ["information"]);
    assert_eq!(severities(&world.post("Patient/nobody/$validate", &parameters)), ["error"]);
    expect(&world.post("Patient/$validate?mode=sideways", BORN), 400);
    expect(&world.get("Patient/nobody/$validate"), 404);
}

#[test]
fn what_breaks_a_profile_is_not_written_where_that_is_the_policy() {
    let profiles = BTreeMap::from([("Patient".to_owned(), vec!["http://example.org/strict".to_owned()])]);
    let policy = |policy| {
        let profiles = profiles.clone();
        World::with(move |config| {
            config.validation = service::interaction::Validation { policy, profiles };
        })
    };
    let world = policy(Policy::Refuse);
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    expect(&world.post("Patient", UNBORN), 422);
    expect(&world.post("Patient", BORN), 201);
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
            {{"resource":{BORN},"request":{{"method":"POST","url":"Patient"}}}},
            {{"resource":{UNBORN},"request":{{"method":"POST","url":"Patient"}}}}]}}"#
    );
    expect(&world.post("", &bundle), 422);
    let world = policy(Policy::Warn);
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    expect(&world.post("Patient", UNBORN), 201);
}

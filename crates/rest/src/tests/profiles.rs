//! Validation through the door: asked for, and on every write.

use super::*;
use profile::Policy;
use service::interaction::{Rule, Validation};
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
    let unknown = world.post(named, BORN);
    expect(&unknown, 400);
    assert!(unknown.text().contains("http://example.org/strict is not here"), "{}", unknown.text());
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    assert_eq!(severities(&world.post(named, BORN)), ["information"]);
    let answer = world.post(named, UNBORN);
    assert!(severities(&answer).contains(&"error".to_owned()));
    assert!(answer.text().contains("Patient.birthDate"), "{}", answer.text());
    let id = id(&world.post("Patient", UNBORN));
    assert_eq!(severities(&world.get(&format!("Patient/{id}/$validate"))), ["information"]);
    expect(&world.post("Patient/$validate?mode=sideways", BORN), 400);
    expect(&world.get("Patient/nobody/$validate"), 404);
}

#[test]
fn what_breaks_a_profile_is_not_written_where_that_is_the_policy() {
    let profiles = BTreeMap::from([("Patient".to_owned(), vec!["http://example.org/strict".to_owned()])]);
    let policy = |policy| {
        let profiles = profiles.clone();
        World::with(move |config| {
            config.validation = service::interaction::Validation { policy, profiles, ..Default::default() };
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

/// A world in which a Patient that names no profile is to meet one that is stored, under these rules.
fn held(change: impl FnOnce(&mut Validation)) -> World {
    let world = World::with(move |config| {
        let set = BTreeMap::from([("Patient".to_owned(), vec!["http://example.org/strict".to_owned()])]);
        config.validation = Validation { set, ..Default::default() };
        change(&mut config.validation);
    });
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    world
}

#[test]
fn an_organisation_has_its_own_policy_and_set_and_others_have_that_of_all() {
    let world = held(|validation| {
        let set = validation.set.clone();
        let rule = |policy, set: &service::interaction::ByType| Rule { policy, set: set.clone() };
        validation.organisations = BTreeMap::from([
            ("RXX".to_owned(), rule(Policy::Refuse, &set)),
            ("RYY".to_owned(), rule(Policy::Warn, &set)),
            ("RZZ".to_owned(), rule(Policy::Refuse, &BTreeMap::new())),
        ]);
    });
    let post = |code: &str, body: &str| {
        let token = world.access.mint_token_for(code, "system", 5).unwrap();
        world.send_with(&token, Request::new("POST", "Patient").body(body)).status
    };
    let status = |code: &str| post(code, UNBORN);
    assert_eq!(["RXX", "RYY", "RZZ", "", "unheard"].map(status), [422, 201, 201, 201, 201]);
    assert_eq!(post("RXX", BORN), 201);
    let claims = UNBORN.replace(
        r#""name""#,
        r#""meta":{"profile":["http://hl7.org/fhir/StructureDefinition/Patient"]},"name""#,
    );
    assert_eq!(post("RXX", &claims), 201, "a set is for what names no profile");
}

#[test]
fn who_names_no_organisation_acts_for_that_of_the_installation() {
    let world = held(|validation| {
        let rule = Rule { policy: Policy::Refuse, set: validation.set.clone() };
        validation.organisations = BTreeMap::from([("RXX".to_owned(), rule)]);
        validation.organisation = "RXX".to_owned();
    });
    expect(&world.post("Patient", UNBORN), 422);
    let other = world.access.mint_token_for("RYY", "system", 5).unwrap();
    expect(&world.send_with(&other, Request::new("POST", "Patient").body(UNBORN)), 201);
}

#[test]
fn what_was_written_in_spite_of_an_error_is_told_counted_and_told_again() {
    let mut counts = None;
    let world = held(|validation| {
        validation.policy = Policy::Warn;
        counts = Some(validation.counts.clone());
    });
    let asked = |name: &str| {
        let request = Request::new("POST", "Patient").body(UNBORN).with("prefer", "return=OperationOutcome");
        world.send(request.with("idempotency-key", name))
    };
    let first = asked("one");
    expect(&first, 201);
    assert!(first.text().contains("Created Patient/") && first.text().contains("Patient.birthDate"));
    assert!(first.text().contains(r#""severity":"warning""#), "{}", first.text());
    assert!(!first.text().contains(r#""severity":"error""#), "{}", first.text());
    let (txn, again) = (world.access.store().reader(&Scope::all()).unwrap().txn(), asked("one"));
    assert_eq!(again.text(), first.text());
    assert_eq!(world.access.store().reader(&Scope::all()).unwrap().txn(), txn);
    let metrics = counts.unwrap().metrics();
    let value = |name: &str| metrics.iter().find(|(n, _)| *n == name).unwrap().1;
    assert_eq!(value("validation_warned_total"), 1.0);
    assert_eq!((value("validation_checked_total"), value("validation_refused_total")), (2.0, 0.0));
    // Nobody who asks for the resource, or for nothing, gets anything else.
    let plain = world.post("Patient", UNBORN);
    assert_eq!(at(&plain, "resourceType"), "Patient");
}

#[test]
fn what_does_not_stop_a_write_is_told_in_each_entry_of_a_bundle() {
    let world = held(|validation| validation.policy = Policy::Warn);
    for kind in ["batch", "transaction"] {
        let bundle = format!(
            r#"{{"resourceType":"Bundle","type":"{kind}","entry":[
                {{"resource":{BORN},"request":{{"method":"POST","url":"Patient"}}}},
                {{"resource":{UNBORN},"request":{{"method":"POST","url":"Patient"}}}}]}}"#
        );
        let send =
            |prefer: &str| world.send(Request::new("POST", "").body(bundle.as_str()).with("prefer", prefer));
        let answer = send("return=minimal");
        expect(&answer, 200);
        assert_eq!(at(&answer, "entry.0.response.outcome"), "", "{kind}");
        assert_eq!(at(&answer, "entry.1.response.status"), "201 Created");
        assert_eq!(at(&answer, "entry.1.response.outcome.issue.1.severity"), "warning", "{}", answer.text());
        assert!(at(&answer, "entry.1.response.outcome").contains("Patient.birthDate"));
        assert_eq!(at(&answer, "entry.1.resource"), "");
        let answer = send("return=OperationOutcome");
        assert_eq!(at(&answer, "entry.0.response.outcome.issue.0.severity"), "information", "{kind}");
        assert_eq!(at(&answer, "entry.0.resource"), "", "the outcome has its own place");
        let answer = send("return=representation");
        assert_eq!(at(&answer, "entry.1.resource.resourceType"), "Patient");
        assert!(at(&answer, "entry.1.response.outcome").contains("Patient.birthDate"));
    }
}

#[test]
fn a_code_outside_an_extensible_binding_is_told_where_errors_refuse() {
    let world = World::with(|config| config.validation.policy = Policy::Refuse);
    let married = r#"{"resourceType":"Patient","maritalStatus":{"coding":[
        {"system":"http://example.org/own","code":"handfasted"}]}}"#;
    let request = Request::new("POST", "Patient").body(married).with("prefer", "return=OperationOutcome");
    let answer = world.send(request);
    expect(&answer, 201);
    assert!(answer.text().contains("Patient.maritalStatus"), "{}", answer.text());
}

#[test]
fn each_mode_of_validation_is_asked_where_it_can_be_judged() {
    let world = World::new();
    expect(&world.put("StructureDefinition/strict", STRICT), 201);
    let id = id(&world.post("Patient", UNBORN));
    let named = |body: &str| body.replace(r#""Patient","#, &format!(r#""Patient","id":"{id}","#));
    let parameters = |mode: &str, body: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"mode","valueCode":"{mode}"}},
                {{"name":"resource","resource":{body}}}]}}"#
        )
    };
    let one = format!("Patient/{id}/$validate");
    // As Parameters, and as it is.
    for good in [
        world.post(&one, &parameters("update", &named(BORN))),
        world.post(&format!("{one}?mode=update"), &named(BORN)),
        world.post("Patient/$validate", &parameters("create", BORN)),
        world.post("Patient/$validate?mode=create", BORN),
        world.get(&format!("{one}?mode=delete")),
        world.post(&one, &parameters("delete", r#"{"resourceType":"Patient","gender":"passed over"}"#)),
        world.get(&one),
    ] {
        assert_eq!(severities(&good), ["information"], "{}", good.text());
    }
    // Judged, and found wrong.
    for (bad, said) in [
        (world.post(&one, &parameters("update", BORN)), "has no id"),
        (world.post(&format!("{one}?mode=update"), &named(BORN).replace(&id, "other")), "another id"),
        (
            world.post("Patient/nobody/$validate?mode=update", &named(BORN).replace(&id, "nobody")),
            "to update",
        ),
        (world.get("Patient/nobody/$validate?mode=delete"), "to delete"),
        (world.get(&format!("{one}?mode=profile&profile=http://example.org/strict")), "Patient.birthDate"),
    ] {
        assert_eq!(severities(&bad), ["error"], "{}", bad.text());
        assert!(bad.text().contains(said), "{said}: {}", bad.text());
    }
    // Not to be judged.
    for (status, refused) in [
        (400, world.post("Patient/$validate?mode=update", BORN)),
        (400, world.get("Patient/$validate?mode=delete")),
        (400, world.get("Patient/$validate?mode=create")),
        (400, world.get("Patient/$validate")),
        (400, world.get(&format!("{one}?mode=update"))),
        (400, world.get(&format!("{one}?mode=create"))),
        (400, world.get(&format!("{one}?mode=profile"))),
        (400, world.post(&format!("{one}?mode=profile&profile=http://example.org/strict"), &named(BORN))),
        (400, world.get("Patient/$validate?mode=profile&profile=http://example.org/strict")),
        (400, world.get(&format!("{one}?profile=http://example.org/never"))),
        (404, world.get("Patient/nobody/$validate?mode=profile&profile=http://example.org/strict")),
    ] {
        expect(&refused, status);
    }
}

#[test]
fn validation_for_a_write_says_what_the_write_would() {
    let world = held(|validation| validation.policy = Policy::Refuse);
    assert_eq!(
        severities(&world.post("Patient/$validate", UNBORN)),
        ["information"],
        "R4 alone asks no date"
    );
    let create = world.post("Patient/$validate?mode=create", UNBORN);
    assert_eq!(severities(&create), ["error"], "{}", create.text());
    assert!(create.text().contains("Patient.birthDate"));
    assert_eq!(severities(&world.post("Patient/$validate?mode=create", BORN)), ["information"]);
    let structure = world.post("Patient/$validate?mode=create", r#"{"resourceType":"Patient","gender":7}"#);
    assert!(severities(&structure).contains(&"error".to_owned()));
    let world = held(|validation| validation.policy = Policy::Warn);
    assert_eq!(severities(&world.post("Patient/$validate?mode=create", UNBORN)), ["warning"]);
    let id = id(&world.post("Patient", BORN));
    let doctor = world.access.mint_token("doctor", 5).unwrap();
    let delete =
        world.send_with(&doctor, Request::new("GET", &format!("Patient/{id}/$validate?mode=delete")));
    assert_eq!(severities(&delete), ["error"], "a doctor deletes nothing");
    assert_eq!(at(&delete, "issue.0.code"), "forbidden");
}

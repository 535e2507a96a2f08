//! One resource: create, read, update, patch, delete.

use super::*;

#[test]
fn a_created_resource_can_be_read() {
    let world = World::new();
    let created = world.post("Patient", PATIENT);
    expect(&created, 201);
    let id = id(&created);
    assert_eq!(created.header("location"), Some(format!("{BASE}/Patient/{id}/_history/1").as_str()));
    assert_eq!(created.header("etag"), Some("W/\"1\""));
    let read = world.get(&format!("Patient/{id}"));
    expect(&read, 200);
    assert_eq!(read.body, created.body);
    assert_eq!(read.header("etag"), Some("W/\"1\""));
    assert_eq!(read.header("last-modified"), created.header("last-modified"));
    assert_eq!(read.header("content-type"), Some("application/fhir+json; charset=utf-8"));
    assert_eq!(read.header("cache-control"), Some("no-store"));
    assert_eq!((at(&read, "meta.versionId"), at(&read, "name.0.family")), ("1".into(), "Ashe".into()));
}

#[test]
fn an_update_makes_the_next_version_and_the_same_content_does_not() {
    let world = World::new();
    let id = id(&world.post("Patient", PATIENT));
    let changed = PATIENT
        .replace("{\"resourceType\":\"Patient\"", &format!("{{\"resourceType\":\"Patient\",\"id\":\"{id}\""));
    let changed = changed.replace("Ashe", "Birch");
    let url = format!("Patient/{id}");
    let first = world.put(&url, &changed);
    expect(&first, 200);
    assert_eq!(first.header("etag"), Some("W/\"2\""));
    let again = world.put(&url, &changed);
    expect(&again, 200);
    assert_eq!(again.header("etag"), Some("W/\"2\""));
    expect(&world.get(&format!("{url}/_history/1")), 200);
    assert_eq!(at(&world.get(&format!("{url}/_history/1")), "name.0.family"), "Ashe");
    assert_eq!(at(&world.get(&url), "name.0.family"), "Birch");
    expect(&world.get(&format!("{url}/_history/3")), 404);
}

#[test]
fn an_update_needs_the_id_of_its_url() {
    let world = World::new();
    let id = id(&world.post("Patient", PATIENT));
    expect(&world.put(&format!("Patient/{id}"), PATIENT), 400);
    expect(&world.put(&format!("Patient/{id}"), r#"{"resourceType":"Patient","id":"other"}"#), 400);
    expect(&world.put(&format!("Patient/{id}"), &format!(r#"{{"resourceType":"Basic","id":"{id}"}}"#)), 400);
    expect(&world.post("Patient", r#"{"resourceType":"Basic","code":{"text":"x"}}"#), 400);
}

#[test]
fn an_update_under_an_id_that_cannot_be_one_is_at_fault_and_a_read_finds_nothing() {
    let world = World::new();
    for id in ["a_b", "%C3%A9", &"x".repeat(65)] {
        let url = format!("Patient/{id}");
        let update = world.put(&url, &format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#));
        expect(&update, 400);
        assert!(update.text().contains("is no FHIR id"), "{}", update.text());
        expect(&world.get(&url), 404);
        expect(&world.send(Request::new("DELETE", &url)), 404);
    }
}

#[test]
fn only_who_may_assign_ids_creates_by_update() {
    let world = World::new();
    let body = r#"{"resourceType":"Patient","id":"mine"}"#;
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let put = || Request::new("PUT", "Patient/mine").body(body);
    expect(&world.send_with(&doctor, put()), 404);
    let created = world.send(put());
    expect(&created, 201);
    assert_eq!(at(&created, "id"), "mine");
    expect(&world.send_with(&doctor, put()), 200);
}

#[test]
fn a_deleted_resource_is_gone_and_can_come_back() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let deleted = world.send(Request::new("DELETE", "Patient/a"));
    expect(&deleted, 204);
    assert_eq!(deleted.header("etag"), Some("W/\"2\""));
    expect(&world.get("Patient/a"), 410);
    expect(&world.get("Patient/a/_history/2"), 410);
    expect(&world.get("Patient/a/_history/1"), 200);
    expect(&world.send(Request::new("DELETE", "Patient/a")), 204);
    expect(&world.send(Request::new("DELETE", "Patient/never")), 204);
    let back = world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","active":true}"#);
    assert_eq!((back.status, back.header("etag")), (201, Some("W/\"3\"")));
}

#[test]
fn a_patch_changes_what_it_names() {
    let world = World::new();
    let id = id(&world.post("Patient", PATIENT));
    let url = format!("Patient/{id}");
    let patch = |body: &str| {
        world.send(Request::new("PATCH", &url).with("content-type", "application/json-patch+json").body(body))
    };
    let patched = patch(
        r#"[{"op":"replace","path":"/name/0/family","value":"Cedar"},{"op":"add","path":"/active",
            "value":true}]"#,
    );
    expect(&patched, 200);
    assert_eq!((at(&patched, "name.0.family"), at(&patched, "active")), ("Cedar".into(), "true".into()));
    assert_eq!(patched.header("etag"), Some("W/\"2\""));
    let refused = patch(r#"[{"op":"add","path":"/nonsense","value":1}]"#);
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    expect(&patch(r#"[{"op":"replace","path":"/id","value":"other"}]"#), 400);
    assert_eq!(world.get(&url).header("etag"), Some("W/\"2\""));
    let other = world.send(Request::new("PATCH", &url).with("content-type", "text/plain").body("{}"));
    expect(&other, 415);
    let absent = Request::new("PATCH", "Patient/never").with("content-type", "application/json-patch+json");
    expect(&world.send(absent.body("[]")), 404);
}

#[test]
fn a_client_says_what_it_wants_back() {
    let world = World::new();
    let post =
        |prefer: &str| world.send(Request::new("POST", "Patient").with("prefer", prefer).body(PATIENT));
    assert!(post("return=minimal").body.is_empty());
    assert_eq!(at(&post("return=representation"), "resourceType"), "Patient");
    assert_eq!(at(&post("return=OperationOutcome"), "resourceType"), "OperationOutcome");
    let id = id(&world.post("Patient", PATIENT));
    let pretty = world.get(&format!("Patient/{id}?_pretty=true"));
    assert!(pretty.text().starts_with("{\n  \"resourceType\": \"Patient\""), "{}", pretty.text());
    let part = world.get(&format!("Patient/{id}?_elements=birthDate"));
    assert_eq!((at(&part, "birthDate"), at(&part, "name")), ("1970-01-01".into(), String::new()));
    assert_eq!(at(&part, "meta.tag.0.code"), "SUBSETTED");
    expect(&world.get(&format!("Patient/{id}?_format=ttl")), 406);
    expect(&world.get(&format!("Patient/{id}?nonsense=1")), 400);
    let lenient = Request::new("GET", &format!("Patient/{id}?nonsense=1")).with("prefer", "handling=lenient");
    expect(&world.send(lenient), 200);
    let head = world.send(Request::new("HEAD", &format!("Patient/{id}")));
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some("W/\"1\"")));
    let length = world.get(&format!("Patient/{id}")).body.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()), "that of what GET gives");
}

#[test]
fn ids_of_the_request_are_given_back() {
    let world = World::new();
    let request =
        Request::new("GET", "Patient/x").with("x-request-id", "r-1").with("x-correlation-id", "c-1");
    let response = world.send(request);
    assert_eq!(
        (response.header("x-request-id"), response.header("x-correlation-id")),
        (Some("r-1"), Some("c-1"))
    );
    assert!(world.get("Patient/x").header("x-request-id").is_some_and(|id| id.len() == 36));
}

#[test]
fn all_faults_of_a_resource_come_at_once_with_their_places() {
    let world = World::new();
    let bad = r#"{"resourceType":"Patient","gender":"unclear","birthDate":"1970-13-01","nonsense":1}"#;
    let response = world.post("Patient", bad);
    expect(&response, 400);
    let text = response.text();
    for place in ["Patient.gender", "Patient.birthDate", "Patient.nonsense"] {
        assert!(text.contains(place), "{place} in {text}");
    }
    expect(&world.post("Patient", r#"{"resourceType":"Patient","gender":"unclear"}"#), 422);
}

#[test]
fn a_method_that_is_not_possible_says_which_are() {
    let world = World::new();
    let response = world.send(Request::new("POST", "Patient/1"));
    expect(&response, 405);
    assert_eq!(response.header("allow"), Some("GET, HEAD, PUT, PATCH, DELETE"));
    expect(&world.send(Request::new("BREW", "Patient")), 405);
}

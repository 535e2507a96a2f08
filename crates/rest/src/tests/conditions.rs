//! Conditions: If-Match, If-None-Match, If-Modified-Since, If-None-Exist, criteria instead of an id.

use super::*;

const WHO: &str = "Patient?identifier=urn:test|1";

#[test]
fn a_change_of_another_version_is_refused() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let put = |tag: &str| {
        let body = format!(r#"{{"resourceType":"Patient","id":"a","language":"{}"}}"#, tag.len());
        world.send(Request::new("PUT", "Patient/a").with("if-match", tag).body(body))
    };
    expect(&put("W/\"1\""), 200);
    expect(&put("W/\"1\""), 412);
    expect(&put("W/\"x\""), 400);
    let delete = |tag: &str| world.send(Request::new("DELETE", "Patient/a").with("if-match", tag));
    expect(&delete("W/\"1\""), 412);
    expect(&delete("W/\"2\""), 204);
    let absent = Request::new("PUT", "Patient/b")
        .with("if-match", "W/\"1\"")
        .body(r#"{"resourceType":"Patient","id":"b"}"#);
    expect(&world.send(absent), 404);
}

#[test]
fn a_star_means_whatever_version_there_is() {
    let world = World::new();
    let put = |id: &str, name: &str, language: &str| {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}","language":"{language}"}}"#);
        world.send(Request::new("PUT", &format!("Patient/{id}")).with(name, "*").body(body))
    };
    expect(&put("a", "if-match", "en"), 412);
    expect(&put("a", "if-none-match", "en"), 201);
    expect(&put("a", "if-none-match", "cy"), 412);
    expect(&put("a", "if-match", "cy"), 200);
    world.send(Request::new("DELETE", "Patient/a"));
    expect(&put("a", "if-match", "fr"), 412);
    expect(&put("a", "if-none-match", "fr"), 201);
    let tag = Request::new("PUT", "Patient/a").with("if-none-match", "W/\"1\"");
    expect(&world.send(tag.body(r#"{"resourceType":"Patient","id":"a"}"#)), 400);
    let by_criteria = |name: &str| world.send(Request::new("PUT", WHO).with(name, "*").body(PATIENT)).status;
    assert_eq!(by_criteria("if-match"), 412);
    assert_eq!(by_criteria("if-none-match"), 201);
    assert_eq!(by_criteria("if-none-match"), 412);
    assert_eq!(by_criteria("if-match"), 200);
    let delete = |id: &str| world.send(Request::new("DELETE", id).with("if-match", "*")).status;
    assert_eq!((delete("Patient/never"), delete("Patient/a")), (412, 204));
}

#[test]
fn of_many_who_create_the_same_at_once_one_does() {
    let world = World::new();
    let put = |i: usize| {
        let body = format!(r#"{{"resourceType":"Patient","id":"a","language":"x{i}"}}"#);
        world.send(Request::new("PUT", "Patient/a").with("if-none-match", "*").body(body)).status
    };
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|i| scope.spawn(move || put(i))).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 412).count(), 7, "{answers:?}");
}

#[test]
fn a_reader_who_has_it_already_is_told_so() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let read =
        |name: &str, value: &str| world.send(Request::new("GET", "Patient/a").with(name, value)).status;
    assert_eq!(read("if-none-match", "W/\"1\""), 304);
    assert_eq!(read("if-none-match", "W/\"2\", \"1\""), 304);
    assert_eq!(read("if-none-match", "W/\"2\""), 200);
    let now = crate::headers::http_date(world.access.store().now());
    assert_eq!(read("if-modified-since", &now), 304);
    assert_eq!(read("if-modified-since", "Sat, 22 Nov 2025 09:05:09 GMT"), 200);
    assert_eq!(read("if-modified-since", "yesterday"), 200);
}

#[test]
fn a_create_that_finds_one_makes_none() {
    let world = World::new();
    let post = |criteria: &str| {
        world.send(Request::new("POST", "Patient").with("if-none-exist", criteria).body(PATIENT))
    };
    let first = post("identifier=urn:test|1");
    expect(&first, 201);
    let second = post("identifier=urn:test|1");
    expect(&second, 200);
    assert_eq!(at(&second, "id"), at(&first, "id"));
    assert_eq!(second.header("location"), first.header("location"));
    world.post("Patient", PATIENT);
    expect(&post("identifier=urn:test|1"), 412);
    expect(&post("nonsense=1"), 400);
    expect(&post(""), 412);
    expect(&post("identifier="), 412);
}

#[test]
fn an_update_goes_to_the_one_that_meets_the_criteria() {
    let world = World::new();
    let first = world.put(WHO, PATIENT);
    expect(&first, 201);
    let changed = PATIENT.replace("Ashe", "Birch");
    let second = world.put(WHO, &changed);
    expect(&second, 200);
    assert_eq!((at(&second, "id"), at(&second, "meta.versionId")), (at(&first, "id"), "2".into()));
    let other =
        changed.replace("{\"resourceType\":\"Patient\"", "{\"resourceType\":\"Patient\",\"id\":\"other\"");
    expect(&world.put(WHO, &other), 400);
    world.post("Patient", PATIENT);
    expect(&world.put(WHO, &changed), 412);
}

#[test]
fn a_patch_goes_to_the_one_that_meets_the_criteria() {
    let world = World::new();
    let patch = || {
        let body = r#"[{"op":"replace","path":"/birthDate","value":"1971"}]"#;
        world.send(Request::new("PATCH", WHO).with("content-type", "application/json-patch+json").body(body))
    };
    expect(&patch(), 404);
    world.post("Patient", PATIENT);
    assert_eq!(at(&patch(), "birthDate"), "1971");
    world.post("Patient", PATIENT);
    expect(&patch(), 412);
}

#[test]
fn a_delete_by_criteria_takes_one_or_where_that_is_set_all() {
    for (many, status, left) in [(false, 412, "2"), (true, 204, "0")] {
        let world = World::with(|config| config.deletes_many = many);
        let delete = || world.send(Request::new("DELETE", WHO));
        expect(&delete(), 204);
        world.post("Patient", PATIENT);
        expect(&delete(), 204);
        assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "0");
        world.post("Patient", PATIENT);
        world.post("Patient", PATIENT);
        expect(&delete(), status);
        assert_eq!(at(&world.get("Patient?_summary=count"), "total"), left);
        expect(&world.send(Request::new("DELETE", "Patient")), 412);
    }
}

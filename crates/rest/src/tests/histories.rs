//! History of a resource, a type and everything.

use super::*;

fn world() -> World {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","active":true}"#);
    world.put("Basic/b", r#"{"resourceType":"Basic","id":"b","code":{"text":"x"}}"#);
    world.send(Request::new("DELETE", "Patient/a"));
    world
}

#[test]
fn a_resource_has_its_versions_newest_first() {
    let world = world();
    let history = world.get("Patient/a/_history");
    expect(&history, 200);
    assert_eq!((at(&history, "type"), at(&history, "total")), ("history".into(), "3".into()));
    let methods = [0, 1, 2].map(|i| at(&history, &format!("entry.{i}.request.method")));
    assert_eq!(methods, ["DELETE", "PUT", "POST"]);
    let statuses = [0, 1, 2].map(|i| at(&history, &format!("entry.{i}.response.status")));
    assert_eq!(statuses, ["204", "200", "201"]);
    assert_eq!(at(&history, "entry.0.resource"), "");
    assert_eq!(at(&history, "entry.1.resource.active"), "true");
    assert_eq!(at(&history, "entry.2.response.etag"), "W/\"1\"");
    assert_eq!(at(&history, "entry.2.fullUrl"), format!("{BASE}/Patient/a"));
    expect(&world.get("Patient/never/_history"), 404);
    let counted = world.get("Patient/a/_history?_count=0");
    expect(&counted, 200);
    assert_eq!((at(&counted, "total"), at(&counted, "entry")), ("3".into(), String::new()));
    expect(&world.get("Patient/never/_history?_count=0"), 404);
}

#[test]
fn a_type_and_everything_have_theirs() {
    let world = world();
    let count = |url: &str| json(&world.get(url)).root().get("entry").map_or(0, |e| e.items().count());
    assert_eq!(count("Patient/_history"), 3);
    assert_eq!(count("_history"), 4);
    assert_eq!(count("Observation/_history"), 0);
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    expect(&world.send_with(&doctor, Request::new("GET", "_history")), 403);
    expect(&world.send_with(&doctor, Request::new("GET", "Patient/_history")), 403);
    expect(&world.send_with(&doctor, Request::new("GET", "Patient/a/_history")), 200);
}

#[test]
fn pages_of_history_neither_skip_nor_repeat() {
    let world = world();
    let mut seen = Vec::new();
    let mut url = "_history?_count=1".to_owned();
    for _ in 0..10 {
        let page = world.get(&url);
        expect(&page, 200);
        seen.push(format!("{} {}", at(&page, "entry.0.request.method"), at(&page, "entry.0.response.etag")));
        world.put(
            "Basic/c",
            &format!(r#"{{"resourceType":"Basic","id":"c","code":{{"text":"{}"}}}}"#, seen.len()),
        );
        let json = json(&page);
        let links = json.root().get("link").unwrap();
        match links.items().find(|link| link.str("relation").as_deref() == Some("next")) {
            Some(next) => url = next.str("url").unwrap().strip_prefix(BASE).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["DELETE W/\"3\"", "POST W/\"1\"", "PUT W/\"2\"", "POST W/\"1\""]);
}

#[test]
fn since_narrows_and_what_is_not_understood_is_refused() {
    let world = world();
    let entries = |url: &str| json(&world.get(url)).root().get("entry").map_or(0, |e| e.items().count());
    assert_eq!(entries("_history?_since=2000-01-01T00:00:00Z"), 4);
    assert_eq!(entries("_history?_since=2999-01-01T00:00:00Z"), 0);
    for bad in ["_since=x", "_count=x", "_at=2020", "_page=x", "nonsense=1", "_count=-1"] {
        let response = world.get(&format!("_history?{bad}"));
        assert!((400..500).contains(&response.status), "{bad}: {}", response.text());
    }
}

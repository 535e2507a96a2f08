//! Patient/$everything.

use super::*;

fn world() -> World {
    let world = World::new();
    world.put(
        "Patient/p",
        r#"{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/o"}}"#,
    );
    world.put("Patient/q", r#"{"resourceType":"Patient","id":"q"}"#);
    world.put(
        "Organization/o",
        r#"{"resourceType":"Organization","id":"o","partOf":{"reference":"Organization/top"}}"#,
    );
    world.put("Organization/top", r#"{"resourceType":"Organization","id":"top"}"#);
    world.put("Organization/other", r#"{"resourceType":"Organization","id":"other"}"#);
    for (id, patient) in [("1", "p"), ("2", "p"), ("3", "q")] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},
                "subject":{{"reference":"Patient/{patient}"}}}}"#
        );
        expect(&world.put(&format!("Observation/{id}"), &body), 201);
    }
    world
}

fn ids(response: &Response) -> Vec<String> {
    let json = json(response);
    let entries = json.root().get("entry");
    let one = |entry: fhir::Value<'_>| {
        let resource = entry.get("resource").unwrap();
        format!("{}/{}", resource.str("resourceType").unwrap(), resource.str("id").unwrap())
    };
    entries.into_iter().flat_map(|e| e.items()).map(one).collect()
}

#[test]
fn everything_is_the_compartment_and_what_it_points_at() {
    let world = world();
    let response = world.get("Patient/p/$everything");
    expect(&response, 200);
    let mut found = ids(&response);
    assert_eq!(found[0], "Patient/p");
    found.sort();
    assert_eq!(found, ["Observation/1", "Observation/2", "Organization/o", "Organization/top", "Patient/p"]);
    assert_eq!(at(&response, "total"), "5");
    let posted = world.post("Patient/p/$everything", "");
    assert_eq!(ids(&posted).len(), 5);
    let parameters =
        r#"{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Observation"}]}"#;
    assert_eq!(ids(&world.post("Patient/p/$everything", parameters)), ["Observation/1", "Observation/2"]);
    expect(&world.get("Patient/never/$everything"), 404);
    let counted = world.get("Patient/p/$everything?_count=0");
    assert_eq!((at(&counted, "total").as_str(), ids(&counted).len()), ("5", 0));
    expect(&world.get("Patient/p/$everything?start=yesterday"), 400);
    expect(&world.get("Patient/p/$everything?_type=Nonsense"), 400);
    assert_eq!(ids(&world.get("Patient/p/$everything?_since=2999-01-01T00:00:00Z")).len(), 0);
}

#[test]
fn pages_of_everything_are_as_at_one_instant() {
    let world = world();
    let mut all = Vec::new();
    let mut url = "Patient/p/$everything?_count=2".to_owned();
    loop {
        let page = world.get(&url);
        expect(&page, 200);
        all.extend(ids(&page));
        std::thread::sleep(std::time::Duration::from_millis(2));
        world.send(Request::new("DELETE", "Observation/1"));
        let json = json(&page);
        let links = json.root().get("link").unwrap();
        match links.items().find(|link| link.str("relation").as_deref() == Some("next")) {
            Some(next) => url = next.str("url").unwrap().strip_prefix(BASE).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(ids(&world.get("Patient/p/$everything")).len(), 4);
}

#[test]
fn a_range_of_care_leaves_out_what_was_before_and_after() {
    let world = world();
    for (id, when) in [("x", "2020-02"), ("y", "2021-03-01"), ("z", "2022")] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},
                "subject":{{"reference":"Patient/p"}},"effectiveDateTime":"{when}"}}"#
        );
        expect(&world.put(&format!("Observation/{id}"), &body), 201);
    }
    let within = |range: &str| {
        let found = ids(&world.get(&format!("Patient/p/$everything?_type=Observation&{range}")));
        found.iter().map(|id| id.replace("Observation/", "")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(within("start=2020-02-15&end=2021"), "1 2 x y", "without a date it is of any");
    assert_eq!(within("start=2021-03-02"), "1 2 z");
    assert_eq!(within("end=2020"), "1 2 x");
    assert!(ids(&world.get("Patient/p/$everything?end=1990")).contains(&"Patient/p".to_owned()));
}

#[test]
fn a_page_of_everything_is_bound_to_what_was_asked_and_by_whom() {
    let world = world();
    let page = world.get("Patient/p/$everything?_count=2");
    let json = json(&page);
    let links = json.root().get("link").unwrap();
    let next = links.items().find(|link| link.str("relation").as_deref() == Some("next")).unwrap();
    let next = next.str("url").unwrap().strip_prefix(BASE).unwrap().to_owned();
    expect(&world.get(&next), 200);
    expect(&world.get(&next.replace("Patient/p", "Patient/q")), 400);
    expect(&world.get(&next.replace("_count=2", "_count=2&_type=Observation")), 400);
    expect(&world.get("Patient/p/$everything?_page=1-2"), 400);
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    expect(&world.send_with(&clerk, Request::new("GET", &next)), 400);
    let mut damaged = next.into_bytes();
    let last = damaged.len() - 5;
    damaged[last] = if damaged[last] == b'A' { b'B' } else { b'A' };
    expect(&world.get(std::str::from_utf8(&damaged).unwrap()), 400);
}

#[test]
fn everything_that_goes_out_is_on_the_audit_trail() {
    let world = world();
    world.get("Patient/p/$everything");
    let (action, detail) = world.trail(1).remove(0);
    assert_eq!(action, "everything");
    for id in ["Patient/p/_history/1", "Observation/1/_history/1", "Organization/top/_history/1"] {
        assert!(detail.contains(id), "{detail}");
    }
    world.get("Patient/p/$everything?_count=1");
    let detail = world.trail(1).remove(0).1;
    assert!(
        detail.contains("Patient/p/_history/1") && !detail.contains("Observation"),
        "only the page: {detail}"
    );
}

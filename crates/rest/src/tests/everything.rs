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
    expect(&world.get("Patient/p/$everything?start=2020"), 400);
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

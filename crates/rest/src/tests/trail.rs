//! The audit trail as AuditEvent: complete, in the shape of BALP, for those who may see it, and changed by nobody.

use super::*;
use fhir::Value;

/// The events of an answer, by id.
fn events(response: &Response) -> Vec<String> {
    expect_ok(response);
    let json = json(response);
    let entries = json.root().get("entry").into_iter().flat_map(Value::items);
    entries.map(|entry| entry.get("resource").unwrap().str("id").unwrap().into_owned()).collect()
}

fn expect_ok(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
}

fn world() -> World {
    let world = World::new();
    for name in ["a", "b"] {
        let patient = format!(r#"{{"resourceType":"Patient","id":"{name}","name":[{{"family":"Ash"}}]}}"#);
        expect(&world.put(&format!("Patient/{name}"), &patient), 201);
    }
    world
}

/// What BALP 1.1 says must be there, of the profile that an event names.
fn has_the_shape_of_its_profile(event: Value<'_>) {
    let profile = event.get("meta").unwrap().get("profile").unwrap().items().next().unwrap();
    let profile = profile.as_str().unwrap();
    let name = profile.rsplit('.').next().unwrap();
    let list = |name: &str| event.get(name).into_iter().flat_map(Value::items).collect::<Vec<_>>();
    let code = |value: Value<'_>| value.str("code").unwrap().into_owned();
    assert_eq!(code(event.get("type").unwrap()), "rest");
    assert_eq!(event.str("outcome").unwrap(), "0");
    assert!(event.get("recorded").is_some() && event.get("source").unwrap().get("observer").is_some());
    let wanted = match name.trim_start_matches("Patient") {
        "Read" => ("R", ["read", "vread"].as_slice()),
        "Query" => ("E", ["search", "history", "operation"].as_slice()),
        "Create" => ("C", ["create"].as_slice()),
        "Update" => ("U", ["update"].as_slice()),
        "Delete" => ("D", ["delete"].as_slice()),
        other => panic!("{other}"),
    };
    assert_eq!(event.str("action").unwrap(), wanted.0);
    assert!(wanted.1.contains(&&*code(list("subtype")[0])), "{name}");
    let agents = list("agent");
    let of = |wanted: &str| {
        let is = |agent: &&Value<'_>| {
            let coding = agent.get("type").unwrap().get("coding").unwrap().items().next().unwrap();
            code(coding) == wanted
        };
        agents.iter().copied().find(|agent| is(&agent)).unwrap()
    };
    for agent in [of("110152"), of("110153")] {
        assert!(agent.get("who").is_some() && agent.get("network").unwrap().get("address").is_some());
    }
    let entity = |kind: &str, role: &str| {
        list("entity").into_iter().filter(|entity| entity.get("role").is_some()).find(|entity| {
            code(entity.get("type").unwrap()) == kind && code(entity.get("role").unwrap()) == role
        })
    };
    if name.starts_with("Patient") {
        let what = entity("1", "1").unwrap().get("what").unwrap().str("reference").unwrap().into_owned();
        assert!(what.starts_with("Patient/"), "{what}");
    }
    match wanted.0 {
        "E" => {
            let query = entity("2", "24").unwrap();
            assert!(query.str("query").is_some() && query.get("what").is_none());
        }
        _ => assert!(entity("2", "4").unwrap().get("what").is_some()),
    }
}

#[test]
fn what_was_done_is_there_at_once_as_events_of_the_right_shape() {
    let world = world();
    world.get("Patient/a");
    world.get("Patient?family=ash");
    world.get("Observation?patient=a");
    world.put("Patient/b", r#"{"resourceType":"Patient","id":"b","name":[{"family":"Birch"}]}"#);
    world.get("Patient/b/_history/1");
    expect(&world.send(Request::new("DELETE", "Patient/b")), 204);
    let all = world.get("AuditEvent?_count=100");
    expect_ok(&all);
    let bundle = json(&all);
    let mut profiles = std::collections::BTreeSet::new();
    for entry in bundle.root().get("entry").unwrap().items() {
        let event = entry.get("resource").unwrap();
        assert_eq!(fhir::validate::structure(event), [], "{}", event.raw());
        let loaded = world.rest.conformance.now().unwrap();
        let report = loaded.profiles().validate(event, &[], &profile::Options::default());
        assert!(report.is_valid(), "{report:?}: {}", event.raw());
        let Some(named) = event.get("meta").unwrap().get("profile") else { continue };
        profiles
            .insert(named.items().next().unwrap().as_str().unwrap().rsplit('.').next().unwrap().to_owned());
        has_the_shape_of_its_profile(event);
    }
    let wanted = ["PatientCreate", "PatientDelete", "PatientQuery", "PatientRead", "PatientUpdate"];
    for name in wanted {
        assert!(profiles.contains(name), "{name} of {profiles:?}");
    }
}

#[test]
fn a_search_that_showed_two_patients_is_two_events_and_each_leads_to_its_patient() {
    let world = world();
    world.get("Patient?family=ash");
    assert_eq!(events(&world.get("AuditEvent?subtype=search")).len(), 2);
    for patient in ["a", "b"] {
        let found = events(&world.get(&format!("AuditEvent?patient=Patient/{patient}&subtype=search")));
        assert_eq!(found.len(), 1, "{patient}");
        let one = world.get(&format!("AuditEvent/{}", found[0]));
        assert!(one.text().contains(&format!("Patient/{patient}")), "{}", one.text());
    }
    expect(&world.get("AuditEvent/999999-1"), 404);
    expect(&world.get("AuditEvent/nonsense"), 404);
}

#[test]
fn events_are_found_by_what_they_say_newest_first_and_page_by_page() {
    let world = world();
    for _ in 0..7 {
        world.get("Patient/a");
    }
    world.get("Patient/nobody");
    let count = |query: &str| events(&world.get(&format!("AuditEvent?{query}&_count=100"))).len();
    assert_eq!(count("patient=a&action=R"), 7);
    assert_eq!(count("patient=a&action=C"), 1);
    assert_eq!(count("entity=Patient/a&subtype=read"), 7);
    assert_eq!(count("outcome=4&patient=nobody"), 1);
    assert!(count("date=ge2020-01-01&type=rest") >= 10);
    assert_eq!(count("date=lt2020-01-01"), 0);
    let who = world.trail(1)[0].1.clone();
    assert!(
        who.contains("audit-view") || who.contains("AuditEvent"),
        "looking is itself on the trail: {who}"
    );
    let mut url = "AuditEvent?patient=a&action=R&_count=3".to_owned();
    let mut all = Vec::new();
    for _ in 0..9 {
        let page = world.get(&url);
        all.extend(events(&page));
        let json = json(&page);
        let links = json.root().get("link").unwrap().items();
        let next = links.into_iter().find(|link| link.str("relation").unwrap() == "next");
        let Some(next) = next else { break };
        url = next.str("url").unwrap().strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
    }
    assert_eq!(all.len(), 7);
    let rows: Vec<u64> = all.iter().map(|id| id.split_once('-').unwrap().0.parse().unwrap()).collect();
    assert!(rows.windows(2).all(|pair| pair[0] > pair[1]), "{rows:?}");
    assert_eq!(at(&world.get("AuditEvent?patient=a&action=R&_summary=count"), "total"), "7");
    assert_eq!(events(&world.get("Patient/a/AuditEvent?action=R")).len(), 7);
}

#[test]
fn nobody_adds_to_the_trail_changes_it_or_takes_from_it_by_fhir() {
    let world = world();
    let event = r#"{"resourceType":"AuditEvent","type":{"code":"rest"},"recorded":"2026-01-01T00:00:00Z",
        "agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}"#;
    let id = events(&world.get("AuditEvent")).remove(0);
    for (method, url) in [
        ("POST", "AuditEvent".to_owned()),
        ("PUT", format!("AuditEvent/{id}")),
        ("PATCH", format!("AuditEvent/{id}")),
        ("DELETE", format!("AuditEvent/{id}")),
        ("GET", format!("AuditEvent/{id}/_history")),
    ] {
        let response = world.send(Request::new(method, &url).body(event));
        expect(&response, 405);
        assert_eq!(at(&response, "issue.0.code"), "not-supported", "{method}");
    }
    let entry = format!(r#"{{"resource":{event},"request":{{"method":"POST","url":"AuditEvent"}}}}"#);
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#);
    expect(&world.post("", &bundle), 400);
}

#[test]
fn only_those_who_may_review_the_trail_see_it() {
    let world = world();
    world.get("Patient/a");
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    for url in ["AuditEvent", "AuditEvent/1-1", "Patient/a/AuditEvent", "AuditEvent?patient=a"] {
        expect(&world.send_with(&doctor, Request::new("GET", url)), 403);
    }
    let officer = world.access.mint_token("privacy-officer", 60).unwrap();
    let seen = events(&world.send_with(&officer, Request::new("GET", "AuditEvent?patient=a&action=R")));
    assert_eq!(seen.len(), 1);
}

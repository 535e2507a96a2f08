//! Transactions: all or nothing, references between entries, conditions.

use super::*;

fn bundle(entries: &[&str]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

fn post(kind: &str, url: &str, rest: &str) -> String {
    format!(
        r#"{{"fullUrl":"{url}","resource":{{"resourceType":"{kind}"{rest}}},"request":{{"method":"POST",
            "url":"{kind}"}}}}"#
    )
}

const OBSERVATION: &str = r#","status":"final","code":{"text":"x"}"#;

#[test]
fn references_between_entries_are_rewritten() {
    let world = World::new();
    let uuid = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
    let response = world.post(
        "",
        &bundle(&[
            &post(
                "Observation",
                "urn:uuid:1",
                &format!(
                    r#"{OBSERVATION},"subject":{{"reference":"{uuid}"}},
            "performer":[{{"reference":"Practitioner/77"}},
            {{"reference":"http://a.example/Practitioner/77"}}]"#
                ),
            ),
            &post("Patient", uuid, ""),
            &post("Practitioner", "http://a.example/Practitioner/77", ""),
        ]),
    );
    expect(&response, 200);
    assert_eq!(at(&response, "type"), "transaction-response");
    let location = |i: usize| at(&response, &format!("entry.{i}.response.location"));
    let bare = |i: usize| location(i).split("/_history").next().unwrap().to_owned();
    assert_eq!(at(&response, "entry.0.response.status"), "201 Created");
    assert_eq!(at(&response, "entry.0.response.etag"), "W/\"1\"");
    let observation = world.get(&bare(0));
    assert_eq!(at(&observation, "subject.reference"), bare(1));
    assert_eq!(at(&observation, "performer.0.reference"), bare(2));
    assert_eq!(at(&observation, "performer.1.reference"), bare(2));
}

#[test]
fn every_fault_of_every_entry_comes_with_its_place_and_nothing_is_written() {
    let world = World::new();
    let response = world.post(
        "",
        &bundle(&[
            &post("Patient", "urn:uuid:1", ""),
            &post("Patient", "urn:uuid:2", r#","gender":"unclear""#),
            &post(
                "Observation",
                "urn:uuid:3",
                r#","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:9"}"#,
            ),
            r#"{"resource":{"resourceType":"Basic","id":"a"},"request":{"method":"PUT","url":"Basic/b"}}"#,
        ]),
    );
    assert!((400..500).contains(&response.status));
    expect(
        &world.post(
            "",
            &bundle(&[
                &post("Patient", "urn:uuid:1", ""),
                &post("Patient", "urn:uuid:2", r#","gender":"unclear""#),
                &post(
                    "Observation",
                    "urn:uuid:3",
                    r#","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:9"}"#,
                ),
            ]),
        ),
        422,
    );
    let refused = world.post(
        "",
        &bundle(&[
            &post("Patient", "urn:uuid:1", r#","gender":"unclear""#),
            &post("Patient", "urn:uuid:2", r#","birthDate":"x""#),
        ]),
    );
    let text = refused.text();
    for place in ["Bundle.entry[0].resource.gender", "Bundle.entry[1].resource.birthDate"] {
        assert!(text.contains(place), "{place} in {text}");
    }
    assert_eq!(at(&world.get("_history"), "entry"), "", "nothing was written");
}

#[test]
fn the_shape_of_the_bundle_itself_is_checked() {
    let world = World::new();
    for (entry, place) in [
        (r#"{"resource":{"resourceType":"Patient"}}"#, "Bundle.entry[0].request"),
        (r#"{"request":{"method":"POST","url":"Patient"}}"#, "Bundle.entry[0].resource"),
        (r#"{"request":{"method":"POST"}}"#, "Bundle.entry[0].request.url"),
        (r#"{"request":{"method":"BREW","url":"Patient"}}"#, "Bundle.entry[0].request.method"),
        (r#"{"request":{"method":"DELETE","url":"Nonsense/1"}}"#, "Bundle.entry[0].request.url"),
        (r#"{"request":{"method":"POST","url":"ValueSet/$lookup"}}"#, "Bundle.entry[0].request.url"),
        (r#"{"nonsense":1,"request":{"method":"DELETE","url":"Patient/1"}}"#, "Bundle.entry[0].nonsense"),
    ] {
        let response = world.post("", &bundle(&[entry]));
        assert!((400..500).contains(&response.status), "{}", response.text());
        assert!(response.text().contains(place), "{place} in {}", response.text());
    }
    expect(&world.post("", r#"{"resourceType":"Bundle","type":"transaction"}"#), 200);
    expect(&world.post("", r#"{"resourceType":"Bundle","type":"collection"}"#), 422);
    expect(&world.post("", PATIENT), 400);
}

#[test]
fn entries_are_done_in_the_order_of_the_standard() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    world.put("Patient/b", r#"{"resourceType":"Patient","id":"b"}"#);
    let response = world.post(
        "",
        &bundle(&[
            r#"{"request":{"method":"GET","url":"Patient/b"}}"#,
            r#"{"resource":{"resourceType":"Patient","id":"b","active":true},"request":{"method":"PUT",
            "url":"Patient/b"}}"#,
            r#"{"request":{"method":"DELETE","url":"Patient/a"}}"#,
            r#"{"request":{"method":"GET","url":"Patient?_id=a,b"}}"#,
        ]),
    );
    expect(&response, 200);
    let status = |i: usize| at(&response, &format!("entry.{i}.response.status"));
    assert_eq!([0, 1, 2, 3].map(status), ["200 OK", "200 OK", "204 No Content", "200 OK"]);
    assert_eq!(at(&response, "entry.0.resource.active"), "true");
    assert_eq!(at(&response, "entry.3.resource.entry.0.resource.id"), "b");
    assert_eq!(at(&response, "entry.3.resource.entry.1"), "");
}

#[test]
fn a_read_that_fails_undoes_the_whole() {
    let world = World::new();
    let response = world.post(
        "",
        &bundle(&[
            &post("Patient", "urn:uuid:1", ""),
            r#"{"request":{"method":"GET","url":"Patient/never"}}"#,
        ]),
    );
    expect(&response, 404);
    assert_eq!(at(&world.get("_history"), "entry"), "");
}

#[test]
fn one_resource_is_changed_once() {
    let world = World::new();
    let put =
        r#"{"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}}"#;
    let response = world.post("", &bundle(&[put, put]));
    expect(&response, 422);
    assert_eq!(at(&response, "issue.0.code"), "duplicate");
    let delete = r#"{"request":{"method":"DELETE","url":"Patient/a"}}"#;
    expect(&world.post("", &bundle(&[put, delete])), 422);
}

#[test]
fn a_version_that_is_not_current_undoes_the_whole() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let response = world.post(
        "",
        &bundle(&[
            &post("Patient", "urn:uuid:1", ""),
            r#"{"resource":{"resourceType":"Patient","id":"a","active":true},"request":{"method":"PUT",
            "url":"Patient/a","ifMatch":"W/\"7\""}}"#,
        ]),
    );
    expect(&response, 412);
    assert_eq!(at(&response, "issue.0.expression.0"), "Bundle.entry[1].resource");
    assert_eq!(at(&world.get("Patient/_history"), "entry.1"), "");
}

#[test]
fn a_conditional_reference_means_exactly_one() {
    let world = World::new();
    let refer = |n: usize| {
        let subject = format!(r#"{OBSERVATION},"subject":{{"reference":"Patient?identifier=urn:test|{n}"}}"#);
        world.post("", &bundle(&[&post("Observation", "urn:uuid:1", &subject)]))
    };
    let none = refer(1);
    expect(&none, 412);
    assert_eq!(at(&none, "issue.0.code"), "not-found");
    let patient = id(&world.post("Patient", PATIENT));
    let one = refer(1);
    expect(&one, 200);
    let location = at(&one, "entry.0.response.location");
    let observation = world.get(location.split("/_history").next().unwrap());
    assert_eq!(at(&observation, "subject.reference"), format!("Patient/{patient}"));
    world.post("Patient", PATIENT);
    let two = refer(1);
    expect(&two, 412);
    assert_eq!(at(&two, "issue.0.code"), "multiple-matches");
}

#[test]
fn a_conditional_reference_may_mean_an_entry_of_the_same_transaction() {
    let world = World::new();
    let subject = format!(r#"{OBSERVATION},"subject":{{"reference":"Patient?identifier=urn:test|5"}}"#);
    let response = world.post(
        "",
        &bundle(&[
            &post("Observation", "urn:uuid:1", &subject),
            &post("Patient", "urn:uuid:2", r#","identifier":[{"system":"urn:test","value":"5"}]"#),
        ]),
    );
    expect(&response, 200);
    let bare = |i: usize| {
        at(&response, &format!("entry.{i}.response.location")).split("/_history").next().unwrap().to_owned()
    };
    assert_eq!(at(&world.get(&bare(0)), "subject.reference"), bare(1));
}

#[test]
fn a_conditional_create_that_finds_one_lends_it_to_references() {
    let world = World::new();
    let patient = id(&world.post("Patient", PATIENT));
    let conditional = r#"{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient"},
        "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:test|1"}}"#;
    let observation = post(
        "Observation",
        "urn:uuid:o",
        &format!(r#"{OBSERVATION},"subject":{{"reference":"urn:uuid:p"}}"#),
    );
    let response = world.post("", &bundle(&[conditional, &observation]));
    expect(&response, 200);
    assert_eq!(at(&response, "entry.0.response.status"), "200 OK");
    let location = at(&response, "entry.1.response.location");
    let observation = world.get(location.split("/_history").next().unwrap());
    assert_eq!(at(&observation, "subject.reference"), format!("Patient/{patient}"));
}

#[test]
fn two_conditional_creates_of_the_same_make_one() {
    let world = World::new();
    let entry = |url: &str| {
        format!(
            r#"{{"fullUrl":"{url}","resource":{PATIENT},"request":{{"method":"POST","url":"Patient",
                "ifNoneExist":"identifier=urn:test|1"}}}}"#
        )
    };
    let response = world.post("", &bundle(&[&entry("urn:uuid:1"), &entry("urn:uuid:2")]));
    expect(&response, 200);
    let location = |i: usize| at(&response, &format!("entry.{i}.response.location"));
    assert_eq!(location(0), location(1));
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "1");
}

#[test]
fn what_a_transaction_deletes_meets_no_condition_of_its_creates() {
    let world = World::new();
    let old = id(&world.post("Patient", PATIENT));
    let create = r#"{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient",
        "identifier":[{"system":"urn:test","value":"1"}]},
        "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:test|1"}}"#;
    let refers = post(
        "Observation",
        "urn:uuid:o",
        &format!(r#"{OBSERVATION},"subject":{{"reference":"urn:uuid:p"}}"#),
    );
    let delete = |url: &str| format!(r#"{{"request":{{"method":"DELETE","url":"{url}"}}}}"#);
    for what in [format!("Patient/{old}"), "Patient?identifier=urn:test|1".into()] {
        let response = world.post("", &bundle(&[create, &refers, &delete(&what)]));
        expect(&response, 200);
        assert_eq!(at(&response, "entry.0.response.status"), "201 Created");
        let observation = at(&response, "entry.1.response.location");
        let subject = at(&world.get(observation.split("/_history").next().unwrap()), "subject.reference");
        assert!(at(&response, "entry.0.response.location").starts_with(&subject), "{subject}");
        expect(&world.get(&subject), 200);
        assert_eq!(at(&world.get("Patient?identifier=urn:test|1"), "total"), "1");
    }
    expect(&world.get(&format!("Patient/{old}")), 410);
}

#[test]
fn a_link_to_no_entry_is_a_fault_of_the_bundle() {
    let world = World::new();
    let subject = format!(r#"{OBSERVATION},"subject":{{"reference":"urn:uuid:9"}}"#);
    let response = world.post("", &bundle(&[&post("Observation", "urn:uuid:1", &subject)]));
    expect(&response, 422);
    assert!(response.text().contains("urn:uuid:9 is the full URL of no entry"), "{}", response.text());
}

#[test]
fn a_patch_travels_as_a_binary() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    // [{"op":"add","path":"/active","value":true}]
    let patch = r#"{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json",
        "data":"W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0="},
        "request":{"method":"PATCH","url":"Patient/a"}}"#;
    expect(&world.post("", &bundle(&[patch])), 200);
    assert_eq!(at(&world.get("Patient/a"), "active"), "true");
}

#[test]
fn references_to_our_own_address_become_relative() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let body = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},
            "subject":{{"reference":"{BASE}/Patient/a"}}}}"#
    );
    assert_eq!(at(&world.post("Observation", &body), "subject.reference"), "Patient/a");
}

#[test]
fn concurrent_conditional_creates_make_one() {
    let world = World::new();
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    world.send(
                        Request::new("POST", "Patient")
                            .with("if-none-exist", "identifier=urn:test|1")
                            .body(PATIENT),
                    )
                })
            })
            .collect();
        let mut statuses: Vec<u16> = tasks.into_iter().map(|task| task.join().unwrap().status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    });
}

#[test]
fn concurrent_patches_all_take_effect() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","name":[]}"#);
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","name":[{"family":"x"}]}"#);
    std::thread::scope(|scope| {
        for i in 0..4 {
            let world = &world;
            scope.spawn(move || {
                let body = format!(r#"[{{"op":"add","path":"/name/-","value":{{"family":"f{i}"}}}}]"#);
                let request =
                    || Request::new("PATCH", "Patient/a").with("content-type", "application/json-patch+json");
                // Under contention the door may ask to come again.
                while world.send(request().body(body.as_str())).status == 503 {}
            });
        }
    });
    assert_eq!(json(&world.get("Patient/a")).root().get("name").unwrap().items().count(), 5);
}

#[test]
fn links_outside_of_references_are_rewritten_too() {
    let world = World::new();
    let binary = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0";
    let text = format!(
        r#","status":"current","identifier":[{{"system":"urn:ietf:rfc:3986","value":"{binary}"}}],
        "text":{{"status":"generated",
            "div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{binary}\">{binary}</a></div>"}},
        "content":[{{"attachment":{{"url":"{binary}"}}}}]"#
    );
    let response = world.post(
        "",
        &bundle(&[
            &post("DocumentReference", "urn:uuid:1", &text),
            &post("Binary", binary, r#","contentType":"text/plain","data":"AAAA""#),
        ]),
    );
    expect(&response, 200);
    let bare = |i: usize| {
        at(&response, &format!("entry.{i}.response.location")).split("/_history").next().unwrap().to_owned()
    };
    let document = world.get(&bare(0));
    assert_eq!(at(&document, "content.0.attachment.url"), bare(1));
    assert_eq!(at(&document, "identifier.0.value"), binary, "a value is no link");
    let div = at(&document, "text.div");
    assert!(div.contains(&format!("href=\"{}\">{binary}<", bare(1))), "{div}");
}

#[test]
fn a_reference_to_what_two_entries_are_called_is_refused() {
    let world = World::new();
    let refer = |reference: &str| {
        let observation = format!(r#"{OBSERVATION},"subject":{{"reference":"{reference}"}}"#);
        world.post(
            "",
            &bundle(&[
                &post("Observation", "urn:uuid:1", &observation),
                &post("Patient", "http://a.example/Patient/7", ""),
                &post("Patient", "http://b.example/Patient/7", ""),
            ]),
        )
    };
    expect(&refer("Patient/7"), 412);
    expect(&refer("http://a.example/Patient/7"), 200);
}

#[test]
fn conditions_without_end_are_refused() {
    let world = World::new();
    let many: Vec<String> = (0..2_100)
        .map(|i| {
            post(
                "Basic",
                &format!("urn:uuid:{i}"),
                &format!(
                    r#","code":{{"text":"x"}},
            "subject":{{"reference":"Patient?identifier={i}"}}"#
                ),
            )
        })
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    expect(&world.post("", &bundle(&many)), 413);
}

#[test]
fn a_transaction_does_not_hold_the_writer_up_with_thousands_of_searches() {
    let world = World::new();
    let send = |searches: usize| {
        let search = r#",{"request":{"method":"GET","url":"Patient"}}"#.repeat(searches);
        let write = r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}"#;
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{write}{search}]}}"#);
        world.post("", &bundle).status
    };
    assert_eq!(send(5_000), 413);
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "0");
    assert_eq!(send(50), 200);
}

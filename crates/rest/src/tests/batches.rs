//! Batches: each entry on its own.

use super::*;

#[test]
fn each_entry_of_a_batch_stands_alone() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let response = world.post(
        "",
        r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"request":{"method":"GET","url":"Patient/a"}},
        {"request":{"method":"GET","url":"Patient/never"}},
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Patient","gender":"unclear"},"request":{"method":"POST",
            "url":"Patient"}},
        {"request":{"method":"GET","url":"Patient?_id=a"}},
        {"request":{"method":"DELETE","url":"Patient/a"}},
        {"request":{"method":"GET","url":"metadata"}},
        {"request":{"method":"GET","url":"https://care.example/fhir/Patient/a/_history"}},
        {"request":{"method":"POST","url":"/"}},
        {"request":{"method":"GET"}},
        {"nonsense":1}
    ]}"#,
    );
    expect(&response, 200);
    let status = |i: usize| at(&response, &format!("entry.{i}.response.status"));
    assert_eq!(status(0), "200 OK");
    assert_eq!(at(&response, "entry.0.resource.id"), "a");
    assert_eq!(at(&response, "entry.0.response.etag"), "W/\"1\"");
    assert_eq!(status(1), "404 Not Found");
    assert_eq!(at(&response, "entry.1.response.outcome.resourceType"), "OperationOutcome");
    assert_eq!(status(2), "201 Created");
    assert!(at(&response, "entry.2.response.location").contains("/Patient/"));
    assert_eq!(at(&response, "entry.2.resource"), "", "minimal unless asked");
    assert_eq!(status(3), "422 Unprocessable Entity");
    assert_eq!(at(&response, "entry.4.resource.type"), "searchset");
    assert_eq!(status(5), "204 No Content");
    assert_eq!(at(&response, "entry.6.resource.resourceType"), "CapabilityStatement");
    assert_eq!(at(&response, "entry.7.resource.type"), "history");
    assert_eq!(status(8).get(..1), Some("4"));
    assert_eq!(status(9).get(..3), Some("422"));
    assert_eq!(at(&response, "entry.9.response.outcome.issue.0.expression.0"), "Bundle.entry[9].request.url");
    assert_eq!(status(10).get(..3), Some("422"));
    assert_eq!(json(&response).root().get("entry").unwrap().items().count(), 11);
}

#[test]
fn a_preference_holds_for_each_entry() {
    let world = World::new();
    let body = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"},
        "request":{"method":"POST","url":"Patient"}}]}"#;
    let response = world.send(Request::new("POST", "").with("prefer", "return=representation").body(body));
    assert_eq!(at(&response, "entry.0.resource.resourceType"), "Patient");
}

#[test]
fn reads_of_a_batch_are_on_the_audit_trail() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    world.post(
        "",
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET",
        "url":"Patient/a"}}]}"#,
    );
    let trail = world.trail(1);
    assert_eq!(trail[0].0, "read");
    assert!(trail[0].1.contains("Patient/a/_history/1"), "{}", trail[0].1);
}

#[test]
fn a_batch_whose_answer_grows_too_large_leaves_its_last_entries_undone() {
    let world = World::new();
    let data = "QUJD".repeat(1 << 20);
    let binary =
        format!(r#"{{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"{data}"}}"#);
    expect(&world.put("Binary/b", &binary), 201);
    let read = r#"{"request":{"method":"GET","url":"Binary/b"}},"#.repeat(20);
    let write =
        r#"{"resource":{"resourceType":"Patient","id":"p"},"request":{"method":"PUT","url":"Patient/p"}}"#;
    let response =
        world.post("", &format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{read}{write}]}}"#));
    expect(&response, 200);
    assert_eq!(at(&response, "entry.0.response.status"), "200 OK");
    assert_eq!(at(&response, "entry.20.response.status"), "413 Payload Too Large");
    assert!(response.body.len() < 100 << 20);
    expect(&world.get("Patient/p"), 404);
}

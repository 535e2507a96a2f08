//! Requests that are answered later.

use super::*;

/// The one entry of a late answer.
fn entry(response: &Response, path: &str) -> String {
    assert_eq!(at(response, "type"), "batch-response");
    at(response, &format!("entry.0.{path}"))
}

#[test]
fn a_search_is_answered_later_as_it_would_be_now() {
    let world = World::new();
    world.put("Patient/p", &PATIENT.replacen('{', r#"{"id":"p","#, 1));
    let place = world.begin(Request::new("GET", "Patient?family=Ashe&_format=json"));
    let waiting = world.get(&place);
    expect(&waiting, 202);
    assert!(waiting.header("x-progress").is_some() && waiting.header("retry-after").is_some());
    world.work();
    let answer = world.get(&place);
    expect(&answer, 200);
    assert_eq!(entry(&answer, "response.status"), "200 OK");
    let now = json(&world.get("Patient?family=Ashe"));
    assert_eq!(entry(&answer, "resource"), now.root().raw());
    let everything = world.begin(Request::new("GET", "Patient/p/$everything"));
    let wrong = world.begin(Request::new("GET", "Patient?nonsense=1"));
    world.work();
    assert_eq!(entry(&world.get(&everything), "resource.total"), "1");
    let wrong = world.get(&wrong);
    expect(&wrong, 200);
    assert_eq!(entry(&wrong, "response.status"), "400 Bad Request");
    assert_eq!(entry(&wrong, "response.outcome.resourceType"), "OperationOutcome");
}

#[test]
fn what_is_answered_later_is_on_the_trail_before_anyone_sees_it() {
    let world = World::new();
    world.put("Patient/p", &PATIENT.replacen('{', r#"{"id":"p","#, 1));
    world.begin(Request::new("GET", "Patient?family=Ashe"));
    world.work();
    let trail = world.trail(5);
    assert!(
        trail.iter().any(|(action, detail)| action == "search" && detail.contains("Patient/p/_history/1"))
    );
    assert!(trail.iter().any(|(action, _)| action == "job-begin"));
}

#[test]
fn a_transaction_is_done_later_and_once() {
    let world = World::new();
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}}]}"#;
    let place = world.begin(Request::new("POST", "").body(bundle));
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "0", "not yet");
    world.work();
    let answer = world.get(&place);
    assert_eq!(entry(&answer, "response.status"), "200 OK");
    assert_eq!(entry(&answer, "resource.type"), "transaction-response");
    assert_eq!(entry(&answer, "resource.entry.0.response.status"), "201 Created");
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "1");
    // As after a crash between the commit and the note that it is done.
    let id = place.rsplit_once('/').unwrap().1.to_owned();
    let store = world.access.store();
    let kept = String::from_utf8(store.kept("job", &id).unwrap().unwrap()).unwrap();
    let open = kept.replace("\"open\":false", "\"open\":true");
    assert_ne!(open, kept);
    store
        .write(record::Author::system("test"), move |tx| {
            tx.keep("job", &id, open.as_bytes(), None)?;
            tx.keep("job-open", &id, b"", None)
        })
        .unwrap();
    world.work();
    assert_eq!(json(&world.get(&place)).text(), json(&answer).text(), "the first answer again");
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "1");
}

#[test]
fn entries_of_a_late_batch_are_not_put_off_again() {
    let world = World::new();
    let bundle = r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"request":{"method":"GET","url":"Patient"}},
        {"request":{"method":"GET","url":"$jobs/never"}}]}"#;
    let place = world.begin(Request::new("POST", "").body(bundle));
    world.work();
    let answer = world.get(&place);
    assert_eq!(entry(&answer, "resource.entry.0.response.status"), "200 OK");
    assert_eq!(entry(&answer, "resource.entry.1.response.status"), "405 Method Not Allowed");
}

#[test]
fn what_takes_no_time_is_answered_at_once_whatever_is_preferred() {
    let world = World::new();
    let read = Request::new("GET", "Patient/never").with("prefer", "respond-async");
    expect(&world.send(read), 404);
    let create = Request::new("POST", "Patient").with("prefer", "respond-async").body(PATIENT);
    expect(&world.send(create), 201);
}

#[test]
fn what_is_no_resource_is_answered_at_once_since_a_late_answer_is_a_bundle() {
    let world = World::new();
    world.put("Patient/p", &PATIENT.replacen('{', r#"{"id":"p","#, 1));
    let query = Request::new("GET", "Patient/p/$graphql?query={id}").with("prefer", "respond-async");
    assert_eq!(world.send(query).text(), r#"{"data":{"id":"p"}}"#);
    let view = r#"{"resourceType":"ViewDefinition","resource":"Patient","select":[
        {"column":[{"name":"id","path":"id"}]}]}"#;
    let rows = Request::new("POST", "ViewDefinition/$run").with("prefer", "respond-async").body(view);
    assert_eq!(world.send(rows).text(), "{\"id\":\"p\"}\n");
}

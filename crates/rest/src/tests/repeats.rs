//! The same request twice takes effect once.

use super::*;

fn post(world: &World, key: &str, body: &str) -> Response {
    world.send(Request::new("POST", "Patient").with("idempotency-key", key).body(body))
}

#[test]
fn a_repeated_create_gives_the_first_answer_again() {
    let world = World::new();
    let first = post(&world, "k", PATIENT);
    expect(&first, 201);
    for _ in 0..3 {
        let again = post(&world, "k", PATIENT);
        assert_eq!((again.status, again.text()), (201, first.text()));
        for name in ["location", "etag", "last-modified"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    assert_ne!(at(&post(&world, "other", PATIENT), "id"), at(&first, "id"));
}

#[test]
fn the_first_answer_comes_even_after_the_resource_has_moved_on() {
    let world = World::new();
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    let put = || {
        let request = Request::new("PUT", "Patient/a").with("x-request-id", "r").with("if-match", "W/\"1\"");
        world.send(request.body(r#"{"resourceType":"Patient","id":"a","active":true}"#))
    };
    let first = put();
    expect(&first, 200);
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","active":false}"#);
    let again = put();
    assert_eq!((again.status, again.text(), again.header("etag")), (200, first.text(), Some("W/\"2\"")));
}

#[test]
fn a_name_used_for_another_body_is_refused() {
    let world = World::new();
    post(&world, "k", PATIENT);
    expect(&post(&world, "k", r#"{"resourceType":"Patient"}"#), 422);
    let other_url = Request::new("POST", "Basic")
        .with("idempotency-key", "k")
        .body(r#"{"resourceType":"Basic","code":{"text":"x"}}"#);
    expect(&world.send(other_url), 201);
}

#[test]
fn a_refusal_is_not_kept() {
    let world = World::new();
    let put = || {
        let request =
            Request::new("PUT", "Patient/a").with("idempotency-key", "k").with("if-match", "W/\"1\"");
        world.send(request.body(r#"{"resourceType":"Patient","id":"a","active":true}"#))
    };
    expect(&put(), 404);
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#);
    expect(&put(), 200);
}

#[test]
fn callers_do_not_share_names() {
    let world = World::new();
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let first = post(&world, "k", PATIENT);
    let other =
        world.send_with(&doctor, Request::new("POST", "Patient").with("idempotency-key", "k").body(PATIENT));
    expect(&other, 201);
    assert_ne!(at(&other, "id"), at(&first, "id"));
}

#[test]
fn a_repeated_transaction_takes_effect_once() {
    let world = World::new();
    let body = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"request":{"method":"DELETE","url":"Patient/never"}},
        {"request":{"method":"GET","url":"Patient?_summary=count"}}]}"#;
    let send = || world.send(Request::new("POST", "").with("idempotency-key", "k").body(body));
    let first = send();
    expect(&first, 200);
    assert_eq!(send().text(), first.text());
    assert_eq!(at(&first, "entry.2.resource.total"), "1");
}

#[test]
fn a_repeated_batch_takes_effect_once() {
    let world = World::new();
    let body = r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}"#;
    let send = || world.send(Request::new("POST", "").with("x-request-id", "r").body(body));
    let first = send();
    assert_eq!(send().text(), first.text());
    assert_ne!(at(&first, "entry.0.response.location"), at(&first, "entry.1.response.location"));
}

#[test]
fn repeats_at_the_same_time_take_effect_once() {
    let world = World::new();
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..8).map(|_| scope.spawn(|| post(&world, "k", PATIENT))).collect();
        let ids: Vec<String> = tasks.into_iter().map(|task| id(&task.join().unwrap())).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    });
}

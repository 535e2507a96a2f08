//! What a receiver is told when all goes well.

use super::receiver::parameters;
use super::*;
use crate::topic::tests::ENDED;

#[test]
fn r4_without_payload_is_a_bare_post_for_each_change_that_meets_the_criteria() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(&observation(0, "final"));
    world.put(&plain("s", "Observation?code=http://loinc.org|1975-2&status=final", &receiver.url(), false));
    world.until_status("s", "active");
    world.put(&observation(1, "final"));
    world.put(&observation(1, "amended"));
    world.put(&encounter("e", "planned"));
    world.delete("Observation", "o1");
    world.put(&observation(2, "final"));
    until("two notifications", || receiver.count() == 2);
    for came in receiver.came() {
        assert_eq!((came.method.as_str(), came.path.as_str(), came.body.as_str()), ("POST", "/hook", ""));
        assert_eq!(came.header("authorization"), "Bearer its-own");
        assert_eq!(came.header("host"), receiver.address.to_string());
    }
}

#[test]
fn r4_with_payload_is_an_update_of_the_resource_below_the_endpoint_in_order() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe(1..=20);
    until("all", || receiver.count() == 20);
    let came = receiver.came();
    let paths: Vec<&str> = came.iter().map(|came| came.path.as_str()).collect();
    let expected: Vec<String> = (1..=20).map(|n| format!("/hook/Observation/o{n}")).collect();
    assert_eq!(paths, expected);
    assert!(came.iter().all(|c| c.method == "PUT" && c.header("content-type") == "application/fhir+json"));
    assert!(came[0].body.contains("\"versionId\":\"1\""));
}

#[test]
fn a_topic_greets_and_tells_what_turned_into_what_it_is_about() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    world.put(&encounter("e", "in-progress"));
    world.put(&by_topic("s", &hook(&receiver.url()), "full-resource", ""));
    world.until_status("s", "active");
    world.put(&encounter("e", "finished"));
    world.put(&encounter("f", "in-progress"));
    world.put(&encounter("g", "finished"));
    until("a handshake and two events", || receiver.count() == 3);
    let came = receiver.came();
    assert_eq!(came[0].parameters("type"), ["handshake"]);
    assert_eq!(came[0].parameters("status"), ["requested"]);
    assert_eq!(came[1].parameters("type"), ["event-notification"]);
    assert_eq!(came[1].parameters("event-number"), ["1"]);
    assert_eq!(came[1].parameters("focus"), [format!("{BASE}/Encounter/e")]);
    assert_eq!(came[2].parameters("event-number"), ["2"]);
    assert_eq!(came[2].parameters("subscription"), [format!("{BASE}/Subscription/s")]);
    for one in &came {
        let json = Json::parse(one.body.as_str(), Limits::DOOR).unwrap();
        assert_eq!(json.root().str("type").as_deref(), Some("history"));
        assert_eq!(fhir::validate::structure(json.root()), [], "{}", one.body);
    }
    assert!(came[1].body.contains(r#""method":"PUT","url":"Encounter/e""#), "{}", came[1].body);
    assert!(came[2].body.contains(r#""method":"POST","url":"Encounter""#), "{}", came[2].body);
    assert!(came[2].body.contains(r#""status":"finished""#));
}

#[test]
fn id_only_and_empty_say_no_more_than_that_and_many_events_share_a_notification() {
    let world = World::new();
    let (ids, bare) = (world.receiver(), world.receiver());
    world.put(ENDED);
    world.put(&by_topic("ids", &hook(&ids.url()), "id-only", &extension("backport-max-count", 10)));
    world.put(&by_topic("bare", &hook(&bare.url()), "empty", ""));
    world.until_status("ids", "active");
    world.until_status("bare", "active");
    ids.answers(&[503], 200);
    for id in ["a", "b", "c", "d"] {
        world.put(&encounter(id, "finished"));
    }
    until("the last event", || {
        ids.came().iter().any(|c| c.parameters("event-number").contains(&"4".to_owned()))
    });
    until("five", || bare.count() == 5);
    let last = ids.came().pop().unwrap();
    assert!(!last.body.contains("in-progress") && !last.body.contains("\"class\""), "{}", last.body);
    assert_eq!(last.parameters("focus").pop().unwrap(), format!("{BASE}/Encounter/d"));
    for came in bare.came() {
        assert!(!came.body.contains("Encounter/"), "{}", came.body);
    }
}

#[test]
fn a_filter_narrows_a_topic() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    let filtered = by_topic("s", &hook(&receiver.url()), "id-only", "").replace(
        "\"channel\":",
        r#""_criteria":{"extension":[{"url":
        "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria",
        "valueString":"Encounter?patient=Patient/p"}]},"channel":"#,
    );
    world.put(&filtered);
    world.until_status("s", "active");
    world.put(&encounter("other", "finished").replace("Patient/p", "Patient/q"));
    world.put(&encounter("mine", "finished"));
    until("one event", || receiver.count() == 2);
    assert_eq!(receiver.came()[1].parameters("focus"), [format!("{BASE}/Encounter/mine")]);
}

#[test]
fn silence_is_broken_by_a_heartbeat_and_an_end_ends_it() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    let soon = fhir::Instant(world.access.now().0 + 2_500).to_string();
    let text = by_topic("s", &hook(&receiver.url()), "empty", &extension("backport-heartbeat-period", 1));
    world.put(&text.replace("\"reason\"", &format!("\"end\":\"{soon}\",\"reason\"")));
    until("a heartbeat", || receiver.came().iter().any(|came| came.parameters("type") == ["heartbeat"]));
    world.until_status("s", "off");
    let before = receiver.count();
    world.put(&encounter("late", "finished"));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.count(), before);
}

#[test]
fn events_can_be_asked_for_by_number_and_status_at_any_time() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    world.put(&by_topic("s", &hook(&receiver.url()), "id-only", ""));
    world.until_status("s", "active");
    for id in ["a", "b", "c"] {
        world.put(&encounter(id, "finished"));
    }
    until("all", || receiver.count() == 4);
    let numbers = |range, content| {
        let text = world.subscriptions.events(&world.system, "s", range, content).unwrap().text();
        (parameters(&text, "event-number"), parameters(&text, "type"), text)
    };
    let (all, occasion, _) = numbers((None, None), None);
    assert_eq!((all, occasion), (vec!["1".into(), "2".into(), "3".into()], vec!["query-event".to_owned()]));
    assert_eq!(numbers((Some(2), None), None).0, ["2", "3"]);
    assert_eq!(numbers((Some(2), Some(2)), None).0, ["2"]);
    assert!(numbers((Some(3), None), Some("full-resource")).2.contains("\"finished\""));
    assert!(world.subscriptions.events(&world.system, "s", (None, None), Some("all")).is_err());
    assert!(world.subscriptions.events(&world.system, "never", (None, None), None).is_err());
    let status = world.subscriptions.status(&world.system, &["s".into()], &[]).unwrap().text();
    assert!(status.contains("query-status") && status.contains("\"valueString\":\"3\""), "{status}");
    let none = world.subscriptions.status(&world.system, &[], &["error".into()]).unwrap().text();
    assert!(none.contains("\"total\":0"), "{none}");
}

#[test]
fn a_websocket_listener_hears_what_it_missed_and_what_comes() {
    let world = World::new();
    world.put(ENDED);
    world.put(&by_topic("s", r#""type":"websocket""#, "id-only", ""));
    world.put(
        r#"{"resourceType":"Subscription","id":"r4","status":"requested","reason":"test","criteria":"Observation",
        "channel":{"type":"websocket"}}"#,
    );
    world.until_status("s", "active");
    world.until_status("r4", "active");
    world.put(&encounter("missed", "finished"));
    let token = world.subscriptions.binding_token(&world.system, &["s".into()], "ws://here").unwrap().text();
    let token = token.split_once("\"valueString\":\"").unwrap().1.split_once('"').unwrap().0;
    let mut heard = world.subscriptions.bind_with_token(token).unwrap();
    assert_eq!(parameters(&heard[0].greeting(), "type"), ["handshake"]);
    let next = |listener: &mut crate::Listener| {
        let next = async { tokio::time::timeout(Duration::from_secs(20), listener.next()).await };
        world.runtime.block_on(next).expect("it says something").expect("it goes on")
    };
    assert_eq!(parameters(&next(&mut heard[0]), "event-number"), ["1"]);
    world.put(&encounter("new", "finished"));
    assert_eq!(parameters(&next(&mut heard[0]), "focus"), [format!("{BASE}/Encounter/new")]);
    let mut r4 = world.subscriptions.bind(&world.system, "r4").unwrap();
    assert_eq!(r4.greeting(), "bound r4");
    world.observe([1]);
    assert_eq!(next(&mut r4), "ping r4");
    world.delete("Subscription", "r4");
    let ended = async { tokio::time::timeout(Duration::from_secs(20), r4.next()).await };
    assert_eq!(world.runtime.block_on(ended).expect("it ends"), None);
    assert!(world.subscriptions.bind_with_token("guess").is_err());
}

fn of_patient(id: &str, patient: &str) -> String {
    observation(0, "final").replace("\"o0\"", &format!("\"{id}\"")).replace("Patient/p", patient)
}

#[test]
fn criteria_may_follow_references_as_they_were_when_the_resource_itself_changed() {
    let mut world = World::new();
    let (chained, reverse) = (world.receiver(), world.receiver());
    let named = |id: &str, family: &str| {
        format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#)
    };
    world.put(&named("lee", "Lee"));
    world.put(&named("may", "May"));
    world.put(&plain("c", "Observation?subject:Patient.family=Lee&status=final", &chained.url(), true));
    world.put(&plain("r", "Patient?_has:Observation:patient:code=1975-2", &reverse.url(), true));
    world.until_status("c", "active");
    world.until_status("r", "active");
    world.put(&of_patient("a", "Patient/may"));
    world.put(&of_patient("b", "Patient/lee"));
    world.put(&of_patient("d", "Patient/lee").replace("final", "amended"));
    until("of the one who is meant", || chained.count() == 1);
    assert_eq!(chained.came()[0].path, "/hook/Observation/b");
    // R4 tells of the resource that was created or updated: what another one does is told with the next change.
    world.stop_and(|world| {
        world.put(&named("may", "Lee"));
        world.put(&of_patient("e", "Patient/may"));
        world.put(&named("may", "May"));
    });
    until("as it was then", || chained.count() == 2);
    assert_eq!(chained.came()[1].path, "/hook/Observation/e");
    until("both changes of a patient who has a result", || reverse.count() == 2);
    assert!(reverse.came().iter().all(|came| came.path == "/hook/Patient/may"));
}

#[test]
fn a_chain_leads_only_to_what_the_owner_sees() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(r#"{"resourceType":"Patient","id":"p"}"#);
    world.put(r#"{"resourceType":"Patient","id":"q"}"#);
    let narrow = world.hire("a.okafor", "doctor").with_reach(["p".to_owned()]);
    world.put_as(&narrow, &plain("s", "Patient?link:Patient.gender=male", &receiver.url(), false));
    world.put_as(&narrow, &plain("t", "Patient?_id=p", &receiver.url(), true));
    world.until_status("s", "active");
    world.until_status("t", "active");
    world.put(r#"{"resourceType":"Patient","id":"q","gender":"male"}"#);
    world.put(
        r#"{"resourceType":"Patient","id":"p","link":[{"other":{"reference":"Patient/q"},"type":"seealso"}]}"#,
    );
    until("the plain one", || receiver.count() == 1);
    let rows = crate::list(world.access.store()).unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.id.as_str(), row.events)).collect::<Vec<_>>(),
        [("s", 0), ("t", 1)]
    );
}

//! What may not be seen does not leave, in any form.

use super::*;
use crate::topic::tests::ENDED;

#[test]
fn what_its_owner_may_not_see_is_no_event() {
    let world = World::new();
    let receiver = world.receiver();
    let narrow = world.hire("a.okafor", "doctor").with_reach(["p".to_owned()]);
    world.put(r#"{"resourceType":"Patient","id":"p"}"#);
    world.put(r#"{"resourceType":"Patient","id":"q"}"#);
    world.put(ENDED);
    world.put_as(&narrow, &by_topic("s", &hook(&receiver.url()), "full-resource", ""));
    world.until_status("s", "active");
    world.put(&encounter("hidden", "finished").replace("Patient/p", "Patient/q"));
    world.put(&encounter("seen", "finished"));
    until("the one", || receiver.count() == 2);
    let came = receiver.came();
    assert_eq!(came[1].parameters("focus"), [format!("{BASE}/Encounter/seen")]);
    assert_eq!(came[1].parameters("event-number"), ["1"], "nothing is counted that is hidden");
    assert!(came.iter().all(|came| !came.body.contains("hidden")));
}

#[test]
fn nothing_leaves_once_the_owner_is_shut_out() {
    let world = World::new();
    let receiver = world.receiver();
    let doctor = world.hire("a.okafor", "doctor");
    world.put_as(&doctor, &plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe([1]);
    until("the first", || receiver.count() == 1);
    receiver.answers(&[], 503);
    world.observe([2]);
    until("that it waits", || receiver.count() > 1);
    world.access.set_disabled("a.okafor", true).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let before = receiver.count();
    receiver.answers(&[], 200);
    world.observe([3]);
    world.until_status("s", "error");
    until("that it says why", || {
        world.member("s", "error").contains("may see nothing here any more") || {
            crate::list(world.access.store()).unwrap()[0]
                .error
                .as_deref()
                .is_some_and(|e| e.contains("may see nothing"))
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.count(), before, "what waited did not leave, either");
    world.access.set_disabled("a.okafor", false).unwrap();
    until("what waited", || receiver.count() > before);
    assert_eq!(receiver.came()[before].path, "/hook/Observation/o2");
}

#[test]
fn a_revoked_token_ends_its_subscription_and_another_role_narrows_one() {
    let world = World::new();
    let (program, person) = (world.receiver(), world.receiver());
    let token = world.access.mint_token("system", 5).unwrap();
    let session = world.access.bearer(&token).unwrap();
    world.put_as(&session, &plain("program", "Observation", &program.url(), true));
    let doctor = world.hire("a.okafor", "doctor");
    world.put_as(&doctor, &plain("person", "Observation", &person.url(), true));
    world.until_status("program", "active");
    world.until_status("person", "active");
    world.access.revoke_token(&token).unwrap();
    world.access.set_profile("a.okafor", "1", &access::NewProfile::new("receptionist")).unwrap();
    world.observe([1, 2]);
    world.put(&plain("last", "Observation", &world.receiver().url(), true));
    world.until_status("last", "active");
    assert_eq!((program.count(), person.count()), (0, 0));
    let rows = crate::list(world.access.store()).unwrap();
    assert!(rows.iter().all(|row| row.events == 0), "{rows:?}");
}

#[test]
fn one_whose_owner_loses_their_role_stops_and_says_why_though_nothing_happens() {
    let world = World::new();
    let (lost, gone, kept) = (world.receiver(), world.receiver(), world.receiver());
    world.put(ENDED);
    let moved = world.hire("a.okafor", "doctor");
    let left = world.hire("b.leaver", "doctor");
    world.put_as(&moved, &plain("lost", "Observation", &lost.url(), true));
    world.put_as(&moved, &by_topic("topic", &hook(&lost.url()), "id-only", ""));
    world.put_as(&left, &plain("gone", "Observation", &gone.url(), true));
    world.put(&plain("kept", "Observation", &kept.url(), true));
    for id in ["lost", "topic", "gone", "kept"] {
        world.until_status(id, "active");
    }
    let greetings = lost.count();
    world.access.set_profile("a.okafor", "1", &access::NewProfile::new("receptionist")).unwrap();
    world.access.set_disabled("b.leaver", true).unwrap();
    for id in ["lost", "topic", "gone"] {
        world.until_status(id, "error");
    }
    assert!(world.member("lost", "error").contains("has no part in Observation"));
    assert!(world.member("topic", "error").contains("has no part in Encounter"));
    assert!(world.member("gone", "error").contains("may see nothing here any more"));
    world.put(&encounter("e", "finished"));
    world.observe([1]);
    until("the one that goes on", || kept.count() == 1);
    assert_eq!((lost.count(), gone.count()), (greetings, 0), "nothing leaves");
    // A server that starts anew finds them so; who has their role again is told from then on, and of nothing before.
    let mut world = world;
    world.stop();
    world.start();
    world.access.set_profile("a.okafor", "1", &access::NewProfile::new("doctor")).unwrap();
    world.until_status("lost", "active");
    assert_eq!(world.member("lost", "error"), "");
    world.observe([2]);
    until("what comes after", || lost.count() > greetings);
    assert_eq!(lost.came()[greetings].path, "/hook/Observation/o2");
    assert_eq!(world.member("gone", "status"), "error");
}

#[test]
fn whoever_changes_a_subscription_owns_it() {
    let world = World::new();
    let receiver = world.receiver();
    world.put_as(&world.system, &plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    let clerk = world.hire("b.clerk", "administrator");
    // The clerk sees Subscriptions and no Observation; what the clerk redirects tells nothing.
    let json = plain("s", "Observation", &format!("{}/mine", receiver.url()), true);
    let json = Json::parse(json, Limits::DOOR).unwrap();
    let refused = (world.subscriptions.guards()[0].check)(&clerk, json.root()).unwrap();
    assert!(refused[0].text.contains("has no part in Observation"), "{refused:?}");
    let prepared = Prepared::of(&json, "s").unwrap();
    let by = clerk.clone();
    let act = move |tx: &mut record::Tx<'_>| {
        let written = tx.put(prepared, None)?;
        guard::filed(tx, &by, &written)
    };
    world.access.store().write(clerk.author("test.put", None), act).unwrap();
    world.until_status("s", "error");
    assert!(world.member("s", "error").contains("has no part in Observation"));
    world.observe([1]);
    world.put(&plain("last", "Observation", &world.receiver().url(), true));
    world.until_status("last", "active");
    assert_eq!(receiver.count(), 0);
}

#[test]
fn what_leaves_is_on_the_audit_trail_and_errors_hold_nothing_of_it() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(r#"{"resourceType":"Patient","id":"p"}"#);
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe([1]);
    until("it", || receiver.count() == 1);
    let rows = world.access.store().reader(&Scope::all()).unwrap().audit(None, 20).unwrap();
    let row = rows.iter().find(|row| row.action == "notify").unwrap();
    assert!(row.detail.contains("Observation/o1/_history/1") && row.detail.contains("Subscription/s"));
    assert_eq!(row.who, world.system.who);
}

#[test]
fn what_a_topic_does_not_offer_is_refused_before_it_is_stored() {
    let world = World::new();
    let check = |text: &str| {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        (world.subscriptions.guards()[0].check)(&world.system, json.root()).unwrap()
    };
    let subscription = by_topic("s", r#""type":"websocket""#, "id-only", "");
    assert!(check(&subscription)[0].text.contains("There is no topic http://care.example/topics/ended"));
    world.put(ENDED);
    assert_eq!(check(&subscription), []);
    assert_eq!(world.subscriptions.topics().unwrap(), ["http://care.example/topics/ended"]);
    let off = plain("s", "Nonsense?x", "ftp://x", true).replace("requested", "off");
    assert_eq!(check(&off), [], "what is off may be stored however it is");
    let broken =
        Json::parse(ENDED.replace("Topic.resourceTrigger", "Topic.eventTrigger"), Limits::DOOR).unwrap();
    let issues = (world.subscriptions.guards()[1].check)(&world.system, broken.root()).unwrap();
    assert!(issues[0].text.contains("needs a trigger"), "{issues:?}");
}

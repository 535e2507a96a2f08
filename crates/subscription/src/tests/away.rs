//! Receivers that are away, refuse or are slow; and a server that crashes.

use super::*;
use crate::topic::tests::ENDED;

#[test]
fn who_was_away_misses_nothing_and_the_status_says_so_meanwhile() {
    let mut world = World::new();
    let receiver = world.receiver();
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    receiver.answers(&[], 503);
    world.observe(1..=3);
    world.until_status("s", "error");
    assert_eq!(world.member("s", "error"), "The receiver answered 503 Service Unavailable.");
    // The server goes away and comes back, too, and more happens meanwhile.
    world.stop();
    world.observe(4..=6);
    receiver.answers(&[], 200);
    let before = receiver.count();
    world.start();
    until("all of them", || receiver.count() == before + 6);
    let paths: Vec<String> = receiver.came()[before..].iter().map(|came| came.path.clone()).collect();
    assert_eq!(paths, [1, 2, 3, 4, 5, 6].map(|n| format!("/hook/Observation/o{n}")));
    world.until_status("s", "active");
    assert_eq!(world.member("s", "error"), "");
}

#[test]
fn a_crash_in_the_middle_tells_again_under_the_same_number() {
    let mut world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    world.put(&by_topic("s", &hook(&receiver.url()), "id-only", ""));
    world.until_status("s", "active");
    world.put(&encounter("a", "finished"));
    until("the first", || receiver.count() == 2);
    until("that it is noted", || crate::list(world.access.store()).unwrap()[0].sent == 1);
    // The receiver has it, and the server dies before it hears so.
    receiver.slows(Duration::from_millis(700));
    world.put(&encounter("b", "finished"));
    until("that it is under way", || crate::list(world.access.store()).unwrap()[0].events == 2);
    std::thread::sleep(Duration::from_millis(100));
    world.work.take().unwrap().crash();
    receiver.slows(Duration::ZERO);
    world.start();
    let second = |came: &&receiver::Came| came.parameters("event-number") == ["2"];
    until("the second", || receiver.came().iter().any(|came| second(&came)));
    world.put(&encounter("c", "finished"));
    until("the third", || receiver.came().last().unwrap().parameters("event-number") == ["3"]);
    assert!(
        receiver
            .came()
            .iter()
            .filter(second)
            .all(|c| c.parameters("focus") == [format!("{BASE}/Encounter/b")])
    );
    assert_eq!(crate::list(world.access.store()).unwrap()[0].events, 3);
}

#[test]
fn what_is_refused_is_given_up_listed_and_can_be_sent_again() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    world.put(&by_topic("s", &hook(&receiver.url()), "id-only", ""));
    world.until_status("s", "active");
    receiver.answers(&[422, 422, 422], 200);
    world.put(&encounter("bad", "finished"));
    world.put(&encounter("good", "finished"));
    until("the good one", || receiver.came().last().unwrap().parameters("event-number") == ["2"]);
    let failed = crate::failed(world.access.store(), None).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].number, failed[0].again), (1, false));
    assert_eq!(failed[0].why, "The receiver answered 422 Unprocessable Entity.");
    let count = receiver.count();
    assert_eq!(crate::resend(world.access.store(), "s", None).unwrap(), 1);
    until("the bad one", || receiver.count() == count + 1);
    assert_eq!(receiver.came()[count].parameters("event-number"), ["1"]);
    until("an empty list", || crate::failed(world.access.store(), None).unwrap().is_empty());
    assert!(crate::resend(world.access.store(), "s", Some(7)).is_err());
    assert!(crate::resend(world.access.store(), "never", None).is_err());
    world.until_status("s", "active");
}

#[test]
fn a_receiver_that_does_not_answer_the_handshake_is_in_error_until_it_does() {
    let world = World::new();
    let receiver = world.receiver();
    receiver.answers(&[], 404);
    world.put(ENDED);
    world.put(&by_topic("s", &hook(&receiver.url()), "id-only", ""));
    world.until_status("s", "error");
    world.put(&encounter("a", "finished"));
    assert!(receiver.came().iter().all(|came| came.parameters("type") == ["handshake"]));
    receiver.answers(&[], 200);
    world.until_status("s", "active");
    until("the event", || receiver.came().last().unwrap().parameters("event-number") == ["1"]);
}

#[test]
fn a_redirect_is_not_followed() {
    let world = World::new();
    let receiver = world.receiver();
    receiver.answers(&[], 307);
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe([1]);
    world.until_status("s", "error");
    assert!(world.member("s", "error").contains("redirects are not followed"));
}

#[test]
fn a_slow_receiver_delays_nobody_else() {
    let world = World::new();
    let (slow, fast) = (world.receiver(), world.receiver());
    world.put(&plain("slow", "Observation", &slow.url(), true));
    world.put(&plain("fast", "Observation", &fast.url(), true));
    world.until_status("slow", "active");
    world.until_status("fast", "active");
    slow.slows(Duration::from_secs(2));
    let began = Instant::now();
    world.observe(1..=5);
    until("all at the fast one", || fast.count() == 5);
    // The slow one takes ten seconds for the five.
    assert!(slow.count() < 5 && began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}

#[test]
fn a_receiver_that_stays_away_for_too_long_is_switched_off() {
    let world = World::with(|settings| settings.backlog_max = 10);
    let receiver = world.receiver();
    receiver.answers(&[], 503);
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe(1..=15);
    world.until_status("s", "off");
    assert!(world.member("s", "error").contains("More than 10 notifications wait"));
}

#[test]
fn two_nodes_deliver_once_and_the_second_takes_over() {
    let mut world = World::new();
    let receiver = world.receiver();
    let other = Subscriptions::new(world.access.clone(), world.subscriptions.shared.settings.clone());
    let _second = Work::start(&other, world.runtime.handle().clone()).unwrap();
    world.put(&plain("s", "Observation", &receiver.url(), true));
    world.until_status("s", "active");
    world.observe(1..=5);
    until("five", || receiver.count() == 5);
    world.stop();
    world.observe(6..=8);
    until("all eight", || receiver.count() == 8);
    assert_eq!(receiver.came()[7].path, "/hook/Observation/o8");
}

#[test]
fn of_a_subscription_that_is_deleted_nothing_is_left_and_one_of_the_same_id_begins_anew() {
    let world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    let text = by_topic("s", &hook(&receiver.url()), "id-only", "");
    world.put(&text);
    world.until_status("s", "active");
    receiver.answers(&[422, 422, 422], 503);
    world.put(&encounter("a", "finished"));
    world.put(&encounter("b", "finished"));
    until("one given up", || crate::failed(world.access.store(), None).unwrap().len() == 1);
    world.delete("Subscription", "s");
    until("that it is gone", || crate::list(world.access.store()).unwrap().is_empty());
    assert!(crate::failed(world.access.store(), None).unwrap().is_empty());
    receiver.answers(&[], 200);
    world.put(&text);
    world.until_status("s", "active");
    world.put(&encounter("c", "finished"));
    until("the new one", || {
        receiver.came().last().unwrap().parameters("focus") == [format!("{BASE}/Encounter/c")]
    });
    assert_eq!(receiver.came().last().unwrap().parameters("event-number"), ["1"]);
}

//! The form of a command.

use super::house::House;
use axum::http::StatusCode;

#[test]
fn a_form_has_every_field_with_its_label_and_what_the_address_says() {
    let house = House::new();
    let form = house.signed_in("doctor").get("/calls/note?person=Patient/7");
    form.has(&[
        "<h1 class=\"app-h1 app-mb\">Note that someone was called</h1>",
        "value=\"Patient/7\"",
        "<label class=\"nhsuk-label app-strong\" for=\"day\">Day</label>",
        "Of the call",
        "type=\"date\"",
        "Reason (optional)",
        "A result",
    ]);
    assert!(!form.text.contains(" checked"), "nothing is chosen beforehand");
}

#[test]
fn a_sent_form_is_done_and_leads_to_its_result() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let fields = [("person", "Patient/7"), ("day", "2026-11-24"), ("reason", "visit")];
    let reply = doctor.fill("/calls/note", "/calls/note", &fields);
    assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/patients/7"));
    assert_eq!(house.calls(), 1);
}

#[test]
fn pressing_twice_is_pressing_once() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let form = doctor.get("/calls/note");
    let (token, once) = (form.hidden("csrf"), form.hidden("request"));
    let fields =
        [("csrf", token.as_str()), ("request", &once), ("person", "Patient/7"), ("day", "2026-11-24")];
    for _ in 0..3 {
        assert_eq!(doctor.post("/calls/note", &fields).location(), "/patients/7");
    }
    assert_eq!(house.calls(), 1);
    assert_ne!(doctor.get("/calls/note").hidden("request"), once);
}

#[test]
fn what_is_wrong_stands_above_and_beside_and_what_was_typed_stays() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let fields = [("person", "Mrs <b>Jones</b>"), ("reason", "visit")];
    let reply = doctor.fill("/calls/note", "/calls/note", &fields);
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    reply.has(&[
        "<title>Error: Note that someone was called",
        "<a href=\"#person\">Name one Patient as type and id",
        "<a href=\"#day\">Enter day.</a>",
        "id=\"person-error\"",
        "value=\"Mrs &lt;b&gt;Jones&lt;/b&gt;\"",
        "value=\"visit\" checked",
    ]);
    assert_eq!(house.calls(), 0);
}

#[test]
fn a_clash_shows_the_form_again_and_can_be_sent_changed() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let clash = [("person", "Patient/clash"), ("day", "2026-11-24")];
    let reply = doctor.fill("/calls/note", "/calls/note", &clash);
    assert_eq!(reply.status, StatusCode::CONFLICT);
    reply.has(&["This person was called a minute ago.", "value=\"Patient/clash\""]);
    let (token, once) = (reply.hidden("csrf"), reply.hidden("request"));
    let changed =
        [("csrf", token.as_str()), ("request", &once), ("person", "Patient/8"), ("day", "2026-11-24")];
    assert_eq!(doctor.post("/calls/note", &changed).location(), "/patients/8");
}

#[test]
fn a_role_that_may_not_cannot_send_the_form_either() {
    let house = House::new();
    let mut desk = house.signed_in("desk");
    let token = desk.get("/home").hidden("csrf");
    let fields =
        [("csrf", token.as_str()), ("request", "r1"), ("person", "Patient/7"), ("day", "2026-11-24")];
    assert_eq!(desk.post("/calls/note", &fields).status, StatusCode::FORBIDDEN);
    assert_eq!(house.calls(), 0);
}

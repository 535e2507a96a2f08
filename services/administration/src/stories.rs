//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::NewProfile;
use service::{Kind, Outcome, Refusal};
use story::{PASSWORD, Place};

fn place() -> Place {
    let sponsor = |role: &str| NewProfile::new(role).at("ZN9").with_activities(["sponsor"]);
    Place::of([
        ("adm", NewProfile::new("administrator").at("ZN9")),
        ("oth", NewProfile::new("administrator").at("ZX1")),
        ("doc", sponsor("doctor")),
        ("nur", sponsor("nurse")),
        ("off", sponsor("privacy-officer")),
        ("of2", sponsor("privacy-officer")),
    ])
}

/// Asks for an account, and gives the id of the request.
fn asked_for(place: &Place, name: &str, role: &str) -> String {
    let values = [("name", name), ("display", name), ("role", role)];
    place.performs("adm", &SERVICE, "join", &values).expect("an administrator may");
    let waiting = place.access.registrations(&place.session("adm")).expect("they can be read");
    waiting.last().expect("one waits").id.clone()
}

fn approves(place: &Place, who: &str, id: &str) -> Result<Outcome, Refusal> {
    place.performs(who, &SERVICE, "approve", &[("registration", id)])
}

fn exists(place: &Place, name: &str) -> bool {
    place.access.users().expect("they can be read").iter().any(|account| account.name == name)
}

#[test]
fn somebody_joins_when_a_sponsor_vouches_and_chooses_a_password_with_an_invitation() {
    let place = place();
    let id = asked_for(&place, "new", "doctor");
    assert!(!exists(&place, "new"), "it waits");
    approves(&place, "doc", &id).expect("a doctor vouches for a doctor");
    let session = place.session("adm");
    let first = place.access.invite(&session, "new").expect("they have no password yet");
    let second = place.access.invite(&session, "new").expect("the first was lost");
    assert!(place.access.accept_invitation(&first, "four odd little words").is_err(), "it ended");
    place.access.accept_invitation(&second, "four odd little words").expect("this one counts");
    assert!(place.access.accept_invitation(&second, "four odd little words").is_err(), "once");
    place.access.sign_in("new", "four odd little words", "127.0.0.1").expect("they are in");
    assert_eq!(place.access.invite(&session, "new").expect_err("they have a password").kind, Kind::Conflict);
}

#[test]
fn s_23_nobody_gives_what_they_lack_or_approves_for_themselves_or_of_another_organisation() {
    let place = place();
    let id = asked_for(&place, "new", "doctor");
    assert_eq!(approves(&place, "nur", &id).expect_err("a nurse may not open seals").kind, Kind::Forbidden);
    assert_eq!(approves(&place, "adm", &id).expect_err("who asked, and no sponsor").kind, Kind::Forbidden);
    assert!(!exists(&place, "new"));
    let own = [("account", "adm"), ("role", "doctor")];
    assert_eq!(
        place.performs("adm", &SERVICE, "gain", &own).expect_err("their own rights").kind,
        Kind::Forbidden
    );
    let sponsor = [("account", "doc"), ("role", "privacy-officer")];
    place.performs("adm", &SERVICE, "gain", &sponsor).expect("an administrator asks");
    let session = place.session("adm");
    let all = place.access.registrations(&session).expect("they can be read");
    let about_doc = all.iter().find(|one| one.change.account() == "doc").expect("it waits").id.clone();
    assert_eq!(approves(&place, "doc", &about_doc).expect_err("about themselves").kind, Kind::Forbidden);
    for (command, values) in [("leave", [("account", "doc")]), ("sign-out", [("account", "doc")])] {
        let no = place.performs("oth", &SERVICE, command, &values).expect_err("of another organisation");
        assert_eq!(no.kind, Kind::Forbidden, "{command}");
    }
    assert_eq!(
        place.performs("adm", &SERVICE, "leave", &[("account", "adm")]).expect_err("oneself").kind,
        Kind::Forbidden
    );
}

#[test]
fn s_23_a_privacy_officer_needs_two_sponsors() {
    let place = place();
    let id = asked_for(&place, "new", "privacy-officer");
    approves(&place, "off", &id).expect("the first");
    assert!(!exists(&place, "new"));
    assert_eq!(approves(&place, "off", &id).expect_err("twice the same").kind, Kind::Forbidden);
    approves(&place, "of2", &id).expect("the second");
    assert!(exists(&place, "new"));
}

#[test]
fn who_leaves_is_out_and_who_is_signed_out_can_come_back() {
    let place = place();
    let signed = place.access.sign_in("nur", PASSWORD, "127.0.0.1").expect("they may");
    place.performs("adm", &SERVICE, "sign-out", &[("account", "nur")]).expect("an administrator may");
    assert!(place.access.sessions_of("nur").expect("they can be read").is_empty());
    let _ = signed;
    place.access.sign_in("nur", PASSWORD, "127.0.0.1").expect("they come back");
    place.performs("adm", &SERVICE, "leave", &[("account", "nur")]).expect("an administrator may");
    assert!(place.access.sign_in("nur", PASSWORD, "127.0.0.1").is_err());
}

#[test]
fn agreements_rules_and_workgroups_are_set_for_ones_own_organisation() {
    let place = place();
    place
        .performs("adm", &SERVICE, "agree", &[("taker", "ZX1"), ("about", "Shared care")])
        .expect("an administrator may");
    let agreement = place.access.agreements().expect("they can be read").remove(0);
    assert_eq!(
        (agreement.giver.as_str(), agreement.taker.as_str(), agreement.by.as_str()),
        ("ZN9", "ZX1", "adm")
    );
    assert_eq!(
        place.performs("oth", &SERVICE, "end-agreement", &[("taker", "ZX1")]).expect_err("not theirs").kind,
        Kind::NotFound
    );
    place.performs("adm", &SERVICE, "end-agreement", &[("taker", "ZX1")]).expect("an administrator may");
    place.performs("adm", &SERVICE, "ask-relationships", &[("role", "nurse")]).expect("an administrator may");
    assert_eq!(place.access.relationship_rules().expect("they can be read").len(), 1);
    let ward = [("name", "ash-ward"), ("title", "Ash ward"), ("serves", "Location/a Location/b")];
    place.performs("adm", &SERVICE, "workgroup", &ward).expect("an administrator may");
    assert_eq!(place.access.workgroups().expect("they can be read")[0].serves.len(), 2);
    assert_eq!(
        place.performs("oth", &SERVICE, "workgroup", &ward).expect_err("of ZN9").kind,
        Kind::Forbidden
    );
    assert_eq!(
        place
            .performs("doc", &SERVICE, "agree", &[("taker", "ZX1"), ("about", "x")])
            .expect_err("a doctor")
            .kind,
        Kind::Forbidden
    );
}

//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::{Access, NewProfile, NewUser};
use record::{Options, Store};
use service::{AnyCommand, Kind, Listed, Outcome, Refusal, Values, perform};
use testbed::Home;

const PASSWORD: &str = "three odd words";

struct Place {
    access: Access,
    _home: Home,
}

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let store = Store::open(place, Options { durable: false, ..Options::default() }).expect("it opens");
        let access = Access::open(store).expect("the gate opens");
        let sponsor = |role: &str| NewProfile::new(role).at("ZN9").with_activities(["sponsor"]);
        for (name, profile) in [
            ("adm", NewProfile::new("administrator").at("ZN9")),
            ("oth", NewProfile::new("administrator").at("ZX1")),
            ("doc", sponsor("doctor")),
            ("dok", sponsor("doctor")),
            ("nur", sponsor("nurse")),
            ("off", sponsor("privacy-officer")),
            ("of2", sponsor("privacy-officer")),
        ] {
            access.add_user(&NewUser::new(name, name, profile, PASSWORD)).expect("the account is new");
        }
        Place { access, _home: home }
    }

    fn performs(&self, who: &str, name: &str, values: &[(&str, &str)]) -> Result<Outcome, Refusal> {
        let command: &'static dyn AnyCommand =
            *SERVICE.commands.iter().find(|command| command.name() == name).expect("there is such a command");
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let session = self.access.sign_in(who, PASSWORD, "127.0.0.1").expect("they may sign in").session;
        perform(&session, &self.access, Listed { service: &SERVICE, command }, &Values::new(values), None)
    }

    fn asks_for(&self, name: &str, role: &str) -> String {
        let values = [("name", name), ("display", name), ("role", role)];
        self.performs("adm", "join", &values).expect("an administrator may");
        let session = self.access.sign_in("adm", PASSWORD, "127.0.0.1").expect("they may").session;
        self.access.registrations(&session).expect("they can be read").pop().expect("one waits").id
    }

    fn approves(&self, who: &str, id: &str) -> Result<Outcome, Refusal> {
        self.performs(who, "approve", &[("registration", id)])
    }

    fn exists(&self, name: &str) -> bool {
        self.access.users().expect("they can be read").iter().any(|account| account.name == name)
    }
}

#[test]
fn somebody_joins_when_a_sponsor_vouches_and_chooses_a_password_with_an_invitation() {
    let place = Place::new();
    let id = place.asks_for("new", "doctor");
    assert!(!place.exists("new"), "it waits");
    place.approves("doc", &id).expect("a doctor vouches for a doctor");
    let session = place.access.sign_in("adm", PASSWORD, "127.0.0.1").expect("they may").session;
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
    let place = Place::new();
    let id = place.asks_for("new", "doctor");
    assert_eq!(place.approves("nur", &id).expect_err("a nurse may not open seals").kind, Kind::Forbidden);
    assert_eq!(place.approves("adm", &id).expect_err("who asked, and no sponsor").kind, Kind::Forbidden);
    assert!(!place.exists("new"));
    let own = [("account", "adm"), ("role", "doctor")];
    assert_eq!(place.performs("adm", "gain", &own).expect_err("their own rights").kind, Kind::Forbidden);
    let sponsor = [("account", "doc"), ("role", "privacy-officer")];
    place.performs("adm", "gain", &sponsor).expect("an administrator asks");
    let session = place.access.sign_in("adm", PASSWORD, "127.0.0.1").expect("they may").session;
    let all = place.access.registrations(&session).expect("they can be read");
    let about_doc = all.iter().find(|one| one.change.account() == "doc").expect("it waits").id.clone();
    assert_eq!(place.approves("doc", &about_doc).expect_err("about themselves").kind, Kind::Forbidden);
    for (command, values) in [("leave", [("account", "doc")]), ("sign-out", [("account", "doc")])] {
        let no = place.performs("oth", command, &values).expect_err("of another organisation");
        assert_eq!(no.kind, Kind::Forbidden, "{command}");
    }
    assert_eq!(
        place.performs("adm", "leave", &[("account", "adm")]).expect_err("oneself").kind,
        Kind::Forbidden
    );
}

#[test]
fn s_23_a_privacy_officer_needs_two_sponsors() {
    let place = Place::new();
    let id = place.asks_for("new", "privacy-officer");
    place.approves("off", &id).expect("the first");
    assert!(!place.exists("new"));
    assert_eq!(place.approves("off", &id).expect_err("twice the same").kind, Kind::Forbidden);
    place.approves("of2", &id).expect("the second");
    assert!(place.exists("new"));
}

#[test]
fn who_leaves_is_out_and_who_is_signed_out_can_come_back() {
    let place = Place::new();
    let signed = place.access.sign_in("nur", PASSWORD, "127.0.0.1").expect("they may");
    place.performs("adm", "sign-out", &[("account", "nur")]).expect("an administrator may");
    assert!(place.access.sessions_of("nur").expect("they can be read").is_empty());
    let _ = signed;
    place.access.sign_in("nur", PASSWORD, "127.0.0.1").expect("they come back");
    place.performs("adm", "leave", &[("account", "nur")]).expect("an administrator may");
    assert!(place.access.sign_in("nur", PASSWORD, "127.0.0.1").is_err());
}

#[test]
fn agreements_rules_and_workgroups_are_set_for_ones_own_organisation() {
    let place = Place::new();
    place
        .performs("adm", "agree", &[("taker", "ZX1"), ("about", "Shared care")])
        .expect("an administrator may");
    let agreement = place.access.agreements().expect("they can be read").remove(0);
    assert_eq!(
        (agreement.giver.as_str(), agreement.taker.as_str(), agreement.by.as_str()),
        ("ZN9", "ZX1", "adm")
    );
    assert_eq!(
        place.performs("oth", "end-agreement", &[("taker", "ZX1")]).expect_err("not theirs").kind,
        Kind::NotFound
    );
    place.performs("adm", "end-agreement", &[("taker", "ZX1")]).expect("an administrator may");
    place.performs("adm", "ask-relationships", &[("role", "nurse")]).expect("an administrator may");
    assert_eq!(place.access.relationship_rules().expect("they can be read").len(), 1);
    let ward = [("name", "ash-ward"), ("title", "Ash ward"), ("serves", "Location/a Location/b")];
    place.performs("adm", "workgroup", &ward).expect("an administrator may");
    assert_eq!(place.access.workgroups().expect("they can be read")[0].serves.len(), 2);
    assert_eq!(place.performs("oth", "workgroup", &ward).expect_err("of ZN9").kind, Kind::Forbidden);
    assert_eq!(
        place.performs("doc", "agree", &[("taker", "ZX1"), ("about", "x")]).expect_err("a doctor").kind,
        Kind::Forbidden
    );
}

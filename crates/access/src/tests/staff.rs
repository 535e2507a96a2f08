//! Stories of people who join, move and leave, and of those who would give themselves or others more than they may.

use super::{DESK, HOUR, House, PASSWORD, refused};
use crate::{Change, Ends, Instant, Joiner, Kind, NewProfile, NewUser, Session, Standing};

/// A hospital with an administrator and sponsors; each signs in by their name.
fn hospital() -> House {
    let house = House::new();
    let at = |role: &str| NewProfile::new(role).at("ZN9");
    let sponsor = |role: &str| at(role).with_activities(["sponsor"]);
    for (name, profile) in [
        ("admin", at("administrator")),
        ("lead", sponsor("doctor")),
        ("boss", sponsor("administrator")),
        ("guardian", sponsor("privacy-officer")),
        ("warden", sponsor("privacy-officer")),
        ("elsewhere", NewProfile::new("doctor").at("ZN8").with_activities(["sponsor"])),
        ("ann", at("nurse")),
    ] {
        house.access.add_user(&NewUser::new(name, name, profile, PASSWORD)).unwrap();
    }
    house
}

fn session(house: &House, name: &str) -> Session {
    house.access.sign_in(name, PASSWORD, DESK).unwrap().session
}

fn joiner(name: &str, profile: NewProfile) -> Change {
    let profiles = vec![profile];
    Change::Join(Joiner { name: name.into(), display: name.to_uppercase(), profiles, until: None })
}

#[test]
fn a_joiner_is_asked_for_by_one_and_approved_by_another() {
    let house = hospital();
    let access = &house.access;
    let nurse = NewProfile::new("nurse").at("ZN9").in_workgroups(["ward-7b"]);
    let id = access.register(&session(&house, "admin"), joiner("Bea", nurse)).unwrap();
    assert!(access.users().unwrap().iter().all(|account| account.name != "bea"), "nothing is there before");
    let waiting = access.registrations(&session(&house, "lead")).unwrap();
    assert_eq!(
        (waiting.len(), waiting[0].asked_by.as_str(), waiting[0].change.account()),
        (1, "admin", "bea")
    );

    assert_eq!(refused(access.approve(&session(&house, "admin"), &id)).kind, Kind::Forbidden);
    assert_eq!(refused(access.approve(&session(&house, "ann"), &id)).kind, Kind::Forbidden);
    let approved = access.approve(&session(&house, "lead"), &id).unwrap();
    assert_eq!(approved.waits_for, 0);
    assert!(access.registrations(&session(&house, "lead")).unwrap().is_empty());

    assert!(access.enter("bea", "", DESK).is_err(), "without a password nobody gets in");
    let code = approved.invitation.unwrap();
    assert_eq!(refused(access.accept_invitation("a guess", PASSWORD)).kind, Kind::Unauthenticated);
    assert_eq!(refused(access.accept_invitation(&code, "password1")).kind, Kind::Invalid);
    access.accept_invitation(&code, PASSWORD).unwrap();
    assert!(access.accept_invitation(&code, "four other odd words").is_err(), "an invitation counts once");
    let bea = session(&house, "bea");
    assert_eq!((bea.role.name.as_str(), bea.organisation.as_str()), ("nurse", "ZN9"));
    let trail = house.trail();
    let approved = trail.iter().find(|row| row.action == "approve").unwrap();
    assert_eq!(approved.who, "lead");
    assert!(approved.detail.contains("\"account\":\"bea\"") && approved.detail.contains("ZN9/doctor/1"));
}

#[test]
fn an_invitation_runs_out() {
    let house = hospital();
    let access = &house.access;
    let (admin, lead) = (session(&house, "admin"), session(&house, "lead"));
    let id = access.register(&admin, joiner("bea", NewProfile::new("nurse").at("ZN9"))).unwrap();
    let code = access.approve(&lead, &id).unwrap().invitation.unwrap();
    house.later(crate::invitation::INVITED_HOURS * HOUR);
    assert!(access.accept_invitation(&code, PASSWORD).is_err());
}

#[test]
fn nobody_gives_what_they_do_not_hold_nor_to_another_organisation_nor_to_themselves() {
    let house = hospital();
    let access = &house.access;
    let admin = session(&house, "admin");
    let ask = |profile: NewProfile| {
        let gain = Change::Gain { account: "ann".into(), profile };
        access.register(&admin, gain).unwrap()
    };
    let doctor = ask(NewProfile::new("doctor").at("ZN9"));
    let officer = ask(NewProfile::new("administrator").at("ZN9"));
    let extra = ask(NewProfile::new("nurse").at("ZN9").with_activities(["bulk"]));
    for (sponsor, id) in [
        ("lead", &officer), // may not administer
        ("lead", &extra),   // may not take out in bulk
        ("boss", &doctor),  // may not read records
        ("elsewhere", &doctor),
        ("ann", &doctor),
    ] {
        let refusal = refused(access.approve(&session(&house, sponsor), id));
        assert_eq!(refusal.kind, Kind::Forbidden, "{sponsor}: {refusal}");
    }
    let refusals = house.trail().iter().filter(|row| row.action == "approve-refused").count();
    assert_eq!(refusals, 4, "each is on the trail");
    assert_eq!(access.approve(&session(&house, "boss"), &officer).unwrap().waits_for, 0);

    let own = Change::Gain { account: "admin".into(), profile: NewProfile::new("doctor").at("ZN9") };
    assert_eq!(refused(access.register(&admin, own)).kind, Kind::Forbidden);
    let boss = session(&house, "boss");
    let mine = Change::Gain { account: "ann".into(), profile: NewProfile::new("administrator").at("ZN9") };
    let id = access.register(&boss, mine).unwrap();
    assert_eq!(refused(access.approve(&boss, &id)).kind, Kind::Forbidden, "who asks does not approve");
    assert_eq!(
        refused(access.register(&session(&house, "lead"), joiner("x", NewProfile::new("nurse")))).kind,
        Kind::Forbidden
    );
}

#[test]
fn a_sponsor_does_not_approve_what_is_about_themselves() {
    let house = hospital();
    let gain = Change::Gain { account: "lead".into(), profile: NewProfile::new("nurse").at("ZN9") };
    let id = house.access.register(&session(&house, "admin"), gain).unwrap();
    assert_eq!(refused(house.access.approve(&session(&house, "lead"), &id)).kind, Kind::Forbidden);
}

#[test]
fn a_privacy_officer_needs_two_sponsors() {
    let house = hospital();
    let access = &house.access;
    let officer = NewProfile::new("privacy-officer").at("ZN9");
    let id = access.register(&session(&house, "admin"), joiner("olu", officer)).unwrap();
    let first = access.approve(&session(&house, "guardian"), &id).unwrap();
    assert_eq!((first.waits_for, first.invitation), (1, None));
    assert_eq!(
        refused(access.approve(&session(&house, "guardian"), &id)).kind,
        Kind::Forbidden,
        "nobody twice"
    );
    assert!(access.users().unwrap().iter().all(|account| account.name != "olu"));
    let second = access.approve(&session(&house, "warden"), &id).unwrap();
    assert!(second.waits_for == 0 && second.invitation.is_some());
}

#[test]
fn a_mover_has_the_old_work_until_the_day_of_the_new() {
    let house = hospital();
    let access = &house.access;
    let day = Instant(access.now().0 + 24 * HOUR);
    let profile = NewProfile::new("midwife").at("ZN9").from(day);
    let change = Change::Move { account: "ann".into(), ends: "1".into(), profile };
    let id = access.register(&session(&house, "admin"), change).unwrap();
    access.approve(&session(&house, "lead"), &id).unwrap();
    assert_eq!(session(&house, "ann").role.name, "nurse");
    house.later(24 * HOUR);
    assert_eq!(session(&house, "ann").role.name, "midwife");
    let gone = Change::Move { account: "ann".into(), ends: "9".into(), profile: NewProfile::new("nurse") };
    assert_eq!(refused(access.register(&session(&house, "admin"), gone)).kind, Kind::NotFound);
}

#[test]
fn a_leaver_is_out_at_once_with_sessions_tokens_and_orders() {
    let house = hospital();
    let access = &house.access;
    let ann = access.sign_in("ann", PASSWORD, DESK).unwrap();
    let token = access.mint_token_as(&ann.session, 60).unwrap();
    let mandates = [Ends::WithSession, Ends::WithGiver].map(|ends| ann.session.mandate(ends));
    let acting = access.bearer(&token).unwrap();
    assert_eq!((acting.who.as_str(), acting.capacity().as_str()), ("ann", "ZN9/nurse/1"));
    let other = house.other_process();
    assert!(
        other.bearer(&token).is_ok() && matches!(other.session(&ann.cookie).unwrap(), Standing::SignedIn(_))
    );

    assert_eq!(refused(access.leave(&session(&house, "ann"), "lead")).kind, Kind::Forbidden);
    access.leave(&session(&house, "admin"), "ann").unwrap();
    assert_eq!(house.stands(&ann.cookie), "nobody");
    assert!(access.bearer(&token).is_err());
    assert!(mandates.iter().all(|mandate| access.under(mandate).unwrap().is_none()));
    house.later(1_000);
    assert!(other.bearer(&token).is_err(), "within a second on another node");
    assert!(matches!(other.session(&ann.cookie).unwrap(), Standing::Nobody));
    access.set_disabled("ann", false).unwrap();
    assert!(access.enter("ann", PASSWORD, DESK).is_err(), "the profiles have ended, too");
}

#[test]
fn a_request_can_be_declined_and_taken_back() {
    let house = hospital();
    let access = &house.access;
    let admin = session(&house, "admin");
    let ask = |name: &str| access.register(&admin, joiner(name, NewProfile::new("nurse").at("ZN9"))).unwrap();
    let (first, second) = (ask("bea"), ask("cara"));
    assert!(access.decline(&session(&house, "ann"), &first).is_err());
    access.decline(&session(&house, "lead"), &first).unwrap();
    access.decline(&admin, &second).unwrap();
    assert_eq!(refused(access.approve(&session(&house, "lead"), &first)).kind, Kind::NotFound);
    assert!(access.registrations(&admin).unwrap().is_empty());
    let taken = access.register(&admin, joiner("ann", NewProfile::new("nurse").at("ZN9")));
    assert_eq!(refused(taken).kind, Kind::Conflict);
}

//! Stories of people with several role profiles, of those whose time is limited, and of accounts from before.

use super::{DESK, HOUR, House, IDLE_MINUTES, MINUTE, PASSWORD, refused};
use crate::{Ends, Entered, Instant, Kind, NewProfile, NewUser, Standing, Strength};
use record::Author;

/// Dr Okafor is a doctor at the hospital and, on another contract, a practice's doctor.
fn two_hats() -> House {
    let house = House::new();
    let ward = NewProfile::new("doctor").at("zn9").place("Ward 7B").in_workgroups(["ward-7b", "respiratory"]);
    let practice = NewProfile::new("gp").at("Z97001").in_workgroups(["Z97001"]);
    house.access.add_user(&NewUser::new("a.okafor", "Dr A OKAFOR", ward, PASSWORD).and(practice)).unwrap();
    house
}

fn owing(house: &House) -> (String, crate::Owing) {
    match house.access.enter("a.okafor", PASSWORD, DESK).unwrap() {
        Entered::Owing { cookie, owing } => (cookie, owing),
        Entered::SignedIn(_) => panic!("a profile must be chosen"),
    }
}

#[test]
fn who_has_several_profiles_chooses_one_before_anything_is_shown() {
    let house = two_hats();
    let (half, owing) = owing(&house);
    let titles: Vec<String> = owing.profiles.iter().map(crate::Profile::title).collect();
    assert_eq!(titles, ["Doctor, ZN9, Ward 7B", "General practitioner, Z97001"]);
    assert_eq!(house.stands(&half), "owing");
    assert!(house.access.unlock(&half, PASSWORD, DESK).is_err(), "an unlock does not get round the choice");
    assert_eq!(refused(house.access.take_profile(&half, "3", DESK)).kind, Kind::Invalid);

    let chosen = house.take(&half, "2");
    assert_ne!(chosen.cookie, half);
    assert_eq!((house.stands(&chosen.cookie), house.stands(&half)), ("signed in", "nobody"));
    let session = chosen.session;
    assert_eq!((session.profile.as_str(), session.organisation.as_str()), ("2", "Z97001"));
    assert_eq!((session.role.name.as_str(), session.strength), ("gp", Strength::Password));
    assert!(session.workgroups.iter().eq(["Z97001"]), "only the teams of the active profile");
    assert_eq!(refused(house.access.sign_in("a.okafor", PASSWORD, DESK)).kind, Kind::Unauthenticated);
}

#[test]
fn the_choice_waits_ten_minutes() {
    let house = two_hats();
    let (half, _) = owing(&house);
    house.later(10 * MINUTE - 1);
    assert_eq!(house.stands(&half), "owing");
    house.later(1);
    assert_eq!(house.stands(&half), "nobody");
    assert!(house.access.take_profile(&half, "1", DESK).is_err());
}

#[test]
fn a_switch_gives_a_new_cookie_other_rights_and_no_more_time() {
    let house = two_hats();
    let (half, _) = owing(&house);
    let ward = house.take(&half, "1");
    assert_eq!(ward.session.organisation, "ZN9");
    house.later(HOUR);
    // Locked after an hour without a request: the way to another profile goes through the password.
    assert!(house.access.take_profile(&ward.cookie, "2", DESK).is_err());
    let open = house.access.unlock(&ward.cookie, PASSWORD, DESK).unwrap();
    assert_eq!(open.session.profile, "1", "the same profile after a lock");
    let practice = house.take(&open.cookie, "2");
    assert_ne!((&practice.cookie, &practice.session.csrf), (&open.cookie, &open.session.csrf));
    assert_eq!(house.stands(&open.cookie), "nobody", "the old cookie opens nothing");
    assert_eq!(practice.session.role.name, "gp");
    assert_eq!((practice.session.since, practice.session.until), (ward.session.since, ward.session.until));
    assert_eq!(house.access.sessions_of("a.okafor").unwrap().len(), 1);
}

#[test]
fn the_trail_and_the_log_name_the_profile_and_its_organisation() {
    let house = two_hats();
    let (half, _) = owing(&house);
    let ward = house.take(&half, "1");
    let practice = house.take(&ward.cookie, "2");
    let trail = house.trail();
    let switched = trail.iter().find(|row| row.action == "switch-profile").unwrap();
    assert!(switched.detail.contains("\"as\":\"Z97001/gp/2\""));
    let author = practice.session.author("beds.admit", None);
    assert_eq!((author.behalf.as_deref(), author.purpose.as_str()), (Some("Z97001/gp/2"), "TREAT"));
}

#[test]
fn a_profile_that_has_not_begun_or_has_ended_cannot_be_chosen() {
    let house = House::new();
    let now = house.access.now();
    let until = Instant(now.0 + 2 * HOUR);
    let from = Instant(now.0 + 24 * HOUR);
    let (old, new) = (NewProfile::new("nurse").until(until), NewProfile::new("midwife").from(from));
    house.access.add_user(&NewUser::new("a.okafor", "A", old, PASSWORD).and(new)).unwrap();

    let only = house.sign_in();
    assert_eq!(only.session.role.name, "nurse", "one holds today, and needs no choosing");
    assert_eq!(only.session.until, until, "no session is longer than its profile");
    assert!(house.access.take_profile(&only.cookie, "2", DESK).is_err());
    for _ in 0..12 {
        house.later(10 * MINUTE);
        house.stands(&only.cookie);
    }
    assert_eq!(house.stands(&only.cookie), "nobody");
    assert!(house.access.enter("a.okafor", PASSWORD, DESK).is_err(), "between two profiles there is none");
    house.later(22 * HOUR);
    assert_eq!(house.sign_in().session.role.name, "midwife");
}

#[test]
fn the_account_of_a_locum_ends_by_itself() {
    let house = House::new();
    let until = Instant(house.access.now().0 + HOUR);
    let locum = NewUser::new("a.okafor", "Dr A OKAFOR", NewProfile::new("doctor"), PASSWORD).until(until);
    house.access.add_user(&locum).unwrap();
    let signed_in = house.sign_in();
    let [short, long] = [Ends::WithSession, Ends::WithGiver].map(|ends| signed_in.session.mandate(ends));
    let holds = |mandate| house.access.under(mandate).unwrap().is_some();
    for _ in 0..6 {
        assert_eq!(house.stands(&signed_in.cookie), "signed in");
        assert!(holds(&short) && holds(&long));
        house.later(10 * MINUTE);
    }
    assert_eq!(house.stands(&signed_in.cookie), "nobody");
    assert!(!holds(&short) && !holds(&long));
    let over = refused(house.access.enter("a.okafor", PASSWORD, DESK));
    assert_eq!(over, refused(house.access.enter("a.okafor", "wrong", DESK)), "refused in the same words");
}

#[test]
fn an_order_stands_under_the_profile_in_which_it_was_given() {
    let house = two_hats();
    let (half, _) = owing(&house);
    let mandate = house.take(&half, "2").session.mandate(Ends::WithGiver);
    assert_eq!(house.access.under(&mandate).unwrap().unwrap().organisation, "Z97001");
    let ended = NewProfile::new("gp").at("Z97001").until(Instant(house.access.now().0 - 1));
    house.access.set_profile("a.okafor", "2", &ended).unwrap();
    assert!(house.access.under(&mandate).unwrap().is_none(), "not under the profile that is left");
    assert_eq!(house.sign_in().session.profile, "1");
    let third = house.access.add_profile("a.okafor", &NewProfile::new("gp")).unwrap();
    assert_eq!(third, "3", "the id of an ended profile is not used again");
}

#[test]
fn profiles_are_refused_that_say_nothing() {
    let house = two_hats();
    let good = NewProfile::new("gp");
    let now = house.access.now();
    for (at, bad) in [
        ("organisation", good.clone().at("a practice")),
        ("role", NewProfile::new("king")),
        ("workgroups", good.clone().in_workgroups(["a|b"])),
        ("workgroups", good.clone().in_workgroups([" "])),
        ("until", good.clone().from(now).until(now)),
    ] {
        let refusal = refused(house.access.add_profile("a.okafor", &bad));
        assert_eq!((refusal.kind, refusal.issues[0].at.as_str()), (Kind::Invalid, at), "{bad:?}");
    }
    assert_eq!(house.access.users().unwrap()[0].profiles.len(), 2);
}

#[test]
fn an_account_and_a_session_from_before_there_were_profiles_are_of_one() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    let reader = house.access.store().reader(&record::Scope::all()).unwrap();
    let account = String::from_utf8(reader.kept("user", "a.okafor").unwrap().unwrap()).unwrap();
    let (key, session) = reader.kept_all("session", "").unwrap().remove(0);
    drop(reader);
    let (begin, hash) = (account.find("\"profiles\"").unwrap(), account.find("\"disabled\"").unwrap());
    let old_account =
        format!("{}\"role\":\"doctor\",\"place\":\"Ash ward\",{}", &account[..begin], &account[hash..]);
    let old_session =
        String::from_utf8(session).unwrap().replace("\"profile\":\"1\",\"strength\":\"password\",", "");
    assert!(!old_session.contains("profile"));
    let write = house.access.store().write(Author::system("test"), move |tx| {
        tx.keep("user", "a.okafor", old_account.as_bytes(), None)?;
        tx.keep("session", &key, old_session.as_bytes(), None)
    });
    write.unwrap();
    let Standing::SignedIn(session) = house.other_process().session(&cookie).unwrap() else {
        panic!("signed in")
    };
    assert_eq!((session.profile.as_str(), session.place.as_str()), ("1", "Ash ward"));
    assert_eq!(house.sign_in().session.role.name, "doctor");
    house.later(IDLE_MINUTES * MINUTE);
    assert!(house.access.unlock(&cookie, PASSWORD, DESK).is_ok());
}

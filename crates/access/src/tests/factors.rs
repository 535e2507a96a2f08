//! Stories of second factors: codes that change, and roles that need one.

use super::{DESK, House, MINUTE, PASSWORD, refused};
use crate::{Entered, Kind, NewProfile, NewUser, Owed, SignedIn, Standing, Strength, totp};

/// The bytes of a secret in base 32, as an application on a telephone reads it.
fn secret(text: &str) -> Vec<u8> {
    let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u64;
    let bits = |group: &str| group.chars().fold(0, |bits, c| bits << 5 | value(c));
    let groups = text.as_bytes().chunks(8).map(|group| bits(std::str::from_utf8(group).unwrap()));
    groups.flat_map(|bits| bits.to_be_bytes()[3..].to_vec()).collect()
}

fn code(house: &House, secret: &[u8]) -> String {
    totp::code(secret, totp::step(house.access.now().0))
}

/// Sets up codes that change for Dr Okafor.
fn enrolled(house: &House) -> (Vec<u8>, SignedIn) {
    let cookie = house.sign_in().cookie;
    let secret = secret(&house.access.begin_totp(&cookie).unwrap().secret);
    let Entered::SignedIn(fresh) = house.access.confirm_totp(&cookie, &code(house, &secret), DESK).unwrap()
    else {
        panic!("signed in")
    };
    assert_eq!(house.stands(&cookie), "nobody", "the cookie is new");
    (secret, fresh)
}

fn owing(house: &House) -> (String, Owed) {
    match house.access.enter("a.okafor", PASSWORD, DESK).unwrap() {
        Entered::Owing { cookie, owing } => (cookie, owing.owed),
        Entered::SignedIn(_) => panic!("something is owed"),
    }
}

#[test]
fn codes_are_those_of_the_standard() {
    // RFC 6238 appendix B, the last six digits.
    let secret = b"12345678901234567890";
    for (seconds, expected) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
    ] {
        assert_eq!(totp::code(secret, totp::step(seconds * 1_000)), expected);
    }
    assert_eq!(totp::base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(totp::base32(b"fooba"), "MZXW6YTB");
    assert_eq!(totp::base32(b"foob"), "MZXW6YQ");
}

#[test]
fn who_has_a_second_factor_must_show_it() {
    let house = House::staffed();
    let (secret, fresh) = enrolled(&house);
    assert_eq!(fresh.session.strength, Strength::Totp);
    house.later(MINUTE);
    let (half, owed) = owing(&house);
    assert_eq!((owed, house.stands(&half)), (Owed::Factor, "owing"));
    assert!(house.access.sign_in("a.okafor", PASSWORD, DESK).is_err(), "a password alone is not enough");
    assert!(house.access.begin_totp(&half).is_err(), "no other telephone gets round it");
    assert!(house.access.take_profile(&half, "1", DESK).is_err(), "nor does a choice of role");
    assert_eq!(refused(house.access.prove_totp(&half, "000000", DESK)).kind, Kind::Invalid);

    let now = code(&house, &secret);
    let Entered::SignedIn(signed_in) = house.access.prove_totp(&half, &now, DESK).unwrap() else { panic!() };
    assert_eq!((signed_in.session.strength, house.stands(&half)), (Strength::Totp, "nobody"));
    let (again, _) = owing(&house);
    assert!(house.access.prove_totp(&again, &now, DESK).is_err(), "a code counts once");
    house.later(MINUTE);
    assert!(house.access.prove_totp(&again, &now, DESK).is_err(), "and not later");
    assert!(house.access.prove_totp(&again, &code(&house, &secret), DESK).is_ok());
}

#[test]
fn one_code_opens_one_session_of_many_tries_at_once() {
    let house = House::staffed();
    let (secret, _) = enrolled(&house);
    house.later(MINUTE);
    let now = code(&house, &secret);
    let halves: Vec<String> = (0..4).map(|_| owing(&house).0).collect();
    let opened = std::thread::scope(|scope| {
        let prove = |half| house.access.prove_totp(half, &now, DESK).is_ok();
        let all: Vec<_> = halves.iter().map(|half| scope.spawn(move || prove(half))).collect();
        all.into_iter().filter_map(|one| one.join().unwrap().then_some(())).count()
    });
    assert_eq!(opened, 1);
}

#[test]
fn guesses_of_codes_must_wait_though_the_password_is_right() {
    let house = House::staffed();
    enrolled(&house);
    for i in 0..10 {
        let (half, _) = owing(&house);
        let no = refused(house.access.prove_totp(&half, "000000", &format!("10.0.0.{i}")));
        assert_eq!(no.kind, Kind::Invalid);
    }
    let (half, _) = owing(&house);
    assert_eq!(refused(house.access.prove_totp(&half, "000000", "10.0.1.1")).kind, Kind::Busy);
}

#[test]
fn a_role_can_need_a_second_factor_and_then_it_is_set_up_first() {
    let house = House::new();
    house.hire("keeper", "administrator");
    let profiles = NewUser::new("a.okafor", "A", NewProfile::new("doctor"), PASSWORD);
    house.access.add_user(&profiles.and(NewProfile::new("privacy-officer"))).unwrap();
    let keeper = house.access.sign_in("keeper", PASSWORD, DESK).unwrap().session;
    let doctor = house.hire_and_sign_in("doc", "doctor");
    assert!(house.access.set_second_factor_roles(&doctor, &[]).is_err());
    assert!(house.access.set_second_factor_roles(&keeper, &["king"]).is_err());
    house.access.set_second_factor_roles(&keeper, &["privacy-officer"]).unwrap();

    let (half, owed) = owing(&house);
    assert_eq!(owed, Owed::Profile);
    let doctor = house.take(&half, "1");
    assert_eq!(doctor.session.role.name, "doctor");
    let switched = house.access.take_profile(&doctor.cookie, "2", DESK).unwrap();
    let Entered::Owing { cookie, owing } = switched else { panic!("a factor is to be set up") };
    assert_eq!((owing.owed, house.stands(&doctor.cookie)), (Owed::Enrolment, "nobody"));
    assert!(house.access.take_profile(&cookie, "1", DESK).is_err());
    let secret = secret(&house.access.begin_totp(&cookie).unwrap().secret);
    assert_eq!(refused(house.access.confirm_totp(&cookie, "12", DESK)).kind, Kind::Invalid);
    let Entered::SignedIn(officer) =
        house.access.confirm_totp(&cookie, &code(&house, &secret), DESK).unwrap()
    else {
        panic!("signed in")
    };
    assert_eq!(
        (officer.session.role.name.as_str(), officer.session.strength),
        ("privacy-officer", Strength::Totp)
    );
    // From now on the code is asked for first, then the role.
    house.later(MINUTE);
    let (half, _) = super::factors::owing(&house);
    let Entered::Owing { owing, .. } = house.access.prove_totp(&half, &code(&house, &secret), DESK).unwrap()
    else {
        panic!("a role is to be chosen")
    };
    assert_eq!(owing.owed, Owed::Profile);
}

#[test]
fn who_has_lost_their_factor_is_helped_by_a_colleague() {
    let house = House::staffed();
    let (_, fresh) = enrolled(&house);
    let keeper = house.hire_and_sign_in("keeper", "administrator");
    assert!(house.access.forget_factors(&keeper, "keeper").is_err(), "never one's own");
    assert!(house.access.forget_factors(&fresh.session, "keeper").is_err());
    house.access.forget_factors(&keeper, "a.okafor").unwrap();
    assert!(matches!(house.access.session(&fresh.cookie).unwrap(), Standing::Nobody));
    assert_eq!(house.sign_in().session.strength, Strength::Password);
}

#[test]
fn a_picture_that_waited_too_long_sets_nothing_up() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    let secret = secret(&house.access.begin_totp(&cookie).unwrap().secret);
    house.later(10 * MINUTE);
    assert!(house.access.confirm_totp(&cookie, &code(&house, &secret), DESK).is_err());
    assert!(!house.access.has_totp("a.okafor").unwrap());
}

#[test]
fn a_session_that_its_owner_locked_is_locked_on_every_node() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    house.access.lock(&cookie).unwrap();
    assert_eq!(house.stands(&cookie), "locked");
    assert!(matches!(house.other_process().session(&cookie).unwrap(), Standing::Locked(_)));
    house.access.unlock(&cookie, PASSWORD, DESK).unwrap();
}

#[test]
fn passwords_that_have_leaked_are_refused_by_a_file_of_the_operator() {
    let house = House::staffed();
    let hash = |text: &str| -> String {
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    };
    let leaked: Vec<String> = (0..50).map(|n| format!("leaked passphrase {n}")).collect();
    let mut lines: Vec<String> = leaked.iter().map(|text| format!("{}:17", hash(text))).collect();
    // One only by its beginning, as a shorter list has it; one that is too short to count.
    lines.push(hash("only the beginning")[..12].to_owned());
    lines.push(hash("three odd words again")[..4].to_owned());
    lines.sort();
    let home = testbed::Home::new();
    let path = home.folder().join("leaked.txt");
    for text in [lines.join("\n"), lines.join("\r\n") + "\r\n"] {
        std::fs::create_dir_all(home.folder()).unwrap();
        std::fs::write(&path, text).unwrap();
        assert!(crate::breached::holds(&path, "only the beginning").unwrap());
        assert!(leaked.iter().all(|text| crate::breached::holds(&path, text).unwrap()));
        assert!((0..50).all(|n| !crate::breached::holds(&path, &format!("not leaked {n}")).unwrap()));
    }
    assert!(house.access.refuse_breached(&home.folder().join("not there")).is_err());
    house.access.refuse_breached(&path).unwrap();
    let no = refused(house.access.set_password("a.okafor", &leaked[7]));
    assert!(no.to_string().contains("leaked"), "{no}");
    house.access.set_password("a.okafor", "three odd words again").unwrap();
}

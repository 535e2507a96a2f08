//! Stories of people who come by another issuer's word.

use super::{DESK, House, PASSWORD, refused};
use crate::{Entered, Kind, NewProfile, NewUser, Outsider, Owed, Session, Strength};
use record::Reach;

fn outsider(profiles: Vec<NewProfile>) -> Outsider {
    let (issuer, uid) = ("cis2".to_owned(), "555000000001".to_owned());
    Outsider { issuer, uid, display: "Dr B SINGH".into(), profiles, chosen: None }
}

fn entered(house: &House, outsider: &Outsider) -> Result<(String, Session), Owed> {
    match house.access.enter_outside(outsider, DESK).unwrap() {
        Entered::SignedIn(signed_in) => Ok((signed_in.cookie, signed_in.session)),
        Entered::Owing { owing, .. } => Err(owing.owed),
    }
}

#[test]
fn someone_comes_in_the_profile_that_the_issuer_names() {
    let house = House::new();
    let (_, session) = entered(&house, &outsider(vec![NewProfile::new("nurse").at("rx1")])).unwrap();
    assert_eq!((session.who.as_str(), session.capacity().as_str()), ("cis2.555000000001", "RX1/nurse/1"));
    assert_eq!((session.strength, session.display.as_str()), (Strength::Outside, "Dr B SINGH"));
    assert!(house.access.enter("cis2.555000000001", "", DESK).is_err(), "there is no password");
}

#[test]
fn what_the_issuer_takes_away_is_gone_and_what_it_gives_back_is_the_same() {
    let house = House::new();
    let (ward, practice) = (NewProfile::new("nurse").at("RX1"), NewProfile::new("nurse").at("Z97001"));
    let both = outsider(vec![ward.clone(), practice.clone()]);
    assert_eq!(entered(&house, &both).unwrap_err(), Owed::Profile);
    let chosen = Outsider { chosen: Some(1), ..both.clone() };
    let (cookie, session) = entered(&house, &chosen).unwrap();
    assert_eq!(session.organisation, "Z97001", "chosen at the issuer");
    let (kept, _) = entered(&house, &chosen).unwrap();
    assert_eq!((house.stands(&cookie), house.stands(&kept)), ("signed in", "signed in"));

    let (_, left) = entered(&house, &outsider(vec![ward])).unwrap();
    assert_eq!(left.capacity(), "RX1/nurse/1");
    house.later(1_000);
    assert_eq!(house.stands(&cookie), "nobody", "sessions that began before have ended");
    let (_, again) = entered(&house, &outsider(vec![practice])).unwrap();
    assert_eq!(again.capacity(), "Z97001/nurse/2");
}

#[test]
fn an_issuer_opens_no_account_but_its_own() {
    let house = House::new();
    let profile = NewProfile::new("administrator");
    house.access.add_user(&NewUser::new("cis2.555000000001", "A", profile, PASSWORD)).unwrap();
    let no = refused(house.access.enter_outside(&outsider(vec![NewProfile::new("nurse")]), DESK));
    assert_eq!(no.kind, Kind::Unauthenticated);
    // Names that an account cannot have, and names that differ in case only, are people of their own.
    let mut names = Vec::new();
    for uid in ["abc@example", "Abc@example", "", "a|b"] {
        let them = Outsider { uid: uid.into(), ..outsider(vec![NewProfile::new("nurse")]) };
        names.push(entered(&house, &them).unwrap().1.who);
    }
    names.dedup();
    assert_eq!(names.len(), 4);
}

#[test]
fn who_has_no_role_here_or_a_closed_account_does_not_come_in() {
    let house = House::new();
    assert_eq!(refused(house.access.enter_outside(&outsider(Vec::new()), DESK)).kind, Kind::Forbidden);
    let them = outsider(vec![NewProfile::new("nurse")]);
    let (cookie, _) = entered(&house, &them).unwrap();
    house.access.set_disabled("cis2.555000000001", true).unwrap();
    assert_eq!(refused(house.access.enter_outside(&them, DESK)).kind, Kind::Unauthenticated);
    assert_eq!(house.stands(&cookie), "nobody");
}

#[test]
fn a_patient_sees_their_own_record_and_without_one_nobodys() {
    let house = House::new();
    let (_, session) = entered(&house, &outsider(vec![NewProfile::new("patient").of_patient("p1")])).unwrap();
    let Reach::Patients(own) = &session.scope.reach else { panic!("narrowed") };
    assert!(own.iter().eq(["p1"]));
    let token = house.access.mint_token("patient", 5).unwrap();
    let Reach::Patients(own) = house.access.bearer(&token).unwrap().scope.reach else { panic!("narrowed") };
    assert!(own.is_empty());
}

//! Roles, organisations and the patient: what each sees, and when it ends.

use super::House;
use super::house::PASSWORD;
use access::{Entered, NewProfile, NewUser};
use std::time::{Duration, Instant};

#[test]
fn rows_25_to_27_who_does_not_treat_sees_nothing_clinical() {
    let house = House::new();
    let (rob, sid, olu) = (house.person("rob"), house.person("sid"), house.person("olu"));
    assert_eq!(rob.get("Patient/p").status, 200, "a receptionist finds people");
    assert_eq!(rob.get("Observation/v").status, 404);
    assert_eq!(rob.count("Observation"), 0);
    assert_eq!(rob.found("Patient?_has:Observation:patient:code=sugar").len(), 0);
    for path in ["Patient/p", "Observation/v", "Encounter/e"] {
        assert_eq!(sid.get(path).status, 404, "an administrator: {path}");
    }
    assert_eq!(sid.get("StructureDefinition?_count=1").status, 200, "an administrator sees definitions");
    assert_eq!(olu.get("AuditEvent?_count=1").status, 200, "a privacy officer sees the trail");
    for path in ["Observation/v", "Condition/m"] {
        assert_eq!(olu.get(path).status, 404, "a privacy officer: {path}");
    }
    assert_eq!(sid.get("AuditEvent?_count=1").status, 403, "an administrator does not");
}

#[test]
fn row_28_who_has_left_is_out_within_a_second() {
    let house = House::new();
    let ben = house.person("ben");
    assert_eq!(ben.get("Observation/v").status, 200);
    let sid = house.person("sid");
    house.access.leave(sid.session.as_ref().unwrap(), "ben").unwrap();
    let left = Instant::now();
    while ben.get("Observation/v").status != 401 {
        assert!(left.elapsed() < Duration::from_secs(1), "still in after a second");
    }
}

#[test]
fn row_29_of_two_roles_only_the_active_one_counts() {
    let house = House::new();
    let desk = NewProfile::new("receptionist").at("ZN9").in_workgroups(["desk"]);
    let clinic = NewProfile::new("doctor").at("ZN9").in_workgroups(["clinic"]);
    let user =
        NewUser { profiles: vec![desk, clinic.clone()], ..NewUser::new("two", "Two", clinic, PASSWORD) };
    house.access.add_user(&user).unwrap();
    let Entered::Owing { cookie, .. } = house.access.enter("two", PASSWORD, "127.0.0.1").unwrap() else {
        panic!("who has two profiles chooses")
    };
    let Entered::SignedIn(desk) = house.access.take_profile(&cookie, "1", "127.0.0.1").unwrap() else {
        panic!("nothing else is owed")
    };
    let at_desk = house.signed_in(&desk);
    assert_eq!((at_desk.get("Patient/p").status, at_desk.get("Observation/v").status), (200, 404));
    let Entered::SignedIn(clinic) = house.access.take_profile(&desk.cookie, "2", "127.0.0.1").unwrap() else {
        panic!("nothing else is owed")
    };
    let in_clinic = house.signed_in(&clinic);
    assert_eq!((in_clinic.get("Observation/v").status, in_clinic.get("Observation/o").status), (200, 200));
    assert_eq!(at_desk.get("Patient/p").status, 401, "the old cookie is of no use");
}

#[test]
fn row_32_a_patient_sees_their_own_record_and_nobody_elses() {
    let house = House::new();
    let pat = house.person("pat");
    assert_eq!(pat.get("Observation/o").status, 200, "what others do not see of Pat, Pat sees");
    assert_eq!(pat.get("Observation/v").status, 200);
    assert_eq!(pat.get("Patient/q").status, 404);
    assert_eq!(pat.get("Observation/x").status, 404);
    assert_eq!(pat.count("Observation?code=hiv"), 2);
}

#[test]
fn s_30_the_first_administrator_chooses_a_password_with_what_is_shown_once_and_there_is_no_default() {
    use super::Caller;
    use crate::tests::{config, opened, served};
    let home = testbed::Home::new();
    let access = access::Access::open(opened(&home)).unwrap();
    for (name, password) in
        [("admin", "admin"), ("admin", ""), ("admin", "demonstration"), ("doctor", "demonstration")]
    {
        assert!(access.sign_in(name, password, "127.0.0.1").is_err());
    }
    let lost = access.first_administrator("ZN9").unwrap().unwrap();
    let code = access.first_administrator("ZN9").unwrap().unwrap();
    assert_ne!(lost, code, "each start shows a new one");
    let server = served(&config(&home), &access);
    let caller = Caller::bearing(server.address, "");
    let set = |code: &str, password: &str, again: &str| {
        let page = caller.ask("GET", &format!("/invitation?code={code}"), "", "");
        assert_eq!(page.status, 200);
        let token =
            page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let headers = format!(
            "Cookie: carespine-form={token}\r\nOrigin: http://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            caller.address()
        );
        let (password, again) = (password.replace(' ', "+"), again.replace(' ', "+"));
        let form = format!("csrf={token}&code={code}&password={password}&again={again}");
        caller.ask("POST", "/invitation", &headers, &form).status
    };
    assert_eq!(set(&lost, "an odd lot of words", "an odd lot of words"), 401);
    assert_eq!(set(&code, "an odd lot of words", "another"), 400);
    assert_eq!(set(&code, "short", "short"), 400);
    assert_eq!(set(&code, "an odd lot of words", "an odd lot of words"), 303);
    assert_eq!(set(&code, "an odd lot of words", "an odd lot of words"), 401, "once");
    assert_eq!(access.first_administrator("ZN9").unwrap(), None, "somebody can sign in");
    // An administrator needs a second factor before anything is shown.
    let entered = access.enter("admin", "an odd lot of words", "127.0.0.1").unwrap();
    assert!(matches!(entered, Entered::Owing { owing, .. } if owing.owed == access::Owed::Enrolment));
}

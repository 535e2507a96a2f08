//! Organisations, relationships and broken glass: what each opens, and when it ends.

use super::house::PASSWORD;
use super::{Caller, House};
use access::relationship::{self, Rule};
use access::{Agreement, Instant, NewProfile, NewUser, Session, agree, end_agreement};
use record::{Refusal, Tx};
use std::time;

impl House {
    /// Does something in somebody's name, as a command would.
    fn does<T: Send + 'static>(
        &self,
        who: &str,
        act: impl FnOnce(&mut Tx<'_>, &Session) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let session = self.access.sign_in(who, PASSWORD, "127.0.0.1")?.session;
        self.access.store().write(session.author("test", None), move |tx| act(tx, &session))
    }

    /// From now on doctors of Cat's hospital need a relationship.
    fn relationships_are_asked_for_at(&self, organisation: &str) {
        let admin = NewProfile::new("administrator").at(organisation);
        self.access.add_user(&NewUser::new("adi", "Adi", admin, PASSWORD)).unwrap();
        let (organisation, role) = (organisation.to_owned(), "doctor".to_owned());
        let rule = Rule { organisation, role, from: Instant(0), until: None };
        self.does("adi", move |tx, session| relationship::set_rule(tx, session, &rule)).unwrap();
    }
}

/// Something of Pat's that Ben filed for his hospital.
fn filed_by_ben(house: &House) -> String {
    let text = r#"{"resourceType":"Observation","status":"final","code":{"text":"ours"},
        "subject":{"reference":"Patient/p"}}"#;
    let answer = house.person("ben").send("POST", "Observation", text);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let place = answer.header("location").unwrap();
    place.split("/fhir/").nth(1).unwrap().split("/_history").next().unwrap().to_owned()
}

fn agreement() -> Agreement {
    let (giver, taker) = ("ZN9".to_owned(), "ZX1".to_owned());
    Agreement { giver, taker, from: Instant(0), until: None, by: String::new(), about: "shared care".into() }
}

/// Waits until an answer is what it should be, and says how long that took.
fn until(within: time::Duration, mut is_so: impl FnMut() -> bool) {
    let began = time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < within, "not so after {within:?}");
        std::thread::sleep(time::Duration::from_millis(20));
    }
}

const SECOND: time::Duration = time::Duration::from_secs(1);

#[test]
fn row_22_without_an_agreement_another_organisation_sees_nothing_and_with_one_until_it_ends() {
    let house = House::new();
    let thing = filed_by_ben(&house);
    let (ann, cat) = (house.person("ann"), house.person("cat"));
    assert_eq!(ann.get(&thing).status, 200, "another team of the hospital sees it");
    let of_pat = |who: &Caller| who.found("Observation?patient=p&code:text=ours").len();
    assert_eq!((of_pat(&ann), of_pat(&cat), cat.get(&thing).status), (1, 0, 404));
    let refused = house.does("ben", |tx, session| agree(tx, session, &agreement()));
    assert_eq!(refused.unwrap_err().kind, record::Kind::Forbidden, "a doctor gives nothing away");
    house.does("sid", |tx, session| agree(tx, session, &agreement())).unwrap();
    until(SECOND, || cat.get(&thing).status == 200);
    assert_eq!(of_pat(&cat), 1);
    house.does("sid", |tx, session| end_agreement(tx, session, "ZN9", "ZX1")).unwrap();
    until(SECOND, || cat.get(&thing).status == 404);
}

#[test]
fn row_23_what_a_patient_does_not_share_stays_there_in_spite_of_an_agreement() {
    let house = House::new();
    let thing = filed_by_ben(&house);
    house.does("sid", |tx, session| agree(tx, session, &agreement())).unwrap();
    let cat = house.person("cat");
    assert_eq!(cat.get(&thing).status, 200);
    let wish = super::house::consent("no-sharing", "");
    let at = wish.find(",\"data\"").or_else(|| wish.find(",\n        \"data\"")).unwrap();
    let wish = format!("{}}}}}", &wish[..at]);
    let answer = house.person("ann").send("POST", "Consent", &wish);
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(cat.get(&thing).status, 404);
    assert_eq!(cat.found("Observation?patient=p&code:text=ours").len(), 0);
    for who in ["ann", "ben"] {
        assert_eq!(house.person(who).get(&thing).status, 200, "{who}");
    }
    assert_eq!(house.person("pat").get(&thing).status, 200, "Pat");
}

#[test]
fn row_24_a_relationship_is_claimed_and_ends_by_itself_or_by_the_privacy_officer() {
    let house = House::new();
    house.relationships_are_asked_for_at("ZX1");
    let cat = house.person("cat");
    assert_eq!(cat.get("Patient/q").status, 200, "people can be found");
    assert_eq!((cat.get("Observation/x").status, cat.count("Observation")), (404, 0));
    let claimed =
        house.does("cat", |tx, session| relationship::claim(tx, session, "q", "Referred by telephone"));
    let claimed = claimed.unwrap();
    assert_eq!(claimed.until.unwrap().0 - claimed.from.0, 12 * 3_600_000);
    until(SECOND, || cat.get("Observation/x").status == 200);
    assert_eq!(cat.get("Observation/v").status, 404, "of nobody else");
    house.does("olu", move |tx, session| relationship::end(tx, session, &claimed)).unwrap();
    until(SECOND, || cat.get("Observation/x").status == 404);
}

#[test]
fn row_33_a_proxy_sees_until_the_end_and_until_the_16th_birthday_unless_named_anew() {
    let house = House::new();
    let system = house.program("system");
    let now = house.access.now();
    let day = |years: i64| {
        let at = Instant(now.0 - years * 31_556_952_000 - 86_400_000);
        at.to_string()[..10].to_owned()
    };
    for (id, born) in [("young", day(10)), ("grown", day(16))] {
        let text = format!(r#"{{"resourceType":"Patient","id":"{id}","birthDate":"{born}"}}"#);
        assert_eq!(system.send("PUT", &format!("Patient/{id}"), &text).status, 201);
    }
    let sees = |name: &str, profile: NewProfile, patient: &str| {
        house.access.add_user(&NewUser::new(name, name, profile, PASSWORD)).unwrap();
        house.person(name).get(&format!("Patient/{patient}")).status
    };
    let of = |patient: &str| NewProfile::new("proxy").of_patient(patient);
    assert_eq!(sees("one", of("young"), "young"), 200);
    assert_eq!(sees("two", of("young"), "grown"), 404, "another child");
    assert_eq!(sees("three", of("grown"), "grown"), 404, "named before the birthday");
    assert_eq!(sees("four", of("grown").from(now), "grown"), 200, "named anew");
    let ended = house.access.add_user(&NewUser::new(
        "five",
        "five",
        of("young").from(Instant(1)).until(Instant(now.0 - 1)),
        PASSWORD,
    ));
    assert!(ended.is_err() || house.access.sign_in("five", PASSWORD, "127.0.0.1").is_err(), "it has ended");
}

//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::relationship::{Rule, Tie, set_rule};
use access::{Access, NewProfile, NewUser, Session, Workgroup, set_workgroup};
use fhir::{Instant, Json, Limits};
use record::{Author, Found, Options, Prepared, Store};
use service::{AnyCommand, Kind, Listed, Outcome, Refusal, Values, perform, relationship, review::Review};
use testbed::Home;

const PASSWORD: &str = "three odd words";
const DAY_MS: i64 = 86_400_000;

/// A trust in which doctors need relationships, with a ward's team, a patient and two doctors.
struct Place {
    access: Access,
    _home: Home,
}

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let options = Options { durable: false, ..Options::default() };
        let access =
            Access::open(Store::open(place, options).expect("the record opens")).expect("the gate opens");
        let place = Place { access, _home: home };
        place.files("Patient/p", r#"{"resourceType":"Patient"}"#);
        place.files(
            "Observation/o",
            r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},
            "subject":{"reference":"Patient/p"}}"#,
        );
        for (name, role, team) in [
            ("a", "doctor", "ward"),
            ("b", "doctor", "clinic"),
            ("adm", "administrator", "it"),
            ("off", "privacy-officer", "ig"),
        ] {
            let profile = NewProfile::new(role).at("ZN9").in_workgroups([team]);
            place.access.add_user(&NewUser::new(name, name, profile, PASSWORD)).expect("the account is new");
        }
        let rule = Rule { organisation: "ZN9".into(), role: "doctor".into(), from: Instant(0), until: None };
        let admin = place.session("adm");
        let act = move |tx: &mut record::Tx<'_>| set_rule(tx, &admin, &rule);
        place.access.store().write(place.session("adm").author("t", None), act).expect("the rule is set");
        place
    }

    fn session(&self, name: &str) -> Session {
        self.access.sign_in(name, PASSWORD, "127.0.0.1").expect("they may sign in").session
    }

    /// Files as a program, with what follows.
    fn files(&self, name: &str, text: &str) {
        let (kind, id) = name.split_once('/').expect("type and id");
        let json = Json::parse(text, Limits::DOOR).expect("it is JSON");
        let resource = Prepared::of(&json, id).expect("it is sound");
        let (guards, session) = (relationship::guards(), self.program());
        let guard = guards.into_iter().find(|guard| guard.kind == kind);
        let act = move |tx: &mut record::Tx<'_>| {
            let written = tx.put(resource, None)?;
            guard.map_or(Ok(()), |guard| (guard.filed)(tx, &session, &written))
        };
        self.access.store().write(Author::system("set-up"), act).expect("it is filed");
    }

    fn program(&self) -> Session {
        let token = self.access.mint_token("system", 5).expect("a token");
        self.access.bearer(&token).expect("it holds")
    }

    fn serves(&self, team: &str, thing: &str) {
        let admin = self.session("adm");
        let workgroup = Workgroup {
            name: team.into(),
            title: "Ash ward".into(),
            organisation: "ZN9".into(),
            serves: [thing.to_owned()].into(),
        };
        let author = admin.author("t", None);
        self.access
            .store()
            .write(author, move |tx| set_workgroup(tx, &admin, &workgroup))
            .expect("it is set");
    }

    fn performs(&self, who: &str, name: &str, values: &[(&str, &str)]) -> Result<Outcome, Refusal> {
        let command: &'static dyn AnyCommand =
            *SERVICE.commands.iter().find(|command| command.name() == name).expect("there is such a command");
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        perform(
            &self.session(who),
            &self.access,
            Listed { service: &SERVICE, command },
            &Values::new(values),
            None,
        )
    }

    fn sees(&self, who: &str) -> bool {
        let reader = self.access.store().reader(&self.session(who).scope).expect("the record can be read");
        matches!(reader.read("Observation", "o").expect("the record can be read"), Found::Here(_))
    }

    fn day(&self, days: i64) -> String {
        Instant(self.access.now().0 + days * DAY_MS).to_string()
    }
}

fn encounter(status: &str, start: &str, end: Option<&str>) -> String {
    let end = end.map_or(String::new(), |end| format!(r#","end":"{end}""#));
    format!(
        r#"{{"resourceType":"Encounter","status":"{status}","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/p"}},
        "location":[{{"location":{{"reference":"Location/w"}}}}],"period":{{"start":"{start}"{end}}}}}"#
    )
}

#[test]
fn x1_a_stay_relates_the_ward_and_nobody_else_until_thirty_days_after_it() {
    let place = Place::new();
    place.serves("ward", "Location/w");
    assert!(!place.sees("a") && !place.sees("b"));
    place.files("Encounter/e", &encounter("in-progress", &place.day(-100), None));
    assert!(place.sees("a") && !place.sees("b"));
    let tied = place.access.relationships_of("p").expect("they can be read");
    assert_eq!((tied.len(), tied[0].tie, tied[0].until), (1, Tie::Encounter, None));
    place.files("Encounter/e", &encounter("finished", &place.day(-100), Some(&place.day(-29))));
    assert!(place.sees("a"));
    place.files("Encounter/e", &encounter("finished", &place.day(-100), Some(&place.day(-31))));
    assert!(!place.sees("a"), "the thirty days are over");
    place.files("Encounter/e", &encounter("in-progress", &place.day(-1), None));
    assert!(place.sees("a"));
    place.files("Encounter/e", &encounter("entered-in-error", &place.day(-1), None));
    assert!(!place.sees("a"), "it never was");
}

#[test]
fn x1_an_appointment_counts_from_seven_days_before_to_twenty_eight_after() {
    let place = Place::new();
    place.serves("ward", "HealthcareService/h");
    for (days, status, seen) in [
        (8, "booked", false),
        (6, "booked", true),
        (-27, "fulfilled", true),
        (-29, "fulfilled", false),
        (0, "cancelled", false),
    ] {
        let at = place.day(days);
        let text = format!(
            r#"{{"resourceType":"Appointment","status":"{status}","start":"{at}","end":"{at}","participant":[
            {{"status":"accepted","actor":{{"reference":"Patient/p"}}}},
            {{"status":"accepted","actor":{{"reference":"HealthcareService/h"}}}}]}}"#
        );
        place.files("Appointment/a", &text);
        assert_eq!(place.sees("a"), seen, "{days} {status}");
    }
}

#[test]
fn x1_registration_counts_until_the_patient_leaves_the_practice() {
    let place = Place::new();
    place.serves("ward", "Organization/gp");
    let with = r#"{"resourceType":"Patient","generalPractitioner":[{"reference":"Organization/gp"}]}"#;
    place.files("Patient/p", with);
    assert!(place.sees("a"));
    place.files("Patient/p", r#"{"resourceType":"Patient"}"#);
    assert!(!place.sees("a"));
}

#[test]
fn what_a_team_comes_to_serve_relates_it_to_what_is_there_already() {
    let place = Place::new();
    place.files("Encounter/e", &encounter("in-progress", &place.day(-1), None));
    place.serves("ward", "Location/w");
    assert!(!place.sees("a"));
    while relationship::settle_changed(&place.access).expect("the job runs") {}
    assert!(place.sees("a"));
    place.serves("ward", "Location/v");
    while relationship::settle_changed(&place.access).expect("the job runs") {}
    assert!(!place.sees("a"), "it serves another ward now");
}

#[test]
fn a_claim_is_for_oneself_with_a_reason_and_is_reviewed() {
    let place = Place::new();
    let empty = place.performs("a", "claim", &[("patient", "Patient/p")]).expect_err("no reason");
    assert_eq!(empty.kind, Kind::Invalid);
    place.performs("a", "claim", &[("patient", "Patient/p"), ("why", "On call")]).expect("a doctor may");
    assert!(place.sees("a") && !place.sees("b"));
    let reader = place.access.store().reader(&place.session("off").scope).expect("it can be read");
    let open = Review::open(&reader, place.access.now()).expect("they can be read");
    assert_eq!((open.len(), open[0].who.as_str(), open[0].why.as_str()), (1, "a", "On call"));
}

#[test]
fn a_colleague_is_let_in_only_by_who_has_a_relationship_and_not_through_broken_glass() {
    let place = Place::new();
    let help = [("patient", "Patient/p"), ("colleague", "b"), ("why", "A second opinion")];
    assert_eq!(place.performs("a", "give", &help).expect_err("a has none").kind, Kind::Invalid);
    let glass = [
        ("patient", "Patient/p"),
        ("pane", "relationship"),
        ("reason", "emergency"),
        ("why", "Found unconscious"),
        ("password", PASSWORD),
    ];
    place.performs("a", "break-glass", &glass).expect("a doctor may");
    assert!(place.sees("a"));
    assert_eq!(place.performs("a", "give", &help).expect_err("only glass").kind, Kind::Invalid);
    place.performs("a", "claim", &[("patient", "Patient/p"), ("why", "On call")]).expect("a doctor may");
    place.performs("a", "give", &help).expect("who has one may give one");
    assert!(place.sees("b"));
    let nobody = [("patient", "Patient/p"), ("colleague", "nobody"), ("why", "x")];
    assert_eq!(place.performs("a", "give", &nobody).expect_err("no account").kind, Kind::Invalid);
}

#[test]
fn glass_is_not_broken_without_words_and_the_password() {
    let place = Place::new();
    let with = |why: &'static str, password: &'static str| {
        let values = [
            ("patient", "Patient/p"),
            ("pane", "relationship"),
            ("reason", "emergency"),
            ("why", why),
            ("password", password),
        ];
        place.performs("a", "break-glass", &values).map(|_| ())
    };
    for (why, password) in
        [("too short", PASSWORD), ("Found unconscious", ""), ("Found unconscious", "wrong")]
    {
        assert_eq!(with(why, password).expect_err("it is refused").kind, Kind::Invalid, "{why}");
    }
    assert!(!place.sees("a"));
    with("Found unconscious", PASSWORD).expect("this is enough");
    assert!(place.sees("a"));
}

#[test]
fn an_order_names_a_person_and_an_end_and_comes_from_a_privacy_officer() {
    let place = Place::new();
    let until = place.day(30);
    let order = [("patient", "Patient/p"), ("who", "b"), ("until", until.as_str()), ("why", "Complaint 7")];
    assert_eq!(place.performs("a", "order", &order).expect_err("a doctor").kind, Kind::Forbidden);
    place.performs("off", "order", &order).expect("a privacy officer may");
    assert!(place.sees("b"));
    let tied = place.access.relationships_of("p").expect("they can be read").remove(0);
    let end = [("patient", "Patient/p"), ("source", tied.source.as_str())];
    assert_eq!(place.performs("a", "end", &end).expect_err("somebody else's").kind, Kind::Forbidden);
    place.performs("off", "end", &end).expect("a privacy officer may");
    assert!(!place.sees("b"));
}

//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::{Access, NewProfile, NewUser, Session};
use fhir::search::{Handling, Query};
use fhir::{Instant, Json, Limits};
use record::{Author, Found, Options, Page, Prepared, Store};
use service::{AnyCommand, Kind, Listed, Outcome, Refusal, Values, perform};
use testbed::Home;

/// A record with a patient, a result and a letter that names it; and people of two teams of one trust.
struct Place {
    access: Access,
    _home: Home,
}

const PASSWORD: &str = "three odd words";
const RECORD: [(&str, &str); 3] = [
    ("p", r#"{"resourceType":"Patient","name":[{"family":"Test"}]}"#),
    (
        "o",
        r#"{"resourceType":"Observation","status":"final","code":{"text":"a test"},
            "subject":{"reference":"Patient/p"}}"#,
    ),
    (
        "l",
        r#"{"resourceType":"List","status":"current","mode":"working","subject":{"reference":"Patient/p"},
            "entry":[{"item":{"reference":"Observation/o"}}]}"#,
    ),
];

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(place, options).expect("the record opens");
        for (id, text) in RECORD {
            let json = Json::parse(text, Limits::DOOR).expect("it is JSON");
            let resource = Prepared::of(&json, id).expect("it is sound");
            store.write(Author::system("set-up"), move |tx| tx.create(resource)).expect("it is filed");
        }
        let access = Access::open(store).expect("the gate opens");
        for (name, role, team) in [
            ("a", "doctor", "clinic"),
            ("b", "doctor", "ward"),
            ("n", "receptionist", "clinic"),
            ("f", "pharmacist", "clinic"),
        ] {
            let profile = NewProfile::new(role).at("ZN9").in_workgroups([team]);
            access.add_user(&NewUser::new(name, name, profile, PASSWORD)).expect("the account is new");
        }
        Place { access, _home: home }
    }

    fn session(&self, name: &str) -> Session {
        self.access.sign_in(name, PASSWORD, "127.0.0.1").expect("they may sign in").session
    }

    fn perform(&self, who: &str, name: &str, values: &[(&str, &str)]) -> Result<Outcome, Refusal> {
        let command: &'static dyn AnyCommand = SERVICE
            .commands
            .iter()
            .copied()
            .find(|command| command.name() == name)
            .expect("there is such a command");
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let listed = Listed { service: &SERVICE, command };
        perform(&self.session(who), &self.access, listed, &Values::new(values), None)
    }

    fn seal(&self, who: &str, about: &str, team: &str, level: &str) -> Result<Outcome, Refusal> {
        let values = [("patient", "Patient/p"), ("about", about), ("team", team), ("level", level)];
        self.perform(who, "seal", &values)
    }

    fn sees(&self, who: &str, kind: &str, id: &str) -> bool {
        let scope = self.session(who).scope;
        let reader = self.access.store().reader(&scope).expect("the record can be read");
        let found = matches!(reader.read(kind, id).expect("the record can be read"), Found::Here(_));
        let query = Query::parse(Some(kind), &[("_id".into(), id.into())], Handling::Strict, Instant(0), "");
        let page = Page { count: 5, total: true };
        let total = reader.search(&query.expect("it is a search"), &page).expect("it can be searched").total;
        assert_eq!(total, Some(u64::from(found)), "a search tells what a read does not");
        found
    }
}

#[test]
fn x3_3_a_sealed_result_and_the_letter_about_it_are_the_teams_alone_until_the_seal_ends() {
    let place = Place::new();
    let sealed = place.seal("a", "Observation/o", "clinic", "seal").expect("a member may seal");
    let consent = sealed.changed[0].id.clone();
    let named = format!("Consent/{consent}");
    for (kind, id) in [("Observation", "o"), ("List", "l"), ("Consent", consent.as_str())] {
        assert!(place.sees("a", kind, id), "{kind}");
        assert!(!place.sees("b", kind, id), "{kind}");
    }
    assert!(place.sees("b", "Patient", "p"));
    let end = [("patient", "Patient/p"), ("consent", named.as_str())];
    let hidden = place.perform("b", "end", &end).expect_err("who does not see it cannot end it");
    assert_eq!(hidden.kind, Kind::NotFound);
    place.perform("a", "end", &end).expect("a member may end it");
    assert!(place.sees("b", "Observation", "o") && place.sees("b", "List", "l"));
}

#[test]
fn a_whole_record_is_sealed_but_for_who_the_patient_is() {
    let place = Place::new();
    place.seal("a", "", "clinic", "lock").expect("a member may seal");
    assert!(place.sees("b", "Patient", "p"));
    assert!(!place.sees("b", "Observation", "o"));
    assert!(place.sees("a", "Observation", "o"));
}

#[test]
fn a_consent_that_marks_something_is_emptied_only_by_who_may_seal() {
    let place = Place::new();
    let kept = place.perform("a", "keep", &[("patient", "Patient/p"), ("wish", "opt-out")]);
    let id = kept.expect("a doctor may note it").changed[0].id.clone();
    let emptied = |who: &str| {
        let text = r#"{"resourceType":"Consent","status":"active","scope":{"text":"x"},"category":[{"text":"x"}],
            "patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:x"}]}"#;
        let json = Json::parse(text, Limits::DOOR).expect("it is JSON");
        let (consent, session) = (Prepared::of(&json, &id).expect("it is sound"), place.session(who));
        let author = session.author("fhir.update", None);
        place.access.store().write(author, move |tx| {
            let written = tx.put(consent, None)?;
            (service::consent::guard().filed)(tx, &session, &written)
        })
    };
    assert_eq!(emptied("f").expect_err("a pharmacist may not seal").kind, Kind::Forbidden);
    emptied("a").expect("a doctor may");
}

#[test]
fn two_seals_on_one_thing_are_ended_one_by_one() {
    let place = Place::new();
    let first =
        place.seal("a", "Observation/o", "clinic", "seal").expect("a member may seal").changed[0].id.clone();
    let second =
        place.seal("a", "Observation/o", "clinic", "lock").expect("a member may seal").changed[0].id.clone();
    for (consent, seen) in [(first, false), (second, true)] {
        let named = format!("Consent/{consent}");
        let end = [("patient", "Patient/p"), ("consent", named.as_str())];
        place.perform("a", "end", &end).expect("a member may end it");
        assert_eq!(place.sees("b", "Observation", "o"), seen);
    }
}

#[test]
fn nobody_seals_for_a_team_they_are_not_in_or_what_is_another_patients_or_without_the_right() {
    let place = Place::new();
    let other = place.seal("a", "Observation/o", "ward", "seal").expect_err("a is not in the ward");
    assert_eq!(other.kind, Kind::Invalid);
    assert!(place.sees("a", "Observation", "o"), "nothing was half done");
    assert_eq!(
        place.seal("a", "Observation/nothing", "clinic", "seal").expect_err("no such thing").kind,
        Kind::NotFound
    );
    assert_eq!(
        place.seal("n", "Observation/o", "clinic", "seal").expect_err("a receptionist").kind,
        Kind::Forbidden
    );
    assert_eq!(place.seal("a", "o", "clinic", "seal").expect_err("no reference").kind, Kind::Invalid);
}

//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::{Access, Session};
use fhir::{Json, Limits};
use record::{Author, Found, Options, Prepared, Scope, Store};
use service::{Kind, Listed, Outcome, Refusal, Values, perform};
use testbed::Home;

/// A record with one patient in it, and someone who works there.
struct Place {
    access: Access,
    session: Session,
    _home: Home,
}

impl Place {
    fn new(role: &str) -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(place, options).expect("the record opens");
        let patient = r#"{"resourceType":"Patient","name":[{"family":"Test"}]}"#;
        let patient = Json::parse(patient, Limits::DOOR).expect("it is JSON");
        let patient = Prepared::of(&patient, "p").expect("it is a patient");
        store.write(Author::system("set-up"), move |tx| tx.create(patient)).expect("the patient is filed");
        let access = Access::open(store).expect("the gate opens");
        let token = access.mint_token(role, 5).expect("the role exists");
        let session = access.bearer(&token).expect("the token is fresh");
        Place { access, session, _home: home }
    }

    fn refer(&self, patient: &str) -> Result<Outcome, Refusal> {
        let command = Listed { service: &SERVICE, command: &crate::REFER };
        let values = [("patient", patient), ("reason", "A sore foot")];
        let values = Values::new(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        perform(&self.session, &self.access, command, &values, None)
    }
}

#[test]
fn a_doctor_refers_a_patient() {
    let place = Place::new("doctor");
    let outcome = place.refer("Patient/p").expect("a doctor may refer");
    let referral = &outcome.changed[0];
    let reader = place.access.store().reader(&Scope::all()).expect("the record can be read");
    let found = reader.read("ServiceRequest", &referral.id).expect("the record can be read");
    let Found::Here(body) = found else { panic!("the referral is not there") };
    assert_eq!(body.patients, ["p"]);
    assert!(body.text.contains("A sore foot"));
}

#[test]
fn a_patient_who_is_not_there_cannot_be_referred() {
    let refusal = Place::new("doctor").refer("Patient/nobody").expect_err("there is nobody");
    assert_eq!(refusal.kind, Kind::NotFound);
}

#[test]
fn someone_who_may_not_write_cannot_refer() {
    let refusal = Place::new("administrator").refer("Patient/p").expect_err("the role may not write");
    assert_eq!(refusal.kind, Kind::Forbidden);
}

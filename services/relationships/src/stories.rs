//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::relationship::{Rule, Tie, set_rule};
use access::{NewProfile, Workgroup, set_workgroup};
use fhir::Instant;
use service::review::Review;
use service::{Kind, relationship};
use story::{PASSWORD, Place};

const DAY_MS: i64 = 86_400_000;

/// A trust in which doctors need relationships, with a ward's team, a patient and two doctors.
fn place() -> Place {
    let at = |role: &str, team: &str| NewProfile::new(role).at("ZN9").in_workgroups([team]);
    let place = Place::of([
        ("a", at("doctor", "ward")),
        ("b", at("doctor", "clinic")),
        ("adm", at("administrator", "it")),
        ("off", at("privacy-officer", "ig")),
    ]);
    place.files("Patient/p", r#"{"resourceType":"Patient"}"#);
    let observation = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},
        "subject":{"reference":"Patient/p"}}"#;
    place.files("Observation/o", observation);
    let rule = Rule { organisation: "ZN9".into(), role: "doctor".into(), from: Instant(0), until: None };
    let admin = place.session("adm");
    let act = move |tx: &mut record::Tx<'_>| set_rule(tx, &admin, &rule);
    place.access.store().write(place.session("adm").author("t", None), act).expect("the rule is set");
    place
}

fn serves(place: &Place, team: &str, thing: &str) {
    let admin = place.session("adm");
    let workgroup = Workgroup {
        name: team.into(),
        title: "Ash ward".into(),
        organisation: "ZN9".into(),
        serves: [thing.to_owned()].into(),
    };
    let author = admin.author("t", None);
    place.access.store().write(author, move |tx| set_workgroup(tx, &admin, &workgroup)).expect("it is set");
}

fn sees(place: &Place, who: &str) -> bool {
    place.sees(who, "Observation", "o")
}

fn day(place: &Place, days: i64) -> String {
    Instant(place.access.now().0 + days * DAY_MS).to_string()
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
    let place = place();
    serves(&place, "ward", "Location/w");
    assert!(!sees(&place, "a") && !sees(&place, "b"));
    place.files("Encounter/e", &encounter("in-progress", &day(&place, -100), None));
    assert!(sees(&place, "a") && !sees(&place, "b"));
    let tied = place.access.relationships_of("p").expect("they can be read");
    assert_eq!((tied.len(), tied[0].tie, tied[0].until), (1, Tie::Encounter, None));
    place.files("Encounter/e", &encounter("finished", &day(&place, -100), Some(&day(&place, -29))));
    assert!(sees(&place, "a"));
    place.files("Encounter/e", &encounter("finished", &day(&place, -100), Some(&day(&place, -31))));
    assert!(!sees(&place, "a"), "the thirty days are over");
    place.files("Encounter/e", &encounter("in-progress", &day(&place, -1), None));
    assert!(sees(&place, "a"));
    place.files("Encounter/e", &encounter("entered-in-error", &day(&place, -1), None));
    assert!(!sees(&place, "a"), "it never was");
}

#[test]
fn x1_an_appointment_counts_from_seven_days_before_to_twenty_eight_after() {
    let place = place();
    serves(&place, "ward", "HealthcareService/h");
    for (days, status, seen) in [
        (8, "booked", false),
        (6, "booked", true),
        (-27, "fulfilled", true),
        (-29, "fulfilled", false),
        (0, "cancelled", false),
    ] {
        let at = day(&place, days);
        let text = format!(
            r#"{{"resourceType":"Appointment","status":"{status}","start":"{at}","end":"{at}","participant":[
            {{"status":"accepted","actor":{{"reference":"Patient/p"}}}},
            {{"status":"accepted","actor":{{"reference":"HealthcareService/h"}}}}]}}"#
        );
        place.files("Appointment/a", &text);
        assert_eq!(sees(&place, "a"), seen, "{days} {status}");
    }
}

#[test]
fn x1_registration_counts_until_the_patient_leaves_the_practice() {
    let place = place();
    serves(&place, "ward", "Organization/gp");
    let with = r#"{"resourceType":"Patient","generalPractitioner":[{"reference":"Organization/gp"}]}"#;
    place.files("Patient/p", with);
    assert!(sees(&place, "a"));
    place.files("Patient/p", r#"{"resourceType":"Patient"}"#);
    assert!(!sees(&place, "a"));
}

#[test]
fn what_a_team_comes_to_serve_relates_it_to_what_is_there_already() {
    let place = place();
    place.files("Encounter/e", &encounter("in-progress", &day(&place, -1), None));
    serves(&place, "ward", "Location/w");
    assert!(!sees(&place, "a"));
    while relationship::settle_changed(&place.access).expect("the job runs") {}
    assert!(sees(&place, "a"));
    serves(&place, "ward", "Location/v");
    while relationship::settle_changed(&place.access).expect("the job runs") {}
    assert!(!sees(&place, "a"), "it serves another ward now");
}

#[test]
fn a_claim_is_for_oneself_with_a_reason_and_is_reviewed() {
    let place = place();
    let empty = place.performs("a", &SERVICE, "claim", &[("patient", "Patient/p")]).expect_err("no reason");
    assert_eq!(empty.kind, Kind::Invalid);
    place
        .performs("a", &SERVICE, "claim", &[("patient", "Patient/p"), ("why", "On call")])
        .expect("a doctor may");
    assert!(sees(&place, "a") && !sees(&place, "b"));
    let reader = place.access.store().reader(&place.session("off").scope).expect("it can be read");
    let open = Review::open(&reader, place.access.now()).expect("they can be read");
    assert_eq!((open.len(), open[0].who.as_str(), open[0].why.as_str()), (1, "a", "On call"));
}

#[test]
fn a_colleague_is_let_in_only_by_who_has_a_relationship_and_not_through_broken_glass() {
    let place = place();
    let help = [("patient", "Patient/p"), ("colleague", "b"), ("why", "A second opinion")];
    assert_eq!(place.performs("a", &SERVICE, "give", &help).expect_err("a has none").kind, Kind::Invalid);
    let glass = [
        ("patient", "Patient/p"),
        ("pane", "relationship"),
        ("reason", "emergency"),
        ("why", "Found unconscious"),
        ("password", PASSWORD),
    ];
    place.performs("a", &SERVICE, "break-glass", &glass).expect("a doctor may");
    assert!(sees(&place, "a"));
    assert_eq!(place.performs("a", &SERVICE, "give", &help).expect_err("only glass").kind, Kind::Invalid);
    place
        .performs("a", &SERVICE, "claim", &[("patient", "Patient/p"), ("why", "On call")])
        .expect("a doctor may");
    place.performs("a", &SERVICE, "give", &help).expect("who has one may give one");
    assert!(sees(&place, "b"));
    let nobody = [("patient", "Patient/p"), ("colleague", "nobody"), ("why", "x")];
    assert_eq!(place.performs("a", &SERVICE, "give", &nobody).expect_err("no account").kind, Kind::Invalid);
}

#[test]
fn glass_is_not_broken_without_words_and_the_password() {
    let place = place();
    let with = |why: &'static str, password: &'static str| {
        let values = [
            ("patient", "Patient/p"),
            ("pane", "relationship"),
            ("reason", "emergency"),
            ("why", why),
            ("password", password),
        ];
        place.performs("a", &SERVICE, "break-glass", &values).map(|_| ())
    };
    for (why, password) in
        [("too short", PASSWORD), ("Found unconscious", ""), ("Found unconscious", "wrong")]
    {
        assert_eq!(with(why, password).expect_err("it is refused").kind, Kind::Invalid, "{why}");
    }
    assert!(!sees(&place, "a"));
    with("Found unconscious", PASSWORD).expect("this is enough");
    assert!(sees(&place, "a"));
}

#[test]
fn an_order_names_a_person_and_an_end_and_comes_from_a_privacy_officer() {
    let place = place();
    let until = day(&place, 30);
    let order = [("patient", "Patient/p"), ("who", "b"), ("until", until.as_str()), ("why", "Complaint 7")];
    assert_eq!(place.performs("a", &SERVICE, "order", &order).expect_err("a doctor").kind, Kind::Forbidden);
    place.performs("off", &SERVICE, "order", &order).expect("a privacy officer may");
    assert!(sees(&place, "b"));
    let tied = place.access.relationships_of("p").expect("they can be read").remove(0);
    let end = [("patient", "Patient/p"), ("source", tied.source.as_str())];
    assert_eq!(
        place.performs("a", &SERVICE, "end", &end).expect_err("somebody else's").kind,
        Kind::Forbidden
    );
    place.performs("off", &SERVICE, "end", &end).expect("a privacy officer may");
    assert!(!sees(&place, "b"));
}

#[test]
fn whoever_files_an_event_of_somebody_they_do_not_reach_yet_relates_their_team_all_the_same() {
    let place = place();
    serves(&place, "ward", "Location/w");
    assert!(!sees(&place, "a"));
    let text = encounter("in-progress", &day(&place, -1), None);
    let json = fhir::Json::parse(text, fhir::Limits::DOOR).expect("it is JSON");
    let resource = record::Prepared::of(&json, "e").expect("it is sound");
    let session = place.session("a");
    let guard =
        relationship::guards().into_iter().find(|guard| guard.kind == "Encounter").expect("it is there");
    let act = move |tx: &mut record::Tx<'_>| {
        let written = tx.create(resource)?;
        (guard.filed)(tx, &session, &written)
    };
    place.access.store().write(place.session("a").author("t", None), act).expect("a doctor may");
    while relationship::settle_changed(&place.access).expect("the job runs") {}
    assert!(sees(&place, "a"));
}

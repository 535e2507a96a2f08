//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::NewProfile;
use service::Kind;
use story::Place;

fn place() -> Place {
    let at = |role: &str, organisation: &str| NewProfile::new(role).at(organisation);
    Place::of([
        ("adm", at("administrator", "ZN9")),
        ("oth", at("administrator", "ZX1")),
        ("doc", at("doctor", "ZN9")),
    ])
}

const GROWTH: [(&str, &str); 3] = [
    ("name", "Growth charts"),
    ("scopes", "launch/patient patient/*.rs"),
    ("redirects", "https://app.example/back http://127.0.0.1:8000/back"),
];

#[test]
fn an_app_is_registered_for_ones_own_organisation_and_ended_there() {
    let place = place();
    assert_eq!(
        place.performs("doc", &SERVICE, "register", &GROWTH).expect_err("a doctor").kind,
        Kind::Forbidden
    );
    place.performs("adm", &SERVICE, "register", &GROWTH).expect("an administrator may");
    let app = place.access.apps().expect("they can be read").remove(0);
    assert_eq!((app.organisation.as_str(), app.by.as_str(), app.redirects.len()), ("ZN9", "adm", 2));
    let end = [("app", app.id.as_str())];
    assert_eq!(
        place.performs("oth", &SERVICE, "end", &end).expect_err("of another organisation").kind,
        Kind::Forbidden
    );
    place.performs("adm", &SERVICE, "end", &end).expect("an administrator may");
    assert!(place.access.apps().expect("they can be read").is_empty());
}

#[test]
fn what_is_not_safe_or_makes_no_sense_is_refused() {
    let place = place();
    for (name, value) in [
        ("redirects", "http://app.example/back"),
        ("redirects", "https://app.example/#x"),
        ("redirects", "javascript:alert(1)"),
        ("scopes", "everything"),
        ("scopes", "system/*.rs"),
        ("keys", "nonsense"),
        ("role", "nobody"),
    ] {
        let mut values: Vec<(&str, &str)> = GROWTH.iter().copied().filter(|(n, _)| *n != name).collect();
        values.push((name, value));
        let refused = place.performs("adm", &SERVICE, "register", &values).expect_err(value);
        assert_eq!(refused.kind, Kind::Invalid, "{name} {value}");
    }
    assert!(place.access.apps().expect("they can be read").is_empty());
}

#[test]
fn s_23_no_program_is_given_the_role_of_the_installation_itself() {
    let place = place();
    let values = |role: &'static str| {
        [("name", "Lab"), ("scopes", "system/*.rs"), ("keys", r#"{"keys":[]}"#), ("role", role)]
    };
    for role in ["system", "patient", "proxy"] {
        assert_eq!(
            place.performs("adm", &SERVICE, "register", &values(role)).expect_err(role).kind,
            Kind::Invalid
        );
    }
    place.performs("adm", &SERVICE, "register", &values("extract")).expect("this is a role for programs");
}

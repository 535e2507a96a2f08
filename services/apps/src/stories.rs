//! Journeys through the service, told as tests.

use crate::SERVICE;
use access::{Access, NewProfile, NewUser};
use record::{Options, Store};
use service::{AnyCommand, Kind, Listed, Outcome, Refusal, Values, perform};
use testbed::Home;

const PASSWORD: &str = "three odd words";

struct Place {
    access: Access,
    _home: Home,
}

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let store = Store::open(place, Options { durable: false, ..Options::default() }).expect("it opens");
        let access = Access::open(store).expect("the gate opens");
        for (name, role, at) in
            [("adm", "administrator", "ZN9"), ("oth", "administrator", "ZX1"), ("doc", "doctor", "ZN9")]
        {
            let user = NewUser::new(name, name, NewProfile::new(role).at(at), PASSWORD);
            access.add_user(&user).expect("the account is new");
        }
        Place { access, _home: home }
    }

    fn performs(&self, who: &str, name: &str, values: &[(&str, &str)]) -> Result<Outcome, Refusal> {
        let command: &'static dyn AnyCommand =
            *SERVICE.commands.iter().find(|command| command.name() == name).expect("there is such a command");
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let session = self.access.sign_in(who, PASSWORD, "127.0.0.1").expect("they may sign in").session;
        perform(&session, &self.access, Listed { service: &SERVICE, command }, &Values::new(values), None)
    }
}

const GROWTH: [(&str, &str); 3] = [
    ("name", "Growth charts"),
    ("scopes", "launch/patient patient/*.rs"),
    ("redirects", "https://app.example/back http://127.0.0.1:8000/back"),
];

#[test]
fn an_app_is_registered_for_ones_own_organisation_and_ended_there() {
    let place = Place::new();
    assert_eq!(place.performs("doc", "register", &GROWTH).expect_err("a doctor").kind, Kind::Forbidden);
    place.performs("adm", "register", &GROWTH).expect("an administrator may");
    let app = place.access.apps().expect("they can be read").remove(0);
    assert_eq!((app.organisation.as_str(), app.by.as_str(), app.redirects.len()), ("ZN9", "adm", 2));
    let end = [("app", app.id.as_str())];
    assert_eq!(
        place.performs("oth", "end", &end).expect_err("of another organisation").kind,
        Kind::Forbidden
    );
    place.performs("adm", "end", &end).expect("an administrator may");
    assert!(place.access.apps().expect("they can be read").is_empty());
}

#[test]
fn what_is_not_safe_or_makes_no_sense_is_refused() {
    let place = Place::new();
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
        let refused = place.performs("adm", "register", &values).expect_err(value);
        assert_eq!(refused.kind, Kind::Invalid, "{name} {value}");
    }
    assert!(place.access.apps().expect("they can be read").is_empty());
}

#[test]
fn s_23_no_program_is_given_the_role_of_the_installation_itself() {
    let place = Place::new();
    let values = |role: &'static str| {
        [("name", "Lab"), ("scopes", "system/*.rs"), ("keys", r#"{"keys":[]}"#), ("role", role)]
    };
    for role in ["system", "patient", "proxy"] {
        assert_eq!(place.performs("adm", "register", &values(role)).expect_err(role).kind, Kind::Invalid);
    }
    place.performs("adm", "register", &values("extract")).expect("this is a role for programs");
}

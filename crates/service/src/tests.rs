//! Stories of a small service of its own: one command, one page, through everything the kit promises.

use crate::{
    Answer, Catalogue, Command, Field, FieldKind, Input, Listed, Outcome, Page, Permission, Request, Section,
    Service, Values, perform,
};
use access::{Access, NewProfile, NewUser, Session};
use fhir::{Json, Limits, Tree};
use html::{Assets, Group};
use record::{Found, Kind, Options, Place, Prepared, Refusal, Scope, Store, Tx, new_id};
use testbed::Home;

/// Notes that someone was called, as a Communication.
const NOTE: Command<Note> =
    Command { name: "note-call", about: "Note that someone was called", needs: Permission::Write, run: note };

struct Note {
    person: String,
    sent: String,
    reason: Option<String>,
    urgent: bool,
}

impl Input for Note {
    const FIELDS: &'static [Field] = &[
        field("person", FieldKind::Reference(&["Patient", "RelatedPerson"]), true, "Person"),
        field("day", FieldKind::Date, true, "Day of the call"),
        field("reason", FieldKind::Code(&[("result", "A result"), ("visit", "A visit")]), false, "Reason"),
        field("urgent", FieldKind::Boolean, false, "Urgent"),
        field("tries", FieldKind::Integer, false, "Tries"),
        field("next", FieldKind::DateTime, false, "Next try"),
    ];

    fn read(values: &Values) -> Result<Note, Refusal> {
        if values.yes("urgent") && values.get("reason").is_none() {
            return Err(Refusal::invalid("reason", "Say why it is urgent."));
        }
        Ok(Note {
            person: values.text("person"),
            sent: values.text("day"),
            reason: values.get("reason").map(str::to_owned),
            urgent: values.yes("urgent"),
        })
    }
}

fn note(tx: &mut Tx<'_>, _: &Session, note: Note) -> Result<Outcome, Refusal> {
    let tree = Tree::resource("Communication")
        .with("status", "completed")
        .with("priority", if note.urgent { "urgent" } else { "routine" })
        .with("subject", Tree::object().with("reference", note.person.as_str()))
        .with("sent", note.sent.as_str())
        .maybe("topic", note.reason.map(|reason| Tree::object().with("text", reason)));
    let json = Json::parse(tree.text(), Limits::DOOR).expect("what we print can be parsed");
    let written = tx.create(Prepared::of(&json, &new_id())?)?;
    if note.sent == REFUSED_DAY {
        return Err(Refusal::new(Kind::Conflict, "Nobody is called on this day."));
    }
    Ok(Outcome::of([written], "The call was noted.", "/home"))
}

/// A day on which the command refuses after it has written.
const REFUSED_DAY: &str = "2026-12-25";

const fn field(name: &'static str, kind: FieldKind, required: bool, label: &'static str) -> Field {
    Field { name, kind, required, label, hint: "" }
}

static CALLS: Service = Service {
    name: "calls",
    title: "Calls",
    about: "Notes of calls.",
    pages: &[Page { path: "/patients/{id}/calls", title: "Calls", needs: Permission::ReadRecord, show }],
    commands: &[&NOTE],
    sections: &[Section { name: "calls", title: "Calls", group: Group::Journey, count: None }],
    cards: &[],
};

static CATALOGUE: Catalogue = Catalogue { services: &[&CALLS] };

fn show(request: &Request<'_>) -> Result<Answer, Refusal> {
    request.audit("read", Tree::object().with("id", request.param("id")));
    Ok(Answer::Redirect(format!("/{}", request.param("id"))))
}

/// A record with a doctor and an administrator.
struct House {
    access: Access,
    _home: Home,
}

impl House {
    fn new() -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let access = Access::open(store).unwrap();
        for (name, role) in [("doctor", "doctor"), ("keeper", "administrator")] {
            let user = NewUser::new(name, &name.to_uppercase(), NewProfile::new(role), "three odd words");
            access.add_user(&user).unwrap();
        }
        House { access, _home: home }
    }

    fn session(&self, name: &str) -> Session {
        self.access.sign_in(name, "three odd words", "test").unwrap().session
    }

    fn perform(&self, who: &Session, values: &Values, request: Option<&str>) -> Result<Outcome, Refusal> {
        perform(who, &self.access, listed(), values, request)
    }

    /// The Communication of an outcome, without what the record adds.
    fn noted(&self, outcome: &Outcome) -> String {
        let changed = &outcome.changed[0];
        let reader = self.access.store().reader(&Scope::all()).unwrap();
        let Found::Here(body) = reader.read(&changed.kind, &changed.id).unwrap() else {
            panic!("it is there")
        };
        let json = Json::parse(body.text.as_bytes(), Limits::DOOR).unwrap();
        let members = json.root().members().filter(|(name, _)| name != "id" && name != "meta");
        members.map(|(name, value)| format!("{name}={} ", value.raw())).collect()
    }

    /// How many Communications there have ever been.
    fn notes(&self) -> usize {
        let reader = self.access.store().reader(&Scope::all()).unwrap();
        let history = reader.history(record::HistoryOf::Type("Communication"), None, 100, None).unwrap();
        history.versions.len()
    }
}

fn listed() -> Listed {
    CATALOGUE.commands().next().unwrap()
}

fn form(pairs: &[(&str, &str)]) -> Values {
    Values::new(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())))
}

fn good() -> Values {
    form(&[
        ("person", "Patient/p1"),
        ("day", "2026-11-24"),
        ("reason", "result"),
        ("urgent", "true"),
        ("tries", " "),
    ])
}

fn parameters(text: &str) -> Result<Values, Refusal> {
    Values::from_parameters(Json::parse(text, Limits::DOOR).unwrap().root())
}

/// Kind of a refusal and the places it names.
fn places<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> (Kind, Vec<String>) {
    let refusal = outcome.expect_err("this must be refused");
    (refusal.kind, refusal.issues.into_iter().map(|issue| issue.at).collect())
}

#[test]
fn the_same_comes_of_a_form_and_of_parameters() {
    let house = House::new();
    let doctor = house.session("doctor");
    let sent = parameters(
        r#"{"resourceType": "Parameters", "parameter": [
            {"name": "person", "valueReference": {"reference": "Patient/p1"}},
            {"name": "day", "valueDate": "2026-11-24"},
            {"name": "reason", "valueCode": "result"},
            {"name": "urgent", "valueBoolean": true}]}"#,
    )
    .unwrap();
    let by_form = house.perform(&doctor, &good(), None).unwrap();
    let by_fhir = house.perform(&doctor, &sent, None).unwrap();
    assert_eq!(house.noted(&by_form), house.noted(&by_fhir));
    assert!(house.noted(&by_form).contains(r#"priority="urgent""#), "{}", house.noted(&by_form));
}

#[test]
fn an_outcome_is_a_parameters_resource_and_back() {
    let house = House::new();
    let outcome = house.perform(&house.session("doctor"), &good(), None).unwrap();
    let text = outcome.parameters().text();
    let json = Json::parse(text.as_str(), Limits::DOOR).unwrap();
    assert_eq!(Outcome::from_parameters(json.root()), Some(outcome.clone()));
    let reference = format!("Communication/{}/_history/1", outcome.changed[0].id);
    assert!(text.starts_with(r#"{"resourceType":"Parameters","parameter":[{"name":"changed""#), "{text}");
    assert!(text.contains(&reference), "{text}");
}

#[test]
fn a_role_that_may_not_is_refused_whatever_the_input_and_it_is_on_the_trail() {
    let house = House::new();
    let keeper = house.session("keeper");
    for values in [good(), form(&[("nonsense", "x")])] {
        assert_eq!(places(house.perform(&keeper, &values, None)), (Kind::Forbidden, vec![String::new()]));
    }
    assert_eq!(house.notes(), 0);
    let reader = house.access.store().reader(&Scope::all()).unwrap();
    let refused: Vec<_> =
        reader.audit(None, 10).unwrap().into_iter().filter(|row| row.action == "refused").collect();
    assert_eq!(refused.len(), 2);
    assert!(refused[0].who == "keeper" && refused[0].detail.contains(r#""command":"calls.note-call""#));
}

#[test]
fn everything_that_is_wrong_with_the_input_is_said_at_once() {
    let house = House::new();
    let doctor = house.session("doctor");
    let values = form(&[
        ("person", "Organization/1"),
        ("reason", "boredom"),
        ("urgent", "perhaps"),
        ("tries", "a few"),
        ("next", "soon"),
        ("nonsense", "x"),
    ]);
    let expected =
        ["nonsense", "person", "day", "reason", "urgent", "tries", "next"].map(str::to_owned).to_vec();
    assert_eq!(places(house.perform(&doctor, &values, None)), (Kind::Invalid, expected));

    let twice = form(&[("person", "Patient/1"), ("day", "2026-11-24"), ("day", "2026-11-25")]);
    assert_eq!(places(house.perform(&doctor, &twice, None)).1, ["day"]);
    let together = form(&[("person", "Patient/1"), ("day", "2026-11-24"), ("urgent", "true")]);
    assert_eq!(places(house.perform(&doctor, &together, None)).1, ["reason"]);
    assert_eq!(house.notes(), 0);
}

#[test]
fn each_kind_of_field_takes_what_it_should() {
    let cases: [(&str, &[&str], &[&str]); 6] = [
        (
            "person",
            &["Patient/1", "RelatedPerson/a-b"],
            &["Patient", "Patient/", "Patient/1/2", "Practitioner/1"],
        ),
        ("day", &["2026-02-28"], &["2026-02-29", "2026-02", "28/02/2026", "2026-02-28T10:00:00Z"]),
        ("reason", &["visit"], &["VISIT", "A visit"]),
        ("urgent", &["true", "false"], &["yes", "1"]),
        ("tries", &["0", "-3", "2147483647"], &["1.5", "2147483648", "x"]),
        (
            "next",
            &["2026-11-24T09:05", "2026-11-24T09:05:00Z", "2026-11-24T09:05:00+01:00"],
            &["09:05", "now"],
        ),
    ];
    let kind = |name: &str| Note::FIELDS.iter().find(|field| field.name == name).unwrap();
    for (name, right, wrong) in cases {
        let alone = [Field { required: false, ..*kind(name) }];
        for value in right {
            assert_eq!(crate::field::faults(&alone, &form(&[(name, value)])), [], "{name} {value}");
        }
        for value in wrong {
            assert_eq!(crate::field::faults(&alone, &form(&[(name, value)])).len(), 1, "{name} {value}");
        }
    }
}

#[test]
fn london_time_of_a_form_and_a_time_with_a_zone_are_the_same_moment() {
    let summer = form(&[("form", "2026-07-01T10:00"), ("fhir", "2026-07-01T09:00:00Z")]);
    assert_eq!(summer.instant("form"), summer.instant("fhir"));
    assert!(summer.instant("form").is_some());
}

#[test]
fn parameters_that_have_no_single_plain_value_are_refused_all_at_once() {
    let outcome = parameters(
        r#"{"resourceType": "Parameters", "parameter": [
            {"name": "a", "valueString": "x", "valueCode": "y"},
            {"valueString": "x"},
            {"name": "b", "valueCoding": {"code": "x"}},
            {"name": "c", "valueString": "fine"}]}"#,
    );
    let at = |i: usize| format!("Parameters.parameter[{i}]");
    assert_eq!(places(outcome), (Kind::Invalid, vec![at(0), at(1), at(2)]));
    assert_eq!(places(parameters(r#"{"resourceType": "Patient"}"#)).0, Kind::Invalid);
}

#[test]
fn a_refusal_after_a_write_leaves_nothing() {
    let house = House::new();
    let doctor = house.session("doctor");
    let values = form(&[("person", "Patient/p1"), ("day", REFUSED_DAY)]);
    assert_eq!(places(house.perform(&doctor, &values, Some("r1"))).0, Kind::Conflict);
    assert_eq!(house.notes(), 0);
    house.perform(&doctor, &good(), Some("r1")).expect("a request that did nothing leaves its id free");
    assert_eq!(house.notes(), 1);
}

#[test]
fn a_request_that_comes_again_is_done_once_and_answered_the_same() {
    let house = House::new();
    let doctor = house.session("doctor");
    let first = house.perform(&doctor, &good(), Some("r1")).unwrap();
    let answers: Vec<Outcome> = std::thread::scope(|scope| {
        let again = || house.perform(&doctor, &good(), Some("r1")).unwrap();
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(again)).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == first));
    assert_eq!(house.notes(), 1);

    let other = form(&[("person", "Patient/p2"), ("day", "2026-11-24")]);
    assert_eq!(places(house.perform(&doctor, &other, Some("r1"))).0, Kind::Invalid);
    house.perform(&doctor, &other, Some("r2")).unwrap();
    house.perform(&doctor, &good(), None).unwrap();
    house.perform(&doctor, &good(), None).unwrap();
    assert_eq!(house.notes(), 4);
}

#[test]
fn the_request_ids_of_one_person_are_nobody_elses() {
    let house = House::new();
    let (doctor, program) = (house.session("doctor"), house.access.mint_token("nurse", 5).unwrap());
    let program = house.access.bearer(&program).unwrap();
    let first = house.perform(&doctor, &good(), Some("r1")).unwrap();
    assert_ne!(house.perform(&program, &good(), Some("r1")).unwrap(), first);
    for id in [String::new(), "x".repeat(201)] {
        assert_eq!(places(house.perform(&doctor, &good(), Some(&id))).1, ["request"]);
    }
}

#[test]
fn doors_reach_a_command_under_one_name() {
    let listed = listed();
    let names = (listed.name(), listed.path(), listed.operation());
    assert_eq!(names, ("calls.note-call".into(), "/calls/note-call".into(), "calls-note-call".into()));
}

#[test]
fn a_catalogue_says_everything_that_is_wrong_with_it() {
    CATALOGUE.check().unwrap();
    static TWIN: Service = Service {
        name: "Calls",
        title: "Calls again",
        about: "",
        pages: &[
            Page { path: "/patients/{person}/calls", title: "Calls", needs: Permission::Trace, show },
            Page { path: "calls/", title: "Calls", needs: Permission::Trace, show },
        ],
        commands: &[],
        sections: &[Section { name: "calls", title: "Calls", group: Group::Top, count: None }],
        cards: &[],
    };
    static BOTH: Catalogue = Catalogue { services: &[&CALLS, &CALLS, &TWIN] };
    let text = BOTH.check().unwrap_err().to_string();
    for part in [
        "service calls of calls is taken by calls",
        r#"The service name "Calls" must be small letters"#,
        "path /patients/{}/calls of Calls is taken by calls",
        r#"The path "calls/" must start"#,
        r#"section "calls" of Calls is taken by calls"#,
        "path /calls/note-call of calls is taken by calls",
        "operation calls-note-call of calls is taken by calls",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn a_page_collects_its_acts_for_the_door() {
    let house = House::new();
    let doctor = house.session("doctor");
    let assets = Assets::default();
    let params = [("id".to_owned(), "p1".to_owned())];
    let mut request = Request::new(&doctor, &house.access, &CATALOGUE, &assets);
    request.params = &params;
    let page = CATALOGUE.pages().next().unwrap();
    assert!(matches!((page.show)(&request).unwrap(), Answer::Redirect(address) if address == "/p1"));
    let acts = request.take_acts();
    assert_eq!((acts.len(), acts[0].who.as_str(), acts[0].action), (1, "doctor", "read"));
    assert!(request.take_acts().is_empty());
}

#[test]
fn as_at_is_the_end_of_a_minute_or_day_in_london_and_never_to_come() {
    let house = House::new();
    let doctor = house.session("doctor");
    let assets = Assets::default();
    let at = |text: &str| {
        let query = [("at".to_owned(), text.to_owned())];
        let mut request = Request::new(&doctor, &house.access, &CATALOGUE, &assets);
        request.query = &query;
        request.at().map(|at| at.map(|at| at.to_string()))
    };
    assert_eq!(at(" "), Ok(None));
    assert_eq!(at("2025-07-01T10:00"), Ok(Some("2025-07-01T09:00:59.999Z".to_owned())));
    assert_eq!(at("2025-01-31"), Ok(Some("2025-01-31T23:59:59.999Z".to_owned())));
    assert_eq!(places(at("2999-01-01T10:00")).1, ["at"]);
    assert_eq!(places(at("yesterday")).1, ["at"]);
    let now = html::local_input(house.access.now().0);
    assert!(
        at(&now).unwrap().unwrap() <= house.access.now().to_string(),
        "the present minute is as far as it has come"
    );
}

#[test]
fn the_records_someone_looked_at_are_remembered_latest_first_each_once() {
    let house = House::new();
    let (doctor, keeper) = (house.session("doctor"), house.session("keeper"));
    let assets = Assets::default();
    let request = Request::new(&doctor, &house.access, &CATALOGUE, &assets);
    assert!(request.recent().unwrap().is_empty());
    for patient in ["p1", "p2", "p2", "p3", "p1"] {
        request.looked_at(patient).unwrap();
    }
    assert_eq!(request.recent().unwrap(), ["p1", "p3", "p2"]);
    for i in 0..crate::RECENT_MAX + 5 {
        request.looked_at(&format!("q{i}")).unwrap();
    }
    assert_eq!(request.recent().unwrap().len(), crate::RECENT_MAX);
    let other = Request::new(&keeper, &house.access, &CATALOGUE, &assets);
    assert!(other.recent().unwrap().is_empty(), "it is each person's own");
}

#[test]
fn looking_at_the_same_record_again_writes_nothing() {
    let house = House::new();
    let doctor = house.session("doctor");
    let assets = Assets::default();
    let request = Request::new(&doctor, &house.access, &CATALOGUE, &assets);
    request.looked_at("p1").unwrap();
    let before = house.access.store().reader(&Scope::all()).unwrap().txn();
    request.looked_at("p1").unwrap();
    assert_eq!(house.access.store().reader(&Scope::all()).unwrap().txn(), before);
}

//! Journeys through the service, told as tests; and the rules of alerts against planted acts.

#![expect(clippy::print_stdout, reason = "what the rules found is to be seen with --nocapture")]

use crate::SERVICE;
use crate::alerts::{Failure, Look, Name, Person, Rule, World, alerts};
use access::{Access, Session};
use fhir::{Json, Limits, Tree};
use record::{Act, Author, Found, Options, Prepared, Scope, Store};
use service::{Catalogue, Kind, Listed, Outcome, Refusal, Request, Values, perform};
use std::collections::BTreeSet;
use testbed::Home;

static CATALOGUE: Catalogue = Catalogue { services: &[&SERVICE] };

struct Place {
    access: Access,
    _home: Home,
}

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().unwrap();
        let store = Store::open(place, Options { durable: false, ..Options::default() }).unwrap();
        let place = Place { access: Access::open(store).unwrap(), _home: home };
        place.file(r#"{"resourceType":"Patient","id":"p","name":[{"family":"Test","given":["Pat"]}]}"#);
        place
    }

    fn file(&self, text: &str) {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        let id = json.root().str("id").unwrap().into_owned();
        let prepared = Prepared::of(&json, &id).unwrap();
        self.access.store().write(Author::system("set-up"), move |tx| tx.put(prepared, None)).unwrap();
    }

    fn someone(&self, role: &str) -> Session {
        self.access.bearer(&self.access.mint_token(role, 5).unwrap()).unwrap()
    }

    fn does(&self, command: &str, values: &[(&str, &str)]) -> Result<Outcome, Refusal> {
        let command = SERVICE.commands.iter().find(|known| known.name() == command).unwrap();
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let listed = Listed { service: &SERVICE, command: *command };
        perform(&self.someone("privacy-officer"), &self.access, listed, &Values::new(values), None)
    }

    fn page(&self, path: &str, query: &[(&str, &str)]) -> String {
        let session = self.someone("privacy-officer");
        let assets = html::Assets::default();
        let query: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut request = Request::new(&session, &self.access, &CATALOGUE, &assets);
        request.path = path;
        request.query = &query;
        let page = SERVICE.pages.iter().find(|page| page.path == path).unwrap();
        let answer = (page.show)(&request).unwrap();
        request.take_acts().into_iter().for_each(|act| self.access.store().audit(act).wait().unwrap());
        match answer {
            service::Answer::Page(markup) => markup.into_string(),
            service::Answer::File { bytes, .. } => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn act(&self, who: &str, action: &'static str, detail: Tree) {
        let act = Act { who: who.to_owned(), action, detail: detail.text() };
        self.access.store().audit(act).wait().unwrap();
    }
}

#[test]
fn a_question_is_asked_seen_answered_and_closed() {
    let place = Place::new();
    let asked =
        place.does("ask", &[("patient", "Patient/p"), ("row", "1"), ("question", "Who is this?")]).unwrap();
    let task = format!("Task/{}", asked.changed[0].id);
    assert!(place.page("/privacy", &[]).contains("Who is this?"));
    let answer = [("task", task.as_str()), ("answer", "A clerk, who corrected the address.")];
    place.does("answer", &answer).unwrap();
    assert!(!place.page("/privacy", &[]).contains("Who is this?"));
    let reader = place.access.store().reader(&Scope::all()).unwrap();
    let Found::Here(body) = reader.read("Task", &asked.changed[0].id).unwrap() else { panic!("no task") };
    assert!(body.text.contains("\"completed\"") && body.text.contains("A clerk") && body.patients == ["p"]);
    assert_eq!(place.does("answer", &answer).unwrap_err().kind, Kind::Conflict);
    let nobody = place.does("ask", &[("patient", "Patient/x"), ("row", "1"), ("question", "?")]);
    assert_eq!(nobody.unwrap_err().kind, Kind::NotFound);
}

#[test]
fn the_trail_is_searched_by_person_and_by_patient_and_looking_is_on_it() {
    let place = Place::new();
    let seen = Tree::object().with("patients", vec![Tree::from("p")]).with("page", "/patients/p/results");
    place.act("ann", "read", seen.with("as", "ZN9/doctor/1"));
    place.act("bob", "read", Tree::object().with("patients", vec![Tree::from("q")]));
    let page = place.page("/privacy/trail", &[("patient", "p")]);
    assert!(page.contains("ann") && page.contains("Results") && page.contains("Doctor"));
    assert!(!page.contains("bob"));
    let file = place.page("/privacy/trail", &[("who", "bob"), ("as", "csv")]);
    assert!(file.contains("bob") && file.contains(",q") && !file.contains("ann"), "{file}");
    let reader = place.access.store().reader(&Scope::all()).unwrap();
    let last = reader.audit(None, 1).unwrap().remove(0);
    assert_eq!(last.action, "export");
}

#[test]
fn alerts_are_computed_from_what_stands_on_the_trail() {
    let place = Place::new();
    let profile = access::NewProfile::new("doctor");
    place.access.add_user(&access::NewUser::new("pat", "Dr Pat Test", profile, "a long password")).unwrap();
    place.act("pat", "read", Tree::object().with("patients", vec![Tree::from("p")]));
    for _ in 0..5 {
        place.act("pat", "sign-in-failed", Tree::object());
    }
    let page = place.page("/privacy", &[]);
    for rule in [Rule::OwnRecord, Rule::NoContact, Rule::FailedSignIns] {
        assert!(page.contains(rule.title()), "{rule:?}");
    }
    assert!(!page.contains(&format!("{}: ", Rule::SameSurname.title())));
}

const HOUR: i64 = 3_600_000;

fn name(given: &str, family: &str) -> Name {
    Name { given: given.to_owned(), family: family.to_owned() }
}

/// A year of ordinary looks at patients who come, by day; the rules find nothing in it.
fn ordinary() -> World {
    let mut world = World::default();
    for n in 0..10 {
        world.staff.insert(format!("staff{n}"), name(&format!("given{n}"), &format!("staff{n}")));
    }
    for n in 0..500 {
        let contacts = vec![(0, 400 * 24 * HOUR)];
        let home = format!("{n} high street");
        let name = name("pat", &format!("family{n}"));
        world.people.insert(format!("p{n}"), Person { name, home, contacts });
    }
    for n in 0..20_000_i64 {
        let (who, patient) = (format!("staff{}", n % 10), format!("p{}", n * 7 % 500));
        world.looks.push(Look { seq: n as u64, at: n * HOUR / 3, hour: 12, who, patient, barred: false });
    }
    world
}

/// Plants so many of each rule; the world, and what is to be found.
fn planted(each: usize) -> (World, BTreeSet<(Rule, String, String)>) {
    let (mut world, mut wanted) = (ordinary(), BTreeSet::new());
    assert_eq!(alerts(&world), [], "nothing is found where nothing was planted");
    let near = vec![(0, 400 * 24 * HOUR)];
    let person = |name: Name, home: &str| Person { name, home: home.to_owned(), contacts: near.clone() };
    let mut seq = 1_000_000;
    let mut look = |world: &mut World, who: &str, patient: &str, at: i64, hour: u32| {
        seq += 1;
        let (who, patient) = (who.to_owned(), patient.to_owned());
        world.looks.push(Look { seq, at, hour, who, patient, barred: false });
    };
    let base = 300 * 24 * HOUR;
    for n in 0..each {
        let at = base + n as i64 * 2 * HOUR;
        let mut plant = |rule: Rule, who: &str, patient: &str, them: Person, hour: u32| {
            world.people.insert(patient.to_owned(), them);
            look(&mut world, who, patient, at, hour);
            wanted.insert((rule, who.to_owned(), patient.to_owned()));
        };
        let (own, other) = (format!("own{n}"), format!("other{n}"));
        let mine = name(&format!("given-{own}"), &format!("family-{own}"));
        plant(Rule::SameSurname, &own, &format!("s{n}"), person(name("kin", &mine.family), ""), 12);
        plant(Rule::SameAddress, &own, &format!("a{n}"), person(name("x", "y"), &format!("home {n}")), 12);
        plant(Rule::OwnRecord, &own, &format!("o{n}"), person(mine.clone(), ""), 12);
        let theirs = name(&format!("given-{other}"), &format!("family-{other}"));
        plant(Rule::Colleague, &own, &format!("c{n}"), person(theirs.clone(), ""), 12);
        plant(Rule::Night, &own, &format!("n{n}"), person(name("x", "z"), ""), [22, 0, 5][n % 3]);
        let away = Person { contacts: vec![(0, at - 8 * 24 * HOUR)], ..person(name("x", "w"), "") };
        plant(Rule::NoContact, &own, &format!("w{n}"), away, 12);
        world.staff.insert(own.clone(), mine);
        world.staff.insert(other, theirs);
        world.homes.insert(own.clone(), [format!("home {n}")].into());
        for patient in 0..201 {
            look(&mut world, &format!("many{n}"), &format!("p{patient}"), at + patient * 1_000, 12);
        }
        wanted.insert((Rule::Many, format!("many{n}"), String::new()));
        for try_ in 0..5 {
            world.failures.push(Failure { seq: try_, at: at + try_ as i64 * 1_000, who: own.clone() });
        }
        wanted.insert((Rule::FailedSignIns, own, String::new()));
    }
    (world, wanted)
}

#[test]
fn every_planted_act_is_found_and_next_to_nothing_else() {
    let (world, wanted) = planted(30);
    assert!(wanted.len() >= 200, "{}", wanted.len());
    let found: BTreeSet<(Rule, String, String)> =
        alerts(&world).into_iter().map(|alert| (alert.rule, alert.who, alert.patient)).collect();
    for rule in Rule::ALL {
        let of = |set: &BTreeSet<(Rule, String, String)>| set.iter().filter(|(r, ..)| *r == rule).count();
        let right = found.intersection(&wanted).filter(|(r, ..)| *r == rule).count();
        println!("{rule:?}: planted {}, found {right}, others {}", of(&wanted), of(&found) - right);
    }
    let missed: Vec<_> = wanted.difference(&found).collect();
    assert!(missed.is_empty(), "{missed:?}");
    let precision = wanted.len() as f64 / found.len() as f64;
    println!("alerts: recall 100 %, precision {:.1} %", precision * 100.0);
    assert!(precision > 0.95, "{:?}", found.difference(&wanted).collect::<Vec<_>>());
}

#[test]
fn what_just_misses_a_rule_is_no_alert() {
    let mut world = ordinary();
    for patient in 0..200 {
        let (seq, at) = (patient as u64, 350 * 24 * HOUR + patient);
        let (who, patient) = ("staff1".to_owned(), format!("p{patient}"));
        world.looks.push(Look { seq, at, hour: 21, who, patient, barred: false });
    }
    for n in 0..8 {
        world.failures.push(Failure { seq: n, at: n as i64 * HOUR / 24, who: "staff1".into() });
    }
    assert_eq!(alerts(&world), []);
}

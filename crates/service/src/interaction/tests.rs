//! Interactions against a real record; the door's own tests go through these too.

use super::*;
use access::{Access, Permission, Session};
use fhir::json::{Json, Limits};
use record::{Kind, Options, Place, Refusal, Store};
use testbed::Home;

struct World {
    access: Access,
    session: Session,
    _home: Home,
}

impl World {
    fn new() -> World {
        let home = Home::new();
        let options = Options { readers: 2, durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let access = Access::open(store).unwrap();
        let session = access.bearer(&access.mint_token("system", 60).unwrap()).unwrap();
        assert!(session.may(Permission::AssignIds));
        World { access, session, _home: home }
    }

    fn caller(&self) -> Caller<'_> {
        Caller::new(&self.access, &self.session, "https://care.example/fhir")
    }

    fn count(&self, kind: &'static str) -> usize {
        let pairs = [("_count".to_owned(), "1000".to_owned())];
        let query = fhir::search::Query::parse(
            Some(kind),
            &pairs,
            fhir::search::Handling::Strict,
            record::Instant(0),
            "https://care.example/fhir/",
        );
        let page = record::Page { count: 1_000, total: true };
        search(&self.caller(), &query.unwrap(), &page).unwrap().total.unwrap() as usize
    }
}

fn json(text: &str) -> Json {
    Json::parse(text, Limits::DOOR).unwrap()
}

fn alone(json: &Json) -> Item<'_> {
    Item { resource: json.root(), full_url: None, place: String::new() }
}

fn changed(done: &Done) -> bool {
    matches!(done, Done::Wrote(written, _) if written.changed)
}

const COLLECTION: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
    {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"p"}},
    {"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
        "subject":{"reference":"urn:uuid:p"}}}]}"#;

#[test]
fn loading_a_collection_again_changes_nothing() {
    let world = World::new();
    let bundle = json(COLLECTION);
    let first = load_whole(&world.caller(), &items(&bundle).unwrap()).unwrap();
    assert!(first.iter().all(changed));
    let again = load_whole(&world.caller(), &items(&bundle).unwrap()).unwrap();
    assert_eq!(again.len(), 2);
    assert!(!again.iter().any(changed), "{again:?}");
    assert_eq!(world.count("Observation"), 1);
    let Done::Wrote(observation, _) = &first[1] else { panic!("{first:?}") };
    let body = read(&world.caller(), "Observation", &observation.id).unwrap();
    assert!(body.text.contains("\"reference\":\"Patient/p\""), "{}", body.text);
}

#[test]
fn of_many_single_resources_the_sound_ones_are_filed() {
    let world = World::new();
    let documents = [
        r#"{"resourceType":"Patient","id":"a"}"#,
        r#"{"resourceType":"Patient","id":"b","gender":"unclear"}"#,
        r#"{"resourceType":"Patient","id":"a","active":true}"#,
        r#"{"resourceType":"Nonsense"}"#,
        r#"{"resourceType":"Patient","id":"a_b"}"#,
        r#"{"resourceType":"Patient","active":true}"#,
        r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},
            "subject":{"reference":"Patient?identifier=urn:t|9"}}"#,
        r#"[]"#,
    ]
    .map(json);
    let list: Vec<Item<'_>> = documents.iter().map(alone).collect();
    let fates = load_each(&world.caller(), &list).unwrap();
    let told: Vec<bool> = fates.iter().map(Result::is_ok).collect();
    assert_eq!(told, [true, false, false, false, false, true, false, false]);
    let refusal = |i: usize| fates[i].as_ref().unwrap_err();
    assert_eq!(refusal(2).issues[0].code, "duplicate");
    assert!(waits(refusal(6)), "what it means may come later: {}", refusal(6));
    assert!((0..8).filter(|i| fates[*i].is_err() && *i != 6).all(|i| !waits(refusal(i))));
    let late =
        json(r#"{"resourceType":"Patient","id":"late","identifier":[{"system":"urn:t","value":"9"}]}"#);
    load_each(&world.caller(), &[alone(&late)]).unwrap();
    let fates = load_each(&world.caller(), &[alone(&documents[6])]).unwrap();
    assert!(fates[0].is_ok(), "{fates:?}");
    let body = read(&world.caller(), "Encounter", "e").unwrap();
    assert!(body.text.contains("\"reference\":\"Patient/late\""), "{}", body.text);
}

#[test]
fn a_collection_is_filed_whole_or_not_at_all() {
    let world = World::new();
    let bad = json(&COLLECTION.replace("\"final\"", "\"unclear\""));
    let refusal = load_whole(&world.caller(), &items(&bad).unwrap()).unwrap_err();
    assert_eq!(refusal.issues[0].at, "Bundle.entry[1].resource.status");
    assert_eq!(world.count("Patient"), 0);
}

#[test]
fn content_that_is_taken_in_once_is_not_taken_in_again() {
    let world = World::new();
    let text = r#"{"resourceType":"Bundle","type":"transaction",
        "entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}"#;
    let once = Once::content(text.as_bytes());
    let first = transaction(&world.caller(), &json(text), Some(&once)).unwrap();
    let again = transaction(&world.caller(), &json(text), Some(&once)).unwrap();
    assert_eq!((first.again, again.again, world.count("Patient")), (false, true, 1));
}

#[test]
fn only_who_may_assign_ids_loads() {
    let world = World::new();
    let doctor = world.access.bearer(&world.access.mint_token("doctor", 60).unwrap()).unwrap();
    let caller = Caller::new(&world.access, &doctor, "");
    let patient = json(r#"{"resourceType":"Patient","id":"a"}"#);
    assert_eq!(load_whole(&caller, &[alone(&patient)]).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(load_each(&caller, &[alone(&patient)]).unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn a_refused_change_is_noted() {
    let world = World::new();
    let caller = world.caller();
    assert!(create(&caller, "Patient", &json(r#"{"resourceType":"Patient","x":1}"#), None, None).is_err());
    let acts = caller.take_acts();
    assert_eq!((acts.len(), acts[0].action), (1, "refused"));
    assert!(acts[0].detail.contains("fhir.create"), "{}", acts[0].detail);
}

const PEOPLE_VIEW: &str = r#"{"resourceType":"ViewDefinition","resource":"Patient","name":"people","select":[
    {"column":[{"name":"id","path":"id"},{"name":"family","path":"name.family"}]}]}"#;

/// The rows of a view as lines, and the acts that were noted.
fn flattened(world: &World, session: &Session, rows: Option<u64>) -> Result<(Vec<String>, u64), Refusal> {
    let view = view::View::parse(json(PEOPLE_VIEW).root())?;
    let caller = Caller::new(&world.access, session, "https://care.example/fhir");
    let flattening = flatten(&caller, &view, None);
    assert_eq!(caller.take_acts().len(), 1);
    let (told, mut out) = (Flattened::default(), Vec::new());
    let wanted = Wanted { format: view::Format::Ndjson, rows, threads: 3 };
    flattening?.write(&view, wanted, &mut out, &told)?;
    let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(told.rows.into_inner(), lines.len() as u64);
    Ok((lines, told.resources.into_inner()))
}

#[test]
fn a_view_is_written_in_the_order_of_the_record_by_several_threads() {
    let world = World::new();
    let people: Vec<Json> = (0..1_500)
        .map(|n| json(&format!(r#"{{"resourceType":"Patient","id":"p{n}","name":[{{"family":"Lee{n}"}}]}}"#)))
        .collect();
    let items: Vec<Item<'_>> = people.iter().map(alone).collect();
    load_each(&world.caller(), &items).unwrap();
    let (lines, resources) = flattened(&world, &world.session, None).unwrap();
    let wanted: Vec<String> = (0..1_500).map(|n| format!(r#"{{"id":"p{n}","family":"Lee{n}"}}"#)).collect();
    assert_eq!((lines, resources), (wanted.clone(), 1_500));
    let (some, _) = flattened(&world, &world.session, Some(70)).unwrap();
    assert_eq!(some, wanted[..70]);
}

#[test]
fn a_view_shows_only_what_the_session_may_see_and_only_to_who_may_take_much() {
    let world = World::new();
    for id in ["ann", "bob"] {
        let patient =
            json(&format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"Lee"}}]}}"#));
        load_each(&world.caller(), &[alone(&patient)]).unwrap();
    }
    let narrow = world.session.clone().with_reach(["bob".to_owned()]);
    assert_eq!(flattened(&world, &narrow, None).unwrap().0, [r#"{"id":"bob","family":"Lee"}"#]);
    let doctor = world.access.bearer(&world.access.mint_token("doctor", 60).unwrap()).unwrap();
    assert_eq!(flattened(&world, &doctor, None).unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn a_resource_that_a_view_cannot_take_stops_it_and_is_named() {
    let world = World::new();
    let patient = json(r#"{"resourceType":"Patient","id":"ann","name":[{"family":"a"},{"family":"b"}]}"#);
    load_each(&world.caller(), &[alone(&patient)]).unwrap();
    let refusal = flattened(&world, &world.session, None).unwrap_err();
    assert!(refusal.to_string().starts_with("select[0].column[1].path: On Patient/ann: "), "{refusal}");
}

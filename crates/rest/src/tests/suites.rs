//! The public test data: the examples of the standard, there and back; whole patients as transactions, with
//! counts that a walk over the files must give too.

use super::formats::in_order;
use super::*;
use fhir::{Tree, Value};
use std::collections::{BTreeMap, BTreeSet};

fn files(folder: &std::path::Path) -> Vec<(String, Json)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let limits = Limits { depth: 1_000, ..Limits::FILE };
    let read = |path: PathBuf| {
        let json = Json::parse(std::fs::read(&path).unwrap(), limits).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), json)
    };
    paths.into_iter().map(read).collect()
}

/// A resource without what the record adds.
fn own(value: Value<'_>) -> Tree {
    let Tree::Object(mut members) = Tree::from(value) else { panic!("a resource is an object") };
    for (name, member) in &mut members {
        if let ("meta", Tree::Object(meta)) = (name.as_str(), member) {
            meta.retain(|(name, _)| name != "versionId" && name != "lastUpdated");
        }
    }
    members.retain(|(name, member)| name != "meta" || *member != Tree::object());
    Tree::Object(members)
}

/// Examples that are refused, and why that is right.
const REFUSED: &[(&str, &str)] = &[(
    "examplescenario-questionnaire.json",
    "its inner items have no linkId, which R4 requires (Questionnaire.item.linkId is 1..1)",
)];

#[test]
fn every_example_of_the_standard_comes_back_as_it_went_in() {
    let Some(folder) = suite("fhir-r4-examples") else { return };
    let world = World::new();
    let (mut same, mut wrong) = (0, Vec::new());
    for (name, json) in files(&folder) {
        let kind = json.root().str("resourceType").unwrap().into_owned();
        let sent = match json.root().str("id") {
            Some(id) => world.put(&format!("{kind}/{id}"), json.text()),
            None => world.post(&kind, json.text()),
        };
        if kind == "AuditEvent" {
            assert_eq!(sent.status, 405, "{name}: the trail is written by what happens and not by clients");
            continue;
        }
        let refused = REFUSED.iter().find(|(file, _)| *file == name);
        match (sent.status, refused) {
            (200 | 201, None) => {}
            (400..500, Some((_, reason))) => {
                println!("{name} is refused: {reason}");
                continue;
            }
            _ => {
                wrong.push(format!(
                    "{name}: {} {}",
                    sent.status,
                    sent.text().chars().take(400).collect::<String>()
                ));
                continue;
            }
        }
        let id = at(&sent, "id");
        // A Binary must be asked for as a resource.
        let read = super::json(&world.get(&format!("{kind}/{id}?_format=json")));
        let in_xml = world.get(&format!("{kind}/{id}?_format=xml"));
        let in_xml = fhir::xml::read(in_xml.body.as_slice(), Limits::FILE).unwrap();
        assert_eq!(in_order(in_xml.root()), in_order(read.root()), "{name}: XML says something else");
        let (mut there, mut back) = (own(json.root()), own(read.root()));
        // Where there was no id, we gave one.
        there.set("id", id.as_str());
        back.set("id", id.as_str());
        match json.root().get("id").is_some() {
            true if there.text() == back.text() => same += 1,
            false if sorted(&there) == sorted(&back) => same += 1,
            _ => wrong.push(format!("{name}: came back different\n{}\n{}", there.text(), back.text())),
        }
    }
    println!("{same} examples came back as they went in, {} are refused as explained", REFUSED.len());
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 700);
}

fn sorted(tree: &Tree) -> BTreeMap<String, String> {
    let Tree::Object(members) = tree else { return BTreeMap::new() };
    members.iter().map(|(name, member)| (name.clone(), member.text())).collect()
}

/// The resources of all files.
struct People {
    bundles: Vec<(String, Json)>,
}

impl People {
    fn all(&self) -> impl Iterator<Item = Value<'_>> {
        let entries = self.bundles.iter().flat_map(|(_, bundle)| bundle.root().get("entry").unwrap().items());
        entries.map(|entry| entry.get("resource").unwrap())
    }

    fn of<'p>(&'p self, kind: &'p str) -> impl Iterator<Item = Value<'p>> {
        self.all().filter(move |resource| resource.str("resourceType").as_deref() == Some(kind))
    }

    /// The full URLs of the patients of each kind of resource that meets a test.
    fn subjects(&self, kind: &str, member: &str, test: impl Fn(Value<'_>) -> bool) -> Vec<String> {
        let found = self.of(kind).filter(|resource| test(*resource));
        found.filter_map(|r| Some(r.at(&[member, "reference"])?.as_str()?.into_owned())).collect()
    }

    fn patients(&self) -> impl Iterator<Item = (String, Value<'_>)> {
        let entries = self.bundles.iter().flat_map(|(_, bundle)| bundle.root().get("entry").unwrap().items());
        let patients = entries
            .filter(|e| e.at(&["resource", "resourceType"]).unwrap().as_str().as_deref() == Some("Patient"));
        patients.map(|e| (e.str("fullUrl").unwrap().into_owned(), e.get("resource").unwrap()))
    }
}

fn has_code(concept: Option<Value<'_>>, system: &str, code: &str) -> bool {
    let codings = concept.into_iter().flat_map(|c| c.get("coding")).flat_map(|list| list.items());
    let mut found = codings.filter(|c| c.str("code").as_deref() == Some(code));
    found.any(|c| system.is_empty() || c.str("system").as_deref() == Some(system))
}

fn millis(value: Option<Value<'_>>) -> Option<i64> {
    let text = value?.as_str()?.into_owned();
    chrono::DateTime::parse_from_rfc3339(&text).ok().map(|t| t.timestamp_millis())
}

fn day(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z")).unwrap().timestamp_millis()
}

fn number(value: Option<Value<'_>>) -> Option<f64> {
    value?.as_number()?.parse().ok()
}

#[test]
fn whole_patients_are_taken_and_searches_count_what_the_files_hold() {
    let Some(folder) = suite("synthea") else { return };
    let people = People { bundles: files(&folder) };
    let world = World::new();
    let mut stored: BTreeMap<String, String> = BTreeMap::new();
    let mut targets = BTreeSet::new();
    for (name, bundle) in &people.bundles {
        let response = world.post("", bundle.text());
        assert_eq!(
            response.status,
            200,
            "{name}: {}",
            response.text().chars().take(2_000).collect::<String>()
        );
        let answer = json(&response);
        let entries =
            bundle.root().get("entry").unwrap().items().zip(answer.root().get("entry").unwrap().items());
        for (asked, answered) in entries {
            let location = answered.at(&["response", "location"]).unwrap().as_str().unwrap().into_owned();
            let target = location.split("/_history").next().unwrap().to_owned();
            targets.insert(target.clone());
            stored.insert(asked.str("fullUrl").unwrap().into_owned(), target);
        }
    }
    println!("{} bundles with {} resources were taken whole", people.bundles.len(), targets.len());
    counts_by_type(&world, &people);
    searches(&world, &people, &stored);
    no_reference_is_left_over(&world, &targets);
}

fn total(world: &World, url: &str) -> usize {
    let glue = if url.contains('?') { '&' } else { '?' };
    let response = world.get(&format!("{url}{glue}_summary=count"));
    expect(&response, 200);
    at(&response, "total").parse().unwrap()
}

fn counts_by_type(world: &World, people: &People) {
    let mut by_type: BTreeMap<String, usize> = BTreeMap::new();
    for resource in people.all() {
        *by_type.entry(resource.str("resourceType").unwrap().into_owned()).or_default() += 1;
    }
    for (kind, count) in &by_type {
        assert_eq!(total(world, kind), *count, "{kind}");
    }
    println!("{by_type:?}");
}

fn searches(world: &World, people: &People, stored: &BTreeMap<String, String>) {
    let (full_url, patient) = people.patients().next().unwrap();
    let family = patient.get("name").unwrap().items().next().unwrap().str("family").unwrap().into_owned();
    let named: BTreeSet<String> = people
        .patients()
        .filter(|(_, p)| p.get("name").unwrap().items().any(|n| starts(n.str("family").as_deref(), &family)))
        .map(|(url, _)| url)
        .collect();
    let height = |o: Value<'_>| has_code(o.get("code"), "http://loinc.org", "8302-2");
    let in_2015 = |o: Value<'_>| {
        millis(o.get("effectiveDateTime"))
            .is_some_and(|t| (day("2015-01-01")..day("2016-01-01")).contains(&t))
    };
    let tall =
        |o: Value<'_>| height(o) && number(o.at(&["valueQuantity", "value"])).is_some_and(|v| v > 170.0);
    let of_one = |o: Value<'_>| {
        o.at(&["subject", "reference"]).unwrap().as_str().as_deref() == Some(full_url.as_str())
    };
    let of_named =
        |o: Value<'_>| named.contains(&*o.at(&["subject", "reference"]).unwrap().as_str().unwrap());
    let observations =
        |test: &dyn Fn(Value<'_>) -> bool| people.of("Observation").filter(|o| test(*o)).count();
    let code =
        people.of("Condition").next().unwrap().at(&["code", "coding"]).unwrap().items().next().unwrap();
    let code = code.str("code").unwrap().into_owned();
    let with_condition: BTreeSet<String> =
        people.subjects("Condition", "subject", |c| has_code(c.get("code"), "", &code)).into_iter().collect();
    let active = |c: &Value<'_>| has_code(c.get("clinicalStatus"), "", "active");
    let one = &stored[&full_url];
    let checks = [
        ("Observation?code=http://loinc.org|8302-2".to_owned(), observations(&height)),
        (
            "Observation?code=8302-2&date=ge2015-01-01&date=lt2016-01-01".to_owned(),
            observations(&|o| height(o) && in_2015(o)),
        ),
        ("Observation?date=2015".to_owned(), observations(&in_2015)),
        (format!("Observation?patient={one}"), observations(&of_one)),
        (
            format!("Observation?subject={one}&code=8302-2&date=2015"),
            observations(&|o| of_one(o) && height(o) && in_2015(o)),
        ),
        (format!("Observation?subject:Patient.family={family}"), observations(&of_named)),
        (
            format!("Observation?patient.family={family}&code=8302-2"),
            observations(&|o| of_named(o) && height(o)),
        ),
        (format!("Patient?_has:Condition:patient:code={code}"), with_condition.len()),
        (
            format!("Patient?_has:Condition:subject:code={code}&family={family}"),
            with_condition.intersection(&named).count(),
        ),
        ("Observation?code=8302-2&value-quantity=gt170".to_owned(), observations(&tall)),
        ("Observation?code-value-quantity=8302-2$gt170".to_owned(), observations(&tall)),
        ("Condition?clinical-status=active".to_owned(), people.of("Condition").filter(active).count()),
        (
            "Condition?clinical-status:not=active".to_owned(),
            people.of("Condition").filter(|c| !active(c)).count(),
        ),
        (
            "Patient?gender=female".to_owned(),
            people.patients().filter(|(_, p)| p.str("gender").as_deref() == Some("female")).count(),
        ),
        (
            "Patient?deceased=true".to_owned(),
            people.patients().filter(|(_, p)| p.get("deceasedDateTime").is_some()).count(),
        ),
        (
            "Patient?birthdate=lt1960".to_owned(),
            people.patients().filter(|(_, p)| &*p.str("birthDate").unwrap() < "1960").count(),
        ),
        ("Observation?code:not=8302-2".to_owned(), observations(&|o| !height(o))),
        (
            "Observation?value-quantity:missing=true".to_owned(),
            observations(&|o| o.get("valueQuantity").is_none()),
        ),
        (format!("Patient?family={family}"), named.len()),
    ];
    for (url, count) in checks {
        assert_eq!(total(world, &url), count, "{url}");
        println!("{count:>6}  {url}");
    }
    let everything = world.get(&format!("{one}/$everything"));
    expect(&everything, 200);
    let own = people.bundles.iter().find(|(_, b)| b.text().contains(&full_url)).unwrap();
    let all = own.1.root().get("entry").unwrap().items().count();
    let there = json(&everything).root().get("entry").unwrap().items().count();
    println!("{there} of the {all} resources of the first file are in the patient's $everything");
    assert!(there <= all && there * 10 > all * 9, "{there} of {all}");
}

fn starts(name: Option<&str>, with: &str) -> bool {
    name.is_some_and(|name| name.to_lowercase().starts_with(&with.to_lowercase()))
}

/// Every reference between entries now names a resource that is there.
fn no_reference_is_left_over(world: &World, there: &BTreeSet<String>) {
    let mut count = 0;
    for target in there {
        let response = world.get(target);
        expect(&response, 200);
        for rest in response.text().split("\"reference\":\"").skip(1) {
            let reference = rest.split('"').next().unwrap();
            assert!(
                reference.starts_with('#') || there.contains(reference),
                "{target} points at {reference}"
            );
            count += 1;
        }
    }
    println!("{count} references between resources hold");
    assert!(count > 10_000);
}

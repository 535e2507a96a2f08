//! Searches on real stores, against an oracle that asks each resource.

mod oracle;
mod world;

use super::{Page, Results};
use crate::tests::{only, prepared};
use crate::{Author, Instant, Reader, Scope};
use fhir::search::{Filter, Handling, Query};
use oracle::{Name, Oracle, Sight};
use std::collections::BTreeSet;
use std::sync::Arc;
use world::{CODES, DATES, Dice, PATIENTS, VALUES, World};

const PREFIXES: [&str; 10] = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

fn parse(kind: Option<&str>, pairs: &[(String, String)]) -> Query {
    // A day long after all dates, for `ap`.
    let now = Instant::parse("2026-01-01T00:00:00Z").unwrap();
    match Query::parse(kind, pairs, Handling::Strict, now, "http://here/fhir/") {
        Ok(query) => query,
        Err(refusal) => panic!("{pairs:?}: {refusal}"),
    }
}

/// A query on a type in the form of a URL.
fn asked(url: &str) -> Query {
    let (kind, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    parse(Some(kind).filter(|kind| !kind.is_empty()), &pairs)
}

fn names(bodies: &[crate::Body]) -> Vec<Name> {
    bodies.iter().map(|body| (body.kind, body.id.clone())).collect()
}

/// All pages of a search, one after the other.
fn pages(reader: &Reader, query: &Query, count: usize) -> Vec<Results> {
    let mut query = query.clone();
    let mut pages = Vec::new();
    loop {
        let page = reader.search(&query, &Page { count, total: pages.is_empty() }).unwrap();
        query.page = page.next.clone();
        pages.push(page);
        assert!(pages.len() < 1_000, "pages never end");
        if query.page.is_none() {
            return pages;
        }
    }
}

fn observation_filter(dice: &mut Dice) -> String {
    let code = dice.pick(&CODES);
    let bare = code.split_once('|').unwrap().1;
    let system = code.split_once('|').unwrap().0;
    let prefix = dice.pick(&PREFIXES);
    let (date, value) = (dice.pick(&DATES), dice.pick(&VALUES));
    let patient = dice.pick(&PATIENTS);
    match dice.roll(32) {
        0 => format!("code={code}"),
        1 => format!("code={bare}"),
        2 if !system.is_empty() => format!("code={system}|"),
        2 => "code=nowhere|nothing".into(),
        3 => format!("code:not={bare},second"),
        4 => "code:text=body".into(),
        5 => format!("code:missing={}", dice.pick(&["true", "false"])),
        6 => format!("date={prefix}{date}"),
        7 => format!("date:missing={}", dice.pick(&["true", "false"])),
        8 => format!("value-quantity={prefix}{value}"),
        9 => format!("value-quantity={prefix}{value}|http://unitsofmeasure.org|kg"),
        10 => format!("value-quantity={prefix}{value}||{}", dice.pick(&["kg", "kilo"])),
        11 | 12 => format!("patient={patient}"),
        13 => format!("subject=Patient/{patient}"),
        14 => format!("subject={patient},Group/g0"),
        15 => "subject=http://elsewhere/Patient/p1".into(),
        16 => "subject:identifier=urn:mrn|1".into(),
        17 => format!("subject:Patient.name={}", dice.pick(&["smith", "obrien", "mul"])),
        18 => format!("patient.birthdate={prefix}1960-05"),
        19 => format!("encounter.participant.name={}", dice.pick(&["smith", "x"])),
        20 => format!("performer:Practitioner.family:exact={}", dice.pick(&["Smith", "smith"])),
        21 => format!("component-code-value-quantity={code}${prefix}{value}"),
        22 => format!("code-value-quantity={bare}${prefix}{value}||kg"),
        23 => format!("status={}", dice.pick(&["final", "amended", "final,amended"])),
        24 => format!("patient:missing={}", dice.pick(&["true", "false"])),
        25 => format!("_id=o1,o2,o{}", dice.roll(40)),
        31 => format!("combo-code={bare}&performer:missing=false"),
        26 => format!("_content={}", dice.pick(&["body", "smith", "kg", "weight,nothing", "final"])),
        27 => observation_expression(dice),
        28 => format!("_list={}", dice.pick(&["l0", "l1", "nowhere"])),
        _ => format!("patient={patient}&code={code}"),
    }
}

fn observation_expression(dice: &mut Dice) -> String {
    let (code, date, value) = (dice.pick(&CODES), dice.pick(&DATES), dice.pick(&VALUES));
    let bare = code.split_once('|').unwrap().1;
    let patient = dice.pick(&PATIENTS);
    let term = |dice: &mut Dice| match dice.roll(12) {
        0 => format!("code eq {bare}"),
        1 => format!("code ne {code}"),
        2 => format!("date {} {date}", dice.pick(&["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "po"])),
        3 => format!("value-quantity {} {value}", dice.pick(&["eq", "ne", "gt", "lt", "ge", "le", "ap"])),
        4 => format!("subject re Patient/{patient}"),
        5 => format!("subject pr {}", dice.pick(&["true", "false"])),
        6 => format!("subject:Patient.family {} \"smith\"", dice.pick(&["eq", "ne", "co", "sw", "ew"])),
        7 => format!("subject:Patient[birthdate lt 1990].family sw {}", dice.pick(&["s", "ob", "mul"])),
        8 => format!("encounter.participant.name co {}", dice.pick(&["smith", "it"])),
        9 => format!("patient ne {patient}"),
        10 => "_id ne o1".into(),
        _ => "status eq final".into(),
    };
    let (one, two, three) = (term(dice), term(dice), term(dice));
    let shape = match dice.roll(6) {
        0 => one,
        1 => format!("{one} and {two}"),
        2 => format!("{one} or {two}"),
        3 => format!("not ({one})"),
        4 => format!("not ({one} or {two}) and {three}"),
        _ => format!("{one} and ({two} or not ({three}))"),
    };
    format!("_filter={shape}")
}

fn patient_filter(dice: &mut Dice) -> String {
    let code = dice.pick(&CODES);
    match dice.roll(16) {
        0 => format!("name={}", dice.pick(&["smith", "O'B", "a", "b", "å"])),
        1 => format!("family:exact={}", dice.pick(&["Smith", "O'Brien", "obrien"])),
        2 => format!("family:contains={}", dice.pick(&["mit", "xxx", "brien"])),
        3 => format!("birthdate={}{}", dice.pick(&PREFIXES), dice.pick(&["1960-05", "2001-12-31"])),
        4 => "identifier:of-type=urn:type|MR|1".into(),
        5 => format!("identifier=urn:mrn|{}", dice.roll(6)),
        6 => format!("_tag={}", dice.pick(&["demo", "urn:t|demo", "urn:t|"])),
        7 => format!("active={}", dice.pick(&["true", "false"])),
        8 => format!("_has:Observation:patient:code={code}"),
        9 => format!("_has:Encounter:subject:participant.family={}", dice.pick(&["smith", "o"])),
        10 => format!("_has:Observation:subject:_has:Condition:encounter:code={code}")
            .replace("_has:Condition:encounter:code", "status"),
        11 => format!("general-practitioner.name={}", dice.pick(&["smith", "mull"])),
        12 => format!("family={}", "x".repeat(250)),
        13 => format!("_has:Group:member:_id={}", dice.pick(&["g0", "g1"])),
        14 => "name:missing=false".into(),
        _ => format!("family={}", dice.pick(&["smith", "Smithson", "muller"])),
    }
}

/// A random query as a URL.
fn random(world: &mut World) -> String {
    let instant = world.some_instant();
    let dice = &mut world.dice;
    let kind = dice.pick(&[
        "Observation",
        "Observation",
        "Patient",
        "Encounter",
        "Condition",
        "ValueSet",
        "RiskAssessment",
        "",
    ]);
    let mut parts = Vec::new();
    for _ in 0..dice.roll(4) {
        parts.push(match kind {
            "Observation" => observation_filter(dice),
            "Patient" => patient_filter(dice),
            "Encounter" => match dice.roll(4) {
                0 => format!("date={}{}", dice.pick(&PREFIXES), dice.pick(&DATES)),
                1 => format!("patient={}", dice.pick(&PATIENTS)),
                2 => format!("_has:Condition:encounter:code={}", dice.pick(&CODES)),
                _ => format!("participant=p{}", dice.roll(4)),
            },
            "Condition" => match dice.roll(3) {
                0 => format!("code={}", dice.pick(&CODES)),
                1 => format!("encounter.date={}{}", dice.pick(&PREFIXES), dice.pick(&DATES)),
                _ => format!("subject={}", dice.pick(&PATIENTS)),
            },
            "ValueSet" => match dice.roll(3) {
                0 => format!("url:below=http://x/{}", dice.pick(&["", "a", "a/"])),
                1 => format!("url:above=http://x/a{}", dice.pick(&["", "/b/c", "b"])),
                _ => "url=http://x/a".into(),
            },
            "RiskAssessment" => format!("probability={}{}", dice.pick(&PREFIXES), dice.pick(&VALUES)),
            _ => "_tag=demo,nothing".into(),
        });
    }
    if dice.once_in(6) {
        parts.push(format!("_lastUpdated={}{instant}", dice.pick(&PREFIXES)));
    }
    let sorts: &[&str] = match kind {
        "Observation" => &[
            "date",
            "-date",
            "value-quantity",
            "-code,date",
            "-date,_id",
            "date,-value-quantity",
            "_id",
            "-_lastUpdated",
            "_lastUpdated",
            "status,-date",
        ],
        "Patient" => &[
            "family",
            "-birthdate,family",
            "family,given,-_id",
            "-_id",
            "_lastUpdated",
            "-family",
            "birthdate",
        ],
        "RiskAssessment" => &["probability", "-probability", "-probability,_id"],
        "Encounter" => &["date", "-date"],
        _ => &["-_id"],
    };
    if dice.once_in(2) {
        parts.push(format!("_sort={}", dice.pick(sorts)));
    }
    if dice.once_in(4) {
        parts.push(
            match kind {
                "Observation" => dice.pick(&[
                    "_include=Observation:patient",
                    "_include=Observation:*",
                    "_include=Observation:subject:Group&_include:iterate=Group:member",
                    "_include=Observation:encounter&_include:iterate=Encounter:participant",
                ]),
                "Patient" => dice.pick(&[
                    "_revinclude=Observation:patient",
                    "_revinclude=Encounter:patient&_include=Patient:general-practitioner",
                    "_revinclude=Encounter:subject&_revinclude:iterate=Condition:encounter",
                ]),
                _ => "_count=7",
            }
            .to_owned(),
        );
    }
    format!("{kind}?{}", parts.join("&"))
}

/// Compares one search with the oracle's answer, through all its pages. `between` acts between pages.
fn check(reader: &Reader, oracle: &Oracle, url: &str, count: usize) {
    check_query(reader, oracle, url, &asked(url), count);
}

fn check_query(reader: &Reader, oracle: &Oracle, url: &str, query: &Query, count: usize) {
    let expected = oracle.found(query);
    let pages = pages(reader, query, count);
    let listed: Vec<Name> = pages.iter().flat_map(|page| names(&page.matches)).collect();
    let set: BTreeSet<Name> = listed.iter().cloned().collect();
    assert_eq!(set, expected, "{url}");
    assert_eq!(listed.len(), set.len(), "{url}: a match is listed twice");
    assert_eq!(pages[0].total, Some(expected.len() as u64), "{url}");
    assert_eq!(reader.count(query).unwrap(), expected.len() as u64, "{url}");
    assert!(pages.iter().rev().skip(1).all(|page| page.matches.len() == count), "{url}: a page is not full");
    for pair in listed.windows(2) {
        let order = oracle.compare(&query.sort, &pair[0], &pair[1]);
        assert!(order.is_le(), "{url}: {pair:?} are out of order");
    }
    for page in &pages {
        let matches: BTreeSet<Name> = names(&page.matches).into_iter().collect();
        let included: BTreeSet<Name> = names(&page.included).into_iter().collect();
        assert_eq!(included, oracle.included(query, &matches), "{url}: included");
        assert_eq!(page.included.len(), included.len(), "{url}: something is included twice");
    }
}

fn scope_of(sight: &Sight) -> Scope {
    match sight {
        Sight::Everything => Scope::all(),
        Sight::Patients(ids) => only(&ids.iter().map(String::as_str).collect::<Vec<_>>()),
        Sight::Types(types) => Scope { types: Some(Arc::new(types.clone())), ..Scope::all() },
    }
}

fn some_sight(dice: &mut Dice) -> Sight {
    match dice.roll(3) {
        0 => Sight::Everything,
        1 => Sight::Patients(PATIENTS.iter().filter(|_| dice.once_in(2)).map(|p| (*p).to_owned()).collect()),
        _ => Sight::Types(BTreeSet::from(["Observation", "Patient", "Practitioner"])),
    }
}

/// Lets a world grow and asks random queries of it now and then.
fn explore(seeds: std::ops::Range<u64>, moves: bool, mut ask: impl FnMut(&mut World)) {
    for seed in seeds {
        let mut world = World::new(seed, moves);
        for _ in 0..10 {
            (0..14).for_each(|_| world.step());
            ask(&mut world);
        }
        world.sound();
    }
}

#[test]
fn every_search_finds_what_asking_each_resource_finds() {
    explore(0..6, true, |world| {
        let reader = world.store.reader(&Scope::all()).unwrap();
        let oracle = Oracle::new(world, reader.txn(), &Sight::Everything);
        for _ in 0..30 {
            let url = random(world);
            let count = 1 + world.dice.roll(8);
            check(&reader, &oracle, &url, count);
        }
    });
}

#[test]
fn a_transaction_finds_what_it_has_just_written() {
    let desk = crate::tests::Desk::new();
    let group = prepared(
        r#"{"resourceType":"Group","id":"g","type":"person","actual":true,"code":{"text":"family"},
            "member":[{"entity":{"reference":"Patient/a"}},{"entity":{"reference":"Patient/b"}}]}"#,
    );
    let (query, page) = (asked("Group?member=Patient/b&type=person"), Page { count: 5, total: false });
    let found = desk.store.write(Author::system("test"), move |tx| {
        let before = tx.search(&query, &page)?.matches.len();
        tx.put(group, None)?;
        Ok((before, tx.search(&query, &page)?.matches.len()))
    });
    assert_eq!(found.unwrap(), (0, 1));
}

#[test]
fn a_compartment_is_searched_as_asked() {
    explore(40..43, true, |world| {
        let reader = world.store.reader(&Scope::all()).unwrap();
        let oracle = Oracle::new(world, reader.txn(), &Sight::Everything);
        for _ in 0..30 {
            let url = random(world);
            let (kind, id) = match world.dice.roll(3) {
                0 => ("Encounter", "e1"),
                1 => ("Practitioner", "p1"),
                _ => ("Patient", world.dice.pick(&PATIENTS)),
            };
            let mut query = asked(&url);
            query.filters.push(Filter::Compartment { kind, id: id.to_owned() });
            let count = 1 + world.dice.roll(8);
            check_query(&reader, &oracle, &format!("{kind}/{id}/{url}"), &query, count);
        }
    });
}

#[test]
fn a_search_as_at_a_past_instant_finds_what_was_there_then() {
    explore(10..16, true, |world| {
        let at = world.some_instant();
        let reader = world.store.reader_at(&Scope::all(), at).unwrap();
        let oracle = Oracle::new(world, reader.txn(), &Sight::Everything);
        for _ in 0..30 {
            let url = random(world);
            let count = 1 + world.dice.roll(8);
            check(&reader, &oracle, &url, count);
        }
    });
}

#[test]
fn what_is_outside_the_scope_is_in_every_search_as_if_it_were_not_there() {
    explore(20..26, false, |world| {
        let sight = some_sight(&mut world.dice);
        let at = if world.dice.once_in(2) { world.some_instant() } else { Instant(i64::MAX) };
        let reader = world.store.reader_at(&scope_of(&sight), at).unwrap();
        let oracle = Oracle::new(world, reader.txn(), &sight);
        for _ in 0..30 {
            let url = random(world);
            let count = 1 + world.dice.roll(8);
            check(&reader, &oracle, &url, count);
        }
    });
}

#[test]
fn writes_between_pages_neither_skip_nor_repeat() {
    explore(30..36, true, |world| {
        for _ in 0..8 {
            let url = random(world);
            let mut query = asked(&url);
            let count = 1 + world.dice.roll(3);
            let oracle = Oracle::new(world, world.now(), &Sight::Everything);
            let mut listed = Vec::new();
            loop {
                let reader = world.store.reader(&Scope::all()).unwrap();
                let page = reader.search(&query, &Page { count, total: false }).unwrap();
                drop(reader);
                listed.extend(names(&page.matches));
                query.page = page.next;
                if query.page.is_none() {
                    break;
                }
                world.step();
            }
            let set: BTreeSet<Name> = listed.iter().cloned().collect();
            assert_eq!(set, oracle.found(&query), "{url}");
            assert_eq!(listed.len(), set.len(), "{url}: a match is listed twice");
            let in_order = |pair: &[Name]| oracle.compare(&query.sort, &pair[0], &pair[1]).is_le();
            assert!(listed.windows(2).all(in_order), "{url}: {listed:?} is out of order");
        }
    });
}

//! Gathers what the rules of alerts are applied to: looks of a period, and who staff and patients are.

use crate::alerts::{Failure, Look, NEAR_DAYS, Name, Person, World};
use fhir::search::{Handling, Query, fold};
use fhir::{Instant, Json, Limits, Value};
use record::{Body, Found, Page, Reader, Refusal};
use service::{Access, Kind};
use std::collections::{BTreeSet, HashMap};

/// Acts of a period that are looked through.
const ACTS_MAX: usize = 200_000;
/// Acts read at once.
const BATCH: usize = 4_000;
const DAY_MS: i64 = 86_400_000;
const LOOKS: [&str; 6] = ["barred", "read", "vread", "everything", "history", "export"];

/// The world of the acts from one instant up to before another. Who the staff and the patients are, and when these
/// come, is read whole, since a rule that saw less would miss what it is there for; only the alerts are shown.
pub fn world(access: &Access, reader: &Reader, from: i64, to: i64) -> Result<World, Refusal> {
    let mut world = World::default();
    for account in access.users()? {
        let mut words = account.display.split_whitespace().rev();
        let (family, given) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        world.staff.insert(account.name.clone(), Name { given: fold(given), family: fold(family) });
    }
    acts(reader, from, to, &mut world)?;
    let patients: BTreeSet<String> = world.looks.iter().map(|look| look.patient.clone()).collect();
    for id in patients {
        if let Found::Here(body) = reader.read("Patient", &id)? {
            let mut person = person(&body);
            person.contacts = contacts(reader, &id, from, to)?;
            world.people.insert(id, person);
        }
    }
    world.homes = homes(reader, &world)?;
    Ok(world)
}

fn acts(reader: &Reader, from: i64, to: i64, world: &mut World) -> Result<(), Refusal> {
    let Some(first) = reader.audit_from(Instant(from))? else { return Ok(()) };
    let (mut last, mut read) = (first - 1, 0);
    loop {
        let rows = reader.audit_after(last, BATCH)?;
        let whole = rows.len() < BATCH;
        for row in rows {
            if row.at.0 >= to {
                return Ok(());
            }
            last = row.seq;
            read += 1;
            if row.action == "sign-in-failed" {
                world.failures.push(Failure { seq: row.seq, at: row.at.0, who: row.who });
            } else if LOOKS.contains(&row.action.as_str()) && world.staff.contains_key(&row.who) {
                let (seq, at, hour) = (row.seq, row.at.0, hour(row.at.0));
                let who = row.who.clone();
                let barred = row.action == "barred";
                let look = |patient| Look { seq, at, hour, who: who.clone(), patient, barred };
                world.looks.extend(row.patients().into_iter().map(look));
            }
        }
        if whole {
            return Ok(());
        }
        if read >= ACTS_MAX {
            let text = format!("More than {ACTS_MAX} acts are in this period. Choose a shorter one.");
            return Err(Refusal::new(Kind::TooLarge, text));
        }
    }
}

/// The hour of the day in London.
fn hour(at: i64) -> u32 {
    html::local_input(at).get(11..13).and_then(|hour| hour.parse().ok()).unwrap_or(0)
}

fn person(body: &Body) -> Person {
    let Ok(json) = Json::parse(body.text.as_str(), Limits::FILE) else { return Person::default() };
    let first = |value: Value<'_>, name: &str| {
        let found = value.get(name).into_iter().flat_map(Value::each).next();
        found.and_then(|value| value.as_str().map(|text| fold(&text))).unwrap_or_default()
    };
    let name = json.root().get("name").into_iter().flat_map(Value::each).next();
    let address = json.root().get("address").into_iter().flat_map(Value::each).next();
    let home = address.map(|address| (first(address, "line"), first(address, "postalCode")));
    let home = home.filter(|(line, code)| !line.is_empty() && !code.is_empty());
    Person {
        name: name.map_or_else(Name::default, |name| Name {
            given: first(name, "given"),
            family: first(name, "family"),
        }),
        home: home.map(|(line, code)| format!("{line} {code}")).unwrap_or_default(),
        contacts: Vec::new(),
    }
}

/// When a patient came or was in care, in or near a period.
fn contacts(reader: &Reader, id: &str, from: i64, to: i64) -> Result<Vec<(i64, i64)>, Refusal> {
    let (from, to) = (from - NEAR_DAYS * DAY_MS, to + NEAR_DAYS * DAY_MS);
    let mut found = Vec::new();
    for kind in ["Encounter", "Appointment"] {
        let pairs = [
            ("patient", id.to_owned()),
            ("date", format!("ge{}", Instant(from))),
            ("date", format!("le{}", Instant(to))),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
        let query = Query::parse(Some(kind), &pairs, Handling::Strict, Instant(to), "")?;
        let page = Page { count: record::COUNT_MAX, total: false };
        for body in reader.search(&query, &page)?.matches {
            found.extend(span(&body));
        }
    }
    Ok(found)
}

/// From when to when: of an Encounter's period, which may still go on, or of an Appointment.
fn span(body: &Body) -> Option<(i64, i64)> {
    let json = Json::parse(body.text.as_str(), Limits::FILE).ok()?;
    let period = json.root().get("period").unwrap_or(json.root());
    let moment = |name| period.str(name).and_then(|text| html::When::parse(&text)).map(html::When::start);
    let start = moment("start")?;
    let open = if body.kind == "Encounter" { i64::MAX / 2 } else { start };
    // A day without a time goes on to its end.
    Some((start, moment("end").unwrap_or(open).saturating_add(DAY_MS)))
}

/// Where those live who bear the names of staff.
fn homes(reader: &Reader, world: &World) -> Result<HashMap<String, BTreeSet<String>>, Refusal> {
    let mut homes: HashMap<String, BTreeSet<String>> = HashMap::new();
    let looking: BTreeSet<&str> = world.looks.iter().map(|look| look.who.as_str()).collect();
    for who in looking {
        let Some(name) = world.staff.get(who).filter(|name| !name.given.is_empty()) else { continue };
        let pairs = [("family", name.family.clone()), ("given", name.given.clone())];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
        let query = Query::parse(Some("Patient"), &pairs, Handling::Strict, Instant(0), "")?;
        let page = Page { count: record::COUNT_MAX, total: false };
        for body in reader.search(&query, &page)?.matches {
            let person = person(&body);
            if person.name == *name && !person.home.is_empty() {
                homes.entry(who.to_owned()).or_default().insert(person.home);
            }
        }
    }
    Ok(homes)
}

//! Relationships that follow from events: whoever files an encounter, an appointment, a referral, a registration, an
//! episode or a care team, by whatever door, relates the patient to the teams that serve what it names, in the same
//! transaction; and ends that when the event ends.
//!
//! | event | related while | and then |
//! |---|---|---|
//! | Patient | registered with the practice or its people | not at all |
//! | Encounter | it goes on | 30 days |
//! | EpisodeOfCare, ServiceRequest | it goes on | 28 days |
//! | Appointment | from 7 days before it | 28 days |
//! | CareTeam | in its period | not at all |
//!
//! The days are this project's own, to be agreed by a site's information governance lead.

use crate::interaction::Guard;
use access::relationship::{Holder, Relationship, Tie, follow};
use access::{Access, anything_served, served_settled, serving, settle_later};
use fhir::definitions::search_param;
use fhir::search::{Handling, Query};
use fhir::{Json, Limits, Value};
use record::{Author, Found, Instant, Page, Refusal, Scope, Tx, Written};
use std::collections::BTreeSet;
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;
/// Days after an encounter.
const ENCOUNTER_DAYS: i64 = 30;
/// Days after a referral, an episode or an appointment.
const AFTER_DAYS: i64 = 28;
/// Days before an appointment.
const BEFORE_DAYS: i64 = 7;
/// Types whose resources relate patients to teams.
pub const EVENTS: [&str; 6] =
    ["Appointment", "CareTeam", "Encounter", "EpisodeOfCare", "Patient", "ServiceRequest"];

/// By which parameters events name who and what takes care of the patient.
const NAMING: [(&str, &str); 10] = [
    ("Appointment", "actor"),
    ("CareTeam", "participant"),
    ("Encounter", "location"),
    ("Encounter", "participant"),
    ("Encounter", "service-provider"),
    ("EpisodeOfCare", "care-manager"),
    ("EpisodeOfCare", "organization"),
    ("Patient", "general-practitioner"),
    ("Patient", "organization"),
    ("ServiceRequest", "performer"),
];
/// Events that are gone through in one transaction.
const PORTION: usize = 200;
const COMMAND: &str = "relationship.settle";

/// The guards over all of them.
pub fn guards() -> Vec<Guard> {
    let guard = |kind| Guard {
        kind,
        check: Arc::new(|_, _| Ok(Vec::new())),
        filed: Arc::new(|tx, _, written| filed(tx, written)),
        gone: Some(Arc::new(|tx, _, written| follow(tx, &source(written.kind, &written.id), &[]))),
    };
    EVENTS.map(guard).into()
}

fn source(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

fn filed(tx: &mut Tx<'_>, written: &Written) -> Result<(), Refusal> {
    if !written.changed || !anything_served(tx)? {
        return Ok(());
    }
    let Found::Here(body) = tx.read(written.kind, &written.id)? else {
        return settle_later(tx, &source(written.kind, &written.id));
    };
    settle(tx, written.kind, &written.id, &body.text)
}

/// Makes the relationships that follow from a resource what they are to be now.
pub fn settle(tx: &mut Tx<'_>, kind: &str, id: &str, text: &str) -> Result<(), Refusal> {
    let Ok(json) = Json::parse(text, Limits::FILE) else { return Ok(()) };
    let event = event(kind, id, json.root(), tx.now());
    let mut tied = Vec::new();
    if let Some(event) = event.filter(|event| event.until.is_none_or(|until| tx.now() < until)) {
        let mut teams = BTreeSet::new();
        for name in &event.names {
            teams.extend(serving(tx, name)?);
        }
        for (patient, team) in event.patients.iter().flat_map(|p| teams.iter().map(move |team| (p, team))) {
            tied.push(Relationship {
                holder: Holder::Team(team.clone()),
                patient: patient.clone(),
                tie: event.tie,
                source: source(kind, id),
                from: event.from,
                until: event.until,
                by: String::new(),
                why: String::new(),
            });
        }
    }
    follow(tx, &source(kind, id), &tied)
}

/// Goes through the events that name a thing which is served by others than before, and sets right what follows from
/// them; true when there was any. For a job.
pub fn settle_changed(access: &Access) -> Result<bool, Refusal> {
    let Some(thing) = access.served_changed()?.into_iter().next() else { return Ok(false) };
    for (kind, param) in NAMING {
        let target = search_param(kind, param).map_or(&[][..], |param| param.targets);
        let of_type = thing.split_once('/').is_some_and(|(kind, _)| target.contains(&kind));
        if of_type {
            settle_all(access, kind, param, &thing)?;
        }
    }
    if let Some((kind, id)) = thing.split_once('/').filter(|(kind, _)| EVENTS.contains(kind)) {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        access.store().write(Author::system(COMMAND), move |tx| match tx.read(&kind, &id)? {
            Found::Here(body) => settle(tx, &kind, &id, &body.text),
            _ => Ok(()),
        })?;
    }
    access.store().write(Author::system(COMMAND), move |tx| served_settled(tx, &thing))?;
    Ok(true)
}

/// All resources of a type that name a thing by a parameter, in portions.
fn settle_all(access: &Access, kind: &str, param: &str, thing: &str) -> Result<(), Refusal> {
    let pairs = [(param.to_owned(), thing.to_owned())];
    let now = access.now();
    let mut query = Query::parse(Some(kind), &pairs, Handling::Strict, now, "")?;
    loop {
        let reader = access.store().reader(&Scope::all())?;
        let found = reader.search(&query, &Page { count: PORTION, total: false })?;
        drop(reader);
        query.page = found.next;
        let events: Vec<(&'static str, String)> =
            found.matches.into_iter().map(|body| (body.kind, body.id)).collect();
        access.store().write(Author::system(COMMAND), move |tx| {
            for (kind, id) in &events {
                // As it is now: it may have been changed since it was found.
                if let Found::Here(body) = tx.read(kind, id)? {
                    settle(tx, kind, id, &body.text)?;
                }
            }
            Ok(())
        })?;
        if query.page.is_none() {
            return Ok(());
        }
    }
}

/// What a resource says of who is related to whom.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    tie: Tie,
    patients: BTreeSet<String>,
    /// What it names that a team may serve, by reference; itself too.
    names: BTreeSet<String>,
    from: Instant,
    until: Option<Instant>,
}

/// Reads an event; nothing for one that relates nobody, such as an appointment that was cancelled.
fn event(kind: &str, id: &str, resource: Value<'_>, now: Instant) -> Option<Event> {
    let (mut patients, mut names) = (BTreeSet::new(), BTreeSet::from([source(kind, id)]));
    for place in places(kind) {
        gather(resource, place, &mut |reference| match reference.strip_prefix("Patient/") {
            Some(patient) => _ = patients.insert(patient.to_owned()),
            None => _ = names.insert(reference.to_owned()),
        });
    }
    if kind == "Patient" {
        patients.insert(id.to_owned());
    }
    let status = resource.str("status").unwrap_or_default();
    let period = |member: &str| {
        let period = resource.get(member);
        let edge = |name: &str| period.and_then(|period| period.str(name)).and_then(|text| moment(&text));
        (edge("start"), edge("end"))
    };
    let after = |end: Option<Instant>, days: i64| Some(Instant(end.unwrap_or(now).0 + days * DAY_MS));
    let (tie, from, until) = match kind {
        "Patient" => (Tie::Registration, None, None),
        "Encounter" => {
            let (start, end) = period("period");
            match status.as_ref() {
                "cancelled" | "entered-in-error" => return None,
                "finished" => (Tie::Encounter, start, after(end, ENCOUNTER_DAYS)),
                _ => (Tie::Encounter, start, end.and_then(|end| after(Some(end), ENCOUNTER_DAYS))),
            }
        }
        "EpisodeOfCare" => {
            let (start, end) = period("period");
            match status.as_ref() {
                "cancelled" | "entered-in-error" => return None,
                "finished" => (Tie::Episode, start, after(end, AFTER_DAYS)),
                _ => (Tie::Episode, start, None),
            }
        }
        "ServiceRequest" => match status.as_ref() {
            "entered-in-error" | "draft" | "unknown" => return None,
            "completed" | "revoked" => (Tie::Referral, None, after(None, AFTER_DAYS)),
            _ => (Tie::Referral, None, None),
        },
        "Appointment" => {
            let at = |name: &str| resource.str(name).and_then(|text| moment(&text));
            let start =
                at("start").filter(|_| !matches!(status.as_ref(), "cancelled" | "entered-in-error"))?;
            let end = at("end").unwrap_or(start);
            (Tie::Appointment, Some(Instant(start.0 - BEFORE_DAYS * DAY_MS)), after(Some(end), AFTER_DAYS))
        }
        "CareTeam" => {
            let (start, end) = period("period");
            match status.as_ref() {
                "inactive" | "entered-in-error" | "suspended" => return None,
                _ => (Tie::CareTeam, start, end),
            }
        }
        _ => return None,
    };
    Some(Event { tie, patients, names, from: from.unwrap_or(Instant(0)), until })
}

/// Where events name the patient, and who and what takes care of them.
fn places(kind: &str) -> &'static [&'static str] {
    match kind {
        "Patient" => &["generalPractitioner", "managingOrganization"],
        "Encounter" => &["subject", "serviceProvider", "participant.individual", "location.location"],
        "EpisodeOfCare" => &["patient", "managingOrganization", "careManager"],
        "ServiceRequest" => &["subject", "performer"],
        "Appointment" => &["participant.actor"],
        "CareTeam" => &["subject", "participant.member"],
        _ => &[],
    }
}

fn gather(value: Value<'_>, place: &str, found: &mut dyn FnMut(&str)) {
    let (first, rest) = place.split_once('.').unwrap_or((place, ""));
    for next in value.get(first).into_iter().flat_map(Value::each) {
        match rest {
            "" => next.str("reference").into_iter().for_each(|reference| found(&reference)),
            _ => gather(next, rest, found),
        }
    }
}

/// The beginning of a date or the moment of a date and time.
fn moment(text: &str) -> Option<Instant> {
    let date = fhir::date::PartialDate::parse(text)?;
    Some(Instant(date.range().0))
}

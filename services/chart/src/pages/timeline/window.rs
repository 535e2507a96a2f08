//! The part of a timeline that one page shows. A record may hold ten thousand events, so only the newest of each
//! type are read, and the page goes no further back than all of them reach.

use super::events::{Event, events};
use crate::newest::Newest;
use crate::patient_record::PatientRecord;
use crate::views::{EventKind, Resource, event_end};
use fhir::Instant;
use record::Refusal;

/// Events on a page, unless more than these happened in one minute.
pub(super) const EVENTS_MAX: usize = 100;
/// Observations that are read: a set of them is one event.
const OBSERVATIONS_MAX: usize = 700;
/// What is read before a moment reaches so much beyond it, as a day begins at another moment in London than in
/// the search index, which knows only UTC.
const MARGIN_MS: i64 = 2 * 3_600_000;

/// Types of which a patient has few: they are read whole.
pub(super) const WHOLE: [&str; 4] = ["Condition", "MedicationStatement", "AllergyIntolerance", "Appointment"];
/// Types of which there may be thousands, with the parameter that says when.
const MANY: [(&str, &str); 7] = [
    ("Observation", "date"),
    ("DiagnosticReport", "date"),
    ("Encounter", "date"),
    ("Procedure", "date"),
    ("Immunization", "date"),
    ("DocumentReference", "date"),
    ("MedicationRequest", "authoredon"),
];

/// Which events are asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Of this kind only.
    pub kind: Option<EventKind>,
    /// Not before this moment.
    pub since: Option<i64>,
    /// Before this moment.
    pub before: Option<i64>,
}

/// Reads what the events are made of; gives the moment back to which all types reach, when some were cut off.
pub(super) fn load(record: &mut PatientRecord<'_>, asked: Asked) -> Result<Option<i64>, Refusal> {
    let mut reach = None;
    for (kind, by) in MANY {
        if asked.kind.is_some_and(|asked| !asked.types().contains(&kind)) {
            continue;
        }
        let count = if kind == "Observation" { OBSERVATIONS_MAX } else { EVENTS_MAX + 1 };
        let mut newest = Newest { by, ..Newest::of(kind, count) };
        if kind == "Observation" && asked.kind == Some(EventKind::Result) {
            newest = newest.with("category:not", "vital-signs");
        }
        if let Some(before) = asked.before {
            newest = newest.with(by, format!("lt{}", Instant(before + MARGIN_MS)));
        }
        if let Some(since) = asked.since {
            newest = newest.with(by, format!("ge{}", Instant(since - MARGIN_MS)));
        }
        let loaded = record.newest(&newest)?;
        if loaded.has_more() {
            reach = reach.max(loaded.resources.last().and_then(end));
        }
        record.keep(loaded.resources);
    }
    Ok(reach)
}

fn end(resource: &Resource) -> Option<i64> {
    event_end(resource.value()).map(html::When::start)
}

/// The events of the page, newest first, and whether there are older ones.
pub(super) fn window<'r>(
    record: &'r PatientRecord<'_>,
    asked: Asked,
    reach: Option<i64>,
) -> (Vec<Event<'r>>, bool) {
    let mut all = events(record);
    let at = |event: &Event<'_>| event.when.map(html::When::start);
    all.retain(|event| asked.kind.is_none_or(|kind| event.kind == kind));
    all.retain(|event| asked.since.is_none_or(|since| at(event).is_some_and(|at| at >= since)));
    all.retain(|event| asked.before.is_none_or(|before| at(event).is_none_or(|at| at < before)));
    let whole = all.len();
    if let Some(reach) = reach {
        // At the last moment itself some may be missing, unless nothing else is left to show.
        let later = all.iter().filter(|event| at(event).is_some_and(|at| at > reach)).count();
        let shown = if later > 0 {
            later
        } else {
            all.iter().filter(|e| at(e).is_some_and(|at| at >= reach)).count()
        };
        all.truncate(shown);
    }
    if all.len() > EVENTS_MAX {
        let last = at(&all[EVENTS_MAX - 1]);
        let together =
            all.iter().skip(EVENTS_MAX).take_while(|event| at(event) == last && last.is_some()).count();
        all.truncate(EVENTS_MAX + together);
    }
    let older = reach.is_some() || all.len() < whole;
    (all, older)
}

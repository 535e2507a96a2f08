//! What happened, in order, and in words.

use crate::patient_record::PatientRecord;
use crate::views::{
    AllergyEntry, AppointmentEntry, DocumentEntry, EncounterEntry, EventKind, ImmunisationEntry,
    MedicineEntry, Names, Panel, ProblemEntry, ProcedureEntry, Reading, Resource, Sort, event_time, rank,
    short_name,
};
use html::{Entry, When};
use std::collections::{BTreeMap, HashSet};

/// What an event of the timeline is made from. Readings of one moment are one event.
enum Source<'r> {
    One(&'r Resource),
    Set(Vec<&'r Resource>),
}

/// An event, before its words are made: they are only made for what is shown.
pub struct Event<'r> {
    pub(super) when: Option<When>,
    pub(super) kind: EventKind,
    source: Source<'r>,
}

impl Event<'_> {
    /// When it happened.
    pub fn at(&self) -> Option<When> {
        self.when
    }
}

/// All events, the newest first. Results that a report gathers are in its event.
pub fn events<'r>(record: &'r PatientRecord<'_>) -> Vec<Event<'r>> {
    let reported: HashSet<String> = record
        .of("DiagnosticReport")
        .filter_map(|report| Panel::of(report, &record.person.id))
        .flat_map(|panel| panel.results)
        .collect();
    let mut events = Vec::new();
    let mut sets: BTreeMap<(i64, bool), (When, Vec<&Resource>)> = BTreeMap::new();
    for resource in record.all() {
        if resource.is_withdrawn() || reported.contains(&resource.id) {
            continue;
        }
        let when = event_time(resource.value());
        let Some(kind) = kind_of(resource, &record.person.id) else { continue };
        match (resource.kind, when) {
            ("Observation", Some(when)) => {
                let set = sets.entry((when.start() / 60_000, kind == EventKind::Result));
                set.or_insert_with(|| (when, Vec::new())).1.push(resource);
            }
            _ => events.push(Event { when, kind, source: Source::One(resource) }),
        }
    }
    events.extend(sets.into_iter().map(|((_, is_result), (when, set))| Event {
        when: Some(when),
        kind: if is_result { EventKind::Result } else { EventKind::Observation },
        source: Source::Set(set),
    }));
    events.sort_by_key(|event| std::cmp::Reverse(event.when.map(When::start)));
    events
}

fn kind_of(resource: &Resource, patient: &str) -> Option<EventKind> {
    match resource.kind {
        "Observation" => Reading::of(resource, patient).map(|reading| match reading.sort {
            Sort::Result => EventKind::Result,
            Sort::Vital | Sort::Assessment => EventKind::Observation,
        }),
        kind => EventKind::ALL.into_iter().find(|event| event.types().contains(&kind)),
    }
}

/// An event in words.
pub fn entry(record: &PatientRecord<'_>, names: &Names<'_>, event: &Event<'_>) -> Entry {
    let (what, by, href, key) = match &event.source {
        Source::One(resource) => one(record, names, resource),
        Source::Set(resources) => set(record, names, resources),
    };
    let about =
        [Some(event.kind.title().to_owned()), by].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Entry { when: event.when, what, href: record.place.link(&href), about, key }
}

type Words = (String, Option<String>, String, bool);

fn one(record: &PatientRecord<'_>, names: &Names<'_>, resource: &Resource) -> Words {
    let patient = record.person.id.as_str();
    let href = resource.href(patient);
    match resource.kind {
        "Condition" => {
            let problem = ProblemEntry::of(resource, patient);
            (
                format!("{}: {}", problem.what, problem.status.to_lowercase()),
                names.of(problem.recorder.as_ref()),
                href,
                problem.active,
            )
        }
        "MedicationRequest" | "MedicationStatement" => {
            let medicine = MedicineEntry::of(resource, patient, names);
            (
                format!("{}: {}", medicine.line.text(), medicine.status.to_lowercase()),
                names.of(medicine.author.as_ref()),
                href,
                false,
            )
        }
        "AllergyIntolerance" => {
            let allergy = AllergyEntry::of(resource, patient);
            (allergy.substance, names.of(allergy.recorder.as_ref()), href, !allergy.none_known)
        }
        "DiagnosticReport" => report(record, names, resource),
        "Encounter" => {
            let encounter = EncounterEntry::of(resource, patient);
            let place = encounter.place(names);
            let what = match &encounter.reason {
                Some(reason) => format!("{}: {reason}", encounter.what),
                None => encounter.what.clone(),
            };
            let by = [names.of(encounter.clinician.as_ref()), place]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ");
            (what, (!by.is_empty()).then_some(by), href, encounter.inpatient)
        }
        "Procedure" => {
            let procedure = ProcedureEntry::of(resource, patient);
            (procedure.what, names.of(procedure.performer.as_ref()), href, false)
        }
        "Immunization" => {
            let vaccine = ImmunisationEntry::of(resource, patient);
            (
                format!("{}: {}", vaccine.vaccine, vaccine.status.to_lowercase()),
                names.of(vaccine.performer.as_ref()),
                href,
                false,
            )
        }
        "DocumentReference" => {
            let document = DocumentEntry::of(resource);
            let href = document.href(patient);
            (document.title, names.of(document.author.as_ref()), href, false)
        }
        "Appointment" => {
            let appointment = AppointmentEntry::of(resource, patient);
            (format!("{}: {}", appointment.what, appointment.status.to_lowercase()), None, href, false)
        }
        _ => set(record, names, &[resource]),
    }
}

/// A report: what it concludes, else which of its results are out of range.
fn report(record: &PatientRecord<'_>, names: &Names<'_>, resource: &Resource) -> Words {
    let patient = record.person.id.as_str();
    let href = resource.href(patient);
    let Some(panel) = Panel::of(resource, patient) else { return ("Report".into(), None, href, false) };
    let by = names.of(panel.performer.as_ref());
    let results: Vec<&Resource> =
        record.of("Observation").filter(|o| panel.results.contains(&o.id)).collect();
    let readings: Vec<Reading> = results.iter().filter_map(|o| Reading::of(o, patient)).collect();
    let out: Vec<String> = readings.iter().filter(|r| r.is_out()).map(in_words).collect();
    if let ([only], None) = (out.as_slice(), &panel.conclusion)
        && only.starts_with(&panel.title)
    {
        return (only.clone(), by, href, true);
    }
    let mut said = out.clone();
    said.extend(panel.conclusion);
    let what = match (said.is_empty(), readings.is_empty()) {
        (false, _) => format!("{}: {}", panel.title, said.join("; ")),
        (true, false) => format!("{}: {} results, none flagged", panel.title, readings.len()),
        (true, true) => panel.title,
    };
    (what, by, href, !out.is_empty())
}

/// Readings of one moment in a line.
fn set(record: &PatientRecord<'_>, names: &Names<'_>, resources: &[&Resource]) -> Words {
    let patient = record.person.id.as_str();
    let mut readings: Vec<Reading> = resources.iter().filter_map(|r| Reading::of(r, patient)).collect();
    readings.sort_by_key(|reading| rank(&reading.main.key));
    let by = readings.iter().find_map(|reading| names.of(reading.performer.as_ref()));
    let href = match readings.as_slice() {
        [one] => one.href.clone(),
        [first, ..] if first.sort == Sort::Result => format!("/patients/{patient}/results"),
        _ => format!("/patients/{patient}/observations"),
    };
    let key = readings.iter().any(Reading::is_out);
    (readings.iter().map(in_words).collect::<Vec<_>>().join("; "), by, href, key)
}

fn in_words(reading: &Reading) -> String {
    let name = short_name(&reading.main.key).unwrap_or(&reading.main.title);
    format!("{name} {}", reading.main.line.text()).trim().to_owned()
}

//! Stays in hospital: the encounter with its wards and beds, rounds of observations, the summary at the end.

use crate::elements::{list, own, period, reference, words};
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::observations::{ill, signs};
use crate::places::{Place, TRUST, WARDS, bed, organisation};
use crate::staff::{Clinician, Job};
use crate::time::Moment;
use crate::visits::{Visit, encounter, participants};
use fhir::Tree;

/// How someone comes in: code and words of our own system, after the national ones.
pub type Method = (&'static str, &'static str);

/// Through the Emergency Department.
pub const EMERGENCY: Method = ("emergency-department", "Emergency, through the Emergency Department");
/// As planned.
pub const PLANNED: Method = ("planned", "Planned, from the waiting list");
/// To give birth.
pub const MATERNITY: Method = ("maternity", "Maternity, in labour");

/// A stay that is to be written.
pub struct Admission<'a> {
    /// Who looks after the person; there is a ward for it.
    pub specialty: &'a str,
    /// When it begins.
    pub at: Moment,
    /// For how many hours.
    pub hours: i32,
    /// Why.
    pub reason: &'a str,
    /// How.
    pub method: Method,
    /// Id of the Condition that is the reason, if it is written.
    pub condition: Option<&'a str>,
    /// The bed, by number; else any.
    pub bed: Option<usize>,
}

/// A stay.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The encounter, at the beginning of the stay.
    pub visit: Visit,
    /// When it ended, or now.
    pub end: Moment,
    /// Whether it goes on.
    pub current: bool,
    /// Whether it ended with death.
    pub died: bool,
}

/// Writes the encounter of a stay. None if its beginning is not covered, or if another stay is too near.
pub fn admit(history: &mut History, admission: &Admission) -> Option<Stay> {
    let planned_end = admission.at.plus(admission.hours * 60);
    let near = (admission.at.day.plus(-1), planned_end.day.plus(1));
    let busy = history.stays.iter().any(|(from, until)| *from <= near.1 && *until >= near.0);
    if busy || !history.covers(admission.at) {
        return None;
    }
    let over = planned_end <= history.end;
    let end = planned_end.min(history.end);
    let Place::Ward(ward) = Place::ward(admission.specialty) else { return None };
    let stay = Stay {
        visit: Visit {
            id: history.next_id(),
            at: admission.at,
            clinician: Clinician::of(Job::Registrar, admission.specialty),
            place: Place::Ward(ward),
        },
        end,
        current: !over && history.alive(),
        died: !history.alive() && (!over || planned_end.since(history.end).abs() < 60),
    };
    history.stays.push((admission.at.day, end.day));
    write(history, admission, &stay, ward);
    if admission.method == EMERGENCY {
        clerk(history, admission, &stay);
    }
    Some(stay)
}

fn write(history: &mut History, admission: &Admission, stay: &Stay, ward: usize) {
    let closed = (!stay.current).then_some(stay.end);
    let beds = WARDS[ward].beds;
    let number = admission.bed.unwrap_or_else(|| history.random.below(beds));
    let location = |place: Tree, status: &str, from: Moment, until: Option<Moment>| {
        Tree::object().with("location", place).with("status", status).with("period", period(from, until))
    };
    let state = if stay.current { "active" } else { "completed" };
    let moved = admission.at.plus(20 * 60);
    let first = admission.method == EMERGENCY && WARDS[ward].specialty != "Paediatrics" && moved < stay.end;
    let ward_from = if first { moved } else { admission.at };
    let mut locations = Vec::new();
    if first {
        let unit = Place::ward("Acute medicine").reference(history.plan).expect("wards are places");
        locations.push(location(unit, "completed", admission.at, Some(moved)));
    }
    let ward_place = stay.visit.place.reference(history.plan).expect("wards are places");
    locations.push(location(ward_place, state, ward_from, closed));
    locations.push(location(bed(history.plan, ward, number), state, ward_from, closed));
    let consultant = Clinician::of(Job::Consultant, admission.specialty);
    let destination = match (stay.current, stay.died) {
        (true, _) => None,
        (_, true) => Some(own("discharge-destination", "died", "Died in hospital")),
        _ => Some(own("discharge-destination", "home", "Usual place of residence")),
    };
    let hospitalization = Tree::object()
        .with("admitSource", own("admission-method", admission.method.0, admission.method.1))
        .maybe("dischargeDisposition", destination);
    let diagnosis =
        admission.condition.map(|id| list([Tree::object().with("condition", reference("Condition", id))]));
    let status = if stay.current { "in-progress" } else { "finished" };
    let resource = encounter(history, &stay.visit, status, "IMP")
        .with("type", list([own("encounter-type", "inpatient-stay", "Hospital stay")]))
        .with("serviceType", words(admission.specialty))
        .with("subject", history.subject())
        .with("participant", participants(history, &[consultant, stay.visit.clinician]))
        .with("period", period(admission.at, closed))
        .with("reasonCode", list([words(admission.reason)]))
        .maybe("diagnosis", diagnosis)
        .with("hospitalization", hospitalization)
        .with("location", locations)
        .with("serviceProvider", organisation(history.plan, TRUST));
    history.add("Encounter", &stay.visit.id, &resource);
}

/// Writes the note of the doctor who admits someone.
fn clerk(history: &mut History, admission: &Admission, stay: &Stay) {
    let day = stay.visit.day();
    let note = Letter {
        sort: Sort::Note,
        title: format!("Admission note, {}", admission.specialty),
        written: stay.visit.at.plus(50),
        parts: vec![
            ("Reason for admission", format!("{}.", admission.reason)),
            ("Problems", letters::problems(history, day)),
            ("Medicines at home", letters::medicines(history, day)),
            ("Allergies", letters::allergies(history)),
            (
                "Plan",
                "Treat as charted. Observations as the score asks. Review by the consultant.".to_owned(),
            ),
        ],
    };
    letters::write(history, &stay.visit, &note);
}

/// Writes rounds of observations while the illness passes: often at first, then morning and evening.
/// Of stays that are over, no more than `limit` rounds are written; of those that go on, all until now.
/// `illness` is how ill the person is at first, from 0 to 1; `better` is what is left of it a day later, as a
/// share.
pub fn rounds(history: &mut History, stay: &Stay, illness: f64, better: f64, limit: usize) {
    let mut at = stay.visit.at.plus(25);
    let mut left = illness;
    for round in 0..if stay.current { 20 } else { limit } {
        if at >= stay.end {
            return;
        }
        let visit = Visit { at, clinician: nurse(stay), ..stay.visit.clone() };
        let set = ill(history, &visit, left);
        signs(history, &visit, &set);
        let hours = match round {
            0..=2 => 6,
            _ => 14,
        };
        left *= 1.0 - (1.0 - better) * f64::from(hours) / 24.0;
        at = at.plus(hours * 60 + history.random.between(-20, 20));
    }
}

fn nurse(stay: &Stay) -> Clinician {
    match stay.visit.place {
        Place::Ward(ward) => match WARDS[ward].specialty {
            "Obstetrics" => Clinician::of(Job::Midwife, "Obstetrics"),
            "Gastroenterology" => Clinician::of(Job::Nurse, "General surgery"),
            "Stroke medicine" => Clinician::of(Job::Nurse, "Elderly care"),
            "Diabetes and endocrinology" => Clinician::of(Job::Nurse, "Acute medicine"),
            specialty => Clinician::of(Job::Nurse, specialty),
        },
        _ => stay.visit.clinician,
    }
}

/// Writes the summary of a stay.
pub fn discharge(history: &mut History, stay: &Stay, diagnosis: &str, course: &str) {
    let day = stay.end.day;
    let nights = day.since(stay.visit.day());
    let summary = Letter {
        sort: Sort::Discharge,
        title: format!("Discharge summary: {diagnosis}"),
        written: stay.end.plus(-30),
        parts: vec![
            ("Diagnosis", format!("{diagnosis}.")),
            ("Stay", format!("Admitted {}, home {}, {nights} nights.", stay.visit.day().long(), day.long())),
            ("What happened", course.to_owned()),
            ("Allergies", letters::allergies(history)),
            ("Other problems", letters::problems(history, day)),
            ("Medicines at home", letters::medicines(history, day)),
            ("For the GP", "Please check blood tests in two weeks. Return advice was given.".to_owned()),
        ],
    };
    let visit = Visit { at: stay.end.plus(-30), ..stay.visit.clone() };
    letters::write(history, &visit, &summary);
}

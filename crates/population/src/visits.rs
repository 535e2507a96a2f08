//! Encounters of a day: at the surgery, by telephone, at home, in clinics and in the Emergency Department.

use crate::elements::{coding, hl7, list, own, period, reference, words};
use crate::history::History;
use crate::places::{self, Place, organisation};
use crate::staff::{Clinician, Job};
use crate::time::{Day, Moment};
use fhir::Tree;

/// Who meets the person, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// With a doctor of the practice.
    Doctor,
    /// With a doctor of the practice, by telephone.
    Telephone,
    /// With a nurse of the practice.
    Nurse,
    /// With the pharmacist of the practice.
    Pharmacist,
    /// With a doctor, at home.
    HomeVisit,
    /// With a health visitor, at home.
    HealthVisitor,
    /// With a midwife.
    Midwife,
    /// In the Emergency Department.
    Emergency,
    /// With a consultant of a specialty, as an outpatient.
    Clinic(&'static str),
    /// With a registrar of a specialty, for a procedure without a night in hospital.
    DayCase(&'static str, Place),
}

/// An encounter, and the moment at which what is recorded in it happens.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Id of the Encounter.
    pub id: String,
    /// When it is.
    pub at: Moment,
    /// Who meets the person.
    pub clinician: Clinician,
    /// Where.
    pub place: Place,
}

impl Visit {
    /// The same encounter some minutes later.
    pub fn later(&self, minutes: i32) -> Visit {
        Visit { at: self.at.plus(minutes), ..self.clone() }
    }

    /// The day.
    pub fn day(&self) -> Day {
        self.at.day
    }

    /// Reference to the Encounter.
    pub fn reference(&self) -> Tree {
        reference("Encounter", &self.id)
    }
}

/// Code and name of a sort of encounter, its class, its usual length.
fn facts(setting: Setting) -> (&'static str, &'static str, &'static str, i32) {
    match setting {
        Setting::Doctor => ("gp-consultation", "GP consultation", "AMB", 10),
        Setting::Telephone => ("telephone-consultation", "Telephone consultation", "VR", 8),
        Setting::Nurse => ("nurse-appointment", "Practice nurse appointment", "AMB", 15),
        Setting::Pharmacist => ("medication-review", "Medication review", "VR", 15),
        Setting::HomeVisit => ("home-visit", "Home visit", "HH", 25),
        Setting::HealthVisitor => ("health-visitor", "Health visitor contact", "HH", 40),
        Setting::Midwife => ("midwife-appointment", "Midwife appointment", "AMB", 20),
        Setting::Emergency => ("emergency-attendance", "Emergency attendance", "EMER", 170),
        Setting::Clinic(_) => ("outpatient-clinic", "Outpatient appointment", "AMB", 20),
        Setting::DayCase(..) => ("day-case", "Day case", "AMB", 240),
    }
}

/// Writes an encounter on a day, at a time that suits the setting. None if the day is not covered.
pub fn visit(history: &mut History, setting: Setting, day: Day, reason: &str) -> Option<Visit> {
    let at = match setting {
        Setting::Emergency => day.at(history.random.between(0, 23), history.random.between(0, 59)),
        Setting::DayCase(..) => day.working().at(7, 30),
        Setting::HomeVisit => day.working().at(12, history.random.between(0, 59)),
        _ => {
            // Ten-minute appointments of two surgeries, from half past eight and from two.
            let slot = history.random.between(0, 38);
            let minute = if slot < 19 { 510 + slot * 10 } else { 840 + (slot - 19) * 10 };
            day.working().at(0, 0).plus(minute)
        }
    };
    visit_at(history, setting, at, reason)
}

/// Writes an encounter that begins at a moment. None if its end is not covered.
pub fn visit_at(history: &mut History, setting: Setting, at: Moment, reason: &str) -> Option<Visit> {
    if history.in_hospital(at.day) && setting != Setting::Emergency {
        return None;
    }
    let (.., minutes) = facts(setting);
    let minutes = minutes + history.random.between(0, minutes / 2);
    let end = at.plus(minutes);
    if !history.covers(at) || !history.covers(end) {
        return None;
    }
    let (clinician, place) = who(history, setting);
    let visit = Visit { id: history.next_id(), at: at.plus(minutes / 3), clinician, place };
    write(history, &visit, setting, (at, Some(end)), reason);
    Some(visit)
}

/// Writes an encounter that has begun and goes on.
pub fn arrival(history: &mut History, setting: Setting, at: Moment, reason: &str) -> Visit {
    let (clinician, place) = who(history, setting);
    let visit = Visit { id: history.next_id(), at: at.plus(12).min(history.end), clinician, place };
    write(history, &visit, setting, (at, None), reason);
    visit
}

fn write(
    history: &mut History,
    visit: &Visit,
    setting: Setting,
    (from, until): (Moment, Option<Moment>),
    reason: &str,
) {
    let (code, display, class, _) = facts(setting);
    let status = if until.is_some() { "finished" } else { "in-progress" };
    let location = visit.place.reference(history.plan).map(|place| Tree::object().with("location", place));
    let encounter = encounter(history, visit, status, class)
        .with("type", list([own("encounter-type", code, display)]))
        .maybe("serviceType", specialty(setting).map(words))
        .with("subject", history.subject())
        .with("participant", participants(history, &[visit.clinician]))
        .with("period", period(from, until))
        .with("reasonCode", list([words(reason)]))
        .maybe("location", location.map(|location| list([location])))
        .with("serviceProvider", provider(history, visit.place));
    history.add("Encounter", &visit.id, &encounter);
}

/// The beginning of an Encounter.
pub fn encounter(history: &History, visit: &Visit, status: &str, class: &str) -> Tree {
    let words = match class {
        "AMB" => "ambulatory",
        "VR" => "virtual",
        "HH" => "home health",
        "EMER" => "emergency",
        _ => "inpatient encounter",
    };
    history
        .start("Encounter", &visit.id)
        .with("status", status)
        .with("class", coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", class, words))
}

/// Those who take part, the first one as the main one.
pub fn participants(history: &History, clinicians: &[Clinician]) -> Vec<Tree> {
    let part = |(number, clinician): (usize, &Clinician)| {
        let role = if number == 0 { "PPRF" } else { "ATND" };
        Tree::object()
            .with("type", list([hl7("v3-ParticipationType", role)]))
            .with("individual", clinician.reference(history.plan))
    };
    clinicians.iter().enumerate().map(part).collect()
}

/// The organisation that sees the person at a place.
pub fn provider(history: &History, place: Place) -> Tree {
    organisation(history.plan, place.organisation(history.person.practice))
}

fn who(history: &mut History, setting: Setting) -> (Clinician, Place) {
    let practice = history.person.practice;
    let at_home = Place::Practice(practice);
    match setting {
        Setting::Doctor | Setting::Telephone | Setting::HomeVisit => {
            // Two in three contacts are with their own doctor.
            let other = if history.random.chance(0.33) { history.random.below(4) } else { 0 };
            let clinician = Clinician::gp(practice, history.person.doctor + other);
            (clinician, if setting == Setting::HomeVisit { Place::Home } else { at_home })
        }
        Setting::Nurse => (Clinician::practice_nurse(practice, history.random.below(2)), at_home),
        Setting::Pharmacist => (Clinician::practice_pharmacist(practice), at_home),
        Setting::HealthVisitor => {
            (Clinician::of(Job::HealthVisitor, "Children's community services"), Place::Home)
        }
        Setting::Midwife => (Clinician::of(Job::Midwife, "Obstetrics"), places::ANTENATAL),
        Setting::Emergency => (Clinician::of(Job::Registrar, "Emergency medicine"), places::EMERGENCY),
        Setting::Clinic("Ophthalmology") => (Clinician::of(Job::Consultant, "Ophthalmology"), places::EYES),
        Setting::Clinic(specialty) => (Clinician::of(Job::Consultant, specialty), places::OUTPATIENTS),
        Setting::DayCase(specialty, place) => (Clinician::of(Job::Registrar, specialty), place),
    }
}

fn specialty(setting: Setting) -> Option<&'static str> {
    match setting {
        Setting::Clinic(specialty) | Setting::DayCase(specialty, _) => Some(specialty),
        Setting::Emergency => Some("Emergency medicine"),
        Setting::Midwife => Some("Midwifery"),
        _ => None,
    }
}

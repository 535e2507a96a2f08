//! Writes lasting illnesses: how they were found, the entry in the list of problems, and each step of
//! treatment.

use crate::checks;
use crate::conditions::KNOWN;
use crate::health::{Course, Step};
use crate::history::History;
use crate::medicines::{Order, order};
use crate::problems::{self, Entry};
use crate::visits::{Setting, Visit, visit};

/// Writes all illnesses of the person.
pub fn write(history: &mut History) {
    for course in history.health.courses.clone() {
        if course.problem != &problems::PREGNANCY && course.diagnosed <= history.end.day {
            write_one(history, &course);
        }
    }
}

fn write_one(history: &mut History, course: &Course) {
    let visit = visit(history, Setting::Doctor, course.diagnosed, course.sign);
    let known = KNOWN.iter().find(|known| known.problem.code == course.problem.code);
    if let (Some(visit), Some(known)) = (&visit, known) {
        checks::make(history, visit, known.found);
    }
    let id = history.next_id();
    let entry = Entry {
        onset: course.onset.max(history.person.birth),
        recorded: visit.as_ref().map_or(course.diagnosed, Visit::day),
        resolved: course.ended.filter(|ended| *ended <= history.end.day),
        visit: visit.as_ref(),
        listed: true,
        note: course.note.clone(),
    };
    problems::write(history, &id, course.problem, &entry);
    history.conditions.push((course.problem.code, id.clone()));
    let mut last = visit;
    let end = history.end.day;
    for step in course.steps.iter().filter(|step| step.from <= end) {
        last = write_step(history, course, step, last, &id);
    }
}

/// Writes a step, and the visit at which it was decided unless that is the one before.
fn write_step(
    history: &mut History,
    course: &Course,
    step: &Step,
    last: Option<Visit>,
    condition: &str,
) -> Option<Visit> {
    let same = last.as_ref().is_some_and(|visit| step.from.since(visit.day()).abs() <= 6);
    let decided = if same { last } else { decide(history, course, step) };
    let from = decided.as_ref().map_or(step.from, Visit::day);
    let ordered = Order {
        medicine: step.medicine,
        from,
        until: step.until.map(|until| until.max(from)),
        stopped: step.because,
        repeat: true,
        category: "community",
        visit: decided.as_ref(),
        reason: Some(condition),
    };
    order(history, &ordered);
    decided
}

fn decide(history: &mut History, course: &Course, step: &Step) -> Option<Visit> {
    let setting = match history.random.below(4) {
        0 => Setting::Telephone,
        1 => Setting::Pharmacist,
        _ => Setting::Doctor,
    };
    let reason = format!("{}: review of treatment", course.problem.words);
    let visit = visit(history, setting, step.from, &reason)?;
    let known = KNOWN.iter().find(|known| known.problem.code == course.problem.code);
    if let (Some(known), Setting::Doctor) = (known, setting) {
        checks::make(history, &visit, &known.found[..known.found.len().min(2)]);
    }
    Some(visit)
}

//! Pregnancies: those whose children live at home, and some that go on now.

use super::Fate;
use crate::elements::{list, own, period, reference};
use crate::health::Course;
use crate::history::History;
use crate::immunisations;
use crate::medicines::{list as m, statement};
use crate::names::Sex;
use crate::observations::{GESTATION, measure, usual_pressure};
use crate::places::{TRUST, organisation};
use crate::problems::{self as p, Entry};
use crate::procedures::{self, Act};
use crate::results::{self, panel_of};
use crate::stays::{self, Admission, discharge};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit};
use fhir::Tree;

/// Draws them. A course lasts from the first day of the last period to birth.
pub fn draw(fate: &mut Fate) {
    for birth in fate.person.births.clone() {
        let weeks = fate.random.between(269, 288);
        let begun = birth.plus(-weeks);
        let mut course = Course::new(&p::PREGNANCY, begun, begun.plus(42), 1.0);
        course.ended = Some(birth);
        fate.health.courses.push(course);
    }
    let last = fate.person.births.last().copied();
    let rested = last.is_none_or(|birth| fate.today.since(birth) > 420);
    let able =
        fate.person.sex == Sex::Female && (19..=42).contains(&fate.age()) && fate.person.death.is_none();
    if able && rested && fate.random.chance(0.05) {
        let begun = fate.today.plus(-fate.random.between(60, 272));
        let found = begun.plus(42);
        fate.health.courses.push(Course::new(&p::PREGNANCY, begun, found, 1.0));
    }
}

/// Contacts of a pregnancy: weeks and reason, for women who have had a child before (NICE guideline NG201).
const CONTACTS: [(i32, &str); 6] = [
    (9, "Booking appointment"),
    (16, "Antenatal appointment, 16 weeks"),
    (28, "Antenatal appointment, 28 weeks"),
    (34, "Antenatal appointment, 34 weeks"),
    (36, "Antenatal appointment, 36 weeks"),
    (38, "Antenatal appointment, 38 weeks"),
];

/// Writes all pregnancies within the years covered.
pub fn write(history: &mut History) {
    let courses = history.health.courses.clone();
    for course in courses.iter().filter(|course| course.problem == &p::PREGNANCY) {
        if course.onset >= history.from && course.diagnosed <= history.end.day {
            write_one(history, course);
        }
    }
}

fn write_one(history: &mut History, course: &Course) {
    let weeks = |weeks: i32| course.onset.plus(weeks * 7 + 2);
    let condition = history.next_id();
    let due = course.onset.plus(280);
    let test = visit(history, Setting::Doctor, course.diagnosed.plus(3), "Positive pregnancy test");
    if let Some(visit) = &test {
        statement(history, visit, &m::FOLIC_ACID, "Until 12 weeks of pregnancy");
    }
    let entry = Entry {
        onset: course.onset,
        recorded: course.diagnosed.plus(3).min(history.end.day),
        resolved: course.ended.filter(|birth| *birth <= history.end.day),
        visit: test.as_ref(),
        listed: true,
        note: Some(format!("Due on {}.", due.long())),
    };
    p::write(history, &condition, &p::PREGNANCY, &entry);
    history.conditions.push((p::PREGNANCY.code, condition.clone()));
    for (week, reason) in CONTACTS {
        if course.ended.is_none_or(|birth| weeks(week) < birth.plus(-2)) {
            contact(history, week, weeks(week), reason);
        }
    }
    scans(history, &condition, weeks(12), weeks(20));
    maternity(history, course, &condition);
    if let Some(birth) = course.ended {
        deliver(history, course, birth, &condition);
    }
}

fn contact(history: &mut History, week: i32, day: Day, reason: &str) {
    let Some(visit) = visit(history, Setting::Midwife, day, reason) else { return };
    measure(history, &visit, &GESTATION, f64::from(week));
    usual_pressure(history, &visit);
    match week {
        9 => {
            crate::observations::size(history, &visit);
            panel_of(history, &visit, &results::BLOOD);
        }
        // Vaccine against whooping cough from 16 weeks.
        16 => immunisations::give(history, &visit, ("pertussis-pregnancy", "Pertussis, in pregnancy", 1)),
        28 => panel_of(history, &visit, &results::BLOOD),
        _ => {}
    }
}

fn scans(history: &mut History, condition: &str, first: Day, second: Day) {
    let scans = [
        (
            first,
            "dating-scan",
            "Ultrasound scan, 12 weeks",
            "One baby, heartbeat seen, size agrees with dates.",
        ),
        (
            second,
            "anomaly-scan",
            "Ultrasound scan, 20 weeks",
            "Normal growth, no anomaly seen. Placenta high.",
        ),
    ];
    for (day, code, name, finding) in scans {
        let Some(visit) = visit(history, Setting::Midwife, day.plus(3), name) else { continue };
        results::imaging(history, &visit, code, name, finding);
        let act = Act { code, words: name, minutes: 20, reason: Some(condition), outcome: None };
        procedures::write(history, &visit, &act);
    }
}

/// Writes the episode of maternity care.
fn maternity(history: &mut History, course: &Course, condition: &str) {
    let from = course.onset.plus(65);
    if from > history.end.day {
        return;
    }
    let until = course.ended.map(|birth| birth.plus(28)).filter(|until| *until <= history.end.day);
    let id = history.next_id();
    let diagnosis = Tree::object().with("condition", reference("Condition", condition));
    let episode = history
        .start("EpisodeOfCare", &id)
        .with("status", if until.is_some() { "finished" } else { "active" })
        .with("type", list([own("episode-type", "maternity", "Maternity care")]))
        .with("diagnosis", list([diagnosis]))
        .with("patient", history.subject())
        .with("managingOrganization", organisation(history.plan, TRUST))
        .with("period", period(from, until));
    history.add("EpisodeOfCare", &id, &episode);
}

fn deliver(history: &mut History, course: &Course, birth: Day, condition: &str) {
    let (code, words, nights) = match history.random.below(10) {
        0..=2 => ("caesarean-section", "Caesarean section", 2),
        3 => ("forceps-delivery", "Forceps delivery", 1),
        _ => ("vaginal-birth", "Spontaneous vaginal birth", 1),
    };
    let admission = Admission {
        specialty: "Obstetrics",
        at: birth.at(0, 0).plus(-history.random.between(30, 500)),
        hours: 12 + nights * 24,
        reason: "Labour",
        method: stays::MATERNITY,
        condition: Some(condition),
        bed: None,
    };
    let Some(stay) = stays::admit(history, &admission) else { return };
    let weeks = birth.since(course.onset) / 7;
    let outcome = format!("Live birth at {weeks} weeks. Mother and baby well.");
    let labour = Visit { at: birth.at(6, 10), ..stay.visit.clone() };
    let act = Act { code, words, minutes: 60, reason: Some(condition), outcome: Some(&outcome) };
    procedures::write(history, &labour, &act);
    stays::rounds(history, &stay, 0.08, 0.8, 1);
    if !stay.current && !stay.died {
        discharge(history, &stay, "Birth", &format!("{words}. {outcome}"));
    }
    visit(history, Setting::Doctor, birth.plus(46), "Six week check after birth");
}

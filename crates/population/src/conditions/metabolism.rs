//! Diabetes and the thyroid.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::names::Sex;
use crate::problems as p;

/// Draws them.
pub fn draw(fate: &mut Fate) {
    if !diabetes_1(fate) {
        diabetes_2(fate);
    }
    thyroid(fate);
}

fn diabetes_1(fate: &mut Fate) -> bool {
    let shares = [(2, 0.0005), (10, 0.0025), (20, 0.005), (60, 0.004)];
    let Some(found) = fate.found(&shares, 1.0) else { return false };
    let course = type_1(fate.person.birth.max(found), fate.random.around(58.0, 9.0), 0.0);
    fate.health.courses.push(course);
    true
}

/// Type 1 diabetes found on a day, with the HbA1c above the usual at first and what stays in spite of
/// insulin.
pub fn type_1(found: crate::time::Day, severity: f64, control: f64) -> Course {
    let mut course = Course::new(&p::DIABETES_1, found.plus(-60), found, severity);
    course.sign = "Thirst, weight loss and tiredness";
    course.treat(found, &m::INSULIN_GLARGINE, severity * 0.35, 80.0);
    course.treat(found, &m::INSULIN_ASPART, severity * 0.35 - control, 80.0);
    course
}

fn diabetes_2(fate: &mut Fate) {
    let asian = fate.person.ethnicity.is_some_and(|(code, _)| matches!(code, "H" | "J" | "K" | "L"));
    let factor = if asian { 2.1 } else { 1.15 };
    let shares = [(30, 0.0), (40, 0.022), (50, 0.06), (60, 0.115), (70, 0.16), (80, 0.18)];
    let Some(found) = fate.found(&shares, factor) else { return };
    let severity = fate.random.around(24.0, 8.0).max(13.0);
    let mut course = Course::new(&p::DIABETES_2, fate.before(found, 5), found, severity);
    course.growth = fate.random.around(1.9, 0.8).max(0.3);
    course.sign = "Raised HbA1c on two occasions";
    treat_2(fate, &mut course);
    fate.health.courses.push(course);
}

/// Steps as of NICE guideline NG28: metformin, then one drug more as HbA1c rises, then insulin.
fn treat_2(fate: &mut Fate, course: &mut Course) {
    let found = course.diagnosed;
    let last = fate.last();
    let start = found.plus(fate.random.between(0, 120));
    course.treat(start, &m::METFORMIN, 9.0, 90.0);
    let more = start.plus(fate.random.between(60, 300));
    if fate.random.chance(0.6) {
        course.stop(more, "Dose increased");
        course.treat(more, &m::METFORMIN_1000, 14.0, 90.0);
    }
    let mut next = more;
    for medicine in [&m::DAPAGLIFLOZIN, &m::GLICLAZIDE, &m::SITAGLIPTIN, &m::INSULIN_GLARGINE] {
        // The next drug is added when HbA1c has risen above 58 again.
        next = next.plus(fate.random.between(240, 900));
        if next >= last {
            break;
        }
        if course.burden(next) < 20.0 || medicine.drug() == "Sitagliptin" && fate.random.chance(0.5) {
            continue;
        }
        course.treat(next, medicine, if medicine.drug() == "Insulin" { 15.0 } else { 9.0 }, 90.0);
    }
    if fate.random.chance(0.75) && !fate.health.takes("Atorvastatin", last) {
        course.treat(found.plus(30), &m::ATORVASTATIN_20, 0.0, 60.0);
    }
    course.steps.retain(|step| step.from <= last);
}

fn thyroid(fate: &mut Fate) {
    let factor = if fate.person.sex == Sex::Female { 1.6 } else { 0.3 };
    let shares = [(18, 0.003), (35, 0.02), (50, 0.04), (65, 0.065), (80, 0.08)];
    let Some(found) = fate.found(&shares, factor) else { return };
    let severity = fate.random.around(14.0, 6.0).max(7.0);
    let mut course = Course::new(&p::HYPOTHYROIDISM, fate.before(found, 3), found, severity);
    course.sign = "Tired, cold and putting on weight";
    course.treat(found.plus(5), &m::LEVOTHYROXINE_50, severity * 0.8, 60.0);
    if fate.random.chance(0.65) {
        let more = found.plus(fate.random.between(60, 150));
        course.stop(more, "Dose increased");
        course.treat(more, &m::LEVOTHYROXINE_100, severity * 0.98, 60.0);
    }
    let last = fate.last();
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

//! Hypertension, coronary heart disease, atrial fibrillation, heart failure and stroke.

use super::Fate;
use crate::health::Course;
use crate::medicines::{Medicine, list as m};
use crate::names::Heritage;
use crate::problems as p;
use crate::time::Day;

/// Draws them in the order in which one leads to the other.
pub fn draw(fate: &mut Fate) {
    hypertension(fate);
    coronary(fate);
    fibrillation(fate);
    failure(fate);
    stroke(fate);
}

fn hypertension(fate: &mut Fate) {
    let shares = [(25, 0.0), (35, 0.02), (45, 0.09), (55, 0.2), (65, 0.36), (75, 0.5), (85, 0.58)];
    let black = fate.person.ethnicity.is_some_and(|(code, _)| {
        code == Heritage::African.ethnicity().0 || code == Heritage::Caribbean.ethnicity().0
    });
    let Some(found) = fate.found(&shares, if black { 1.25 } else { 0.88 }) else { return };
    let usual = fate.health.usual_systolic(found);
    let severity = fate.random.around(32.0, 8.0).max(146.0 - usual);
    let mut course = Course::new(&p::HYPERTENSION, fate.before(found, 7), found, severity);
    course.growth = 0.8;
    course.sign = "Raised blood pressure, home readings high too";
    treat(fate, &mut course, found, black);
    fate.health.courses.push(course);
}

/// A step of a ladder: what is taken, by how much it lowers the pressure, and whether it replaces the one
/// before.
type Rung = (&'static Medicine, f64, bool);

const INHIBITOR_FIRST: [Rung; 6] = [
    (&m::RAMIPRIL_2, 8.0, false),
    (&m::RAMIPRIL_5, 14.0, true),
    (&m::RAMIPRIL_10, 18.0, true),
    (&m::AMLODIPINE_5, 10.0, false),
    (&m::AMLODIPINE_10, 15.0, true),
    (&m::INDAPAMIDE, 9.0, false),
];

const AMLODIPINE_FIRST: [Rung; 5] = [
    (&m::AMLODIPINE_5, 12.0, false),
    (&m::AMLODIPINE_10, 18.0, true),
    (&m::RAMIPRIL_5, 11.0, false),
    (&m::RAMIPRIL_10, 15.0, true),
    (&m::INDAPAMIDE, 9.0, false),
];

/// Steps as of NICE guideline NG136: an inhibitor of the converting enzyme, or amlodipine from 55 years and
/// for people of African or Caribbean family origin; then both; then indapamide too. The next step is taken
/// when the pressure stays above 140, or 150 from 80 years on.
fn treat(fate: &mut Fate, course: &mut Course, found: Day, black: bool) {
    if fate.random.chance(0.06) {
        course.note = Some("Prefers to try diet and exercise first.".to_owned());
        return;
    }
    let last = fate.last();
    let age = found.age(fate.person.birth);
    let ladder: &[Rung] = if age >= 55 || black { &AMLODIPINE_FIRST } else { &INHIBITOR_FIRST };
    let mut day = found.plus(fate.random.between(0, 40));
    for &(medicine, effect, replaces) in ladder {
        if day > last {
            break;
        }
        let target = if day.age(fate.person.birth) >= 80 { 150.0 } else { 140.0 };
        let high = fate.health.usual_systolic(day) + course.burden(day) > target;
        if course.steps.is_empty() || high {
            if replaces {
                course.stop(day, "Dose increased");
            }
            course.treat(day, medicine, effect, 40.0);
            if medicine.drug() == "Ramipril" && fate.random.chance(0.06) {
                let cough = day.plus(fate.random.between(30, 150));
                course.stop(cough, "Dry cough");
                course.treat(cough, &m::LOSARTAN, effect, 40.0);
                day = cough;
            }
        }
        // Some are seen again soon, others not before the next review.
        day = day.plus(fate.random.between(40, 500));
    }
    course.steps.retain(|step| step.from <= last);
}

fn coronary(fate: &mut Fate) {
    let smoked = if fate.health.has_smoked() { 1.5 } else { 0.7 };
    let sex = if fate.person.sex == crate::names::Sex::Male { 1.4 } else { 0.65 };
    let shares = [(40, 0.0), (50, 0.015), (60, 0.05), (70, 0.1), (80, 0.15), (90, 0.17)];
    let Some(found) = fate.found(&shares, smoked * sex) else { return };
    let mut course = Course::new(&p::CORONARY_DISEASE, fate.before(found, 5), found, 1.0);
    course.sign = "Chest tightness on walking uphill";
    let start = found.plus(3);
    course.treat(start, &m::ASPIRIN, 0.0, 1.0);
    course.treat(start, &m::ATORVASTATIN_80, 0.0, 60.0);
    course.treat(start, &m::BISOPROLOL_2, 0.0, 20.0);
    course.treat(start, &m::NITRATE, 0.0, 1.0);
    fate.health.courses.push(course);
}

fn fibrillation(fate: &mut Fate) {
    let risk = if fate.health.course(&p::HYPERTENSION).is_some() { 1.3 } else { 0.8 };
    let shares = [(50, 0.0), (60, 0.018), (70, 0.06), (80, 0.13), (90, 0.2)];
    let Some(found) = fate.found(&shares, risk) else { return };
    let mut course =
        Course::new(&p::ATRIAL_FIBRILLATION, found.plus(-90), found, fate.random.around(34.0, 8.0).max(15.0));
    course.sign = "Irregular pulse found, ECG shows atrial fibrillation";
    course.treat(found, &m::BISOPROLOL_2, 22.0, 20.0);
    if fate.random.chance(0.3) {
        let more = found.plus(fate.random.between(30, 200));
        course.stop(more, "Dose increased");
        course.treat(more, &m::BISOPROLOL_5, 30.0, 20.0);
    }
    let anticoagulant = if found.age(fate.person.birth) >= 80 { &m::APIXABAN_2 } else { &m::APIXABAN_5 };
    course.treat(found.plus(1), anticoagulant, 0.0, 1.0);
    fate.health.stop("Aspirin", found.plus(1), "Anticoagulant instead");
    fate.health.courses.push(course);
}

fn failure(fate: &mut Fate) {
    let heart = [&p::CORONARY_DISEASE, &p::ATRIAL_FIBRILLATION];
    let ill = heart.iter().any(|problem| fate.health.course(problem).is_some());
    let shares = [(50, 0.0), (60, 0.012), (70, 0.03), (80, 0.07), (90, 0.12)];
    let Some(found) = fate.found(&shares, if ill { 3.0 } else { 0.5 }) else { return };
    // It is found more often late than early.
    let found = found.max(fate.last().plus_years(-6));
    let mut course = Course::new(&p::HEART_FAILURE, found.plus(-150), found, fate.random.around(11.0, 2.0));
    course.growth = 0.9;
    course.sign = "Short of breath lying flat, ankles swollen";
    course.treat(found, &m::FUROSEMIDE_40, 4.0, 14.0);
    course.treat(found.plus(14), &m::RAMIPRIL_2, 1.5, 60.0);
    if !fate.health.takes("Bisoprolol", found) {
        course.treat(found.plus(28), &m::BISOPROLOL_2, 1.0, 90.0);
    }
    if fate.random.chance(0.5) {
        course.treat(found.plus(120), &m::DAPAGLIFLOZIN, 1.5, 60.0);
    }
    if fate.random.chance(0.35) {
        course.treat(found.plus(200), &m::SPIRONOLACTONE, 1.2, 60.0);
    }
    let last = fate.last();
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

fn stroke(fate: &mut Fate) {
    let flutter = if fate.health.course(&p::ATRIAL_FIBRILLATION).is_some() { 2.0 } else { 0.9 };
    let shares = [(45, 0.0), (55, 0.01), (65, 0.025), (75, 0.06), (85, 0.11)];
    let Some(found) = fate.found(&shares, flutter) else { return };
    let mut course = Course::new(&p::STROKE, found, found, 1.0);
    course.sign = "Follow-up after a stroke";
    course.note = Some(
        (*fate.random.pick(&[
            "Left-sided weakness, recovered well.",
            "Right-sided weakness and slurred speech, walks with a stick.",
            "Loss of part of the field of vision.",
        ]))
        .to_owned(),
    );
    if fate.health.course(&p::ATRIAL_FIBRILLATION).is_none() {
        course.treat(found.plus(1), &m::CLOPIDOGREL, 0.0, 1.0);
    }
    if fate.health.course(&p::CORONARY_DISEASE).is_none() {
        course.treat(found.plus(2), &m::ATORVASTATIN_80, 0.0, 60.0);
    }
    fate.health.courses.push(course);
}

//! Chronic kidney disease.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::problems as p;

/// Draws it. Severity is filtration lost, in mL/min/1.73 m².
pub fn draw(fate: &mut Fate) {
    let mut factor = 0.6;
    if fate.health.course(&p::DIABETES_2).is_some() {
        factor += 0.9;
    }
    if fate.health.course(&p::HYPERTENSION).is_some() {
        factor += 0.4;
    }
    let shares = [(40, 0.0), (50, 0.01), (60, 0.03), (70, 0.09), (80, 0.2), (90, 0.3)];
    let Some(found) = fate.found(&shares, factor) else { return };
    let begun = found.plus(-fate.random.between(1_200, 3_000)).max(fate.person.birth);
    let mut course = Course::new(&p::KIDNEY_DISEASE, begun, found, 0.0);
    // It is found when filtration has been below 60 for three months (NICE NG203).
    let healthy = fate.health.filtration(found);
    course.severity = (healthy - fate.random.around(53.0, 4.0)).max(6.0);
    course.growth = fate.random.around(1.6, 0.9).max(0.2);
    course.sign = "Kidney function below 60 in two tests three months apart";
    let now = fate.last();
    let filtration = healthy - course.burden(now);
    course.note = Some(format!(
        "Stage {} when last reviewed.",
        match filtration {
            f if f >= 45.0 => "3a",
            f if f >= 30.0 => "3b",
            f if f >= 15.0 => "4",
            _ => "5",
        }
    ));
    if !fate.health.takes("Ramipril", now) && fate.random.chance(0.5) {
        course.treat(found.plus(14), &m::RAMIPRIL_5, 0.0, 60.0);
    }
    if !fate.health.takes("Dapagliflozin", now) && fate.random.chance(0.3) && now.year() > 2022 {
        let start = found.plus(30).max(crate::time::Day::of(2022, 4, 1));
        course.treat(start, &m::DAPAGLIFLOZIN, 0.0, 60.0);
    }
    course.steps.retain(|step| step.from <= now);
    fate.health.courses.push(course);
    // Metformin must be stopped below 30.
    let low = (0..).map(|half| found.plus(half * 180)).take_while(|day| *day < now);
    if let Some(day) = low.into_iter().find(|day| fate.health.filtration(*day) < 30.0) {
        fate.health.stop("Metformin", day, "eGFR below 30");
    }
}

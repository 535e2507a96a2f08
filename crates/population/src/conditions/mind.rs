//! Depression, anxiety, dementia and epilepsy.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::names::Sex;
use crate::problems as p;

/// Draws them.
pub fn draw(fate: &mut Fate) {
    depression(fate);
    anxiety(fate);
    dementia(fate);
    epilepsy(fate);
}

/// Severity is points of the PHQ-9.
fn depression(fate: &mut Fate) {
    let factor = if fate.person.sex == Sex::Female { 1.25 } else { 0.8 };
    let shares = [(16, 0.03), (25, 0.1), (45, 0.14), (60, 0.13), (80, 0.09)];
    let Some(found) = fate.found(&shares, factor) else { return };
    let severity = fate.random.around(14.0, 3.0).clamp(9.0, 20.0);
    let mut course = Course::new(&p::DEPRESSION, found.plus(-120), found, severity);
    course.sign = "Low mood, poor sleep, no energy";
    let last = fate.last();
    let start = found.plus(fate.random.between(0, 30));
    let minded = fate.random.chance(0.7);
    if minded {
        course.treat(start, &m::SERTRALINE_50, severity * 0.6, 70.0);
        if fate.random.chance(0.35) {
            let more = start.plus(fate.random.between(42, 120));
            course.stop(more, "Dose increased");
            course.treat(more, &m::SERTRALINE_100, severity * 0.85, 60.0);
        } else if fate.random.chance(0.15) {
            let other = start.plus(fate.random.between(20, 60));
            course.stop(other, "Nausea");
            course.treat(other, &m::MIRTAZAPINE, severity * 0.8, 60.0);
        }
    }
    let better = found.plus(fate.random.between(240, 1_100));
    if !minded {
        course.note = Some("Prefers talking therapy.".to_owned());
        course.growth = -8.0;
    }
    if better < last && (!minded || fate.random.chance(0.75)) {
        course.ended = Some(better);
        course.stop(better.plus(-10), "Recovered");
    }
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

/// Severity is points of the GAD-7.
fn anxiety(fate: &mut Fate) {
    let shares = [(16, 0.03), (25, 0.06), (50, 0.05), (75, 0.03)];
    let Some(found) = fate.found(&shares, 1.0) else { return };
    let severity = fate.random.around(11.0, 2.5).clamp(7.0, 17.0);
    let mut course = Course::new(&p::ANXIETY, found.plus(-200), found, severity);
    course.sign = "Worry that will not stop, palpitations";
    let asthma = fate.health.course(&p::ASTHMA).is_some();
    if fate.random.chance(0.4) && !asthma {
        // Propranolol must not be given to people with asthma.
        course.treat(found, &m::PROPRANOLOL, severity * 0.4, 14.0);
    }
    let better = found.plus(fate.random.between(200, 1_500));
    if better < fate.last() && fate.random.chance(0.6) {
        course.ended = Some(better);
        course.stop(better.plus(-5), "No longer needed");
    }
    fate.health.courses.push(course);
}

/// Severity is points of the MoCA lost.
fn dementia(fate: &mut Fate) {
    let shares = [(62, 0.0), (70, 0.02), (80, 0.08), (88, 0.19), (96, 0.3)];
    let Some(found) = fate.found(&shares, 1.0) else { return };
    let found = found.max(fate.last().plus_years(-7));
    let mut course = Course::new(&p::ALZHEIMERS, fate.before(found, 4), found, fate.random.around(8.0, 1.5));
    course.growth = fate.random.around(2.1, 0.5).max(0.8);
    course.sign = "Family worried about memory";
    course.note = Some("Diagnosed at the memory clinic.".to_owned());
    if fate.random.chance(0.8) {
        let start = found.plus(20);
        course.treat(start, &m::DONEPEZIL_5, 0.8, 90.0);
        let more = start.plus(35);
        course.stop(more, "Dose increased");
        course.treat(more, &m::DONEPEZIL_10, 1.3, 90.0);
    }
    let last = fate.last();
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

fn epilepsy(fate: &mut Fate) {
    let shares = [(4, 0.003), (20, 0.007), (75, 0.011)];
    let Some(found) = fate.found(&shares, 1.0) else { return };
    let mut course = Course::new(&p::EPILEPSY, found.plus(-60), found, 1.0);
    course.sign = "Seen after a second seizure";
    // Valproate is not used here, because of the harm it does in pregnancy.
    let medicine = if fate.random.chance(0.5) { &m::LAMOTRIGINE } else { &m::LEVETIRACETAM };
    course.treat(found, medicine, 0.0, 1.0);
    fate.health.courses.push(course);
}

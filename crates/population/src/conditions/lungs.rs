//! Asthma and chronic obstructive pulmonary disease.

use super::Fate;
use crate::health::{Course, Smoking};
use crate::medicines::list as m;
use crate::problems as p;

/// Draws them.
pub fn draw(fate: &mut Fate) {
    asthma(fate);
    obstruction(fate);
}

/// Severity is the share of peak flow lost, in percent.
fn asthma(fate: &mut Fate) {
    let shares = [(3, 0.01), (7, 0.07), (16, 0.085), (40, 0.065), (80, 0.055)];
    let Some(found) = fate.found(&shares, 1.0) else { return };
    let severity = fate.random.around(26.0, 7.0).max(12.0);
    let mut course = Course::new(&p::ASTHMA, fate.before(found, 2), found, severity);
    course.sign = "Cough at night and wheeze on exercise";
    course.treat(found, &m::SALBUTAMOL, 2.0, 1.0);
    if fate.random.chance(0.75) {
        let steroid = found.plus(fate.random.between(0, 200));
        course.treat(steroid, &m::BECLOMETASONE, severity * 0.6, 60.0);
        if fate.random.chance(0.4) {
            let stronger = steroid.plus(fate.random.between(200, 1_500));
            course.stop(stronger, "Asthma not controlled");
            course.treat(stronger, &m::BUDESONIDE_FORMOTEROL, severity * 0.85, 60.0);
        }
    }
    let last = fate.last();
    course.steps.retain(|step| step.from <= last);
    let child = found.age(fate.person.birth) < 12;
    if child && last.age(fate.person.birth) > 17 && fate.random.chance(0.5) {
        let grown = fate.person.birth.plus_years(16);
        course.ended = Some(grown);
        for step in &mut course.steps {
            step.until = Some(step.until.map_or(grown, |until| until.min(grown)));
        }
    }
    fate.health.courses.push(course);
}

/// Severity is breath lost, in percent of what is left of it.
fn obstruction(fate: &mut Fate) {
    let last = fate.last();
    let factor = match fate.health.smoking(last) {
        Smoking::Never => 0.1,
        Smoking::Former => 1.6,
        Smoking::Current => 3.2,
    };
    let shares = [(42, 0.0), (52, 0.015), (62, 0.035), (72, 0.06), (85, 0.06)];
    let Some(found) = fate.found(&shares, factor) else { return };
    let mut course = Course::new(&p::COPD, fate.before(found, 6), found, 6.0);
    course.growth = 1.3;
    course.sign = "Breathless on stairs, cough every winter";
    course.treat(found, &m::SALBUTAMOL, 0.5, 1.0);
    course.treat(found.plus(30), &m::TIOTROPIUM, 2.0, 30.0);
    if fate.random.chance(0.35) {
        course.treat(found.plus(fate.random.between(300, 1_500)), &m::BUDESONIDE_FORMOTEROL, 1.5, 30.0);
    }
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

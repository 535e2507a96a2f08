//! Joints, bones and frailty.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::names::Sex;
use crate::problems as p;

/// Draws them.
pub fn draw(fate: &mut Fate) {
    let female = fate.person.sex == Sex::Female;
    for (problem, sign, share) in [
        (&p::OSTEOARTHRITIS_KNEE, "Knee pain on walking and on stairs", 0.16),
        (&p::OSTEOARTHRITIS_HIP, "Groin pain and a stiff hip", 0.09),
    ] {
        let shares = [(45, 0.0), (60, share * 0.6), (80, share)];
        if let Some(found) = fate.found(&shares, if female { 1.2 } else { 0.8 }) {
            let mut course = Course::new(problem, fate.before(found, 4), found, 1.0);
            course.sign = sign;
            course.treat(found, &m::PARACETAMOL, 0.0, 1.0);
            fate.health.courses.push(course);
        }
    }
    gout(fate, female);
    bones(fate, female);
    frailty(fate);
}

fn gout(fate: &mut Fate, female: bool) {
    let shares = [(35, 0.005), (55, 0.025), (75, 0.06)];
    let Some(found) = fate.found(&shares, if female { 0.4 } else { 1.5 }) else { return };
    let mut course = Course::new(&p::GOUT, fate.before(found, 2), found, 1.0);
    course.sign = "Red hot big toe overnight, second attack";
    course.treat(found, &m::COLCHICINE, 0.0, 1.0);
    course.stop(found.plus(6), "Attack over");
    if fate.random.chance(0.6) {
        course.treat(found.plus(30), &m::ALLOPURINOL, 0.0, 60.0);
    }
    let last = fate.last();
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

fn bones(fate: &mut Fate, female: bool) {
    let shares = [(55, 0.0), (65, 0.04), (80, 0.14)];
    let Some(found) = fate.found(&shares, if female { 1.3 } else { 0.3 }) else { return };
    let mut course = Course::new(&p::OSTEOPOROSIS, fate.before(found, 5), found, 1.0);
    course.sign = "Bone density scan shows osteoporosis";
    course.treat(found, &m::ALENDRONIC_ACID, 0.0, 1.0);
    course.treat(found, &m::CALCIUM, 0.0, 1.0);
    // Tablets for bones are paused after five years.
    let pause = found.plus_years(5);
    if pause < fate.last() {
        course.steps[0].until = Some(pause);
        course.steps[0].because = Some("Treatment pause after five years");
    }
    fate.health.courses.push(course);
}

fn frailty(fate: &mut Fate) {
    let shares = [(70, 0.0), (78, 0.1), (86, 0.35), (94, 0.65)];
    let Some(found) = fate.found(&shares, 1.0) else { return };
    let found = found.max(fate.last().plus_years(-5));
    let mut course = Course::new(&p::FRAILTY, found.plus(-300), found, 1.0);
    course.sign = "Slower, less steady, needs help with shopping";
    course.note =
        Some((*fate.random.pick(&["Mild frailty.", "Moderate frailty.", "Severe frailty."])).to_owned());
    fate.health.courses.push(course);
}

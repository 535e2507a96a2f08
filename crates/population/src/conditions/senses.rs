//! Eyes, ears and headaches.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::names::Sex;
use crate::problems as p;

/// Draws them.
pub fn draw(fate: &mut Fate) {
    if let Some(found) = fate.found(&[(55, 0.0), (70, 0.12), (85, 0.35)], 1.0) {
        let mut course = Course::new(&p::CATARACT, fate.before(found, 3), found, 1.0);
        course.sign = "Glare when driving at night, optician found cataract";
        let operated = found.plus(fate.random.between(120, 420));
        if operated < fate.last() && fate.random.chance(0.7) {
            course.ended = Some(operated);
        }
        fate.health.courses.push(course);
    }
    if let Some(found) = fate.found(&[(50, 0.01), (70, 0.12), (90, 0.4)], 1.0) {
        let mut course = Course::new(&p::HEARING_LOSS, fate.before(found, 5), found, 1.0);
        course.sign = "Television too loud for the family";
        fate.health.courses.push(course);
    }
    let factor = if fate.person.sex == Sex::Female { 1.5 } else { 0.6 };
    if let Some(found) = fate.found(&[(12, 0.01), (25, 0.05), (50, 0.06), (80, 0.03)], factor) {
        let mut course = Course::new(&p::MIGRAINE, fate.before(found, 4), found, 1.0);
        course.sign = "One-sided headaches with nausea";
        if found.age(fate.person.birth) >= 18 {
            course.treat(found, &m::SUMATRIPTAN, 0.0, 1.0);
        }
        fate.health.courses.push(course);
    }
}

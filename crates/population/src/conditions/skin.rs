//! Eczema.

use super::Fate;
use crate::health::Course;
use crate::medicines::list as m;
use crate::problems as p;

/// Draws it. Most children grow out of it.
pub fn draw(fate: &mut Fate) {
    let shares = [(0, 0.06), (2, 0.14), (10, 0.15), (30, 0.08), (80, 0.04)];
    let Some(mut found) = fate.found(&shares, 1.0) else { return };
    let birth = fate.person.birth;
    if fate.random.chance(0.6) {
        found = found.min(birth.plus(fate.random.between(90, 900)).min(fate.last()));
    }
    let mut course = Course::new(&p::ECZEMA, found.plus(-60).max(birth), found, 1.0);
    course.sign = "Dry itchy skin in the folds of arms and knees";
    course.treat(found, &m::EMOLLIENT, 0.0, 1.0);
    if found.age(birth) < 5 && fate.random.chance(0.65) {
        let gone = birth.plus_years(fate.random.between(6, 11));
        if gone < fate.last() {
            course.ended = Some(gone);
            course.stop(gone, "No longer needed");
        }
    }
    fate.health.courses.push(course);
}

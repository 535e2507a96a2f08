//! What goes on at the moment of the data: who lies in hospital today, who waits to be
//! seen, and how lives ended that are over.

use crate::conditions::{accidents, emergencies, pneumonia};
use crate::history::History;
use crate::visits::{Setting, visit};

/// Every so many people there is one in hospital, and so many of them at most; so that no two have the same
/// bed.
const APART: usize = 97;
const INPATIENTS: usize = 20;
/// So many are in the Emergency Department.
const WAITING: usize = 9;

/// Writes a stay that has not ended, for those whose turn it is.
pub fn admitted(history: &mut History) {
    let (number, rest) = (history.person.index / APART, history.person.index % APART);
    let age = history.age(history.end.day);
    if rest != 60 || number >= INPATIENTS || !history.alive() || age < 18 {
        return;
    }
    let day = history.end.day.plus(-history.random.between(1, 5));
    // Long enough to go on now, whatever the hour.
    let hours = 24 * 16;
    let bed = Some(number);
    match (number % 7, age) {
        (0 | 1, 66..) => emergencies::admit(history, day, hours, bed, &emergencies::HIP),
        (0 | 1, ..=50) => emergencies::admit(history, day, hours, bed, &emergencies::APPENDIX),
        (2, 55..) => emergencies::admit(history, day, hours, bed, &emergencies::HEART),
        (3, 50..) => emergencies::admit(history, day, hours, bed, &emergencies::STROKE),
        (4, 40..) => emergencies::admit(history, day, hours, bed, &emergencies::BLEED),
        (2..=5, _) => emergencies::admit(history, day, hours, bed, &emergencies::GALL_BLADDER),
        _ => pneumonia::admit(history, day, hours, bed),
    };
}

/// Writes an arrival in the Emergency Department, for those whose turn it is.
pub fn arrived(history: &mut History) {
    let (number, rest) = (history.person.index / APART, history.person.index % APART);
    if rest == 30 && number < WAITING && history.alive() {
        let minutes = history.random.between(35, 210);
        accidents::waiting(history, minutes);
    }
}

/// Writes the last illness of someone who has died: nearly half of them in hospital, the others at home.
pub fn last_illness(history: &mut History) {
    if history.alive() || history.end.day <= history.from.plus(30) {
        return;
    }
    let age = history.age(history.end.day);
    if age > 40 && history.random.chance(0.45) {
        let days = history.random.between(3, 9);
        pneumonia::admit(history, history.end.day.plus(-days), 24 * 60, None);
        return;
    }
    for days in [60, 25, 6] {
        let reason = "End of life care at home";
        visit(history, Setting::HomeVisit, history.end.day.plus(-days), reason);
    }
}

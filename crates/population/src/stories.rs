//! People whose stories are told by hand, at the first numbers of every population.

mod dorothy;
mod others;

use crate::Plan;
use crate::health::Health;
use crate::history::{History, YEARS};
use crate::person::Person;
use crate::time::{Day, Moment};

/// How many numbers are kept for stories, from 0 on.
pub const STORIES: usize = 8;

/// A story: who it is about, what is the matter with them, and what chance would not bring.
struct Story {
    person: fn(&Plan, Moment) -> Person,
    illnesses: fn(&mut Health, Day),
    write: fn(&mut History),
}

const TOLD: [Story; STORIES] = [
    Story { person: dorothy::person, illnesses: dorothy::illnesses, write: dorothy::write },
    Story { person: others::newborn, illnesses: others::well, write: others::write_newborn },
    Story { person: others::toddler, illnesses: others::well, write: others::write_toddler },
    Story { person: others::deceased, illnesses: others::old_age, write: others::write_deceased },
    Story { person: others::unknown, illnesses: others::well, write: others::write_nothing },
    Story { person: others::long_name, illnesses: others::diabetes, write: others::write_long_name },
    Story { person: others::expecting, illnesses: others::pregnant, write: others::write_expecting },
    Story { person: others::similar, illnesses: others::stiff, write: others::write_similar },
];

/// The person of a story.
pub fn person(plan: &Plan, index: usize, today: Moment) -> Option<Person> {
    TOLD.get(index).map(|story| (story.person)(plan, today))
}

/// Gives the person of a story their illnesses. False if there is no story.
pub fn illnesses(index: usize, health: &mut Health, today: Day) -> bool {
    let Some(story) = TOLD.get(index) else { return false };
    (story.illnesses)(health, today);
    true
}

/// Years of which a person's contacts are written: one story is long.
pub fn years(index: usize) -> i32 {
    if index == 5 { 30 } else { YEARS }
}

/// Writes what chance would not bring.
pub fn write(history: &mut History) {
    if let Some(story) = TOLD.get(history.person.index) {
        (story.write)(history);
    }
}

//! Lasting illnesses: who gets them and when, how they go on, and what doctors do. One file for each family.
//!
//! Shares by age are near those of the national registers (NHS England, Quality and Outcomes Framework
//! 2022/23; Health Survey for England) and rounded; they make a believable county, not a model of one.

pub mod accidents;
pub mod cancer;
pub mod complaints;
pub mod emergencies;
pub mod heart;
pub mod joints;
pub mod kidneys;
pub mod lungs;
pub mod metabolism;
pub mod mind;
pub mod pneumonia;
pub mod pregnancy;
pub mod senses;
pub mod skin;

use crate::checks::Check;
use crate::health::Health;
use crate::person::Person;
use crate::problems::{self as p, Problem};
use crate::random::Random;
use crate::time::Day;

/// What is done about a problem once it is known.
pub struct Known {
    /// The problem.
    pub problem: &'static Problem,
    /// Checks at each yearly review.
    pub yearly: &'static [Check],
    /// Checks when it is found and when treatment changes.
    pub found: &'static [Check],
}

/// Problems that are followed up by the practice.
pub const KNOWN: &[Known] = &[
    Known {
        problem: &p::HYPERTENSION,
        yearly: &[Check::Pressure, Check::Size, Check::Kidneys],
        found: &[Check::Pressure, Check::Size, Check::Kidneys, Check::Lipids, Check::Hba1c],
    },
    Known {
        problem: &p::DIABETES_2,
        yearly: &[
            Check::Pressure,
            Check::Size,
            Check::Smoking,
            Check::Kidneys,
            Check::Lipids,
            Check::Hba1c,
            Check::Urine,
            Check::Feet,
            Check::Eyes,
        ],
        found: &[Check::Pressure, Check::Size, Check::Glucose, Check::Hba1c, Check::Lipids, Check::Liver],
    },
    Known {
        problem: &p::DIABETES_1,
        yearly: &[
            Check::Pressure,
            Check::Size,
            Check::Kidneys,
            Check::Lipids,
            Check::Hba1c,
            Check::Thyroid,
            Check::Urine,
            Check::Feet,
            Check::Eyes,
        ],
        found: &[Check::Size, Check::Glucose, Check::Hba1c, Check::Kidneys],
    },
    Known {
        problem: &p::HYPOTHYROIDISM,
        yearly: &[Check::Size, Check::Thyroid],
        found: &[Check::Pulse, Check::Size, Check::Thyroid, Check::Blood],
    },
    Known {
        problem: &p::KIDNEY_DISEASE,
        yearly: &[Check::Pressure, Check::Kidneys, Check::Blood, Check::Urine],
        found: &[Check::Pressure, Check::Kidneys, Check::Blood, Check::Urine],
    },
    Known {
        problem: &p::ATRIAL_FIBRILLATION,
        yearly: &[Check::Pressure, Check::Pulse, Check::Size, Check::Kidneys, Check::Blood],
        found: &[Check::Pressure, Check::Pulse, Check::Kidneys, Check::Blood, Check::Thyroid],
    },
    Known {
        problem: &p::HEART_FAILURE,
        yearly: &[Check::Pressure, Check::Pulse, Check::Size, Check::Kidneys, Check::Bnp],
        found: &[Check::Pressure, Check::Pulse, Check::Size, Check::Saturation, Check::Kidneys, Check::Bnp],
    },
    Known {
        problem: &p::CORONARY_DISEASE,
        yearly: &[Check::Pressure, Check::Size, Check::Smoking, Check::Lipids],
        found: &[Check::Pressure, Check::Pulse, Check::Lipids, Check::Hba1c],
    },
    Known { problem: &p::STROKE, yearly: &[Check::Pressure, Check::Lipids], found: &[Check::Pressure] },
    Known {
        problem: &p::ASTHMA,
        yearly: &[Check::PeakFlow, Check::Smoking],
        found: &[Check::PeakFlow, Check::Size],
    },
    Known {
        problem: &p::COPD,
        yearly: &[Check::Smoking, Check::Size, Check::Saturation, Check::Spirometry],
        found: &[Check::Smoking, Check::Saturation, Check::Spirometry, Check::Blood],
    },
    Known { problem: &p::DEPRESSION, yearly: &[Check::Mood], found: &[Check::Mood] },
    Known { problem: &p::ANXIETY, yearly: &[Check::Worry], found: &[Check::Worry] },
    Known {
        problem: &p::ALZHEIMERS,
        yearly: &[Check::Pressure, Check::Size, Check::Memory],
        found: &[Check::Memory, Check::Blood, Check::Thyroid],
    },
    Known {
        problem: &p::GOUT,
        yearly: &[Check::Urate, Check::Kidneys],
        found: &[Check::Urate, Check::Kidneys],
    },
    Known {
        problem: &p::PROSTATE_CANCER,
        yearly: &[Check::Psa],
        found: &[Check::Psa, Check::Blood, Check::Kidneys],
    },
    Known { problem: &p::EPILEPSY, yearly: &[Check::Size], found: &[Check::Blood, Check::Kidneys] },
    Known {
        problem: &p::FRAILTY,
        yearly: &[Check::Pressure, Check::Size],
        found: &[Check::Pressure, Check::Blood],
    },
];

/// Brings upon a body what chance and age have in store.
pub fn draw(person: &Person, today: Day, health: &mut Health, random: &mut Random) {
    let mut fate = Fate { person, today, health, random };
    skin::draw(&mut fate);
    lungs::draw(&mut fate);
    heart::draw(&mut fate);
    metabolism::draw(&mut fate);
    kidneys::draw(&mut fate);
    mind::draw(&mut fate);
    joints::draw(&mut fate);
    senses::draw(&mut fate);
    cancer::draw(&mut fate);
    pregnancy::draw(&mut fate);
}

/// Everything that decides about an illness.
pub struct Fate<'a> {
    /// Whose it is.
    pub person: &'a Person,
    /// The day of the data.
    pub today: Day,
    /// The body.
    pub health: &'a mut Health,
    /// Chance.
    pub random: &'a mut Random,
}

impl Fate<'_> {
    /// Age today, or at death.
    pub fn age(&self) -> i32 {
        self.last().age(self.person.birth)
    }

    /// Today, or the day of death.
    pub fn last(&self) -> Day {
        self.person.death.map_or(self.today, |death| death.day)
    }

    /// The day on which an illness is found, if the person has it by now. `shares` tells how many of an age
    /// have it, and is read between its points; `factor` is this person's own risk.
    pub fn found(&mut self, shares: &[(i32, f64)], factor: f64) -> Option<Day> {
        let age = self.age();
        let share = between(shares, f64::from(age)) * factor;
        if !self.random.chance(share) {
            return None;
        }
        let youngest = shares.first().map_or(0, |(age, _)| *age);
        let years = (age - youngest).clamp(0, 22);
        let last = self.last();
        let day = last.plus(-self.random.between(20, years * 365 + 200));
        let day = day.max(self.person.birth.plus(90));
        (day <= last).then_some(day)
    }

    /// A day some years before another one, but not before birth.
    pub fn before(&mut self, day: Day, years: i32) -> Day {
        let earlier = day.plus(-self.random.between(60, years * 365));
        earlier.max(self.person.birth)
    }
}

/// The value of a table between its points.
fn between(table: &[(i32, f64)], at: f64) -> f64 {
    let after = table.iter().position(|(point, _)| f64::from(*point) > at);
    match after {
        Some(0) => 0.0,
        None => table.last().map_or(0.0, |(_, value)| *value),
        Some(after) => {
            let ((low, from), (high, to)) = (table[after - 1], table[after]);
            from + (to - from) * (at - f64::from(low)) / f64::from(high - low)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_between_their_points() {
        let table = [(40, 0.1), (60, 0.3)];
        assert_eq!(
            [30.0, 40.0, 50.0, 60.0, 99.0].map(|age| (between(&table, age) * 100.0).round()),
            [0.0, 10.0, 20.0, 30.0, 30.0]
        );
    }
}

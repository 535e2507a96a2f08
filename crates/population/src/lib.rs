#![doc = include_str!("../README.md")]

mod addresses;
mod allergies;
mod appointments;
mod care_plans;
mod checks;
mod childhood;
mod clinics;
mod conditions;
mod courses;
mod elements;
mod flags;
mod health;
mod history;
mod households;
mod identifiers;
mod immunisations;
mod letters;
mod medicines;
mod names;
mod now;
mod observations;
mod operations;
mod patient;
mod person;
mod places;
mod problems;
mod procedures;
mod random;
mod requests;
mod results;
mod reviews;
mod staff;
mod stays;
mod stories;
#[cfg(test)]
mod tests;
mod time;
mod visits;

pub use identifiers::NHS_NUMBERS;
pub use stories::STORIES;

use conditions::{accidents, cancer, complaints, emergencies, pneumonia, pregnancy};
use fhir::Instant;
use history::History;
use person::Person;

/// A population: the same plan gives the same people, to the byte, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What all chance follows from.
    pub seed: u64,
    /// How many people there are.
    pub people: usize,
    /// Now, for the data. Nothing but appointments lies after it.
    pub until: Instant,
}

/// An account of someone on the staff, for the demo. It has no password: who makes the account sets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name to sign in with.
    pub name: String,
    /// Title, first name and family name.
    pub display: String,
    /// `doctor`, `nurse`, `midwife`, `gp`, `pharmacist`, `receptionist` or `administrator`.
    pub role: String,
    /// What they are, in words.
    pub job: String,
    /// Where they work, in words.
    pub place: String,
    /// Id of their Practitioner.
    pub practitioner: String,
    /// Id of the Organization they work for.
    pub organization: String,
    /// Its code.
    pub organisation_code: &'static str,
    /// Id of the Location of their ward, if they have one.
    pub location: Option<String>,
    /// Their teams: that of a ward is named by the id of its Location, that of a whole organisation by its code.
    pub workgroups: Vec<String>,
}

impl Plan {
    /// What all people share, as transactions to be loaded first, in this order: organisations and places,
    /// staff.
    pub fn places(&self) -> Vec<String> {
        places::write(self)
    }

    /// Everything about one person, as a transaction. It depends on the seed, the number and the day alone,
    /// so people can be made in any order and on any thread.
    pub fn person(&self, index: usize) -> String {
        let person = Person::of(self, index);
        let mut history = History::new(self, &person, stories::years(index));
        patient::write(&mut history);
        if person.bare {
            return history.finish();
        }
        stories::write(&mut history);
        patient::write_registration(&mut history);
        if index >= STORIES {
            allergies::write(&mut history);
        }
        now::admitted(&mut history);
        now::arrived(&mut history);
        now::last_illness(&mut history);
        courses::write(&mut history);
        pneumonia::write(&mut history);
        emergencies::write(&mut history);
        operations::write(&mut history);
        pregnancy::write(&mut history);
        cancer::write(&mut history);
        childhood::write(&mut history);
        reviews::write(&mut history);
        clinics::write(&mut history);
        immunisations::write(&mut history);
        complaints::write(&mut history);
        accidents::write(&mut history);
        flags::usual(&mut history);
        history.finish()
    }

    /// Accounts for the demo: a doctor and a nurse of a ward, a consultant, a midwife, a GP, a pharmacist, a
    /// receptionist and the administrator of the system.
    pub fn accounts(&self) -> Vec<Account> {
        staff::accounts(self)
    }
}

//! The history of one person while it is being written.

use crate::Plan;
use crate::allergies::Allergen;
use crate::elements::reference;
use crate::health::Health;
use crate::identifiers::id;
use crate::person::Person;
use crate::places::Bundle;
use crate::problems::Problem;
use crate::random::Random;
use crate::time::{Day, Moment};
use fhir::Tree;

/// Years of which all contacts are written. Before them only problems and medicines are known.
pub const YEARS: i32 = 10;

/// A history being written.
pub struct History<'a> {
    /// What it is part of.
    pub plan: &'a Plan,
    /// Whose it is.
    pub person: &'a Person,
    /// What is the matter with them.
    pub health: Health,
    /// What they are allergic to.
    pub allergens: Vec<&'static Allergen>,
    /// Chance.
    pub random: Random,
    /// The first day of which contacts are written.
    pub from: Day,
    /// The last moment: now, or death.
    pub end: Moment,
    /// Problems written so far, by code, with the ids of their Conditions.
    pub conditions: Vec<(&'static str, String)>,
    /// Days in hospital, on which nobody is seen elsewhere.
    pub stays: Vec<(Day, Day)>,
    bundle: Bundle,
    serial: u64,
}

impl<'a> History<'a> {
    /// The history of a person, still empty.
    pub fn new(plan: &'a Plan, person: &'a Person, years: i32) -> History<'a> {
        let now = Moment::from(plan.until);
        let end = person.death.map_or(now, |death| death.min(now));
        let mut random = Random::of(plan.seed, HISTORY, person.index as u64);
        let health = Health::draw(person, now.day, &mut random);
        let from = now.day.plus_years(-years).max(person.birth);
        let bundle = Bundle::new(64 * 1024);
        History {
            plan,
            person,
            health,
            allergens: Vec::new(),
            random,
            from,
            end,
            conditions: Vec::new(),
            stays: Vec::new(),
            bundle,
            serial: 0,
        }
    }

    /// An id that nothing else has.
    pub fn next_id(&mut self) -> String {
        self.serial += 1;
        id(self.plan.seed, RESOURCE, self.person.index as u64, self.serial)
    }

    /// The beginning of a resource.
    pub fn start(&self, kind: &str, id: &str) -> Tree {
        Tree::resource(kind).with("id", id)
    }

    /// Adds a resource.
    pub fn add(&mut self, kind: &str, id: &str, resource: &Tree) {
        self.bundle.put(kind, id, resource);
    }

    /// Reference to the Patient.
    pub fn subject(&self) -> Tree {
        reference("Patient", &self.person.id)
    }

    /// Whether contacts of this moment are written: inside the years, and while the person lives.
    pub fn covers(&self, moment: Moment) -> bool {
        moment.day >= self.from && moment <= self.end && moment >= self.person.born()
    }

    /// Age in years on a day.
    pub fn age(&self, day: Day) -> i32 {
        day.age(self.person.birth)
    }

    /// Whether the person is alive now.
    pub fn alive(&self) -> bool {
        self.person.death.is_none()
    }

    /// Whether the person is in hospital on a day.
    pub fn in_hospital(&self, day: Day) -> bool {
        self.stays.iter().any(|(from, until)| (*from..=*until).contains(&day))
    }

    /// Id of the Condition of a problem, if it is written.
    pub fn condition(&self, problem: &Problem) -> Option<String> {
        self.conditions.iter().find(|(code, _)| *code == problem.code).map(|(_, id)| id.clone())
    }

    /// The transaction.
    pub fn finish(self) -> String {
        self.bundle.finish()
    }
}

const HISTORY: u64 = 41;
const RESOURCE: u64 = 42;

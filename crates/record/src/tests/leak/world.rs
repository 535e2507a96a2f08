//! Small worlds: some people, what is known of them, and how that came to be, in steps.

use super::chance::Chance;
use super::contents;
use super::permit::Permitted;
use crate::tests::prepared;
use crate::{Author, Clock, Instant, Kind, Marks, Options, Over, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// When the first commit was made. Each takes a minute, in every store that holds a part of it: the clock is ours.
const START: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;

/// When a commit was made.
pub(super) fn instant(commit: usize) -> Instant {
    Instant(START + commit as i64 * MINUTE)
}

/// Resource types and how many of a thousand resources are of each. What others point at comes first.
const KINDS: [(&str, usize); 13] = [
    ("Organization", 30),
    ("Practitioner", 40),
    ("ValueSet", 25),
    ("Patient", 90),
    ("Encounter", 110),
    ("Observation", 270),
    ("Condition", 100),
    ("MedicationRequest", 90),
    ("Appointment", 90),
    ("Group", 35),
    ("List", 40),
    ("Provenance", 50),
    ("RiskAssessment", 30),
];

/// The types of a world.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, _)| *kind)
}

/// One write.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Steps with the same number go into one commit.
    pub commit: usize,
    pub kind: &'static str,
    pub id: String,
    /// The resource; nothing when it is deleted.
    pub text: Option<String>,
    /// The organisation that writes it.
    pub custodian: Option<&'static str>,
    /// Marks are laid on it instead.
    pub laying: Option<Laying>,
}

/// Marks that are laid.
#[derive(Clone, Debug)]
pub(super) struct Laying {
    pub over: Over,
    pub marks: Marks,
}

/// Marks that are laid in worlds.
pub(super) const MARKS: [&str; 6] = ["sealed:a", "sealed:b", "locked:a", "label:v", "unshared@", "optout:n"];
/// Organisations.
pub(super) const CUSTODIANS: [&str; 2] = ["RAA", "RBB"];

/// What was written, in order.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub steps: Vec<Step>,
    /// True when nothing is pointed at before it is there, a code has one system only, nothing is sorted by a
    /// reference, and nothing is moved from one patient to another.
    pub orderly: bool,
}

/// A world in a store.
pub(super) struct Filed {
    pub store: Store,
    /// Versions that were left out before the first of a resource, where any were.
    pub skipped: BTreeMap<(&'static str, String), u64>,
    _home: testbed::Home,
}

impl World {
    /// A world of about so many resources.
    pub fn of(chance: &mut Chance, size: usize) -> World {
        let orderly = chance.one_in(2);
        let mut making = Making::of(chance, size, orderly);
        making.steps();
        World { steps: making.done, orderly }
    }

    /// Files all of it.
    pub fn file(&self) -> Filed {
        self.file_steps(self.steps.iter().collect(), BTreeMap::new())
    }

    /// Files what is permitted and nothing else.
    pub fn file_part(&self, permitted: &Permitted) -> Filed {
        let held = |(number, step): &(usize, &Step)| {
            let versions = permitted.get(&(step.kind, step.id.clone()));
            step.laying.is_none() && versions.is_some_and(|versions| *number >= versions.from)
        };
        let steps = self.steps.iter().enumerate().filter(held).map(|(_, step)| step);
        let skipped = permitted.iter().filter(|(_, versions)| versions.skipped > 0);
        let skipped = skipped.map(|(name, versions)| (name.clone(), versions.skipped)).collect();
        self.file_steps(steps.collect(), skipped)
    }

    fn file_steps(&self, steps: Vec<&Step>, skipped: BTreeMap<(&'static str, String), u64>) -> Filed {
        let home = testbed::Home::new();
        let minute = Arc::new(AtomicUsize::new(0));
        let clock = minute.clone();
        let clock: Clock = Arc::new(move || instant(clock.load(Relaxed)));
        let store = Store::open(
            crate::tests::place(&home),
            Options { readers: 1, durable: false, clock, ..Options::default() },
        )
        .unwrap();
        for commit in steps.chunk_by(|a, b| a.commit == b.commit) {
            minute.store(commit[0].commit, Relaxed);
            file(&store, commit);
        }
        Filed { store, skipped, _home: home }
    }

    /// How many commits there are.
    pub fn commits(&self) -> usize {
        self.steps.last().map_or(0, |step| step.commit + 1)
    }
}

fn file(store: &Store, steps: &[&Step]) {
    let writes: Vec<_> = steps.iter().map(|s| ((*s).clone(), s.text.as_deref().map(prepared))).collect();
    let custodian = steps[0].custodian.map(str::to_owned);
    let author = Author { custodian, ..Author::system("test") };
    let done = store.write(author, move |tx| {
        for (Step { kind, id, laying, .. }, resource) in writes {
            match (laying, resource) {
                (Some(laying), _) => match tx.mark(kind, &id, laying.over, &laying.marks) {
                    // In a world that was made smaller it may not be there.
                    Err(refusal) if refusal.kind != Kind::NotFound => return Err(refusal),
                    _ => {}
                },
                (None, Some(resource)) => tx.put(resource, None).map(|_| ())?,
                (None, None) => tx.delete(kind, &id, None).map(|_| ())?,
            }
        }
        Ok(())
    });
    done.unwrap();
}

/// A world that is being made.
pub(super) struct Making<'c> {
    pub chance: &'c mut Chance,
    pub orderly: bool,
    /// All that there will be, by type.
    planned: BTreeMap<&'static str, Vec<String>>,
    /// What is there, by type.
    made: BTreeMap<&'static str, Vec<String>>,
    /// The patients that each resource concerns.
    homes: BTreeMap<(&'static str, String), Vec<String>>,
    done: Vec<Step>,
}

impl<'c> Making<'c> {
    fn of(chance: &'c mut Chance, size: usize, orderly: bool) -> Making<'c> {
        let mut planned = BTreeMap::new();
        for (k, (kind, share)) in KINDS.iter().enumerate() {
            let count = (size * share / 1_000).max(1);
            let id = |n: usize| match n % 3 {
                0 => format!("00000000-0000-4000-80{k:02}-{n:012}"),
                _ => format!("{}{n}", &kind[..3].to_lowercase()),
            };
            planned.insert(*kind, (0..count).map(id).collect::<Vec<_>>());
        }
        let (made, homes, done) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Making { chance, orderly, planned, made, homes, done }
    }

    fn steps(&mut self) {
        let mut waiting: Vec<(&'static str, String)> = Vec::new();
        for (kind, _) in KINDS {
            waiting.extend(self.planned[kind].iter().map(|id| (kind, id.clone())));
        }
        let first =
            if self.orderly { waiting.iter().take_while(|(k, _)| *k != "Encounter").count() } else { 0 };
        self.chance.shuffle(&mut waiting[first..]);
        let later = waiting.split_off(waiting.len() * 3 / 5);
        waiting.into_iter().for_each(|(kind, id)| self.make(kind, id));
        for (kind, id) in later {
            self.make(kind, id);
            if self.chance.one_in(2) {
                self.change();
            }
            if self.chance.one_in(8) {
                self.lay();
            }
        }
    }

    fn make(&mut self, kind: &'static str, id: String) {
        let text = contents::write(self, kind, &id).text();
        self.made.entry(kind).or_default().push(id.clone());
        self.step(kind, id, Some(text));
    }

    /// Changes or deletes something that is there or was.
    fn change(&mut self) {
        let Some((kind, id)) = self.any_made() else { return };
        let text = (!self.chance.one_in(4)).then(|| contents::write(self, kind, &id).text());
        self.step(kind, id, text);
    }

    /// Lays marks on something that is there or was, or lifts them.
    fn lay(&mut self) {
        let made = if self.chance.one_in(3) {
            let patients = self.made.get("Patient").cloned().unwrap_or_default();
            let chosen = self.chance.below(patients.len().max(1));
            patients.get(chosen).map(|id| ("Patient", id.clone()))
        } else {
            self.any_made()
        };
        let Some((kind, id)) = made else { return };
        let over = if kind == "Patient" && self.chance.one_in(2) { Over::Whole } else { Over::Itself };
        let count = self.chance.below(3);
        let marks = (0..count).map(|_| (*self.chance.pick(&MARKS)).to_owned()).collect();
        let (commit, custodian) = self.commit();
        let laying = Some(Laying { over, marks });
        self.done.push(Step { commit, kind, id, text: None, custodian, laying });
    }

    fn step(&mut self, kind: &'static str, id: String, text: Option<String>) {
        let (commit, custodian) = self.commit();
        self.done.push(Step { commit, kind, id, text, custodian, laying: None });
    }

    /// The commit of the next step, and who makes it.
    fn commit(&mut self) -> (usize, Option<&'static str>) {
        let last = self.done.last().map(|step| (step.commit, step.custodian));
        if let Some(last) = last.filter(|_| !self.chance.one_in(3)) {
            return last;
        }
        let custodian = self.chance.one_in(2).then(|| *self.chance.pick(&CUSTODIANS));
        (last.map_or(0, |(commit, _)| commit + 1), custodian)
    }

    fn any_made(&mut self) -> Option<(&'static str, String)> {
        let all: Vec<_> = self.made.iter().flat_map(|(k, ids)| ids.iter().map(|id| (*k, id))).collect();
        let (kind, id) = all.get(self.chance.below(all.len().max(1)))?;
        Some((kind, (*id).clone()))
    }

    /// Something of this type to point at: in an orderly world something that is there.
    pub fn target(&mut self, kind: &str) -> Option<String> {
        if !self.orderly && self.chance.one_in(30) {
            return Some(format!("{kind}/nobody"));
        }
        let list = if self.orderly { &self.made } else { &self.planned };
        let ids = list.get(kind).filter(|ids| !ids.is_empty())?;
        Some(format!("{kind}/{}", ids[self.chance.below(ids.len())]))
    }

    /// The patients that a resource concerns, at least and at most so many. They are chosen once, but in worlds
    /// that are not orderly they were sometimes wrong, and others are chosen.
    pub fn home(&mut self, kind: &'static str, id: &str, least: usize, most: usize) -> Vec<String> {
        if let Some(known) = self.homes.get(&(kind, id.to_owned()))
            && (self.orderly || !self.chance.one_in(4))
        {
            return known.clone();
        }
        let mut ids = self.planned["Patient"].clone();
        self.chance.shuffle(&mut ids);
        let count = least + self.chance.below(most - least + 1);
        let home: Vec<String> = ids.into_iter().take(count).map(|id| format!("Patient/{id}")).collect();
        self.homes.insert((kind, id.to_owned()), home.clone());
        home
    }
}

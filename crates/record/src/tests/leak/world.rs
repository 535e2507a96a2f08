//! Small worlds: some people, what is known of them, and how that came to be, in steps.

use super::chance::Chance;
use super::contents;
use crate::tests::prepared;
use crate::{Author, Instant, Options, Store};
use std::collections::BTreeMap;
use std::time::Duration;

/// Stretches of time that a world has. Between two of them the clock moves on, so that "before" and "after" mean
/// the same in every store that the world is filed in.
pub(super) const ERAS: usize = 5;

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
    pub era: usize,
    /// Steps with the same number go into one commit.
    pub commit: usize,
    pub kind: &'static str,
    pub id: String,
    /// The resource; nothing when it is deleted.
    pub text: Option<String>,
}

/// What was written, in order.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub steps: Vec<Step>,
    /// True when nothing is pointed at before it is there, and a code has one system only. In other worlds the
    /// order of what is equal may tell that a hidden resource named something first: the record orders by its
    /// own numbers, and these are given when a thing is first named.
    pub orderly: bool,
}

/// A world in a store, and the instants between its eras.
pub(super) struct Filed {
    pub store: Store,
    pub between: Vec<Instant>,
    _dir: tempfile::TempDir,
}

impl World {
    /// A world of about so many resources.
    pub fn of(chance: &mut Chance, size: usize) -> World {
        let orderly = chance.one_in(2);
        let mut making = Making::of(chance, size, orderly);
        making.steps();
        World { steps: making.done, orderly }
    }

    /// Files those resources for which `held` is true.
    pub fn file(&self, held: impl Fn(&str, &str) -> bool) -> Filed {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options { readers: 1, durable: false, ..Options::default() }).unwrap();
        let mut between = Vec::new();
        for era in 0..ERAS {
            let steps: Vec<&Step> =
                self.steps.iter().filter(|s| s.era == era && held(s.kind, &s.id)).collect();
            for commit in steps.chunk_by(|a, b| a.commit == b.commit) {
                file(&store, commit);
            }
            let tick = || std::thread::sleep(Duration::from_millis(2));
            tick();
            between.push(store.now());
            tick();
        }
        Filed { store, between, _dir: dir }
    }

    /// The last that was said of each resource, also of those deleted since.
    pub fn last(&self) -> BTreeMap<(&'static str, &str), &str> {
        self.steps.iter().filter_map(|s| Some(((s.kind, s.id.as_str()), s.text.as_deref()?))).collect()
    }
}

fn file(store: &Store, steps: &[&Step]) {
    let writes: Vec<_> =
        steps.iter().map(|s| (s.kind, s.id.clone(), s.text.as_deref().map(prepared))).collect();
    let author = Author::system("test");
    let done = store.write(author, move |tx| {
        for (kind, id, resource) in writes {
            match resource {
                Some(resource) => tx.put(resource, None).map(|_| ())?,
                None => tx.delete(kind, &id, None).map(|_| ())?,
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
    /// The patients that each resource concerns, from its first version to its last.
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
        let first = if self.orderly { waiting.iter().take_while(|(k, _)| *k != "Encounter").count() } else { 0 };
        self.chance.shuffle(&mut waiting[first..]);
        let size = waiting.len();
        let mut waiting = waiting.into_iter();
        for era in 0..ERAS {
            let new = if era == 0 { size * 3 / 5 } else { size / 8 };
            let mut acts: Vec<Option<(&'static str, String)>> = waiting.by_ref().take(new.max(first)).map(Some).collect();
            acts.extend(waiting.by_ref().take(if era + 1 == ERAS { size } else { 0 }).map(Some));
            if era > 0 {
                acts.extend((0..size / 10).map(|_| None));
                if !self.orderly {
                    self.chance.shuffle(&mut acts);
                }
            }
            for act in acts {
                self.step(era, act);
            }
        }
    }

    /// Makes what is new, or changes or deletes what is there.
    fn step(&mut self, era: usize, new: Option<(&'static str, String)>) {
        let last = self.done.last().map_or((0, 0), |s| (s.era, s.commit));
        let commit = last.1 + usize::from(last.0 != era || self.chance.one_in(4));
        let (kind, id, delete) = match new {
            Some((kind, id)) => (kind, id, false),
            None => {
                let Some((kind, id)) = self.any_made() else { return };
                (kind, id, self.chance.one_in(4))
            }
        };
        let text = (!delete).then(|| contents::write(self, kind, &id).text());
        let made = self.made.entry(kind).or_default();
        if !made.contains(&id) {
            made.push(id.clone());
        }
        self.done.push(Step { era, commit, kind, id, text });
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

    /// The patients that a resource concerns: chosen once, at least and at most so many.
    pub fn home(&mut self, kind: &'static str, id: &str, least: usize, most: usize) -> Vec<String> {
        if let Some(known) = self.homes.get(&(kind, id.to_owned())) {
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

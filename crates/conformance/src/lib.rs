#![doc = include_str!("../README.md")]

mod imported;
pub mod packages;
mod stored;
#[cfg(test)]
mod tests;

use fhir::json::Json;
use imported::Imported;
use package::{Library, Source};
use packages::Held;
use profile::Profiles;
use record::{Author, Refusal, Store, Tx};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stored::Stored;
use terminology::Terminology;

/// Where this crate keeps its facts.
const SPACE: &str = "conformance";
/// Changes whenever a definition does.
const EPOCH: &str = "epoch";
/// How long a change on another node may go unseen.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The types whose resources are definitions that something here goes by.
pub const KINDS: &[&str] =
    &["CodeSystem", "ConceptMap", "NamingSystem", "Questionnaire", "StructureDefinition", "ValueSet"];

/// The definitions that a record goes by: R4's own, those of its packages, and those among its resources.
#[derive(Clone)]
pub struct Conformance {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// The folder of imported releases.
    releases: Option<PathBuf>,
    /// Nothing until it is first asked for.
    loaded: Mutex<Option<State>>,
}

struct State {
    loaded: Arc<Loaded>,
    epoch: Option<Vec<u8>>,
    /// The last commit that this node knew of before it looked at the epoch.
    known: u64,
    /// When that was; nothing when it is to be looked at again in any case.
    looked: Option<Instant>,
}

impl State {
    /// True when no definition can have changed on this node since it was looked at, and none did on another more than
    /// a moment ago.
    fn is_fresh(&self, known: u64) -> bool {
        self.known == known && self.looked.is_some_and(|at| at.elapsed() < LOOK_AGAIN)
    }
}

/// Definitions as they were at one moment, and what was made of them.
pub struct Loaded {
    held: Vec<Held>,
    definitions: Arc<Definitions>,
    imported: Imported,
    terminology: Arc<Terminology>,
    profiles: Profiles,
}

impl Loaded {
    /// What is known of codes by them.
    pub fn terminology(&self) -> &Arc<Terminology> {
        &self.terminology
    }

    /// The profiles among them.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Where they are found.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    /// The packages among them.
    pub fn packages(&self) -> &[Held] {
        &self.held
    }
}

/// The record's own before those of packages, and these before R4's.
pub struct Definitions {
    stored: Stored,
    library: Arc<Library>,
}

impl Definitions {
    /// The packages and R4's own.
    pub fn library(&self) -> &Library {
        &self.library
    }
}

impl Source for Definitions {
    fn addresses(&self, kind: &str) -> Vec<String> {
        self.library.addresses(kind)
    }

    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let stored = KINDS.contains(&kind).then(|| self.stored.find(kind, url, version)).flatten();
        stored.or_else(|| self.library.find(kind, url, version))
    }
}

impl Conformance {
    /// Those of this record. They are read when they are first asked for.
    pub fn new(store: Store) -> Conformance {
        Conformance::with_releases(store, None)
    }

    /// The same with the releases of code systems that were imported into a folder.
    pub fn with_releases(store: Store, releases: Option<PathBuf>) -> Conformance {
        Conformance { inner: Arc::new(Inner { store, releases, loaded: Mutex::default() }) }
    }

    /// Tells every node that releases have been imported or removed.
    pub fn announce(store: &Store) -> Result<(), Refusal> {
        store.write(Author::system("terminology.change"), Conformance::changes)
    }

    /// The definitions as they are now: with all that this node has acknowledged; of other nodes, with all that they
    /// had a second ago.
    pub fn now(&self) -> Result<Arc<Loaded>, Refusal> {
        let mut held = self.inner.loaded.lock().expect("no thread panics with it locked");
        let store = &self.inner.store;
        // Commits are counted before they are acknowledged, and the count is read before the epoch: so what was
        // acknowledged before this call is either in the epoch that was seen or has moved the count since.
        let known = store.wait_past(0, Duration::ZERO)?;
        if let Some(state) = held.as_ref().filter(|state| state.is_fresh(known)) {
            return Ok(state.loaded.clone());
        }
        let (looked, epoch) = (Some(Instant::now()), store.kept(SPACE, EPOCH)?);
        let loaded = match held.as_ref() {
            Some(state) if state.epoch == epoch => state.loaded.clone(),
            before => Arc::new(self.inner.load(before.map(|state| &*state.loaded))?),
        };
        *held = Some(State { loaded: loaded.clone(), epoch, known, looked });
        Ok(loaded)
    }

    /// To be called within a transaction that changes a resource of one of [`KINDS`].
    pub fn changes(tx: &mut Tx<'_>) -> Result<(), Refusal> {
        tx.keep(SPACE, EPOCH, &fresh(), None)
    }

    /// To be called when packages or releases have been added or removed from this process, to see them at once: they
    /// are no resources, so the log does not move with them.
    pub fn changed(&self) {
        let mut held = self.inner.loaded.lock().expect("no thread panics with it locked");
        if let Some(state) = held.as_mut() {
            state.looked = None;
        }
    }
}

/// A new value of the epoch.
fn fresh() -> Vec<u8> {
    record::new_id().into_bytes()
}

impl Inner {
    fn load(&self, before: Option<&Loaded>) -> Result<Loaded, Refusal> {
        let store = &self.store;
        let held = packages::list(store)?;
        let library = match before {
            Some(before) if before.held == held => before.definitions.library.clone(),
            _ => {
                let opened =
                    held.iter().map(|held| packages::open(store, held)).collect::<Result<Vec<_>, _>>()?;
                Arc::new(Library::new(opened))
            }
        };
        let definitions = Arc::new(Definitions { stored: Stored::new(store.clone()), library });
        let imported = Imported::of(self.releases.as_deref(), before.map(|before| &before.imported));
        let terminology = Terminology::new(vec![definitions.clone()]);
        let terminology = Arc::new(imported.systems.iter().cloned().fold(terminology, Terminology::with));
        let profiles = Profiles::new(definitions.clone(), terminology.clone());
        Ok(Loaded { held, definitions, imported, terminology, profiles })
    }
}

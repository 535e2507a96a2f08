#![doc = include_str!("../README.md")]

pub mod packages;
mod stored;
#[cfg(test)]
mod tests;

use fhir::json::Json;
use package::{Library, Source};
use packages::Held;
use record::{Refusal, Store, Tx};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stored::Stored;

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
    loaded: Mutex<State>,
}

struct State {
    loaded: Arc<Loaded>,
    epoch: Option<Vec<u8>>,
    looked: Instant,
}

/// Definitions as they were at one moment.
pub struct Loaded {
    held: Vec<Held>,
    definitions: Arc<Definitions>,
}

impl Loaded {
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
    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let stored = KINDS.contains(&kind).then(|| self.stored.find(kind, url, version)).flatten();
        stored.or_else(|| self.library.find(kind, url, version))
    }
}

impl Conformance {
    /// Those of this record.
    pub fn open(store: Store) -> Result<Conformance, Refusal> {
        let epoch = store.kept(SPACE, EPOCH)?;
        let loaded = Arc::new(load(&store, None)?);
        let state = State { loaded, epoch, looked: Instant::now() };
        Ok(Conformance { inner: Arc::new(Inner { store, loaded: Mutex::new(state) }) })
    }

    /// The definitions as they are now; on another node, as they were a second ago.
    pub fn now(&self) -> Result<Arc<Loaded>, Refusal> {
        let mut state = self.inner.loaded.lock().expect("no thread panics with it locked");
        if state.looked.elapsed() >= LOOK_AGAIN {
            let epoch = self.inner.store.kept(SPACE, EPOCH)?;
            if epoch != state.epoch {
                state.loaded = Arc::new(load(&self.inner.store, Some(&state.loaded))?);
                state.epoch = epoch;
            }
            state.looked = Instant::now();
        }
        Ok(state.loaded.clone())
    }

    /// To be called within a transaction that changes a resource of one of [`KINDS`].
    pub fn changes(tx: &mut Tx<'_>) -> Result<(), Refusal> {
        tx.keep(SPACE, EPOCH, &fresh(), None)
    }

    /// To be called when such a transaction is done: this node sees it at once.
    pub fn changed(&self) {
        let mut state = self.inner.loaded.lock().expect("no thread panics with it locked");
        if let Some(before) = Instant::now().checked_sub(LOOK_AGAIN) {
            state.looked = before;
        }
    }
}

/// A new value of the epoch.
fn fresh() -> Vec<u8> {
    record::new_id().into_bytes()
}

fn load(store: &Store, before: Option<&Loaded>) -> Result<Loaded, Refusal> {
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
    Ok(Loaded { held, definitions })
}

//! What a query costs, and when that is too much.

use record::{Issue, Kind, Refusal};
use std::cell::Cell;

/// Fields that are answered, at most.
const FIELDS_MAX: usize = 500_000;
/// Resources that are asked for, found or not, at most; a search that finds none counts as one.
const LOADED_MAX: usize = 2_000;
/// Bytes of the values that are answered, at most: one query may ask for the same value under many names.
const VALUES_MAX: usize = 32 << 20;

/// What a query has cost so far.
#[derive(Default)]
pub(super) struct Cost {
    fields: Cell<usize>,
    loaded: Cell<usize>,
    bytes: Cell<usize>,
}

impl Cost {
    /// One more field is answered.
    pub fn field(&self) -> Result<(), Refusal> {
        count(&self.fields, 1, FIELDS_MAX, || {
            format!("The answer has more than {FIELDS_MAX} fields. Ask for less.")
        })
    }

    /// So many more resources are asked for.
    pub fn load(&self, resources: usize) -> Result<(), Refusal> {
        count(&self.loaded, resources, LOADED_MAX, || {
            format!("The query leads to more than {LOADED_MAX} resources. Ask for fewer.")
        })
    }

    /// So many more bytes are answered.
    pub fn weigh(&self, bytes: usize) -> Result<(), Refusal> {
        count(&self.bytes, bytes, VALUES_MAX, || {
            format!("The answer has more than {VALUES_MAX} bytes of values. Ask for less.")
        })
    }
}

fn count(
    counter: &Cell<usize>,
    more: usize,
    most: usize,
    text: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    counter.set(counter.get().saturating_add(more));
    if counter.get() > most { Err(costly(text())) } else { Ok(()) }
}

/// The refusal of what costs too much.
pub(super) fn costly(text: String) -> Refusal {
    Refusal::many(Kind::TooLarge, vec![Issue::new("too-costly", "query", text)])
}

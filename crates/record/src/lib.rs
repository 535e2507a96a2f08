//! The record: an append-only log of versioned FHIR resources, an index over their present and past, and the
//! only transactions there are.
//!
//! Everything is read through a [`Reader`] and written through a [`Tx`]; both carry a [`Scope`], and the scope
//! is inside every scan (see `sqlite/guard.rs` and `postgres/guard.rs`). Which rows a caller may see is decided
//! in the access crate; here it is only kept.

mod audit;
mod backup;
mod blob;
mod body;
mod chain;
mod compartment;
mod dictionary;
mod engine;
mod history;
mod keys;
mod lease;
mod lens;
mod log;
mod marks;
mod moving;
mod names;
mod naming;
mod parcel;
mod pending;
mod pool;
mod postgres;
mod prepare;
mod queue;
mod reader;
mod replica;
mod scope;
mod search;
mod snapshot;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;
mod trail;
mod tx;
mod verify;
mod walk;
mod words;
mod writer;

pub use audit::{Act, AuditRow, Ticket};
pub use blob::BlobHash;
pub use body::{Body, Found};
pub use engine::{Place, exists};
pub use fhir::{Instant, Issue, Kind, Refusal};
pub use history::{HistoryOf, HistoryPage};
pub use log::{Change, Commit};
pub use marks::{Marks, Over};
pub use moving::{Moving, move_record};
pub use prepare::{Prepared, new_id};
pub use reader::Reader;
pub use scope::{Opened, Reach, Scope};
pub use search::{COUNT_MAX, Page, Results};
pub use store::{Clock, Options, Store};
pub use trail::About;
pub use tx::{Author, Tx, Written};
pub use verify::{Finding, Report, verify};
pub use walk::{BATCH_MAX, Batch, Walk};

/// Turns something that should not happen into a refusal of kind fault, and logs it with what was being done.
/// The caller of a door sees only that the fault is ours.
pub(crate) fn fault(doing: &'static str, error: impl std::fmt::Display) -> Refusal {
    tracing::error!(doing, %error, "fault");
    Refusal::new(Kind::Fault, "Something went wrong here. Nothing was changed. Try again, then tell support.")
}

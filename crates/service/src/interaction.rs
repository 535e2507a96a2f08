//! The FHIR interactions, without any protocol: what a door or a loader calls once it knows who asks and what.
//!
//! Reading goes through a [`Caller`], which collects what must be on the audit trail before the answer leaves
//! ([`Caller::take_acts`]). Writing is always the same three steps, for one resource and for a whole
//! transaction alike: a *plan* is made on the caller's thread (look up, choose ids, rewrite references, check,
//! index; every fault at once), the writer applies it if its *premises* still hold, else it is made anew.

mod address;
mod caller;
mod commit;
mod done;
mod entry;
mod load;
mod local;
mod lookup;
mod once;
mod plan;
mod read;
mod references;
mod write;

#[cfg(test)]
mod tests;

pub use address::{Address, Pairs, decode, is_id, kind_named, pairs, version_of};
pub use caller::Caller;
pub use commit::{Outcome, TRIES_MAX};
pub use done::Done;
pub use entry::{patch_in, placed, transaction};
pub use load::{Item, items, load_each, load_whole, waits};
pub use once::{KEPT_HOURS, Once};
pub use read::{EVERYTHING_MAX, everything, history, read, search, vread, written};
/// Matches on a page when no count is asked for.
pub const COUNT_DEFAULT: usize = 20;

pub use write::{Target, create, delete, patch, update};

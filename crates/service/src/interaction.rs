#![doc = include_str!("interaction/README.md")]

mod address;
mod caller;
mod care;
mod commit;
mod conforming;
mod done;
mod entry;
mod everything;
mod expected;
mod flatten;
mod guard;
mod load;
mod local;
mod lookup;
mod plan;
mod pointing;
mod read;
mod references;
mod selected;
mod validation;
mod write;

#[cfg(test)]
mod tests;

pub use crate::once::{KEPT_HOURS, Once};
pub use address::{Address, Pairs, decode, is_id, kind_named, pairs, version_of};
pub use caller::Caller;
pub(crate) use caller::query;
pub use commit::{Outcome, TRIES_MAX};
pub use conforming::of_house;
pub use done::Done;
pub use entry::{patch_in, placed, transaction};
pub use everything::{EVERYTHING_MAX, Everything, EverythingPage, everything};
pub use expected::Expected;
pub use flatten::{Flattened, Flattening, Wanted, flatten};
pub use guard::{Check, Filed, Guard, Guards};
pub use load::{Item, items, load_each, load_whole, waits};
pub use read::{history, read, search, vread, written};
pub use selected::{SELECTED_MAX, selected};
pub use validation::{ByType, Counts, Policy, Rule, Validation};
pub use write::{Target, create, delete, patch, update};

/// Matches on a page when no count is asked for.
pub const COUNT_DEFAULT: usize = 20;

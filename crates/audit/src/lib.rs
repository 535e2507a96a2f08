#![doc = include_str!("../README.md")]

mod check;
mod event;
mod head;
mod keeper;
#[cfg(test)]
mod tests;
mod told;
mod trail;
pub mod tree;
mod witness;

pub use check::{Checked, check, check_proof, prove};
pub use event::{Capacity, Event, Wrote, events};
pub use head::{Head, Key, PublicKey};
pub use keeper::{Keeping, heads_after, keep, last_head};
pub use told::{Told, told};
pub use trail::{Salt, Trail};
pub use witness::{Witness, heads_in};

#![doc = include_str!("../README.md")]

mod check;
mod head;
mod keeper;
mod names;
#[cfg(test)]
mod tests;
mod trail;
pub mod tree;
mod witness;

pub use check::{Checked, check, check_proof, prove};
pub use head::{Head, Key, PublicKey};
pub use keeper::{Keeping, heads_after, keep, last_head};
pub use names::names;
pub use trail::{Salt, Trail};
pub use witness::{Witness, heads_in};

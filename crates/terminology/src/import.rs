//! Reads releases as their publishers give them.

pub mod dmd;
pub mod rf2;
mod tables;

/// What an import tells of how far it is: what it does, how much of it is done, of how much.
pub type Progress<'p> = dyn FnMut(&str, u64, u64) + 'p;

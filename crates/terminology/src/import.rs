//! Reads releases as their publishers give them.

pub mod dmd;
mod gathered;
pub mod icd10;
pub mod loinc;
pub mod ods;
pub mod opcs;
pub mod rf2;
mod sheet;
mod tables;
mod told;

pub use told::Told;

/// What an import tells of how far it is: what it does, how much of it is done, of how much.
pub type Progress<'p> = dyn FnMut(&str, u64, u64) + 'p;

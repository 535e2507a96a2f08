#![doc = include_str!("../README.md")]

pub mod codes;
pub mod date;
pub mod decimal;
pub mod definitions;
pub mod fhirpath;
pub mod json;
pub mod outcome;
pub mod patch;
pub mod resource;
pub mod search;
#[cfg(test)]
mod suites;
pub mod time;
pub mod tree;
pub mod validate;
pub mod xml;

pub use json::{Json, Limits, Value};
pub use outcome::{Issue, Kind, Refusal};
pub use time::Instant;
pub use tree::Tree;

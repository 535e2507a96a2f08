#![doc = include_str!("../README.md")]

mod capabilities;
mod codes;
mod compile;
mod ecl;
mod expand;
mod grammar;
pub mod import;
pub mod index;
mod inputs;
mod issue;
mod language;
mod listed;
mod lookup;
mod operation;
pub mod releases;
mod scope;
mod set;
mod subsumes;
mod supplemented;
pub mod system;
mod tables;
mod terminology;
#[cfg(test)]
mod tests;
mod text;
mod translate;
mod validate;

pub use issue::{Issue, Refused, Severity};
pub use listed::Listed;
pub use operation::{Request, parameters};
pub use terminology::{EXPANSION_MAX, Terminology};

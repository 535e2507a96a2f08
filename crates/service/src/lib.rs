#![doc = include_str!("../README.md")]

mod catalogue;
mod command;
pub mod consent;
mod csv;
mod field;
pub mod interaction;
pub mod jobs;
mod once;
mod page;
mod perform;
mod recent;
pub mod relationship;
pub mod review;
mod values;

#[cfg(test)]
mod tests;

pub use access::{Access, Permission, Session};
pub use catalogue::{Card, Catalogue, Listed, Section, Service};
pub use command::{AnyCommand, Changed, Command, Input, Outcome, Ready};
pub use csv::csv;
pub use field::{Field, FieldKind};
pub use html::{Group, Markup};
pub use once::{KEPT_HOURS, Once};
pub use page::{Answer, Page, Request};
pub use perform::perform;
pub use recent::RECENT_MAX;
pub use record::{Kind, Refusal};
pub use values::Values;

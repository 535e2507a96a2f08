//! Find a patient: what was typed, what it means, who it fits.

mod dates;
mod page;
mod query;
mod recent;
mod suggest;
mod wanted;

pub use page::page;
pub use recent::card;

//! The pages of a patient's record, one file a section.

mod access_log;
mod allergies;
mod appointments;
mod cell;
mod details;
mod document;
mod encounters;
mod grid;
mod immunisations;
mod item;
mod medicines;
mod observations;
mod overview;
mod problems;
mod procedures;
mod readings;
mod result;
mod results;
mod timeline;

pub use access_log::access_log;
pub use allergies::allergies;
pub use appointments::appointments;
pub use details::details;
pub use document::{document, documents};
pub use encounters::encounters;
pub use immunisations::immunisations;
pub use item::item;
pub use medicines::medicines;
pub use observations::observations;
pub use overview::overview;
pub use problems::problems;
pub use procedures::procedures;
pub use result::result;
pub use results::results;
pub use timeline::timeline;

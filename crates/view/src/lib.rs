#![doc = include_str!("../README.md")]

mod cell;
mod column;
mod constant;
mod definition;
mod path;
mod run;
#[cfg(test)]
mod tests;
mod view;
pub mod write;

pub use cell::{Cell, Rows};
pub use column::{Column, Shape};
pub use run::{CELLS_MAX, FOCI_MAX, ROWS_MAX};
pub use view::View;
pub use write::Format;

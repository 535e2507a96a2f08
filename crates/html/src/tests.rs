//! Formats and whole parts, as they are printed.
mod banner;
mod formats;
mod frame;

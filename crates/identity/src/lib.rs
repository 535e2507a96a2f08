#![doc = include_str!("../README.md")]

pub mod jose;
mod keys;

#[cfg(test)]
mod tests;

pub use keys::Keys;

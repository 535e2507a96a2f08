#![doc = include_str!("../README.md")]

mod http;
pub mod jose;
mod keys;
mod outside;
mod smart;

#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use outside::{Issuers, People, Proof, Proofing, Returned, StaffClaims, Trusted};
pub use smart::{Asking, NoToken, NotAsked, Smart};

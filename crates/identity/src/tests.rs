//! What others sign and what we sign, what is no signature, and signing in elsewhere.

mod house;
mod jose;
mod outside;

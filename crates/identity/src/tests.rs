//! What others sign and what we sign, and what is no signature.

mod jose;

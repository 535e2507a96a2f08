//! Stories of the kit.

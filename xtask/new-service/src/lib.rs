#![doc = include_str!("../README.md")]

mod refer;

#[cfg(test)]
mod stories;

pub use refer::{REFER, Refer};

use service::Service;

/// Everything the service is, as the catalogue lists it.
pub const SERVICE: Service = Service {
    name: "example",
    title: "Example",
    about: "Say in a sentence what the service is for.",
    pages: &[],
    commands: &[&REFER],
    sections: &[],
    cards: &[],
};

#![doc = include_str!("../README.md")]

mod end;
mod keep;
mod seal;

#[cfg(test)]
mod stories;

use service::Service;

/// Everything the service is, as the catalogue lists it.
pub const SERVICE: Service = Service {
    name: "consent",
    title: "Consent and seals",
    about: "Keep what patients want kept to one team, to one organisation, or to their care.",
    pages: &[],
    commands: &[&seal::SEAL, &keep::KEEP, &end::END],
    sections: &[],
    cards: &[],
};

/// The page that shows a patient's consents.
fn page_of(patient: &str) -> String {
    format!("/patients/{patient}/consent")
}

#![doc = include_str!("../README.md")]

mod break_glass;
mod claim;
mod close;
mod end;
mod give;
mod order;

#[cfg(test)]
mod stories;

use record::{Found, Tx};
use service::{Refusal, Service, Values};

/// Everything the service is, as the catalogue lists it.
pub const SERVICE: Service = Service {
    name: "relationships",
    title: "Relationships",
    about: "Why you may see a patient's record, and what to do when nothing on file says so.",
    pages: &[],
    commands: &[&claim::CLAIM, &give::GIVE, &order::ORDER, &break_glass::BREAK, &close::CLOSE, &end::END],
    sections: &[],
    cards: &[],
};

/// The page that shows who is related to a patient, and why.
fn page_of(patient: &str) -> String {
    format!("/patients/{patient}/access")
}

/// The id of the patient that a form is about.
fn patient_of(values: &Values) -> String {
    values.text("patient").trim_start_matches("Patient/").to_owned()
}

/// Refuses a patient whom the asker cannot even find.
fn found(tx: &Tx<'_>, patient: &str) -> Result<(), Refusal> {
    match tx.read("Patient", patient)? {
        Found::Here(_) => Ok(()),
        _ => Err(Refusal::not_found(&format!("Patient/{patient}"))),
    }
}

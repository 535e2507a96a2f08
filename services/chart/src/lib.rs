#![doc = include_str!("../README.md")]

mod find;
mod letter;
mod newest;
mod open_glass;
mod pages;
mod patient_record;
mod shown;
mod views;

#[cfg(test)]
mod tests;

use html::Group;
use service::{Card, Page, Permission, Section, Service};

/// Find a patient, and read their record.
pub static SERVICE: Service = Service {
    name: "chart",
    title: "Patient record",
    about: "Find a patient and read their record, as it is or as it was at any moment.",
    pages: PAGES,
    commands: &[],
    sections: SECTIONS,
    cards: &[Card { title: "Recently viewed", needs: Permission::Trace, show: find::card }],
};

const fn page(path: &'static str, title: &'static str, needs: Permission, show: Show) -> Page {
    Page { path, title, needs, show }
}

type Show = fn(&service::Request<'_>) -> Result<service::Answer, service::Refusal>;

const PAGES: &[Page] = &[
    page("/patients", "Find a patient", Permission::Trace, find::page),
    page("/patients/{id}", "Overview", Permission::Trace, pages::overview),
    page("/patients/{id}/timeline", "Timeline", Permission::ReadRecord, pages::timeline),
    page("/patients/{id}/problems", "Problems", Permission::ReadRecord, pages::problems),
    page("/patients/{id}/medicines", "Medicines", Permission::ReadRecord, pages::medicines),
    page("/patients/{id}/allergies", "Allergies", Permission::ReadRecord, pages::allergies),
    page("/patients/{id}/observations", "Observations", Permission::ReadRecord, pages::observations),
    page("/patients/{id}/results", "Results", Permission::ReadRecord, pages::results),
    page("/patients/{id}/results/{code}", "One test over time", Permission::ReadRecord, pages::result),
    page("/patients/{id}/immunisations", "Immunisations", Permission::ReadRecord, pages::immunisations),
    page("/patients/{id}/procedures", "Procedures", Permission::ReadRecord, pages::procedures),
    page("/patients/{id}/encounters", "Episodes and stays", Permission::ReadRecord, pages::encounters),
    page("/patients/{id}/appointments", "Appointments", Permission::Trace, pages::appointments),
    page("/patients/{id}/documents", "Documents and letters", Permission::ReadRecord, pages::documents),
    page("/patients/{id}/documents/{document}", "A document", Permission::ReadRecord, pages::document),
    page("/patients/{id}/details", "Details and contacts", Permission::Trace, pages::details),
    page("/patients/{id}/consent", "Consent and seals", Permission::ReadRecord, pages::consent),
    page("/patients/{id}/apps", "Open in an app", Permission::ReadRecord, pages::apps),
    page("/patients/{id}/access", "Why I can see this", Permission::Trace, pages::access),
    page("/patients/{id}/access-log", "Who has looked", Permission::Audit, pages::access_log),
    page("/patients/{id}/items/{kind}/{item}", "One item of the record", Permission::Trace, pages::item),
];

const fn section(
    name: &'static str,
    title: &'static str,
    group: Group,
    count: Option<&'static [&'static str]>,
) -> Section {
    Section { name, title, group, count }
}

const SECTIONS: &[Section] = &[
    section("", "Overview", Group::Top, None),
    section("timeline", "Timeline", Group::Top, None),
    section("observations", "Observations", Group::Clinical, None),
    section("medicines", "Medicines", Group::Clinical, Some(&["MedicationRequest", "MedicationStatement"])),
    section("results", "Results", Group::Clinical, None),
    section("problems", "Problems", Group::Clinical, Some(&["Condition"])),
    section("allergies", "Allergies", Group::Clinical, Some(&["AllergyIntolerance"])),
    section("immunisations", "Immunisations", Group::Clinical, Some(&["Immunization"])),
    section("procedures", "Procedures", Group::Clinical, Some(&["Procedure"])),
    section("encounters", "Episodes and stays", Group::Journey, Some(&["Encounter"])),
    section("appointments", "Appointments", Group::Journey, Some(&["Appointment"])),
    section("documents", "Documents and letters", Group::Journey, Some(&["DocumentReference"])),
    section("details", "Details and contacts", Group::Person, None),
    section("consent", "Consent and seals", Group::Person, None),
    section("apps", "Open in an app", Group::Person, None),
    section("access", "Why I can see this", Group::Person, None),
    section("access-log", "Who has looked", Group::Person, None),
];

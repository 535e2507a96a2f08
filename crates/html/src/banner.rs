//! The patient banner: who this page is about, on every page about one patient and on no other.
//!
//! Rules: NHS Common User Interface, patient banner guide. Zone 1 is name, born, gender, NHS number in this
//! order, and nothing clinical; zone 2 is a `<details>` whose fifth and last part is the allergies.

use crate::icon::{Icon, icon};
use crate::{NhsNumber, PersonName, When, age, age_at_death};
use maud::{Markup, html};

/// A person as the banner shows them.
#[derive(Clone, Debug)]
pub struct Banner {
    /// Usual or official name.
    pub name: PersonName,
    /// What they like to be called, when that is another name.
    pub preferred: Option<String>,
    /// Date or moment of birth.
    pub born: Option<When>,
    /// Whether and when the person died.
    pub died: Died,
    /// Gender in full.
    pub gender: String,
    /// NHS number.
    pub nhs_number: Option<NhsNumber>,
    /// The moment for which age is worked out.
    pub at: i64,
    /// Lines of the usual address.
    pub address: Vec<String>,
    /// Phone numbers and email addresses, each with its label.
    pub contacts: Vec<Contact>,
    /// Where the patient is.
    pub location: Location,
    /// Hospital number, GP and other facts for the opened part, with labels.
    pub facts: Vec<Contact>,
    /// Alerts; nothing for roles without clinical data.
    pub alerts: Option<Vec<String>>,
    /// Allergies; nothing for roles without clinical data.
    pub allergies: Option<Allergies>,
    /// Where the allergy record is.
    pub allergies_at: String,
}

/// A value with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// `Mobile`.
    pub label: String,
    /// `07700 900 481`.
    pub value: String,
}

/// Whether someone has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Died {
    /// Not as far as is known.
    No,
    /// Yes; the date is not known.
    DateNotKnown,
    /// Yes, then.
    On(When),
}

/// Where a patient is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// There, in a few words.
    At(String),
    /// Not in hospital.
    NotInHospital,
    /// It could not be found out.
    Unavailable,
    /// The role may not see it.
    NotShown,
}

/// The four states of an allergy record. They are never mixed up: each has its own words and picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allergies {
    /// These.
    Known(Vec<Allergy>),
    /// Someone has recorded that there are none.
    NoneKnown,
    /// No one has recorded anything.
    NotRecorded,
    /// It could not be found out.
    Unavailable,
}

/// One allergy in the banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allergy {
    /// `Penicillins`.
    pub substance: String,
    /// `anaphylaxis`.
    pub reaction: Option<String>,
    /// When it was recorded.
    pub recorded: Option<When>,
}

/// The banner.
pub fn banner(banner: &Banner) -> Markup {
    let deceased = banner.died != Died::No;
    let plain = banner.allergies.is_none();
    html! {
        div class={ "app-banner" @if deceased { " app-banner--deceased" } } {
            div class="app-banner__zone1" {
                div {
                    p class="app-banner__name" { (banner.name.to_string()) }
                    @if let Some(preferred) = &banner.preferred {
                        p class="app-banner__preferred" {
                            span class="app-banner__label" { "Preferred name" } " " strong { (preferred) }
                        }
                    }
                }
                dl class="app-banner__ids" { (born(banner)) (gender(banner)) (nhs_number(banner)) }
            }
            details class={ "app-banner__zone2" @if plain { " app-banner__zone2--plain" } } {
                summary {
                    (titles(banner))
                    span class="app-banner__toggle" {
                        (icon(Icon::Chevron))
                        span class="nhsuk-u-visually-hidden" { "Show or hide more patient details" }
                    }
                }
                (detail(banner))
            }
        }
    }
}

fn born(banner: &Banner) -> Markup {
    html! {
        div class={ @if banner.died != Died::No { "app-banner__dates" } } {
            dt { "Born" }
            dd {
                @match banner.born {
                    None => "Not known",
                    Some(born) => {
                        (born.without_time())
                        @if banner.died == Died::No {
                            @if let Some(age) = age(born, banner.at) { " (" (age) ")" }
                        }
                    }
                }
            }
            @match banner.died {
                Died::No => {}
                Died::DateNotKnown => { dt { "Died" } dd { "Date not known" } }
                Died::On(died) => {
                    dt { "Died" }
                    dd {
                        (died.without_time())
                        @if let Some(age) = banner.born.and_then(|born| age_at_death(born, died)) {
                            " " span class="app-banner__label" { "Age at Death" } " " (age)
                        }
                    }
                }
            }
        }
    }
}

fn gender(banner: &Banner) -> Markup {
    html! { div { dt { "Gender" } dd { (banner.gender) } } }
}

fn nhs_number(banner: &Banner) -> Markup {
    html! {
        div {
            dt { "NHS No." }
            dd { @match &banner.nhs_number { Some(number) => (number), None => "Not known" } }
        }
    }
}

fn titles(banner: &Banner) -> Markup {
    let address = match banner.address.is_empty() {
        true => "Not known".to_owned(),
        false => banner.address.join(", "),
    };
    html! {
        (title("Address", html! { (address) }))
        (title("Phone and email", html! {
            @match banner.contacts.first() { Some(contact) => (contact.value), None => "Not known" }
        }))
        (title("Location", html! {
            @match &banner.location {
                Location::At(place) => strong { (place) },
                Location::NotInHospital => "Not in hospital",
                Location::Unavailable => "Unavailable",
                Location::NotShown => "Not shown",
            }
        }))
        @if let Some(alerts) = &banner.alerts { (title("Alerts", alerts_title(alerts))) }
        @if let Some(allergies) = &banner.allergies { (allergies_title(allergies)) }
    }
}

fn title(label: &str, value: Markup) -> Markup {
    html! { span class="app-banner__title" { span class="app-banner__label" { (label) } " " (value) } }
}

fn alerts_title(alerts: &[String]) -> Markup {
    html! {
        @match alerts {
            [] => "None",
            [one] => strong { (one) },
            [first, rest @ ..] => { strong { (first) } " and " (rest.len()) " more" }
        }
    }
}

/// The fifth part's title: one of exactly four sets of words, each with a picture of its own.
fn allergies_title(allergies: &Allergies) -> Markup {
    let (class, picture) = match allergies {
        Allergies::Known(_) => ("app-banner__title app-banner__title--allergy", Icon::Warning),
        Allergies::NoneKnown => ("app-banner__title app-banner__title--none", Icon::Tick),
        Allergies::NotRecorded => ("app-banner__title app-banner__title--none", Icon::Information),
        Allergies::Unavailable => ("app-banner__title app-banner__title--none", Icon::Unavailable),
    };
    html! {
        span class=(class) {
            (icon(picture)) " "
            @match allergies {
                Allergies::Known(known) => {
                    "Known allergies: "
                    (known.iter().map(|a| lower_first(&a.substance)).collect::<Vec<_>>().join(", "))
                }
                Allergies::NoneKnown => strong { "No known allergies" },
                Allergies::NotRecorded => span class="app-banner__label" { "Allergies not recorded" },
                Allergies::Unavailable => span class="app-banner__label" { "Allergies unavailable" },
            }
        }
    }
}

/// `Penicillins` within a sentence; names of several capitals (`NSAIDs`) stay.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() && !second.is_ascii_digit() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn detail(banner: &Banner) -> Markup {
    html! {
        div class="app-banner__detail" {
            div {
                span class="app-banner__label" { "Usual address" }
                @if banner.address.is_empty() { br; "Not known" }
                @for line in &banner.address { br; (line) }
            }
            div { (labelled(&banner.contacts)) }
            div {
                @if let Location::At(place) = &banner.location { strong { (place) } br; }
                (labelled(&banner.facts))
            }
            @if let Some(alerts) = &banner.alerts {
                div {
                    @if alerts.is_empty() { "No alerts" }
                    @for (i, alert) in alerts.iter().enumerate() { @if i > 0 { br; } (alert) }
                }
            }
            @if let Some(allergies) = &banner.allergies {
                div { (allergies_detail(allergies)) a href=(banner.allergies_at) { "Allergy record" } }
            }
        }
    }
}

fn labelled(contacts: &[Contact]) -> Markup {
    html! {
        @if contacts.is_empty() { "Not known" }
        @for (i, contact) in contacts.iter().enumerate() {
            @if i > 0 { br; }
            span class="app-banner__label" { (contact.label) } " " (contact.value)
        }
    }
}

fn allergies_detail(allergies: &Allergies) -> Markup {
    html! {
        @match allergies {
            Allergies::Known(known) => {
                @for allergy in known {
                    strong { (allergy.substance) }
                    @if let Some(reaction) = &allergy.reaction { " – " (reaction) }
                    @if let Some(recorded) = allergy.recorded { ", recorded " (recorded.without_time()) }
                    br;
                }
            }
            Allergies::NoneKnown => { "Someone has asked and recorded that there are none." br; }
            Allergies::NotRecorded => { "No one has recorded whether there are any. Ask the patient." br; }
            Allergies::Unavailable => { "The allergy record could not be read. Ask the patient." br; }
        }
    }
}

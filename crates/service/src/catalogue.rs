//! The list of services, from which doors derive their routes, operations, menus and help.

use crate::{AnyCommand, Page, Permission, Request};
use fhir::Issue;
use html::{Group, Markup};
use record::{Kind, Refusal};
use std::collections::BTreeMap;

/// A service: a vertical slice of the work, declared as data.
pub struct Service {
    /// The first word of its addresses and operations: small letters and hyphens.
    pub name: &'static str,
    /// The name on pages.
    pub title: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Its pages.
    pub pages: &'static [Page],
    /// What can be done with it.
    pub commands: &'static [&'static dyn AnyCommand],
    /// The sections it adds to a patient's record, in order.
    pub sections: &'static [Section],
    /// What it adds to everyone's home page, in order.
    pub cards: &'static [Card],
}

/// A card on the home page.
pub struct Card {
    /// Its head.
    pub title: &'static str,
    /// Who sees it.
    pub needs: Permission,
    /// Makes what is in it.
    pub show: fn(&Request<'_>) -> Result<Markup, Refusal>,
}

/// A section of a patient's record.
pub struct Section {
    /// The part of the address after the patient's id; empty for the overview.
    pub name: &'static str,
    /// The name in the navigation.
    pub title: &'static str,
    /// Where it stands.
    pub group: Group,
    /// The resource types whose number stands beside the title.
    pub count: Option<&'static [&'static str]>,
}

/// All services of an installation.
pub struct Catalogue {
    /// In the order of their sections in a record.
    pub services: &'static [&'static Service],
}

/// A command with the service it belongs to.
#[derive(Clone, Copy)]
pub struct Listed {
    /// The service.
    pub service: &'static Service,
    /// The command.
    pub command: &'static dyn AnyCommand,
}

impl Listed {
    /// `beds.admit`, in the log.
    pub fn name(&self) -> String {
        format!("{}.{}", self.service.name, self.command.name())
    }

    /// `/beds/admit`, on the web.
    pub fn path(&self) -> String {
        format!("/{}/{}", self.service.name, self.command.name())
    }

    /// `beds-admit`, which FHIR calls as `$beds-admit`.
    pub fn operation(&self) -> String {
        format!("{}-{}", self.service.name, self.command.name())
    }
}

impl Catalogue {
    /// All pages.
    pub fn pages(&self) -> impl Iterator<Item = &'static Page> + use<> {
        self.services.iter().flat_map(|service| service.pages)
    }

    /// All sections of a patient's record.
    pub fn sections(&self) -> impl Iterator<Item = &'static Section> + use<> {
        self.services.iter().flat_map(|service| service.sections)
    }

    /// All cards of the home page.
    pub fn cards(&self) -> impl Iterator<Item = &'static Card> + use<> {
        self.services.iter().flat_map(|service| service.cards)
    }

    /// All commands.
    pub fn commands(&self) -> impl Iterator<Item = Listed> + use<> {
        self.services.iter().copied().flat_map(|service| {
            service.commands.iter().copied().map(move |command| Listed { service, command })
        })
    }

    /// Says everything that is wrong with the list: names that are no names, and names and paths that two
    /// share.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut wrong = Vec::new();
        let mut taken = BTreeMap::new();
        for service in self.services {
            name("service", service.name, &mut wrong);
            claim(format!("service {}", service.name), service.name, &mut taken, &mut wrong);
            for page in service.pages {
                if !page.path.starts_with('/') || (page.path.len() > 1 && page.path.ends_with('/')) {
                    wrong.push(format!(
                        "The path {:?} must start with a slash and not end with one.",
                        page.path
                    ));
                }
                claim(format!("path {}", shape(page.path)), service.name, &mut taken, &mut wrong);
            }
            for section in service.sections {
                claim(format!("section {:?}", section.name), service.name, &mut taken, &mut wrong);
            }
        }
        for listed in self.commands() {
            name("command", listed.command.name(), &mut wrong);
            claim(format!("path {}", listed.path()), listed.service.name, &mut taken, &mut wrong);
            claim(format!("operation {}", listed.operation()), listed.service.name, &mut taken, &mut wrong);
            for (i, field) in listed.command.fields().iter().enumerate() {
                name("field", field.name, &mut wrong);
                if listed.command.fields()[..i].iter().any(|other| other.name == field.name) {
                    wrong.push(format!("{} has two fields {:?}.", listed.name(), field.name));
                }
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let issues = wrong.into_iter().map(|text| Issue::new("invalid", "", text)).collect();
        Err(Refusal::many(Kind::Invalid, issues))
    }
}

/// A path with the names of its parameters taken out, as two paths clash that differ only in them.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn name(what: &str, name: &str, wrong: &mut Vec<String>) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(fits) {
        wrong.push(format!("The {what} name {name:?} must be small letters, digits and hyphens."));
    }
}

fn claim(
    key: String,
    holder: &'static str,
    taken: &mut BTreeMap<String, &'static str>,
    wrong: &mut Vec<String>,
) {
    match taken.get(&key) {
        Some(other) => wrong.push(format!("The {key} of {holder} is taken by {other}. Choose another.")),
        None => {
            taken.insert(key, holder);
        }
    }
}

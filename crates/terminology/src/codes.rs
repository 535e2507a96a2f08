//! Codes for who validates, evaluates and searches.

use crate::Terminology;
use crate::expand::{Item, endless, items};
use crate::issue::{Issue, Refused};
use crate::language::Name;
use crate::lookup::{unknown_code, unknown_system};
use crate::scope::Scope;
use crate::set::{Membership, Place, Set, Stated};
use crate::system::{Concept, Filter, System};
use fhir::codes::{Coded, Codes, Known, Subsumption};
use fhir::outcome::Kind;
use std::sync::Arc;

impl Codes for Terminology {
    fn member(&self, value_set: &str, coded: Coded<'_>) -> Known {
        let set = match Scope::plain(self).set(value_set) {
            Ok(set) => set,
            Err(refused) => return unsure(refused.text()),
        };
        let code = coded.code;
        let systems = match coded.system {
            Some(system) => vec![system],
            None => set.systems().iter().map(|named| named.url.as_str()).collect(),
        };
        let mut why = None;
        for system in systems {
            match set.has(system, code) {
                Membership::In(stated) => return about(&set, system, coded, stated),
                Membership::Unsure(text) => why = why.or(Some(text)),
                Membership::Out => {}
            }
        }
        match (why, coded.system) {
            (Some(why), _) => unsure(why),
            (None, Some(system)) => no(format!("The code {code:?} of {system} is not in {}.", set.label())),
            (None, None) => no(format!("The code {code:?} is not in {}.", set.label())),
        }
    }

    fn known(&self, coded: Coded<'_>) -> Known {
        let code = coded.code;
        let Some(system) = coded.system else {
            return unsure(format!("The code {code:?} has no system, so nobody can say what it means."));
        };
        match self.system(system, coded.version) {
            Place::Missing => unsure(format!("The code system {system} is not here.")),
            Place::Grammar(grammar) => match grammar.fault(code) {
                Some(why) => no(why),
                None => Known { is: Some(true), ..Known::default() },
            },
            Place::System(of) => match of.find(code) {
                Some(concept) => {
                    let display = right(coded.display, || crate::language::names(&*of, concept));
                    Known { is: Some(true), why: None, display }
                }
                None if crate::terminology::is_part(&*of) => {
                    unsure(format!("Only a part of the code system {system} is here, without {code:?}."))
                }
                None => no(format!("The code system {system} has no code {code:?}.")),
            },
        }
    }

    fn subsumes(&self, system: &str, version: Option<&str>, a: &str, b: &str) -> Option<Subsumption> {
        match self.system(system, version) {
            Place::System(system) => crate::subsumes::of(&*system, a, b).ok(),
            _ => None,
        }
    }
}

/// What is to be said of a code that a value set has.
fn about(set: &Set, system: &str, coded: Coded<'_>, stated: Option<&Stated>) -> Known {
    let fine = Known { is: Some(true), ..Known::default() };
    if set.leaves_out(system, coded.code) {
        return no(format!("The code {:?} is not in use any more.", coded.code));
    }
    if coded.display.is_none() {
        return fine;
    }
    let Some(named) = set.named(system) else { return fine };
    let concept = match &named.place {
        Place::System(of) => of.find(coded.code),
        _ => None,
    };
    let item = Item { named, concept, stated };
    Known { display: right(coded.display, || item.names()), ..fine }
}

impl Terminology {
    /// The codes of a value set, by system: for the search modifiers `:in` and `:not-in`. Refused when there are more
    /// than `limit`, or when they cannot all be known.
    pub fn value_set_codes(
        &self,
        value_set: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<String>)>, Refused> {
        let set = Scope::plain(self).set(value_set)?;
        if let Some((named, _)) = set.endless() {
            return Err(endless(named));
        }
        let mut all = items(&set, None, limit)?;
        if set.active_only {
            all.retain(Item::is_active);
        }
        if all.len() > limit {
            return Err(too_many(value_set, all.len(), limit));
        }
        let mut by_system: Vec<(String, Vec<String>)> = Vec::new();
        for item in all {
            let code = item.code().into_owned();
            match by_system.iter_mut().find(|(system, _)| *system == item.named.url) {
                Some((_, codes)) => codes.push(code),
                None => by_system.push((item.named.url.clone(), vec![code])),
            }
        }
        Ok(by_system)
    }

    /// A code and all below it: for the search modifier `:below`.
    pub fn below(&self, system: &str, code: &str, limit: usize) -> Result<Vec<String>, Refused> {
        let (of, _) = self.place_of(system, code)?;
        let found = of.filter(Filter { property: "concept", op: "is-a", value: code })?;
        codes(&*of, found, code, limit)
    }

    /// A code and all above it: for the search modifier `:above`.
    pub fn above(&self, system: &str, code: &str, limit: usize) -> Result<Vec<String>, Refused> {
        let (of, concept) = self.place_of(system, code)?;
        let mut found = vec![concept];
        let mut next = 0;
        while next < found.len() {
            for parent in of.parents(found[next]) {
                if !found.contains(&parent) {
                    found.push(parent);
                }
            }
            next += 1;
        }
        codes(&*of, found, code, limit)
    }

    fn place_of(&self, system: &str, code: &str) -> Result<(Arc<dyn System>, Concept), Refused> {
        let Place::System(of) = self.system(system, None) else { return Err(unknown_system(system, None)) };
        let concept = of.find(code).ok_or_else(|| unknown_code(&*of, code))?;
        Ok((of, concept))
    }
}

fn codes(system: &dyn System, found: Vec<Concept>, code: &str, limit: usize) -> Result<Vec<String>, Refused> {
    match found.len() > limit {
        true => Err(too_many(code, found.len(), limit)),
        false => Ok(found.into_iter().map(|concept| system.code(concept).into_owned()).collect()),
    }
}

fn too_many(what: &str, count: usize, limit: usize) -> Refused {
    let text = format!("There are {count} codes for {what}, more than {limit}. Ask for something narrower.");
    let issue = Issue { kind: None, ..Issue::error("too-costly", "", "VALUESET_TOO_COSTLY", text) };
    Refused::new(Kind::TooLarge, issue)
}

/// The display to use, if the one that was given is none of the names.
fn right<'n>(given: Option<&str>, names: impl FnOnce() -> Vec<Name<'n>>) -> Option<String> {
    let given = given?.to_lowercase();
    let names = names();
    match names.iter().any(|name| name.value.to_lowercase() == given) {
        true => None,
        false => names.iter().find(|name| name.main).map(|name| name.value.clone().into_owned()),
    }
}

fn no(why: String) -> Known {
    Known { is: Some(false), why: Some(why), display: None }
}

fn unsure(why: String) -> Known {
    Known { is: None, why: Some(why), display: None }
}

//! A value set whose systems and imports have been found, ready to be asked.

use crate::grammar::Grammar;
use crate::issue::Refused;
use crate::language::Name;
use crate::system::{Content, Filter, Meaning, System};
use fhir::{Json, Tree};
use std::collections::HashMap;
use std::sync::Arc;

/// A value set.
pub(crate) struct Set {
    pub url: Option<String>,
    pub version: Option<String>,
    /// As it was published.
    pub resource: Arc<Json>,
    pub include: Vec<Clause>,
    pub exclude: Vec<Clause>,
    /// Whether it is only of active codes (compose.inactive = false).
    pub active_only: bool,
    /// The systems that say which codes are active, by address, if that matters here.
    pub active_of: HashMap<String, Vec<Arc<dyn System>>>,
    /// The language that it asks for, or is in.
    pub language: Option<String>,
    /// Address and version of each supplement that is used.
    pub supplements: Vec<String>,
    /// Includes and excludes, with those of imports each time that they are imported.
    pub clauses: usize,
}

/// One include or exclude.
pub(crate) struct Clause {
    pub system: Option<Named>,
    /// The codes that it lists; nothing when it lists none.
    pub concepts: Option<Concepts>,
    pub filters: Vec<Condition>,
    /// What is in it must be in all of these, too.
    pub sets: Vec<Arc<Set>>,
    /// The codes that an expansion gives where the system is a rule and has no end.
    pub common: Option<Arc<Set>>,
}

/// A code system that is named.
pub(crate) struct Named {
    pub url: String,
    /// The version that is asked for.
    pub version: Option<String>,
    pub place: Place,
}

/// Where a code system is kept.
#[derive(Clone)]
pub(crate) enum Place {
    System(Arc<dyn System>),
    Grammar(&'static Grammar),
    Missing,
}

/// A filter, to be asked of the system each time.
pub(crate) struct Condition {
    pub property: String,
    pub op: String,
    pub value: String,
}

impl Condition {
    pub fn filter(&self) -> Filter<'_> {
        Filter { property: &self.property, op: &self.op, value: &self.value }
    }
}

/// Codes that are listed.
pub(crate) struct Concepts {
    pub list: Vec<Stated>,
    /// By code, in small letters where case says nothing.
    pub by_code: HashMap<String, usize>,
    pub case_sensitive: bool,
}

impl Concepts {
    pub fn find(&self, code: &str) -> Option<&Stated> {
        let place = match self.case_sensitive {
            true => self.by_code.get(code),
            false => self.by_code.get(&code.to_lowercase()),
        };
        place.map(|place| &self.list[*place])
    }
}

/// A code that a value set lists, and what it says of it.
pub(crate) struct Stated {
    pub code: String,
    pub display: Option<String>,
    pub names: Vec<Name<'static>>,
    pub properties: Vec<(&'static str, Meaning<'static>)>,
    pub extensions: Vec<Tree>,
}

impl Stated {
    /// Whether the value set calls it one that should go (extension valueset-deprecated).
    pub fn deprecated(&self) -> bool {
        self.extensions.iter().any(|one| {
            let url = one.get("url").and_then(Tree::as_text).unwrap_or_default();
            url.ends_with("/valueset-deprecated") && one.get("valueBoolean") == Some(&Tree::Bool(true))
        })
    }
}

/// Whether a code is in.
pub(crate) enum Membership<'s> {
    In(Option<&'s Stated>),
    Out,
    /// It cannot be said, and why.
    Unsure(String),
}

impl Set {
    /// Address and version, as messages name it.
    pub fn label(&self) -> String {
        match (&self.url, &self.version) {
            (Some(url), Some(version)) => format!("{url}|{version}"),
            (Some(url), None) => url.clone(),
            _ => "(unidentified)".to_owned(),
        }
    }

    /// Whether a code of a system is in it. Whether the code is active is not looked at.
    pub fn has(&self, system: &str, code: &str) -> Membership<'_> {
        let mut unsure = None;
        let included = self.include.iter().find_map(|clause| match clause.has(system, code) {
            Membership::In(stated) => Some(stated),
            Membership::Unsure(why) => {
                unsure.get_or_insert(why);
                None
            }
            Membership::Out => None,
        });
        let Some(stated) = included else { return unsure.map_or(Membership::Out, Membership::Unsure) };
        for clause in &self.exclude {
            match clause.has(system, code) {
                Membership::In(_) => return Membership::Out,
                Membership::Unsure(why) => return Membership::Unsure(why),
                Membership::Out => {}
            }
        }
        Membership::In(stated)
    }

    /// Whether it is only of active codes, and this is none.
    pub fn leaves_out(&self, system: &str, code: &str) -> bool {
        self.active_of
            .get(system)
            .into_iter()
            .flatten()
            .any(|system| system.find(code).is_some_and(|concept| !system.is_active(concept)))
    }

    /// The systems that it names, with those of its imports, each once.
    pub fn systems(&self) -> Vec<&Named> {
        let mut all: Vec<&Named> = Vec::new();
        for clause in self.include.iter() {
            let own = clause.system.iter().chain(clause.sets.iter().flat_map(|set| set.systems()));
            for named in own {
                if !all.iter().any(|known| known.url == named.url && known.version == named.version) {
                    all.push(named);
                }
            }
        }
        all
    }

    /// The first system of it that is a rule, so that its codes cannot all be given.
    pub fn endless(&self) -> Option<(&Named, Option<&Arc<Set>>)> {
        self.include.iter().find_map(|clause| match &clause.system {
            Some(named) => {
                let endless = clause.concepts.is_none() && matches!(named.place, Place::Grammar(_));
                endless.then_some((named, clause.common.as_ref()))
            }
            None => clause.sets.first().and_then(|set| set.endless()),
        })
    }

    /// The first place that it names for a system.
    pub fn named(&self, system: &str) -> Option<&Named> {
        self.systems().into_iter().find(|named| named.url == system)
    }
}

impl Clause {
    /// Whether a code of a system is in it.
    pub fn has(&self, system: &str, code: &str) -> Membership<'_> {
        let mut found = None;
        if let Some(named) = &self.system {
            if named.url != system {
                return Membership::Out;
            }
            match &self.concepts {
                Some(concepts) => match concepts.find(code) {
                    Some(stated) => found = Some(stated),
                    None => return Membership::Out,
                },
                None => match named.meets(code, &self.filters) {
                    Membership::In(_) => {}
                    other => return other,
                },
            }
        }
        for set in &self.sets {
            match set.has(system, code) {
                Membership::In(_) if set.leaves_out(system, code) => return Membership::Out,
                Membership::In(stated) => found = found.or(stated),
                other => return other,
            }
        }
        Membership::In(found)
    }

    /// Whether a code is in all imports.
    pub fn imported(&self, system: &str, code: &str) -> Result<bool, Refused> {
        for set in &self.sets {
            match set.has(system, code) {
                Membership::In(_) if set.leaves_out(system, code) => return Ok(false),
                Membership::In(_) => {}
                Membership::Out => return Ok(false),
                Membership::Unsure(why) => return Err(Refused::unsupported(why)),
            }
        }
        Ok(true)
    }
}

impl Named {
    /// The version that is asked for, or that is here.
    pub fn version(&self) -> Option<&str> {
        match (&self.version, &self.place) {
            (Some(version), _) => Some(version),
            (None, Place::System(system)) => system.version(),
            _ => None,
        }
    }

    fn meets(&self, code: &str, filters: &[Condition]) -> Membership<'_> {
        match &self.place {
            Place::System(system) => match system.find(code) {
                None if system.content() == Content::Part => {
                    let url = &self.url;
                    Membership::Unsure(format!(
                        "Only a part of the code system {url} is here, without {code:?}."
                    ))
                }
                None => Membership::Out,
                Some(concept) => {
                    for condition in filters {
                        match system.meets(concept, condition.filter()) {
                            Ok(true) => {}
                            Ok(false) => return Membership::Out,
                            Err(refusal) => return Membership::Unsure(refusal.to_string()),
                        }
                    }
                    Membership::In(None)
                }
            },
            Place::Grammar(grammar) if grammar.fault(code).is_some() => Membership::Out,
            Place::Grammar(grammar) => {
                for condition in filters {
                    match (grammar.meets)(code, condition.filter()) {
                        Some(true) => {}
                        Some(false) => return Membership::Out,
                        None => {
                            let Condition { property, op, .. } = condition;
                            let url = &self.url;
                            let why =
                                format!("The code system {url} knows no filter {op:?} on {property:?}.");
                            return Membership::Unsure(why);
                        }
                    }
                }
                Membership::In(None)
            }
            Place::Missing => Membership::Unsure(format!("The code system {} is not here.", self.url)),
        }
    }
}

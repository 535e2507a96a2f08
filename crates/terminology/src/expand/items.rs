//! The members of a value set, each once.

use super::work::{Excludes, Work, alone, at_once, of_clause as cost_of, of_sets};
use crate::issue::{Issue, Refused};
use crate::language::{Name, names};
use crate::set::{Clause, Membership, Named, Place, Set, Stated};
use crate::system::{Concept, System};
use crate::text;
use fhir::outcome::Kind;
use std::borrow::Cow;
use std::collections::HashSet;

/// So many concepts are asked one by one whether they meet a filter; for more, all that meet it are found once.
pub(super) const ASKED_EACH_MAX: usize = 64;

/// One member.
#[derive(Clone, Copy)]
pub(crate) struct Item<'s> {
    pub named: &'s Named,
    /// Where the system has it.
    pub concept: Option<Concept>,
    /// Where the value set lists it.
    pub stated: Option<&'s Stated>,
}

impl<'s> Item<'s> {
    /// Its system, if that is here as a list, with its place there.
    pub fn known(&self) -> Option<(&'s dyn System, Concept)> {
        match &self.named.place {
            Place::System(system) => Some((&**system, self.concept?)),
            _ => None,
        }
    }

    pub fn code(&self) -> Cow<'s, str> {
        match (self.known(), self.stated) {
            (Some((system, concept)), _) => system.code(concept),
            (None, Some(stated)) => Cow::Borrowed(&stated.code),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// The version of its system, if that is here.
    pub fn version(&self) -> Option<&'s str> {
        match &self.named.place {
            Place::System(system) => system.version(),
            Place::Grammar(grammar) => grammar.version,
            Place::Missing => self.named.version.as_deref(),
        }
    }

    pub fn is_active(&self) -> bool {
        self.known().is_none_or(|(system, concept)| system.is_active(concept))
    }

    /// All its names, the display first.
    pub fn names(&self) -> Vec<Name<'s>> {
        let mut all = self.known().map(|(system, concept)| names(system, concept)).unwrap_or_default();
        let grammar = match &self.named.place {
            Place::Grammar(grammar) => self.stated.and_then(|stated| (grammar.display)(&stated.code)),
            _ => None,
        };
        let own = self.stated.and_then(|stated| stated.display.as_deref()).map(Cow::Borrowed);
        if let Some(value) = own.or(grammar.map(Cow::Owned)) {
            // What a value set calls a code stands before what the system calls it.
            let language = all.first().filter(|first| first.main).and_then(|first| first.language.clone());
            all.retain(|name| !name.main);
            let (usage, extensions) = Default::default();
            all.insert(0, Name { language, usage, value, extensions, main: true, shown: true });
        }
        all.extend(self.stated.into_iter().flat_map(|stated| stated.names.iter().cloned()));
        all
    }
}

/// The members of a value set, active or not, in order; those whose names have the words of `filter`, if there is
/// one, the best first.
pub(crate) fn items<'s>(
    set: &'s Set,
    filter: Option<&str>,
    search_max: usize,
) -> Result<Vec<Item<'s>>, Refused> {
    items_within(set, filter, search_max, &Work::new())
}

/// The same with the steps that are left.
fn items_within<'s>(
    set: &'s Set,
    filter: Option<&str>,
    search_max: usize,
    work: &Work,
) -> Result<Vec<Item<'s>>, Refused> {
    let mut excludes = Excludes::of(set);
    let mut found =
        Found { items: Vec::new(), concepts: HashSet::new(), codes: HashSet::new(), systems: Vec::new() };
    for clause in &set.include {
        let items = of_clause(clause, filter, search_max, work)?;
        excludes.apply(items, work)?.into_iter().for_each(|item| found.add(item));
    }
    Ok(found.items)
}

struct Found<'s> {
    items: Vec<Item<'s>>,
    concepts: HashSet<(usize, Concept)>,
    codes: HashSet<(&'s str, &'s str)>,
    /// Numbers for systems, by address and version.
    systems: Vec<&'s Named>,
}

impl<'s> Found<'s> {
    fn add(&mut self, item: Item<'s>) {
        let named = item.named;
        let known = self.systems.iter().position(|one| one.url == named.url && one.version == named.version);
        let number = known.unwrap_or_else(|| {
            self.systems.push(named);
            self.systems.len() - 1
        });
        let new = match (item.concept, item.stated) {
            (Some(concept), _) => self.concepts.insert((number, concept)),
            (None, Some(stated)) => self.codes.insert((&named.url, &stated.code)),
            (None, None) => false,
        };
        if new {
            self.items.push(item);
        }
    }
}

fn of_clause<'s>(
    clause: &'s Clause,
    filter: Option<&str>,
    search_max: usize,
    work: &Work,
) -> Result<Vec<Item<'s>>, Refused> {
    let Some(named) = &clause.system else { return imported(clause, filter, search_max, work) };
    if let Some(concepts) = &clause.concepts {
        return listed(clause, named, &concepts.list, filter, work);
    }
    let system = match &named.place {
        Place::System(system) => &**system,
        Place::Grammar(_) => return of_rule(clause, named, filter, search_max, work),
        Place::Missing => return Err(unknown_system(named)),
    };
    let mut items = Vec::new();
    let all = chosen(clause, system, filter, search_max, work)?;
    work.spend(all.len(), of_sets(&clause.sets))?;
    for concept in all {
        if clause.sets.is_empty() || clause.imported(&named.url, &system.code(concept))? {
            items.push(Item { named, concept: Some(concept), stated: None });
        }
    }
    Ok(items)
}

/// The concepts that meet the filters of a clause and have the words of the text, if there is one.
pub(super) fn chosen(
    clause: &Clause,
    system: &dyn System,
    filter: Option<&str>,
    search_max: usize,
    work: &Work,
) -> Result<Vec<Concept>, Refused> {
    let (mut found, rest) = match (filter, &clause.filters[..]) {
        (None, []) => (system.all(), &clause.filters[..]),
        (None, [first, rest @ ..]) => {
            work.spend(system.len(), at_once(first))?;
            (system.filter(first.filter())?, rest)
        }
        (Some(text), all) => {
            let found = system.search(text, search_max);
            match all {
                // More have the words than are looked at: begin with those that meet the filter instead.
                [first, rest @ ..] if found.len() >= search_max => {
                    work.spend(system.len(), at_once(first))?;
                    let words = text::words(text);
                    let mut found = system.filter(first.filter())?;
                    found.retain(|concept| {
                        names(system, *concept).iter().any(|name| text::has(&name.value, &words))
                    });
                    (found, rest)
                }
                _ => (found, all),
            }
        }
    };
    for condition in rest {
        if found.len() <= ASKED_EACH_MAX {
            work.spend(found.len(), alone(condition))?;
            let mut kept = Vec::with_capacity(found.len());
            for concept in found {
                if system.meets(concept, condition.filter())? {
                    kept.push(concept);
                }
            }
            found = kept;
        } else {
            work.spend(system.len(), at_once(condition))?;
            let fitting: HashSet<Concept> = system.filter(condition.filter())?.into_iter().collect();
            found.retain(|concept| fitting.contains(concept));
        }
    }
    Ok(found)
}

/// The codes of a rule that are much used.
fn of_rule<'s>(
    clause: &'s Clause,
    named: &'s Named,
    filter: Option<&str>,
    search_max: usize,
    work: &Work,
) -> Result<Vec<Item<'s>>, Refused> {
    let common = clause.common.as_ref().ok_or_else(|| endless(named))?;
    let mut all = items_within(common, filter, search_max, work)?;
    work.spend(all.len(), cost_of(clause))?;
    all.retain(|item| {
        item.named.url == named.url && matches!(clause.has(&named.url, &item.code()), Membership::In(_))
    });
    Ok(all)
}

/// The members of the first import that are in all others.
fn imported<'s>(
    clause: &'s Clause,
    filter: Option<&str>,
    search_max: usize,
    work: &Work,
) -> Result<Vec<Item<'s>>, Refused> {
    let Some(first) = clause.sets.first() else { return Ok(Vec::new()) };
    let mut all = items_within(first, filter, search_max, work)?;
    if first.active_only {
        all.retain(Item::is_active);
    }
    if clause.sets.len() > 1 {
        work.spend(all.len(), of_sets(&clause.sets))?;
    }
    let mut kept = Vec::with_capacity(all.len());
    for item in all {
        if clause.sets.len() == 1 || clause.imported(&item.named.url, &item.code())? {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn listed<'s>(
    clause: &Clause,
    named: &'s Named,
    list: &'s [Stated],
    filter: Option<&str>,
    work: &Work,
) -> Result<Vec<Item<'s>>, Refused> {
    work.spend(list.len(), 1 + of_sets(&clause.sets))?;
    let words = filter.map(text::words).unwrap_or_default();
    let mut items = Vec::new();
    for stated in list {
        let concept = match &named.place {
            // A list may be older than the system: what that does not have is left out.
            Place::System(system) => match system.find(&stated.code) {
                None if !crate::terminology::is_part(&**system) => continue,
                concept => concept,
            },
            _ => None,
        };
        let item = Item { named, concept, stated: Some(stated) };
        let fits = words.is_empty() || {
            text::has(&stated.code, &words) || item.names().iter().any(|name| text::has(&name.value, &words))
        };
        if fits && clause.imported(&named.url, &stated.code)? {
            items.push(item);
        }
    }
    Ok(items)
}

/// The refusal for codes that have no end.
pub(crate) fn endless(named: &Named) -> Refused {
    let text =
        format!("The code system {} is a rule and no list, so its codes cannot all be given.", named.url);
    let issue = Issue { kind: None, ..Issue::error("too-costly", "", "VALUESET_TOO_COSTLY", text) };
    Refused::new(Kind::Invalid, issue)
}

fn unknown_system(named: &Named) -> Refused {
    let version = named.version.as_ref().map(|version| format!(" version '{version}'")).unwrap_or_default();
    let text = format!(
        "A definition for CodeSystem '{}'{version} could not be found, so the value set cannot be expanded",
        named.url
    );
    let issue = Issue::error("not-found", "not-found", "UNKNOWN_CODESYSTEM_EXP", text);
    Refused::new(Kind::NotFound, issue)
}

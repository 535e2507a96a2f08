//! What an evaluation is given beside its item, and what it asks of others.

use super::{Item, Node, STEPS_MAX};
use crate::json::{Json, Value};
use crate::time::Instant;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Resources that an [`Arena`] keeps at most.
pub const RESOLVED_MAX: usize = 256;

/// What an evaluation is given beside its item. Made with [`Context::new`]; what else there is to give is set in
/// its fields.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// `%resource`: the resource that the item stands in.
    pub resource: Node<'a>,
    /// `%rootResource`: the resource that contains `resource`, or `resource` itself.
    pub root: Node<'a>,
    /// What the names mean that [`Setting::constants`](super::Setting) allowed.
    pub constants: &'a [(&'a str, Vec<Item<'a>>)],
    /// `%rowIndex` of SQL on FHIR, where [`Setting::constants`](super::Setting) allowed that name.
    pub row: usize,
    /// What `now()`, `today()` and `timeOfDay()` say, in UTC. Without it, these three are a fault.
    pub now: Option<Instant>,
    /// Steps that the evaluation may take.
    pub steps: u32,
    /// Asked now and then; when it says true, the evaluation ends with a fault.
    pub is_late: Option<&'a dyn Fn() -> bool>,
    /// Told what `trace()` sees, with its name.
    pub trace: Option<Listener<'a>>,
    /// Who knows of other resources, of terminology and of profiles, and where resources are kept that it
    /// brings. Without it, nothing of that is known.
    pub outside: Option<(&'a dyn Outside, &'a Arena)>,
}

/// Hears the name and the items of a `trace()`.
pub type Listener<'a> = &'a dyn Fn(&str, &[Item<'_>]);

impl<'a> Context<'a> {
    /// For items of a resource that stands alone, with nothing else given.
    pub fn new(resource: Node<'a>) -> Context<'a> {
        Context {
            resource,
            root: resource,
            constants: &[],
            row: 0,
            now: None,
            steps: STEPS_MAX,
            is_late: None,
            trace: None,
            outside: None,
        }
    }
}

/// What an evaluation asks of what lies outside the resource. Each answer may be that it is not known; then
/// the function that asked gives nothing, or a fault where the standard says so.
pub trait Outside {
    /// The resource that a reference or canonical URL leads to. Contained resources and entries of the Bundle
    /// that is `%rootResource` are found without asking.
    fn resolve(&self, _reference: &str) -> Target {
        Target::NotKnown
    }

    /// True when a code is in the value set with this canonical URL.
    fn member_of(&self, _value_set: &str, _code: &Code<'_>) -> Option<bool> {
        None
    }

    /// True when `general` is the same as `special` or one of its ancestors.
    fn subsumes(&self, _general: &Code<'_>, _special: &Code<'_>) -> Option<bool> {
        None
    }

    /// True when a resource or element meets the profile with this canonical URL. R4's own types need not be
    /// known: their structure is looked at when this is not.
    fn conforms_to(&self, _profile: &str, _item: Node<'_>) -> Option<bool> {
        None
    }

    /// True when an element is in the slice of this name of the profile with this canonical URL.
    fn in_slice(&self, _profile: &str, _slice: &str, _item: Node<'_>) -> Option<bool> {
        None
    }
}

/// Where a reference leads.
#[derive(Debug)]
pub enum Target {
    /// To this resource.
    Resource(Json),
    /// To nothing: `resolve()` leaves it out.
    Nowhere,
    /// It cannot be said. `resolve()` gives a resource of which only the type is known, if the reference
    /// tells it.
    NotKnown,
}

/// A code as it stands in a Coding, or without a system in a `code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code<'c> {
    /// The code system's URL.
    pub system: Option<Cow<'c, str>>,
    /// The system's version.
    pub version: Option<Cow<'c, str>>,
    /// The code itself.
    pub code: Cow<'c, str>,
}

impl<'c> Code<'c> {
    /// Reads a Coding that has a code.
    pub fn of_coding(coding: Value<'c>) -> Option<Code<'c>> {
        Some(Code { system: coding.str("system"), version: coding.str("version"), code: coding.str("code")? })
    }
}

/// Keeps the resources that references led to for as long as items point into them: an evaluation's items
/// borrow from it. It may be used for many evaluations and asks for each reference once.
#[derive(Default)]
pub struct Arena {
    first: OnceCell<Box<Kept>>,
}

struct Kept {
    reference: String,
    /// Nothing where the reference leads nowhere, or it is not known where.
    resource: Result<Json, Absent>,
    next: OnceCell<Box<Kept>>,
}

#[derive(Clone, Copy)]
pub(super) enum Absent {
    Nowhere,
    NotKnown,
    /// The arena is full.
    TooMany,
}

impl Arena {
    /// An arena without resources.
    pub fn new() -> Arena {
        Arena::default()
    }

    /// What a reference leads to, brought by `outside` unless it is here already.
    pub(super) fn resolve(&self, outside: &dyn Outside, reference: &str) -> Result<Value<'_>, Absent> {
        let mut place = &self.first;
        let mut count = 0;
        while let Some(kept) = place.get() {
            if kept.reference == reference {
                return kept.resource.as_ref().map(Json::root).map_err(|absent| *absent);
            }
            (place, count) = (&kept.next, count + 1);
        }
        if count >= RESOLVED_MAX {
            return Err(Absent::TooMany);
        }
        let resource = match outside.resolve(reference) {
            Target::Resource(json) => Ok(json),
            Target::Nowhere => Err(Absent::Nowhere),
            Target::NotKnown => Err(Absent::NotKnown),
        };
        let kept = Kept { reference: reference.to_owned(), resource, next: OnceCell::new() };
        // The answer may have been sought with this arena too, and have filled the place.
        let mut kept = Box::new(kept);
        while let Err(back) = place.set(kept) {
            kept = back;
            place = place.get().map_or(place, |taken| &taken.next);
        }
        let kept = place.get().expect("it has just been set");
        kept.resource.as_ref().map(Json::root).map_err(|absent| *absent)
    }
}

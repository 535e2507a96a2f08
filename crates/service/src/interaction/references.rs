//! References within a transaction, on the way into the record: to other entries, by condition, to our own
//! base.

use super::lookup::Lookup;
use super::{address, local};
use fhir::json::Value;
use record::{Issue, Kind, Refusal};
use std::collections::{HashMap, HashSet};

/// A resource that the transaction will have written.
pub(super) struct Draft<'j> {
    pub kind: &'static str,
    pub id: String,
    pub resource: Value<'j>,
}

/// What the references of a transaction may mean.
pub(super) struct References<'j> {
    /// By what entries call each other, e.g. `urn:uuid:...`: `Type/id` in the record.
    pub links: HashMap<String, String>,
    /// What the transaction writes.
    pub drafts: Vec<Draft<'j>>,
    /// What it deletes or replaces: as found in the record, these do not count.
    pub superseded: HashSet<(&'static str, String)>,
    /// Whether `urn:uuid:` must be the full URL of an entry: in a bundle it can mean nothing else.
    bundled: bool,
    /// Conditional references that have been resolved.
    resolved: HashMap<String, Result<String, Issue>>,
    /// What is wrong with the references of the resource in hand.
    faults: Vec<Issue>,
    /// A refusal that is not about a reference, e.g. a fault of ours.
    broken: Option<Refusal>,
}

impl<'j> References<'j> {
    pub(super) fn new(bundled: bool) -> References<'j> {
        References {
            bundled,
            links: HashMap::new(),
            drafts: Vec::new(),
            superseded: HashSet::new(),
            resolved: HashMap::new(),
            faults: Vec::new(),
            broken: None,
        }
    }

    /// What `called` means from now on: an entry's full URL, and when that ends in `Type/id` also this.
    pub(super) fn link(&mut self, called: &str, kind: &str, id: &str) {
        let target = format!("{kind}/{id}");
        if let Some((_, relative)) = split_relative(called).filter(|(k, _)| *k == kind)
            && relative != target
        {
            self.links.insert(relative.to_owned(), target.clone());
        }
        self.links.insert(called.to_owned(), target);
    }

    /// The faults since the last call.
    pub(super) fn take_faults(&mut self) -> Result<Vec<Issue>, Refusal> {
        match self.broken.take() {
            Some(refusal) => Err(refusal),
            None => Ok(std::mem::take(&mut self.faults)),
        }
    }

    /// What a literal reference is to be in the record; nothing when it stays as it is.
    pub(super) fn rewrite(&mut self, reference: &str, lookup: &mut Lookup<'_>) -> Option<String> {
        if let Some(target) = self.links.get(reference) {
            return Some(target.clone());
        }
        if self.bundled && (reference.starts_with("urn:uuid:") || reference.starts_with("urn:oid:")) {
            let text =
                format!("{reference} is the full URL of no entry. Add the entry, or correct the reference.");
            self.faults.push(Issue::new("not-found", "", text));
            return None;
        }
        let own = reference.strip_prefix(lookup.caller.base).and_then(|rest| rest.strip_prefix('/'));
        let relative = own.unwrap_or(reference);
        match relative.split_once('?') {
            Some((kind, query)) if fhir::definitions::is_resource(kind) => self.resolve(kind, query, lookup),
            _ => own.map(str::to_owned),
        }
    }

    fn resolve(&mut self, kind: &str, query: &str, lookup: &mut Lookup<'_>) -> Option<String> {
        let text = format!("{kind}?{query}");
        if !self.resolved.contains_key(&text) {
            match self.only(kind, query, lookup) {
                Ok(answer) => self.resolved.insert(text.clone(), answer),
                Err(refusal) if matches!(refusal.kind, Kind::Fault | Kind::Busy) => {
                    self.broken = Some(refusal);
                    return None;
                }
                Err(refusal) => self.resolved.insert(text.clone(), Err(refusal.issues[0].clone())),
            };
        }
        match &self.resolved[&text] {
            Ok(target) => Some(target.clone()),
            Err(issue) => {
                self.faults.push(issue.clone());
                None
            }
        }
    }

    /// The one resource that meets the criteria once the transaction is done: in the record or written by it.
    fn only(
        &self,
        kind: &str,
        query: &str,
        lookup: &mut Lookup<'_>,
    ) -> Result<Result<String, Issue>, Refusal> {
        let kind = address::kind_named(kind)?;
        let answer = lookup.find(kind, &address::pairs(query)?, 2 + self.superseded.len().min(100))?;
        let stored = answer.bodies.iter().map(|body| &body.id);
        let mut ids: Vec<&String> =
            stored.filter(|id| !self.superseded.contains(&(kind, (*id).clone()))).collect();
        let drafts = self.drafts.iter().filter(|draft| draft.kind == kind);
        ids.extend(
            drafts.filter(|d| local::meets(&answer.query, d.kind, &d.id, d.resource)).map(|draft| &draft.id),
        );
        Ok(match ids.as_slice() {
            [id] => Ok(format!("{kind}/{id}")),
            [] => {
                let text = format!("{kind}?{query} meets no resource. It must meet exactly one.");
                Err(Issue::new("not-found", "", text))
            }
            _ => {
                let text = format!("{kind}?{query} meets several resources. It must meet exactly one.");
                Err(Issue::new("multiple-matches", "", text))
            }
        })
    }
}

/// `Type/id` at the end of an absolute URL, with its type.
fn split_relative(url: &str) -> Option<(&str, &str)> {
    let slash = url.rfind('/')?;
    let start = url[..slash].rfind('/')? + 1;
    let (kind, relative) = (&url[start..slash], &url[start..]);
    (fhir::definitions::is_resource(kind) && address::is_id(&url[slash + 1..])).then_some((kind, relative))
}

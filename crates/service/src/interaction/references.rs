//! References within a transaction, on the way into the record: to other entries, by condition, to our own
//! base.

use super::lookup::Lookup;
use super::{address, local};
use fhir::Tree;
use fhir::definitions::{TypeDef, type_def};
use fhir::json::{Json, Kind as JsonKind, Limits, Value};
use record::{Issue, Kind, Refusal};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// How often, in one transaction, a resource of its own is held against a condition, at most.
const JUDGED_MAX: usize = 1_000_000;

/// A resource that the transaction will have written.
pub(super) struct Draft<'j> {
    pub kind: &'static str,
    pub id: String,
    pub resource: Value<'j>,
}

/// What the references of a transaction may mean.
pub(super) struct References<'j> {
    /// By what entries call each other, e.g. `urn:uuid:...`: `Type/id` in the record; nothing when two
    /// entries are called so.
    links: HashMap<String, Option<String>>,
    /// What the transaction writes.
    pub drafts: Vec<Draft<'j>>,
    /// What it deletes or replaces: as found in the record, these do not count.
    pub superseded: HashSet<(&'static str, String)>,
    /// Whether `urn:uuid:` must be the full URL of an entry: in a bundle it can mean nothing else.
    bundled: bool,
    /// Conditional references that have been resolved.
    resolved: HashMap<String, Result<String, Issue>>,
    /// How often a draft was held against a condition.
    judged: usize,
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
            judged: 0,
            faults: Vec::new(),
            broken: None,
        }
    }

    /// What `called` means from now on: an entry's full URL, and when that ends in `Type/id` also this.
    pub(super) fn link(&mut self, called: &str, kind: &str, id: &str) {
        let target = format!("{kind}/{id}");
        if let Some((_, relative)) = split_relative(called).filter(|(k, _)| *k == kind) {
            self.call(relative, &target);
        }
        self.call(called, &target);
    }

    fn call(&mut self, name: &str, target: &str) {
        let known = self.links.entry(name.to_owned()).or_insert_with(|| Some(target.to_owned()));
        if known.as_deref() != Some(target) {
            *known = None;
        }
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
        match self.links.get(reference) {
            Some(Some(target)) => return Some(target.clone()),
            Some(None) => {
                let text = format!("{reference} is what two entries are called. Give each its own full URL.");
                self.faults.push(Issue::new("multiple-matches", "", text));
                return None;
            }
            None => {}
        }
        if self.bundled && (reference.starts_with("urn:uuid:") || reference.starts_with("urn:oid:")) {
            let text =
                format!("{reference} is the full URL of no entry. Add the entry, or correct the reference.");
            self.faults.push(Issue::new("value", "", text));
            return None;
        }
        let own = reference.strip_prefix(lookup.caller.base).and_then(|rest| rest.strip_prefix('/'));
        let relative = own.unwrap_or(reference);
        match relative.split_once('?') {
            Some((kind, query)) if fhir::definitions::is_resource(kind) => self.resolve(kind, query, lookup),
            _ => own.map(str::to_owned),
        }
    }

    /// The resource with links to entries put right where they are no references: in elements of type uri,
    /// url, oid and uuid, and in the narrative (FHIR R4 http.html#trules). Nothing when there is none,
    /// which the text tells at once.
    pub(super) fn relinked(&self, resource: Value<'_>) -> Result<Option<Json>, Refusal> {
        let text = resource.raw();
        let all = text.matches("urn:uuid:").count() + text.matches("urn:oid:").count();
        let plain = text.matches("\"reference\":\"urn:").count();
        if !self.bundled || all == plain {
            return Ok(None);
        }
        let kind = resource.str("resourceType").and_then(|name| type_def(&name));
        let tree = self.relink(resource, kind);
        Json::parse(tree.text(), Limits::FILE)
            .map(Some)
            .map_err(|e| Refusal::new(Kind::TooLarge, format!("The resource with its links put right: {e}.")))
    }

    fn relink(&self, value: Value<'_>, def: Option<&'static TypeDef>) -> Tree {
        match value.kind() {
            JsonKind::Array => Tree::Array(value.items().map(|item| self.relink(item, def)).collect()),
            JsonKind::Object => {
                let def = value.str("resourceType").and_then(|name| type_def(&name)).or(def);
                let element = |name: &str| def.and_then(|def| def.elements.iter().find(|e| e.name == name));
                let member = |(name, value): (Cow<'_, str>, Value<'_>)| {
                    let def = element(&name).and_then(|element| type_def(element.type_name));
                    let value = self.relink(value, def);
                    (name.into_owned(), value)
                };
                Tree::Object(value.members().map(member).collect())
            }
            _ => match (value.as_str(), def.map(|def| def.name)) {
                (Some(text), Some("uri" | "url" | "oid" | "uuid")) => {
                    let target = self.links.get(&*text).and_then(Option::as_deref);
                    Tree::from(target.unwrap_or(&text))
                }
                (Some(text), Some("xhtml")) => Tree::from(self.narrative(&text)),
                _ => Tree::from(value),
            },
        }
    }

    /// The narrative with the addresses of its links and pictures put right.
    fn narrative(&self, text: &str) -> String {
        let mut parts = text.split('"');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let linked = out.ends_with("href=") || out.ends_with("src=");
            let target = self.links.get(part).and_then(Option::as_deref).filter(|_| linked);
            out.push('"');
            out.push_str(target.unwrap_or(part));
        }
        out
    }

    fn resolve(&mut self, kind: &str, query: &str, lookup: &mut Lookup<'_>) -> Option<String> {
        let text = format!("{kind}?{query}");
        if !self.resolved.contains_key(&text) {
            match self.only(kind, query, lookup) {
                Ok(answer) => self.resolved.insert(text.clone(), answer),
                Err(refusal)
                    if matches!(refusal.kind, Kind::Fault | Kind::Busy | Kind::Unknown | Kind::TooLarge) =>
                {
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
        &mut self,
        kind: &str,
        query: &str,
        lookup: &mut Lookup<'_>,
    ) -> Result<Result<String, Issue>, Refusal> {
        let kind = address::kind_named(kind)?;
        let answer = lookup.find(kind, &address::pairs(query)?, 2 + self.superseded.len().min(100))?;
        let stored = answer.bodies.iter().map(|body| &body.id);
        let mut ids: Vec<&String> =
            stored.filter(|id| !self.superseded.contains(&(kind, (*id).clone()))).collect();
        self.judged += self.drafts.iter().filter(|draft| draft.kind == kind).count();
        if self.judged > JUDGED_MAX {
            let text = "There are too many conditional references to too many entries. Send them in parts.";
            return Err(Refusal::new(Kind::TooLarge, text));
        }
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

//! What lies around the part that is looked at: the resource, the one that contains it, the Bundle, the world.

use crate::spot::Spot;
use crate::walk::outermost;
use fhir::definitions::{is_resource, type_def};
use fhir::fhirpath::Node;
use fhir::{Json, Value};
use std::collections::HashMap;

/// Who knows where references lead.
pub trait Resolver: Sync {
    /// What a reference (`Patient/17`, an absolute URL) leads to.
    fn resolve(&self, reference: &str) -> Found;
}

/// Where a reference leads.
#[derive(Debug)]
pub enum Found {
    /// To this resource.
    Resource(Json),
    /// To nothing.
    Nowhere,
    /// It cannot be said.
    NotKnown,
}

/// How a resource stands in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the outermost, or an entry of a Bundle or of Parameters.
    Alone,
    /// It is contained.
    Contained,
}

/// What lies around the part that is looked at.
pub struct Surroundings<'v> {
    /// The resource that it is in.
    pub resource: Node<'v>,
    /// The resource that contains that one, or that one itself.
    pub root: Node<'v>,
    /// The Bundles that they are in, the innermost last: entries by the addresses that lead to them.
    bundles: Vec<HashMap<String, Node<'v>>>,
}

/// What was around before a resource was entered.
pub struct Before<'v> {
    resource: Node<'v>,
    root: Node<'v>,
    bundles: usize,
}

impl<'v> Surroundings<'v> {
    /// Around a resource that stands alone.
    pub fn new(node: Node<'v>) -> Surroundings<'v> {
        Surroundings { resource: node, root: node, bundles: Vec::new() }
    }

    /// Goes into a resource.
    pub fn enter(&mut self, node: Node<'v>, standing: Standing) -> Before<'v> {
        let before = Before { resource: self.resource, root: self.root, bundles: self.bundles.len() };
        self.resource = node;
        if standing == Standing::Alone {
            self.root = node;
        }
        if let Some(bundle) = node.value.filter(|_| node.kind.name == "Bundle") {
            self.bundles.push(entries(bundle));
        }
        before
    }

    /// Comes out of it again.
    pub fn leave(&mut self, before: Before<'v>) {
        (self.resource, self.root) = (before.resource, before.root);
        self.bundles.truncate(before.bundles);
    }

    /// What a Reference, canonical or uri leads to here; a resource of which only the type is known where the
    /// reference tells no more.
    pub fn led_to(&self, spot: &Spot<'v>) -> Option<Spot<'v>> {
        let value = spot.value?;
        let reference = value.as_str().or_else(|| value.str("reference"));
        let told = value.str("type");
        if let Some(found) = reference.as_deref().and_then(|reference| self.local(reference)) {
            return Some(outermost(found));
        }
        let kind = reference.as_deref().and_then(target_kind).map(str::to_owned);
        let kind = type_def(&kind.or(told.map(|told| told.into_owned()))?)?;
        Some(outermost(Node { kind, value: None, extras: None }))
    }

    /// The contained resource or the entry that a reference leads to.
    pub fn local(&self, reference: &str) -> Option<Node<'v>> {
        if let Some(id) = reference.strip_prefix('#') {
            if id.is_empty() {
                return Some(self.root);
            }
            let contained = self.root.value?.get("contained")?;
            return contained
                .items()
                .find(|one| one.str("id").is_some_and(|i| i == id))
                .and_then(Node::resource);
        }
        let unversioned = reference.split("/_history/").next().unwrap_or(reference);
        self.bundles.iter().rev().find_map(|bundle| bundle.get(unversioned)).copied()
    }
}

/// The entries of a Bundle by fullUrl, and where that is a RESTful one, by type and id too.
fn entries(bundle: Value<'_>) -> HashMap<String, Node<'_>> {
    let mut entries = HashMap::new();
    for entry in bundle.get("entry").into_iter().flat_map(Value::items) {
        let Some(node) = entry.get("resource").and_then(Node::resource) else { continue };
        let Some(url) = entry.str("fullUrl") else { continue };
        let url = url.split("/_history/").next().unwrap_or(&url);
        let mut parts = url.rsplit('/');
        if let (Some(id), Some(kind)) = (parts.next(), parts.next())
            && is_resource(kind)
        {
            entries.entry(format!("{kind}/{id}")).or_insert(node);
        }
        entries.entry(url.to_owned()).or_insert(node);
    }
    entries
}

/// The type that a RESTful reference names.
pub fn target_kind(reference: &str) -> Option<&str> {
    let mut parts = reference.split("/_history/").next()?.rsplit('/');
    let (_, kind) = (parts.next()?, parts.next()?);
    is_resource(kind).then_some(kind)
}

//! What a selection stands on.

use fhir::Tree;
use fhir::definitions::{TypeDef, TypeKind, is_resource, type_def};
use fhir::json::Value;
use record::Results;

/// What a selection stands on.
#[derive(Clone, Copy)]
pub(super) enum Place<'v> {
    /// The query itself.
    Root,
    /// A resource or an element.
    Thing(Thing<'v>),
    /// A page of a search.
    Connection(&'v Results, usize),
    /// One of its entries.
    Edge(Thing<'v>),
    /// What tells of the types.
    Built(&'v Tree),
}

/// A resource or an element of one.
#[derive(Clone, Copy)]
pub(super) struct Thing<'v> {
    pub value: Value<'v>,
    pub kind: &'static TypeDef,
    /// The resource that it is in.
    pub resource: Value<'v>,
}

impl<'v> Thing<'v> {
    /// A resource.
    pub fn resource(value: Value<'v>) -> Option<Thing<'v>> {
        let kind = type_def(&value.str("resourceType")?).filter(|kind| is_resource(kind.name))?;
        Some(Thing { value, kind, resource: value })
    }

    /// True for a resource, also for one within another.
    pub fn is_resource(&self) -> bool {
        self.kind.kind == TypeKind::Resource
    }

    /// `Patient/1`.
    pub fn address(&self) -> Option<String> {
        let id = self.value.str("id")?;
        self.is_resource().then(|| format!("{}/{id}", self.kind.name))
    }
}

impl Place<'_> {
    /// The name of the type in GraphQL, where a `.` cannot stand.
    pub fn type_name(&self) -> String {
        match self {
            Place::Root => "Query".into(),
            Place::Thing(thing) => graphql_name(thing.kind.name),
            Place::Connection(..) => "Connection".into(),
            Place::Edge(_) => "Edge".into(),
            Place::Built(_) => "__Type".into(),
        }
    }

    /// True when a fragment on this type is for here.
    pub fn is(&self, name: &str) -> bool {
        let resource = matches!(self, Place::Thing(thing) if thing.is_resource());
        self.type_name() == name || resource && matches!(name, "Resource" | "DomainResource")
    }
}

/// A type's name as GraphQL can write it.
pub(super) fn graphql_name(name: &str) -> String {
    name.replace('.', "_")
}

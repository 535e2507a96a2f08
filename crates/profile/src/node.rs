//! A profile as it is walked: of each element what there is to check, and nothing else.

use crate::snapshot::Definition;
use fhir::Json;
use fhir::definitions::TypeDef;
use fhir::fhirpath::Expression;
use std::sync::Arc;

/// A profile that is ready to be walked.
#[derive(Debug)]
pub struct Profile {
    /// Where it comes from.
    pub definition: Arc<Definition>,
    /// What it constrains.
    pub kind: &'static TypeDef,
    /// Its outermost element.
    pub root: Node,
    /// Where it may stand, if it is an extension.
    pub extension: Option<Usage>,
}

/// Where an extension may stand.
#[derive(Debug)]
pub struct Usage {
    /// True when it changes the meaning of what it stands in.
    pub is_modifier: bool,
    /// How each context is told (`element`, `extension`, `fhirpath`), and the context.
    pub contexts: Vec<(String, String)>,
    /// What must hold of the element that it stands in.
    pub invariants: Vec<Constraint>,
}

/// An element with what there is to check.
#[derive(Debug, Default)]
pub struct Node {
    /// Its path with slices, for sentences: `Patient.identifier:nhsNumber`.
    pub label: String,
    /// Its name in FHIRPath: `value`.
    pub name: String,
    /// The number that the tables give to the element.
    pub group: u8,
    /// The name of the slice, if it is one.
    pub slice: Option<String>,
    /// At least so many.
    pub min: usize,
    /// At most so many; nothing for any number.
    pub max: Option<usize>,
    /// The types that are allowed; empty when all are that the tables allow.
    pub types: Vec<Type>,
    /// The value it must be.
    pub fixed: Option<Json>,
    /// What its value must have.
    pub pattern: Option<Json>,
    /// The least value.
    pub least: Option<Json>,
    /// The greatest value.
    pub most: Option<Json>,
    /// Characters that its text must have.
    pub length_min: Option<usize>,
    /// Characters that its text may have.
    pub length_max: Option<usize>,
    /// The codes that it may have.
    pub binding: Option<Binding>,
    /// What must hold.
    pub constraints: Vec<Arc<Constraint>>,
    /// Elements in it.
    pub children: Vec<Node>,
    /// The path of an element whose rules hold inside this one.
    pub like: Option<Vec<String>>,
    /// How its items are told apart.
    pub slicing: Option<Slicing>,
    /// Its slices.
    pub slices: Vec<Node>,
    /// What tells that an item is of this slice.
    pub tests: Vec<Test>,
}

/// A type that an element may have.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub code: String,
    /// Profiles of which the value must meet one.
    pub profiles: Vec<String>,
    /// What a reference may lead to: the profile, and the type that it constrains if that is known.
    pub targets: Vec<(String, Option<String>)>,
}

/// The codes that an element may have.
#[derive(Debug)]
pub struct Binding {
    /// True for `required`, false for `extensible`.
    pub is_required: bool,
    /// The value set.
    pub value_set: Option<String>,
    /// The value set that an extensible binding must not leave.
    pub most: Option<String>,
}

/// A rule in FHIRPath.
#[derive(Debug)]
pub struct Constraint {
    /// Its short name: `pat-1`.
    pub key: String,
    /// What it says for people.
    pub human: String,
    /// False when breaking it is a warning only.
    pub is_error: bool,
    /// The rule.
    pub expression: Expression,
    /// True when it has something to say only where the resource contains others.
    pub of_contained: bool,
}

/// How the items of an element are told apart.
#[derive(Debug)]
pub struct Slicing {
    /// Whether items in no slice may be.
    pub rules: Rules,
    /// Whether the items come in the order of the slices.
    pub is_ordered: bool,
}

/// Whether items in no slice may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// They may not.
    Closed,
    /// They may, anywhere.
    Open,
    /// They may, behind the others.
    OpenAtEnd,
}

/// One question that tells whether an item is of a slice.
#[derive(Debug)]
pub struct Test {
    /// Where to look in the item.
    pub path: Vec<Step>,
    /// What must be there.
    pub check: Check,
}

/// A step of the path of a discriminator (R4, profiling.html#discriminator: a subset of FHIRPath).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `name`
    Child(String),
    /// `resolve()`
    Resolve,
    /// `extension('url')`
    Extension(String),
    /// `ofType(Type)`
    OfType(String),
}

/// What a discriminator asks.
#[derive(Debug)]
pub enum Check {
    /// It is this value.
    Fixed(Json),
    /// It has all of this.
    Pattern(Json),
    /// Its code is in this value set.
    Bound(String),
    /// It is there, or it is not.
    Exists(bool),
    /// It is of one of these types.
    Types(Vec<String>),
    /// It meets one of these profiles.
    Profiles(Vec<String>),
}

impl Node {
    /// True when there is nothing to check in it and below.
    pub fn is_idle(&self) -> bool {
        self.min == 0
            && self.max.is_none()
            && self.types.is_empty()
            && self.fixed.is_none()
            && self.pattern.is_none()
            && self.least.is_none()
            && self.most.is_none()
            && self.length_min.is_none()
            && self.length_max.is_none()
            && self.binding.is_none()
            && self.constraints.is_empty()
            && self.children.is_empty()
            && self.like.is_none()
            && self.slices.is_empty()
            && self.slicing.as_ref().is_none_or(|slicing| slicing.rules == Rules::Open)
    }

    /// The node at a path below this one.
    pub fn below(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.children.iter().find(|child| child.name == *name))
    }

    /// The type of this name, if it is allowed.
    pub fn type_of(&self, code: &str) -> Option<&Type> {
        self.types.iter().find(|of| of.code == code)
    }
}

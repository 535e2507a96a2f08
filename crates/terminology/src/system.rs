//! A code system, whatever keeps it: a CodeSystem resource in memory, or the index of an imported release.

use fhir::Refusal;
use std::borrow::Cow;

/// A concept of one system: its number there. It means nothing outside, and is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concept(pub u32);

/// Another way to say a concept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Designation<'s> {
    pub language: Option<Cow<'s, str>>,
    /// System and code of what it is for, such as a synonym.
    pub usage: Option<(Cow<'s, str>, Cow<'s, str>)>,
    pub value: Cow<'s, str>,
}

/// What a property says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning<'s> {
    Code(Cow<'s, str>),
    Coding {
        system: Cow<'s, str>,
        code: Cow<'s, str>,
        display: Option<Cow<'s, str>>,
    },
    Text(Cow<'s, str>),
    Integer(i64),
    Boolean(bool),
    /// As FHIR writes it.
    DateTime(Cow<'s, str>),
    /// Its digits.
    Decimal(Cow<'s, str>),
}

/// A condition of a value set on a system (ValueSet.compose.include.filter).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter<'f> {
    pub property: &'f str,
    /// A code of http://hl7.org/fhir/filter-operator: `=`, `is-a`, `descendent-of`, `is-not-a`, `regex`, `in`,
    /// `not-in`, `generalizes`, `exists`.
    pub op: &'f str,
    pub value: &'f str,
}

/// How much of a system is here (CodeSystem.content).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Complete,
    /// A code that is not here may still be one of the system.
    Part,
}

/// A code system in one version.
pub trait System: Send + Sync {
    fn url(&self) -> &str;
    fn version(&self) -> Option<&str>;
    fn name(&self) -> Option<&str>;
    fn content(&self) -> Content;
    fn case_sensitive(&self) -> bool;
    /// How many concepts there are.
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The concept of a code.
    fn find(&self, code: &str) -> Option<Concept>;
    fn code(&self, concept: Concept) -> Cow<'_, str>;
    /// Its preferred display, in a language (BCP 47) if there is one.
    fn display(&self, concept: Concept, language: Option<&str>) -> Option<Cow<'_, str>>;
    fn definition(&self, concept: Concept) -> Option<Cow<'_, str>>;
    fn designations(&self, concept: Concept) -> Vec<Designation<'_>>;
    /// All but parents and children, by code.
    fn properties(&self, concept: Concept) -> Vec<(Cow<'_, str>, Meaning<'_>)>;
    fn is_active(&self, concept: Concept) -> bool;
    /// Not to be chosen, only to group others.
    fn is_abstract(&self, concept: Concept) -> bool;
    fn parents(&self, concept: Concept) -> Vec<Concept>;
    fn children(&self, concept: Concept) -> Vec<Concept>;
    /// Whether `above` is `below` or an ancestor of it.
    fn subsumes(&self, above: Concept, below: Concept) -> bool;

    /// All concepts, in the order in which the system gives them, if it has one.
    fn all(&self) -> Vec<Concept>;
    /// The concepts that meet a condition, in order. Refused when the system has no such property or operator.
    fn filter(&self, filter: Filter<'_>) -> Result<Vec<Concept>, Refusal>;
    /// Whether one concept meets a condition, without making the set.
    fn meets(&self, concept: Concept, filter: Filter<'_>) -> Result<bool, Refusal> {
        Ok(self.filter(filter)?.contains(&concept))
    }
    /// The concepts whose designations have words that begin with every word of the text, the best first: for
    /// choosing while typing.
    fn search(&self, text: &str, limit: usize) -> Vec<Concept>;
}

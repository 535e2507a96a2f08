//! SNOMED CT Expression Constraint Language 2.2, without filters, concrete values and history: which concepts an
//! expression names.

mod evaluate;
mod parse;

use crate::index::Index;
use crate::system::Concept;
use fhir::Refusal;

/// Brackets in brackets, at most.
const DEPTH_MAX: usize = 32;
/// Bytes of an expression, at most.
const LENGTH_MAX: usize = 16_384;

/// The concepts of an expression, in order. What is not understood is refused.
pub(crate) fn evaluate(index: &Index, text: &str) -> Result<Vec<Concept>, Refusal> {
    let expression = parse::parse(text)?;
    Ok(evaluate::set(index, &expression))
}

/// Which concepts are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    Any,
    Code(String),
    Step(Step, Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Minus(Box<Expression>, Box<Expression>),
    Refined(Box<Expression>, Box<Refinement>),
    /// The values that concepts have for an attribute.
    Dotted(Box<Expression>, Box<Expression>),
}

/// From a set of concepts to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Below,
    BelowOrSelf,
    Above,
    AboveOrSelf,
    Child,
    ChildOrSelf,
    Parent,
    ParentOrSelf,
    Members,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Refinement {
    All(Vec<Refinement>),
    Some(Vec<Refinement>),
    /// What one group of relationships must have, in so many groups.
    Group(Count, Box<Refinement>),
    Attribute(Box<Attribute>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    count: Count,
    reverse: bool,
    kind: Expression,
    /// Whether the value is to be another.
    not: bool,
    value: Expression,
}

/// How often: at least, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count(usize, usize);

const ONCE: Count = Count(1, usize::MAX);

//! FHIRPath (normative 2.0): parser, compiler against the tables, evaluator over the tape.
//!
//! All functions of the standard are here but `elementDefinition()`, and those that FHIR adds, with those of the
//! next version that are settled ([`Expression::parse`] says which is missing). What lies outside a resource
//! (other resources, terminology, profiles, the clock) comes through a [`Context`]; without one, `resolve()` gives
//! the contained resource or one of which only the type is known, read from the reference.

mod arithmetic;
mod ast;
mod check;
mod compile;
mod context;
mod distinct;
mod eval;
mod functions;
mod lex;
mod moment;
mod narrative;
mod number;
mod operators;
mod parse;
pub(crate) mod paths;
mod quantity;
mod scalar;
mod specifier;

use crate::definitions::{TypeDef, type_def};
use crate::json::Value;
use std::fmt;

pub use context::{Arena, Code, Context, Listener, Outside, RESOLVED_MAX, Target};
pub use number::Number;
pub use scalar::Scalar;

/// How deep parts of an expression may stand in one another.
pub const DEPTH_MAX: usize = 64;
/// Steps of one evaluation.
pub const STEPS_MAX: u32 = 1_000_000;
/// Bytes of a text that an evaluation may make.
pub const TEXT_MAX: usize = 1 << 20;

/// Why a text is no expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the text.
    pub at: usize,
    /// What is wrong, as a sentence without a full stop.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at + 1, self.reason)
    }
}

impl std::error::Error for ParseError {}

/// Why an evaluation came to no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, as a sentence.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

/// One item of a result.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A part of the resource.
    Node(Node<'a>),
    /// Something computed.
    Computed(Scalar),
}

/// A part of a resource with its type.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// Its FHIR type.
    pub kind: &'static TypeDef,
    /// Where it stands. Nothing for a primitive that has extensions only, and for a resource that is known by
    /// its type only.
    pub value: Option<Value<'a>>,
    /// The id and extensions of a primitive (`_birthDate`).
    pub extras: Option<Value<'a>>,
}

impl<'a> Node<'a> {
    /// A resource, by its `resourceType`.
    pub fn resource(value: Value<'a>) -> Option<Node<'a>> {
        let kind = type_def(&value.str("resourceType")?)?;
        Some(Node { kind, value: Some(value), extras: None })
    }
}

/// A parsed expression, ready to be evaluated any number of times.
#[derive(Clone, Debug)]
pub struct Expression {
    root: ast::Node,
    gives: Option<&'static TypeDef>,
}

/// What is known of an expression before it is parsed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting<'t> {
    /// The type of the items that it will stand on, if they are all of one.
    pub kind: Option<&'static TypeDef>,
    /// Names of the constants that it may use (`%name`); their values come with the [`Context`].
    pub constants: &'t [&'t str],
    /// Constants that stand for one value, always the same: as if it were written in their place.
    pub values: &'t [(&'t str, Scalar)],
}

impl Expression {
    /// Parses an expression that may stand on any resource.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        Expression::compile(text, Setting::default())
    }

    /// Parses an expression that will stand on items of this type only.
    pub fn parse_for(text: &str, kind: &'static TypeDef) -> Result<Expression, ParseError> {
        Expression::compile(text, Setting { kind: Some(kind), ..Setting::default() })
    }

    /// Parses an expression of which something is known.
    pub fn compile(text: &str, setting: Setting<'_>) -> Result<Expression, ParseError> {
        let mut root = parse::parse(text, setting)?;
        let gives = compile::resolve(&mut root, setting.kind);
        Ok(Expression { root, gives })
    }

    /// The type of what it gives, where all of it is known to be of one type of FHIR.
    pub fn gives(&self) -> Option<&'static TypeDef> {
        self.gives
    }

    /// Evaluates it on a resource.
    pub fn evaluate<'a>(&self, resource: Value<'a>) -> Result<Vec<Item<'a>>, Fault> {
        let name = resource.str("resourceType").unwrap_or_default();
        // Most expressions begin with the type that they are evaluated on, so that it need not be looked for.
        let kind = self.root.beginning().filter(|def| def.name == name).or_else(|| type_def(&name));
        let Some(kind) = kind else {
            return Err(Fault { reason: "The value is no resource: its resourceType is not known.".into() });
        };
        let node = Node { kind, value: Some(resource), extras: None };
        self.evaluate_on(Item::Node(node), node)
    }

    /// Evaluates it on an item of a resource.
    pub fn evaluate_on<'a>(&self, item: Item<'a>, resource: Node<'a>) -> Result<Vec<Item<'a>>, Fault> {
        self.evaluate_in(item, &Context::new(resource))
    }

    /// Evaluates it on an item with all that a context gives.
    pub fn evaluate_in<'a>(&self, item: Item<'a>, context: &Context<'a>) -> Result<Vec<Item<'a>>, Fault> {
        eval::evaluate(&self.root, item, context)
    }

    /// Whether it holds on an item, for an invariant or a filter: nothing when the result is empty, a boolean as
    /// it is, true for any other single item; a fault for more than one (FHIRPath 2.0, "Singleton Evaluation of
    /// Collections").
    pub fn holds_in<'a>(&self, item: Item<'a>, context: &Context<'a>) -> Result<Option<bool>, Fault> {
        eval::truth_of(&self.evaluate_in(item, context)?)
    }
}

#[cfg(test)]
mod tests;

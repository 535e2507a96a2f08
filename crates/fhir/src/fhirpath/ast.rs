//! A parsed expression.

use super::functions::Function;
use super::scalar::Scalar;
use crate::definitions::TypeDef;
use regex::Regex;

/// A part of an expression. Where there is nothing on the left of a name, `on` is [`Node::This`].
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// `'a'`, `1`, `@2024`, `4 'mg'`.
    Literal(Scalar),
    /// The regular expression that stands as a string in `matches()` or `replaceMatches()`.
    Pattern(Regex),
    /// `{}`
    Nothing,
    /// `$this`, and what a name at the beginning stands on.
    This,
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// `%resource` and the like.
    Variable(Variable),
    /// A type's name at the beginning: the focus, if it is of this type.
    Root(&'static TypeDef),
    /// `on.name`
    Member { on: Box<Node>, name: String, found: Option<Vec<Found>> },
    /// `on.function(arguments)`
    Call { on: Box<Node>, function: Function, arguments: Vec<Node> },
    /// `on is Type`
    Is { on: Box<Node>, of: TypeName },
    /// `on as Type`, `on.ofType(Type)`
    As { on: Box<Node>, of: TypeName },
    /// `on[at]`
    At { on: Box<Node>, at: Box<Node> },
    /// `-on`
    Minus(Box<Node>),
    /// `left operator right`
    Binary { operator: Operator, left: Box<Node>, right: Box<Node> },
}

impl Node {
    /// The type's name that the expression begins with.
    pub fn beginning(&self) -> Option<&'static TypeDef> {
        match self {
            Node::Root(def) => Some(def),
            Node::Member { on, .. } | Node::Call { on, .. } | Node::Is { on, .. } | Node::As { on, .. } => {
                on.beginning()
            }
            _ => None,
        }
    }
}

/// A name in JSON that a member's name stands for, and the type behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub name: &'static str,
    pub kind: &'static TypeDef,
}

/// What `%name` can be.
#[derive(Clone, Debug)]
pub(super) enum Variable {
    /// `%resource`: the resource that is looked at.
    Resource,
    /// `%rootResource`: the one that contains it.
    Root,
    /// `%context`: what the whole expression is evaluated on.
    Context,
    /// `%sct` and the other constants.
    Constant(&'static str),
    /// `%vs-name` and `%ext-name`.
    Url(String),
    /// A constant that the caller gives, or what `defineVariable` defines.
    Named(String),
}

/// A type in an `is` or `as`.
#[derive(Clone, Copy, Debug)]
pub(super) enum TypeName {
    /// A type of FHIR.
    Fhir(&'static TypeDef),
    /// A type of FHIRPath itself.
    System(&'static str),
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(super) enum Operator {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Plus,
    Subtract,
    Concatenate,
    Times,
    Over,
    Div,
    Mod,
}

//! Functions: which there are, and what they do.

mod collections;
mod resources;
mod strings;

use super::ast::Node;
use super::eval::{Evaluation, Items, Outcome, Scope};
pub(super) use resources::target_type;

/// The functions that are supported. `is`, `as` and `ofType` are syntax, see the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are FHIRPath's")]
pub(super) enum Function {
    All,
    AllTrue,
    AllFalse,
    AnyTrue,
    AnyFalse,
    Children,
    Combine,
    Contains,
    Count,
    Descendants,
    Distinct,
    Empty,
    EndsWith,
    Exclude,
    Exists,
    Extension,
    First,
    GetValue,
    HasValue,
    Iif,
    IndexOf,
    Intersect,
    IsDistinct,
    Last,
    Length,
    Lower,
    Not,
    Repeat,
    Replace,
    Resolve,
    Select,
    Single,
    Skip,
    StartsWith,
    SubsetOf,
    Substring,
    SupersetOf,
    Tail,
    Take,
    ToChars,
    ToString,
    Trace,
    Union,
    Upper,
    Where,
}

/// A function with how many arguments it takes.
pub(super) struct Signature {
    pub function: Function,
    pub least: usize,
    pub most: usize,
}

/// The function called `name`.
pub(super) fn signature(name: &str) -> Option<Signature> {
    use Function::*;
    let (function, least, most) = match name {
        "all" => (All, 1, 1),
        "allTrue" => (AllTrue, 0, 0),
        "allFalse" => (AllFalse, 0, 0),
        "anyTrue" => (AnyTrue, 0, 0),
        "anyFalse" => (AnyFalse, 0, 0),
        "children" => (Children, 0, 0),
        "combine" => (Combine, 1, 1),
        "contains" => (Contains, 1, 1),
        "count" => (Count, 0, 0),
        "descendants" => (Descendants, 0, 0),
        "distinct" => (Distinct, 0, 0),
        "empty" => (Empty, 0, 0),
        "endsWith" => (EndsWith, 1, 1),
        "exclude" => (Exclude, 1, 1),
        "exists" => (Exists, 0, 1),
        "extension" => (Extension, 1, 1),
        "first" => (First, 0, 0),
        "getValue" => (GetValue, 0, 0),
        "hasValue" => (HasValue, 0, 0),
        "iif" => (Iif, 2, 3),
        "indexOf" => (IndexOf, 1, 1),
        "intersect" => (Intersect, 1, 1),
        "isDistinct" => (IsDistinct, 0, 0),
        "last" => (Last, 0, 0),
        "length" => (Length, 0, 0),
        "lower" => (Lower, 0, 0),
        "not" => (Not, 0, 0),
        "repeat" => (Repeat, 1, 1),
        "replace" => (Replace, 2, 2),
        "resolve" => (Resolve, 0, 0),
        "select" => (Select, 1, 1),
        "single" => (Single, 0, 0),
        "skip" => (Skip, 1, 1),
        "startsWith" => (StartsWith, 1, 1),
        "subsetOf" => (SubsetOf, 1, 1),
        "substring" => (Substring, 1, 2),
        "supersetOf" => (SupersetOf, 1, 1),
        "tail" => (Tail, 0, 0),
        "take" => (Take, 1, 1),
        "toChars" => (ToChars, 0, 0),
        "toString" => (ToString, 0, 0),
        "trace" => (Trace, 1, 2),
        "union" => (Union, 1, 1),
        "upper" => (Upper, 0, 0),
        "where" => (Where, 1, 1),
        _ => return None,
    };
    Some(Signature { function, least, most })
}

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn call(
        &mut self,
        on: &Node,
        function: Function,
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        if function == Iif {
            return self.iif(on, arguments, scope);
        }
        let items = self.focus(on, scope)?;
        self.spend(items.len())?;
        match function {
            Children | Descendants | Extension | GetValue | HasValue | Resolve => {
                self.of_resources(function, &items, arguments, scope)
            }
            Contains | EndsWith | IndexOf | Length | Lower | Replace | StartsWith | Substring | ToChars
            | ToString | Upper => self.of_strings(function, &items, arguments, scope),
            _ => self.of_collections(function, items.into_owned(), arguments, scope),
        }
    }
}

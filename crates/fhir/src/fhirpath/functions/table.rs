//! The table of functions.

/// The functions that are supported. `is`, `as` and `ofType` are syntax, see the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are FHIRPath's")]
pub(in crate::fhirpath) enum Function {
    Abs,
    Aggregate,
    All,
    AllFalse,
    AllTrue,
    AnyFalse,
    AnyTrue,
    Ceiling,
    CheckModifiers,
    Children,
    Coalesce,
    Combine,
    Comparable,
    ConformsTo,
    Contains,
    ConvertsTo(&'static str),
    Count,
    Decode,
    DefineVariable,
    Descendants,
    Distinct,
    Empty,
    Encode,
    EndsWith,
    Escape,
    Exclude,
    Exists,
    Exp,
    Extension,
    First,
    Floor,
    GetReferenceKey,
    GetResourceKey,
    GetValue,
    HasValue,
    HighBoundary,
    HtmlChecks,
    Iif,
    IndexOf,
    Intersect,
    IsDistinct,
    Join,
    Last,
    LastIndexOf,
    Length,
    Ln,
    Log,
    LowBoundary,
    Lower,
    Matches,
    MatchesFull,
    MemberOf,
    Not,
    Now,
    Power,
    Precision,
    Repeat,
    Replace,
    ReplaceMatches,
    Resolve,
    Round,
    Select,
    Single,
    Skip,
    Slice,
    Sort,
    Split,
    Sqrt,
    StartsWith,
    SubsetOf,
    Substring,
    SubsumedBy,
    Subsumes,
    SupersetOf,
    Tail,
    Take,
    TimeOfDay,
    To(&'static str),
    ToChars,
    Today,
    Trace,
    Trim,
    Truncate,
    Type,
    Unescape,
    Union,
    Upper,
    Where,
}

/// A function with how many arguments it takes.
pub(in crate::fhirpath) struct Signature {
    pub function: Function,
    pub least: usize,
    pub most: usize,
}

/// What a function stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhirpath) enum On {
    /// Anything.
    Any,
    /// Anything, in an order that is known.
    Ordered,
    /// A string.
    Text,
    /// A number or a quantity.
    Number,
}

/// The type of what a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhirpath) enum Gives {
    /// Items that it stands on.
    Same,
    /// What its argument of this number gives.
    Argument(usize),
    /// A type of FHIRPath.
    System(&'static str),
    /// An element of this FHIR type.
    Fhir(&'static str),
    /// Nothing that can be said before.
    Unknown,
}

/// The function called `name`.
pub(in crate::fhirpath) fn signature(name: &str) -> Option<Signature> {
    let row = TABLE.iter().find(|(n, ..)| *n == name)?;
    let (_, function, least, most, ..) = *row;
    Some(Signature { function, least, most })
}

/// The name of `function`, what it stands on and what it gives.
pub(in crate::fhirpath) fn signature_of(function: Function) -> (&'static str, On, Gives) {
    let row = TABLE.iter().find(|(_, f, ..)| *f == function);
    row.map_or(("", On::Any, Gives::Unknown), |(name, _, _, _, on, gives)| (name, *on, *gives))
}

/// As many arguments as one likes.
const ANY_NUMBER: usize = 64;
const BOOLEAN: Gives = Gives::System("Boolean");
const INTEGER: Gives = Gives::System("Integer");
const DECIMAL: Gives = Gives::System("Decimal");
const STRING: Gives = Gives::System("String");

type Row = (&'static str, Function, usize, usize, On, Gives);

#[rustfmt::skip]
const TABLE: &[Row] = {
    use Function::*;
    use On::{Any, Number, Ordered, Text};
    use Gives::{Argument, Fhir, Same, System, Unknown};
    &[
        ("abs", Abs, 0, 0, Number, Same),
        ("aggregate", Aggregate, 1, 2, Any, Unknown),
        ("all", All, 1, 1, Any, BOOLEAN),
        ("allFalse", AllFalse, 0, 0, Any, BOOLEAN),
        ("allTrue", AllTrue, 0, 0, Any, BOOLEAN),
        ("anyFalse", AnyFalse, 0, 0, Any, BOOLEAN),
        ("anyTrue", AnyTrue, 0, 0, Any, BOOLEAN),
        ("ceiling", Ceiling, 0, 0, Number, INTEGER),
        ("checkModifiers", CheckModifiers, 1, ANY_NUMBER, Any, Same),
        ("children", Children, 0, 0, Any, Unknown),
        ("coalesce", Coalesce, 1, ANY_NUMBER, Any, Unknown),
        ("combine", Combine, 1, 1, Any, Unknown),
        ("comparable", Comparable, 1, 1, Any, BOOLEAN),
        ("conformsTo", ConformsTo, 1, 1, Any, BOOLEAN),
        ("contains", Contains, 1, 1, Text, BOOLEAN),
        ("convertsToBoolean", ConvertsTo("Boolean"), 0, 0, Any, BOOLEAN),
        ("convertsToDate", ConvertsTo("Date"), 0, 0, Any, BOOLEAN),
        ("convertsToDateTime", ConvertsTo("DateTime"), 0, 0, Any, BOOLEAN),
        ("convertsToDecimal", ConvertsTo("Decimal"), 0, 0, Any, BOOLEAN),
        ("convertsToInteger", ConvertsTo("Integer"), 0, 0, Any, BOOLEAN),
        ("convertsToQuantity", ConvertsTo("Quantity"), 0, 1, Any, BOOLEAN),
        ("convertsToString", ConvertsTo("String"), 0, 0, Any, BOOLEAN),
        ("convertsToTime", ConvertsTo("Time"), 0, 0, Any, BOOLEAN),
        ("count", Count, 0, 0, Any, INTEGER),
        ("decode", Decode, 1, 1, Text, STRING),
        ("defineVariable", DefineVariable, 1, 2, Any, Same),
        ("descendants", Descendants, 0, 0, Any, Unknown),
        ("distinct", Distinct, 0, 0, Any, Same),
        ("empty", Empty, 0, 0, Any, BOOLEAN),
        ("encode", Encode, 1, 1, Text, STRING),
        ("endsWith", EndsWith, 1, 1, Text, BOOLEAN),
        ("escape", Escape, 1, 1, Text, STRING),
        ("exclude", Exclude, 1, 1, Any, Same),
        ("exists", Exists, 0, 1, Any, BOOLEAN),
        ("exp", Exp, 0, 0, Number, DECIMAL),
        ("extension", Extension, 1, 1, Any, Fhir("Extension")),
        ("first", First, 0, 0, Ordered, Same),
        ("floor", Floor, 0, 0, Number, INTEGER),
        ("getReferenceKey", GetReferenceKey, 0, 1, Any, STRING),
        ("getResourceKey", GetResourceKey, 0, 0, Any, STRING),
        ("getValue", GetValue, 0, 0, Any, Unknown),
        ("hasValue", HasValue, 0, 0, Any, BOOLEAN),
        ("highBoundary", HighBoundary, 0, 1, Any, Same),
        ("htmlChecks", HtmlChecks, 0, 0, Any, BOOLEAN),
        ("iif", Iif, 2, 3, Any, Argument(1)),
        ("indexOf", IndexOf, 1, 1, Text, INTEGER),
        ("intersect", Intersect, 1, 1, Any, Same),
        ("isDistinct", IsDistinct, 0, 0, Any, BOOLEAN),
        ("join", Join, 0, 1, Text, STRING),
        ("last", Last, 0, 0, Ordered, Same),
        ("lastIndexOf", LastIndexOf, 1, 1, Text, INTEGER),
        ("length", Length, 0, 0, Text, INTEGER),
        ("ln", Ln, 0, 0, Number, DECIMAL),
        ("log", Log, 1, 1, Number, DECIMAL),
        ("lowBoundary", LowBoundary, 0, 1, Any, Same),
        ("lower", Lower, 0, 0, Text, STRING),
        ("matches", Matches, 1, 2, Text, BOOLEAN),
        ("matchesFull", MatchesFull, 1, 2, Text, BOOLEAN),
        ("memberOf", MemberOf, 1, 1, Any, BOOLEAN),
        ("not", Not, 0, 0, Any, BOOLEAN),
        ("now", Now, 0, 0, Any, System("DateTime")),
        ("power", Power, 1, 1, Number, Unknown),
        ("precision", Precision, 0, 0, Any, INTEGER),
        ("repeat", Repeat, 1, 1, Any, Unknown),
        ("replace", Replace, 2, 2, Text, STRING),
        ("replaceMatches", ReplaceMatches, 2, 3, Text, STRING),
        ("resolve", Resolve, 0, 0, Any, Unknown),
        ("round", Round, 0, 1, Number, DECIMAL),
        ("select", Select, 1, 1, Any, Argument(0)),
        ("single", Single, 0, 0, Any, Same),
        ("skip", Skip, 1, 1, Ordered, Same),
        ("slice", Slice, 2, 2, Any, Same),
        ("sort", Sort, 0, ANY_NUMBER, Any, Same),
        ("split", Split, 1, 1, Text, STRING),
        ("sqrt", Sqrt, 0, 0, Number, DECIMAL),
        ("startsWith", StartsWith, 1, 1, Text, BOOLEAN),
        ("subsetOf", SubsetOf, 1, 1, Any, BOOLEAN),
        ("substring", Substring, 1, 2, Text, STRING),
        ("subsumedBy", SubsumedBy, 1, 1, Any, BOOLEAN),
        ("subsumes", Subsumes, 1, 1, Any, BOOLEAN),
        ("supersetOf", SupersetOf, 1, 1, Any, BOOLEAN),
        ("tail", Tail, 0, 0, Ordered, Same),
        ("take", Take, 1, 1, Ordered, Same),
        ("timeOfDay", TimeOfDay, 0, 0, Any, System("Time")),
        ("toBoolean", To("Boolean"), 0, 0, Any, BOOLEAN),
        ("toChars", ToChars, 0, 0, Text, STRING),
        ("toDate", To("Date"), 0, 0, Any, System("Date")),
        ("toDateTime", To("DateTime"), 0, 0, Any, System("DateTime")),
        ("toDecimal", To("Decimal"), 0, 0, Any, DECIMAL),
        ("toInteger", To("Integer"), 0, 0, Any, INTEGER),
        ("toQuantity", To("Quantity"), 0, 1, Any, System("Quantity")),
        ("toString", To("String"), 0, 0, Any, STRING),
        ("toTime", To("Time"), 0, 0, Any, System("Time")),
        ("today", Today, 0, 0, Any, System("Date")),
        ("trace", Trace, 1, 2, Any, Same),
        ("trim", Trim, 0, 0, Text, STRING),
        ("truncate", Truncate, 0, 0, Number, INTEGER),
        ("type", Type, 0, 0, Any, System("SimpleTypeInfo")),
        ("unescape", Unescape, 1, 1, Text, STRING),
        ("union", Union, 1, 1, Any, Unknown),
        ("upper", Upper, 0, 0, Text, STRING),
        ("where", Where, 1, 1, Any, Same),
    ]
};

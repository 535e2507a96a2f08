//! What went wrong, in a form that every door can say: kinds, issues, refusals, OperationOutcome.

use crate::tree::Tree;
use std::fmt;

/// Kinds of refusal. One table in each door maps them to its own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input breaks a rule; `code` of the issue says which sort.
    Invalid,
    /// It does not exist, or the caller may not know that it does.
    NotFound,
    /// It clashes with what is there: a version, a claim, a duplicate.
    Conflict,
    /// The caller is known and may not do this.
    Forbidden,
    /// The caller is not known.
    Unauthenticated,
    /// It was there and has been deleted.
    Gone,
    /// Too much at once, or away for now; try again.
    Busy,
    /// We do not do this.
    Unsupported,
    /// A precondition (`If-Match`, conditional criteria) did not hold.
    Precondition,
    /// Larger or deeper than the limit.
    TooLarge,
    /// Whether it was done is not known. Sent again with the same request id it is done once.
    Unknown,
    /// Our own fault. Details are in the log only.
    Fault,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// FHIR issue-type code, e.g. `structure`, `required`, `value`, `code-invalid`, `not-found`.
    pub code: &'static str,
    /// A sentence for a person that says what to do.
    pub text: String,
    /// FHIRPath of the element, or the name of the parameter; empty when it is the whole.
    pub at: String,
    /// True for a warning that did not stop the act.
    pub warning: bool,
}

impl Issue {
    /// An error at a place.
    pub fn new(code: &'static str, at: impl Into<String>, text: impl Into<String>) -> Issue {
        Issue { code, text: text.into(), at: at.into(), warning: false }
    }

    /// The FHIR issue-severity code: a warning that is `informational` is no more than information.
    pub fn severity(&self) -> &'static str {
        match (self.warning, self.code) {
            (false, _) => "error",
            (true, "informational") => "information",
            (true, _) => "warning",
        }
    }
}

/// An expected "no": every reason at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub kind: Kind,
    /// The reasons, at least one.
    pub issues: Vec<Issue>,
}

impl Refusal {
    /// A refusal for one reason.
    pub fn new(kind: Kind, text: impl Into<String>) -> Refusal {
        Refusal { kind, issues: vec![Issue::new(kind.issue_code(), "", text)] }
    }

    /// A refusal for many.
    pub fn many(kind: Kind, issues: Vec<Issue>) -> Refusal {
        Refusal { kind, issues }
    }

    /// Invalid input at a place.
    pub fn invalid(at: impl Into<String>, text: impl Into<String>) -> Refusal {
        Refusal { kind: Kind::Invalid, issues: vec![Issue::new("invalid", at, text)] }
    }

    /// The answer for anything that is absent or hidden, always in the same words.
    pub fn not_found(what: &str) -> Refusal {
        Refusal::new(Kind::NotFound, format!("{what} is not known here. Check the type and the id."))
    }

    /// As an OperationOutcome.
    pub fn outcome(&self) -> Tree {
        outcome(&self.issues)
    }
}

impl Kind {
    /// The FHIR issue-type code that says this kind best.
    pub fn issue_code(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::NotFound => "not-found",
            Kind::Conflict => "conflict",
            Kind::Forbidden => "forbidden",
            Kind::Unauthenticated => "login",
            Kind::Gone => "deleted",
            Kind::Busy => "throttled",
            Kind::Unsupported => "not-supported",
            Kind::Precondition => "conflict",
            Kind::TooLarge => "too-long",
            Kind::Unknown => "transient",
            Kind::Fault => "exception",
        }
    }
}

/// The codes of R4's value set `issue-type`.
const CODES: &[&str] = &[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

/// The FHIR issue-type code that a text is, if it is one.
pub fn issue_code(text: &str) -> Option<&'static str> {
    CODES.iter().copied().find(|code| *code == text)
}

/// An OperationOutcome of these issues.
pub fn outcome(issues: &[Issue]) -> Tree {
    let list = issues.iter().map(|issue| {
        let mut tree = Tree::object()
            .with("severity", issue.severity())
            .with("code", issue.code)
            .with("diagnostics", issue.text.as_str());
        if !issue.at.is_empty() {
            tree.set("expression", vec![Tree::from(issue.at.as_str())]);
        }
        tree
    });
    Tree::resource("OperationOutcome").with("issue", list.collect::<Vec<_>>())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.issues.iter().enumerate() {
            let gap = if i > 0 { " " } else { "" };
            if issue.at.is_empty() {
                write!(f, "{gap}{}", issue.text)?;
            } else {
                write!(f, "{gap}{}: {}", issue.at, issue.text)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

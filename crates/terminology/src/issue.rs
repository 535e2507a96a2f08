//! What is wrong with a code or a request, in the words and codes that terminology clients know: OperationOutcome
//! issues with a type of <http://hl7.org/fhir/tools/CodeSystem/tx-issue-type> and the name of the message.

use fhir::outcome::Kind;
use fhir::{Refusal, Tree};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Information,
}

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    /// A FHIR issue-type code.
    pub code: &'static str,
    /// A code of tx-issue-type, if one fits.
    pub kind: Option<&'static str>,
    /// The name of the message among terminology services.
    pub message: &'static str,
    pub text: String,
    /// FHIRPath of what it is about, or the name of the parameter; empty when it is the whole.
    pub at: String,
    /// Whether it belongs into the message of the answer, too.
    pub told: bool,
}

impl Issue {
    /// An error about no place in particular.
    pub fn error(code: &'static str, kind: &'static str, message: &'static str, text: String) -> Issue {
        let kind = Some(kind);
        Issue { severity: Severity::Error, code, kind, message, text, at: String::new(), told: true }
    }

    /// The same, about a place.
    pub fn at(mut self, at: impl Into<String>) -> Issue {
        self.at = at.into();
        self
    }

    /// The same, as a warning.
    pub fn warning(mut self) -> Issue {
        self.severity = Severity::Warning;
        self
    }

    /// The same, as information.
    pub fn information(mut self) -> Issue {
        self.severity = Severity::Information;
        self
    }

    /// The same, not in the message of the answer.
    pub fn quiet(mut self) -> Issue {
        self.told = false;
        self
    }

    fn tree(&self) -> Tree {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        };
        let coding = self.kind.map(|kind| {
            let system = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type";
            vec![Tree::object().with("system", system).with("code", kind)]
        });
        let details = Tree::object().maybe("coding", coding).with("text", self.text.as_str());
        let mut tree = Tree::object();
        if !self.message.is_empty() {
            let url = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id";
            let name = Tree::object().with("url", url).with("valueString", self.message);
            tree.set("extension", vec![name]);
        }
        let tree = tree.with("severity", severity).with("code", self.code).with("details", details);
        tree.maybe("expression", (!self.at.is_empty()).then(|| vec![Tree::from(self.at.as_str())]))
    }
}

/// An OperationOutcome of these.
pub fn outcome(issues: &[Issue]) -> Tree {
    Tree::resource("OperationOutcome").with("issue", issues.iter().map(Issue::tree).collect::<Vec<_>>())
}

/// An operation that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub kind: Kind,
    pub issues: Vec<Issue>,
}

impl Refused {
    /// For one reason.
    pub fn new(kind: Kind, issue: Issue) -> Refused {
        Refused { kind, issues: vec![issue] }
    }

    /// Because the request cannot be understood.
    pub fn invalid(at: &str, text: impl Into<String>) -> Refused {
        let issue = Issue { kind: None, ..Issue::error("invalid", "", "", text.into()) };
        Refused::new(Kind::Invalid, issue.at(at))
    }

    /// Because it is not known here.
    pub fn not_found(at: &str, text: impl Into<String>) -> Refused {
        Refused::new(Kind::NotFound, Issue::error("not-found", "not-found", "", text.into()).at(at))
    }

    /// Because we do not do this.
    pub fn unsupported(text: impl Into<String>) -> Refused {
        let issue = Issue { kind: None, ..Issue::error("not-supported", "", "", text.into()) };
        Refused::new(Kind::Unsupported, issue)
    }

    /// As an OperationOutcome.
    pub fn outcome(&self) -> Tree {
        outcome(&self.issues)
    }

    /// All reasons as one text.
    pub fn text(&self) -> String {
        self.issues.iter().map(|issue| issue.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        let issues = refusal.issues.into_iter().map(|issue| Issue {
            severity: if issue.warning { Severity::Warning } else { Severity::Error },
            code: issue.code,
            kind: None,
            message: "",
            text: issue.text,
            at: issue.at,
            told: true,
        });
        Refused { kind: refusal.kind, issues: issues.collect() }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        let issues = refused.issues.into_iter().map(|issue| fhir::outcome::Issue {
            code: issue.code,
            text: issue.text,
            at: issue.at,
            warning: issue.severity != Severity::Error,
        });
        Refusal::many(refused.kind, issues.collect())
    }
}

//! The Parameters that a validation answers with.

use super::asked::{Asked, Form};
use super::judge::Verdict;
use crate::issue::{Issue, Severity, outcome};
use crate::set::Set;
use fhir::Tree;

/// What to say.
pub(super) struct Answer<'a> {
    asked: &'a Asked<'a>,
    verdicts: Vec<Verdict>,
    /// The place of the code that the answer is about.
    about: Option<usize>,
    result: bool,
    issues: Vec<Issue>,
}

impl<'a> Answer<'a> {
    pub fn new(
        asked: &'a Asked<'a>,
        verdicts: Vec<Verdict>,
        found: Option<usize>,
        set: Option<&Set>,
    ) -> Answer<'a> {
        let mut issues: Vec<Issue> = Vec::new();
        if let (Form::Concept, None, Some(set)) = (asked.form, found, set) {
            let text = format!("No valid coding was found for the value set '{}'", set.label());
            issues.push(Issue::error("code-invalid", "not-in-vs", "TX_GENERAL_CC_ERROR_MESSAGE", text));
        }
        issues.extend(verdicts.iter().flat_map(|verdict| verdict.issues.iter().cloned()));
        let fine = issues.iter().all(|issue| issue.severity != Severity::Error);
        let about = match asked.form {
            Form::Concept => found,
            _ => Some(0),
        };
        Answer { asked, verdicts, about, result: fine && found.is_some(), issues }
    }

    /// When nothing could be found out about the code.
    pub fn unknown(asked: &'a Asked<'a>, issues: Vec<Issue>) -> Answer<'a> {
        Answer { asked, verdicts: Vec::new(), about: None, result: false, issues }
    }

    pub fn tree(&self) -> Tree {
        let mut parts: Vec<Tree> = Vec::new();
        let mut add = |name: &str, kind: &str, value: Tree| {
            parts.push(Tree::object().with("name", name).with(kind, value));
        };
        add("result", "valueBoolean", Tree::from(self.result));
        if let Some(about) = self.about {
            let coded = &self.asked.codings[about];
            let verdict = &self.verdicts[about];
            add("code", "valueCode", Tree::from(coded.code.as_str()));
            let text = |value: &Option<String>| value.as_deref().map(Tree::from);
            for (name, kind, value) in [
                ("system", "valueUri", text(&verdict.system)),
                ("version", "valueString", text(&verdict.version)),
                ("display", "valueString", text(&verdict.display)),
                ("inactive", "valueBoolean", verdict.inactive.then_some(Tree::Bool(true))),
                ("status", "valueCode", text(&verdict.status)),
            ] {
                value.into_iter().for_each(|value| add(name, kind, value));
            }
        }
        if let Some(concept) = self.asked.concept {
            add("codeableConcept", "valueCodeableConcept", Tree::from(concept));
        }
        for unknown in self.verdicts.iter().filter_map(|verdict| verdict.unknown_system.as_deref()) {
            add("x-unknown-system", "valueCanonical", Tree::from(unknown));
        }
        if !self.issues.is_empty() {
            let mut told: Vec<&str> =
                self.issues.iter().filter(|issue| issue.told).map(|issue| issue.text.as_str()).collect();
            told.sort_unstable();
            if !told.is_empty() {
                add("message", "valueString", Tree::from(told.join("; ")));
            }
            add("issues", "resource", outcome(&self.issues));
        }
        Tree::resource("Parameters").with("parameter", parts)
    }
}

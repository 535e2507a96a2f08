//! Problems and diagnoses.

use super::Resource;
use super::element::{Reference, codes, concept, notes, reference, when};
use html::When;

/// One problem.
#[derive(Clone, Debug)]
pub struct ProblemEntry {
    /// What it is.
    pub what: String,
    /// `Active`, `Resolved` ...
    pub status: String,
    /// True while it is one.
    pub active: bool,
    /// True when it was entered in error or refuted.
    pub withdrawn: bool,
    /// `Provisional`, unless it is confirmed.
    pub verification: Option<String>,
    /// `Severe`.
    pub severity: Option<String>,
    /// Since when.
    pub since: Option<When>,
    /// Until when.
    pub until: Option<When>,
    /// When it was recorded.
    pub recorded: Option<When>,
    /// By whom.
    pub recorder: Option<Reference>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Its page.
    pub href: String,
}

impl ProblemEntry {
    /// Reads a Condition.
    pub fn of(resource: &Resource, patient: &str) -> ProblemEntry {
        let value = resource.value();
        let code = |name: &str| codes(value.get(name)).into_iter().next().map(|(_, code)| code);
        let verification = code("verificationStatus");
        let until = when(value, "abatement");
        let clinical = code("clinicalStatus")
            .unwrap_or_else(|| if until.is_some() { "resolved".into() } else { "active".into() });
        ProblemEntry {
            what: concept(value.get("code")).unwrap_or_else(|| "Problem without a name".into()),
            active: matches!(clinical.as_str(), "active" | "recurrence" | "relapse"),
            status: super::words(&clinical),
            withdrawn: matches!(verification.as_deref(), Some("entered-in-error" | "refuted")),
            verification: verification.filter(|v| v != "confirmed").map(|v| super::words(&v)),
            severity: concept(value.get("severity")),
            since: when(value, "onset"),
            until,
            recorded: when(value, "recordedDate"),
            recorder: reference(value.get("recorder")).or_else(|| reference(value.get("asserter"))),
            notes: notes(value),
            href: resource.href(patient),
        }
    }
}

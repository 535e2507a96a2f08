//! What follows from a report where a resource is to be written.

use crate::Report;
use fhir::{Issue, Kind, Refusal};

/// What follows from errors against a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing is asked of profiles.
    #[default]
    Off,
    /// It is written, and the errors are told as warnings.
    Warn,
    /// It is refused.
    Refuse,
}

impl Policy {
    /// The policy of this name in the configuration: `off`, `warn`, `refuse`.
    pub fn named(name: &str) -> Option<Policy> {
        match name {
            "off" => Some(Policy::Off),
            "warn" => Some(Policy::Warn),
            "refuse" => Some(Policy::Refuse),
            _ => None,
        }
    }

    /// What is to be told of a resource that may be written, or why it may not.
    pub fn apply(self, report: Report) -> Result<Vec<Issue>, Refusal> {
        match self {
            Policy::Off => Ok(Vec::new()),
            Policy::Warn => {
                let warned = report.issues.into_iter().map(|issue| Issue { warning: true, ..issue });
                Ok(warned.collect())
            }
            Policy::Refuse if report.is_valid() => Ok(report.issues),
            Policy::Refuse => Err(Refusal::many(Kind::Invalid, report.issues)),
        }
    }
}

//! From a refusal to HTTP: the one table. Nothing else names the status of a refusal.

use fhir::Tree;
use record::{Issue, Kind, Refusal};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// Refused by what was asked, whichever door it came through.
    Refused(Refusal),
    /// The path knows other methods: these.
    Method(&'static str),
    /// What stands there is the audit trail, which nobody can change.
    ReadOnly,
    /// There is no such path or operation.
    Path(String),
    /// The answer cannot be had in the format that is wanted.
    Format(String),
    /// The body has a format or an encoding that is not taken.
    Media(String),
    /// The URL is longer than this.
    Long(usize),
    /// The body came too slowly.
    Slow,
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        No::Refused(refusal)
    }
}

/// Seconds after which to come again when the door is busy.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;

/// The status. FHIR R4 http.html: what cannot be read as FHIR is 400, what can be read and breaks a rule is
/// 422.
pub(crate) fn of(no: &No) -> u16 {
    match no {
        No::Refused(refusal) => match refusal.kind {
            Kind::Invalid if refusal.issues.iter().all(|issue| breaks_a_rule(issue.code)) => 422,
            Kind::Invalid => 400,
            Kind::Unauthenticated => 401,
            Kind::Forbidden => 403,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::Gone => 410,
            Kind::Precondition => 412,
            Kind::TooLarge => 413,
            // Not 501: the request is at fault, and 5xx is kept for what is our own.
            Kind::Unsupported => 400,
            Kind::Fault => 500,
            Kind::Busy | Kind::Unknown => 503,
        },
        No::Path(_) => 404,
        No::Method(_) | No::ReadOnly => 405,
        No::Format(_) => 406,
        No::Slow => 408,
        No::Long(_) => 414,
        No::Media(_) => 415,
    }
}

/// True when the reason is who asks, or how they came in.
pub(crate) fn is_stranger(no: &No) -> bool {
    matches!(no, No::Refused(refusal) if matches!(refusal.kind, Kind::Unauthenticated | Kind::Forbidden))
}

/// Issue codes of input that is sound FHIR in form and wrong in content.
fn breaks_a_rule(code: &str) -> bool {
    matches!(
        code,
        "required" | "value" | "code-invalid" | "invariant" | "extension" | "business-rule" | "duplicate"
    )
}

impl No {
    /// The OperationOutcome.
    pub(crate) fn outcome(&self) -> Tree {
        let one = |code, text: &str| fhir::outcome::outcome(&[Issue::new(code, "", text)]);
        match self {
            No::Refused(refusal) => refusal.outcome(),
            No::Method(allow) => {
                one("not-supported", &format!("The method is not possible here. Possible are: {allow}."))
            }
            No::ReadOnly => one("not-supported", crate::trail::READ_ONLY),
            No::Path(text) | No::Format(text) | No::Media(text) => one("not-supported", text),
            No::Long(most) => one(
                "too-long",
                &format!("The URL is longer than {most} bytes. Search by POST to _search, or ask for less."),
            ),
            No::Slow => one(
                "timeout",
                "The body came too slowly. Send it again over a faster line, or in smaller parts.",
            ),
        }
    }

    /// Headers that belong to the status.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            No::Method(allow) => vec![("allow", (*allow).to_owned())],
            No::ReadOnly => vec![("allow", "GET, HEAD".to_owned())],
            No::Refused(refusal) if refusal.kind == Kind::Unauthenticated => {
                vec![("www-authenticate", "Bearer realm=\"carespine\"".to_owned())]
            }
            No::Refused(refusal) if matches!(refusal.kind, Kind::Busy | Kind::Unknown) => {
                vec![("retry-after", RETRY_AFTER_SECONDS.to_string())]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_400_and_what_breaks_a_rule_is_422() {
        let refused = |codes: &[&'static str]| {
            let issues = codes.iter().map(|code| Issue::new(code, "", "")).collect();
            of(&No::Refused(Refusal::many(Kind::Invalid, issues)))
        };
        assert_eq!(refused(&["structure"]), 400);
        assert_eq!(refused(&["required", "structure"]), 400);
        assert_eq!(refused(&["required", "code-invalid"]), 422);
    }

    #[test]
    fn only_our_own_faults_and_being_busy_are_5xx() {
        for kind in [
            Kind::Invalid,
            Kind::NotFound,
            Kind::Conflict,
            Kind::Forbidden,
            Kind::Unauthenticated,
            Kind::Gone,
            Kind::Unsupported,
            Kind::Precondition,
            Kind::TooLarge,
        ] {
            let status = of(&No::Refused(Refusal::new(kind, "")));
            assert!((400..500).contains(&status), "{kind:?} is {status}");
        }
        assert_eq!(of(&No::Refused(Refusal::new(Kind::Fault, ""))), 500);
        assert_eq!(of(&No::Refused(Refusal::new(Kind::Busy, ""))), 503);
    }
}

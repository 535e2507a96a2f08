//! What must hold of a resource for a change of it: `If-Match` and `If-None-Match` (RFC 9110, 13.1).

use super::version_of;
use record::{Found, Kind, Refusal};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Expected {
    /// Nothing.
    #[default]
    Any,
    /// The current version is this one.
    Version(u64),
    /// There is a current version (`If-Match: *`).
    There,
    /// There is none (`If-None-Match: *`).
    NotThere,
}

impl Expected {
    /// Reads the two headers.
    pub fn of(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Expected, Refusal> {
        match (if_match.map(str::trim), if_none_match.map(str::trim)) {
            (None, None) => Ok(Expected::Any),
            (Some("*"), None) => Ok(Expected::There),
            (Some(tag), None) => version_of(tag).map(Expected::Version),
            (None, Some("*")) => Ok(Expected::NotThere),
            (None, Some(_)) => {
                let text = "A change takes If-None-Match only with *: create it if it is not there. To change a \
                            version that was read, send If-Match.";
                Err(Refusal::new(Kind::Unsupported, text))
            }
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "",
                "If-Match and If-None-Match contradict each other. Send one of them.",
            )),
        }
    }

    /// The version that the writer is to find, 0 for none, when this is what is there now; refused when it is not
    /// as expected.
    pub(super) fn seen(self, found: &Found) -> Result<Option<u64>, Refusal> {
        match (self, found) {
            (Expected::Any, _) => Ok(None),
            (Expected::Version(version), _) => Ok(Some(version)),
            (Expected::There, Found::Here(body)) => Ok(Some(body.version)),
            (Expected::There, _) => {
                Err(failed("If-Match: * changes only what is there, and there is nothing."))
            }
            (Expected::NotThere, Found::Here(_)) => {
                Err(failed("If-None-Match: * creates only what is not there. It is there: read it first."))
            }
            (Expected::NotThere, Found::Gone(body)) => Ok(Some(body.version)),
            (Expected::NotThere, Found::Absent) => Ok(Some(0)),
        }
    }

    /// True when it is told by the state that is read while planning and may be another when it is written.
    pub(super) fn is_of_state(self) -> bool {
        matches!(self, Expected::There | Expected::NotThere)
    }
}

fn failed(text: &str) -> Refusal {
    Refusal::new(Kind::Precondition, text)
}

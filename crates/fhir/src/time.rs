//! Instants: milliseconds since 1970 UTC, printed as FHIR `instant`.

use std::fmt;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment now, by the machine's clock. Only the record and doors ask; languages and rules are told.
    pub fn now() -> Instant {
        Instant(chrono::Utc::now().timestamp_millis())
    }

    /// Reads a FHIR `instant` or a `dateTime` with a time zone.
    pub fn parse(text: &str) -> Option<Instant> {
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|t| Instant(t.timestamp_millis()))
    }

    /// As a chrono time in UTC. Moments outside chrono's range become 1970.
    pub fn utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Instant {
    /// `2026-11-24T09:05:00.123Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

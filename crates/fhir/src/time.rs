//! Instants: milliseconds since 1970 UTC, printed as FHIR `instant`.

use chrono::{Datelike, Timelike};
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
        let time = self.utc();
        let Some(year) = u32::try_from(time.year()).ok().filter(|year| *year <= 9_999) else {
            return write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ"));
        };
        // By hand, for each resource that is served has one: chrono reads its pattern anew each time.
        let parts = [
            (0..4, year),
            (5..7, time.month()),
            (8..10, time.day()),
            (11..13, time.hour()),
            (14..16, time.minute()),
            (17..19, time.second()),
            (20..23, time.timestamp_subsec_millis()),
        ];
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (place, mut number) in parts {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_chrono_would() {
        let year = 365 * 24 * 3_600_000_i64;
        let around = (-300..300).map(|n| n * year / 7 + n * 12_345_678_901 + 7);
        let ends =
            [0, -1, -62_167_219_200_000, -62_167_219_200_001, 253_402_300_799_999, 253_402_300_800_000];
        for instant in around.chain(ends).map(Instant) {
            let wanted = instant.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            assert_eq!(instant.to_string(), wanted);
        }
    }
}

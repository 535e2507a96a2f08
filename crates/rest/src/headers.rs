//! Values of headers.

use record::Instant;

/// The media type of a resource in JSON.
pub(crate) const JSON: &str = "application/fhir+json; charset=utf-8";
/// The media type of a resource in XML.
pub(crate) const XML: &str = "application/fhir+xml; charset=utf-8";

/// Characters of a request id or correlation id, at most.
const TRACE_MAX: usize = 128;

/// An instant as an HTTP date (RFC 9110, 5.6.7): seconds, always GMT.
pub(crate) fn http_date(instant: Instant) -> String {
    instant.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads an HTTP date in its preferred form, or a FHIR instant. Others are as if not sent, as RFC 9110 asks.
pub(crate) fn parse_date(text: &str) -> Option<Instant> {
    let naive = chrono::NaiveDateTime::parse_from_str(text.trim(), "%a, %d %b %Y %H:%M:%S GMT");
    naive.ok().map(|t| Instant(t.and_utc().timestamp_millis())).or_else(|| Instant::parse(text.trim()))
}

/// A request id or correlation id if it is fit to be given back: visible ASCII, not too long.
pub(crate) fn trace(value: Option<&str>) -> Option<&str> {
    value.filter(|v| (1..=TRACE_MAX).contains(&v.len()) && v.bytes().all(|c| (0x21..0x7f).contains(&c)))
}

/// A media type without its parameters, in small letters, and the parameters.
pub(crate) fn media(value: &str) -> (String, Vec<(String, String)>) {
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let params = parts.filter_map(|part| part.split_once('=')).map(|(name, value)| {
        (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase())
    });
    (kind, params.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_written_and_read() {
        let instant = Instant(1_763_802_309_123);
        assert_eq!(http_date(instant), "Sat, 22 Nov 2025 09:05:09 GMT");
        assert_eq!(parse_date("Sat, 22 Nov 2025 09:05:09 GMT"), Some(Instant(1_763_802_309_000)));
        assert_eq!(parse_date("2025-11-22T09:05:09Z"), Some(Instant(1_763_802_309_000)));
        assert_eq!(parse_date("yesterday"), None);
    }

    #[test]
    fn an_id_unfit_to_be_given_back_is_dropped() {
        assert_eq!(trace(Some("a-1")), Some("a-1"));
        for bad in ["", "a b", "a\r\nset-cookie: x", "é", &"x".repeat(129)] {
            assert_eq!(trace(Some(bad)), None, "{bad:?}");
        }
    }
}

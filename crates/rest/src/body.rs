//! The body of a request: unpacked within limits, read as JSON.

use crate::headers::media;
use crate::request::Request;
use crate::status::No;
use fhir::json::{Json, Limits};
use flate2::read::MultiGzDecoder;
use record::{Kind, Refusal};
use service::interaction::{Pairs, pairs};
use std::borrow::Cow;
use std::io::Read;

/// How many times its packed size a body may be unpacked: FHIR JSON packs 5 to 30 times, a bomb 1,000 times.
const RATIO_MAX: usize = 100;
/// Below this size the ratio does not matter.
const RATIO_FROM: usize = 64 << 10;

/// A media type that a JSON resource may come in.
const RESOURCE: &[&str] =
    &["application/fhir+json", "application/json", "application/json+fhir", "text/json"];

/// The JSON of a request's body: a resource.
pub(crate) fn resource(request: &Request, bytes_max: usize) -> Result<Json, No> {
    json(request, RESOURCE, bytes_max)
}

/// The JSON of a request's body: a patch.
pub(crate) fn patch(request: &Request, bytes_max: usize) -> Result<Json, No> {
    json(request, &["application/json-patch+json"], bytes_max)
}

/// The pairs of a form.
pub(crate) fn form(request: &Request, bytes_max: usize) -> Result<Pairs, No> {
    if request.body.is_empty() {
        return Ok(Pairs::new());
    }
    fits(request, &["application/x-www-form-urlencoded"])?;
    let bytes = unpacked(request, bytes_max)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Refusal::invalid("", "The form is not UTF-8."))?;
    Ok(pairs(text)?)
}

/// The text of a request's body, of this media type.
pub(crate) fn text(request: &Request, kind: &'static str, bytes_max: usize) -> Result<String, No> {
    fits(request, &[kind])?;
    let bytes = unpacked(request, bytes_max)?.into_owned();
    Ok(String::from_utf8(bytes).map_err(|_| Refusal::invalid("", "The body is not UTF-8."))?)
}

fn json(request: &Request, kinds: &[&str], bytes_max: usize) -> Result<Json, No> {
    fits(request, kinds)?;
    let bytes = unpacked(request, bytes_max)?;
    if bytes.is_empty() {
        return Err(Refusal::invalid("", "The body is empty. Send JSON.").into());
    }
    let limits = Limits { bytes: bytes_max, ..Limits::DOOR };
    Ok(Json::parse(bytes.into_owned(), limits).map_err(|e| {
        Refusal::many(
            Kind::Invalid,
            vec![record::Issue::new("structure", "", format!("The body is not sound JSON: {e}."))],
        )
    })?)
}

/// Refuses a body of another type. One that does not say is taken for what is wanted.
fn fits(request: &Request, kinds: &[&str]) -> Result<(), No> {
    let (kind, params) = media(request.header("content-type").unwrap_or(kinds[0]));
    let is =
        |name: &str, values: &[&str]| params.iter().all(|(n, v)| n != name || values.contains(&v.as_str()));
    if kinds.contains(&kind.as_str())
        && is("charset", &["utf-8", "utf8"])
        && is("fhirversion", &["4.0", "4.0.1"])
    {
        return Ok(());
    }
    Err(No::Media(format!(
        "A body of type {kind:?} is not taken here. Send {} in UTF-8, FHIR version 4.0.",
        kinds[0]
    )))
}

fn unpacked(request: &Request, bytes_max: usize) -> Result<Cow<'_, [u8]>, No> {
    let packed = &request.body;
    if packed.len() > bytes_max {
        return Err(too_large(bytes_max).into());
    }
    match request.header("content-encoding").map(str::trim) {
        None | Some("" | "identity") => Ok(Cow::Borrowed(packed)),
        Some("gzip" | "x-gzip") => gunzip(packed, bytes_max).map(Cow::Owned),
        Some(other) => Err(No::Media(format!("The encoding {other:?} is not taken. Send gzip or none."))),
    }
}

/// Refuses what is larger than this.
pub(crate) fn too_large(bytes_max: usize) -> Refusal {
    let text = format!("The body is larger than {bytes_max} bytes. Send it in smaller parts.");
    Refusal::new(Kind::TooLarge, text)
}

fn gunzip(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, No> {
    let mut decoder = MultiGzDecoder::new(packed);
    let by_ratio = packed.len().saturating_mul(RATIO_MAX).max(RATIO_FROM);
    let mut bytes = Vec::new();
    let most = bytes_max.min(by_ratio);
    let outcome = decoder.by_ref().take(most as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > most {
        return Err(match most == bytes_max {
            true => too_large(bytes_max),
            false => Refusal::new(
                Kind::TooLarge,
                format!("The body unpacks to more than {RATIO_MAX} times its size. Send it less packed."),
            ),
        }
        .into());
    }
    match outcome {
        Ok(_) => Ok(bytes),
        Err(_) => Err(Refusal::invalid("", "The body is not sound gzip. Pack it again.").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn status(request: &Request) -> u16 {
        resource(request, 1 << 20).map_or_else(|no| crate::status::of(&no), |_| 200)
    }

    #[test]
    fn a_packed_body_is_unpacked_within_limits() {
        let send =
            |bytes: &[u8]| Request::new("POST", "Patient").with("content-encoding", "gzip").body(bytes);
        assert_eq!(status(&send(&gzip(b"{}"))), 200);
        assert_eq!(
            status(&send(&gzip(&b" ".repeat(60_000)))),
            400,
            "small enough to be read, and then no JSON"
        );
        assert_eq!(status(&send(&gzip(&b" ".repeat(900_000)))), 413, "more than 100 times");
        assert_eq!(status(&send(&gzip(&b" ".repeat(2 << 20)))), 413, "too large");
        assert_eq!(status(&send(b"no gzip")), 400);
        let whole = gzip(b"{\"a\":1}");
        assert_eq!(status(&send(&whole[..whole.len() - 4])), 400, "truncated");
        assert_eq!(status(&Request::new("POST", "Patient").with("content-encoding", "br").body("x")), 415);
    }

    #[test]
    fn a_body_of_another_type_is_not_taken() {
        for (kind, wanted) in [
            ("application/fhir+json", 200),
            ("application/json; charset=UTF-8", 200),
            ("application/fhir+json; fhirVersion=4.0", 200),
            ("application/fhir+json; fhirVersion=3.0", 415),
            ("application/json; charset=utf-16", 415),
            ("application/fhir+xml", 415),
            ("text/plain", 415),
        ] {
            assert_eq!(
                status(&Request::new("POST", "Patient").with("content-type", kind).body("{}")),
                wanted,
                "{kind}"
            );
        }
        assert_eq!(status(&Request::new("POST", "Patient").body("{}")), 200);
        assert_eq!(status(&Request::new("POST", "Patient")), 400);
    }
}

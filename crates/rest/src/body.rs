//! The body of a request: unpacked within limits, read as JSON or XML.

use crate::format::Format;
use crate::headers::media;
use crate::request::Request;
use crate::status::No;
use fhir::json::{Json, Limits};
use fhir::patch::Patch;
use flate2::read::MultiGzDecoder;
use record::{Kind, Refusal};
use service::interaction::{Pairs, pairs};
use std::borrow::Cow;
use std::io::Read;

/// How many times its packed size a body may be unpacked: FHIR JSON packs 5 to 30 times, a bomb 1,000 times.
const RATIO_MAX: usize = 100;
/// Below this size the ratio does not matter.
const RATIO_FROM: usize = 64 << 10;

/// A resource in a request's body, in JSON or in XML.
pub(crate) fn resource(request: &Request, bytes_max: usize) -> Result<Json, No> {
    let format = format_of(request, "application/fhir+json or application/fhir+xml")?;
    parsed(format, unpacked(request, bytes_max)?.into_owned(), bytes_max)
}

/// The patch in a request's body: JSON Patch, XML Patch, or a Parameters resource.
pub(crate) fn patch(request: &Request, bytes_max: usize) -> Result<Patch, No> {
    let (kind, _) = media(request.header("content-type").unwrap_or_default());
    let bytes = || unpacked(request, bytes_max).map(Cow::into_owned);
    let limits = Limits { bytes: bytes_max, ..Limits::DOOR };
    match kind.as_str() {
        Patch::JSON | Patch::XML => fits(request, &[&kind])?,
        _ => {
            let text = format!("{}, {} or, with Parameters, application/fhir+json", Patch::JSON, Patch::XML);
            let format = format_of(request, &text)?;
            return Ok(Patch::FhirPath(parsed(format, bytes()?, bytes_max)?));
        }
    }
    let read = if kind == Patch::JSON { Patch::json(bytes()?, limits) } else { Patch::xml(bytes()?, limits) };
    Ok(read?)
}

/// The format of the resource in a body. A body that does not say is taken for JSON.
fn format_of(request: &Request, wanted: &str) -> Result<Format, No> {
    let Some(kind) = request.header("content-type") else { return Ok(Format::Json) };
    match Format::named(&media(kind).0).filter(|_| is_ours(kind)) {
        Some(format) => Ok(format),
        None => Err(other(kind, wanted)),
    }
}

/// Reads a resource.
pub(crate) fn parsed(format: Format, bytes: Vec<u8>, bytes_max: usize) -> Result<Json, No> {
    if bytes.is_empty() {
        return Err(Refusal::invalid("", "The body is empty. Send a resource.").into());
    }
    let limits = Limits { bytes: bytes_max, ..Limits::DOOR };
    if format == Format::Xml {
        return Ok(fhir::xml::read(bytes, limits)?);
    }
    Ok(Json::parse(bytes, limits).map_err(|e| {
        let text = format!("The body is not sound JSON: {e}.");
        Refusal::many(Kind::Invalid, vec![record::Issue::new("structure", "", text)])
    })?)
}

/// A media type that lines of JSON may come in.
pub(crate) const LINES: &[&str] = &["application/fhir+ndjson", "application/ndjson", "application/x-ndjson"];

/// The lines of a request's body.
pub(crate) fn lines(request: &Request, bytes_max: usize) -> Result<Cow<'_, [u8]>, No> {
    fits(request, LINES)?;
    unpacked(request, bytes_max)
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

/// Refuses a body of another type. One that does not say is taken for what is wanted.
fn fits(request: &Request, kinds: &[&str]) -> Result<(), No> {
    let kind = request.header("content-type").unwrap_or(kinds[0]);
    if kinds.contains(&media(kind).0.as_str()) && is_ours(kind) { Ok(()) } else { Err(other(kind, kinds[0])) }
}

/// Whether the parameters of a media type say what we speak.
fn is_ours(kind: &str) -> bool {
    let (_, params) = media(kind);
    let is =
        |name: &str, values: &[&str]| params.iter().all(|(n, v)| n != name || values.contains(&v.as_str()));
    is("charset", &["utf-8", "utf8"]) && is("fhirversion", &["4.0", "4.0.1"])
}

fn other(kind: &str, wanted: &str) -> No {
    let kind = media(kind).0;
    No::Media(format!("A body of type {kind:?} is not taken here. Send {wanted} in UTF-8, FHIR version 4.0."))
}

/// The body as it was before it was packed.
pub(crate) fn unpacked(request: &Request, bytes_max: usize) -> Result<Cow<'_, [u8]>, No> {
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
            ("application/fhir+xml", 400),
            ("text/xml; charset=utf-16", 415),
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

//! JSON or XML: what is asked for, and answers in it. Within, everything is JSON.

use crate::headers::{JSON, XML, media};
use crate::pretty;
use crate::request::Request;
use crate::response::Response;
use crate::status::No;
use fhir::json::{Json, Limits};
use fhir::xml::{self, Layout};
use record::{Kind, Refusal};
use service::interaction::{Pairs, pairs};

/// A format of FHIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

/// How much a client wants a format: the quality value in thousandths, and where in its list it names it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Wish {
    quality: u32,
    place: usize,
}

impl Format {
    /// The format that a media type, or a value of `_format`, names.
    pub(crate) fn named(name: &str) -> Option<Format> {
        match name {
            "json" | "application/json" | "application/fhir+json" | "application/json+fhir" | "text/json" => {
                Some(Format::Json)
            }
            "xml" | "application/xml" | "application/fhir+xml" | "application/xml+fhir" | "text/xml" => {
                Some(Format::Xml)
            }
            _ => None,
        }
    }

    /// What a request wants, `_format` before `Accept` (R4 http.html#parameters); `format` is what its query says.
    pub(crate) fn wanted(request: &Request, format: &Pairs) -> Result<Format, No> {
        let named = format.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.as_str());
        match named {
            // A plus that was not encoded has become a space.
            Some(named) => Format::best(&named.replace(' ', "+")),
            None => Format::best(&accepted(request)),
        }
    }

    /// The format that a list of media types likes best (RFC 9110, 12.5.1).
    fn best(list: &str) -> Result<Format, No> {
        let (json, xml) = (Format::Json.wish(list), Format::Xml.wish(list));
        match (json, xml) {
            (Some(json), Some(xml)) if xml.is_before(json) => Ok(Format::Xml),
            (Some(_), _) => Ok(Format::Json),
            (None, Some(_)) => Ok(Format::Xml),
            (None, None) => Err(No::Format(format!(
                "The answer cannot be had as {list:?}. Ask for application/fhir+json or application/fhir+xml, \
                 FHIR version 4.0."
            ))),
        }
    }

    /// Of what a list says about this format the most exact counts. `q=0` means "not this".
    fn wish(self, list: &str) -> Option<Wish> {
        let mut found: Option<(usize, Wish)> = None;
        for (place, item) in list.split(',').enumerate() {
            let (kind, params) = media(item);
            let exactness = match kind.as_str() {
                "*/*" => 0,
                "application/*" => 1,
                named if Format::named(named) == Some(self) => 2,
                _ => continue,
            };
            let is = |name: &str, values: &[&str]| {
                params.iter().all(|(n, value)| n != name || values.contains(&value.as_str()))
            };
            // FHIR R4 http.html#version-parameter.
            if !is("fhirversion", &["4.0", "4.0.1"]) || !is("charset", &["utf-8"]) {
                continue;
            }
            let wish =
                Wish { quality: quality(&params), place: if exactness == 2 { place } else { usize::MAX } };
            if found.is_none_or(|(exact, best)| {
                exactness > exact || exactness == exact && wish.quality > best.quality
            }) {
                found = Some((exactness, wish));
            }
        }
        found.map(|(_, wish)| wish).filter(|wish| wish.quality > 0)
    }
}

/// What a request accepts; the header may come several times (RFC 9110, 5.2).
pub(crate) fn accepted(request: &Request) -> String {
    let values = request.headers.iter().filter(|(name, _)| name == "accept").map(|(_, value)| value.as_str());
    let list = values.collect::<Vec<_>>().join(",");
    if list.is_empty() { "*/*".to_owned() } else { list }
}

impl Wish {
    fn is_before(self, other: Wish) -> bool {
        self.quality > other.quality || self.quality == other.quality && self.place < other.place
    }
}

/// `q` in thousandths; what is no number is as if not said.
fn quality(params: &[(String, String)]) -> u32 {
    let given = params.iter().find(|(name, _)| name == "q").and_then(|(_, q)| q.parse::<f32>().ok());
    given.filter(|q| (0.0..=1.0).contains(q)).map_or(1000, |q| (q * 1000.0) as u32)
}

/// A response in the format and the layout that the request wants. What cannot be had has been refused before;
/// the refusal itself is in JSON then.
pub(crate) fn presented(request: &Request, mut response: Response) -> Response {
    // The bytes of a Binary are nobody's to change, even if they are JSON.
    let is_raw = response.header("content-disposition").is_some();
    if response.body.is_empty() || is_raw || response.header("content-type") != Some(JSON) {
        return response;
    }
    let query = pairs(&request.query).unwrap_or_default();
    let is_pretty = query.iter().any(|(name, value)| name == "_pretty" && value == "true");
    let format = Format::wanted(request, &query).unwrap_or(Format::Json);
    if format == Format::Json && !is_pretty {
        return response;
    }
    // What we made ourselves has no limit but memory.
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
    let Ok(json) = Json::parse(std::mem::take(&mut response.body), limits) else { return unsaid(response) };
    match format {
        Format::Json => {
            let mut out = String::new();
            pretty::write(json.root(), 0, &mut out);
            response.body = out.into_bytes();
            response
        }
        Format::Xml => {
            let layout = if is_pretty { Layout::Pretty } else { Layout::Compact };
            match xml::write(json.root(), layout) {
                Ok(text) => {
                    response.body = text.into_bytes();
                    response.set("content-type", XML)
                }
                Err(_) => unsaid(response),
            }
        }
    }
}

/// In place of an answer that cannot be put into the format, though it could have been had in ours.
fn unsaid(response: Response) -> Response {
    tracing::error!("an answer cannot be said in the format that is wanted");
    let text = "The answer cannot be put into this format. Ask for application/fhir+json.";
    let refused = Response::refused(&Refusal::new(Kind::Fault, text).into());
    Response {
        status: refused.status,
        headers: response.headers,
        body: refused.body,
        stream: None,
        outcome: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_that_is_liked_best_is_given() {
        for (accept, wanted) in [
            ("*/*", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("application/fhir+json", Some(Format::Json)),
            ("application/json;charset=UTF-8", Some(Format::Json)),
            ("application/fhir+json; fhirVersion=4.0", Some(Format::Json)),
            ("application/fhir+xml", Some(Format::Xml)),
            ("text/xml", Some(Format::Xml)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Format::Xml)),
            ("application/fhir+xml;q=0.5, application/fhir+json;q=0.4", Some(Format::Xml)),
            ("application/fhir+xml;q=0.5, application/fhir+json", Some(Format::Json)),
            ("application/fhir+xml, application/fhir+json", Some(Format::Xml)),
            ("application/fhir+json, application/fhir+xml", Some(Format::Json)),
            ("*/*, application/json;q=0", Some(Format::Xml)),
            ("application/fhir+json; fhirVersion=3.0, application/fhir+xml;q=0.1", Some(Format::Xml)),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/xml; charset=utf-16", None),
            ("application/json;q=0", None),
            ("text/turtle", None),
            ("text/*", None),
            ("", None),
        ] {
            assert_eq!(Format::best(accept).ok(), wanted, "{accept}");
        }
    }
}

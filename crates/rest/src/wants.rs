//! How a client wants to be answered: format, preferences, how strict.

use crate::headers::media;
use crate::operation::view;
use crate::request::Request;
use crate::status::No;
use fhir::search::Handling;
use record::Refusal;
use service::interaction::{Pairs, pairs};

/// What a write answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    /// Headers only.
    Minimal,
    /// The resource.
    Representation,
    /// An OperationOutcome.
    Outcome,
}

/// How a client wants to be answered.
#[derive(Clone, Debug)]
pub(crate) struct Wants {
    /// With line breaks and indents.
    pub pretty: bool,
    /// After a write; none when it did not say.
    pub returns: Option<Returns>,
    /// When something is not understood.
    pub handling: Handling,
    /// The rest of the query.
    pub pairs: Pairs,
    /// What of the query was about the format, to be repeated in links.
    pub format: Pairs,
}

impl Wants {
    /// Reads them from a request, or says what cannot be had.
    pub(crate) fn of(request: &Request) -> Result<Wants, No> {
        let all = pairs(&request.query)?;
        let (format, pairs): (Pairs, Pairs) =
            all.into_iter().partition(|(name, _)| name == "_format" || name == "_pretty");
        let value =
            |wanted: &str| format.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        match value("_format") {
            // A plus that was not encoded has become a space.
            Some(format) if view::takes(&request.path, format) => {}
            Some(format) => acceptable(&format.replace(' ', "+"))?,
            None => {
                let list = request.header("accept").unwrap_or("*/*");
                if !list.split(',').any(|item| view::takes(&request.path, &media(item).0)) {
                    acceptable(list)?;
                }
            }
        }
        let pretty = match value("_pretty") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refusal::invalid("_pretty", "_pretty is true or false.").into()),
        };
        let mut wants = Wants { pretty, returns: None, handling: Handling::Strict, pairs, format };
        wants.prefer(request);
        Ok(wants)
    }

    /// RFC 7240: what is not understood in `Prefer` is passed over.
    fn prefer(&mut self, request: &Request) {
        let headers = request.headers.iter().filter(|(name, _)| name == "prefer");
        for part in headers.flat_map(|(_, value)| value.split([',', ';'])) {
            match part.trim() {
                "return=minimal" => self.returns = Some(Returns::Minimal),
                "return=representation" => self.returns = Some(Returns::Representation),
                "return=OperationOutcome" => self.returns = Some(Returns::Outcome),
                "handling=lenient" => self.handling = Handling::Lenient,
                "handling=strict" => self.handling = Handling::Strict,
                _ => {}
            }
        }
    }

    /// Takes a parameter out of the query.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(n, _)| n == name)?;
        Some(self.pairs.remove(at).1)
    }

    /// Refuses what is left of the query, unless it is to be passed over.
    pub(crate) fn nothing_else(&self) -> Result<(), No> {
        match self.pairs.first() {
            Some((name, _)) if self.handling == Handling::Strict => {
                let text =
                    format!("{name} is not understood here. Leave it out, or send Prefer: handling=lenient.");
                Err(Refusal::invalid(name.as_str(), text).into())
            }
            _ => Ok(()),
        }
    }
}

/// Refuses when none of the media types can be given.
fn acceptable(list: &str) -> Result<(), No> {
    let fits = |item: &str| {
        let (kind, params) = media(item);
        let named = matches!(
            kind.as_str(),
            "json"
                | "application/json"
                | "application/fhir+json"
                | "application/json+fhir"
                | "text/json"
                | "application/*"
                | "*/*"
        );
        let is = |name: &str, values: &[&str]| {
            params.iter().all(|(n, value)| n != name || values.contains(&value.as_str()))
        };
        // FHIR R4 http.html#version-parameter.
        named && is("fhirversion", &["4.0", "4.0.1"]) && is("charset", &["utf-8"]) && !is_zero(&params)
    };
    if list.split(',').any(fits) {
        return Ok(());
    }
    let text =
        format!("The answer cannot be had as {list:?}. Ask for application/fhir+json, FHIR version 4.0.");
    Err(No::Format(text))
}

/// `q=0` means "not this".
fn is_zero(params: &[(String, String)]) -> bool {
    params.iter().any(|(name, value)| name == "q" && value.parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: Request) -> u16 {
        Wants::of(&request).map_or_else(|no| crate::status::of(&no), |_| 200)
    }

    #[test]
    fn json_can_be_had_and_nothing_else() {
        for accept in [
            "*/*",
            "application/fhir+json",
            "text/html,application/xml;q=0.9,*/*;q=0.8",
            "application/json;charset=UTF-8",
            "application/fhir+json; fhirVersion=4.0",
        ] {
            assert_eq!(status(Request::new("GET", "Patient/1").with("accept", accept)), 200, "{accept}");
        }
        for accept in [
            "application/fhir+xml",
            "text/turtle",
            "application/fhir+json; fhirVersion=3.0",
            "application/json;q=0",
        ] {
            assert_eq!(status(Request::new("GET", "Patient/1").with("accept", accept)), 406, "{accept}");
        }
        assert_eq!(status(Request::new("GET", "Patient/1?_format=json").with("accept", "text/turtle")), 200);
        assert_eq!(status(Request::new("GET", "Patient/1?_format=application/fhir+json")), 200);
        assert_eq!(status(Request::new("GET", "Patient/1?_format=xml")), 406);
        assert_eq!(status(Request::new("GET", "Patient/1?_pretty=maybe")), 400);
    }

    #[test]
    fn preferences_are_read() {
        let request = Request::new("GET", "Patient?_pretty=true&name=x")
            .with("prefer", "return=minimal, handling=lenient");
        let wants = Wants::of(&request).unwrap();
        assert_eq!(
            (wants.returns, wants.handling, wants.pretty),
            (Some(Returns::Minimal), Handling::Lenient, true)
        );
        assert_eq!(wants.pairs, [("name".to_owned(), "x".to_owned())]);
    }
}

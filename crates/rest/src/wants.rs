//! How a client wants to be answered: format, preferences, how strict.

use crate::binary;
use crate::format::Format;
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
    /// As the bytes that a Binary is about.
    pub raw: bool,
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
        let raw = binary::is_wanted_raw(request, &format);
        if !raw && !view::is_wanted(request, &format) {
            Format::wanted(request, &format)?;
        }
        if format.iter().any(|(name, value)| name == "_pretty" && value != "true" && value != "false") {
            return Err(Refusal::invalid("_pretty", "_pretty is true or false.").into());
        }
        let mut wants = Wants { raw, returns: None, handling: Handling::Strict, pairs, format };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: Request) -> u16 {
        Wants::of(&request).map_or_else(|no| crate::status::of(&no), |_| 200)
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        let get = |url: &str| status(Request::new("GET", url));
        assert_eq!(status(Request::new("GET", "Patient/1").with("accept", "text/turtle")), 406);
        assert_eq!(status(Request::new("GET", "Patient/1?_format=json").with("accept", "text/turtle")), 200);
        assert_eq!(get("Patient/1?_format=application/fhir+json"), 200);
        assert_eq!(get("Patient/1?_format=xml"), 200);
        assert_eq!(get("Patient/1?_format=ttl"), 406);
        assert_eq!(get("Patient/1?_pretty=maybe"), 400);
        assert_eq!(status(Request::new("GET", "Binary/1").with("accept", "image/png")), 200);
    }

    #[test]
    fn preferences_are_read() {
        let request = Request::new("GET", "Patient?_pretty=true&name=x")
            .with("prefer", "return=minimal, handling=lenient");
        let wants = Wants::of(&request).unwrap();
        assert_eq!((wants.returns, wants.handling), (Some(Returns::Minimal), Handling::Lenient));
        assert_eq!(wants.pairs, [("name".to_owned(), "x".to_owned())]);
    }
}

//! A response, as the door gives it.

use crate::headers::{JSON, http_date};
use crate::status::{self, No};
use crate::stream::Stream;
use record::{Body, Instant};

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What makes the body while it is sent, in place of `body`.
    pub(crate) stream: Option<Stream>,
    /// The OperationOutcome of a write that was done, where there is something to tell or it was asked for.
    pub(crate) outcome: Option<String>,
}

impl Response {
    /// A response without a body.
    pub(crate) fn empty(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Vec::new(), stream: None, outcome: None }
    }

    /// A response with a FHIR resource.
    pub(crate) fn json(status: u16, text: String) -> Response {
        let mut response = Response::empty(status);
        response.body = text.into_bytes();
        response.set("content-type", JSON)
    }

    /// The response to what was refused.
    pub(crate) fn refused(no: &No) -> Response {
        let mut response = Response::json(status::of(no), no.outcome().text());
        for (name, value) in no.headers() {
            response = response.set(name, value);
        }
        response
    }

    /// With this header, in place of one of the same name.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.into()));
        self
    }

    /// With the version and instant of a resource.
    pub(crate) fn versioned(self, version: u64, updated: Instant) -> Response {
        self.set("etag", format!("W/\"{version}\"")).set("last-modified", http_date(updated))
    }

    /// With the version and instant of this body.
    pub(crate) fn version_of(self, body: &Body) -> Response {
        self.versioned(body.version, body.updated)
    }

    /// With its whole body in memory, where nothing sends it piece by piece.
    pub(crate) fn gathered(mut self) -> Response {
        match self.stream.take().map(|stream| stream.run(&mut self.body)) {
            Some(Err(refusal)) => Response::refused(&refusal.into()),
            Some(Ok(())) | None => self,
        }
    }

    /// True when its body is a resource, or nothing.
    pub(crate) fn is_resource(&self) -> bool {
        self.stream.is_none() && (self.body.is_empty() || self.header("content-type") == Some(JSON))
    }

    /// The header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

//! A request, as the door is told of it.

/// A request below the door's base.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST` ...
    pub method: String,
    /// The path below the base, still percent-encoded: `/Patient/1`.
    pub path: String,
    /// The query, still encoded, without its question mark.
    pub query: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body; `url` is relative to the base and may have a query.
    pub fn new(method: &str, url: &str) -> Request {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let slash = if path.starts_with('/') { "" } else { "/" };
        Request {
            method: method.to_owned(),
            path: format!("{slash}{path}"),
            query: query.to_owned(),
            ..Request::default()
        }
    }

    /// With one more header; its name in small letters.
    pub fn with(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Path and query as they came.
    pub fn url(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

//! A request of a browser, taken apart.

use crate::Config;
use access::{Session, Standing};
use axum::extract::Query;
use axum::http::header::{COOKIE, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

/// What a browser asks.
pub struct Asked {
    /// True for POST; everything else only reads.
    pub is_post: bool,
    /// The path.
    pub path: String,
    /// Path and query, to come back to.
    pub address: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The values in the path, by name.
    pub params: Vec<(String, String)>,
    /// The fields of the form that was sent.
    pub form: Vec<(String, String)>,
    /// The session's cookie.
    pub cookie: Option<String>,
    /// The cookie that ties the sign-in form to the browser.
    pub form_cookie: Option<String>,
    /// The path of ours that the browser was at before.
    pub before: Option<String>,
    /// The network address.
    pub from: String,
    /// Who it is.
    pub standing: Standing,
}

impl Asked {
    /// Everything but the form and who it is, which cost time.
    pub fn new(config: &Config, parts: &Parts, params: Vec<(String, String)>) -> Asked {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        Asked {
            is_post: parts.method == Method::POST,
            path: parts.uri.path().to_owned(),
            address: parts.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned(),
            query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
            params,
            form: Vec::new(),
            cookie: cookie(&parts.headers, config.session_cookie()),
            form_cookie: cookie(&parts.headers, config.form_cookie()),
            before: before(&parts.headers),
            from: config.came_from(parts),
            standing: Standing::Nobody,
        }
    }

    /// The session of someone who is signed in and active.
    pub fn session(&self) -> Option<&Session> {
        match &self.standing {
            Standing::SignedIn(session) => Some(session),
            _ => None,
        }
    }

    /// The first value of a field of the form.
    pub fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// A part of the path, by its name in the route.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// An address of ours that a browser may be sent to; `/home` for anything else. Two slashes, or a slash and a
/// backslash, would name another host.
pub fn own_address(address: &str) -> &str {
    let mut bytes = address.bytes();
    let starts = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    if starts && address.bytes().all(|byte| byte.is_ascii_graphic()) { address } else { "/home" }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, value)| *n == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// Path and query of the page before. Only browsers that were on our pages send them (`Referrer-Policy`), and
/// they are only ever used as an address of ours.
fn before(headers: &HeaderMap) -> Option<String> {
    let address = headers.get(REFERER)?.to_str().ok()?;
    let (_, rest) = address.split_once("://")?;
    Some(rest[rest.find('/')?..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_gone_back_to() {
        for (address, expected) in [
            ("/patients/1?at=2026-01-01", "/patients/1?at=2026-01-01"),
            ("//evil.example", "/home"),
            ("/\\evil.example", "/home"),
            ("https://evil.example", "/home"),
            ("/a\r\nSet-Cookie: x", "/home"),
            ("javascript:alert(1)", "/home"),
            ("", "/home"),
        ] {
            assert_eq!(own_address(address), expected, "{address}");
        }
    }
}

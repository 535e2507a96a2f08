//! What can be set, and what follows from it: cookie names, whose origin is ours, where a request came from.

use axum::extract::ConnectInfo;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use identity::{Issuers, Smart};
use std::net::SocketAddr;

/// How the door behaves.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The address that browsers know this installation by, e.g. `https://care.example`, without a slash at
    /// the end. None is for the machine itself only: plain HTTP on a loopback address.
    pub origin: Option<String>,
    /// True when a proxy in front says in `X-Forwarded-For` where a request came from.
    pub forwarded: bool,
    /// A word for the foot of every page, e.g. that the people are invented.
    pub footnote: Option<String>,
    /// The issuers at which people can sign in, beside the passwords of this installation.
    pub issuers: Option<Issuers>,
    /// What lets apps of others in; none where none are.
    pub smart: Option<Smart>,
}

impl Config {
    /// True when browsers come over TLS, so that cookies may ask for it.
    pub fn is_secure(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// The name of the session's cookie. The prefix makes browsers insist on TLS, on the whole host and on no
    /// other (RFC 6265bis, 4.1.3.2).
    pub fn session_cookie(&self) -> &'static str {
        if self.is_secure() { "__Host-carespine" } else { "carespine" }
    }

    /// The name of the cookie that ties the sign-in form to the browser.
    pub fn form_cookie(&self) -> &'static str {
        if self.is_secure() { "__Host-carespine-form" } else { "carespine-form" }
    }

    /// A `Set-Cookie` value; an empty one takes the cookie back.
    pub fn set_cookie(&self, name: &str, value: &str) -> String {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let age = if value.is_empty() { "; Max-Age=0" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
    }

    /// True when the request says that it comes from a page of ours. Browsers say so with every POST
    /// (Fetch standard, "append a request Origin header"); silence is not taken for a yes.
    pub fn is_own_origin(&self, parts: &Parts) -> bool {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        match (&self.origin, text(ORIGIN), text(HOST)) {
            (Some(own), Some(origin), _) => origin == own,
            (None, Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
            _ => false,
        }
    }

    /// The network address that a request came from. Behind a proxy it is the last of those that are named:
    /// the ones before it are the client's own words.
    pub fn came_from(&self, parts: &Parts) -> String {
        let named = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
        if let (true, Some(named)) = (self.forwarded, named) {
            return named.rsplit(',').next().unwrap_or_default().trim().to_owned();
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(address)| address.ip().to_string())
    }
}

//! SMART App Launch 2.2 and Backend Services, as functions from what was asked to what is answered: OAuth 2.0
//! (RFC 6749) with PKCE (RFC 7636), client assertions (RFC 7523), introspection (RFC 7662) and revocation
//! (RFC 7009), and the id_token of OpenID Connect Core. No sockets and no pages: doors have those.

mod authorize;
mod proof;
mod statement;
mod token;

pub use authorize::{Asking, NotAsked};
pub use token::NoToken;

use crate::Keys;
use crate::http::Http;
use access::{Access, Client};
use fhir::{Json, Limits, Tree, Value};
use record::{Instant, Refusal};

/// How long a code waits to be exchanged.
const CODE_MS: i64 = 60_000;
/// How long an access token holds.
const TOKEN_MS: i64 = 3_600_000;
/// How long a refresh token of an app that may go on without its user holds; each use gives a new one.
const OFFLINE_MS: i64 = 90 * 86_400_000;
/// The same of one that may go on while its user works: as long as a session.
const ONLINE_MS: i64 = 12 * 3_600_000;
/// How long the context of a launch from a record waits.
const LAUNCH_MS: i64 = 5 * 60_000;
/// Kept facts, by the hash of what opens them.
const CODES: &str = "app-code";
const REFRESHES: &str = "app-refresh";
const LAUNCHES: &str = "app-launch";

/// The server of authorisations.
#[derive(Clone)]
pub struct Smart {
    access: Access,
    keys: Keys,
    http: Http,
    /// The FHIR door, without a slash at the end.
    base: String,
    /// Scheme, host and port.
    origin: String,
}

/// What a code and a refresh token stand for.
struct Standing {
    client: Client,
    who: String,
    profile: String,
    generation: i64,
    strength: String,
}

impl Smart {
    /// For the FHIR door at `base`, e.g. `https://care.example/fhir`.
    pub fn new(access: Access, base: &str) -> Smart {
        let host = base.find("://").map_or(0, |at| at + 3);
        let end = base[host..].find('/').map_or(base.len(), |slash| host + slash);
        let keys = Keys::of(access.store().clone());
        let (base, origin) = (base.to_owned(), base[..end].to_owned());
        Smart { access, keys, http: Http::new(), base, origin }
    }

    /// Where tokens are asked for: what assertions must be for.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.origin)
    }

    /// The public keys that our tokens are signed with.
    pub fn key_set(&self) -> Result<Tree, Refusal> {
        Ok(self.keys.public()?.tree())
    }

    /// The address of the FHIR door, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The gate.
    pub fn access(&self) -> &Access {
        &self.access
    }
}

impl Standing {
    fn tree(&self) -> Tree {
        Tree::object()
            .with("client", self.client.tree())
            .with("who", self.who.as_str())
            .with("profile", self.profile.as_str())
            .with("generation", self.generation)
            .with("strength", self.strength.as_str())
    }

    fn read(value: Value<'_>) -> Option<Standing> {
        let text = |name: &str| value.str(name).map(|text| text.into_owned());
        Some(Standing {
            client: Client::read(value.get("client")?)?,
            who: text("who")?,
            profile: text("profile")?,
            generation: value.get("generation")?.as_number()?.parse().ok()?,
            strength: text("strength")?,
        })
    }
}

/// Without what it holds.
impl std::fmt::Debug for Smart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smart").field("base", &self.base).finish_non_exhaustive()
    }
}

fn read(value: &[u8]) -> Option<Json> {
    Json::parse(value, Limits::DOOR).ok()
}

/// A field of a form or a query: given once, and not blank.
fn field<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => Some(value),
        _ => None,
    }
}

fn after(now: Instant, ms: i64) -> Instant {
    Instant(now.0 + ms)
}

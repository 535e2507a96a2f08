//! What an issuer publishes: its addresses (OpenID Connect Discovery 1.0) and its keys.

use super::{Issuers, Trusted, no};
use crate::http::{Asking, is_allowed};
use crate::jose::JwkSet;
use fhir::{Json, Limits};
use record::{Instant, Kind, Refusal};
use std::sync::PoisonError;

/// How long what an issuer publishes is believed.
const BELIEVED_MS: i64 = 3_600_000;
/// The least time between two looks at an issuer's keys.
const PATIENT_MS: i64 = 30_000;

/// The addresses of an issuer.
#[derive(Clone)]
pub(super) struct Issuer {
    pub authorization: String,
    pub token: String,
    pub userinfo: Option<String>,
    keys: String,
    /// It says in its answers which issuer it is (RFC 9207).
    pub names_itself: bool,
}

/// What is known of an issuer.
pub(super) struct Known {
    issuer: Issuer,
    since: Instant,
    keys: Option<(JwkSet, Instant)>,
}

impl Issuers {
    /// The addresses of an issuer, asked for once an hour.
    pub(super) fn issuer(&self, trusted: &Trusted) -> Result<Issuer, Refusal> {
        let now = self.access.now();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = |known: &&super::Known| (0..BELIEVED_MS).contains(&(now.0 - known.since.0));
            if let Some(known) = known.get(&trusted.name).filter(fresh) {
                return Ok(known.issuer.clone());
            }
        }
        let url = format!("{}/.well-known/openid-configuration", trusted.issuer.trim_end_matches('/'));
        let json = self.published(&url)?;
        let root = json.root();
        // Discovery section 4.3: or one issuer could speak for another.
        if root.str("issuer").as_deref() != Some(trusted.issuer.as_str()) {
            return Err(no("the issuer publishes another name than is configured"));
        }
        let url = |name: &str| root.str(name).map(|url| url.into_owned()).filter(|url| is_address(url));
        let needed =
            |name: &str| url(name).ok_or_else(|| no("an address of the issuer is missing or unsafe"));
        let names_itself = root.get("authorization_response_iss_parameter_supported");
        let issuer = Issuer {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            userinfo: url("userinfo_endpoint"),
            keys: needed("jwks_uri")?,
            names_itself: names_itself.and_then(|yes| yes.as_bool()).unwrap_or(false),
        };
        let known = Known { issuer: issuer.clone(), since: now, keys: None };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(trusted.name.clone(), known);
        Ok(issuer)
    }

    /// The keys of an issuer; asked for again when a token names one that is not among them.
    pub(super) fn keys_of(&self, trusted: &Trusted, kid: Option<&str>) -> Result<JwkSet, Refusal> {
        let (issuer, now) = (self.issuer(trusted)?, self.access.now());
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((keys, since)) = known.get(&trusted.name).and_then(|known| known.keys.as_ref()) {
                let age = now.0 - since.0;
                let is_there = kid.is_none_or(|kid| keys.has(kid));
                if (0..BELIEVED_MS).contains(&age) && is_there || (0..PATIENT_MS).contains(&age) {
                    return Ok(keys.clone());
                }
            }
        }
        let json = self.published(&issuer.keys)?;
        let keys = JwkSet::read(json.root()).ok_or_else(|| no("the issuer's keys are none"))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(&trusted.name) {
            known.keys = Some((keys.clone(), now));
        }
        Ok(keys)
    }

    fn published(&self, url: &str) -> Result<Json, Refusal> {
        let answer = self.http.ask(Asking { url, headers: Vec::new(), form: None });
        let answer = answer.map_err(|why| {
            tracing::warn!(why, url, "an outside issuer cannot be asked");
            let text = "The other sign-in cannot be reached. Try again in a minute, or sign in here.";
            Refusal::new(Kind::Busy, text)
        })?;
        Json::parse(answer, Limits::DOOR).map_err(|_| no("what the issuer publishes is no JSON"))
    }
}

fn is_address(url: &str) -> bool {
    url.parse().is_ok_and(|uri| is_allowed(&uri).is_some())
}

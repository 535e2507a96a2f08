//! How an app shows that it is itself: RFC 6749 section 2.3, RFC 7523, SMART 2.2 section 4.

use super::token::NoToken;
use super::{Smart, field};
use crate::http::Asking as Fetching;
use crate::jose::{Algorithm, Expected, JwkSet, Jws};
use access::{App, AppProof, use_once};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use record::{Author, Instant};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds that an assertion may hold.
const LONGEST: i64 = 300;
/// SMART 2.2 section 4.1.2: servers support at least one of these.
const ALLOWED: [Algorithm; 2] = [Algorithm::Rs384, Algorithm::Es384];

impl Smart {
    /// The app that asks, when it has shown that it is itself.
    pub(super) fn proven(
        &self,
        form: &[(String, String)],
        authorization: Option<&str>,
    ) -> Result<App, NoToken> {
        if let Some(assertion) = field(form, "client_assertion") {
            if field(form, "client_assertion_type") != Some(ASSERTION) {
                return Err(NoToken::client("client_assertion_type is not the one for signed tokens"));
            }
            return self.asserted(form, assertion);
        }
        let basic = authorization.and_then(basic);
        let (id, secret) = match (&basic, field(form, "client_id")) {
            (Some((id, secret)), _) => (id.as_str(), Some(secret.as_str())),
            (None, Some(id)) => (id, field(form, "client_secret")),
            (None, None) => return Err(NoToken::client("say which app asks")),
        };
        let app =
            self.access().app(id)?.ok_or_else(|| NoToken::client("the app is not known, or not proven"))?;
        let is_itself = match (&app.proof, secret) {
            (AppProof::Public, None) => true,
            (AppProof::Secret(_), Some(secret)) => app.has_secret(secret),
            _ => false,
        };
        if is_itself { Ok(app) } else { Err(NoToken::client("the app is not known, or not proven")) }
    }

    fn asserted(&self, form: &[(String, String)], assertion: &str) -> Result<App, NoToken> {
        let no = || NoToken::client("the assertion does not count");
        let token = Jws::parse(assertion).map_err(|_| no())?;
        let issuer = token.claimed_issuer().ok_or_else(no)?;
        if field(form, "client_id").is_some_and(|id| id != issuer) {
            return Err(no());
        }
        let app = self.access().app(&issuer)?.ok_or_else(no)?;
        let AppProof::Keys(keys) = &app.proof else { return Err(no()) };
        let keys = self.keys_of(keys).ok_or_else(no)?;
        let (now, audience) = (self.access().now(), self.token_url());
        let expected = Expected { issuer: &issuer, audience: &audience, now, longest: Some(LONGEST) };
        let claims = token.checked(&keys, &ALLOWED, &expected).map_err(|fault| {
            tracing::info!(%fault, app = %issuer, "an assertion was refused");
            no()
        })?;
        let root = claims.root();
        if root.str("sub").as_deref() != Some(&issuer) {
            return Err(no());
        }
        let jti = root.str("jti").ok_or_else(no)?;
        let jti = format!("{issuer} {jti}");
        // For as long as it could be shown again, and the clocks may differ.
        let until = Instant(now.0 + (LONGEST + 120) * 1_000);
        let fresh = self
            .access()
            .store()
            .write(Author::system("app.assertion"), move |tx| use_once(tx, "jti", &jti, until))?;
        if fresh { Ok(app) } else { Err(no()) }
    }

    /// The keys that were registered: themselves, or where they are.
    fn keys_of(&self, registered: &str) -> Option<JwkSet> {
        if registered.starts_with('{') {
            return JwkSet::parse(registered);
        }
        let asking = Fetching { url: registered, headers: Vec::new(), form: None };
        match self.http.ask(asking) {
            Ok(body) => JwkSet::parse(body),
            Err(why) => {
                tracing::warn!(why, "the keys of an app could not be fetched");
                None
            }
        }
    }
}

/// Id and secret of `Authorization: Basic`; both are encoded as in a form (RFC 6749 section 2.3.1).
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

//! Signing in at another issuer: OpenID Connect Core 1.0, the authorization code flow with PKCE (RFC 7636), checked
//! as RFC 9700 has it. The browser goes there with a random `state` that is bound to it, and comes back with a code;
//! the code becomes an ID token, whose claims become role profiles as the configuration says (`claims`).

mod claims;
mod issuer;

pub use claims::{People, Proofing, StaffClaims};

use crate::Keys;
use crate::http::{Asking, Http, encoded, pairs};
use crate::jose::{self, Algorithm, Expected, Jws};
use access::{Access, Entered};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Json, Limits, Tree};
use issuer::{Issuer, Known};
use record::{Author, Instant, Kind, Refusal, new_id};
use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Those who have gone to an issuer and not come back yet, by the hash of their `state`.
const AWAY: &str = "away-at-issuer";
const AWAY_MS: i64 = 10 * 60_000;
/// What an ID token may be signed with.
const ALGORITHMS: [Algorithm; 6] = Algorithm::ALL;
/// How long our own word to an issuer holds.
const ASSERTION_SECONDS: i64 = 60;

/// An issuer whose word this installation takes.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// Its short name here: small letters and digits; part of addresses and of account names.
    pub name: String,
    /// What its button says.
    pub title: String,
    /// Its identifier, to the letter: `https://issuer.example`.
    pub issuer: String,
    /// What we are called there.
    pub client: String,
    /// How we show there who we are.
    pub proof: Proof,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Further parameters of the request, such as `acr_values` or `vtr`.
    pub parameters: Vec<(String, String)>,
    /// Whom it knows, and what its claims mean.
    pub people: People,
}

/// How a client shows who it is (OpenID Connect Core section 9).
#[derive(Clone)]
pub enum Proof {
    /// A secret, in the header (`client_secret_basic`).
    Secret(String),
    /// A token signed with our key for this algorithm (`private_key_jwt`).
    Signed(Algorithm),
}

/// Without the secret, so that it gets into no log.
impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Proof::Secret(_) => f.write_str("Secret"),
            Proof::Signed(algorithm) => f.debug_tuple("Signed").field(algorithm).finish(),
        }
    }
}

/// What a browser brings back from an issuer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Returned<'a> {
    /// `state`, as it was sent there.
    pub state: &'a str,
    /// `code`; empty when there is none.
    pub code: &'a str,
    /// `iss` (RFC 9207), if there is one.
    pub issuer: Option<&'a str>,
    /// `error`, if there is one.
    pub error: Option<&'a str>,
}

/// The issuers of this installation. Clones share what is known of them.
#[derive(Clone)]
pub struct Issuers {
    access: Access,
    keys: Keys,
    origin: String,
    trusted: Arc<Vec<Trusted>>,
    http: Http,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.buttons()).finish()
    }
}

impl Issuers {
    /// These issuers. `origin` is the address by which browsers know this installation, without a slash at the end.
    pub fn new(access: Access, origin: &str, trusted: Vec<Trusted>) -> Result<Issuers, Refusal> {
        for one in &trusted {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            if one.name.is_empty() || one.name.len() > 12 || !one.name.chars().all(plain) {
                let text = format!("{:?}: name an issuer with 1 to 12 small letters and digits.", one.name);
                return Err(Refusal::invalid("name", text));
            }
        }
        let keys = Keys::of(access.store().clone());
        let (origin, trusted, http) = (origin.to_owned(), Arc::new(trusted), Http::new());
        Ok(Issuers { access, keys, origin, trusted, http, known: Arc::default() })
    }

    /// Short names and titles, for the buttons.
    pub fn buttons(&self) -> impl Iterator<Item = (&str, &str)> {
        self.trusted.iter().map(|one| (one.name.as_str(), one.title.as_str()))
    }

    /// Where the browser goes to sign in at an issuer. `browser` is a secret that only this browser holds; `next` is
    /// where it wants to be afterwards.
    pub fn begin(&self, name: &str, browser: &str, next: &str) -> Result<String, Refusal> {
        let trusted = self.named(name)?;
        let issuer = self.issuer(trusted)?;
        let [state, nonce, verifier] = [secret()?, secret()?, secret()?];
        let until = Instant(self.access.now().0 + AWAY_MS);
        let value = Tree::object()
            .with("name", name)
            .with("nonce", nonce.as_str())
            .with("verifier", verifier.as_str())
            .with("browser", hashed(browser))
            .with("next", next)
            .with("until", until.0)
            .text();
        let key = hashed(&state);
        self.access.store().write(Author::system("identity.begin"), move |tx| {
            tx.keep(AWAY, &key, value.as_bytes(), Some(until))
        })?;
        let scopes: Vec<&str> =
            std::iter::once("openid").chain(trusted.scopes.iter().map(String::as_str)).collect();
        let mut query = pairs(&[
            ("response_type", "code".to_owned()),
            ("client_id", trusted.client.clone()),
            ("redirect_uri", self.back(name)),
            ("scope", scopes.join(" ")),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", hashed(&verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ]);
        for (name, value) in &trusted.parameters {
            query.push_str(&format!("&{}={}", encoded(name), encoded(value)));
        }
        let mark = if issuer.authorization.contains('?') { '&' } else { '?' };
        Ok(format!("{}{mark}{query}", issuer.authorization))
    }

    /// Signs in who has come back, and says where they wanted to be. What does not fit is refused in the same words,
    /// whatever it is; the reason is in our own log.
    pub fn finish(
        &self,
        name: &str,
        returned: &Returned<'_>,
        browser: &str,
        from: &str,
    ) -> Result<(Entered, String), Refusal> {
        let trusted = self.named(name)?;
        let away = self.away(returned.state)?;
        let text = |member: &str| away.root().str(member).map(|text| text.into_owned()).unwrap_or_default();
        if text("name") != name || text("browser") != hashed(browser) {
            return Err(no("the state is another browser's or another issuer's"));
        }
        if let Some(error) = returned.error {
            return Err(no(&format!("the issuer answered {error:.60}")));
        }
        let issuer = self.issuer(trusted)?;
        if returned.issuer.map_or(issuer.names_itself, |named| named != trusted.issuer) {
            return Err(no("the answer is another issuer's (RFC 9207)"));
        }
        let answer = self.exchange(trusted, &issuer, returned.code, &text("verifier"))?;
        let member = |name: &str| answer.root().str(name).map(|text| text.into_owned());
        let token = member("id_token").ok_or_else(|| no("there is no ID token"))?;
        let claims = self.identified(trusted, &token, &text("nonce"))?;
        let more = match (&issuer.userinfo, member("access_token")) {
            (Some(url), Some(token)) => self.userinfo(url, &token, &claims)?,
            _ => None,
        };
        let sources: Vec<_> = more.iter().chain([&claims]).map(Json::root).collect();
        let outsider = claims::outsider(trusted, &sources, &self.access)?;
        Ok((self.access.enter_outside(&outsider, from)?, text("next")))
    }

    fn named(&self, name: &str) -> Result<&Trusted, Refusal> {
        self.trusted.iter().find(|one| one.name == name).ok_or_else(|| Refusal::not_found("The issuer"))
    }

    /// The address to which an issuer sends browsers back.
    fn back(&self, name: &str) -> String {
        format!("{}/sign-in/with/{name}/back", self.origin)
    }

    /// What was kept of someone who went away; it is taken out, so that it counts once.
    fn away(&self, state: &str) -> Result<Json, Refusal> {
        let key = hashed(state);
        let kept = self.access.store().write(Author::system("identity.finish"), move |tx| {
            let kept = tx.kept(AWAY, &key)?;
            tx.forget(AWAY, &key)?;
            Ok(kept)
        })?;
        let away = kept.and_then(|kept| Json::parse(kept, Limits::DOOR).ok());
        let until = |away: &Json| away.root().get("until")?.as_number()?.parse().ok().map(Instant);
        away.filter(|away| until(away).is_some_and(|until| self.access.now() < until))
            .ok_or_else(|| no("the state is not known, was used, or has run out"))
    }

    /// The code becomes tokens (OpenID Connect Core section 3.1.3).
    fn exchange(
        &self,
        trusted: &Trusted,
        issuer: &Issuer,
        code: &str,
        verifier: &str,
    ) -> Result<Json, Refusal> {
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.back(&trusted.name)),
            ("code_verifier", verifier.to_owned()),
        ];
        let mut headers = Vec::new();
        match &trusted.proof {
            Proof::Secret(secret) => {
                let both = format!("{}:{}", encoded(&trusted.client), encoded(secret));
                headers.push(("authorization", format!("Basic {}", STANDARD.encode(both))));
            }
            Proof::Signed(algorithm) => {
                let now = self.access.now().0 / 1_000;
                let claims = Tree::object()
                    .with("iss", trusted.client.as_str())
                    .with("sub", trusted.client.as_str())
                    .with("aud", issuer.token.as_str())
                    .with("jti", new_id())
                    .with("iat", now)
                    .with("exp", now + ASSERTION_SECONDS);
                form.push(("client_id", trusted.client.clone()));
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                form.push(("client_assertion_type", kind.to_owned()));
                form.push(("client_assertion", self.keys.sign(*algorithm, "JWT", &claims)?));
            }
        }
        let answer = self.http.ask(Asking { url: &issuer.token, headers, form: Some(form) });
        let answer = answer.map_err(|why| no(&why))?;
        Json::parse(answer, Limits::DOOR).map_err(|_| no("the tokens are no JSON"))
    }

    /// The claims of an ID token (OpenID Connect Core section 3.1.3.7).
    fn identified(&self, trusted: &Trusted, token: &str, nonce: &str) -> Result<Json, Refusal> {
        let jws = Jws::parse(token).map_err(|fault| no(&fault.to_string()))?;
        let keys = self.keys_of(trusted, jws.key_id().as_deref())?;
        let now = self.access.now();
        let expected = Expected { issuer: &trusted.issuer, audience: &trusted.client, now, longest: None };
        let claims = jws.checked(&keys, &ALGORITHMS, &expected).map_err(|fault| no(&fault.to_string()))?;
        let root = claims.root();
        if root.str("nonce").as_deref() != Some(nonce) {
            return Err(no("the ID token was asked for by somebody else"));
        }
        let several = root.get("aud").is_some_and(|audience| audience.items().count() > 1);
        let party = root.str("azp");
        if (several && party.is_none()) || party.is_some_and(|party| party != trusted.client) {
            return Err(no("the ID token was given to another client"));
        }
        if root.str("sub").is_none_or(|subject| subject.is_empty()) {
            return Err(no("the ID token names nobody"));
        }
        Ok(claims)
    }

    /// What the issuer says beside the token, of the same person (OpenID Connect Core section 5.3).
    fn userinfo(&self, url: &str, token: &str, claims: &Json) -> Result<Option<Json>, Refusal> {
        let headers = vec![("authorization", format!("Bearer {token}"))];
        let answer = self.http.ask(Asking { url, headers, form: None }).map_err(|why| no(&why))?;
        let more = Json::parse(answer, Limits::DOOR).map_err(|_| no("the user information is no JSON"))?;
        match more.root().str("sub") == claims.root().str("sub") {
            true => Ok(Some(more)),
            false => Err(no("the user information is of somebody else")),
        }
    }
}

/// A random text of 256 bits.
fn secret() -> Result<String, Refusal> {
    use ring::rand::SecureRandom;
    let mut bytes = [0; 32];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled
        .map_err(|_| Refusal::new(Kind::Fault, "The machine has no random numbers to give. Tell support."))?;
    Ok(jose::encoded(bytes))
}

/// SHA-256 in base64url: the challenge of PKCE, and all that is kept of secrets.
fn hashed(text: &str) -> String {
    jose::encoded(digest(&SHA256, text.as_bytes()))
}

/// The one refusal for whatever does not fit; why is for the log.
fn no(why: &str) -> Refusal {
    tracing::warn!(why, "a sign-in at an outside issuer was refused");
    let text = "The sign-in elsewhere did not succeed, or took too long. Try again from the sign-in page.";
    Refusal::new(Kind::Unauthenticated, text)
}

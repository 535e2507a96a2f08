//! Tokens: exchanged for a code, renewed, given to a program for its proof, looked at, revoked.

use super::{CODES, OFFLINE_MS, ONLINE_MS, REFRESHES, Smart, Standing, TOKEN_MS, after, field, read};
use crate::jose::{Algorithm, encoded};
use access::grant::{Grant, Level};
use access::{Acts, App, Client, Kind, Strength, end_family, keep_app_token, key_of, new_family, new_secret};
use fhir::Tree;
use record::{Author, Instant, Refusal, Tx};
use ring::digest::{SHA256, digest};

/// Kept facts: by the hash of a code that was exchanged, the family of its tokens.
const EXCHANGED: &str = "app-code-exchanged";
/// How long it is remembered that a code was exchanged.
const EXCHANGED_MS: i64 = 10 * 60_000;

/// Why there is no token: as RFC 6749 section 5.2 has it.
#[derive(Clone, Debug)]
pub struct NoToken {
    /// The status of the answer.
    pub status: u16,
    /// The code.
    pub error: &'static str,
    /// In words, for whoever writes the app.
    pub description: String,
}

impl NoToken {
    pub(super) fn client(text: &str) -> NoToken {
        NoToken { status: 401, error: "invalid_client", description: text.to_owned() }
    }

    fn of(error: &'static str, text: &str) -> NoToken {
        NoToken { status: 400, error, description: text.to_owned() }
    }

    fn grant() -> NoToken {
        NoToken::of("invalid_grant", "it is not known, has run out, was used, or is another app's")
    }

    /// The body of the answer.
    pub fn tree(&self) -> Tree {
        Tree::object().with("error", self.error).with("error_description", self.description.as_str())
    }
}

impl From<Refusal> for NoToken {
    fn from(refusal: Refusal) -> NoToken {
        let (status, error) = match refusal.kind {
            Kind::Busy | Kind::Unknown => (503, "temporarily_unavailable"),
            _ => (500, "server_error"),
        };
        NoToken { status, error, description: refusal.to_string() }
    }
}

/// What a code or a refresh token gave; nothing when it does not count, or no more.
type Taken = Option<Given>;

struct Given {
    standing: Standing,
    token: String,
    refresh: Option<String>,
    nonce: Option<String>,
}

impl Smart {
    /// Answers the token endpoint: the body, or why not.
    pub fn token(&self, form: &[(String, String)], authorization: Option<&str>) -> Result<Tree, NoToken> {
        let app = self.proven(form, authorization)?;
        match field(form, "grant_type") {
            Some("authorization_code") => self.exchanged(&app, form),
            Some("refresh_token") => self.renewed(&app, form),
            Some("client_credentials") => self.given_to_itself(&app, form),
            _ => Err(NoToken::of(
                "unsupported_grant_type",
                "grant_type must be authorization_code, refresh_token or client_credentials",
            )),
        }
    }

    fn exchanged(&self, app: &App, form: &[(String, String)]) -> Result<Tree, NoToken> {
        let code = field(form, "code").ok_or_else(NoToken::grant)?;
        let verifier = field(form, "code_verifier").filter(|text| (43..=128).contains(&text.len()));
        let challenge = encoded(digest(&SHA256, verifier.ok_or_else(NoToken::grant)?.as_bytes()));
        let (key, id) = (key_of(code), app.id.clone());
        let redirect = field(form, "redirect_uri").unwrap_or_default().to_owned();
        let taken = self.access().store().write(Author::system("app.exchange"), move |tx| {
            let Some(kept) = tx.kept(CODES, &key)? else {
                // Somebody else may have had it first: nobody keeps what it gave (RFC 6749 section 4.1.2).
                if let Some(family) = tx.kept(EXCHANGED, &key)? {
                    end_family(tx, &String::from_utf8_lossy(&family))?;
                }
                return Ok(None);
            };
            // Whatever it is shown with, it counts once.
            tx.forget(CODES, &key)?;
            let Some(json) = read(&kept) else { return Ok(None) };
            let is = |name: &str, value: &str| json.root().str(name).is_some_and(|kept| kept == value);
            let Some(standing) = Standing::read(json.root()) else { return Ok(None) };
            if standing.client.app != id || !is("redirect", &redirect) || !is("challenge", &challenge) {
                return Ok(None);
            }
            let until = after(tx.now(), EXCHANGED_MS);
            tx.keep(EXCHANGED, &key, standing.client.family.as_bytes(), Some(until))?;
            let nonce = json.root().str("nonce").map(|nonce| nonce.into_owned());
            give(tx, standing, nonce)
        })?;
        self.answered(taken)
    }

    fn renewed(&self, app: &App, form: &[(String, String)]) -> Result<Tree, NoToken> {
        let refresh = field(form, "refresh_token").ok_or_else(NoToken::grant)?;
        let narrower = field(form, "scope").map(Grant::parse);
        let (key, id) = (key_of(refresh), app.id.clone());
        let access = self.access().clone();
        let taken = self.access().store().write(Author::system("app.refresh"), move |tx| {
            let Some(json) = tx.kept(REFRESHES, &key)?.as_deref().and_then(read) else {
                return Ok(None);
            };
            let Some(mut standing) = Standing::read(json.root()) else { return Ok(None) };
            if standing.client.app != id {
                return Ok(None);
            }
            if json.root().get("used").is_some() {
                // It was copied: whoever has the newer one is not trusted either (RFC 9700 section 4.14.2).
                end_family(tx, &standing.client.family)?;
                return Ok(None);
            }
            if !access.family_stands(tx, &standing.client.family)? {
                return Ok(None);
            }
            let until = after(tx.now(), OFFLINE_MS);
            let used = standing.tree().with("used", true).text();
            tx.keep(REFRESHES, &key, used.as_bytes(), Some(until))?;
            if let Some(narrower) = &narrower {
                standing.client.grant = standing.client.grant.within(narrower);
            }
            give(tx, standing, None)
        })?;
        self.answered(taken)
    }

    /// The answer of RFC 6749 section 5.1, with the context that SMART adds.
    fn answered(&self, taken: Taken) -> Result<Tree, NoToken> {
        let Some(Given { standing, token, refresh, nonce }) = taken else { return Err(NoToken::grant()) };
        // It is of no use if the account was changed meanwhile.
        let session = self.access().bearer(&token).map_err(|_| NoToken::grant())?;
        let client = &standing.client;
        let id_token = match client.grant.words.contains("openid") {
            true => Some(self.id_token(&session, client, nonce.as_deref())?),
            false => None,
        };
        Ok(Tree::object()
            .with("access_token", token)
            .with("token_type", "Bearer")
            .with("expires_in", TOKEN_MS / 1_000)
            .with("scope", client.grant.to_string())
            .maybe("refresh_token", refresh)
            .maybe("patient", client.patient.as_deref())
            .maybe("need_patient_banner", client.patient.as_ref().map(|_| true))
            .maybe("id_token", id_token))
    }

    fn id_token(
        &self,
        session: &access::Session,
        client: &Client,
        nonce: Option<&str>,
    ) -> Result<String, NoToken> {
        let now = self.access().now().0 / 1_000;
        let person = session.person_reference().map(|reference| format!("{}/{reference}", self.base));
        let person = person.filter(|_| client.grant.words.contains("fhirUser"));
        let claims = Tree::object()
            .with("iss", self.origin.as_str())
            .with("sub", session.who.as_str())
            .with("aud", client.app.as_str())
            .with("iat", now)
            .with("exp", now + TOKEN_MS / 1_000)
            .with("name", session.display.as_str())
            .maybe("nonce", nonce)
            .maybe("fhirUser", person);
        Ok(self.keys.sign(Algorithm::Rs256, "JWT", &claims)?)
    }

    /// A token for a program that acts as itself.
    fn given_to_itself(&self, app: &App, form: &[(String, String)]) -> Result<Tree, NoToken> {
        let Some(role) = app.role else {
            return Err(NoToken::of("unauthorized_client", "the app is not registered to act as itself"));
        };
        let wanted = Grant::parse(field(form, "scope").unwrap_or_default());
        let mut grant = wanted.within(&app.scopes);
        grant.allowed.retain(|allowed| allowed.level == Level::System);
        grant.words.clear();
        if grant.allowed.is_empty() {
            return Err(NoToken::of("invalid_scope", "none of these scopes can be granted"));
        }
        let client = Client {
            app: app.id.clone(),
            name: app.name.clone(),
            grant,
            patient: None,
            family: new_family(),
        };
        let (organisation, purpose) = (app.organisation.clone(), app.purpose.clone());
        let scope = client.grant.to_string();
        let token = self.access().store().write(Author::system("app.token"), move |tx| {
            let acts = Acts::Itself { role, organisation: &organisation, purpose: &purpose };
            let until = after(tx.now(), TOKEN_MS);
            keep_app_token(tx, &client, &acts, until)
        })?;
        Ok(Tree::object()
            .with("access_token", token)
            .with("token_type", "Bearer")
            .with("expires_in", TOKEN_MS / 1_000)
            .with("scope", scope))
    }

    /// RFC 7662: what a token stands for now. Only apps that can prove themselves may ask, of their own tokens.
    pub fn introspected(
        &self,
        form: &[(String, String)],
        authorization: Option<&str>,
    ) -> Result<Tree, NoToken> {
        let app = self.proven(form, authorization)?;
        if matches!(app.proof, access::AppProof::Public) {
            return Err(NoToken::client("only apps that can prove themselves may ask"));
        }
        let inactive = Tree::object().with("active", false);
        let Some(token) = field(form, "token") else { return Ok(inactive) };
        let Ok(session) = self.access().bearer(token) else { return Ok(inactive) };
        let Some(client) = session.client.as_ref().filter(|client| client.app == app.id) else {
            return Ok(inactive);
        };
        Ok(Tree::object()
            .with("active", true)
            .with("client_id", client.app.as_str())
            .with("scope", client.grant.to_string())
            .with("sub", session.who.as_str())
            .with("iss", self.origin.as_str())
            .with("token_type", "Bearer")
            .with("iat", session.since.0 / 1_000)
            .with("exp", session.until.0 / 1_000)
            .maybe("patient", client.patient.as_deref())
            .maybe("fhirUser", session.person_reference().map(|r| format!("{}/{r}", self.base))))
    }

    /// RFC 7009: ends a token, and with it all that came from the same consent. One that is not known is no fault.
    pub fn revoked(&self, form: &[(String, String)], authorization: Option<&str>) -> Result<(), NoToken> {
        let app = self.proven(form, authorization)?;
        let Some(token) = field(form, "token") else {
            return Err(NoToken::of("invalid_request", "say which token"));
        };
        let refresh = self.access().store().kept(REFRESHES, &key_of(token))?;
        let standing = refresh.as_deref().and_then(read).and_then(|json| Standing::read(json.root()));
        let client = match standing {
            Some(standing) => Some(standing.client),
            None => self.access().bearer(token).ok().and_then(|session| session.client.as_deref().cloned()),
        };
        let Some(client) = client.filter(|client| client.app == app.id) else { return Ok(()) };
        self.access()
            .store()
            .write(Author::system("app.revoke"), move |tx| end_family(tx, &client.family))?;
        self.access().drop_tokens_of_apps();
        Ok(())
    }
}

/// Gives what a standing is good for: an access token, and a refresh token where it may go on.
fn give(tx: &mut Tx<'_>, standing: Standing, nonce: Option<String>) -> Result<Taken, Refusal> {
    let now = tx.now();
    let Some(strength) = Strength::named(&standing.strength) else { return Ok(None) };
    let acts = Acts::For {
        who: &standing.who,
        profile: &standing.profile,
        generation: standing.generation,
        strength,
    };
    let token = keep_app_token(tx, &standing.client, &acts, after(now, TOKEN_MS))?;
    let words = &standing.client.grant.words;
    let lasts = match (words.contains("offline_access"), words.contains("online_access")) {
        (true, _) => Some(OFFLINE_MS),
        (false, true) => Some(ONLINE_MS),
        (false, false) => None,
    };
    let refresh = match lasts {
        Some(lasts) => Some(renewable(tx, &standing, after(now, lasts))?),
        None => None,
    };
    Ok(Some(Given { standing, token, refresh, nonce }))
}

fn renewable(tx: &mut Tx<'_>, standing: &Standing, until: Instant) -> Result<String, Refusal> {
    let (secret, key) = new_secret()?;
    tx.keep(REFRESHES, &key, standing.tree().text().as_bytes(), Some(until))?;
    Ok(secret)
}

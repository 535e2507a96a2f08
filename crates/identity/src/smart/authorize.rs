//! Asking for authorisation, and what is answered: RFC 6749 section 4.1, RFC 7636, SMART 2.2 section 2.

use super::{CODE_MS, CODES, LAUNCH_MS, LAUNCHES, Smart, Standing, after, field, read};
use crate::http::encoded;
use access::grant::Grant;
use access::{App, Client, Kind, Session, new_family, new_secret};
use fhir::Tree;
use record::Refusal;

/// Characters of `state`, `nonce` and `code_challenge`, at most.
const WORD_MAX: usize = 1_000;

/// A request for authorisation that is in order.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The app.
    pub app: App,
    /// What it asks for, as far as it may.
    pub grant: Grant,
    /// The patient whose record it was opened from.
    pub patient: Option<String>,
    redirect: String,
    state: String,
    challenge: String,
    nonce: Option<String>,
}

/// A request for authorisation that is not in order.
#[derive(Clone, Debug)]
pub enum NotAsked {
    /// It is not sure who asks, so nobody is sent anywhere: the person is told.
    Told(Refusal),
    /// The app is told, by sending the person back to this address.
    Back(String),
}

impl From<Refusal> for NotAsked {
    fn from(refusal: Refusal) -> NotAsked {
        NotAsked::Told(refusal)
    }
}

impl Smart {
    /// Reads the query of a request for authorisation by somebody who is signed in.
    pub fn asked(&self, session: &Session, query: &[(String, String)]) -> Result<Asking, NotAsked> {
        let told = |text: &str| NotAsked::Told(Refusal::new(Kind::Invalid, text));
        let app = field(query, "client_id").map_or(Ok(None), |id| self.access().app(id))?;
        let Some(app) = app else {
            return Err(told("This app is not known here. Ask who looks after it to register it."));
        };
        let redirect =
            field(query, "redirect_uri").filter(|uri| app.redirects.iter().any(|known| known == uri));
        let Some(redirect) = redirect.map(str::to_owned) else {
            return Err(told("The app wants to send you to an address that is not registered for it."));
        };
        let state = field(query, "state").unwrap_or_default().to_owned();
        let back = |error: &str, text: &str| NotAsked::Back(answer(&redirect, &state, error, text));
        let is_long = |name: &str| field(query, name).is_some_and(|value| value.len() > WORD_MAX);
        if ["state", "nonce", "code_challenge"].into_iter().any(is_long) || state.is_empty() {
            return Err(back("invalid_request", "state is needed, and short"));
        }
        if field(query, "response_type") != Some("code") {
            return Err(back("unsupported_response_type", "response_type must be code"));
        }
        let challenge = field(query, "code_challenge").filter(|challenge| challenge.len() == 43);
        let (Some(challenge), Some("S256")) = (challenge, field(query, "code_challenge_method")) else {
            return Err(back("invalid_request", "code_challenge with code_challenge_method S256 is needed"));
        };
        let aud = field(query, "aud").or_else(|| field(query, "resource"));
        if aud.map(|aud| aud.trim_end_matches('/')) != Some(self.base.as_str()) {
            return Err(back("invalid_request", "aud must be the address of this FHIR server"));
        }
        let wanted = Grant::parse(field(query, "scope").unwrap_or_default());
        let mut grant = wanted.within(&app.scopes).of(session);
        grant.allowed.retain(|allowed| allowed.level != access::grant::Level::System);
        if grant.is_empty() {
            return Err(back("invalid_scope", "none of these scopes can be granted"));
        }
        let patient = match field(query, "launch") {
            Some(launch) if grant.words.contains("launch") => {
                let patient = self.launched(session, &app, launch)?;
                Some(patient.ok_or_else(|| back("invalid_request", "the launch has run out or was used"))?)
            }
            _ => None,
        };
        let (challenge, nonce) = (challenge.to_owned(), field(query, "nonce").map(str::to_owned));
        Ok(Asking { app, grant, patient, redirect, state, challenge, nonce })
    }

    /// A code of a launch of an app from a patient's record, for the app to send back with its request.
    pub fn launch(&self, session: &Session, app: &App, patient: &str) -> Result<String, Refusal> {
        let (secret, key) = new_secret()?;
        let kept = Tree::object()
            .with("app", app.id.as_str())
            .with("who", session.who.as_str())
            .with("profile", session.profile.as_str())
            .with("patient", patient)
            .text();
        let until = after(self.access().now(), LAUNCH_MS);
        self.access().store().write(session.author("app.launch", None), move |tx| {
            tx.keep(LAUNCHES, &key, kept.as_bytes(), Some(until))
        })?;
        Ok(secret)
    }

    /// The patient of a launch, if it is this person's with this app. It stays until it runs out: the person may have
    /// to come back to the same request after signing in.
    fn launched(&self, session: &Session, app: &App, launch: &str) -> Result<Option<String>, Refusal> {
        let kept = self.access().store().kept(LAUNCHES, &access::key_of(launch))?;
        let Some(json) = kept.as_deref().and_then(read) else { return Ok(None) };
        let is = |name: &str, value: &str| json.root().str(name).is_some_and(|kept| kept == value);
        let is_theirs = is("app", &app.id) && is("who", &session.who) && is("profile", &session.profile);
        Ok(json.root().str("patient").filter(|_| is_theirs).map(|patient| patient.into_owned()))
    }

    /// Lets the app do what was agreed to, of what it asked for, and gives the address to send the person back to.
    pub fn allowed(
        &self,
        session: &Session,
        asking: &Asking,
        agreed: &Grant,
        patient: Option<&str>,
    ) -> Result<String, NotAsked> {
        let grant = asking.grant.within(agreed);
        let back =
            |error: &str, text: &str| NotAsked::Back(answer(&asking.redirect, &asking.state, error, text));
        if grant.is_empty() {
            return Err(back("access_denied", "nothing was allowed"));
        }
        let patient = asking.patient.as_deref().or(patient);
        if grant.needs_patient() && !patient.is_some_and(|id| self.is_seen(session, id).unwrap_or(false)) {
            let text = "Choose the patient whose record the app may open.";
            return Err(NotAsked::Told(Refusal::invalid("patient", text)));
        }
        let generation = self.access().generation(&session.who)?;
        let Some(generation) = generation else { return Err(back("access_denied", "the account is shut")) };
        let client = Client {
            app: asking.app.id.clone(),
            name: asking.app.name.clone(),
            grant,
            patient: patient.map(str::to_owned),
            family: new_family(),
        };
        let standing = Standing {
            client,
            who: session.who.clone(),
            profile: session.profile.clone(),
            generation,
            strength: session.strength.name().to_owned(),
        };
        let kept = standing
            .tree()
            .with("redirect", asking.redirect.as_str())
            .with("challenge", asking.challenge.as_str())
            .maybe("nonce", asking.nonce.as_deref())
            .text();
        let (code, key) = new_secret()?;
        let until = after(self.access().now(), CODE_MS);
        let detail = Tree::object()
            .with("app", asking.app.id.as_str())
            .with("scope", standing.client.grant.to_string())
            .with("patients", patient.into_iter().map(Tree::from).collect::<Vec<_>>());
        self.access().store().write(session.author("app.allow", None), move |tx| {
            tx.keep(CODES, &key, kept.as_bytes(), Some(until))
        })?;
        self.access().store().audit(session.act("app-allowed", detail)).wait()?;
        Ok(format!("{}code={}&state={}", joined(&asking.redirect), encoded(&code), encoded(&asking.state)))
    }

    fn is_seen(&self, session: &Session, patient: &str) -> Result<bool, Refusal> {
        let found = self.access().store().read(&session.scope, "Patient", patient)?;
        Ok(matches!(found, record::Found::Here(_)))
    }
}

impl Asking {
    /// The address that says that nothing was allowed.
    pub fn denied(&self) -> String {
        answer(&self.redirect, &self.state, "access_denied", "the person did not allow it")
    }

    /// Scheme, host and port of where the person is sent back to.
    pub fn back_to(&self) -> &str {
        let host = self.redirect.find("://").map_or(0, |at| at + 3);
        let end = self.redirect[host..].find('/').map_or(self.redirect.len(), |slash| host + slash);
        &self.redirect[..end]
    }
}

/// An address with the place for more of its query.
fn joined(address: &str) -> String {
    format!("{address}{}", if address.contains('?') { '&' } else { '?' })
}

fn answer(redirect: &str, state: &str, error: &str, text: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!("&state={}", encoded(state)) };
    format!("{}error={error}&error_description={}{state}", joined(redirect), encoded(text))
}

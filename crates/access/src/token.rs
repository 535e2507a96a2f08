//! Bearer tokens: short-lived, for programs. Only the hash is kept (space `token`).

use crate::account::{number, role};
use crate::mandate::REVOKED;
use crate::profile::organisation;
use crate::secret::{self, Hash};
use crate::session::{Basis, Credential, Strength};
use crate::{Access, Client, Role, Session, author, held};
use fhir::{Json, Limits, Tree, Value};
use record::{Instant, Kind, Refusal, Tx};
use std::sync::Arc;

const SPACE: &str = "token";
/// How long a token holds when nothing else is asked for.
pub const TOKEN_MINUTES: u32 = 60;
/// The longest a token may hold: a day.
const MINUTES_MAX: u32 = 24 * 60;
/// How long a token is believed without looking it up again.
const BELIEVED_MS: i64 = 1_000;
/// Tokens held in memory; when there are more, all are looked up again.
const HELD_MAX: usize = 10_000;

/// A token as it is held in memory.
pub(crate) struct Known {
    session: Session,
    checked: Instant,
}

impl Access {
    /// Makes a token for a program in a role. The text is the only copy.
    pub fn mint_token(&self, role_name: &str, minutes: u32) -> Result<String, Refusal> {
        self.mint_token_for("", role_name, minutes)
    }

    /// Makes a token for a program in a role that acts for an organisation, named by its ODS code; for none without.
    pub fn mint_token_for(&self, code: &str, role_name: &str, minutes: u32) -> Result<String, Refusal> {
        let role = role(role_name)?;
        let organisation = organisation(code)?;
        if minutes == 0 || minutes > MINUTES_MAX {
            return Err(Refusal::invalid("minutes", format!("Choose 1 to {MINUTES_MAX} minutes.")));
        }
        let token = secret::new()?;
        let hash = secret::hash(&token);
        let since = self.now();
        let until = Instant(since.0 + i64::from(minutes) * 60_000);
        let value = Tree::object()
            .with("role", role.name.as_str())
            .with("organisation", organisation.as_str())
            .with("since", since.0)
            .with("until", until.0)
            .text();
        self.store().write(author("system", "access.mint-token"), move |tx| {
            tx.keep(SPACE, &secret::key(&hash), value.as_bytes(), Some(until))
        })?;
        let detail = Tree::object()
            .with("token", secret::name(&hash))
            .with("role", role.name.as_str())
            .with("until", until.to_string());
        self.audit("system", "mint-token", detail)?;
        Ok(token)
    }

    /// Makes a token with which a program acts as someone in their active role profile. It falls with the account
    /// and the profile, and with every change of the account that ends sessions. The text is the only copy.
    pub fn mint_token_as(&self, session: &Session, minutes: u32) -> Result<String, Refusal> {
        let minutes = minutes.clamp(1, MINUTES_MAX);
        // No token begets another: that of a program may be narrower than its owner.
        let is_browser = matches!(session.credential, Credential::Cookie(_));
        let Some(account) = self.account(&session.who)?.filter(|_| is_browser) else {
            let text = "Only someone who is signed in can let a program act for them. Sign in first.";
            return Err(Refusal::new(Kind::Forbidden, text));
        };
        let token = secret::new()?;
        let hash = secret::hash(&token);
        let since = self.now();
        let until = session.until.min(Instant(since.0 + i64::from(minutes) * 60_000));
        let value = Tree::object()
            .with("who", session.who.as_str())
            .with("profile", session.profile.as_str())
            .with("strength", session.strength.name())
            .with("generation", account.generation)
            .with("since", since.0)
            .with("until", until.0)
            .text();
        self.store().write(session.author("access.mint-token", None), move |tx| {
            tx.keep(SPACE, &secret::key(&hash), value.as_bytes(), Some(until))
        })?;
        let detail = Tree::object().with("token", secret::name(&hash)).with("until", until.to_string());
        self.store().audit(session.act("mint-token", detail)).wait()?;
        Ok(token)
    }

    /// Forgets what is held in memory of someone's tokens.
    pub(crate) fn drop_tokens(&self, who: &str) {
        held(&self.inner.tokens).retain(|_, known| known.session.who != who);
    }

    /// The session of a token. Unknown, ended and revoked ones are refused in the same words.
    pub fn bearer(&self, token: &str) -> Result<Session, Refusal> {
        let hash = secret::hash(token);
        let now = self.now();
        if let Some(known) = held(&self.inner.tokens).get(&hash)
            && (0..BELIEVED_MS).contains(&(now.0 - known.checked.0))
            && now.0 < known.session.until.0
        {
            return Ok(known.session.clone());
        }
        let session = standing(self, &hash)?.filter(|session| now.0 < session.until.0);
        let mut tokens = held(&self.inner.tokens);
        let Some(session) = session else {
            tokens.remove(&hash);
            let text = "The token is not known or has run out. Ask for a new one.";
            return Err(Refusal::new(Kind::Unauthenticated, text));
        };
        if tokens.len() >= HELD_MAX {
            tokens.clear();
        }
        tokens.insert(hash, Known { session: session.clone(), checked: now });
        Ok(session)
    }

    /// Ends a token, at once and for good.
    pub fn revoke_token(&self, token: &str) -> Result<(), Refusal> {
        let hash = secret::hash(token);
        held(&self.inner.tokens).remove(&hash);
        self.store().write(author("system", "access.revoke-token"), move |tx| {
            // Orders that were given with it end, too.
            tx.keep(REVOKED, &format!("token-{}", secret::name(&hash)), b"", None)?;
            tx.forget(SPACE, &secret::key(&hash))
        })?;
        self.audit("system", "revoke-token", Tree::object().with("token", secret::name(&hash)))
    }
}

/// The session of a token by its hash, as it is kept. That of a person falls when their account is changed.
pub(crate) fn standing(access: &Access, hash: &Hash) -> Result<Option<Session>, Refusal> {
    let Some(value) = access.kept(SPACE, &secret::key(hash))? else { return Ok(None) };
    let Some((json, basis)) = basis(&value, hash) else {
        tracing::error!("a kept token cannot be read");
        return Ok(None);
    };
    let root = json.root();
    let Some(who) = root.str("who") else {
        let role = root.str("role").and_then(|name| role(&name).ok());
        // Tokens that were made before this was asked have none.
        let organisation = root.str("organisation").unwrap_or_default().into_owned();
        let session = role.map(|role| Session::program(format!("token-{}", basis.id), role, basis));
        let purpose = root.str("purpose").map(|purpose| purpose.into_owned());
        let session = session.map(|session| Session { organisation, ..session });
        let session = session.map(|session| match purpose {
            Some(purpose) => Session { purpose, ..session },
            None => session,
        });
        return session.map_or(Ok(None), |session| access.through_app(session, root));
    };
    let Some(account) = access.account(&who)? else { return Ok(None) };
    let profile = root.str("profile").and_then(|id| account.profile(&id, access.now()));
    let is_same = number(&json, "generation") == Some(account.generation);
    let session = profile.filter(|_| is_same).map(|profile| Session::person(&account, profile, basis));
    session.map_or(Ok(None), |session| access.through_app(session, root))
}

impl Access {
    /// The session with its sight, narrowed to what the app was let do that the token was given to.
    fn through_app(&self, mut session: Session, kept: Value<'_>) -> Result<Option<Session>, Refusal> {
        if let Some(client) = kept.get("client") {
            let Some(client) = Client::read(client) else { return Ok(None) };
            if !self.stands(&client)? {
                return Ok(None);
            }
            session.client = Some(Arc::new(client));
        }
        self.sighted(session).map(Some)
    }
}

impl Known {
    /// True for a token that was given to no app.
    pub(crate) fn is_ours(&self) -> bool {
        self.session.client.is_none()
    }
}

/// Keeps a token of an app, by which it acts for a person, or with a role as itself. The text is the only copy.
pub fn keep_app_token(
    tx: &mut Tx<'_>,
    client: &Client,
    acts: &Acts<'_>,
    until: Instant,
) -> Result<String, Refusal> {
    let token = secret::new()?;
    let value = match acts {
        Acts::For { who, profile, generation, strength } => Tree::object()
            .with("who", *who)
            .with("profile", *profile)
            .with("generation", *generation)
            .with("strength", strength.name()),
        Acts::Itself { role, organisation, purpose } => Tree::object()
            .with("role", role.name.as_str())
            .with("organisation", *organisation)
            .with("purpose", *purpose),
    };
    let value = value.with("client", client.tree()).with("since", tx.now().0).with("until", until.0);
    tx.keep(SPACE, &secret::key(&secret::hash(&token)), value.text().as_bytes(), Some(until))?;
    Ok(token)
}

/// As whom an app acts.
#[derive(Clone, Copy)]
pub enum Acts<'a> {
    /// For a person, in one of their profiles, as long as their account is not changed.
    For {
        /// The account.
        who: &'a str,
        /// The id of the profile.
        profile: &'a str,
        /// The account's generation when they said so.
        generation: i64,
        /// How they had shown who they are.
        strength: Strength,
    },
    /// As itself.
    Itself {
        /// In this role.
        role: &'a Role,
        /// For this organisation.
        organisation: &'a str,
        /// For this purpose.
        purpose: &'a str,
    },
}

fn basis(value: &[u8], hash: &Hash) -> Option<(Json, Basis)> {
    let json = Json::parse(value, Limits::DOOR).ok()?;
    let basis = Basis {
        id: secret::name(hash),
        credential: Credential::Token(*hash),
        strength: match json.root().str("strength") {
            Some(name) => Strength::named(&name)?,
            None => Strength::Token,
        },
        since: Instant(number(&json, "since")?),
        until: Instant(number(&json, "until")?),
    };
    Some((json, basis))
}

//! Bearer tokens: short-lived, for programs. Only the hash is kept (space `token`).

use crate::account::{number, organisation, role};
use crate::mandate::REVOKED;
use crate::secret::{self, Hash};
use crate::warrant::Credential;
use crate::{Access, Session, author, held};
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal};

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

    /// Makes a token for a program in a role that acts for an organisation, named by its ODS code or otherwise.
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
        let kept = self.kept(SPACE, &secret::key(&hash))?;
        let session = kept.and_then(|value| session(&value, &hash)).filter(|session| now.0 < session.until.0);
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

/// The session of a token by its hash, as it is kept.
pub(crate) fn standing(access: &Access, hash: &Hash) -> Result<Option<Session>, Refusal> {
    let kept = access.kept(SPACE, &secret::key(hash))?;
    Ok(kept.and_then(|value| session(&value, hash)))
}

fn session(value: &[u8], hash: &Hash) -> Option<Session> {
    let json = Json::parse(value, Limits::DOOR).ok()?;
    let role = role(&json.root().str("role")?).ok()?;
    let id = secret::name(hash);
    Some(Session {
        who: format!("token-{id}"),
        display: format!("Program ({})", role.title),
        id,
        role,
        place: String::new(),
        // Tokens that were made before this was asked have none.
        organisation: json.root().str("organisation").unwrap_or_default().into_owned(),
        scope: role.scope(),
        csrf: String::new(),
        since: Instant(number(&json, "since")?),
        until: Instant(number(&json, "until")?),
        credential: Credential::Token(*hash),
    })
}

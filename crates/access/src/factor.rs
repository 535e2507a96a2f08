//! Second factors: who has one must show it, and some roles are only for those who have.
//!
//! Factors are kept facts (space `factor`) by account and kind. The secret of a code that changes must be kept as it
//! is, for it has to be made again: whoever can read the record's own tables can read it.

use crate::account::{Account, number};
use crate::browser::Kept;
use crate::enter::{Entered, Way};
use crate::profile::Profile;
use crate::{Access, Permission, Session, Standing, Strength, secret, totp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal, Scope, Tx};
use std::collections::BTreeSet;
use std::fmt;

pub(crate) const FACTOR: &str = "factor";
/// Secrets that nobody has shown yet to have, by account.
const NEW: &str = "factor-new";
const NEW_MS: i64 = 10 * 60_000;
const POLICY: &str = "policy";
/// The roles that need a second factor.
const ROLES: &str = "second-factor";
/// RFC 4226 section 4: 160 bits.
const SECRET_BYTES: usize = 20;

/// What someone owes who has shown their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// The second factor that they have.
    Factor,
    /// A choice among their role profiles.
    Profile,
    /// To set up a second factor: the role they are to be here in is not for those without.
    Enrolment,
}

impl Owed {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Owed::Factor => "factor",
            Owed::Profile => "profile",
            Owed::Enrolment => "enrolment",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Owed> {
        [Owed::Factor, Owed::Profile, Owed::Enrolment].into_iter().find(|owed| owed.name() == name)
    }
}

/// A secret for codes that change, to be taken into an application on a telephone.
pub struct Enrolment {
    /// The secret in base 32, for those who type it.
    pub secret: String,
    /// The same as an address that applications read from a picture.
    pub address: String,
}

/// Without the secret, so that it gets into no log.
impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

/// Keeps which roles need a second factor.
pub(crate) fn require_for(tx: &mut Tx<'_>, roles: &[&str]) -> Result<(), Refusal> {
    let value = Tree::Array(roles.iter().map(|role| Tree::from(*role)).collect());
    tx.keep(POLICY, ROLES, value.text().as_bytes(), None)
}

impl Access {
    /// The names of the roles that need a second factor.
    pub fn second_factor_roles(&self) -> Result<BTreeSet<String>, Refusal> {
        let Some(value) = self.kept(POLICY, ROLES)? else { return Ok(BTreeSet::new()) };
        let json = Json::parse(value, Limits::DOOR)
            .map_err(|_| Refusal::new(Kind::Fault, "The policy of sign-ins cannot be read. Tell support."))?;
        Ok(json.root().items().filter_map(|role| role.as_str()).map(|role| role.into_owned()).collect())
    }

    /// Says which roles need a second factor, from the next sign-in on.
    pub fn set_second_factor_roles(&self, session: &Session, roles: &[&str]) -> Result<(), Refusal> {
        session.needs(Permission::Administer)?;
        for name in roles {
            crate::account::role(name)?;
        }
        let value = Tree::Array(roles.iter().map(|role| Tree::from(*role)).collect());
        let names: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        self.store().write(session.author("access.second-factor-roles", None), move |tx| {
            require_for(tx, &names.iter().map(String::as_str).collect::<Vec<_>>())
        })?;
        self.store().audit(session.act("policy", Tree::object().with("second-factor", value))).wait()
    }

    /// True when someone has codes that change set up.
    pub fn has_totp(&self, who: &str) -> Result<bool, Refusal> {
        Ok(self.kept(FACTOR, &totp_key(who))?.is_some())
    }

    /// Makes a secret for codes that change, for someone who is signed in or who must set up a second factor. It
    /// counts once a code from it has been shown ([`Access::confirm_totp`]).
    pub fn begin_totp(&self, cookie: &str) -> Result<Enrolment, Refusal> {
        let who = match self.session(cookie)? {
            Standing::SignedIn(session) => session.who,
            Standing::Owing(owing) if owing.owed == Owed::Enrolment => owing.who,
            _ => return Err(crate::enter::over()),
        };
        let bytes = match self.new_secret(&who)? {
            // Who typed a wrong code tries again with the same picture.
            Some(bytes) => bytes,
            None => {
                let mut bytes = vec![0; SECRET_BYTES];
                secret::random(&mut bytes)?;
                let until = Instant(self.now().0 + NEW_MS);
                let value =
                    Tree::object().with("secret", URL_SAFE_NO_PAD.encode(&bytes)).with("until", until.0);
                let (key, value) = (who.clone(), value.text());
                self.store().write(crate::author(&who, "access.begin-totp"), move |tx| {
                    tx.keep(NEW, &key, value.as_bytes(), Some(until))
                })?;
                bytes
            }
        };
        let secret = totp::base32(&bytes);
        let address = format!(
            "otpauth://totp/Carespine:{who}?secret={secret}&issuer=Carespine&algorithm=SHA1&digits=6&period=30"
        );
        Ok(Enrolment { secret, address })
    }

    /// Sets up codes that change, with one of them. The session goes on under a new cookie.
    pub fn confirm_totp(&self, cookie: &str, code: &str, from: &str) -> Result<Entered, Refusal> {
        let standing = self.session(cookie)?;
        let span = match &standing {
            Standing::SignedIn(session) => Some((session.since, session.until)),
            Standing::Owing(owing) if owing.owed == Owed::Enrolment => None,
            _ => return Err(crate::enter::over()),
        };
        let (kept, account) = self.kept_session(cookie)?;
        let now = self.now();
        let secret = self.new_secret(&account.name)?;
        let Some(secret) = secret else {
            return Err(Refusal::invalid("code", "This took too long. Begin again, with a new picture."));
        };
        let Some(step) = totp::fits(&secret, code, now.0, 0) else { return Err(wrong_code()) };
        let value = totp_value(&secret, step);
        let (key, who) = (totp_key(&account.name), account.name.clone());
        self.store().write(crate::author(&account.name, "access.confirm-totp"), move |tx| {
            tx.forget(NEW, &who)?;
            tx.keep(FACTOR, &key, value.as_bytes(), None)
        })?;
        self.audit(&account.name, "enrol-totp", Tree::object().with("from", from))?;
        let action = if span.is_some() { "step-up" } else { "sign-in" };
        let (old, profile) = (Some(secret::hash(cookie)), account.profile(&kept.profile, now));
        let (account, strength) = (&account, Strength::Totp);
        self.go_on(Way { action, account, profile, strength, from, old, span })
    }

    /// The secret that somebody is setting up.
    fn new_secret(&self, who: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let new = self.kept(NEW, who)?.and_then(|value| Json::parse(value, Limits::DOOR).ok());
        let new = new.filter(|new| number(new, "until").is_some_and(|until| self.now().0 < until));
        Ok(new.and_then(|new| URL_SAFE_NO_PAD.decode(new.root().str("secret")?.as_bytes()).ok()))
    }

    /// Shows a code that changes, for someone who owes their second factor. Each code counts once.
    pub fn prove_totp(&self, cookie: &str, code: &str, from: &str) -> Result<Entered, Refusal> {
        let (kept, account) = self.owing_factor(cookie)?;
        let tries = factor_key(&account.name);
        self.may_try(&tries, from)?;
        let (key, given, now) = (totp_key(&account.name), code.to_owned(), self.now());
        let by = crate::author(&account.name, "access.prove-totp");
        let right = self.store().write(by, move |tx| {
            let kept = tx.kept(FACTOR, &key)?.and_then(|value| Json::parse(value, Limits::DOOR).ok());
            let Some(kept) = kept else { return Ok(false) };
            let secret = kept.root().str("secret");
            let secret = secret.and_then(|text| URL_SAFE_NO_PAD.decode(text.as_bytes()).ok());
            let (Some(secret), Some(last)) = (secret, number(&kept, "last")) else { return Ok(false) };
            let Some(step) = totp::fits(&secret, &given, now.0, last) else { return Ok(false) };
            tx.keep(FACTOR, &key, totp_value(&secret, step).as_bytes(), None)?;
            Ok(true)
        })?;
        if !right {
            self.audit(&account.name, "second-factor-failed", Tree::object().with("from", from))?;
            return Err(wrong_code());
        }
        self.forget_tries(&tries, from);
        self.factor_shown(cookie, &kept, &account, Strength::Totp, from)
    }

    /// Takes someone's second factors away, who has lost them. Never one's own.
    pub fn forget_factors(&self, session: &Session, name: &str) -> Result<(), Refusal> {
        session.needs(Permission::Administer)?;
        let name = name.trim().to_lowercase();
        if name == session.who {
            let text = "Ask a colleague: nobody takes their own second factor away.";
            return Err(Refusal::new(Kind::Forbidden, text));
        }
        let kept = self.store().reader(&Scope::all())?.kept_all(FACTOR, &format!("{name}|"))?;
        self.store().write(session.author("access.forget-factors", None), move |tx| {
            kept.iter().try_for_each(|(key, _)| tx.forget(FACTOR, key))
        })?;
        self.change_as(session.author("access.end-sessions", None), &name, |_| Ok(()))?;
        self.store().audit(session.act("forget-factors", Tree::object().with("account", name))).wait()
    }

    /// What someone owes before they are signed in.
    pub(crate) fn owed(
        &self,
        account: &Account,
        profile: Option<&Profile>,
        strength: Strength,
    ) -> Result<Option<Owed>, Refusal> {
        let has_factor = || -> Result<bool, Refusal> {
            let prefix = format!("{}|", account.name);
            Ok(!self.store().reader(&Scope::all())?.kept_all(FACTOR, &prefix)?.is_empty())
        };
        if strength == Strength::Password && has_factor()? {
            return Ok(Some(Owed::Factor));
        }
        let Some(profile) = profile else { return Ok(Some(Owed::Profile)) };
        let is_weak = strength == Strength::Password;
        Ok((is_weak && self.second_factor_roles()?.contains(&profile.role.name)).then_some(Owed::Enrolment))
    }

    /// The session and account of someone who owes their second factor.
    pub(crate) fn owing_factor(&self, cookie: &str) -> Result<(Kept, Account), Refusal> {
        match self.session(cookie)? {
            Standing::Owing(owing) if owing.owed == Owed::Factor => self.kept_session(cookie),
            _ => Err(crate::enter::over()),
        }
    }

    /// Goes on for someone who has shown their second factor.
    pub(crate) fn factor_shown(
        &self,
        cookie: &str,
        kept: &Kept,
        account: &Account,
        strength: Strength,
        from: &str,
    ) -> Result<Entered, Refusal> {
        let profile = account.profile(&kept.profile, self.now());
        let old = Some(secret::hash(cookie));
        self.go_on(Way { action: "sign-in", account, profile, strength, from, old, span: None })
    }
}

fn totp_key(who: &str) -> String {
    format!("{who}|totp")
}

/// What tries of a second factor are counted under. A right password does not forget them.
pub(crate) fn factor_key(who: &str) -> String {
    format!("{who}|factor")
}

fn totp_value(secret: &[u8], last: i64) -> String {
    Tree::object().with("secret", URL_SAFE_NO_PAD.encode(secret)).with("last", last).text()
}

fn wrong_code() -> Refusal {
    let text = "The code is wrong or was used before. Wait for the next one and enter that.";
    Refusal::invalid("code", text)
}

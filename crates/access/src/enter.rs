//! Signing in, unlocking, and choosing in which role profile one is here. Each gives a new cookie, so that nobody can
//! have put theirs in somebody's browser before.

use crate::browser::{Beginning, Kept};
use crate::secret::{self, Hash};
use crate::{Access, Account, Owed, Owing, Profile, Session, Standing, Strength, held};
use fhir::Tree;
use record::{Instant, Kind, Refusal};
use std::fmt;
use std::net::Ipv6Addr;

/// A fresh session and the secret that the browser keeps.
pub struct SignedIn {
    /// The value of the cookie: the only copy.
    pub cookie: String,
    /// The session.
    pub session: Session,
}

/// Without the cookie, so that it gets into no log.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("session", &self.session).finish_non_exhaustive()
    }
}

/// What became of signing in.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is made once a sign-in and taken apart at once")]
pub enum Entered {
    /// They are signed in.
    SignedIn(SignedIn),
    /// They have shown who they are, and owe something before they are signed in, under this new cookie.
    Owing {
        /// The value of the cookie: the only copy.
        cookie: String,
        /// What is owed.
        owing: Owing,
    },
}

/// How someone has come, and in which profile they go on.
pub(crate) struct Way<'a> {
    /// What it is called on the trail, once they are signed in.
    pub action: &'static str,
    pub account: &'a Account,
    /// The profile, if it is chosen.
    pub profile: Option<&'a Profile>,
    pub strength: Strength,
    pub from: &'a str,
    /// The cookie that this one replaces.
    pub old: Option<Hash>,
    /// Since and until when at the latest, if it goes on from a session.
    pub span: Option<(Instant, Instant)>,
}

/// The name of the field in which someone proves who they are.
pub const PROOF: &str = "password";
/// How long after signing in without a password nothing more needs to be shown.
const FRESH_MS: i64 = 5 * 60_000;

impl Access {
    /// Begins a session for someone who knows the password. `from` is the network address. An unknown name and a
    /// wrong password, an account that is shut and one that is over are refused in the same words after the same
    /// work. Who has several role profiles has one to choose before anything is shown.
    pub fn enter(&self, name: &str, password: &str, from: &str) -> Result<Entered, Refusal> {
        let account = self.known(name, password, from)?;
        self.entered(&account, Strength::Password, from)
    }

    /// The same for someone with one role profile and no second factor. Others are refused.
    pub fn sign_in(&self, name: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        match self.enter(name, password, from)? {
            Entered::SignedIn(signed_in) => Ok(signed_in),
            Entered::Owing { cookie, owing } => {
                self.end(&secret::hash(&cookie), &owing.who, "access.sign-out")?;
                let text = "More is asked of you than a password. Sign in with a browser.";
                Err(Refusal::new(Kind::Unauthenticated, text))
            }
        }
    }

    /// Goes on in a role profile: the first of the session, or another than before. The session and its cookie are
    /// new, and end when the old ones would have. A role that needs a second factor may leave one to be owed.
    pub fn take_profile(&self, cookie: &str, profile: &str, from: &str) -> Result<Entered, Refusal> {
        let span = match self.session(cookie)? {
            Standing::Owing(owing) if owing.owed == Owed::Profile => None,
            Standing::SignedIn(session) => Some((session.since, self.kept_session(cookie)?.0.until)),
            Standing::Owing(_) | Standing::Locked(_) | Standing::Nobody => return Err(over()),
        };
        let (kept, account) = self.kept_session(cookie)?;
        let Some(profile) = account.profile(profile, self.now()) else {
            return Err(Refusal::invalid("profile", "Choose one of your role profiles that holds today."));
        };
        let old = Some(secret::hash(cookie));
        let profile = Some(profile);
        let (account, strength) = (&account, kept.strength);
        let action = if span.is_some() { "switch-profile" } else { "sign-in" };
        self.go_on(Way { action, account, profile, strength, from, old, span })
    }

    /// Opens a locked session with its owner's password, in the same role profile; the session and its cookie are
    /// new, and end when the old ones would have.
    pub fn unlock(&self, cookie: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        let (Standing::Locked(session) | Standing::SignedIn(session)) = self.session(cookie)? else {
            return Err(over());
        };
        let account = self.known(&session.who, password, from)?;
        let (kept, _) = self.kept_session(cookie)?;
        let new = Beginning {
            who: &account.name,
            generation: account.generation,
            profile: &session.profile,
            owed: None,
            strength: session.strength,
            from,
            span: Some((session.since, kept.until)),
        };
        let fresh = whole(self.begin(new, Some(&secret::hash(cookie)))?)?;
        self.store().audit(fresh.session.act("unlock", Tree::object().with("from", from))).wait()?;
        Ok(fresh)
    }

    /// Refuses unless whoever holds the session is shown once more to be who they are: by their password, or, where
    /// they have none here, by having signed in just now.
    pub fn prove(&self, session: &Session, password: &str) -> Result<(), Refusal> {
        let by_password = matches!(session.strength, Strength::Password | Strength::Totp);
        if by_password {
            let from = format!("session {}", session.id);
            return match self.known(&session.who, password, &from) {
                Ok(_) => Ok(()),
                Err(no) if no.kind == Kind::Unauthenticated => {
                    Err(Refusal::invalid(PROOF, "The password is wrong. Enter the one you sign in with."))
                }
                Err(no) => Err(no),
            };
        }
        if self.now().0 - session.since.0 <= FRESH_MS {
            return Ok(());
        }
        let text = format!(
            "You signed in without a password. Sign out, sign in again, and do this within {} minutes.",
            FRESH_MS / 60_000
        );
        Err(Refusal::invalid(PROOF, text))
    }

    /// The session of a cookie as it is kept, and its account.
    pub(crate) fn kept_session(&self, cookie: &str) -> Result<(Kept, Account), Refusal> {
        let kept = Kept::of(self, &secret::hash(cookie))?.ok_or_else(over)?;
        let account = kept.account(self)?.ok_or_else(over)?;
        Ok((kept, account))
    }

    /// The account of someone who knows its password.
    fn known(&self, name: &str, password: &str, from: &str) -> Result<Account, Refusal> {
        let name = name.trim().to_lowercase();
        self.may_try(&name, from)?;
        let account = self.account(&name)?;
        // Who has been let in but not set a password yet has no hash.
        let hash = account.as_ref().map(|account| account.hash.as_str()).filter(|hash| !hash.is_empty());
        let right = self.inner.hasher.verify(password, hash)?;
        let exists = account.is_some();
        let now = self.now();
        if let Some(account) = account.filter(|account| right && account.is_open(now)) {
            self.forget_tries(&name, from);
            return Ok(account);
        }
        // A name that is no account may be a password typed into the wrong field.
        let who = if exists { name.as_str() } else { "unknown" };
        self.audit(who, "sign-in-failed", Tree::object().with("from", from))?;
        let text = "The name or the password is wrong. Check both and try again.";
        Err(Refusal::new(Kind::Unauthenticated, text))
    }

    /// Begins the session of someone who has shown who they are.
    pub(crate) fn entered(
        &self,
        account: &Account,
        strength: Strength,
        from: &str,
    ) -> Result<Entered, Refusal> {
        self.entered_in(account, None, strength, from)
    }

    /// The same, in a profile that is chosen already.
    pub(crate) fn entered_in(
        &self,
        account: &Account,
        chosen: Option<&Profile>,
        strength: Strength,
        from: &str,
    ) -> Result<Entered, Refusal> {
        let mut current = account.current(self.now());
        let profile = match (chosen, current.next(), current.next()) {
            (Some(chosen), ..) => Some(chosen),
            (None, only, None) => only,
            _ => None,
        };
        self.go_on(Way { action: "sign-in", account, profile, strength, from, old: None, span: None })
    }

    /// Goes on as far as it goes: to a session, or to what is owed next.
    pub(crate) fn go_on(&self, way: Way<'_>) -> Result<Entered, Refusal> {
        let Way { action, account, profile, strength, from, old, span } = way;
        let owed = self.owed(account, profile, strength)?;
        let new = Beginning {
            who: &account.name,
            generation: account.generation,
            profile: profile.map_or("", |profile| profile.id.as_str()),
            owed,
            strength,
            from,
            span: span.filter(|_| owed.is_none()),
        };
        let detail = Tree::object().with("from", from).with("strength", strength.name());
        match self.begin(new, old.as_ref())? {
            (cookie, Standing::Owing(owing)) => {
                let detail = detail.maybe("owes", owed.map(Owed::name));
                self.audit(&owing.who, "sign-in-begun", detail)?;
                Ok(Entered::Owing { cookie, owing })
            }
            begun => {
                let fresh = whole(begun)?;
                self.store().audit(fresh.session.act(action, detail)).wait()?;
                Ok(Entered::SignedIn(fresh))
            }
        }
    }

    /// Forgets the failures of someone who has got it right.
    pub(crate) fn forget_tries(&self, name: &str, from: &str) {
        let mut back_off = held(&self.inner.back_off);
        back_off.forget(&account_key(name));
        back_off.took_back(&address_key(from));
    }

    pub(crate) fn may_try(&self, name: &str, from: &str) -> Result<(), Refusal> {
        let now = self.now();
        let keys = [account_key(name), address_key(from)];
        let mut back_off = held(&self.inner.back_off);
        let wait = keys.iter().map(|key| back_off.wait_ms(key, now)).max().unwrap_or(0);
        if wait == 0 {
            keys.iter().for_each(|key| back_off.failed(key, now));
            return Ok(());
        }
        drop(back_off);
        self.audit(
            "unknown",
            "refused",
            Tree::object().with("from", from).with("why", "too many failed sign-ins"),
        )?;
        let minutes = (wait + 59_999) / 60_000;
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        let text = format!("Too many failed tries. Wait {minutes} {unit}, then try again.");
        Err(Refusal::new(Kind::Busy, text))
    }
}

fn whole((cookie, standing): (String, Standing)) -> Result<SignedIn, Refusal> {
    match standing {
        Standing::SignedIn(session) => Ok(SignedIn { cookie, session }),
        // The account was closed or changed between the look at it and now.
        _ => Err(Refusal::new(Kind::Unauthenticated, "The account has just been changed. Sign in again.")),
    }
}

pub(crate) fn over() -> Refusal {
    Refusal::new(Kind::Unauthenticated, "The session has ended. Sign in with your name and password.")
}

fn account_key(name: &str) -> String {
    format!("account {name}")
}

/// The first half of an IPv6 address: its second half is each client's own to choose (RFC 4291, 2.5.4).
fn address_key(from: &str) -> String {
    match from.parse::<Ipv6Addr>().map(|address| (address.to_ipv4_mapped(), address.segments())) {
        Ok((Some(address), _)) => format!("address {address}"),
        Ok((None, [a, b, c, d, ..])) => format!("address {a:x}:{b:x}:{c:x}:{d:x}"),
        Err(_) => format!("address {from}"),
    }
}

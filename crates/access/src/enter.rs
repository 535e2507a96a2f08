//! Signing in, unlocking, and choosing in which role profile one is here. Each gives a new cookie, so that nobody can
//! have put theirs in somebody's browser before.

use crate::browser::{Beginning, Kept};
use crate::secret;
use crate::{Access, Account, Owing, Session, Standing, Strength, held};
use fhir::Tree;
use record::{Kind, Refusal};
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
pub enum Entered {
    /// They are signed in.
    SignedIn(SignedIn),
    /// They have shown who they are and must choose one of several role profiles, under this new cookie.
    Owing {
        /// The value of the cookie: the only copy.
        cookie: String,
        /// What is owed.
        owing: Owing,
    },
}

impl Access {
    /// Begins a session for someone who knows the password. `from` is the network address. An unknown name and a
    /// wrong password, an account that is shut and one that is over are refused in the same words after the same
    /// work. Who has several role profiles has one to choose before anything is shown.
    pub fn enter(&self, name: &str, password: &str, from: &str) -> Result<Entered, Refusal> {
        let account = self.known(name, password, from)?;
        self.entered(&account, Strength::Password, from)
    }

    /// The same for someone with one role profile. Others are refused: programs and tests name nobody else.
    pub fn sign_in(&self, name: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        match self.enter(name, password, from)? {
            Entered::SignedIn(signed_in) => Ok(signed_in),
            Entered::Owing { cookie, owing } => {
                self.end(&secret::hash(&cookie), &owing.who, "access.sign-out")?;
                let text = "You have several role profiles. Choose one of them to go on.";
                Err(Refusal::new(Kind::Unauthenticated, text))
            }
        }
    }

    /// Goes on in a role profile: the first of the session, or another than before. The session and its cookie are
    /// new, and end when the old ones would have.
    pub fn take_profile(&self, cookie: &str, profile: &str, from: &str) -> Result<SignedIn, Refusal> {
        let (before, span) = match self.session(cookie)? {
            Standing::Owing(_) => (None, None),
            Standing::SignedIn(session) => {
                let span = (session.since, self.latest(cookie)?);
                (Some(session), Some(span))
            }
            Standing::Locked(_) | Standing::Nobody => return Err(over()),
        };
        let hash = secret::hash(cookie);
        let kept = Kept::of(self, &hash)?.ok_or_else(over)?;
        let account = kept.account(self)?.ok_or_else(over)?;
        if account.profile(profile, self.now()).is_none() {
            return Err(Refusal::invalid("profile", "Choose one of your role profiles that holds today."));
        }
        let new = Beginning {
            who: &account.name,
            generation: account.generation,
            profile,
            strength: kept.strength,
            from,
            span,
        };
        let fresh = whole(self.begin(new, Some(&hash))?)?;
        let (action, detail) = match before {
            Some(before) => ("switch-profile", Tree::object().with("before", before.capacity())),
            None => ("sign-in", Tree::object().with("strength", kept.strength.name())),
        };
        self.store().audit(fresh.session.act(action, detail.with("from", from))).wait()?;
        Ok(fresh)
    }

    /// Opens a locked session with its owner's password, in the same role profile; the session and its cookie are
    /// new, and end when the old ones would have.
    pub fn unlock(&self, cookie: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        let (Standing::Locked(session) | Standing::SignedIn(session)) = self.session(cookie)? else {
            return Err(over());
        };
        let account = self.known(&session.who, password, from)?;
        let new = Beginning {
            who: &account.name,
            generation: account.generation,
            profile: &session.profile,
            strength: session.strength,
            from,
            span: Some((session.since, self.latest(cookie)?)),
        };
        let fresh = whole(self.begin(new, Some(&secret::hash(cookie)))?)?;
        self.store().audit(fresh.session.act("unlock", Tree::object().with("from", from))).wait()?;
        Ok(fresh)
    }

    /// When the session of a cookie ends at the latest, whatever its profile says.
    fn latest(&self, cookie: &str) -> Result<record::Instant, Refusal> {
        Ok(Kept::of(self, &secret::hash(cookie))?.ok_or_else(over)?.until)
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
            let mut back_off = held(&self.inner.back_off);
            back_off.forget(&account_key(&name));
            back_off.took_back(&address_key(from));
            return Ok(account);
        }
        // A name that is no account may be a password typed into the wrong field.
        let who = if exists { name.as_str() } else { "unknown" };
        self.audit(who, "sign-in-failed", Tree::object().with("from", from))?;
        let text = "The name or the password is wrong. Check both and try again.";
        Err(Refusal::new(Kind::Unauthenticated, text))
    }

    /// Begins the session of someone who has shown who they are.
    fn entered(&self, account: &Account, strength: Strength, from: &str) -> Result<Entered, Refusal> {
        let now = self.now();
        let mut current = account.current(now);
        let profile = match (current.next(), current.next()) {
            (Some(only), None) => only.id.as_str(),
            _ => "",
        };
        let new = Beginning {
            who: &account.name,
            generation: account.generation,
            profile,
            strength,
            from,
            span: None,
        };
        match self.begin(new, None)? {
            (cookie, Standing::Owing(owing)) => {
                let detail = Tree::object().with("from", from).with("strength", strength.name());
                self.audit(&owing.who, "sign-in-begun", detail)?;
                Ok(Entered::Owing { cookie, owing })
            }
            begun => {
                let fresh = whole(begun)?;
                let detail = Tree::object().with("from", from).with("strength", strength.name());
                self.store().audit(fresh.session.act("sign-in", detail)).wait()?;
                Ok(Entered::SignedIn(fresh))
            }
        }
    }

    fn may_try(&self, name: &str, from: &str) -> Result<(), Refusal> {
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

fn over() -> Refusal {
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

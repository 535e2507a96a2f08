//! Sessions of browsers: begun with a password, held by a cookie, locked when idle, ended at the latest after
//! half a day. The cookie is random and new at each sign-in; only its hash is kept (space `session`).
//!
//! A request costs no disk read: sessions are held in memory and looked up again at most once a second, so
//! that a revocation by another process counts within a second. When a browser was last active is in memory, and
//! is kept once a minute (space `seen`), so that a session goes on through another node and after a restart, and
//! locks on all of them.

use crate::account::number;
use crate::secret::{self, Hash};
use crate::warrant::Credential;
use crate::{Access, Session, Standing, author, held};
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal, Scope};
use std::fmt;
use std::net::Ipv6Addr;

const SPACE: &str = "session";
/// When a session was last active, by the same key. A fact of its own, so that noting it can never bring back a
/// session that another node has just ended.
const SEEN: &str = "seen";
/// Minutes without a request after which the password is asked for again.
pub const IDLE_MINUTES: i64 = 15;
/// Hours after which a session ends whatever happens.
pub const SESSION_HOURS: i64 = 12;
const IDLE_MS: i64 = IDLE_MINUTES * 60_000;
const SESSION_MS: i64 = SESSION_HOURS * 3_600_000;
/// How long activity is in memory only.
const NOTED_MS: i64 = 60_000;
/// How long a session is believed without looking it up again.
const BELIEVED_MS: i64 = 1_000;

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

/// A session of an account, for its owner to look over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The name in the audit trail; the same as [`Session::id`].
    pub id: String,
    /// When it began.
    pub since: Instant,
    /// When it ends at the latest.
    pub until: Instant,
    /// The network address it began from.
    pub from: String,
}

/// A session as it is held in memory.
#[derive(Clone)]
pub(crate) struct Live {
    session: Session,
    seen: Instant,
    /// What is kept of `seen`.
    noted: Instant,
    checked: Instant,
    locked: bool,
}

impl Access {
    /// Begins a session for someone who knows the password. `from` is the network address. An unknown name
    /// and a wrong password are refused in the same words after the same work.
    pub fn sign_in(&self, name: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        let name = name.trim().to_lowercase();
        self.may_try(&name, from)?;
        let account = self.account(&name)?;
        let hash = account.as_ref().map(|account| account.hash.as_str());
        let right = self.inner.hasher.verify(password, hash)?;
        let exists = account.is_some();
        match account.filter(|account| right && !account.disabled) {
            Some(account) => {
                let mut back_off = held(&self.inner.back_off);
                back_off.forget(&account_key(&name));
                back_off.took_back(&address_key(from));
                drop(back_off);
                self.begin(&account.name, account.generation, from)
            }
            None => {
                // A name that is no account may be a password typed into the wrong field.
                let who = if exists { name.as_str() } else { "unknown" };
                self.audit(who, "sign-in-failed", Tree::object().with("from", from))?;
                let text = "The name or the password is wrong. Check both and try again.";
                Err(Refusal::new(Kind::Unauthenticated, text))
            }
        }
    }

    /// Opens a locked session with its owner's password; the session and its cookie are new.
    pub fn unlock(&self, cookie: &str, password: &str, from: &str) -> Result<SignedIn, Refusal> {
        let (Standing::Locked(session) | Standing::SignedIn(session)) = self.session(cookie)? else {
            let text = "The session has ended. Sign in with your name and password.";
            return Err(Refusal::new(Kind::Unauthenticated, text));
        };
        let fresh = self.sign_in(&session.who, password, from)?;
        self.end(&secret::hash(cookie), &session.who, "access.unlock")?;
        Ok(fresh)
    }

    /// How a cookie stands, and marks its session as active if it is open.
    pub fn session(&self, cookie: &str) -> Result<Standing, Refusal> {
        let hash = secret::hash(cookie);
        let now = self.now();
        let known = held(&self.inner.live).get(&hash).cloned();
        let mut live = match known {
            Some(live) if (0..BELIEVED_MS).contains(&(now.0 - live.checked.0)) => live,
            known => match self.look_up(&hash, cookie, known.as_ref(), now)? {
                Some(live) => live,
                None => {
                    held(&self.inner.live).remove(&hash);
                    return Ok(Standing::Nobody);
                }
            },
        };
        if now.0 >= live.session.until.0 {
            self.end(&hash, &live.session.who, "access.expire")?;
            return Ok(Standing::Nobody);
        }
        if !live.locked && now.0 - live.seen.0 >= IDLE_MS {
            live.locked = true;
            self.store().audit(live.session.act("lock", Tree::object())).wait()?;
        }
        if !live.locked {
            live.seen = now;
            if now.0 - live.noted.0 >= NOTED_MS {
                self.note_seen(&hash, &live.session, now)?;
                live.noted = now;
            }
        }
        let (session, locked) = (live.session.clone(), live.locked);
        held(&self.inner.live).insert(hash, live);
        Ok(if locked { Standing::Locked(session) } else { Standing::SignedIn(session) })
    }

    /// Ends the session of a cookie, at once and for good.
    pub fn sign_out(&self, cookie: &str) -> Result<(), Refusal> {
        if let Standing::SignedIn(session) | Standing::Locked(session) = self.session(cookie)? {
            self.end(&secret::hash(cookie), &session.who, "access.sign-out")?;
            self.store().audit(session.act("sign-out", Tree::object())).wait()?;
        }
        Ok(())
    }

    /// The sessions of an account that have not ended, latest first. Looks through all sessions: not for
    /// every request.
    pub fn sessions_of(&self, who: &str) -> Result<Vec<Begun>, Refusal> {
        let generation = self.account(who)?.map(|account| account.generation);
        let now = self.now();
        let mut begun = Vec::new();
        for (key, value) in self.store().reader(&Scope::all())?.kept_all(SPACE, "")? {
            let Some(kept) = Kept::read(&value) else { continue };
            if kept.who == who && Some(kept.generation) == generation && now.0 < kept.until.0 {
                let Kept { since, until, from, .. } = kept;
                begun.push(Begun { id: secret::name_of_key(&key), since, until, from });
            }
        }
        begun.sort_by_key(|session| std::cmp::Reverse(session.since));
        Ok(begun)
    }

    /// Forgets what is held in memory of someone's sessions.
    pub(crate) fn drop_live(&self, who: &str) {
        held(&self.inner.live).retain(|_, live| live.session.who != who);
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

    fn begin(&self, name: &str, generation: i64, from: &str) -> Result<SignedIn, Refusal> {
        let cookie = secret::new()?;
        let hash = secret::hash(&cookie);
        let now = self.now();
        let until = Instant(now.0 + SESSION_MS);
        let value = Tree::object()
            .with("who", name)
            .with("since", now.0)
            .with("until", until.0)
            .with("generation", generation)
            .with("from", from)
            .text();
        self.store().write(author(name, "access.sign-in"), move |tx| {
            tx.keep(SEEN, &secret::key(&hash), now.0.to_string().as_bytes(), Some(until))?;
            tx.keep(SPACE, &secret::key(&hash), value.as_bytes(), Some(until))
        })?;
        let Some(live) = self.look_up(&hash, &cookie, None, now)? else {
            // The account was closed or changed between the look at its password and now.
            return Err(Refusal::new(
                Kind::Unauthenticated,
                "The account has just been changed. Sign in again.",
            ));
        };
        let session = live.session.clone();
        let mut all = held(&self.inner.live);
        all.retain(|_, live| now.0 < live.session.until.0);
        all.insert(hash, live);
        drop(all);
        self.store().audit(session.act("sign-in", Tree::object().with("from", from))).wait()?;
        Ok(SignedIn { cookie, session })
    }

    fn note_seen(&self, hash: &Hash, session: &Session, now: Instant) -> Result<(), Refusal> {
        let (key, until) = (secret::key(hash), session.until);
        self.store().write(author(&session.who, "access.seen"), move |tx| {
            tx.keep(SEEN, &key, now.0.to_string().as_bytes(), Some(until))
        })
    }

    /// The session as the record has it, with the activity that memory and other nodes have seen.
    fn look_up(
        &self,
        hash: &Hash,
        cookie: &str,
        known: Option<&Live>,
        now: Instant,
    ) -> Result<Option<Live>, Refusal> {
        let Some(mut session) = standing(self, hash)? else { return Ok(None) };
        session.csrf = secret::derived("csrf", cookie);
        let noted = self.kept(SEEN, &secret::key(hash))?;
        let noted =
            noted.and_then(|text| String::from_utf8(text).ok()?.parse().ok()).map_or(session.since, Instant);
        let seen = known.map_or(noted, |live| live.seen.max(noted));
        let locked = known.is_some_and(|live| live.locked);
        Ok(Some(Live { session, seen, noted, checked: now, locked }))
    }

    fn end(&self, hash: &Hash, who: &str, command: &str) -> Result<(), Refusal> {
        held(&self.inner.live).remove(hash);
        let key = secret::key(hash);
        self.store().write(author(who, command), move |tx| {
            tx.forget(SEEN, &key)?;
            tx.forget(SPACE, &key)
        })
    }
}

/// The session of a cookie by its hash, as it is kept; its form token is not known here.
pub(crate) fn standing(access: &Access, hash: &Hash) -> Result<Option<Session>, Refusal> {
    let Some(value) = access.kept(SPACE, &secret::key(hash))? else { return Ok(None) };
    let Some(kept) = Kept::read(&value) else {
        tracing::error!("a kept session cannot be read");
        return Ok(None);
    };
    let Some(account) = access.account(&kept.who)? else { return Ok(None) };
    if account.disabled || account.generation != kept.generation {
        return Ok(None);
    }
    Ok(Some(Session {
        id: secret::name(hash),
        who: account.name,
        display: account.display,
        role: account.role,
        place: account.place,
        organisation: account.organisation,
        scope: account.role.scope(),
        csrf: String::new(),
        since: kept.since,
        until: kept.until,
        credential: Credential::Cookie(*hash),
    }))
}

struct Kept {
    who: String,
    since: Instant,
    until: Instant,
    generation: i64,
    from: String,
}

impl Kept {
    fn read(value: &[u8]) -> Option<Kept> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        Some(Kept {
            who: json.root().str("who")?.into_owned(),
            since: Instant(number(&json, "since")?),
            until: Instant(number(&json, "until")?),
            generation: number(&json, "generation")?,
            from: json.root().str("from")?.into_owned(),
        })
    }
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

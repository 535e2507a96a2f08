//! Sessions of browsers: begun by signing in, held by a cookie, locked when idle, ended at the latest after
//! half a day. The cookie is random and new at each sign-in; only its hash is kept (space `session`).
//!
//! A request costs no disk read: sessions are held in memory and looked up again at most once a second, so
//! that a revocation by another process counts within a second. When a browser was last active is in memory, and
//! is kept once a minute (space `seen`), so that a session goes on through another node and after a restart, and
//! locks on all of them.

use crate::account::number;
use crate::profile::FIRST;
use crate::secret::{self, Hash};
use crate::session::{Basis, Credential};
use crate::{Access, Account, Owed, Owing, Session, Standing, Strength, author, held};
use fhir::{Json, Limits, Tree};
use record::{Instant, Refusal, Scope};

const SPACE: &str = "session";
/// When a session was last active, by the same key. A fact of its own, so that noting it can never bring back a
/// session that another node has just ended.
const SEEN: &str = "seen";
/// Minutes without a request after which the password is asked for again.
pub const IDLE_MINUTES: i64 = 15;
/// Hours after which a session ends whatever happens.
pub const SESSION_HOURS: i64 = 12;
const IDLE_MS: i64 = IDLE_MINUTES * 60_000;
/// How long someone may take over what they owe.
const OWING_MS: i64 = 10 * 60_000;
const SESSION_MS: i64 = SESSION_HOURS * 3_600_000;
/// What is kept as the last activity of a session that its owner locked.
const LOCKED: Instant = Instant(0);
/// How long activity is in memory only.
const NOTED_MS: i64 = 60_000;
/// How long a session is believed without looking it up again.
const BELIEVED_MS: i64 = 1_000;

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

/// What a cookie is found to stand for.
enum Seen {
    Session(Box<Live>),
    Owing(Owing),
    Nobody,
}

impl Access {
    /// How a cookie stands, and marks its session as active if it is open.
    pub fn session(&self, cookie: &str) -> Result<Standing, Refusal> {
        let hash = secret::hash(cookie);
        let now = self.now();
        let known = held(&self.inner.live).get(&hash).cloned();
        let mut live = match known {
            Some(live) if (0..BELIEVED_MS).contains(&now.0.saturating_sub(live.checked.0)) => live,
            known => match self.look_up(&hash, cookie, known.as_ref(), now)? {
                Seen::Session(live) => *live,
                Seen::Owing(owing) => return Ok(Standing::Owing(owing)),
                Seen::Nobody => {
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

    /// Locks the session of a cookie: nothing is shown until its owner's password is given again, on any node.
    pub fn lock(&self, cookie: &str) -> Result<(), Refusal> {
        let Standing::SignedIn(session) = self.session(cookie)? else { return Ok(()) };
        let hash = secret::hash(cookie);
        self.note_seen(&hash, &session, LOCKED)?;
        if let Some(live) = held(&self.inner.live).get_mut(&hash) {
            live.locked = true;
        }
        self.store().audit(session.act("lock", Tree::object().with("asked", true))).wait()
    }

    /// Ends the session of a cookie, at once and for good.
    pub fn sign_out(&self, cookie: &str) -> Result<(), Refusal> {
        let hash = secret::hash(cookie);
        match self.session(cookie)? {
            Standing::SignedIn(session) | Standing::Locked(session) => {
                self.end(&hash, &session.who, "access.sign-out")?;
                self.store().audit(session.act("sign-out", Tree::object())).wait()
            }
            Standing::Owing(owing) => {
                self.end(&hash, &owing.who, "access.sign-out")?;
                self.audit(&owing.who, "sign-out", Tree::object())
            }
            Standing::Nobody => Ok(()),
        }
    }

    /// The sessions of an account that have not ended, latest first. Looks through all sessions: not for
    /// every request.
    pub fn sessions_of(&self, who: &str) -> Result<Vec<Begun>, Refusal> {
        let generation = self.account(who)?.map(|account| account.generation);
        let now = self.now();
        let mut begun = Vec::new();
        for (key, value) in self.store().reader(&Scope::all())?.kept_all(SPACE, "")? {
            let Some(kept) = Kept::read(&value) else { continue };
            let is_whole = kept.owed.is_none();
            if is_whole && kept.who == who && Some(kept.generation) == generation && now.0 < kept.until.0 {
                let Kept { since, until, from, .. } = kept;
                begun.push(Begun { id: secret::name_of_key(&key), since, until, from });
            }
        }
        begun.sort_by_key(|session| std::cmp::Reverse(session.since));
        Ok(begun)
    }

    /// Looks a session up again at its next request, so that it sees at once what somebody has just changed for it.
    pub fn look_again(&self, session: &Session) {
        match session.credential {
            Credential::Cookie(hash) => {
                if let Some(live) = held(&self.inner.live).get_mut(&hash) {
                    live.checked = Instant(i64::MIN);
                }
            }
            Credential::Token(hash) => _ = held(&self.inner.tokens).remove(&hash),
            Credential::Mandate(_) => {}
        }
    }

    /// Forgets what is held in memory of someone's sessions.
    pub(crate) fn drop_live(&self, who: &str) {
        held(&self.inner.live).retain(|_, live| live.session.who != who);
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
    ) -> Result<Seen, Refusal> {
        let csrf = secret::derived("csrf", cookie);
        let Some(kept) = Kept::of(self, hash)? else { return Ok(Seen::Nobody) };
        if let Some(owed) = kept.owed {
            return Ok(self.owing(kept, owed, csrf)?.map_or(Seen::Nobody, Seen::Owing));
        }
        let Some(mut session) = kept.session(self, hash)? else { return Ok(Seen::Nobody) };
        session.csrf = csrf;
        let noted = self.kept(SEEN, &secret::key(hash))?;
        let noted =
            noted.and_then(|text| String::from_utf8(text).ok()?.parse().ok()).map_or(session.since, Instant);
        let seen = known.map_or(noted, |live| live.seen.max(noted));
        let locked = noted == LOCKED || known.is_some_and(|live| live.locked);
        Ok(Seen::Session(Box::new(Live { session, seen, noted, checked: now, locked })))
    }

    fn owing(&self, kept: Kept, owed: Owed, csrf: String) -> Result<Option<Owing>, Refusal> {
        let now = self.now();
        let Some(account) = kept.account(self)?.filter(|_| now < kept.until) else { return Ok(None) };
        let profiles = account.current(now).cloned().collect();
        Ok(Some(Owing { who: account.name, display: account.display, owed, profiles, csrf }))
    }

    pub(crate) fn end(&self, hash: &Hash, who: &str, command: &str) -> Result<(), Refusal> {
        held(&self.inner.live).remove(hash);
        let key = secret::key(hash);
        self.store().write(author(who, command), move |tx| {
            tx.forget(SEEN, &key)?;
            tx.forget(SPACE, &key)
        })
    }

    /// Keeps a session under a new cookie, in the place of an old one if there is one.
    pub(crate) fn begin(
        &self,
        new: Beginning<'_>,
        old: Option<&Hash>,
    ) -> Result<(String, Standing), Refusal> {
        let cookie = secret::new()?;
        let hash = secret::hash(&cookie);
        let now = self.now();
        let lasts = if new.owed.is_some() { OWING_MS } else { SESSION_MS };
        let (since, until) = new.span.unwrap_or((now, Instant(now.0 + lasts)));
        let value = Tree::object()
            .with("who", new.who)
            .with("profile", new.profile)
            .maybe("owed", new.owed.map(Owed::name))
            .with("strength", new.strength.name())
            .with("since", since.0)
            .with("until", until.0)
            .with("generation", new.generation)
            .with("from", new.from)
            .text();
        let old_key = old.map(secret::key);
        self.store().write(author(new.who, "access.sign-in"), move |tx| {
            if let Some(old) = old_key {
                tx.forget(SEEN, &old)?;
                tx.forget(SPACE, &old)?;
            }
            tx.keep(SEEN, &secret::key(&hash), now.0.to_string().as_bytes(), Some(until))?;
            tx.keep(SPACE, &secret::key(&hash), value.as_bytes(), Some(until))
        })?;
        let mut all = held(&self.inner.live);
        all.retain(|_, live| now.0 < live.session.until.0);
        if let Some(old) = old {
            all.remove(old);
        }
        drop(all);
        let standing = self.session(&cookie)?;
        Ok((cookie, standing))
    }
}

/// What a new session is kept with.
pub(crate) struct Beginning<'a> {
    pub who: &'a str,
    pub generation: i64,
    /// The id of the profile; empty while one is still to be chosen.
    pub profile: &'a str,
    /// What is owed before it is a session.
    pub owed: Option<Owed>,
    pub strength: Strength,
    pub from: &'a str,
    /// Since when, and until when at the latest, if it goes on from another.
    pub span: Option<(Instant, Instant)>,
}

/// The session of a cookie by its hash, as it is kept; its form token is not known here. Nothing when something is
/// still owed.
pub(crate) fn standing(access: &Access, hash: &Hash) -> Result<Option<Session>, Refusal> {
    Kept::of(access, hash)?.map_or(Ok(None), |kept| kept.session(access, hash))
}

/// A session as it is kept.
pub(crate) struct Kept {
    who: String,
    pub profile: String,
    owed: Option<Owed>,
    pub strength: Strength,
    since: Instant,
    pub until: Instant,
    pub generation: i64,
    from: String,
}

impl Kept {
    pub(crate) fn of(access: &Access, hash: &Hash) -> Result<Option<Kept>, Refusal> {
        let Some(value) = access.kept(SPACE, &secret::key(hash))? else { return Ok(None) };
        let kept = Kept::read(&value);
        if kept.is_none() {
            tracing::error!("a kept session cannot be read");
        }
        Ok(kept)
    }

    fn read(value: &[u8]) -> Option<Kept> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |member: &str| json.root().str(member).map(|text| text.into_owned());
        Some(Kept {
            who: text("who")?,
            owed: text("owed").map_or(Some(None), |name| Owed::named(&name).map(Some))?,
            // Sessions that were kept before there were profiles are of the first, and began with a password.
            profile: text("profile").unwrap_or_else(|| FIRST.to_owned()),
            strength: text("strength").map_or(Some(Strength::Password), |name| Strength::named(&name))?,
            since: Instant(number(&json, "since")?),
            until: Instant(number(&json, "until")?),
            generation: number(&json, "generation")?,
            from: text("from")?,
        })
    }

    /// Its account, if that is open and has not been changed since.
    pub(crate) fn account(&self, access: &Access) -> Result<Option<Account>, Refusal> {
        let (account, now) = (access.account(&self.who)?, access.now());
        Ok(account.filter(|account| account.is_open(now) && account.generation == self.generation))
    }

    /// The session, if its account and profile still stand.
    fn session(&self, access: &Access, hash: &Hash) -> Result<Option<Session>, Refusal> {
        let Some(account) = self.account(access)?.filter(|_| self.owed.is_none()) else { return Ok(None) };
        let Some(profile) = account.profile(&self.profile, access.now()) else { return Ok(None) };
        let basis = Basis {
            id: secret::name(hash),
            credential: Credential::Cookie(*hash),
            strength: self.strength,
            since: self.since,
            until: self.until,
        };
        access.sighted(Session::person(&account, profile, basis)).map(Some)
    }
}

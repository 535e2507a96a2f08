//! Joiners, movers and leavers. Who manages accounts asks for an account or a role profile; a sponsor, somebody else,
//! approves it, and gives nothing that they may not do themselves. A leaver goes at once.
//!
//! Requests are kept facts (space `registration`), by id, for 30 days.

use crate::account::{self, Account};
use crate::invitation::invite;
use crate::profile;
use crate::{Access, NewProfile, NewUser, Permission, Role, Session, secret};
use fhir::{Json, Limits, Tree, Value};
use record::{Instant, Kind, Refusal, Scope, Tx, new_id};

const SPACE: &str = "registration";
const OPEN_MS: i64 = 30 * 24 * 3_600_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An account for somebody new.
    Join(Joiner),
    /// One more role profile for an account.
    Gain {
        /// The account.
        account: String,
        /// The profile.
        profile: NewProfile,
    },
    /// Other work: a profile begins and another ends at that instant, or now if the new one has no beginning.
    Move {
        /// The account.
        account: String,
        /// The id of the profile that ends.
        ends: String,
        /// The profile that begins.
        profile: NewProfile,
    },
}

/// Somebody new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joiner {
    /// The name to sign in with.
    pub name: String,
    /// The name to show.
    pub display: String,
    /// One role profile or more.
    pub profiles: Vec<NewProfile>,
    /// When the account ends by itself, if it does.
    pub until: Option<Instant>,
}

/// A request that waits for a sponsor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Names it.
    pub id: String,
    /// The account that asked.
    pub asked_by: String,
    /// When.
    pub at: Instant,
    /// What for.
    pub change: Change,
    /// The accounts of the sponsors that have approved it so far.
    pub approved_by: Vec<String>,
}

/// What an approval led to.
#[derive(Clone, PartialEq, Eq)]
pub struct Approved {
    /// How many more sponsors must approve; none when it is done.
    pub waits_for: usize,
    /// What a joiner sets their first password with, once it is done: the only copy.
    pub invitation: Option<String>,
}

/// Without the invitation, so that it gets into no log.
impl std::fmt::Debug for Approved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Approved").field("waits_for", &self.waits_for).finish_non_exhaustive()
    }
}

impl Access {
    /// Asks for an account or a role profile. Answers the id of the request.
    pub fn register(&self, session: &Session, change: Change) -> Result<String, Refusal> {
        self.needs_or_audit(session, Permission::Administer)?;
        let change = change.checked()?;
        let account = change.account().to_owned();
        let of = session.clone();
        let id = self
            .store()
            .write(session.author("access.register", None), move |tx| register_in(tx, &of, change))?;
        let detail = Tree::object().with("registration", id.as_str()).with("account", account);
        self.store().audit(session.act("register", detail)).wait()?;
        Ok(id)
    }

    /// The requests that wait, earliest first.
    pub fn registrations(&self, session: &Session) -> Result<Vec<Registration>, Refusal> {
        if !session.may(Permission::Administer) {
            self.needs_or_audit(session, Permission::Sponsor)?;
        }
        let kept = self.store().reader(&Scope::all())?.kept_all(SPACE, "")?;
        let mut all: Vec<Registration> =
            kept.iter().filter_map(|(id, value)| Registration::read(id, value)).collect();
        all.sort_by_key(|one| one.at);
        Ok(all)
    }

    /// Approves a request, as a sponsor of the organisation that it is for: neither who asked nor whom it is about,
    /// and nobody twice. What needs several approvals is done with the last of them.
    pub fn approve(&self, session: &Session, id: &str) -> Result<Approved, Refusal> {
        self.needs_or_audit(session, Permission::Sponsor)?;
        let (sponsor, key, now) = (session.clone(), id.to_owned(), self.now());
        let code = secret::new()?;
        let hash = secret::hash(&code);
        let outcome = self.store().write(session.author("access.approve", None), move |tx| {
            let (waits_for, account, joins) = approve_in(tx, &sponsor, &key)?;
            if joins {
                invite(tx, &hash, &account, now)?;
            }
            Ok((waits_for, account, joins))
        });
        let (waits_for, account, joins) = match outcome {
            Ok(done) => done,
            Err(no) => {
                let detail = Tree::object().with("registration", id).with("why", no.to_string());
                self.store().audit(session.act("approve-refused", detail)).wait()?;
                return Err(no);
            }
        };
        self.drop_live(&account);
        self.drop_tokens(&account);
        let detail = Tree::object()
            .with("registration", id)
            .with("account", account)
            .with("waits-for", waits_for as i64);
        self.store().audit(session.act("approve", detail)).wait()?;
        Ok(Approved { waits_for, invitation: joins.then_some(code) })
    }

    /// Turns a request down, or takes one's own back.
    pub fn decline(&self, session: &Session, id: &str) -> Result<(), Refusal> {
        let value = self.kept(SPACE, id)?;
        let registration = value.and_then(|value| Registration::read(id, &value)).ok_or_else(gone)?;
        if registration.asked_by != session.who {
            self.needs_or_audit(session, Permission::Sponsor)?;
        }
        let key = id.to_owned();
        self.store().write(session.author("access.decline", None), move |tx| tx.forget(SPACE, &key))?;
        let detail = Tree::object().with("registration", id).with("account", registration.change.account());
        self.store().audit(session.act("decline", detail)).wait()
    }

    /// Closes the account of someone who leaves: their sessions and tokens end at once, here, and within a second on
    /// other nodes; their profiles end, so that opening the account again gives nothing back.
    pub fn leave(&self, session: &Session, name: &str) -> Result<(), Refusal> {
        if !session.may(Permission::Sponsor) {
            self.needs_or_audit(session, Permission::Administer)?;
        }
        let (now, by) = (self.now(), session.author("access.leave", None));
        self.change_as(by, name, move |account| {
            account.shut(now);
            Ok(())
        })?;
        let detail = Tree::object().with("account", name.trim().to_lowercase());
        self.store().audit(session.act("leave", detail)).wait()
    }

    /// Refuses what someone may not do, and has it on the trail before it is said.
    pub(crate) fn needs_or_audit(&self, session: &Session, permission: Permission) -> Result<(), Refusal> {
        let Err(no) = session.needs(permission) else { return Ok(()) };
        let detail = Tree::object().with("needs", permission.name());
        self.store().audit(session.act("refused", detail)).wait()?;
        Err(no)
    }
}

/// Asks for an account or a role profile, in a transaction; see [`Access::register`].
pub fn register_in(tx: &mut Tx<'_>, session: &Session, change: Change) -> Result<String, Refusal> {
    session.needs(Permission::Administer)?;
    let change = change.checked()?;
    if change.account() == session.who {
        return Err(Refusal::new(Kind::Forbidden, "Ask a colleague: nobody changes their own rights."));
    }
    let id = new_id();
    let (asked_by, at) = (session.who.clone(), tx.now());
    let new = Registration { id: id.clone(), asked_by, at, change, approved_by: Vec::new() };
    new.change.fits(tx)?;
    new.keep(tx)?;
    Ok(id)
}

/// Approves a request, in a transaction; see [`Access::approve`]. Answers how many more sponsors must, whom it is
/// about,
/// and whether somebody has joined by it.
pub fn approve_in(tx: &mut Tx<'_>, session: &Session, id: &str) -> Result<(usize, String, bool), Refusal> {
    session.needs(Permission::Sponsor)?;
    let registration = tx.kept(SPACE, id)?.and_then(|value| Registration::read(id, &value));
    let mut registration = registration.ok_or_else(gone)?;
    registration.may_be_approved_by(session)?;
    registration.approved_by.push(session.who.clone());
    let needed = registration.change.roles()?.iter().map(|role| role.approvals).max().unwrap_or(1);
    let waits_for = needed.saturating_sub(registration.approved_by.len());
    let account = registration.change.account().to_owned();
    if waits_for > 0 {
        registration.keep(tx)?;
        return Ok((waits_for, account, false));
    }
    let now = tx.now();
    let joins = registration.change.apply(tx, now)?;
    tx.forget(SPACE, id)?;
    Ok((0, account, joins))
}

/// Turns a request down, or takes one's own back, in a transaction.
pub fn decline_in(tx: &mut Tx<'_>, session: &Session, id: &str) -> Result<(), Refusal> {
    let registration = tx.kept(SPACE, id)?.and_then(|value| Registration::read(id, &value));
    if registration.ok_or_else(gone)?.asked_by != session.who {
        session.needs(Permission::Sponsor)?;
    }
    tx.forget(SPACE, id)
}

/// Closes the account of someone who leaves, in a transaction; see [`Access::leave`]. Nobody but a colleague does it,
/// and
/// only of the same organisation.
pub fn leave_in(tx: &mut Tx<'_>, session: &Session, name: &str) -> Result<(), Refusal> {
    if !session.may(Permission::Sponsor) {
        session.needs(Permission::Administer)?;
    }
    if name == session.who {
        return Err(Refusal::new(Kind::Forbidden, "Ask a colleague: nobody closes their own account."));
    }
    let account = Account::find(tx, name)?;
    let mut account = account.ok_or_else(|| Refusal::not_found(&format!("The account {name}")))?;
    of_ones_own(session, &account)?;
    account.shut(tx.now());
    account.generation += 1;
    account.keep(tx)
}

/// Ends all sessions and tokens of someone, in a transaction; they can sign in again.
pub fn sign_out_in(tx: &mut Tx<'_>, session: &Session, name: &str) -> Result<(), Refusal> {
    session.needs(Permission::Administer)?;
    let account = Account::find(tx, name)?;
    let mut account = account.ok_or_else(|| Refusal::not_found(&format!("The account {name}")))?;
    of_ones_own(session, &account)?;
    account.generation += 1;
    account.keep(tx)
}

fn of_ones_own(session: &Session, account: &Account) -> Result<(), Refusal> {
    let is_own = account.profiles.iter().any(|profile| profile.organisation == session.organisation);
    if is_own || account.profiles.is_empty() || session.role.name == "system" {
        return Ok(());
    }
    let text = "They are of another organisation. Its own administrators do this.";
    Err(Refusal::new(Kind::Forbidden, text))
}

impl Registration {
    fn may_be_approved_by(&self, sponsor: &Session) -> Result<(), Refusal> {
        let no = |text: &str| Err(Refusal::new(Kind::Forbidden, text));
        if self.asked_by == sponsor.who {
            return no("You asked for this yourself. Another sponsor must approve it.");
        }
        if self.change.account() == sponsor.who {
            return no("This is about your own rights. Another sponsor must approve it.");
        }
        if self.approved_by.contains(&sponsor.who) {
            return no("You have approved this already. It waits for another sponsor.");
        }
        for new in self.change.profiles() {
            let profile = new.checked(String::new())?;
            if profile.organisation != sponsor.organisation {
                return no("This is for another organisation. One of its own sponsors must approve it.");
            }
            if let Some(lacking) = profile.may().iter().find(|permission| !sponsor.may(**permission)) {
                let text = format!(
                    "Your role may not {}, and nobody gives what they do not hold. Ask a sponsor who may.",
                    lacking.about()
                );
                return no(&text);
            }
        }
        Ok(())
    }

    fn keep(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let sponsors = self.approved_by.iter().map(|name| Tree::from(name.as_str()));
        let value = Tree::object()
            .with("asked-by", self.asked_by.as_str())
            .with("at", self.at.0)
            .with("change", self.change.tree())
            .with("approved-by", Tree::Array(sponsors.collect()));
        tx.keep(SPACE, &self.id, value.text().as_bytes(), Some(Instant(self.at.0 + OPEN_MS)))
    }

    fn read(id: &str, value: &[u8]) -> Option<Registration> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let root = json.root();
        let sponsors = root.get("approved-by")?.items().map(|name| Some(name.as_str()?.into_owned()));
        Some(Registration {
            id: id.to_owned(),
            asked_by: root.str("asked-by")?.into_owned(),
            at: Instant(account::number(&json, "at")?),
            change: Change::read(root.get("change")?)?,
            approved_by: sponsors.collect::<Option<_>>()?,
        })
    }
}

impl Change {
    /// The account that it is about.
    pub fn account(&self) -> &str {
        match self {
            Change::Join(joiner) => &joiner.name,
            Change::Gain { account, .. } | Change::Move { account, .. } => account,
        }
    }

    /// The profiles that it gives.
    pub fn profiles(&self) -> &[NewProfile] {
        match self {
            Change::Join(joiner) => &joiner.profiles,
            Change::Gain { profile, .. } | Change::Move { profile, .. } => std::slice::from_ref(profile),
        }
    }

    fn roles(&self) -> Result<Vec<&'static Role>, Refusal> {
        self.profiles().iter().map(|profile| account::role(&profile.role)).collect()
    }

    /// With names as they are kept, or what is wrong with it.
    fn checked(mut self) -> Result<Change, Refusal> {
        match &mut self {
            Change::Join(joiner) => {
                joiner.name = account::name(&joiner.name)?;
                joiner.display = account::some(&joiner.display, "display", "the name to show")?;
                if joiner.profiles.is_empty() {
                    return Err(Refusal::invalid("profiles", "Give the account at least one role profile."));
                }
            }
            Change::Gain { account, .. } | Change::Move { account, .. } => *account = account::name(account)?,
        }
        profile::numbered(0, self.profiles())?;
        Ok(self)
    }

    /// Refuses what could not be done now.
    fn fits(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let there = Account::find(tx, self.account())?;
        match (self, there) {
            (Change::Join(joiner), Some(_)) => Err(account::taken(&joiner.name)),
            (Change::Join(_), None) => Ok(()),
            (_, None) => Err(Refusal::not_found(&format!("The account {}", self.account()))),
            (Change::Move { ends, .. }, Some(account)) if account.profiles.iter().all(|p| p.id != *ends) => {
                Err(Refusal::not_found(&format!("The role profile {ends}")))
            }
            _ => Ok(()),
        }
    }

    /// Does it. True when somebody has joined.
    fn apply(self, tx: &mut Tx<'_>, now: Instant) -> Result<bool, Refusal> {
        self.fits(tx)?;
        let (name, ends, new) = match self {
            Change::Join(Joiner { name, display, profiles, until }) => {
                let user = NewUser { name, display, password: String::new(), profiles, until };
                Account::new(&user, String::new())?.keep(tx)?;
                return Ok(true);
            }
            Change::Gain { account, profile } => (account, None, profile),
            Change::Move { account, ends, profile } => (account, Some(ends), profile),
        };
        let mut account = Account::find(tx, &name)?.ok_or_else(gone)?;
        let at = new.from.unwrap_or(now);
        if let Some(old) = account.profiles.iter_mut().find(|profile| Some(&profile.id) == ends.as_ref()) {
            old.until = Some(old.until.map_or(at, |until| until.min(at)));
        }
        account.profiles.extend(profile::numbered(account.profiles.len(), &[new])?);
        account.generation += 1;
        account.keep(tx)?;
        Ok(false)
    }

    fn tree(&self) -> Tree {
        let profiles = Tree::Array(self.profiles().iter().map(NewProfile::tree).collect());
        let tree = Tree::object().with("account", self.account()).with("profiles", profiles);
        match self {
            Change::Join(joiner) => {
                tree.with("display", joiner.display.as_str()).maybe("until", joiner.until.map(|at| at.0))
            }
            Change::Gain { .. } => tree,
            Change::Move { ends, .. } => tree.with("ends", ends.as_str()),
        }
    }

    fn read(value: Value<'_>) -> Option<Change> {
        let account = value.str("account")?.into_owned();
        let mut profiles =
            value.get("profiles")?.items().map(NewProfile::read).collect::<Option<Vec<_>>>()?;
        if let Some(display) = value.str("display") {
            let until = value.get("until").and_then(|at| at.as_number()?.parse().ok()).map(Instant);
            return Some(Change::Join(Joiner {
                name: account,
                display: display.into_owned(),
                profiles,
                until,
            }));
        }
        let profile = profiles.pop()?;
        Some(match value.str("ends") {
            Some(ends) => Change::Move { account, ends: ends.into_owned(), profile },
            None => Change::Gain { account, profile },
        })
    }
}

fn gone() -> Refusal {
    Refusal::not_found("The request")
}

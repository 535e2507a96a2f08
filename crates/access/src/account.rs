//! Accounts of people: kept facts of the space `user`, by name.

use crate::profile::{self, NewProfile, Profile};
use crate::{Access, Role, author, breached, password};
use fhir::{Json, Limits, Tree};
use record::{Author, Instant, Kind, Refusal, Tx};
use std::fmt;

const SPACE: &str = "user";

/// What is needed for a new account.
#[derive(Clone)]
pub struct NewUser {
    /// The name to sign in with: small letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// The name to show, e.g. `Dr A OKAFOR`.
    pub display: String,
    /// The password; kept only as a hash.
    pub password: String,
    /// What they are, where, and in which teams: one or more.
    pub profiles: Vec<NewProfile>,
    /// When the account ends by itself, a locum's for one; none when it has no end.
    pub until: Option<Instant>,
}

impl NewUser {
    /// An account with one profile, and no end.
    pub fn new(name: &str, display: &str, profile: NewProfile, password: &str) -> NewUser {
        NewUser {
            name: name.to_owned(),
            display: display.to_owned(),
            password: password.to_owned(),
            profiles: vec![profile],
            until: None,
        }
    }

    /// With one more profile.
    #[must_use]
    pub fn and(mut self, profile: NewProfile) -> NewUser {
        self.profiles.push(profile);
        self
    }

    /// Until this instant.
    #[must_use]
    pub fn until(mut self, until: Instant) -> NewUser {
        self.until = Some(until);
        self
    }
}

/// An account as it is kept.
#[derive(Clone)]
pub struct Account {
    /// The name to sign in with.
    pub name: String,
    /// The name to show.
    pub display: String,
    /// The role profiles in the order in which they were given; ended ones too.
    pub profiles: Vec<Profile>,
    /// When it ends by itself; none when it has no end.
    pub until: Option<Instant>,
    /// Whom it belongs to at another issuer: that issuer's short name and its name for them; empty for an account of
    /// this installation's own.
    pub outside: String,
    /// True when nobody may sign in with it.
    pub disabled: bool,
    /// Grows with every change that ends the sessions begun before it.
    pub(crate) generation: i64,
    pub(crate) hash: String,
}

/// Without the password, so that it gets into no log.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("name", &self.name)
            .field("profiles", &self.profiles)
            .finish_non_exhaustive()
    }
}

/// Without the hash, so that it gets into no log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("profiles", &self.profiles)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Makes an account. A conflict when the name is taken.
    pub fn add_user(&self, user: &NewUser) -> Result<(), Refusal> {
        let account = Account::new(user, self.hashed(&user.password, &user.name)?)?;
        self.store().write(author("system", "access.add-user"), move |tx| {
            match Account::find(tx, &account.name)? {
                Some(_) => Err(taken(&account.name)),
                None => account.keep(tx),
            }
        })
    }

    /// Gives an account a new password and ends all its sessions.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), Refusal> {
        let hash = self.hashed(password, name)?;
        self.change(name, "access.set-password", move |account| {
            account.hash = hash;
            Ok(())
        })
    }

    /// Gives an account one more role profile and ends all its sessions. Answers the profile's id.
    pub fn add_profile(&self, name: &str, new: &NewProfile) -> Result<String, Refusal> {
        let new = new.clone();
        self.change(name, "access.add-profile", move |account| {
            let fresh = profile::numbered(account.profiles.len(), &[new])?;
            account.profiles.extend(fresh);
            Ok(account.profiles.last().map(|profile| profile.id.clone()).unwrap_or_default())
        })
    }

    /// Puts another profile in the place of one, under the same id, and ends all sessions of the account. Who moves
    /// to other work on a day to come has their old profile end then, and a new one begin.
    pub fn set_profile(&self, name: &str, id: &str, new: &NewProfile) -> Result<(), Refusal> {
        let new = new.checked(id.to_owned())?;
        self.change(name, "access.set-profile", move |account| {
            let Some(old) = account.profiles.iter_mut().find(|profile| profile.id == new.id) else {
                return Err(Refusal::not_found(&format!("The role profile {}", new.id)));
            };
            *old = new;
            Ok(())
        })
    }

    /// Closes an account and ends all its sessions, or opens it again.
    pub fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), Refusal> {
        self.change(name, "access.set-disabled", move |account| {
            account.disabled = disabled;
            Ok(())
        })
    }

    /// Ends all sessions of an account.
    pub fn end_sessions(&self, name: &str) -> Result<(), Refusal> {
        self.change(name, "access.end-sessions", |_| Ok(()))
    }

    /// All accounts, by name.
    pub fn users(&self) -> Result<Vec<Account>, Refusal> {
        let kept = self.store().reader(&record::Scope::all())?.kept_all(SPACE, "")?;
        kept.iter().map(|(name, value)| Account::read(name, value)).collect()
    }

    /// The role profiles that someone may choose from now.
    pub fn profiles_of(&self, name: &str) -> Result<Vec<Profile>, Refusal> {
        let (account, now) = (self.account(name)?, self.now());
        Ok(account.map_or(Vec::new(), |account| account.current(now).cloned().collect()))
    }

    /// The account of this name.
    pub(crate) fn account(&self, name: &str) -> Result<Option<Account>, Refusal> {
        self.kept(SPACE, name)?.map(|value| Account::read(name, &value)).transpose()
    }

    pub(crate) fn hashed(&self, password: &str, name: &str) -> Result<String, Refusal> {
        password::check(password, name)?;
        if let Some(path) = self.inner.breached.get() {
            let leaked = breached::holds(path, password).map_err(|error| {
                tracing::error!(%error, "the list of leaked passwords cannot be read");
                Refusal::new(
                    Kind::Fault,
                    "The password could not be checked. Nothing was changed. Tell support.",
                )
            })?;
            if leaked {
                let text = "This password has leaked somewhere and is tried by attackers. Choose another.";
                return Err(Refusal::invalid("password", text));
            }
        }
        self.inner.hasher.hash(password)
    }

    /// Changes an account in a transaction and ends its sessions: now for this process, within a second for
    /// others.
    fn change<T: Send + 'static>(
        &self,
        name: &str,
        command: &str,
        change: impl FnOnce(&mut Account) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.change_as(author("system", command), name, change)
    }

    /// The same, by someone.
    pub(crate) fn change_as<T: Send + 'static>(
        &self,
        by: Author,
        name: &str,
        change: impl FnOnce(&mut Account) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let name = name.trim().to_lowercase();
        let key = name.clone();
        let changed = self.store().write(by, move |tx| {
            let account = Account::find(tx, &key)?;
            let mut account = account.ok_or_else(|| Refusal::not_found(&format!("The account {key}")))?;
            let changed = change(&mut account)?;
            account.generation += 1;
            account.keep(tx)?;
            Ok(changed)
        })?;
        self.drop_live(&name);
        self.drop_tokens(&name);
        Ok(changed)
    }
}

impl Account {
    /// Lets nobody in any more, from now on.
    pub(crate) fn shut(&mut self, now: Instant) {
        self.disabled = true;
        for profile in &mut self.profiles {
            profile.until = Some(profile.until.map_or(now, |until| until.min(now)));
        }
    }

    /// True while they have set no password and come from nowhere else.
    pub fn waits_for_password(&self) -> bool {
        self.hash.is_empty() && self.outside.is_empty()
    }

    /// A new account, with the hash of its password or with none yet.
    pub(crate) fn new(user: &NewUser, hash: String) -> Result<Account, Refusal> {
        if user.profiles.is_empty() {
            return Err(Refusal::invalid("profiles", "Give the account at least one role profile."));
        }
        Ok(Account {
            name: name(&user.name)?,
            display: some(&user.display, "display", "the name to show")?,
            profiles: profile::numbered(0, &user.profiles)?,
            until: user.until,
            outside: String::new(),
            disabled: false,
            generation: 0,
            hash,
        })
    }

    /// The account as a transaction finds it.
    pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Account>, Refusal> {
        tx.kept(SPACE, name)?.map(|value| Account::read(name, &value)).transpose()
    }

    /// True when someone may sign in with it: not shut, not over, and with a profile that counts now.
    pub fn is_open(&self, now: Instant) -> bool {
        let is_over = self.until.is_some_and(|until| until <= now);
        !self.disabled && !is_over && self.current(now).next().is_some()
    }

    /// The profiles that count now.
    pub fn current(&self, now: Instant) -> impl Iterator<Item = &Profile> {
        self.profiles.iter().filter(move |profile| profile.is_current(now))
    }

    /// The profile of this id, if the account is open and the profile counts now.
    pub(crate) fn profile(&self, id: &str, now: Instant) -> Option<&Profile> {
        self.current(now).find(|profile| profile.id == id && self.is_open(now))
    }

    pub(crate) fn keep(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let value = Tree::object()
            .with("display", self.display.as_str())
            .with("profiles", Tree::Array(self.profiles.iter().map(Profile::tree).collect()))
            .maybe("until", self.until.map(|at| at.0))
            .with("outside", self.outside.as_str())
            .with("disabled", self.disabled)
            .with("generation", self.generation)
            .with("hash", self.hash.as_str());
        tx.keep(SPACE, &self.name, value.text().as_bytes(), None)
    }

    fn read(name: &str, value: &[u8]) -> Result<Account, Refusal> {
        let spoilt = || {
            tracing::error!(account = name, "the account cannot be read");
            Refusal::new(Kind::Fault, format!("The account {name} cannot be read. Tell support."))
        };
        let json = Json::parse(value, Limits::DOOR).map_err(|_| spoilt())?;
        let text = |member: &str| json.root().str(member).map(|text| text.into_owned()).ok_or_else(spoilt);
        Ok(Account {
            name: name.to_owned(),
            display: text("display")?,
            // A role that the matrix no longer has gives nothing: the account cannot be used until it is
            // changed.
            profiles: profile::of_account(&json).ok_or_else(spoilt)?,
            until: number(&json, "until").map(Instant),
            outside: json.root().str("outside").map(|word| word.into_owned()).unwrap_or_default(),
            disabled: json.root().get("disabled").and_then(|value| value.as_bool()).ok_or_else(spoilt)?,
            generation: number(&json, "generation").ok_or_else(spoilt)?,
            hash: text("hash")?,
        })
    }
}

pub(crate) fn taken(name: &str) -> Refusal {
    let text = format!("There is an account {name} already. Choose another name.");
    Refusal::new(Kind::Conflict, text)
}

/// A whole number of a kept fact.
pub(crate) fn number(json: &Json, member: &str) -> Option<i64> {
    json.root().get(member)?.as_number()?.parse().ok()
}

pub(crate) fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let text = "Use 1 to 64 letters from a to z, digits, full stops, hyphens or underlines.";
        return Err(Refusal::invalid("name", text));
    }
    Ok(name)
}

pub(crate) fn some(text: &str, at: &str, what: &str) -> Result<String, Refusal> {
    match text.trim() {
        "" => Err(Refusal::invalid(at, format!("Enter {what}."))),
        text => Ok(text.to_owned()),
    }
}

/// The role of this name, or a refusal that lists those there are.
pub(crate) fn role(name: &str) -> Result<&'static Role, Refusal> {
    Role::named(name).ok_or_else(|| {
        let names: Vec<&str> = crate::roles().iter().map(|role| role.name.as_str()).collect();
        Refusal::invalid("role", format!("{name:?} is no role. Choose one of {}.", names.join(", ")))
    })
}

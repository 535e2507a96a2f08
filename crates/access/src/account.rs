//! Accounts of people: kept facts of the space `user`, by name.

use crate::{Access, Role, author, password};
use fhir::{Json, Limits, Tree};
use record::{Kind, Refusal, Tx};
use std::fmt;

const SPACE: &str = "user";
/// Characters of an organisation's code or name, at most.
const ORGANISATION_MAX: usize = 64;

/// What is needed for a new account.
#[derive(Clone)]
pub struct NewUser {
    /// The name to sign in with: small letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// The name to show, e.g. `Dr A OKAFOR`.
    pub display: String,
    /// The name of a role of `roles.toml`.
    pub role: String,
    /// Where they work, to show beside the name; may be empty.
    pub place: String,
    /// The password; kept only as a hash.
    pub password: String,
}

/// An account as it is kept.
#[derive(Clone)]
pub struct Account {
    /// The name to sign in with.
    pub name: String,
    /// The name to show.
    pub display: String,
    /// The role.
    pub role: &'static Role,
    /// Where they work; may be empty.
    pub place: String,
    /// The organisation that they act for, an ODS code or another name; may be empty.
    pub organisation: String,
    /// True when nobody may sign in with it.
    pub disabled: bool,
    /// Grows with every change that ends the sessions begun before it.
    pub(crate) generation: i64,
    pub(crate) hash: String,
}

/// Without the password, so that it gets into no log.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Without the hash, so that it gets into no log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("role", &self.role.name)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Makes an account. A conflict when the name is taken.
    pub fn add_user(&self, user: &NewUser) -> Result<(), Refusal> {
        self.add_user_for("", user)
    }

    /// Makes an account that acts for an organisation, named by its ODS code or otherwise.
    pub fn add_user_for(&self, code: &str, user: &NewUser) -> Result<(), Refusal> {
        let account = Account {
            name: name(&user.name)?,
            display: some(&user.display, "display", "the name to show")?,
            role: role(&user.role)?,
            place: user.place.trim().to_owned(),
            organisation: organisation(code)?,
            disabled: false,
            generation: 0,
            hash: self.hashed(&user.password, &user.name)?,
        };
        self.store().write(author("system", "access.add-user"), move |tx| {
            if tx.kept(SPACE, &account.name)?.is_some() {
                let text = format!("There is an account {} already. Choose another name.", account.name);
                return Err(Refusal::new(Kind::Conflict, text));
            }
            account.keep(tx)
        })
    }

    /// Gives an account a new password and ends all its sessions.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), Refusal> {
        let hash = self.hashed(password, name)?;
        self.change(name, "access.set-password", move |account| account.hash = hash)
    }

    /// Gives an account another role and ends all its sessions.
    pub fn set_role(&self, name: &str, role_name: &str) -> Result<(), Refusal> {
        let role = role(role_name)?;
        self.change(name, "access.set-role", move |account| account.role = role)
    }

    /// Says for which organisation an account acts, by its ODS code or another name; empty for none. Ends all its
    /// sessions.
    pub fn set_organisation(&self, name: &str, code: &str) -> Result<(), Refusal> {
        let code = organisation(code)?;
        self.change(name, "access.set-organisation", move |account| account.organisation = code)
    }

    /// Closes an account and ends all its sessions, or opens it again.
    pub fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), Refusal> {
        self.change(name, "access.set-disabled", move |account| account.disabled = disabled)
    }

    /// Ends all sessions of an account.
    pub fn end_sessions(&self, name: &str) -> Result<(), Refusal> {
        self.change(name, "access.end-sessions", |_| ())
    }

    /// All accounts, by name.
    pub fn users(&self) -> Result<Vec<Account>, Refusal> {
        let kept = self.store().reader(&record::Scope::all())?.kept_all(SPACE, "")?;
        kept.iter().map(|(name, value)| Account::read(name, value)).collect()
    }

    /// The account of this name.
    pub(crate) fn account(&self, name: &str) -> Result<Option<Account>, Refusal> {
        self.kept(SPACE, name)?.map(|value| Account::read(name, &value)).transpose()
    }

    fn hashed(&self, password: &str, name: &str) -> Result<String, Refusal> {
        password::check(password, name)?;
        self.inner.hasher.hash(password)
    }

    /// Changes an account in a transaction and ends its sessions: now for this process, within a second for
    /// others.
    fn change(
        &self,
        name: &str,
        command: &str,
        change: impl FnOnce(&mut Account) + Send + 'static,
    ) -> Result<(), Refusal> {
        let name = name.trim().to_lowercase();
        let key = name.clone();
        self.store().write(author("system", command), move |tx| {
            let value =
                tx.kept(SPACE, &key)?.ok_or_else(|| Refusal::not_found(&format!("The account {key}")))?;
            let mut account = Account::read(&key, &value)?;
            change(&mut account);
            account.generation += 1;
            account.keep(tx)
        })?;
        self.drop_live(&name);
        Ok(())
    }
}

impl Account {
    fn keep(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let value = Tree::object()
            .with("display", self.display.as_str())
            .with("role", self.role.name.as_str())
            .with("place", self.place.as_str())
            .with("organisation", self.organisation.as_str())
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
            role: Role::named(&text("role")?).ok_or_else(spoilt)?,
            place: text("place")?,
            // Accounts that were made before this was asked have none.
            organisation: json.root().str("organisation").unwrap_or_default().into_owned(),
            disabled: json.root().get("disabled").and_then(|value| value.as_bool()).ok_or_else(spoilt)?,
            generation: number(&json, "generation").ok_or_else(spoilt)?,
            hash: text("hash")?,
        })
    }
}

/// A whole number of a kept fact.
pub(crate) fn number(json: &Json, member: &str) -> Option<i64> {
    json.root().get(member)?.as_number()?.parse().ok()
}

fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let text = "Use 1 to 64 letters from a to z, digits, full stops, hyphens or underlines.";
        return Err(Refusal::invalid("name", text));
    }
    Ok(name)
}

fn some(text: &str, at: &str, what: &str) -> Result<String, Refusal> {
    match text.trim() {
        "" => Err(Refusal::invalid(at, format!("Enter {what}."))),
        text => Ok(text.to_owned()),
    }
}

/// The code or name of an organisation as it is kept.
pub(crate) fn organisation(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > ORGANISATION_MAX || text.chars().any(char::is_control) {
        let said =
            format!("Name the organisation by its ODS code, or by 1 to {ORGANISATION_MAX} characters.");
        return Err(Refusal::invalid("organisation", said));
    }
    Ok(text.to_owned())
}

/// The role of this name, or a refusal that lists those there are.
pub(crate) fn role(name: &str) -> Result<&'static Role, Refusal> {
    Role::named(name).ok_or_else(|| {
        let names: Vec<&str> = crate::roles().iter().map(|role| role.name.as_str()).collect();
        Refusal::invalid("role", format!("{name:?} is no role. Choose one of {}.", names.join(", ")))
    })
}

//! Invitations: with what somebody who has been approved, or is the first of an installation, chooses a password.

use crate::account::{self, Account};
use crate::{Access, NewProfile, NewUser, Permission, Session, secret};
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal, Tx};

/// Who may set the first password, by the hash of what they were given for it.
const INVITATION: &str = "invitation";
/// By account, the hash of the invitation that counts.
const INVITED: &str = "invited";
/// The name of the first account of an installation.
const FIRST_NAME: &str = "admin";
/// Hours in which a joiner must set a password.
pub(crate) const INVITED_HOURS: i64 = 72;

impl Access {
    /// Sets the password of a joiner, with what they were given for it. It counts once.
    pub fn accept_invitation(&self, code: &str, password: &str) -> Result<(), Refusal> {
        let key = secret::key(&secret::hash(code));
        let kept = self.kept(INVITATION, &key)?.and_then(|value| Json::parse(value, Limits::DOOR).ok());
        let kept =
            kept.filter(|kept| account::number(kept, "until").is_some_and(|until| self.now().0 < until));
        let who = kept.and_then(|kept| Some(kept.root().str("who")?.into_owned())).ok_or_else(uninvited)?;
        let hash = self.hashed(password, &who)?;
        let (by, name) = (crate::author(&who, "access.accept-invitation"), who.clone());
        self.store().write(by, move |tx| {
            tx.kept(INVITATION, &key)?.ok_or_else(uninvited)?;
            tx.forget(INVITATION, &key)?;
            let mut account = Account::find(tx, &name)?.ok_or_else(uninvited)?;
            account.hash = hash;
            account.generation += 1;
            account.keep(tx)
        })?;
        self.drop_live(&who);
        self.audit(&who, "accept-invitation", Tree::object())
    }

    /// A new invitation for someone who has been approved and has set no password yet. Those of before end. The text is
    /// the only copy.
    pub fn invite(&self, session: &Session, name: &str) -> Result<String, Refusal> {
        if !session.may(Permission::Sponsor) {
            self.needs_or_audit(session, Permission::Administer)?;
        }
        let code = secret::new()?;
        let (hash, key, now) = (secret::hash(&code), name.to_owned(), self.now());
        let of = session.organisation.clone();
        self.store().write(session.author("access.invite", None), move |tx| {
            let account = Account::find(tx, &key)?.filter(|account| account.is_open(now));
            let account = account.ok_or_else(|| Refusal::not_found(&format!("The account {key}")))?;
            if !account.hash.is_empty() {
                let text = "They have a password already. An invitation is for who has none yet.";
                return Err(Refusal::new(Kind::Conflict, text));
            }
            if !account.profiles.iter().any(|profile| profile.organisation == of) {
                let text = "They are of another organisation, which invites them itself.";
                return Err(Refusal::new(Kind::Forbidden, text));
            }
            invite(tx, &hash, &key, now)
        })?;
        self.store().audit(session.act("invite", Tree::object().with("account", name))).wait()?;
        Ok(code)
    }

    /// On a record in which nobody can sign in yet: makes the account `admin` of an administrator, who needs a second
    /// factor, and an invitation with which its owner chooses a password. Nothing when somebody can sign in. The text
    /// is
    /// the only copy; an invitation of before ends.
    pub fn first_administrator(&self, organisation: &str) -> Result<Option<String>, Refusal> {
        if self.users()?.iter().any(|account| !account.hash.is_empty() || !account.outside.is_empty()) {
            return Ok(None);
        }
        let profile = NewProfile::new("administrator").at(organisation).with_activities(["sponsor"]);
        let user = NewUser::new(FIRST_NAME, "Administrator", profile, "");
        let account = Account::new(&user, String::new())?;
        let code = secret::new()?;
        let (hash, now) = (secret::hash(&code), self.now());
        self.store().write(crate::author("system", "access.first-administrator"), move |tx| {
            if Account::find(tx, FIRST_NAME)?.is_none() {
                account.keep(tx)?;
                crate::factor::require_for(tx, &["administrator", "privacy-officer"])?;
            }
            invite(tx, &hash, FIRST_NAME, now)
        })?;
        self.audit("system", "invite", Tree::object().with("account", FIRST_NAME))?;
        Ok(Some(code))
    }
}

/// Keeps an invitation; those of before end.
pub(crate) fn invite(
    tx: &mut Tx<'_>,
    hash: &secret::Hash,
    account: &str,
    now: Instant,
) -> Result<(), Refusal> {
    if let Some(before) = tx.kept(INVITED, account)?.and_then(|key| String::from_utf8(key).ok()) {
        tx.forget(INVITATION, &before)?;
    }
    tx.keep(INVITED, account, secret::key(hash).as_bytes(), None)?;
    let until = Instant(now.0 + INVITED_HOURS * 3_600_000);
    let value = Tree::object().with("who", account).with("until", until.0).text();
    tx.keep(INVITATION, &secret::key(hash), value.as_bytes(), Some(until))
}

fn uninvited() -> Refusal {
    let text = "The invitation is not known, was used, or has run out. Ask for a new one.";
    Refusal::new(Kind::Unauthenticated, text)
}

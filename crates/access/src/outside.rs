//! People whom another issuer knows: they come by its word, in the profiles that it names.
//!
//! Their accounts are made when they first come and have no password. An account belongs to one person of one
//! issuer for good; a local account of the same name is never opened by an issuer's word.

use crate::account::Account;
use crate::profile::{self, NewProfile, Profile};
use crate::{Access, Entered, NewUser, Strength, secret};
use fhir::Tree;
use record::{Instant, Kind, Refusal};

/// Characters of a person's name at the issuer that may stand in that of an account.
const PLAIN_MAX: usize = 48;

/// Somebody as another issuer describes them, after its word has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outsider {
    /// The short name of the issuer in this installation: small letters and digits.
    pub issuer: String,
    /// Who it is, at the issuer.
    pub uid: String,
    /// The name to show.
    pub display: String,
    /// What they are, as the issuer says now: profiles that it no longer names end.
    pub profiles: Vec<NewProfile>,
    /// The one they have chosen there, by its place in the list.
    pub chosen: Option<usize>,
}

impl Access {
    /// Begins a session for someone by another issuer's word.
    pub fn enter_outside(&self, outsider: &Outsider, from: &str) -> Result<Entered, Refusal> {
        let name = account_name(&outsider.issuer, &outsider.uid);
        if outsider.profiles.is_empty() {
            self.audit(&name, "sign-in-failed", Tree::object().with("from", from).with("why", "no role"))?;
            let text = "You are known, but have no role that counts here. Ask who manages accounts.";
            return Err(Refusal::new(Kind::Forbidden, text));
        }
        let (them, now, key) = (outsider.clone(), self.now(), name.clone());
        let account = self.store().write(crate::author(&name, "access.enter-outside"), move |tx| {
            let old = Account::find(tx, &key)?;
            let is_new = old.is_none();
            let mut account = match old {
                Some(account) => account,
                None => new_account(&key, &them)?,
            };
            if account.outside != word(&them) {
                return Err(Refusal::new(Kind::Unauthenticated, "The sign-in does not count. Tell support."));
            }
            let profiles = brought_up(&account.profiles, &them.profiles, now)?;
            if is_new || profiles != account.profiles || account.display != them.display {
                // What the issuer took away ends sessions that began with it.
                account.generation += i64::from(profiles != account.profiles);
                account.profiles = profiles;
                account.display = them.display;
                account.keep(tx)?;
            }
            Ok(account)
        })?;
        if !account.is_open(now) {
            self.audit(&name, "sign-in-failed", Tree::object().with("from", from))?;
            let text = "Your account here is closed. Ask who manages accounts.";
            return Err(Refusal::new(Kind::Unauthenticated, text));
        }
        let chosen = outsider.chosen.and_then(|place| outsider.profiles.get(place));
        let chosen = chosen.and_then(|new| account.current(now).find(|profile| is_same(profile, new)));
        self.entered_in(&account, chosen, Strength::Outside, from)
    }
}

/// The name of the account of a person of an issuer.
fn account_name(issuer: &str, uid: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !uid.is_empty() && uid.len() <= PLAIN_MAX && uid.chars().all(is_plain) {
        return format!("{issuer}.{uid}");
    }
    // Any text may be a name elsewhere; two that differ in case only are two people.
    let hash = secret::hash(&format!("{issuer}\n{uid}"));
    let short: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{issuer}.x{short}")
}

/// Whom an account belongs to, as it is kept with it.
fn word(them: &Outsider) -> String {
    format!("{} {}", them.issuer, them.uid)
}

fn new_account(name: &str, them: &Outsider) -> Result<Account, Refusal> {
    let user = NewUser {
        name: name.to_owned(),
        display: them.display.clone(),
        password: String::new(),
        profiles: them.profiles.clone(),
        until: None,
    };
    Ok(Account { outside: word(them), ..Account::new(&user, String::new())? })
}

/// True when a profile is what an issuer names, whenever it began.
fn is_same(profile: &Profile, new: &NewProfile) -> bool {
    let plain = |profile: NewProfile| NewProfile { from: None, until: None, ..profile };
    // Through the check, so that both have the same spelling and order.
    let new = new.checked(profile.id.clone()).map(|new| plain(new.to_new()));
    new.is_ok_and(|new| new == plain(profile.to_new()))
}

/// The profiles as an issuer has them now: those it no longer names have ended.
fn brought_up(old: &[Profile], named: &[NewProfile], now: Instant) -> Result<Vec<Profile>, Refusal> {
    let mut profiles: Vec<Profile> = old
        .iter()
        .cloned()
        .map(|mut profile| {
            profile.until = match named.iter().any(|new| is_same(&profile, new)) {
                true => None,
                false => Some(profile.until.map_or(now, |until| until.min(now))),
            };
            profile
        })
        .collect();
    let fresh: Vec<NewProfile> =
        named.iter().filter(|new| !old.iter().any(|profile| is_same(profile, new))).cloned().collect();
    profiles.extend(profile::numbered(profiles.len(), &fresh)?);
    Ok(profiles)
}

#![doc = include_str!("../README.md")]

mod account;
mod agreement;
mod back_off;
mod breached;
mod browser;
mod client;
mod decision;
mod enter;
mod factor;
mod glass;
pub mod grant;
mod invitation;
mod mandate;
mod outside;
mod passkey;
mod password;
mod profile;
pub mod relationship;
mod role;
mod secret;
mod session;
mod staff;
mod token;
mod totp;
mod workgroup;

#[cfg(test)]
mod tests;

pub use account::{Account, NewUser};
pub use agreement::{Agreement, agree, end_agreement};
pub use browser::{Begun, IDLE_MINUTES, SESSION_HOURS};
pub use client::{
    App, AppProof, Client, end_app, end_family, keep_app, key_of, new_app_secret, new_family, new_secret,
    use_once,
};
pub use enter::{Entered, PROOF, SignedIn};
pub use factor::{Enrolment, Owed};
pub use glass::{GLASS_MINUTES, Glass, Pane, REASON_MIN};
pub use mandate::{Ends, Mandate};
pub use outside::Outsider;
pub use passkey::{Answered, Challenge};
pub use profile::{NewProfile, Profile};
pub use record::{Instant, Kind, Refusal};
pub use role::{Permission, Role, roles};
pub use session::{Owing, Session, Standing, Strength};
pub use staff::{
    Approved, Change, Joiner, Registration, approve_in, decline_in, leave_in, register_in, sign_out_in,
};
pub use token::{Acts, TOKEN_MINUTES, keep_app_token};
pub use workgroup::{Workgroup, anything_served, served_settled, serving, set_workgroup, settle_later};

use record::{Act, Author, Scope, Store};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The gate to an open record: accounts, sessions and tokens. Clones share it.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    hasher: password::Hasher,
    breached: OnceLock<PathBuf>,
    live: Mutex<HashMap<secret::Hash, browser::Live>>,
    tokens: Mutex<HashMap<secret::Hash, token::Known>>,
    back_off: Mutex<back_off::BackOff>,
    related: Mutex<relationship::KnownByHolders>,
}

impl Access {
    /// The gate to this record, on the record's clock.
    pub fn open(store: Store) -> Result<Access, Refusal> {
        let clock = store.clone();
        Access::with_clock(store, Arc::new(move || clock.now()))
    }

    /// The same on another clock, for tests of what time does.
    pub fn with_clock(store: Store, clock: Clock) -> Result<Access, Refusal> {
        Ok(Access {
            inner: Arc::new(Inner {
                store,
                clock,
                hasher: password::Hasher::new()?,
                breached: OnceLock::new(),
                live: Mutex::default(),
                tokens: Mutex::default(),
                back_off: Mutex::default(),
                related: Mutex::default(),
            }),
        })
    }

    /// Refuses new passwords that stand in this file of leaked ones: lines of SHA-1 in hexadecimal digits, sorted. Said
    /// once, before anybody is let in; later calls change nothing.
    pub fn refuse_breached(&self, path: &Path) -> Result<(), Refusal> {
        if let Err(error) = breached::holds(path, "") {
            let text =
                format!("{} cannot be read: {error}. Check `breached` in the configuration.", path.display());
            return Err(Refusal::new(Kind::Invalid, text));
        }
        let _ = self.inner.breached.set(path.to_owned());
        Ok(())
    }

    /// The record behind the gate.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// All roles there are.
    pub fn roles(&self) -> &'static [Role] {
        roles()
    }

    /// The time by which sessions are judged.
    pub fn now(&self) -> Instant {
        (self.inner.clock)()
    }

    /// A small fact of a space, by key.
    fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.inner.store.kept(space, key)
    }

    /// Puts an act on the trail and waits until it is on disk.
    fn audit(&self, who: &str, action: &'static str, detail: fhir::Tree) -> Result<(), Refusal> {
        self.inner.store.audit(Act { who: who.to_owned(), action, detail: detail.text() }).wait()
    }
}

/// The author of this crate's own writes: accounts, sessions and tokens.
fn author(who: &str, command: &str) -> Author {
    Author {
        who: who.to_owned(),
        behalf: None,
        purpose: "HSYSADMIN".to_owned(),
        command: command.to_owned(),
        request: None,
        scope: Scope::all(),
        custodian: None,
    }
}

/// The content of a lock. A thread that panicked while holding it left no half-made state: all changes under
/// these locks are single insertions and removals.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

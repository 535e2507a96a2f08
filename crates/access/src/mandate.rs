//! A mandate: what somebody gave an order under that outlives their session, such as a Subscription.
//!
//! It is kept beside the order and looked at anew each time something is done under it: with an account, as the
//! account is then; with a program's token, in the role that the token had. A token that runs out leaves its standing
//! orders in force, one that is revoked ends them.

use crate::profile::FIRST;
use crate::session::{Basis, Strength};
use crate::warrant::Credential;
use crate::{Access, Instant, Refusal, Role, Session};
use fhir::{Tree, Value};
use record::Reach;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tokens that were revoked, by their public name: kept for good.
pub(crate) const REVOKED: &str = "token-revoked";

/// Who ordered something, and in what sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// Account, or name of a token.
    pub who: String,
    /// The name of the role in which they ordered it.
    pub role: String,
    /// The id of the role profile in which they ordered it; empty for a program.
    pub profile: String,
    /// True for a program with a token, false for a person with an account.
    program: bool,
    /// The patients that they were narrowed to, if they were.
    patients: Option<BTreeSet<String>>,
}

impl Session {
    /// What an order of this session stands under from now on.
    pub fn mandate(&self) -> Mandate {
        let patients = match &self.scope.reach {
            Reach::Everyone => None,
            Reach::Patients(patients) => Some((**patients).clone()),
        };
        // A browser's session has no form token when it was found again by a warrant.
        let program = !matches!(self.credential, Credential::Cookie(_));
        let (role, profile) = (self.role.name.clone(), self.profile.clone());
        Mandate { who: self.who.clone(), role, profile, program, patients }
    }
}

impl Mandate {
    /// As it is kept.
    pub fn tree(&self) -> Tree {
        let patients = self.patients.as_ref();
        let patients = patients.map(|all| all.iter().map(|p| Tree::from(p.as_str())).collect::<Vec<_>>());
        Tree::object()
            .with("who", self.who.as_str())
            .with("role", self.role.as_str())
            .with("profile", self.profile.as_str())
            .with("program", self.program)
            .maybe("patients", patients)
    }

    /// The reverse of [`Mandate::tree`].
    pub fn read(value: Value<'_>) -> Option<Mandate> {
        let patients = value.get("patients");
        let patients = patients.map(|all| {
            all.items().filter_map(|p| p.as_str().map(|p| p.into_owned())).collect::<BTreeSet<String>>()
        });
        Some(Mandate {
            who: value.str("who")?.into_owned(),
            role: value.str("role")?.into_owned(),
            profile: value.str("profile").map_or(FIRST.to_owned(), |id| id.into_owned()),
            program: value.get("program")?.as_bool()?,
            patients,
        })
    }
}

impl Access {
    /// The session in which something may be done under a mandate now; nothing when it holds no more: the account is
    /// gone or shut, the token was revoked, the role is no longer there.
    pub fn under(&self, mandate: &Mandate) -> Result<Option<Session>, Refusal> {
        let now = self.now();
        let basis = Basis {
            id: "mandate".to_owned(),
            credential: Credential::Mandate,
            strength: if mandate.program { Strength::Token } else { Strength::Password },
            since: now,
            until: Instant(now.0 + 60_000),
        };
        let session = match mandate.program {
            true if self.kept(REVOKED, &mandate.who)?.is_some() => None,
            true => Role::named(&mandate.role).map(|role| Session::program(mandate.who.clone(), role, basis)),
            false => self.account(&mandate.who)?.and_then(|account| {
                let profile = account.profile(&mandate.profile, now)?;
                Some(Session::person(&account, profile, basis))
            }),
        };
        let Some(mut session) = session else { return Ok(None) };
        if let Some(patients) = &mandate.patients {
            session.scope.reach = Reach::Patients(Arc::new(patients.clone()));
        }
        Ok(Some(session))
    }
}

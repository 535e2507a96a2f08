//! Mandates: what work stands under that goes on in somebody's name, such as an export or a Subscription.
//!
//! A mandate is kept beside the work and holds no secret. It opens nothing by itself: each time something is done under
//! it, whoever gave it is looked up as they are then, and what comes out never sees more than they saw as they gave it.
//! What it ends with is said as it is given ([`Ends`]).

use crate::profile::FIRST;
use crate::secret::{self, Hash};
use crate::session::{Basis, Credential, Strength};
use crate::{Access, Client, Instant, Refusal, Role, Session, browser, token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::{Tree, Value};
use record::{Opened, Reach, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tokens that were revoked, by their public name: kept for good.
pub(crate) const REVOKED: &str = "token-revoked";

/// What a mandate ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The session in which it was given: when that runs out, ends or is revoked, or the account is closed or changed.
    /// A browser's session that is only locked stands. It sees no more than the session sees now and saw then.
    WithSession,
    /// Whoever gave it: a person with the account and the role profile, a program with its token. The account is taken
    /// as it is then. A token that runs out leaves it in force, one that is revoked ends it.
    WithGiver,
}

impl Ends {
    fn name(self) -> &'static str {
        match self {
            Ends::WithSession => "session",
            Ends::WithGiver => "giver",
        }
    }
}

/// In whose name work goes on, in what sight, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// Account, or name of a token.
    pub who: String,
    /// The name of the role in which they gave it.
    pub role: String,
    /// The id of the role profile in which they gave it; empty for a program.
    pub profile: String,
    /// The ODS code of the organisation that a program acted for; empty for none, and for a person.
    pub organisation: String,
    /// The app that gave it in their name, with what it was let do; none for another.
    client: Option<Arc<Client>>,
    /// What it ends with.
    pub ends: Ends,
    /// By what they were recognised.
    credential: Credential,
    /// What it is narrowed to: all that the session saw, or for one that ends with its giver, who takes their own
    /// sight along, only the patients.
    sight: Scope,
}

impl Session {
    /// What work of this session goes on under from now on.
    pub fn mandate(&self, ends: Ends) -> Mandate {
        let sight = match ends {
            Ends::WithSession => self.scope.clone(),
            Ends::WithGiver => {
                Scope { reach: self.scope.reach.clone(), traced: self.scope.traced.clone(), ..Scope::all() }
            }
        };
        let (who, role, profile) = (self.who.clone(), self.role.name.clone(), self.profile.clone());
        let organisation = if profile.is_empty() { self.organisation.clone() } else { String::new() };
        let client = self.client.clone();
        Mandate { who, role, profile, organisation, client, ends, credential: self.credential, sight }
    }

    /// Whether this session may have what was made under a mandate: it acts in the same role profile, and sees all
    /// that was seen under it. The same person in another profile may not.
    pub fn covers(&self, mandate: &Mandate) -> bool {
        let then = &mandate.sight;
        let sees_it_all = *then == self.scope || then.narrowed_to(&self.scope) == *then;
        let is_same = (self.role.name.as_str(), &self.profile) == (mandate.role.as_str(), &mandate.profile);
        sees_it_all && is_same
    }
}

impl Mandate {
    /// As it is kept.
    pub fn tree(&self) -> Tree {
        let texts = |list: &BTreeSet<String>| list.iter().map(|t| Tree::from(t.as_str())).collect::<Vec<_>>();
        let kinds =
            |list: &Arc<BTreeSet<&'static str>>| list.iter().map(|t| Tree::from(*t)).collect::<Vec<_>>();
        let sight = &self.sight;
        let patients = match &sight.reach {
            Reach::Everyone => None,
            Reach::Patients(patients) => Some(texts(patients)),
        };
        let mut tree = Tree::object()
            .with("who", self.who.as_str())
            .with("role", self.role.as_str())
            .with("profile", self.profile.as_str())
            .with("organisation", self.organisation.as_str())
            .maybe("client", self.client.as_ref().map(|client| client.tree()))
            .with("ends", self.ends.name())
            .maybe("patients", patients)
            .maybe("types", sight.types.as_ref().map(kinds))
            .maybe("traced", sight.traced.as_ref().map(kinds))
            .maybe("marks", sight.marks.as_ref().map(|marks| texts(marks)))
            .maybe("opened", sight.opened.as_ref().map(|opened| texts(&opened.patients)))
            .maybe("opened-marks", sight.opened.as_ref().map(|opened| texts(&opened.marks)));
        match self.credential {
            Credential::Token(hash) => tree.set("token", secret::key(&hash)),
            Credential::Cookie(hash) => tree.set("cookie", secret::key(&hash)),
            Credential::Mandate(hash) => {
                if let Some(hash) = hash {
                    tree.set("ordered-with", secret::key(&hash));
                }
            }
        }
        tree
    }

    /// The reverse of [`Mandate::tree`]. One that was kept before it said what it ends with ends with its giver.
    pub fn read(value: Value<'_>) -> Option<Mandate> {
        let text = |name: &str| value.str(name).map(|text| text.into_owned());
        let hash = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(value.str(name)?.as_bytes()).ok()?;
            Hash::try_from(bytes.as_slice()).ok()
        };
        let program = value.get("program").and_then(|program| program.as_bool()).unwrap_or(false);
        let first = || if program { String::new() } else { FIRST.to_owned() };
        Some(Mandate {
            who: text("who")?,
            role: text("role")?,
            profile: text("profile").unwrap_or_else(first),
            organisation: text("organisation").unwrap_or_default(),
            client: match value.get("client") {
                Some(client) => Some(Arc::new(Client::read(client)?)),
                None => None,
            },
            ends: match text("ends").as_deref() {
                Some("session") => Ends::WithSession,
                Some("giver") | None => Ends::WithGiver,
                Some(_) => return None,
            },
            credential: match (hash("token"), hash("cookie")) {
                (Some(hash), _) => Credential::Token(hash),
                (_, Some(hash)) => Credential::Cookie(hash),
                _ => Credential::Mandate(hash("ordered-with")),
            },
            sight: sight(value),
        })
    }
}

/// What a kept mandate is narrowed to.
fn sight(value: Value<'_>) -> Scope {
    let texts = |name: &str| {
        let list = value.get(name)?;
        Some(list.items().filter_map(|item| item.as_str()).map(|t| t.into_owned()).collect::<BTreeSet<_>>())
    };
    let known = |list: BTreeSet<String>| {
        let types = fhir::definitions::RESOURCES.iter().copied().filter(|kind| list.contains(*kind));
        Arc::new(types.collect::<BTreeSet<&'static str>>())
    };
    let opened = texts("opened").zip(texts("opened-marks"));
    Scope {
        types: texts("types").map(known),
        reach: texts("patients").map_or(Reach::Everyone, |list| Reach::Patients(Arc::new(list))),
        traced: texts("traced").map(known),
        barred: None,
        marks: texts("marks").map(Arc::new),
        opened: opened.map(|(patients, marks)| Arc::new(Opened { patients, marks })),
    }
}

impl Access {
    /// The session in which something may be done under a mandate now; nothing when it holds no more. It is looked up
    /// each time.
    pub fn under(&self, mandate: &Mandate) -> Result<Option<Session>, Refusal> {
        let standing = match (mandate.ends, mandate.credential) {
            (Ends::WithGiver, _) => self.giver(mandate)?,
            (Ends::WithSession, Credential::Token(hash)) => token::standing(self, &hash)?,
            (Ends::WithSession, Credential::Cookie(hash)) => browser::standing(self, &hash)?,
            // Nobody waits behind a mandate, so nothing given under one ends with a session.
            (Ends::WithSession, Credential::Mandate(_)) => None,
        };
        let now = self.now();
        Ok(standing.filter(|session| now.0 < session.until.0).map(|mut session| {
            session.scope = session.scope.narrowed_to(&mandate.sight);
            session
        }))
    }

    /// Whoever gave it, as they are now: nothing when the account or the profile is gone or shut, the token revoked,
    /// the role is no longer there.
    fn giver(&self, mandate: &Mandate) -> Result<Option<Session>, Refusal> {
        if let Some(client) = &mandate.client
            && !self.stands(client)?
        {
            return Ok(None);
        }
        let through = |session: Session| self.sighted(Session { client: mandate.client.clone(), ..session });
        let token = match mandate.credential {
            Credential::Token(hash) | Credential::Mandate(Some(hash)) => Some(hash),
            Credential::Cookie(_) | Credential::Mandate(None) => None,
        };
        let name = token.map_or_else(|| mandate.who.clone(), |hash| format!("token-{}", secret::name(&hash)));
        if self.kept(REVOKED, &name)?.is_some() {
            return Ok(None);
        }
        let (now, program) = (self.now(), mandate.profile.is_empty());
        let basis = Basis {
            id: "mandate".to_owned(),
            credential: Credential::Mandate(token),
            strength: if program { Strength::Token } else { Strength::Password },
            since: now,
            until: Instant(now.0 + 60_000),
        };
        if program {
            let session = Role::named(&mandate.role)
                .map(|role| Session::program(mandate.who.clone(), role, basis))
                .map(|session| Session { organisation: mandate.organisation.clone(), ..session });
            return session.map(through).transpose();
        }
        let session = self.account(&mandate.who)?.and_then(|account| {
            let profile = account.profile(&mandate.profile, now)?;
            Some(Session::person(&account, profile, basis))
        });
        session.map(through).transpose()
    }
}

//! Warrants: how work that goes on after its request knows whether who asked may still have it.
//!
//! A warrant names a session by the hash of its secret, with the scope it had when the work was asked for. It
//! opens nothing by itself: each time it is shown, the session is looked up, and what comes out sees no more than
//! the session sees now and saw then.

use crate::secret::{self, Hash};
use crate::{Access, Session, browser, token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::json::Value;
use fhir::{Json, Limits, Tree};
use record::{Kind, Opened, Reach, Refusal, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a session was recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A bearer token.
    Token(Hash),
    /// A browser's cookie.
    Cookie(Hash),
    /// A mandate: nobody waits behind it, and it gives no warrant on.
    Mandate,
}

impl Session {
    /// The warrant of work that this session asks for; no secret.
    pub fn warrant(&self) -> String {
        let named = match &self.credential {
            Credential::Token(hash) => Some(("token", hash)),
            Credential::Cookie(hash) => Some(("cookie", hash)),
            Credential::Mandate => None,
        };
        let texts =
            |list: &BTreeSet<String>| Tree::Array(list.iter().map(|t| Tree::from(t.as_str())).collect());
        let mut tree = Tree::object();
        if let Some((kind, hash)) = named {
            tree.set(kind, secret::key(hash));
        }
        if let Reach::Patients(patients) = &self.scope.reach {
            tree.set("patients", texts(patients));
        }
        if let Some(types) = &self.scope.types {
            tree.set("types", Tree::Array(types.iter().map(|kind| Tree::from(*kind)).collect()));
        }
        if let Some(types) = &self.scope.traced {
            tree.set("traced", Tree::Array(types.iter().map(|kind| Tree::from(*kind)).collect()));
        }
        if let Some(marks) = &self.scope.marks {
            tree.set("marks", texts(marks));
        }
        if let Some(opened) = &self.scope.opened {
            tree.set("opened", texts(&opened.patients));
            tree.set("opened-marks", texts(&opened.marks));
        }
        tree.text()
    }
}

impl Access {
    /// The session that a warrant names, if it still stands: not run out, not ended, not revoked, its account
    /// neither closed nor changed. A browser's session that is only locked stands. Looks it up each time.
    pub fn warranted(&self, warrant: &str) -> Result<Session, Refusal> {
        let json = Json::parse(warrant, Limits::FILE).map_err(|_| fallen())?;
        let root = json.root();
        let hash = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(root.str(name)?.as_bytes()).ok()?;
            Hash::try_from(bytes.as_slice()).ok()
        };
        let standing = match (hash("token"), hash("cookie")) {
            (Some(hash), _) => token::standing(self, &hash)?,
            (_, Some(hash)) => browser::standing(self, &hash)?,
            _ => None,
        };
        let mut session = standing.filter(|session| self.now().0 < session.until.0).ok_or_else(fallen)?;
        session.scope = session.scope.narrowed_to(&scope(root));
        Ok(session)
    }
}

fn fallen() -> Refusal {
    let text = "Who asked for this is no longer signed in, or may no longer have it. Sign in and ask again.";
    Refusal::new(Kind::Unauthenticated, text)
}

/// The scope that a warrant remembers.
fn scope(root: Value<'_>) -> Scope {
    let texts = |name: &str| {
        let list = root.get(name)?;
        Some(list.items().filter_map(|item| item.as_str()).map(|t| t.into_owned()).collect::<BTreeSet<_>>())
    };
    let known = |list: BTreeSet<String>| {
        let types = fhir::definitions::RESOURCES.iter().copied().filter(|kind| list.contains(*kind));
        Arc::new(types.collect::<BTreeSet<&'static str>>())
    };
    Scope {
        types: texts("types").map(known),
        reach: texts("patients").map_or(Reach::Everyone, |list| Reach::Patients(Arc::new(list))),
        traced: texts("traced").map(known),
        marks: texts("marks").map(Arc::new),
        opened: texts("opened")
            .zip(texts("opened-marks"))
            .map(|(patients, marks)| Arc::new(Opened { patients, marks })),
    }
}

//! Who is asking, and what they may do: the value that every page, operation and command is given.

use crate::warrant::Credential;
use crate::{Permission, Role};
use fhir::Tree;
use record::{Act, Author, Instant, Kind, Reach, Refusal, Scope};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Someone who has been recognised: a person in a browser or a program with a token. Made only by this crate.
#[derive(Clone)]
pub struct Session {
    /// Names the session in the audit trail; no secret.
    pub id: String,
    /// Account, or client name of a token.
    pub who: String,
    /// The name to show.
    pub display: String,
    /// The active role: exactly one.
    pub role: &'static Role,
    /// Where they work; may be empty.
    pub place: String,
    /// The organisation that they act for, an ODS code or another name; may be empty.
    pub organisation: String,
    /// What they can see.
    pub scope: Scope,
    /// The token that every form of a browser session must carry; empty for programs.
    pub csrf: String,
    /// When it began.
    pub since: Instant,
    /// When it ends whatever happens.
    pub until: Instant,
    /// What it was recognised by.
    pub(crate) credential: Credential,
}

/// Without the form token, so that it gets into no log.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("who", &self.who)
            .field("role", &self.role.name)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// True when the role may do it.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// Refuses what the role may not do. The refusal speaks of the role only, never of the resource.
    pub fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        if self.may(permission) {
            return Ok(());
        }
        let (title, act) = (&self.role.title, permission.about());
        let text =
            format!("The role {title} may not {act}. Ask someone whose role may, or an administrator.");
        Err(Refusal::new(Kind::Forbidden, text))
    }

    /// The author of what this session writes by `command`.
    pub fn author(&self, command: &str, request: Option<&str>) -> Author {
        Author {
            who: self.who.clone(),
            behalf: None,
            purpose: "TREAT".to_owned(),
            command: command.to_owned(),
            request: request.map(str::to_owned),
            scope: self.scope.clone(),
        }
    }

    /// An act of this session for the audit trail. `detail` says what it was about, never clinical content.
    pub fn act(&self, action: &'static str, detail: Tree) -> Act {
        let detail = detail.with("role", self.role.name.as_str()).with("session", self.id.as_str());
        Act { who: self.who.clone(), action, detail: detail.text() }
    }

    /// The same session with its reach narrowed to these patients.
    pub fn with_reach(mut self, patients: impl IntoIterator<Item = String>) -> Session {
        self.scope.reach = Reach::Patients(Arc::new(patients.into_iter().collect::<BTreeSet<String>>()));
        self
    }
}

/// How a browser's cookie stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Signed in and active.
    SignedIn(Session),
    /// Signed in, but idle for too long: the password must be given again before anything is shown.
    Locked(Session),
    /// Not signed in: unknown, ended or revoked.
    Nobody,
}

//! Who is asking, and what they may do: the value that every page, operation and command is given.

use crate::decision;
use crate::profile::Profile;
use crate::secret::Hash;
use crate::{Account, Owed, Permission, Role};
use fhir::Tree;
use record::{Act, Author, Instant, Kind, Opened, Reach, Refusal, Scope};
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
    /// The id of the active role profile among those of the account: exactly one. Empty for programs.
    pub profile: String,
    /// The ODS code of the organisation for which they act; may be empty.
    pub organisation: String,
    /// The active role: exactly one.
    pub role: &'static Role,
    /// What they may do beside what the role may.
    pub activities: Arc<BTreeSet<Permission>>,
    /// The teams of the active profile.
    pub workgroups: Arc<BTreeSet<String>>,
    /// What they are here for (HL7 v3 PurposeOfUse), e.g. `TREAT`.
    pub purpose: String,
    /// How sure it is who they are.
    pub strength: Strength,
    /// Where they work; may be empty.
    pub place: String,
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

/// What a session was recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A bearer token.
    Token(Hash),
    /// A browser's cookie.
    Cookie(Hash),
    /// A mandate that ends with its giver: nobody waits behind it. With the token that it was given with, if it was.
    Mandate(Option<Hash>),
}

/// How it was shown who someone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// A password.
    Password,
    /// A password and a code that changes.
    Totp,
    /// A passkey, which knows its owner.
    Passkey,
    /// Another issuer's word.
    Outside,
    /// A program's token.
    Token,
}

impl Strength {
    const ALL: [Strength; 5] =
        [Strength::Password, Strength::Totp, Strength::Passkey, Strength::Outside, Strength::Token];

    /// Its name in the record and on the trail.
    pub fn name(self) -> &'static str {
        match self {
            Strength::Password => "password",
            Strength::Totp => "totp",
            Strength::Passkey => "passkey",
            Strength::Outside => "outside",
            Strength::Token => "token",
        }
    }

    /// The reverse of [`Strength::name`].
    pub fn named(name: &str) -> Option<Strength> {
        Strength::ALL.into_iter().find(|strength| strength.name() == name)
    }
}

/// What a session stands on.
pub(crate) struct Basis {
    pub id: String,
    pub credential: Credential,
    pub strength: Strength,
    pub since: Instant,
    pub until: Instant,
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
    /// A session of a person in one of their profiles; a browser's has no form token yet.
    pub(crate) fn person(account: &Account, profile: &Profile, begun: Basis) -> Session {
        let ends = [account.until, profile.until].into_iter().flatten();
        let session = Session {
            who: account.name.clone(),
            display: account.display.clone(),
            profile: profile.id.clone(),
            organisation: profile.organisation.clone(),
            activities: profile.activities.clone(),
            workgroups: profile.workgroups.clone(),
            place: profile.place.clone(),
            scope: decision::scope(profile.role, &profile.organisation, &profile.workgroups),
            until: ends.fold(begun.until, Instant::min),
            ..Session::program(String::new(), profile.role, begun)
        };
        match profile.role.own {
            true => session.of_oneself(profile.patient.clone()),
            false => session,
        }
    }

    /// A session of a program in a role.
    pub(crate) fn program(who: String, role: &'static Role, begun: Basis) -> Session {
        Session {
            id: begun.id,
            who,
            display: format!("Program ({})", role.title),
            profile: String::new(),
            organisation: String::new(),
            role,
            activities: Arc::default(),
            workgroups: Arc::default(),
            purpose: role.purpose.clone(),
            strength: begun.strength,
            place: String::new(),
            scope: decision::scope(role, "", &BTreeSet::new()),
            csrf: String::new(),
            since: begun.since,
            until: begun.until,
            credential: begun.credential,
        }
    }

    /// Organisation, role and profile, as the log and the trail name them: `ZN9/doctor/1`, with `-` for what there
    /// is none of.
    pub fn capacity(&self) -> String {
        let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        format!("{}/{}/{}", or_none(&self.organisation), self.role.name, or_none(&self.profile))
    }

    /// True when the role may do it, or the active profile has it as an activity.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) || self.activities.contains(&permission)
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
            behalf: Some(self.capacity()),
            purpose: self.purpose.clone(),
            command: command.to_owned(),
            request: request.map(str::to_owned),
            scope: self.scope.clone(),
            custodian: Some(self.organisation.clone()).filter(|code| !code.is_empty()),
        }
    }

    /// An act of this session for the audit trail. `detail` says what it was about, never clinical content.
    pub fn act(&self, action: &'static str, detail: Tree) -> Act {
        let detail = detail
            .with("as", self.capacity())
            .with("purpose", self.purpose.as_str())
            .with("via", self.strength.name())
            .with("session", self.id.as_str());
        Act { who: self.who.clone(), action, detail: detail.text() }
    }

    /// A session that reaches one's own record, sealed or not.
    fn of_oneself(mut self, patient: Option<String>) -> Session {
        let patients: BTreeSet<String> = patient.into_iter().collect();
        let marks = decision::OF_ONESELF.iter().map(|mark| (*mark).to_owned()).collect();
        self.scope.opened = Some(Arc::new(Opened { patients: patients.clone(), marks }));
        self.with_reach(patients)
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
    /// The password was right, but something is still owed before anything is shown.
    Owing(Owing),
    /// Not signed in: unknown, ended or revoked.
    Nobody,
}

/// Someone whose password was right, but who is not signed in yet.
#[derive(Clone)]
pub struct Owing {
    /// The account.
    pub who: String,
    /// The name to show.
    pub display: String,
    /// What they owe next.
    pub owed: Owed,
    /// The profiles that they may choose from.
    pub profiles: Vec<Profile>,
    /// The token that the form must carry.
    pub csrf: String,
}

/// Without the form token, so that it gets into no log.
impl fmt::Debug for Owing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owing").field("who", &self.who).finish_non_exhaustive()
    }
}

//! Who is asking, and what they may do: the value that every page, operation and command is given.

use crate::client::Client;
use crate::decision::{self, Standpoint};
use crate::glass::Glass;
use crate::grant::Interaction;
use crate::profile::Profile;
use crate::secret::Hash;
use crate::{Access, Account, Owed, Permission, Role};
use crate::{agreement, relationship};
use fhir::{Json, Limits, Tree};
use record::{Act, Author, Found, Instant, Kind, Reach, Reader, Refusal, Scope};
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
    /// The app that acts for them, or as itself; none for a browser of ours and for a program of the house.
    pub client: Option<Arc<Client>>,
    /// Glass that they broke and that is still open.
    pub glass: Arc<Vec<Glass>>,
    /// The patients with whom they have a relationship; none where nobody asks.
    pub(crate) related: Option<Arc<BTreeSet<String>>>,
    /// The id of the Patient whose record is theirs to see, in a role that sees only such.
    pub(crate) oneself: Option<String>,
    /// When the profile was given, if it says so.
    pub(crate) given: Option<Instant>,
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
        Session {
            who: account.name.clone(),
            display: account.display.clone(),
            profile: profile.id.clone(),
            organisation: profile.organisation.clone(),
            activities: profile.activities.clone(),
            workgroups: profile.workgroups.clone(),
            place: profile.place.clone(),
            oneself: profile.patient.clone(),
            given: profile.from,
            until: ends.fold(begun.until, Instant::min),
            ..Session::program(String::new(), profile.role, begun)
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
            scope: nothing(),
            client: None,
            glass: Arc::default(),
            related: None,
            oneself: None,
            given: None,
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

    /// True when the role may do it, or the active profile has it as an activity; and the app, if one acts for them.
    pub fn may(&self, permission: Permission) -> bool {
        let client = self.client.as_ref().is_none_or(|client| client.may(permission));
        client && (self.role.may(permission) || self.activities.contains(&permission))
    }

    /// Refuses what the app that acts was not let do with resources of a type. Without an app nothing is.
    pub fn needs_grant(&self, kind: &str, interaction: Interaction) -> Result<(), Refusal> {
        if self.client.as_ref().is_none_or(|client| client.grant.may(kind, interaction)) {
            return Ok(());
        }
        let text = format!("The app was not given the scope that this takes for {kind}.");
        Err(Refusal::new(Kind::Forbidden, text))
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

    /// Who they are as a FHIR resource, where that is known: a patient by their own record.
    pub fn person_reference(&self) -> Option<String> {
        let is_self = self.role.own && !self.role.proxy;
        self.oneself.as_ref().filter(|_| is_self).map(|patient| format!("Patient/{patient}"))
    }

    /// True when nothing of this patient is for them, since it is themselves or their family.
    pub fn is_barred_from(&self, patient: &str) -> bool {
        self.scope.barred.as_ref().is_some_and(|barred| barred.contains(patient))
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
        let broken: Vec<Tree> = self.glass.iter().map(|glass| Tree::from(glass.patient.as_str())).collect();
        let detail = detail
            .maybe("glass", (!broken.is_empty()).then_some(broken))
            .maybe("app", self.client.as_ref().map(|client| client.app.as_str()));
        Act { who: self.who.clone(), action, detail: detail.text() }
    }

    /// True when what they see hangs on their relationships with patients.
    pub fn needs_relationships(&self) -> bool {
        self.related.is_some()
    }

    /// True when they have a relationship with this patient, or need none. Broken glass is none.
    pub fn relates_to(&self, patient: &str) -> bool {
        self.related.as_ref().is_none_or(|patients| patients.contains(patient))
    }

    /// True when they reach this patient's record.
    pub fn reaches(&self, patient: &str) -> bool {
        match &self.scope.reach {
            Reach::Everyone => true,
            Reach::Patients(patients) => patients.contains(patient),
        }
    }

    /// The same session with its reach narrowed to these patients.
    pub fn with_reach(mut self, patients: impl IntoIterator<Item = String>) -> Session {
        self.scope.reach = Reach::Patients(Arc::new(patients.into_iter().collect::<BTreeSet<String>>()));
        self
    }
}

/// What someone sees whose sight has not been found out.
fn nothing() -> Scope {
    Scope { types: Some(Arc::default()), reach: Reach::Patients(Arc::default()), ..Scope::all() }
}

impl Access {
    /// The session with its sight: all that it hangs on is looked up as it is now.
    pub(crate) fn sighted(&self, mut session: Session) -> Result<Session, Refusal> {
        let (now, reader) = (self.now(), self.store().reader(&Scope::all())?);
        let sharing = agreement::sharing(&reader, &session.organisation, now)?.into_iter().collect();
        // What a person opened on their own responsibility no app of others sees.
        session.glass = match session.client {
            None => Arc::new(Glass::open(&reader, &session.who, &session.profile, now)?),
            Some(_) => Arc::default(),
        };
        let related = self.related(&reader, &session)?;
        session.related = related.clone();
        if session.role.proxy && !self.may_stand_in(&reader, &session, now)? {
            session.oneself = None;
        }
        session.scope = decision::sight(&Standpoint {
            role: session.role,
            organisation: &session.organisation,
            workgroups: &session.workgroups,
            purpose: &session.purpose,
            sharing,
            related,
            oneself: session.oneself.as_deref(),
            kin: relationship::kin(&reader, &session.who)?,
            glass: session.glass.clone(),
        });
        if let Some(client) = &session.client {
            session.scope = session.scope.narrowed_to(&client.grant.scope(client.patient.as_deref()));
        }
        Ok(session)
    }
}

/// The age from which on a proxy must have been named anew: a person of 16 is presumed to decide for themselves
/// (Family Law Reform Act 1969, section 8).
const PROXY_YEARS: i32 = 16;

impl Access {
    /// Whether a proxy's profile holds for the patient: it was given after the patient's 16th birthday, or that is
    /// still to come.
    fn may_stand_in(&self, reader: &Reader, session: &Session, now: Instant) -> Result<bool, Refusal> {
        let Some(patient) = &session.oneself else { return Ok(false) };
        let Found::Here(body) = reader.read("Patient", patient)? else { return Ok(false) };
        let json = Json::parse(body.text, Limits::FILE).ok();
        let born = json.as_ref().and_then(|json| json.root().str("birthDate").map(|date| date.into_owned()));
        let Some(birthday) = born.as_deref().and_then(|born| birthday(born, PROXY_YEARS)) else {
            return Ok(false);
        };
        let given = session.given.unwrap_or(Instant(0));
        Ok(now < birthday || given >= birthday)
    }
}

/// The beginning of a birthday. A date without a day counts from its first day, the earliest that it can mean.
fn birthday(born: &str, years: i32) -> Option<Instant> {
    let (year, rest) = (born.get(..4)?.parse::<i32>().ok()?, born.get(4..)?);
    let rest = match rest.len() {
        0 => "-01-01".to_owned(),
        3 => format!("{rest}-01"),
        // Who was born on 29 February comes of age on 1 March of other years.
        _ if rest == "-02-29" && (year + years) % 4 != 0 => "-03-01".to_owned(),
        _ => rest.to_owned(),
    };
    Instant::parse(&format!("{:04}{rest}T00:00:00Z", year + years))
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

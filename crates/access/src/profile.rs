//! Role profiles: where someone works, as what, in which teams, and from when until when.
//!
//! A person has one or more; a session has exactly one that is active, and nothing of the others counts in it.

use crate::account::role;
use crate::{Permission, Role};
use fhir::{Json, Tree, Value};
use record::{Instant, Refusal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The profile of an account that was kept before accounts had several.
pub(crate) const FIRST: &str = "1";
/// Profiles of one account, ended ones too.
const PROFILES_MAX: usize = 64;
/// Workgroups of one profile.
const WORKGROUPS_MAX: usize = 200;
const NAME_MAX: usize = 128;

/// A role profile of an account, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Names it within its account, for good: a profile is ended, never taken away or used for another.
    pub id: String,
    /// The ODS code of the organisation; empty when none was given.
    pub organisation: String,
    /// The role.
    pub role: &'static Role,
    /// What they may do beside what the role may.
    pub activities: Arc<BTreeSet<Permission>>,
    /// The teams, by name.
    pub workgroups: Arc<BTreeSet<String>>,
    /// The id of the Patient whom someone is, in a role that sees only its own record.
    pub patient: Option<String>,
    /// Where they work, to show beside the name; may be empty.
    pub place: String,
    /// When it begins; none when it began with the account.
    pub from: Option<Instant>,
    /// When it ends, by itself; none when it has no end.
    pub until: Option<Instant>,
}

/// What is needed for a new profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// The ODS code of the organisation; may be empty.
    pub organisation: String,
    /// The name of a role of `roles.toml`.
    pub role: String,
    /// What they may do beside what the role may: names of permissions of `roles.toml`.
    pub activities: Vec<String>,
    /// The teams, by name.
    pub workgroups: Vec<String>,
    /// The id of the Patient whom someone is, in a role that sees only its own record.
    pub patient: Option<String>,
    /// Where they work, to show beside the name; may be empty.
    pub place: String,
    /// When it begins; none for at once.
    pub from: Option<Instant>,
    /// When it ends; none for no end.
    pub until: Option<Instant>,
}

impl NewProfile {
    /// A profile in a role, with no organisation, team, place or dates.
    pub fn new(role: &str) -> NewProfile {
        NewProfile {
            organisation: String::new(),
            role: role.to_owned(),
            activities: Vec::new(),
            workgroups: Vec::new(),
            patient: None,
            place: String::new(),
            from: None,
            until: None,
        }
    }

    /// In this organisation.
    #[must_use]
    pub fn at(mut self, organisation: &str) -> NewProfile {
        organisation.clone_into(&mut self.organisation);
        self
    }

    /// At this place.
    #[must_use]
    pub fn place(mut self, place: &str) -> NewProfile {
        place.clone_into(&mut self.place);
        self
    }

    /// Also allowed these activities, by name, beside those it has.
    #[must_use]
    pub fn with_activities(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> NewProfile {
        self.activities.extend(names.into_iter().map(Into::into));
        self
    }

    /// Of this patient, by the id of the Patient.
    #[must_use]
    pub fn of_patient(mut self, id: &str) -> NewProfile {
        self.patient = Some(id.to_owned());
        self
    }

    /// In these teams, beside those it has.
    #[must_use]
    pub fn in_workgroups(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> NewProfile {
        self.workgroups.extend(names.into_iter().map(Into::into));
        self
    }

    /// From this instant.
    #[must_use]
    pub fn from(mut self, from: Instant) -> NewProfile {
        self.from = Some(from);
        self
    }

    /// Until this instant: a locum's, a student's.
    #[must_use]
    pub fn until(mut self, until: Instant) -> NewProfile {
        self.until = Some(until);
        self
    }

    /// The profile under this id, or what is wrong with it.
    pub(crate) fn checked(&self, id: String) -> Result<Profile, Refusal> {
        let organisation = organisation(&self.organisation)?;
        let workgroups =
            self.workgroups.iter().map(|name| workgroup(name)).collect::<Result<BTreeSet<_>, _>>()?;
        if workgroups.len() > WORKGROUPS_MAX {
            let text = format!("Give one profile at most {WORKGROUPS_MAX} workgroups.");
            return Err(Refusal::invalid("workgroups", text));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Err(Refusal::invalid("until", "The profile ends before it begins. Correct the dates."));
        }
        Ok(Profile {
            id,
            organisation,
            role: role(&self.role)?,
            activities: Arc::new(
                self.activities.iter().map(|name| activity(name)).collect::<Result<_, _>>()?,
            ),
            workgroups: Arc::new(workgroups),
            patient: self.patient.clone(),
            place: self.place.trim().to_owned(),
            from: self.from,
            until: self.until,
        })
    }
}

impl Profile {
    /// True when it has begun and not ended.
    pub fn is_current(&self, now: Instant) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// All that someone may do in it: what the role may, and the activities.
    pub fn may(&self) -> BTreeSet<Permission> {
        self.role.may.union(&self.activities).copied().collect()
    }

    /// What it is called where someone chooses: role, organisation and place.
    pub fn title(&self) -> String {
        let parts = [self.role.title.as_str(), &self.organisation, &self.place];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// The same as something to be given anew.
    pub fn to_new(&self) -> NewProfile {
        NewProfile {
            organisation: self.organisation.clone(),
            role: self.role.name.clone(),
            activities: self.activities.iter().map(|activity| activity.name().to_owned()).collect(),
            workgroups: self.workgroups.iter().cloned().collect(),
            patient: self.patient.clone(),
            place: self.place.clone(),
            from: self.from,
            until: self.until,
        }
    }

    pub(crate) fn tree(&self) -> Tree {
        self.to_new().tree().with("id", self.id.as_str())
    }

    pub(crate) fn read(value: Value<'_>) -> Option<Profile> {
        NewProfile::read(value)?.checked(value.str("id")?.into_owned()).ok()
    }
}

impl NewProfile {
    pub(crate) fn tree(&self) -> Tree {
        let texts =
            |names: &[String]| Tree::Array(names.iter().map(|name| Tree::from(name.as_str())).collect());
        Tree::object()
            .with("organisation", self.organisation.as_str())
            .with("role", self.role.as_str())
            .with("activities", texts(&self.activities))
            .with("workgroups", texts(&self.workgroups))
            .maybe("patient", self.patient.as_deref())
            .with("place", self.place.as_str())
            .maybe("from", self.from.map(|at| at.0))
            .maybe("until", self.until.map(|at| at.0))
    }

    pub(crate) fn read(value: Value<'_>) -> Option<NewProfile> {
        let texts = |member: &str| {
            let names = value.get(member)?.items().map(|name| Some(name.as_str()?.into_owned()));
            names.collect::<Option<Vec<String>>>()
        };
        let instant = |member: &str| value.get(member)?.as_number()?.parse().ok().map(Instant);
        Some(NewProfile {
            organisation: value.str("organisation")?.into_owned(),
            role: value.str("role")?.into_owned(),
            activities: texts("activities")?,
            workgroups: texts("workgroups")?,
            patient: value.str("patient").map(|id| id.into_owned()),
            place: value.str("place")?.into_owned(),
            from: instant("from"),
            until: instant("until"),
        })
    }
}

/// The profiles of a kept account. One that was kept before there were profiles has a role and a place of its own.
pub(crate) fn of_account(json: &Json) -> Option<Vec<Profile>> {
    let root = json.root();
    match root.get("profiles") {
        Some(profiles) => profiles.items().map(Profile::read).collect(),
        None => {
            let only = NewProfile::new(&root.str("role")?).place(&root.str("place")?);
            Some(vec![only.checked(FIRST.to_owned()).ok()?])
        }
    }
}

/// New profiles, numbered on from those there are.
pub(crate) fn numbered(there: usize, new: &[NewProfile]) -> Result<Vec<Profile>, Refusal> {
    if there + new.len() > PROFILES_MAX {
        let text = format!("One account can have {PROFILES_MAX} role profiles, ended ones too.");
        return Err(Refusal::invalid("profiles", text));
    }
    let numbers = there + 1..;
    numbers.zip(new).map(|(number, profile)| profile.checked(number.to_string())).collect()
}

/// An organisation's code: letters and digits, as the Organisation Data Service gives them.
pub(crate) fn organisation(text: &str) -> Result<String, Refusal> {
    let code = text.trim().to_uppercase();
    if code.len() > 12 || !code.chars().all(|c| c.is_ascii_alphanumeric()) {
        let text = "Give the organisation by its ODS code: up to 12 letters and digits, such as RX1.";
        return Err(Refusal::invalid("organisation", text));
    }
    Ok(code)
}

fn activity(name: &str) -> Result<Permission, Refusal> {
    Permission::named(name).ok_or_else(|| {
        let names = Permission::ALL.map(Permission::name).join(", ");
        Refusal::invalid("activities", format!("{name:?} is no activity. Choose from {names}."))
    })
}

/// The name of a workgroup. Those that divide kept names (`|`, `@`, `/`) and blanks are not for names.
pub(crate) fn workgroup(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(fits) {
        let text = "Name a workgroup with letters, digits, hyphens, full stops and underlines: up to 128.";
        return Err(Refusal::invalid("workgroups", text));
    }
    Ok(name.to_owned())
}

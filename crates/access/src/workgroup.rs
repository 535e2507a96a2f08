//! Workgroups: the teams that people work in, and what each of them serves.

use crate::profile::{organisation, workgroup};
use crate::{Access, Permission, Session};
use fhir::{Json, Limits, Tree};
use record::{Kind, Refusal, Scope, Tx};
use std::collections::BTreeSet;

/// Kept facts: workgroups, by name.
const SPACE: &str = "workgroup";
/// The names of those who serve a thing, by its reference.
const SERVED_BY: &str = "served-by";
/// The key of [`SERVED_BY`] that is there as soon as anything is served.
const ANYTHING: &str = "*";
/// Things that are served by others than before, and whose events have not been gone through yet.
const CHANGED: &str = "served-changed";
/// What one workgroup serves, at most.
const SERVES_MAX: usize = 200;
const TITLE_MAX: usize = 80;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workgroup {
    /// The name in profiles, seals and relationships: it stays.
    pub name: String,
    /// The name on pages.
    pub title: String,
    /// The ODS code of its organisation.
    pub organisation: String,
    /// What it serves, by reference: a ward (`Location/x`), a clinic (`HealthcareService/x`), a practice
    /// (`Organization/x`), people and their care teams. An event that names one relates its patient to the team.
    pub serves: BTreeSet<String>,
}

impl Workgroup {
    fn tree(&self) -> Tree {
        let serves: Vec<Tree> = self.serves.iter().map(|thing| Tree::from(thing.as_str())).collect();
        Tree::object()
            .with("name", self.name.as_str())
            .with("title", self.title.as_str())
            .with("organisation", self.organisation.as_str())
            .with("serves", serves)
    }

    fn read(value: &[u8]) -> Option<Workgroup> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let serves = json.root().get("serves").into_iter().flat_map(|all| all.items());
        Some(Workgroup {
            name: text("name")?,
            title: text("title")?,
            organisation: text("organisation")?,
            serves: serves.filter_map(|thing| Some(thing.as_str()?.into_owned())).collect(),
        })
    }
}

/// Makes a workgroup, or changes it. Relationships that follow from events of before come and go soon after, as the
/// events are gone through again ([`Access::served_changed`]).
pub fn set_workgroup(tx: &mut Tx<'_>, session: &Session, new: &Workgroup) -> Result<(), Refusal> {
    session.needs(Permission::Administer)?;
    let new = Workgroup {
        name: workgroup(&new.name)?,
        organisation: organisation(&new.organisation)?,
        title: new.title.trim().to_owned(),
        serves: new.serves.iter().map(|thing| thing.trim().to_owned()).filter(|t| !t.is_empty()).collect(),
    };
    if new.title.is_empty() || new.title.chars().count() > TITLE_MAX {
        return Err(Refusal::invalid(
            "title",
            format!("Give it a name for pages: up to {TITLE_MAX} letters."),
        ));
    }
    let is_reference = |thing: &String| {
        thing.split_once('/').is_some_and(|(kind, id)| fhir::definitions::is_resource(kind) && !id.is_empty())
    };
    if let Some(wrong) = new.serves.iter().find(|thing| !is_reference(thing)) {
        let text = format!("Write what it serves as type and id, like Location/123. You entered {wrong}");
        return Err(Refusal::invalid("serves", text));
    }
    if new.serves.len() > SERVES_MAX {
        return Err(Refusal::invalid("serves", format!("A workgroup serves at most {SERVES_MAX} things.")));
    }
    let old = tx.kept(SPACE, &new.name)?.and_then(|value| Workgroup::read(&value));
    let whose = old.as_ref().map_or(&new.organisation, |old| &old.organisation);
    if *whose != new.organisation || (session.organisation != *whose && session.role.name != "system") {
        let text = "Only an administrator of its organisation changes a workgroup, and it stays there.";
        return Err(Refusal::new(Kind::Forbidden, text));
    }
    let before = old.map(|old| old.serves).unwrap_or_default();
    let changed: BTreeSet<String> = before.symmetric_difference(&new.serves).cloned().collect();
    for thing in &changed {
        let mut teams = serving(tx, thing)?;
        match new.serves.contains(thing) {
            true => teams.insert(new.name.clone()),
            false => teams.remove(&new.name),
        };
        let text = teams.into_iter().collect::<Vec<_>>().join(" ");
        tx.keep(SERVED_BY, thing, text.as_bytes(), None)?;
        tx.keep(CHANGED, thing, b"", None)?;
    }
    if !new.serves.is_empty() {
        tx.keep(SERVED_BY, ANYTHING, b"", None)?;
    }
    tx.keep(SPACE, &new.name, new.tree().text().as_bytes(), None)
}

/// Has what follows from a thing gone through by the job, with the sight of the installation itself: for an event that
/// whoever filed it does not see, as before anything says that they care for the patient.
pub fn settle_later(tx: &mut Tx<'_>, thing: &str) -> Result<(), Refusal> {
    tx.keep(CHANGED, thing, b"", None)
}

/// Notes that the events of a thing have been gone through.
pub fn served_settled(tx: &mut Tx<'_>, thing: &str) -> Result<(), Refusal> {
    tx.forget(CHANGED, thing)
}

/// False when no workgroup serves anything, so that nothing needs to be looked up.
pub fn anything_served(tx: &Tx<'_>) -> Result<bool, Refusal> {
    Ok(tx.kept(SERVED_BY, ANYTHING)?.is_some())
}

/// The names of the workgroups that serve a thing.
pub fn serving(tx: &Tx<'_>, reference: &str) -> Result<BTreeSet<String>, Refusal> {
    let kept = tx.kept(SERVED_BY, reference)?.unwrap_or_default();
    let text = String::from_utf8(kept).unwrap_or_default();
    Ok(text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

impl Access {
    /// Things that are served by others than before, whose events are still to be gone through.
    pub fn served_changed(&self) -> Result<Vec<String>, Refusal> {
        let kept = self.store().reader(&Scope::all())?.kept_all(CHANGED, "")?;
        Ok(kept.into_iter().map(|(thing, _)| thing).collect())
    }

    /// All workgroups that have been set up, by name.
    pub fn workgroups(&self) -> Result<Vec<Workgroup>, Refusal> {
        let kept = self.store().reader(&Scope::all())?.kept_all(SPACE, "")?;
        Ok(kept.iter().filter_map(|(_, value)| Workgroup::read(value)).collect())
    }

    /// The workgroup of this name; none that is only a name in profiles.
    pub fn workgroup(&self, name: &str) -> Result<Option<Workgroup>, Refusal> {
        Ok(self.kept(SPACE, name)?.and_then(|value| Workgroup::read(&value)))
    }
}

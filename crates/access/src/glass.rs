//! Breaking glass: what someone may see for an hour, of one patient, for a reason that is reviewed afterwards.

use crate::{Permission, Session};
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Reader, Refusal, Tx, new_id};

/// Kept facts: glass that is open, by `who/id`. Each runs out by itself.
const SPACE: &str = "glass";
/// How long glass stays open.
pub const GLASS_MINUTES: i64 = 60;
/// Characters of the reason in words, at least.
pub const REASON_MIN: usize = 10;

/// What stands between someone and a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// They have no relationship with the patient.
    Relationship,
    /// Another team has sealed it. What is locked too stays closed.
    Seal,
}

impl Pane {
    /// Its name in forms and in the record.
    pub fn name(self) -> &'static str {
        match self {
            Pane::Relationship => "relationship",
            Pane::Seal => "seal",
        }
    }

    /// The reverse of [`Pane::name`].
    pub fn named(name: &str) -> Option<Pane> {
        [Pane::Relationship, Pane::Seal].into_iter().find(|pane| pane.name() == name)
    }

    /// Who may break it.
    pub fn needs(self) -> Permission {
        match self {
            Pane::Relationship => Permission::ReadRecord,
            Pane::Seal => Permission::OpenSeal,
        }
    }
}

/// Glass that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass {
    /// Names it; the Task of its review has the same id.
    pub id: String,
    /// What was broken.
    pub pane: Pane,
    /// The id of the patient.
    pub patient: String,
    /// The role profile in which it was broken: it is open in no other.
    pub profile: String,
    /// The code of the reason.
    pub reason: String,
    /// The reason in words.
    pub why: String,
    /// Since when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

impl Glass {
    /// Breaks a pane for whoever asks, from now on. What they typed to prove themselves has been checked.
    pub fn break_for(
        tx: &mut Tx<'_>,
        session: &Session,
        pane: Pane,
        patient: &str,
        (reason, why): (&str, &str),
    ) -> Result<Glass, Refusal> {
        session.needs(pane.needs())?;
        if session.profile.is_empty() {
            let text = "Only a person who is signed in can break glass. Do it in the browser.";
            return Err(Refusal::new(Kind::Forbidden, text));
        }
        if why.trim().chars().count() < REASON_MIN {
            let text =
                format!("Say why in {REASON_MIN} characters or more. It is read by the privacy officer.");
            return Err(Refusal::invalid("why", text));
        }
        let from = tx.now();
        let glass = Glass {
            id: new_id(),
            pane,
            patient: patient.to_owned(),
            profile: session.profile.clone(),
            reason: reason.to_owned(),
            why: why.trim().to_owned(),
            from,
            until: Instant(from.0 + GLASS_MINUTES * 60_000),
        };
        let key = format!("{}/{}", session.who, glass.id);
        tx.keep(SPACE, &key, glass.tree().text().as_bytes(), Some(glass.until))?;
        Ok(glass)
    }

    /// Closes glass before its time.
    pub fn close(tx: &mut Tx<'_>, session: &Session, id: &str) -> Result<(), Refusal> {
        tx.forget(SPACE, &format!("{}/{id}", session.who))
    }

    fn tree(&self) -> Tree {
        Tree::object()
            .with("id", self.id.as_str())
            .with("pane", self.pane.name())
            .with("patient", self.patient.as_str())
            .with("profile", self.profile.as_str())
            .with("reason", self.reason.as_str())
            .with("why", self.why.as_str())
            .with("from", self.from.0)
            .with("until", self.until.0)
    }

    fn read(value: &[u8]) -> Option<Glass> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let instant = |name: &str| Some(Instant(json.root().get(name)?.as_number()?.parse().ok()?));
        Some(Glass {
            id: text("id")?,
            pane: Pane::named(&text("pane")?)?,
            patient: text("patient")?,
            profile: text("profile")?,
            reason: text("reason")?,
            why: text("why")?,
            from: instant("from")?,
            until: instant("until")?,
        })
    }

    /// What someone has broken in a profile and is open now.
    pub(crate) fn open(
        reader: &Reader,
        who: &str,
        profile: &str,
        now: Instant,
    ) -> Result<Vec<Glass>, Refusal> {
        let kept = reader.kept_all(SPACE, &format!("{who}/"))?;
        let glass = kept.iter().filter_map(|(_, value)| Glass::read(value));
        Ok(glass.filter(|glass| glass.profile == profile && now < glass.until).collect())
    }
}

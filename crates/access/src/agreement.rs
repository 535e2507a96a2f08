//! Agreements between organisations: who may see what another has custody of. Without one, nobody outside does.

use crate::profile::organisation;
use crate::{Access, Permission, Session};
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Reader, Refusal, Tx};

/// Kept facts: agreements, by `taker/giver`.
const SPACE: &str = "agreement";

/// That staff of one organisation see what another has custody of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The ODS code of the organisation whose records are seen.
    pub giver: String,
    /// The ODS code of the organisation whose staff see them.
    pub taker: String,
    /// From when.
    pub from: Instant,
    /// Until when; none for no end.
    pub until: Option<Instant>,
    /// Who agreed to it.
    pub by: String,
    /// What it is for, in words.
    pub about: String,
}

impl Agreement {
    fn key(&self) -> String {
        format!("{}/{}", self.taker, self.giver)
    }

    fn tree(&self) -> Tree {
        Tree::object()
            .with("giver", self.giver.as_str())
            .with("taker", self.taker.as_str())
            .with("from", self.from.0)
            .maybe("until", self.until.map(|until| until.0))
            .with("by", self.by.as_str())
            .with("about", self.about.as_str())
    }

    fn read(value: &[u8]) -> Option<Agreement> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let instant = |name: &str| Some(Instant(json.root().get(name)?.as_number()?.parse().ok()?));
        Some(Agreement {
            giver: text("giver")?,
            taker: text("taker")?,
            from: instant("from")?,
            until: instant("until"),
            by: text("by")?,
            about: text("about")?,
        })
    }

    /// True when it has begun and not ended.
    pub fn is_current(&self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Lets staff of `taker` see what `giver` has custody of. Only an administrator of the giver can give it away.
pub fn agree(tx: &mut Tx<'_>, session: &Session, agreement: &Agreement) -> Result<(), Refusal> {
    let agreement = Agreement {
        giver: organisation(&agreement.giver)?,
        taker: organisation(&agreement.taker)?,
        by: session.who.clone(),
        ..agreement.clone()
    };
    if agreement.giver.is_empty() || agreement.taker.is_empty() || agreement.giver == agreement.taker {
        return Err(Refusal::invalid("taker", "Name two different organisations by their ODS codes."));
    }
    if agreement.until.is_some_and(|until| until <= agreement.from) {
        return Err(Refusal::invalid("until", "The agreement ends before it begins. Correct the dates."));
    }
    of_giver(session, &agreement.giver)?;
    tx.keep(SPACE, &agreement.key(), agreement.tree().text().as_bytes(), None)
}

/// Ends an agreement at once.
pub fn end_agreement(tx: &mut Tx<'_>, session: &Session, giver: &str, taker: &str) -> Result<(), Refusal> {
    of_giver(session, giver)?;
    let key = format!("{taker}/{giver}");
    if tx.kept(SPACE, &key)?.is_none() {
        return Err(Refusal::new(Kind::NotFound, "There is no such agreement. It may have been ended."));
    }
    tx.forget(SPACE, &key)
}

fn of_giver(session: &Session, giver: &str) -> Result<(), Refusal> {
    session.needs(Permission::Administer)?;
    if session.organisation != giver && session.role.name != "system" {
        let text = format!("Only an administrator of {giver} decides who sees its records.");
        return Err(Refusal::new(Kind::Forbidden, text));
    }
    Ok(())
}

/// The organisations whose records this organisation's staff may see now, beside its own.
pub(crate) fn sharing(reader: &Reader, organisation: &str, now: Instant) -> Result<Vec<String>, Refusal> {
    if organisation.is_empty() {
        return Ok(Vec::new());
    }
    let kept = reader.kept_all(SPACE, &format!("{organisation}/"))?;
    let agreements = kept.iter().filter_map(|(_, value)| Agreement::read(value));
    Ok(agreements.filter(|agreement| agreement.is_current(now)).map(|agreement| agreement.giver).collect())
}

impl Access {
    /// All agreements that are kept, by taker and giver.
    pub fn agreements(&self) -> Result<Vec<Agreement>, Refusal> {
        let kept = self.store().reader(&record::Scope::all())?.kept_all(SPACE, "")?;
        Ok(kept.iter().filter_map(|(_, value)| Agreement::read(value)).collect())
    }
}

//! Legitimate relationships: why somebody may see a patient's record. Each ties a patient to a team or to one person,
//! comes from an event or from somebody's word, and has a beginning and an end.
//!
//! Whether one is asked for is configuration ([`Rule`]), by organisation and role, and dated. Where no rule stands,
//! nobody is asked. The kinds follow the NHS idea of legitimate relationships; how long each lasts is this project's
//! own, to be agreed by a site's information governance lead.

use crate::profile::organisation;
use crate::{Access, Permission, Session, held};
use fhir::{Json, Limits, Tree};
use record::{Instant, Reader, Refusal, Scope, Tx, new_id};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Kept facts: relationships, by `holder/patient/kind/source`. Each runs out by itself.
const HELD: &str = "relationship";
/// The same by `patient/holder/kind/source`.
const OF_PATIENT: &str = "relationship-of-patient";
/// What a source has tied: keys of [`HELD`], a line each.
const OF_SOURCE: &str = "relationship-of-source";
/// What changes with every change of a holder's relationships.
const STAMP: &str = "relationship-stamp";
/// Where relationships are asked for, by `organisation/role`.
const RULES: &str = "relationship-rule";
/// Patients who are somebody or their family, by account.
const KIN: &str = "kin";
const KIN_MAX: usize = 50;
const HOUR_MS: i64 = 3_600_000;
/// How long a relationship holds that somebody claims for themselves.
pub const CLAIM_HOURS: i64 = 12;
/// How long one holds that a colleague gives.
pub const COLLEAGUE_HOURS: i64 = 72;
/// Holders whose patients are held in memory, at most.
const KNOWN_MAX: usize = 1_000;

/// Who stands in a relationship.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A workgroup, by name.
    Team(String),
    /// An account.
    User(String),
}

impl Holder {
    fn key(&self) -> String {
        match self {
            Holder::Team(name) => format!("team:{name}"),
            Holder::User(name) => format!("user:{name}"),
        }
    }

    fn named(key: &str) -> Option<Holder> {
        match key.split_once(':')? {
            ("team", name) => Some(Holder::Team(name.to_owned())),
            ("user", name) => Some(Holder::User(name.to_owned())),
            _ => None,
        }
    }
}

/// Where a relationship comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tie {
    Registration,
    Referral,
    Encounter,
    Appointment,
    Episode,
    CareTeam,
    Claim,
    Colleague,
    Ordered,
}

impl Tie {
    const ALL: [Tie; 9] = [
        Tie::Registration,
        Tie::Referral,
        Tie::Encounter,
        Tie::Appointment,
        Tie::Episode,
        Tie::CareTeam,
        Tie::Claim,
        Tie::Colleague,
        Tie::Ordered,
    ];

    /// Its name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Tie::Registration => "registration",
            Tie::Referral => "referral",
            Tie::Encounter => "encounter",
            Tie::Appointment => "appointment",
            Tie::Episode => "episode",
            Tie::CareTeam => "care-team",
            Tie::Claim => "claim",
            Tie::Colleague => "colleague",
            Tie::Ordered => "ordered",
        }
    }

    /// What it is, to go on a page.
    pub fn about(self) -> &'static str {
        match self {
            Tie::Registration => "Registered with the practice",
            Tie::Referral => "Referred to the team",
            Tie::Encounter => "In the team's care",
            Tie::Appointment => "An appointment with the team",
            Tie::Episode => "An episode of the team's care",
            Tie::CareTeam => "On a care team",
            Tie::Claim => "Claimed by themselves",
            Tie::Colleague => "Given by a colleague",
            Tie::Ordered => "Ordered, as for a court or a complaint",
        }
    }

    fn named(name: &str) -> Option<Tie> {
        Tie::ALL.into_iter().find(|tie| tie.name() == name)
    }
}

/// A relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Who stands in it.
    pub holder: Holder,
    /// The id of the patient.
    pub patient: String,
    /// Where it comes from.
    pub tie: Tie,
    /// The resource that it comes from (`Encounter/x`); of one that comes from somebody's word, that word's own name.
    pub source: String,
    /// From when.
    pub from: Instant,
    /// Until when; none while its source goes on.
    pub until: Option<Instant>,
    /// Who said so; empty for what follows from an event.
    pub by: String,
    /// Why, in words; empty for what follows from an event.
    pub why: String,
}

impl Relationship {
    fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.holder.key(), self.patient, self.tie.name(), self.source)
    }

    fn tree(&self) -> Tree {
        Tree::object()
            .with("holder", self.holder.key())
            .with("patient", self.patient.as_str())
            .with("tie", self.tie.name())
            .with("source", self.source.as_str())
            .with("from", self.from.0)
            .maybe("until", self.until.map(|until| until.0))
            .with("by", self.by.as_str())
            .with("why", self.why.as_str())
    }

    fn read(value: &[u8]) -> Option<Relationship> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let instant = |name: &str| Some(Instant(json.root().get(name)?.as_number()?.parse().ok()?));
        Some(Relationship {
            holder: Holder::named(&text("holder")?)?,
            patient: text("patient")?,
            tie: Tie::named(&text("tie")?)?,
            source: text("source")?,
            from: instant("from")?,
            until: instant("until"),
            by: text("by")?,
            why: text("why")?,
        })
    }

    fn keep(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let (key, value) = (self.key(), self.tree().text());
        tx.keep(HELD, &key, value.as_bytes(), self.until)?;
        tx.keep(OF_PATIENT, &self.key_of_patient(), value.as_bytes(), self.until)?;
        stamp(tx, &self.holder)
    }

    fn key_of_patient(&self) -> String {
        format!("{}/{}/{}/{}", self.patient, self.holder.key(), self.tie.name(), self.source)
    }

    fn forget(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        tx.forget(HELD, &self.key())?;
        tx.forget(OF_PATIENT, &self.key_of_patient())?;
        stamp(tx, &self.holder)
    }
}

fn stamp(tx: &mut Tx<'_>, holder: &Holder) -> Result<(), Refusal> {
    tx.keep(STAMP, &holder.key(), new_id().as_bytes(), None)
}

/// Makes just these the relationships that follow from a source. Those that it had before and has no more end now.
pub fn follow(tx: &mut Tx<'_>, source: &str, now_tied: &[Relationship]) -> Result<(), Refusal> {
    let before = tx.kept(OF_SOURCE, source)?.unwrap_or_default();
    let before = String::from_utf8(before).unwrap_or_default();
    let keys: BTreeSet<String> = now_tied.iter().map(Relationship::key).collect();
    for key in before.lines().filter(|key| !keys.contains(*key)) {
        if let Some(ended) = tx.kept(HELD, key)?.and_then(|value| Relationship::read(&value)) {
            ended.forget(tx)?;
        }
    }
    for tied in now_tied {
        let is_same = tx
            .kept(HELD, &tied.key())?
            .is_some_and(|value| Relationship::read(&value).as_ref() == Some(tied));
        if !is_same {
            tied.keep(tx)?;
        }
    }
    match (before.is_empty(), keys.is_empty()) {
        (true, true) => Ok(()),
        (false, true) => tx.forget(OF_SOURCE, source),
        (_, false) => {
            let lines = keys.into_iter().collect::<Vec<_>>().join("\n");
            tx.keep(OF_SOURCE, source, lines.as_bytes(), None)
        }
    }
}

/// A relationship that someone claims for themselves, for [`CLAIM_HOURS`].
pub fn claim(tx: &mut Tx<'_>, session: &Session, patient: &str, why: &str) -> Result<Relationship, Refusal> {
    session.needs(Permission::Claim)?;
    by_word(tx, session, Holder::User(session.who.clone()), patient, (Tie::Claim, CLAIM_HOURS), why)
}

/// A relationship that someone who has one gives a colleague, for [`COLLEAGUE_HOURS`].
pub fn give(
    tx: &mut Tx<'_>,
    session: &Session,
    colleague: &str,
    patient: &str,
    why: &str,
) -> Result<Relationship, Refusal> {
    session.needs(Permission::ReadRecord)?;
    if colleague == session.who {
        return Err(Refusal::invalid("colleague", "Name somebody else. For yourself, claim a relationship."));
    }
    if !session.relates_to(patient) {
        return Err(Refusal::invalid("patient", "Only who has a relationship with a patient can give one."));
    }
    if crate::Account::find(tx, colleague)?.is_none() {
        let text = format!("Nobody here has the account {colleague:?}. Check how it is written.");
        return Err(Refusal::invalid("colleague", text));
    }
    by_word(tx, session, Holder::User(colleague.to_owned()), patient, (Tie::Colleague, COLLEAGUE_HOURS), why)
}

/// A relationship of a named person that a privacy officer notes, as for a court order or a complaint.
pub fn order(
    tx: &mut Tx<'_>,
    session: &Session,
    who: &str,
    patient: &str,
    hours: i64,
    why: &str,
) -> Result<Relationship, Refusal> {
    session.needs(Permission::Audit)?;
    if who == session.who {
        return Err(Refusal::invalid("who", "Nobody gives this to themselves. Ask another privacy officer."));
    }
    if crate::Account::find(tx, who)?.is_none() {
        let text = format!("Nobody here has the account {who:?}. Check how it is written.");
        return Err(Refusal::invalid("who", text));
    }
    by_word(tx, session, Holder::User(who.to_owned()), patient, (Tie::Ordered, hours), why)
}

fn by_word(
    tx: &mut Tx<'_>,
    session: &Session,
    holder: Holder,
    patient: &str,
    (tie, hours): (Tie, i64),
    why: &str,
) -> Result<Relationship, Refusal> {
    if why.trim().is_empty() {
        return Err(Refusal::invalid("why", "Say why. The privacy officer and the patient can read it."));
    }
    let from = tx.now();
    let relationship = Relationship {
        holder,
        patient: patient.to_owned(),
        tie,
        source: new_id(),
        from,
        until: Some(Instant(from.0 + hours * HOUR_MS)),
        by: session.who.clone(),
        why: why.trim().to_owned(),
    };
    relationship.keep(tx)?;
    tx.keep(OF_SOURCE, &relationship.source, relationship.key().as_bytes(), relationship.until)?;
    Ok(relationship)
}

/// Ends the relationship that somebody's word of this name made; see [`end`].
pub fn end_of(tx: &mut Tx<'_>, session: &Session, source: &str) -> Result<(), Refusal> {
    let key = tx.kept(OF_SOURCE, source)?.and_then(|key| String::from_utf8(key).ok());
    let value = key.map_or(Ok(None), |key| tx.kept(HELD, &key))?;
    let Some(relationship) = value.and_then(|value| Relationship::read(&value)) else {
        let text = "There is no such relationship. It may have ended by itself.";
        return Err(Refusal::new(record::Kind::NotFound, text));
    };
    end(tx, session, &relationship)
}

/// Ends a relationship that somebody's word made: one's own, or any as a privacy officer.
pub fn end(tx: &mut Tx<'_>, session: &Session, relationship: &Relationship) -> Result<(), Refusal> {
    let own = relationship.holder == Holder::User(session.who.clone()) || relationship.by == session.who;
    if !own || relationship.by.is_empty() {
        session.needs(Permission::Audit)?;
    }
    relationship.forget(tx)
}

/// That staff of an organisation in a role need a relationship, from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The ODS code of the organisation.
    pub organisation: String,
    /// The name of the role.
    pub role: String,
    /// From when.
    pub from: Instant,
    /// Until when; none for no end.
    pub until: Option<Instant>,
}

impl Rule {
    fn tree(&self) -> Tree {
        Tree::object()
            .with("organisation", self.organisation.as_str())
            .with("role", self.role.as_str())
            .with("from", self.from.0)
            .maybe("until", self.until.map(|until| until.0))
    }

    fn read(value: &[u8]) -> Option<Rule> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let instant = |name: &str| Some(Instant(json.root().get(name)?.as_number()?.parse().ok()?));
        let (organisation, role) = (text("organisation")?, text("role")?);
        Some(Rule { organisation, role, from: instant("from")?, until: instant("until") })
    }

    fn is_current(&self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Sets, or with an end lifts, that a role of an organisation needs relationships.
pub fn set_rule(tx: &mut Tx<'_>, session: &Session, rule: &Rule) -> Result<(), Refusal> {
    session.needs(Permission::Administer)?;
    let rule = Rule { organisation: organisation(&rule.organisation)?, ..rule.clone() };
    if session.organisation != rule.organisation && session.role.name != "system" {
        let text = format!("Only an administrator of {} decides this.", rule.organisation);
        return Err(Refusal::new(record::Kind::Forbidden, text));
    }
    crate::account::role(&rule.role)?;
    let key = format!("{}/{}", rule.organisation, rule.role);
    tx.keep(RULES, &key, rule.tree().text().as_bytes(), None)
}

/// Keeps which patients somebody and their family are: they see nothing of these, by no relationship and no glass.
/// Only a privacy officer says so, of somebody else.
pub fn set_kin(
    tx: &mut Tx<'_>,
    session: &Session,
    who: &str,
    patients: &BTreeSet<String>,
) -> Result<(), Refusal> {
    session.needs(Permission::Audit)?;
    if who == session.who {
        return Err(Refusal::invalid("account", "Another privacy officer notes this of you."));
    }
    if crate::Account::find(tx, who)?.is_none() {
        let text = format!("Nobody here has the account {who:?}. Check how it is written.");
        return Err(Refusal::invalid("account", text));
    }
    if patients.len() > KIN_MAX {
        return Err(Refusal::invalid("patients", format!("Name at most {KIN_MAX} patients.")));
    }
    if patients.is_empty() {
        return tx.forget(KIN, who);
    }
    let text = patients.iter().cloned().collect::<Vec<_>>().join(" ");
    tx.keep(KIN, who, text.as_bytes(), None)
}

/// The patients that somebody and their family are.
pub(crate) fn kin(reader: &Reader, who: &str) -> Result<BTreeSet<String>, Refusal> {
    let kept = reader.kept(KIN, who)?.unwrap_or_default();
    let text = String::from_utf8(kept).unwrap_or_default();
    Ok(text.split(' ').filter(|id| !id.is_empty()).map(str::to_owned).collect())
}

/// What is known of the patients of some holders together.
#[derive(Clone)]
pub(crate) struct Known {
    stamps: Vec<Option<Vec<u8>>>,
    /// Until when it holds if nothing is written: something begins or ends then by itself.
    until: Instant,
    patients: Arc<BTreeSet<String>>,
}

impl Access {
    /// The patients that someone treats; none where nobody asks. Costs one look at a stamp for each of their teams
    /// while nothing has changed.
    pub(crate) fn related(
        &self,
        reader: &Reader,
        session: &Session,
    ) -> Result<Option<Arc<BTreeSet<String>>>, Refusal> {
        let now = self.now();
        let rule = reader.kept(RULES, &format!("{}/{}", session.organisation, session.role.name))?;
        if !rule.and_then(|value| Rule::read(&value)).is_some_and(|rule| rule.is_current(now)) {
            return Ok(None);
        }
        let teams = session.workgroups.iter().cloned().map(Holder::Team);
        let holders: Vec<Holder> = teams.chain([Holder::User(session.who.clone())]).collect();
        let name = holders.iter().map(Holder::key).collect::<Vec<_>>().join(" ");
        let stamps = holders.iter().map(|holder| reader.kept(STAMP, &holder.key()));
        let stamps = stamps.collect::<Result<Vec<_>, _>>()?;
        if let Some(known) = held(&self.inner.related).get(&name)
            && known.stamps == stamps
            && now < known.until
        {
            return Ok(Some(known.patients.clone()));
        }
        let (mut patients, mut until) = (BTreeSet::new(), Instant(i64::MAX));
        for holder in &holders {
            for (_, value) in reader.kept_all(HELD, &format!("{}/", holder.key()))? {
                let Some(tied) = Relationship::read(&value) else { continue };
                if now < tied.from {
                    until = until.min(tied.from);
                } else if tied.until.is_none_or(|end| now < end) {
                    until = tied.until.map_or(until, |end| until.min(end));
                    patients.insert(tied.patient);
                }
            }
        }
        let known = Known { stamps, until, patients: Arc::new(patients) };
        let mut all = held(&self.inner.related);
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        all.insert(name, known.clone());
        Ok(Some(known.patients))
    }

    /// The relationships that hold with a patient now, or begin later.
    pub fn relationships_of(&self, patient: &str) -> Result<Vec<Relationship>, Refusal> {
        let kept = self.store().reader(&Scope::all())?.kept_all(OF_PATIENT, &format!("{patient}/"))?;
        Ok(kept.iter().filter_map(|(_, value)| Relationship::read(value)).collect())
    }

    /// Where relationships are asked for.
    pub fn relationship_rules(&self) -> Result<Vec<Rule>, Refusal> {
        let kept = self.store().reader(&Scope::all())?.kept_all(RULES, "")?;
        Ok(kept.iter().filter_map(|(_, value)| Rule::read(value)).collect())
    }
}

/// What is held in memory of relationships, by the names of their holders.
pub(crate) type KnownByHolders = BTreeMap<String, Known>;

//! What patients consent to, compiled to marks in the transaction that files it. The FHIR Consent is the source:
//! whoever writes one, by a page, a command or plain FHIR, gets the same.
//!
//! A Consent counts while it is `active` and its `policyRule` has a code of [`RULES`]:
//!
//! | code | what is marked |
//! |---|---|
//! | `seal`, `lock` | what `provision.data` names, or the whole record; for the team that `provision.actor` names |
//! | `no-sharing` | the whole record: other organisations than the one that has custody of a thing do not see it |
//! | `opt-out` | the whole record: only who is here for care sees it |
//! | `withhold` | as `seal`, but for the team that the law keeps it to: nobody else can open it |
//! | `third-party` | what `provision.data` names, or the whole record: the patient and proxies do not see it |

use crate::interaction::Guard;
use access::{Access, Pane, Permission, Session};
use fhir::{Json, Limits, Tree, Value};
use record::{Found, Issue, Kind, Marks, Over, Prepared, Refusal, Scope, Tx, Written, new_id};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The system of the codes.
pub const RULES: &str = "urn:carespine:consent-rule";
/// The system of the names of teams.
pub const WORKGROUP: &str = "urn:carespine:workgroup";
const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
/// Kept facts: by what is marked, the marks that each Consent lays on it.
const LAID: &str = "consent-laid";
/// Kept facts: by Consent, what it marks.
const MARKED: &str = "consent-marked";
/// Kept facts: by patient and Consent, the team for which something is sealed and not locked.
const SEALED: &str = "consent-sealed";

/// A rule that a patient sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Only this team sees it; others may open it for a reason.
    Seal(String),
    /// Only this team sees it.
    Lock(String),
    /// Other organisations do not see it.
    NoSharing,
    /// It is used for care only.
    OptOut,
    /// The law keeps it to this team, e.g. what tells of a gender history (Gender Recognition Act 2004, section 22) or
    /// of an adoption.
    Withhold(String),
    /// Others told it in confidence, or it would do serious harm: the patient and who acts for them do not see it
    /// (Data Protection Act 2018, schedule 3).
    ThirdParty,
}

/// A Consent as this module understands it.
struct Order {
    is_active: bool,
    rule: Rule,
    patient: String,
    /// Types and ids; none for the whole record.
    data: Vec<(String, String)>,
}

impl Rule {
    /// Its code, and the team.
    pub fn code(&self) -> (&'static str, Option<&str>) {
        match self {
            Rule::Seal(team) => ("seal", Some(team)),
            Rule::Lock(team) => ("lock", Some(team)),
            Rule::NoSharing => ("no-sharing", None),
            Rule::OptOut => ("opt-out", None),
            Rule::Withhold(team) => ("withhold", Some(team)),
            Rule::ThirdParty => ("third-party", None),
        }
    }

    fn mark(&self) -> String {
        match self {
            Rule::Seal(team) => format!("sealed:{team}"),
            Rule::Lock(team) => format!("locked:{team}"),
            Rule::NoSharing => "unshared@".to_owned(),
            Rule::OptOut => "optout:national".to_owned(),
            Rule::Withhold(team) => format!("withheld:{team}"),
            Rule::ThirdParty => "thirdparty:1".to_owned(),
        }
    }

    /// True when only what is named is meant, where something is named.
    fn takes_data(&self) -> bool {
        matches!(self, Rule::Seal(_) | Rule::Lock(_) | Rule::Withhold(_) | Rule::ThirdParty)
    }
}

/// The guard over Consent.
pub fn guard() -> Guard {
    Guard {
        kind: "Consent",
        check: Arc::new(check),
        filed: Arc::new(|tx, session, written| {
            may_lift(tx, session, written)?;
            filed(tx, written)
        }),
        gone: Some(Arc::new(|tx, session, written| {
            may_lift(tx, session, written)?;
            note_seal(tx, &written.id, None)?;
            follow(tx, &written.id, &BTreeMap::new())
        })),
    }
}

/// Refuses a change of a Consent that marks something to who may not seal: one without a rule would lift the marks.
fn may_lift(tx: &Tx<'_>, session: &Session, written: &Written) -> Result<(), Refusal> {
    if tx.kept(MARKED, &written.id)?.is_some() { session.needs(Permission::Seal) } else { Ok(()) }
}

/// Files the Consent by which a patient sets a rule, over a thing or over the whole record, and marks what it is about.
pub fn consent(tx: &mut Tx<'_>, patient: &str, rule: &Rule, about: Option<&str>) -> Result<Written, Refusal> {
    let (code, team) = rule.code();
    let coded = |system: &str, code: &str| {
        Tree::object().with("coding", vec![Tree::object().with("system", system).with("code", code)])
    };
    let to = |reference: &str| Tree::object().with("reference", reference);
    let category = coded("http://loinc.org", "59284-0");
    let mut provision = Tree::object().with("type", "deny");
    if let Some(team) = team {
        let who =
            Tree::object().with("identifier", Tree::object().with("system", WORKGROUP).with("value", team));
        let role = coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "CST");
        provision.set("actor", vec![Tree::object().with("role", role).with("reference", who)]);
    }
    if let Some(about) = about {
        provision.set("data", vec![Tree::object().with("meaning", "instance").with("reference", to(about))]);
    }
    let consent = Tree::resource("Consent")
        .with("status", "active")
        .with("scope", coded(SCOPE, "patient-privacy"))
        .with("category", vec![category])
        .with("patient", to(&format!("Patient/{patient}")))
        .with("dateTime", tx.now().to_string())
        .with("policyRule", coded(RULES, code))
        .with("provision", provision);
    write(tx, &consent, &new_id())
}

/// Ends a Consent of this module's rules: what it marked is marked by it no more. Not found when the author does not
/// see it.
pub fn end(tx: &mut Tx<'_>, id: &str) -> Result<Written, Refusal> {
    let Found::Here(body) = tx.read("Consent", id)? else {
        return Err(Refusal::not_found(&format!("Consent/{id}")));
    };
    let json =
        Json::parse(body.text.as_str(), Limits::FILE).map_err(|_| Refusal::not_found("This consent"))?;
    if order(json.root())?.is_none() {
        let text = "This consent sets no rule that is kept here. Change it where it was written.";
        return Err(Refusal::new(Kind::Invalid, text));
    }
    let mut consent = Tree::from(json.root());
    consent.set("status", "inactive");
    write(tx, &consent, id)
}

fn write(tx: &mut Tx<'_>, consent: &Tree, id: &str) -> Result<Written, Refusal> {
    let json = Json::parse(consent.text(), Limits::DOOR).expect("a tree prints as JSON");
    let written = tx.put(Prepared::of(&json, id)?, None)?;
    filed(tx, &written)?;
    Ok(written)
}

/// What is wrong with a Consent that sets one of these rules.
fn check(session: &Session, resource: Value<'_>) -> Result<Vec<Issue>, Refusal> {
    match order(resource) {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(_)) => session.needs(Permission::Seal).map(|()| Vec::new()),
        Err(refusal) => Ok(refusal.issues),
    }
}

/// Reads a Consent; nothing when it sets none of these rules.
fn order(consent: Value<'_>) -> Result<Option<Order>, Refusal> {
    let codings = consent.get("policyRule").and_then(|rule| rule.get("coding"));
    let mut codings = codings.into_iter().flat_map(Value::items);
    let Some(coding) = codings.find(|coding| coding.str("system").is_some_and(|system| system == RULES))
    else {
        return Ok(None);
    };
    let wrong = |at: &str, text: &str| Refusal::invalid(format!("Consent.{at}"), text.to_owned());
    let provision = consent.get("provision");
    let actors = provision.and_then(|p| p.get("actor")).into_iter().flat_map(Value::items);
    let team = actors.filter_map(|actor| {
        let who = actor.get("reference")?.get("identifier")?;
        who.str("value").filter(|_| who.str("system").is_some_and(|system| system == WORKGROUP))
    });
    let team = team.map(|team| team.into_owned()).next();
    let named = || {
        team.clone().ok_or_else(|| {
            wrong(
                "provision.actor",
                "Name the team that keeps it: an identifier of the system urn:carespine:workgroup.",
            )
        })
    };
    let code = coding.str("code").unwrap_or_default();
    let rule = match code.as_ref() {
        "seal" => Rule::Seal(named()?),
        "lock" => Rule::Lock(named()?),
        "no-sharing" => Rule::NoSharing,
        "opt-out" => Rule::OptOut,
        "withhold" => Rule::Withhold(named()?),
        "third-party" => Rule::ThirdParty,
        _ => {
            let text = "Use one of the codes seal, lock, no-sharing, opt-out, withhold and third-party.";
            return Err(wrong("policyRule", text));
        }
    };
    let local = |reference: Value<'_>| {
        let text = reference.str("reference")?;
        if text.starts_with("urn:uuid:") {
            // Another entry of the same transaction; it is named by type and id when this is filed.
            return Some((String::new(), text.into_owned()));
        }
        let (kind, id) = text.split_once('/')?;
        fhir::definitions::RESOURCES.contains(&kind).then(|| (kind.to_owned(), id.to_owned()))
    };
    let patient = consent.get("patient").and_then(local).filter(|(kind, _)| kind == "Patient");
    let (_, patient) = patient.ok_or_else(|| wrong("patient", "Name the patient as Patient/ and the id."))?;
    let data = provision.and_then(|p| p.get("data")).into_iter().flat_map(Value::items);
    let data = data.map(|data| data.get("reference").and_then(local)).collect::<Option<Vec<_>>>();
    let data =
        data.ok_or_else(|| wrong("provision.data", "Name what is meant as its type and id in this record."))?;
    if !data.is_empty() && !rule.takes_data() {
        return Err(wrong("provision.data", "This rule is about the whole record. Leave the data out."));
    }
    let is_active = consent.str("status").is_some_and(|status| status == "active");
    Ok(Some(Order { is_active, rule, patient, data }))
}

fn filed(tx: &mut Tx<'_>, written: &Written) -> Result<(), Refusal> {
    if !written.changed {
        return Ok(());
    }
    let Found::Here(body) = tx.read("Consent", &written.id)? else { return Ok(()) };
    let json =
        Json::parse(body.text.as_str(), Limits::FILE).map_err(|_| Refusal::not_found("This consent"))?;
    let mut marks: BTreeMap<String, String> = BTreeMap::new();
    let order = order(json.root())?;
    if let Some(order) = order.as_ref().filter(|order| order.is_active) {
        let (kind, id) = ("Patient", &order.patient);
        let whole = (order.data.is_empty()).then(|| format!("{kind}/{id}/whole"));
        let things = order.data.iter().map(|(kind, id)| format!("{kind}/{id}"));
        marks.extend(things.chain(whole).map(|target| (target, order.rule.mark())));
        if order.rule.takes_data() {
            // That something is sealed is itself for the team only.
            marks.insert(format!("Consent/{}", written.id), order.rule.mark());
        }
    }
    let sealed = order.as_ref().filter(|order| order.is_active).and_then(|order| match &order.rule {
        Rule::Seal(team) => Some((order.patient.as_str(), team.as_str())),
        _ => None,
    });
    note_seal(tx, &written.id, sealed)?;
    follow(tx, &written.id, &marks)?;
    if !marks.is_empty() && !matches!(tx.read("Consent", &written.id)?, Found::Here(_)) {
        let text = "Only who is in a team can seal for it. Choose one of your own teams.";
        return Err(Refusal::invalid("team", text));
    }
    Ok(())
}

/// Keeps of which patient, and for which team, a Consent seals something.
fn note_seal(tx: &mut Tx<'_>, id: &str, sealed: Option<(&str, &str)>) -> Result<(), Refusal> {
    if let Some(before) = tx.kept(SEALED, id)?.and_then(|key| String::from_utf8(key).ok()) {
        tx.forget(SEALED, &before)?;
        tx.forget(SEALED, id)?;
    }
    let Some((patient, team)) = sealed else { return Ok(()) };
    let key = format!("{patient}/{id}");
    tx.keep(SEALED, id, key.as_bytes(), None)?;
    tx.keep(SEALED, &key, team.as_bytes(), None)
}

/// True when something of a patient is sealed from whoever asks, and may be opened by those who are allowed to. What is
/// locked or withheld never makes it true. Only who reads clinical records is told.
pub fn is_sealed_from(access: &Access, session: &Session, patient: &str) -> Result<bool, Refusal> {
    if !session.may(Permission::ReadRecord) || !session.reaches(patient) || session.role.own {
        return Ok(false);
    }
    let is_open = session.glass.iter().any(|glass| glass.pane == Pane::Seal && glass.patient == patient);
    let kept = access.store().reader(&Scope::all())?.kept_all(SEALED, &format!("{patient}/"))?;
    let is_others =
        |team: &[u8]| std::str::from_utf8(team).is_ok_and(|team| !session.workgroups.contains(team));
    Ok(!is_open && kept.iter().any(|(_, team)| is_others(team)))
}

/// Lets a Consent mark just these: by target (`Observation/o`, `Patient/p/whole`), its mark.
fn follow(tx: &mut Tx<'_>, id: &str, marks: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let before = tx.kept(MARKED, id)?.unwrap_or_default();
    let before = String::from_utf8(before).unwrap_or_default();
    let targets: BTreeSet<&str> = before
        .split(' ')
        .filter(|target| !target.is_empty())
        .chain(marks.keys().map(String::as_str))
        .collect();
    for target in targets {
        let mut laid = laid_on(tx, target)?;
        match marks.get(target) {
            Some(mark) => laid.insert(id.to_owned(), mark.clone()),
            None => laid.remove(id),
        };
        keep_laid(tx, target, &laid)?;
        let all: Marks = laid.into_values().collect();
        let (kind, rest) = target.split_once('/').unwrap_or_default();
        match rest.strip_suffix("/whole") {
            Some(patient) => tx.mark(kind, patient, Over::Whole, &all)?,
            None => tx.mark(kind, rest, Over::Itself, &all)?,
        };
    }
    match marks.is_empty() {
        true => tx.forget(MARKED, id),
        false => {
            let targets: Vec<&str> = marks.keys().map(String::as_str).collect();
            tx.keep(MARKED, id, targets.join(" ").as_bytes(), None)
        }
    }
}

/// The marks on a target, by the Consent that lays each.
fn laid_on(tx: &Tx<'_>, target: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let kept = tx.kept(LAID, target)?.unwrap_or_default();
    let kept = String::from_utf8(kept).unwrap_or_default();
    let pairs = kept.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(id, mark)| (id.to_owned(), mark.to_owned())).collect())
}

fn keep_laid(tx: &mut Tx<'_>, target: &str, laid: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if laid.is_empty() {
        return tx.forget(LAID, target);
    }
    let lines: Vec<String> = laid.iter().map(|(id, mark)| format!("{id} {mark}")).collect();
    tx.keep(LAID, target, lines.join("\n").as_bytes(), None)
}

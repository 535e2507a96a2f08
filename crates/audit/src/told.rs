//! An act of the trail in plain words: for the person whose record it is, and for who reviews it.

use crate::Capacity;
use access::Role;
use fhir::{Json, Limits, Value};
use record::AuditRow;
use std::collections::BTreeSet;

/// An act, told. A text that is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number on the trail.
    pub seq: u64,
    /// When, in milliseconds.
    pub at: i64,
    /// The account or client.
    pub who: String,
    /// The title of the role.
    pub role: String,
    /// The code of the organisation.
    pub organisation: String,
    /// What was done: `Looked at the record`.
    pub what: String,
    /// Which part: `Results`, `Observations`.
    pub part: String,
    /// What for.
    pub why: String,
    /// By which program.
    pub app: String,
}

/// Tells an act.
pub fn told(row: &AuditRow) -> Told {
    let detail = Json::parse(row.detail.as_str(), Limits::FILE).ok();
    let text = |name: &str| {
        let found = detail.as_ref().and_then(|detail| detail.root().str(name));
        found.map(|text| text.into_owned()).unwrap_or_default()
    };
    let capacity = Capacity::of(row);
    let role = capacity.as_ref().map(|capacity| capacity.role.as_str()).unwrap_or_default();
    Told {
        seq: row.seq,
        at: row.at.0,
        who: row.who.clone(),
        role: Role::named(role).map_or_else(|| words(role), |role| role.title.clone()),
        organisation: capacity.map(|capacity| capacity.organisation).unwrap_or_default(),
        what: what(row),
        part: section(&text("page")).unwrap_or_else(|| kinds(detail.as_ref())),
        why: if through_glass(detail.as_ref()) { "Broke the glass".into() } else { why(&text("purpose")) },
        app: app(row, &text("via"), &text("page")),
    }
}

/// An act in plain words.
fn what(row: &AuditRow) -> String {
    if row.txn.is_some() {
        return match row.action.as_str() {
            "relationships.break-glass" => "Broke the glass".into(),
            "relationships.close-glass" => "Closed the glass again".into(),
            "relationships.claim" => "Claimed a relationship".into(),
            "relationships.give" => "Let a colleague help".into(),
            "consent.seal" => "Sealed something".into(),
            _ => "Changed the record".into(),
        };
    }
    match row.action.as_str() {
        "read" | "vread" | "everything" => "Looked at the record".into(),
        "search" | "view" => "Found in a search".into(),
        "history" => "Looked at earlier versions".into(),
        "notify" => "Was told of a change".into(),
        "barred" => "Tried to open their own or a relative's record".into(),
        "met" => "Sent what was there already".into(),
        "refused" => "Was refused".into(),
        "export" | "job-file" => "Took a copy".into(),
        "audit-view" => "Looked at who has looked".into(),
        "sign-in-failed" => "Failed to sign in".into(),
        other => words(other),
    }
}

/// True when glass was open of a patient whom the act is about.
fn through_glass(detail: Option<&Json>) -> bool {
    let list =
        |name: &str| detail.and_then(|detail| detail.root().get(name)).into_iter().flat_map(Value::each);
    list("glass").any(|broken| list("patients").any(|patient| patient.as_str() == broken.as_str()))
}

/// HL7 v3 ActReason, the codes that sessions have.
fn why(code: &str) -> String {
    match code {
        "TREAT" => "Care".into(),
        "ETREAT" | "BTG" => "Emergency".into(),
        "HOPERAT" => "Running the service".into(),
        "HSYSADMIN" | "SYSADMIN" => "Running the installation".into(),
        "PATRQT" => "Asked for by the patient".into(),
        other => other.to_owned(),
    }
}

fn app(row: &AuditRow, via: &str, page: &str) -> String {
    match via {
        "token" => format!("Program {}", row.who),
        "" if row.who == "system" => "Carespine itself".into(),
        "" if page.is_empty() => String::new(),
        _ => "Carespine".into(),
    }
}

/// The section in the path of a page: `results` of `/patients/x/results`.
fn section(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix("/patients/")?.split('/').skip(1);
    Some(parts.next().map_or_else(|| "Overview".into(), words))
}

/// The types of what went out.
fn kinds(detail: Option<&Json>) -> String {
    let out = detail.into_iter().filter_map(|detail| detail.root().get("out")).flat_map(Value::each);
    let kinds: BTreeSet<String> =
        out.filter_map(|value| value.as_str()?.split_once('/').map(|(kind, _)| spaced(kind))).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// `MedicationRequest` as `Medication request`.
fn spaced(kind: &str) -> String {
    let mut out = String::new();
    for (i, letter) in kind.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            out.push(' ');
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// `sign-in` as `Sign in`.
fn words(code: &str) -> String {
    let text = code.replace(['-', '_', '.'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(action: &str, detail: &str) -> AuditRow {
        let (who, action, detail) = ("ann".to_owned(), action.to_owned(), detail.to_owned());
        AuditRow { seq: 7, at: record::Instant(0), who, action, txn: None, detail }
    }

    #[test]
    fn a_look_is_told_with_who_in_which_capacity_which_part_why_and_by_what() {
        let detail = r#"{"patients":["p"],"page":"/patients/p/results","as":"ZN9/doctor/1","purpose":"TREAT",
            "via":"password"}"#;
        let told = told(&row("read", detail));
        assert_eq!((told.role.as_str(), told.organisation.as_str()), ("Doctor", "ZN9"));
        assert_eq!((told.what.as_str(), told.part.as_str()), ("Looked at the record", "Results"));
        assert_eq!((told.why.as_str(), told.app.as_str()), ("Care", "Carespine"));
    }

    #[test]
    fn what_went_out_is_told_by_its_types_and_a_commit_as_a_change() {
        let detail = r#"{"out":["MedicationRequest/m/_history/1","Patient/p/_history/2"],"via":"token"}"#;
        let found = told(&row("search", detail));
        assert_eq!((found.part.as_str(), found.app.as_str()), ("Medication request, Patient", "Program ann"));
        let commit = AuditRow { txn: Some(3), ..row("fhir.update", r#"{"versions":1}"#) };
        assert_eq!(told(&commit).what, "Changed the record");
        assert_eq!(section("/patients/p").as_deref(), Some("Overview"));
        assert_eq!(section("/home"), None);
        assert_eq!(told(&row("read", "no JSON")).part, "");
    }
}

//! Medicines: requests and statements as medicine lines with their status in words.

use super::element::{Reference, codes, concept, first, notes, period, plain, reference, when};
use super::unit::unit;
use super::{Names, Resource, product, timing};
use fhir::json::Value;
use html::{Dose, MedicineLine, When};

/// Whether a medicine is being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Being taken, or about to be.
    Current,
    /// Paused.
    Suspended,
    /// Over.
    Past,
    /// Entered in error, or never begun.
    Withdrawn,
}

/// One medicine of a record.
#[derive(Clone, Debug)]
pub struct MedicineEntry {
    /// The line.
    pub line: MedicineLine,
    /// The dosage as it was written, when the line does not hold it in parts.
    pub written: Option<String>,
    /// `Started`, `Suspended`, `Completed`, `Stopped`.
    pub status: &'static str,
    /// Whether it is taken.
    pub phase: Phase,
    /// Since when.
    pub started: Option<When>,
    /// Until when.
    pub ended: Option<When>,
    /// Why it was begun.
    pub reason: Option<String>,
    /// Why it was stopped or suspended.
    pub status_reason: Option<String>,
    /// By whom.
    pub author: Option<Reference>,
    /// Repeat, acute, discharge ...
    pub course: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Its page.
    pub href: String,
}

impl MedicineEntry {
    /// Reads a MedicationRequest or a MedicationStatement.
    pub fn of(resource: &Resource, patient: &str, names: &Names<'_>) -> MedicineEntry {
        let value = resource.value();
        let dosage = first(value.get("dosageInstruction")).or_else(|| first(value.get("dosage")));
        let (status, phase) = status(value.str("status").as_deref(), resource.kind);
        let effective = period(value.get("effectivePeriod"));
        let validity = period(value.at(&["dispenseRequest", "validityPeriod"]));
        let bounds = period(dosage.and_then(|d| d.at(&["timing", "repeat", "boundsPeriod"])));
        let line = line(value, dosage, names);
        let said = line.dose.is_some() && line.frequency.is_some();
        MedicineEntry {
            written: dosage.filter(|_| !said).and_then(|d| d.str("text")).map(|text| text.into_owned()),
            line,
            status,
            phase,
            started: bounds
                .0
                .or(effective.0)
                .or_else(|| when(value, "authoredOn"))
                .or_else(|| when(value, "effective"))
                .or(validity.0)
                .or_else(|| when(value, "dateAsserted")),
            ended: bounds.1.or(effective.1).or(validity.1).filter(|_| phase == Phase::Past),
            reason: first(value.get("reasonCode"))
                .and_then(|reason| concept(Some(reason)))
                .or_else(|| names.of(reference(first(value.get("reasonReference"))).as_ref())),
            status_reason: concept(first(value.get("statusReason"))),
            author: reference(value.get("requester")).or_else(|| reference(value.get("informationSource"))),
            course: concept(value.get("courseOfTherapyType")),
            notes: notes(value),
            href: resource.href(patient),
        }
    }
}

fn status(code: Option<&str>, kind: &str) -> (&'static str, Phase) {
    match code {
        Some("active") => ("Started", Phase::Current),
        Some("intended" | "draft") => ("Not started", Phase::Current),
        Some("on-hold") => ("Suspended", Phase::Suspended),
        Some("completed") => ("Completed", Phase::Past),
        Some("stopped") => ("Stopped", Phase::Past),
        Some("cancelled") => ("Cancelled", Phase::Past),
        Some("not-taken") => ("Not taken", Phase::Past),
        Some("entered-in-error") => ("Entered in error", Phase::Withdrawn),
        _ if kind == "MedicationRequest" => ("Status not known", Phase::Current),
        _ => ("Status not known", Phase::Past),
    }
}

fn line(value: Value<'_>, dosage: Option<Value<'_>>, names: &Names<'_>) -> MedicineLine {
    let held = medication(value);
    let name = concept(value.get("medicationCodeableConcept"))
        .or_else(|| held.and_then(|m| concept(m.get("code"))))
        .or_else(|| names.of(reference(value.get("medicationReference")).as_ref()))
        .unwrap_or_else(|| "Medicine not recorded".into());
    let dose = dosage.and_then(|d| first(d.get("doseAndRate")));
    let form = held.and_then(|m| concept(m.get("form"))).map(|form| form.to_lowercase());
    let parts = product::parts(&name);
    MedicineLine {
        name: parts.name,
        brand: None,
        strength: parts.strength,
        form: form.or(parts.form),
        dose: dose.and_then(amount),
        rate: dose.and_then(rate),
        duration: dosage.and_then(timing::duration),
        route: dosage.and_then(|d| d.get("route")).and_then(route),
        frequency: dosage.and_then(timing::frequency),
    }
}

/// The Medication that a resource carries with it.
fn medication(value: Value<'_>) -> Option<Value<'_>> {
    let id = value.at(&["medicationReference", "reference"])?.as_str()?;
    let id = id.strip_prefix('#')?.to_owned();
    value.get("contained")?.items().find(|held| held.str("id").is_some_and(|held| held == id))
}

fn amount(dose: Value<'_>) -> Option<Dose> {
    if let Some(quantity) = dose.get("doseQuantity") {
        let amount = plain(quantity.get("value")?)?;
        return Some(Dose { amount, unit: unit_of(quantity) });
    }
    let range = dose.get("doseRange")?;
    let (low, high) = (range.get("low"), range.get("high"));
    let value = |end: Option<Value<'_>>| end.and_then(|q| q.get("value")).and_then(plain);
    let unit = high.or(low).map(unit_of).unwrap_or_default();
    Some(match (value(low), value(high)) {
        (Some(low), Some(high)) => Dose { amount: format!("{low} to {high}"), unit },
        (None, Some(high)) => Dose { amount: format!("up to {high}"), unit },
        (Some(low), None) => Dose { amount: low, unit },
        (None, None) => return None,
    })
}

fn unit_of(quantity: Value<'_>) -> String {
    unit(&quantity.str("unit").or_else(|| quantity.str("code")).unwrap_or_default())
}

/// `100 mL per hour`.
fn rate(dose: Value<'_>) -> Option<String> {
    let part =
        |quantity: Value<'_>| Some(format!("{}\u{a0}{}", plain(quantity.get("value")?)?, unit_of(quantity)));
    if let Some(quantity) = dose.get("rateQuantity") {
        return part(quantity).map(|text| text.replace("/h", " per hour").replace("/min", " per minute"));
    }
    let ratio = dose.get("rateRatio")?;
    Some(format!("{} per {}", part(ratio.get("numerator")?)?, part(ratio.get("denominator")?)?))
}

/// `oral`, `subcutaneous`: without the words that classify the concept.
fn route(value: Value<'_>) -> Option<String> {
    let snomed = codes(Some(value)).iter().find_map(|(_, code)| match code.as_str() {
        "26643006" => Some("oral"),
        "47625008" => Some("intravenous"),
        "34206005" => Some("subcutaneous"),
        "78421000" => Some("intramuscular"),
        "447694001" | "18679011000001101" => Some("inhaled"),
        _ => None,
    });
    let words = || concept(Some(value)).map(|w| w.to_lowercase().replace(" route", "").trim().to_owned());
    snomed.map(str::to_owned).or_else(words)
}

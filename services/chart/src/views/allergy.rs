//! Allergies, and which of its four states the allergy record is in.

use super::Resource;
use super::element::Reference;
use super::element::{codes, concept, first, has_code, notes, reference, when};
use fhir::json::Value;
use html::{Allergies, Allergy, When};

/// SNOMED CT: no known allergy. Only this says that there is none; "no known drug allergy" does not.
const NONE_KNOWN: &str = "716186003";
/// SNOMED CT: what arrived from another system as a drug allergy that could not be understood (GP Connect). It
/// is an allergy until someone has looked at it.
const DEGRADED: &[&str] = &["196461000000101", "196471000000108"];

/// Whether an allergy is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllergyStatus {
    /// In force.
    Active,
    /// No longer, or not now.
    Ended,
    /// Looked into and found not to be one, or entered in error.
    Withdrawn,
}

/// One entry of the allergy record.
#[derive(Clone, Debug)]
pub struct AllergyEntry {
    /// What it is against, or what is said instead.
    pub substance: String,
    /// Allergy or intolerance; medicine, food ...
    pub kind: String,
    /// How it shows itself.
    pub reactions: Vec<String>,
    /// `High`, `Low`.
    pub criticality: Option<String>,
    /// Whether it is in force.
    pub status: AllergyStatus,
    /// `Confirmed`, `Unconfirmed`.
    pub verification: Option<String>,
    /// Since when.
    pub onset: Option<When>,
    /// When it was recorded.
    pub recorded: Option<When>,
    /// By whom.
    pub recorder: Option<Reference>,
    /// Remarks.
    pub notes: Vec<String>,
    /// True for the statement that there are none.
    pub none_known: bool,
    /// True when it came from elsewhere and was not understood.
    pub degraded: bool,
    /// Its page.
    pub href: String,
}

impl AllergyEntry {
    /// Reads an AllergyIntolerance.
    pub fn of(resource: &Resource, patient: &str) -> AllergyEntry {
        let value = resource.value();
        let verification = codes(value.get("verificationStatus")).into_iter().next().map(|(_, code)| code);
        let clinical = codes(value.get("clinicalStatus")).into_iter().next().map(|(_, code)| code);
        let status = match (verification.as_deref(), clinical.as_deref()) {
            (Some("entered-in-error" | "refuted"), _) => AllergyStatus::Withdrawn,
            (_, Some("inactive" | "resolved")) => AllergyStatus::Ended,
            _ => AllergyStatus::Active,
        };
        AllergyEntry {
            substance: concept(value.get("code"))
                .or_else(|| reactions(value).find_map(|r| concept(r.get("substance"))))
                .unwrap_or_else(|| "Substance not recorded".into()),
            kind: kind(value),
            reactions: reactions(value).flat_map(reaction).collect(),
            criticality: value
                .str("criticality")
                .filter(|c| c != "unable-to-assess")
                .map(|c| super::words(&c)),
            status,
            verification: verification.map(|code| super::words(&code)),
            onset: when(value, "onset"),
            recorded: when(value, "recordedDate").or_else(|| when(value, "assertedDate")),
            recorder: reference(value.get("recorder")).or_else(|| reference(value.get("asserter"))),
            notes: notes(value),
            none_known: has_code(value.get("code"), NONE_KNOWN),
            degraded: DEGRADED.iter().any(|code| has_code(value.get("code"), code)),
            href: resource.href(patient),
        }
    }

    fn for_banner(&self) -> Allergy {
        let reaction = (!self.reactions.is_empty()).then(|| self.reactions.join(", "));
        Allergy { substance: self.substance.clone(), reaction, recorded: self.recorded.or(self.onset) }
    }
}

fn reactions(value: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    value.get("reaction").into_iter().flat_map(Value::items)
}

fn reaction(value: Value<'_>) -> Vec<String> {
    let shown = value.get("manifestation").into_iter().flat_map(Value::items);
    let mut words: Vec<String> = shown.filter_map(|m| concept(Some(m))).collect();
    if words.is_empty() {
        words.extend(value.str("description").map(|d| d.into_owned()));
    }
    if let (Some(severity), Some(last)) = (value.str("severity"), words.last_mut()) {
        last.push_str(&format!(" ({severity})"));
    }
    words
}

fn kind(value: Value<'_>) -> String {
    let sort = value.str("type").map_or("Allergy or intolerance".to_owned(), |t| super::words(&t));
    let category = first(value.get("category")).and_then(|c| c.as_str()).map(|c| match c.as_ref() {
        "medication" => "medicine".to_owned(),
        other => other.to_owned(),
    });
    category.map_or(sort.clone(), |category| format!("{sort}, {category}"))
}

/// Which of the four states the record is in. A real allergy overrides the statement that there are none;
/// what has ended or was withdrawn counts for nothing.
pub fn allergies_state(entries: &[AllergyEntry]) -> Allergies {
    let active = || entries.iter().filter(|e| e.status == AllergyStatus::Active);
    let known: Vec<Allergy> =
        active().filter(|e| !e.none_known && !denies(&e.substance)).map(AllergyEntry::for_banner).collect();
    match known.is_empty() {
        false => Allergies::Known(known),
        true if active().any(|e| e.none_known) => Allergies::NoneKnown,
        true => Allergies::NotRecorded,
    }
}

/// Statements such as "No known drug allergies" are neither an allergy nor the word that there are none at all.
fn denies(substance: &str) -> bool {
    substance.to_lowercase().starts_with("no known ")
}

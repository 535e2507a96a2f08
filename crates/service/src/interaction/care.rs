//! When care was given: the dates that `start` and `end` of `$everything` are about ("care dates, not record currency
//! dates", FHIR R4 patient-operation-everything).

use fhir::definitions::search_param;
use fhir::json::{Json, Limits};
use fhir::search::{SearchValue, extract_param};
use record::Body;

/// Of each type, the search parameters that say when the care was; the first that has a value counts. A type that is
/// not here has no date of care.
const DATES: &[(&str, &[&str])] = &[
    ("AdverseEvent", &["date"]),
    ("AllergyIntolerance", &["onset", "last-date", "date"]),
    ("Appointment", &["date"]),
    ("AuditEvent", &["date"]),
    ("CarePlan", &["date"]),
    ("CareTeam", &["date"]),
    ("ChargeItem", &["occurrence", "entered-date"]),
    ("Claim", &["created"]),
    ("ClaimResponse", &["created"]),
    ("ClinicalImpression", &["date"]),
    ("Communication", &["sent", "received"]),
    ("CommunicationRequest", &["occurrence", "authored"]),
    ("Composition", &["date"]),
    ("Condition", &["onset-date", "recorded-date"]),
    ("Consent", &["date"]),
    ("DetectedIssue", &["identified"]),
    ("DeviceRequest", &["event-date", "authored-on"]),
    ("DiagnosticReport", &["date", "issued"]),
    ("DocumentManifest", &["created"]),
    ("DocumentReference", &["period", "date"]),
    ("Encounter", &["date"]),
    ("EpisodeOfCare", &["date"]),
    ("ExplanationOfBenefit", &["created"]),
    ("FamilyMemberHistory", &["date"]),
    ("Flag", &["date"]),
    ("Goal", &["start-date", "target-date"]),
    ("ImagingStudy", &["started"]),
    ("Immunization", &["date"]),
    ("ImmunizationEvaluation", &["date"]),
    ("ImmunizationRecommendation", &["date"]),
    ("Invoice", &["date"]),
    ("List", &["date"]),
    ("MeasureReport", &["date"]),
    ("Media", &["created"]),
    ("MedicationAdministration", &["effective-time"]),
    ("MedicationDispense", &["whenhandedover", "whenprepared"]),
    ("MedicationRequest", &["date", "authoredon"]),
    ("MedicationStatement", &["effective"]),
    ("NutritionOrder", &["datetime"]),
    ("Observation", &["date"]),
    ("Procedure", &["date"]),
    ("Provenance", &["when", "recorded"]),
    ("QuestionnaireResponse", &["authored"]),
    ("RequestGroup", &["authored"]),
    ("ResearchSubject", &["date"]),
    ("RiskAssessment", &["date"]),
    ("Schedule", &["date"]),
    ("ServiceRequest", &["occurrence", "authored"]),
    ("Specimen", &["collected"]),
    ("SupplyRequest", &["date"]),
    ("VisionPrescription", &["datewritten"]),
];

/// True when a resource is of care in a range, or of no date.
pub(super) fn overlaps(body: &Body, start: i64, end: i64) -> bool {
    let Ok(at) = DATES.binary_search_by(|(kind, _)| (*kind).cmp(body.kind)) else { return true };
    let Ok(json) = Json::parse(body.text.as_str(), Limits::FILE) else { return true };
    let dated = DATES[at].1.iter().filter_map(|code| search_param(body.kind, code)).find_map(|param| {
        let values = extract_param(json.root(), param).into_iter().filter_map(|value| match value {
            SearchValue::Date { start, end } => Some((start, end)),
            _ => None,
        });
        Some(values.collect::<Vec<_>>()).filter(|dates| !dates.is_empty())
    });
    dated.is_none_or(|dates| dates.iter().any(|(from, to)| *from <= end && start <= *to))
}

#[cfg(test)]
mod tests {
    use super::DATES;
    use fhir::definitions::{ParamKind, search_param};

    #[test]
    fn every_date_of_care_is_a_date_parameter() {
        assert!(DATES.is_sorted_by_key(|(kind, _)| *kind));
        for (kind, codes) in DATES {
            for code in *codes {
                let param = search_param(kind, code).unwrap_or_else(|| panic!("{kind}.{code}"));
                assert_eq!(param.kind, ParamKind::Date, "{kind}.{code}");
            }
        }
    }
}

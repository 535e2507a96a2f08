//! The compartments of R4. The package of definitions has only that of Patient; the others are written here from
//! the published CompartmentDefinitions, version 4.0.1 (<https://hl7.org/fhir/R4/compartmentdefinition.html>).

use super::{PATIENT_COMPARTMENT, SearchParam, search_param};

/// The types that have a compartment.
pub const COMPARTMENTS: [&str; 5] = ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"];

/// The parameters that place a resource of a type in a compartment of an `owner`: none when the type is not in
/// it. The owner itself is in it besides.
pub fn compartment(owner: &str, base: &str) -> impl Iterator<Item = &'static SearchParam> {
    let table = match owner {
        "Device" => DEVICE,
        "Encounter" => ENCOUNTER,
        "Patient" => PATIENT_COMPARTMENT,
        "Practitioner" => PRACTITIONER,
        "RelatedPerson" => RELATED_PERSON,
        _ => &[],
    };
    let codes: &[&str] = table.binary_search_by(|(kind, _)| (*kind).cmp(base)).map_or(&[], |i| table[i].1);
    let params: Vec<_> = codes.iter().filter_map(|code| search_param(base, code)).collect();
    params.into_iter()
}

/// Types, sorted, and parameters.
type Table = &'static [(&'static str, &'static [&'static str])];

const PRACTITIONER: Table = &[
    ("Account", &["subject"]),
    ("AdverseEvent", &["recorder"]),
    ("AllergyIntolerance", &["recorder", "asserter"]),
    ("Appointment", &["actor"]),
    ("AppointmentResponse", &["actor"]),
    ("AuditEvent", &["agent"]),
    ("Basic", &["author"]),
    ("CarePlan", &["performer"]),
    ("CareTeam", &["participant"]),
    ("ChargeItem", &["enterer", "performer-actor"]),
    ("Claim", &["enterer", "provider", "payee", "care-team"]),
    ("ClaimResponse", &["requestor"]),
    ("ClinicalImpression", &["assessor"]),
    ("Communication", &["sender", "recipient"]),
    ("CommunicationRequest", &["sender", "recipient", "requester"]),
    ("Composition", &["subject", "author", "attester"]),
    ("Condition", &["asserter"]),
    ("CoverageEligibilityRequest", &["enterer", "provider"]),
    ("CoverageEligibilityResponse", &["requestor"]),
    ("DetectedIssue", &["author"]),
    ("DeviceRequest", &["requester", "performer"]),
    ("DiagnosticReport", &["performer"]),
    ("DocumentManifest", &["subject", "author", "recipient"]),
    ("DocumentReference", &["subject", "author", "authenticator"]),
    ("Encounter", &["practitioner", "participant"]),
    ("EpisodeOfCare", &["care-manager"]),
    ("ExplanationOfBenefit", &["enterer", "provider", "payee", "care-team"]),
    ("Flag", &["author"]),
    ("Group", &["member"]),
    ("Immunization", &["performer"]),
    ("Invoice", &["participant"]),
    ("Linkage", &["author"]),
    ("List", &["source"]),
    ("Media", &["subject", "operator"]),
    ("MedicationAdministration", &["performer"]),
    ("MedicationDispense", &["performer", "receiver"]),
    ("MedicationRequest", &["requester"]),
    ("MedicationStatement", &["source"]),
    ("MessageHeader", &["receiver", "author", "responsible", "enterer"]),
    ("NutritionOrder", &["provider"]),
    ("Observation", &["performer"]),
    ("Patient", &["general-practitioner"]),
    ("PaymentNotice", &["provider"]),
    ("PaymentReconciliation", &["requestor"]),
    ("Person", &["practitioner"]),
    ("PractitionerRole", &["practitioner"]),
    ("Procedure", &["performer"]),
    ("Provenance", &["agent"]),
    ("QuestionnaireResponse", &["author", "source"]),
    ("RequestGroup", &["participant", "author"]),
    ("ResearchStudy", &["principalinvestigator"]),
    ("RiskAssessment", &["performer"]),
    ("Schedule", &["actor"]),
    ("ServiceRequest", &["performer", "requester"]),
    ("Specimen", &["collector"]),
    ("SupplyDelivery", &["supplier", "receiver"]),
    ("SupplyRequest", &["requester"]),
    ("VisionPrescription", &["prescriber"]),
];

const RELATED_PERSON: Table = &[
    ("AdverseEvent", &["recorder"]),
    ("AllergyIntolerance", &["asserter"]),
    ("Appointment", &["actor"]),
    ("AppointmentResponse", &["actor"]),
    ("Basic", &["author"]),
    ("CarePlan", &["performer"]),
    ("CareTeam", &["participant"]),
    ("ChargeItem", &["enterer", "performer-actor"]),
    ("Claim", &["payee"]),
    ("Communication", &["sender", "recipient"]),
    ("CommunicationRequest", &["sender", "recipient", "requester"]),
    ("Composition", &["author"]),
    ("Condition", &["asserter"]),
    ("Coverage", &["policy-holder", "subscriber", "payor"]),
    ("DocumentManifest", &["author", "recipient"]),
    ("DocumentReference", &["author"]),
    ("Encounter", &["participant"]),
    ("ExplanationOfBenefit", &["payee"]),
    ("Invoice", &["recipient"]),
    ("MedicationAdministration", &["performer"]),
    ("MedicationStatement", &["source"]),
    ("Observation", &["performer"]),
    ("Patient", &["link"]),
    ("Person", &["link"]),
    ("Procedure", &["performer"]),
    ("Provenance", &["agent"]),
    ("QuestionnaireResponse", &["author", "source"]),
    ("RequestGroup", &["participant"]),
    ("Schedule", &["actor"]),
    ("ServiceRequest", &["performer"]),
    ("SupplyRequest", &["requester"]),
];

const ENCOUNTER: Table = &[
    ("CarePlan", &["encounter"]),
    ("CareTeam", &["encounter"]),
    ("ChargeItem", &["context"]),
    ("Claim", &["encounter"]),
    ("ClinicalImpression", &["encounter"]),
    ("Communication", &["encounter"]),
    ("CommunicationRequest", &["encounter"]),
    ("Composition", &["encounter"]),
    ("Condition", &["encounter"]),
    ("DeviceRequest", &["encounter"]),
    ("DiagnosticReport", &["encounter"]),
    ("DocumentManifest", &["related-ref"]),
    ("DocumentReference", &["encounter"]),
    ("ExplanationOfBenefit", &["encounter"]),
    ("Media", &["encounter"]),
    ("MedicationAdministration", &["context"]),
    ("MedicationRequest", &["encounter"]),
    ("NutritionOrder", &["encounter"]),
    ("Observation", &["encounter"]),
    ("Procedure", &["encounter"]),
    ("QuestionnaireResponse", &["encounter"]),
    ("RequestGroup", &["encounter"]),
    ("ServiceRequest", &["encounter"]),
    ("VisionPrescription", &["encounter"]),
];

const DEVICE: Table = &[
    ("Account", &["subject"]),
    ("Appointment", &["actor"]),
    ("AppointmentResponse", &["actor"]),
    ("AuditEvent", &["agent"]),
    ("ChargeItem", &["enterer", "performer-actor"]),
    ("Claim", &["procedure-udi", "item-udi", "detail-udi", "subdetail-udi"]),
    ("Communication", &["sender", "recipient"]),
    ("CommunicationRequest", &["sender", "recipient"]),
    ("Composition", &["author"]),
    ("DetectedIssue", &["author"]),
    ("DeviceRequest", &["device", "subject", "requester", "performer"]),
    ("DeviceUseStatement", &["device"]),
    ("DiagnosticReport", &["subject"]),
    ("DocumentManifest", &["subject", "author"]),
    ("DocumentReference", &["subject", "author"]),
    ("ExplanationOfBenefit", &["procedure-udi", "item-udi", "detail-udi", "subdetail-udi"]),
    ("Flag", &["author"]),
    ("Group", &["member"]),
    ("Invoice", &["participant"]),
    ("List", &["subject", "source"]),
    ("Media", &["subject"]),
    ("MedicationAdministration", &["device"]),
    ("MessageHeader", &["target"]),
    ("Observation", &["subject", "device"]),
    ("Provenance", &["agent"]),
    ("QuestionnaireResponse", &["author"]),
    ("RequestGroup", &["author"]),
    ("RiskAssessment", &["performer"]),
    ("Schedule", &["actor"]),
    ("ServiceRequest", &["performer", "requester"]),
    ("Specimen", &["subject"]),
    ("SupplyRequest", &["requester"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::{ParamKind, is_resource};

    #[test]
    fn every_compartment_names_known_references() {
        for (owner, table) in [
            ("Device", DEVICE),
            ("Encounter", ENCOUNTER),
            ("Practitioner", PRACTITIONER),
            ("RelatedPerson", RELATED_PERSON),
        ] {
            assert!(table.is_sorted_by_key(|(kind, _)| *kind), "{owner}");
            for (kind, codes) in table {
                assert!(is_resource(kind), "{kind}");
                for code in *codes {
                    let param = search_param(kind, code).unwrap_or_else(|| panic!("{kind}.{code}"));
                    assert_eq!(param.kind, ParamKind::Reference, "{kind}.{code}");
                    let points = param.targets.is_empty() || param.targets.contains(&owner);
                    assert!(points, "{kind}.{code} never points at {owner}");
                }
            }
        }
    }
}

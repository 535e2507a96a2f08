//! What happens once: immunisations, procedures; alerts; and the kinds and times of all events of a timeline.

use super::Resource;
use super::element::{Reference, concept, first, notes, period, plain, reference, when};
use fhir::json::Value;
use html::When;

/// A vaccine that was given, or was not.
#[derive(Clone, Debug)]
pub struct ImmunisationEntry {
    /// The vaccine.
    pub vaccine: String,
    /// `Given`, or `Not given` with the reason.
    pub status: String,
    /// True when it was given.
    pub given: bool,
    /// True when it was entered in error.
    pub withdrawn: bool,
    /// When.
    pub at: Option<When>,
    /// Batch.
    pub batch: Option<String>,
    /// Site.
    pub site: Option<String>,
    /// Number in a series.
    pub dose: Option<String>,
    /// By whom.
    pub performer: Option<Reference>,
    /// Its page.
    pub href: String,
}

impl ImmunisationEntry {
    /// Reads an Immunization.
    pub fn of(resource: &Resource, patient: &str) -> ImmunisationEntry {
        let value = resource.value();
        let status = value.str("status").unwrap_or_default().into_owned();
        let why = concept(value.get("statusReason"));
        let protocol = first(value.get("protocolApplied"));
        ImmunisationEntry {
            vaccine: concept(value.get("vaccineCode")).unwrap_or_else(|| "Vaccine not recorded".into()),
            given: status == "completed",
            withdrawn: status == "entered-in-error",
            status: match (status.as_str(), why) {
                ("completed", _) => "Given".into(),
                (_, Some(why)) => format!("Not given: {}", why.to_lowercase()),
                (_, None) => "Not given".into(),
            },
            at: when(value, "occurrence"),
            batch: value.str("lotNumber").map(|lot| lot.into_owned()),
            site: concept(value.get("site")),
            dose: protocol
                .and_then(|p| p.get("doseNumberPositiveInt").or_else(|| p.get("doseNumberString")))
                .and_then(plain),
            performer: reference(first(value.get("performer")).and_then(|p| p.get("actor"))),
            href: resource.href(patient),
        }
    }
}

/// A procedure.
#[derive(Clone, Debug)]
pub struct ProcedureEntry {
    /// What was done.
    pub what: String,
    /// Status in words.
    pub status: String,
    /// True when it was entered in error or not done.
    pub withdrawn: bool,
    /// When.
    pub at: Option<When>,
    /// Why.
    pub reason: Option<String>,
    /// By whom.
    pub performer: Option<Reference>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Its page.
    pub href: String,
}

impl ProcedureEntry {
    /// Reads a Procedure.
    pub fn of(resource: &Resource, patient: &str) -> ProcedureEntry {
        let value = resource.value();
        let status = value.str("status").unwrap_or_default().into_owned();
        ProcedureEntry {
            what: concept(value.get("code")).unwrap_or_else(|| "Procedure without a name".into()),
            withdrawn: matches!(status.as_str(), "entered-in-error" | "not-done"),
            status: match status.as_str() {
                "completed" => "Done".into(),
                other => super::words(other),
            },
            at: when(value, "performed"),
            reason: concept(first(value.get("reasonCode"))),
            performer: reference(first(value.get("performer")).and_then(|p| p.get("actor"))),
            notes: notes(value),
            href: resource.href(patient),
        }
    }
}

/// The words of a Flag that is in force.
pub fn alert(flag: &Resource) -> Option<String> {
    let over = flag.str("status").is_some_and(|status| status != "active");
    if over { None } else { concept(flag.get("code")) }
}

/// Kinds of events on a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Problems.
    Problem,
    /// Medicines.
    Medicine,
    /// Allergies.
    Allergy,
    /// Results and reports.
    Result,
    /// Observations.
    Observation,
    /// Stays and visits.
    Encounter,
    /// Procedures.
    Procedure,
    /// Immunisations.
    Immunisation,
    /// Documents and letters.
    Document,
    /// Appointments.
    Appointment,
}

impl EventKind {
    /// All, in the order of the filter.
    pub const ALL: [EventKind; 10] = [
        EventKind::Problem,
        EventKind::Medicine,
        EventKind::Allergy,
        EventKind::Result,
        EventKind::Observation,
        EventKind::Encounter,
        EventKind::Procedure,
        EventKind::Immunisation,
        EventKind::Document,
        EventKind::Appointment,
    ];

    /// In the filter, and in an entry.
    pub fn title(self) -> &'static str {
        match self {
            EventKind::Problem => "Problem",
            EventKind::Medicine => "Medicine",
            EventKind::Allergy => "Allergy",
            EventKind::Result => "Result",
            EventKind::Observation => "Observations",
            EventKind::Encounter => "Stay or visit",
            EventKind::Procedure => "Procedure",
            EventKind::Immunisation => "Immunisation",
            EventKind::Document => "Document",
            EventKind::Appointment => "Appointment",
        }
    }

    /// In an address.
    pub fn name(self) -> String {
        super::slug(self.title())
    }

    /// The resource types that are events of this kind.
    pub fn types(self) -> &'static [&'static str] {
        match self {
            EventKind::Problem => &["Condition"],
            EventKind::Medicine => &["MedicationRequest", "MedicationStatement"],
            EventKind::Allergy => &["AllergyIntolerance"],
            EventKind::Result => &["DiagnosticReport", "Observation"],
            EventKind::Observation => &["Observation", "DiagnosticReport"],
            EventKind::Encounter => &["Encounter"],
            EventKind::Procedure => &["Procedure"],
            EventKind::Immunisation => &["Immunization"],
            EventKind::Document => &["DocumentReference"],
            EventKind::Appointment => &["Appointment"],
        }
    }
}

/// When something happened, as far as any resource says.
pub fn event_time(value: Value<'_>) -> Option<When> {
    const NAMES: [&str; 10] = [
        "effective",
        "performed",
        "occurrence",
        "onset",
        "start",
        "authoredOn",
        "recordedDate",
        "date",
        "issued",
        "created",
    ];
    period(value.get("period")).0.or_else(|| NAMES.iter().find_map(|name| when(value, name)))
}

/// The latest moment that a resource speaks of, as the search index has it: the end of a period, else
/// [`event_time`].
pub fn event_end(value: Value<'_>) -> Option<When> {
    let end = |name: &str| period(value.get(name)).1;
    let ends = ["period", "effectivePeriod", "performedPeriod"].into_iter().find_map(end);
    ends.or_else(|| event_time(value))
}

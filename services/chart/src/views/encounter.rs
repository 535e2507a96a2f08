//! Stays, visits and appointments.

use super::element::{Reference, concept, first, period, reference, when};
use super::{Names, Resource};
use fhir::json::Value;
use html::When;

/// A stay or a visit.
#[derive(Clone, Debug)]
pub struct EncounterEntry {
    /// `Inpatient stay`, `GP consultation`.
    pub what: String,
    /// `Inpatient`, `Emergency` ...
    pub class: &'static str,
    /// Status in words.
    pub status: String,
    /// True while it goes on.
    pub open: bool,
    /// True for a stay with a bed.
    pub inpatient: bool,
    /// True when it was entered in error or cancelled.
    pub withdrawn: bool,
    /// From when.
    pub start: Option<When>,
    /// To when.
    pub end: Option<When>,
    /// Why.
    pub reason: Option<String>,
    /// Where, the latest place last.
    pub places: Vec<Reference>,
    /// Main clinician.
    pub clinician: Option<Reference>,
    /// Specialty.
    pub specialty: Option<String>,
    /// Organisation.
    pub provider: Option<Reference>,
    /// How it ended.
    pub discharge: Option<String>,
    /// Its page.
    pub href: String,
}

impl EncounterEntry {
    /// Reads an Encounter.
    pub fn of(resource: &Resource, patient: &str) -> EncounterEntry {
        let value = resource.value();
        let status = value.str("status").unwrap_or_default().into_owned();
        let code = value.at(&["class", "code"]).and_then(Value::as_str).unwrap_or_default().into_owned();
        let class = class(&code);
        let (start, end) = period(value.get("period"));
        let list = |name: &str| value.get(name).into_iter().flat_map(Value::items);
        EncounterEntry {
            what: concept(first(value.get("type"))).unwrap_or_else(|| class.to_owned()),
            class,
            open: matches!(status.as_str(), "in-progress" | "arrived" | "triaged" | "onleave"),
            inpatient: matches!(code.as_str(), "IMP" | "ACUTE" | "NONAC" | "OBSENC" | "SS"),
            withdrawn: matches!(status.as_str(), "entered-in-error" | "cancelled"),
            status: super::words(&status),
            start,
            end,
            reason: concept(first(value.get("reasonCode"))),
            places: list("location").filter_map(|place| reference(place.get("location"))).collect(),
            clinician: list("participant").find_map(|p| reference(p.get("individual"))),
            specialty: concept(value.get("serviceType")),
            provider: reference(value.get("serviceProvider")),
            discharge: concept(value.at(&["hospitalization", "dischargeDisposition"])),
            href: resource.href(patient),
        }
    }

    /// Where it is: the latest place, else the organisation.
    pub fn place(&self, names: &Names<'_>) -> Option<String> {
        names.of(self.places.last()).or_else(|| names.of(self.provider.as_ref()))
    }
}

/// HL7's ActEncounterCode in words.
fn class(code: &str) -> &'static str {
    match code {
        "AMB" => "Outpatient or surgery visit",
        "EMER" => "Emergency attendance",
        "HH" => "Home visit",
        "IMP" | "ACUTE" | "NONAC" => "Inpatient stay",
        "OBSENC" => "Observation stay",
        "PRENC" => "Before admission",
        "SS" => "Short stay",
        "VR" => "Telephone or video",
        "FLD" => "Care outside",
        _ => "Encounter",
    }
}

/// An appointment.
#[derive(Clone, Debug)]
pub struct AppointmentEntry {
    /// What it is for.
    pub what: String,
    /// Status in words.
    pub status: String,
    /// True when it will not or did not take place.
    pub off: bool,
    /// From when.
    pub start: Option<When>,
    /// How long, in minutes.
    pub minutes: Option<i64>,
    /// With whom and where.
    pub with: Vec<Reference>,
    /// Its page.
    pub href: String,
}

impl AppointmentEntry {
    /// Reads an Appointment.
    pub fn of(resource: &Resource, patient: &str) -> AppointmentEntry {
        let value = resource.value();
        let status = value.str("status").unwrap_or_default().into_owned();
        let (start, end) = (when(value, "start"), when(value, "end"));
        let others = value.get("participant").into_iter().flat_map(Value::items);
        AppointmentEntry {
            what: concept(first(value.get("serviceType")))
                .or_else(|| concept(value.get("appointmentType")))
                .or_else(|| value.str("description").map(|text| text.into_owned()))
                .or_else(|| concept(first(value.get("reasonCode"))))
                .unwrap_or_else(|| "Appointment".into()),
            off: matches!(status.as_str(), "cancelled" | "noshow" | "entered-in-error"),
            status: match status.as_str() {
                "noshow" => "Did not attend".into(),
                "fulfilled" => "Attended".into(),
                other => super::words(other),
            },
            start,
            minutes: start.zip(end).map(|(start, end)| (end.start() - start.start()) / 60_000),
            with: others.filter_map(|p| reference(p.get("actor"))).filter(|r| r.kind != "Patient").collect(),
            href: resource.href(patient),
        }
    }
}

//! Laboratory results: panels of observations under a report.

pub mod analytes;
mod arithmetic;

use crate::elements::{LOINC, concept, hl7, list, own, quantity, reference};
use crate::history::History;
use crate::places::{self, PATHOLOGY, Place, organisation};
use crate::visits::Visit;
use analytes::{Analyte, level};
use fhir::Tree;

/// Tests that are asked for together.
pub struct Panel {
    code: &'static str,
    words: &'static str,
    analytes: &'static [Analyte],
}

const fn panel(code: &'static str, words: &'static str, analytes: &'static [Analyte]) -> Panel {
    Panel { code, words, analytes }
}

/// Urea and electrolytes.
pub const KIDNEYS: Panel = panel(
    "24362-6",
    "Urea and electrolytes",
    &[Analyte::Sodium, Analyte::Potassium, Analyte::Urea, Analyte::Creatinine, Analyte::Filtration],
);
/// Full blood count.
pub const BLOOD: Panel = panel(
    "58410-2",
    "Full blood count",
    &[
        Analyte::Haemoglobin,
        Analyte::WhiteCells,
        Analyte::Platelets,
        Analyte::CellVolume,
        Analyte::Neutrophils,
    ],
);
/// Liver function.
pub const LIVER: Panel = panel(
    "24325-3",
    "Liver function tests",
    &[Analyte::Alt, Analyte::Alp, Analyte::Bilirubin, Analyte::Albumin],
);
/// Lipids.
pub const LIPIDS: Panel = panel(
    "24331-1",
    "Lipid profile",
    &[Analyte::Cholesterol, Analyte::Hdl, Analyte::Ldl, Analyte::Triglycerides],
);
/// Glycated haemoglobin.
pub const HBA1C: Panel = panel("59261-8", "HbA1c", &[Analyte::Hba1c]);
/// Glucose.
pub const GLUCOSE: Panel = panel("14749-6", "Glucose", &[Analyte::Glucose]);
/// Thyroid function.
pub const THYROID: Panel = panel("24348-5", "Thyroid function tests", &[Analyte::Tsh, Analyte::FreeT4]);
/// C-reactive protein.
pub const CRP: Panel = panel("1988-5", "C-reactive protein", &[Analyte::Crp]);
/// Troponin.
pub const TROPONIN: Panel = panel("67151-1", "Troponin T", &[Analyte::Troponin]);
/// NT-proBNP.
pub const BNP: Panel = panel("33762-6", "NT-proBNP", &[Analyte::Bnp]);
/// Protein in urine.
pub const URINE: Panel = panel("32294-1", "Urine albumin to creatinine ratio", &[Analyte::AlbuminCreatinine]);
/// Prostate specific antigen.
pub const PSA: Panel = panel("2857-1", "Prostate specific antigen", &[Analyte::Psa]);
/// Iron and vitamin B12.
pub const HAEMATINICS: Panel = panel("2276-4", "Haematinics", &[Analyte::Ferritin, Analyte::B12]);
/// Urate.
pub const URATE: Panel = panel("14933-6", "Urate", &[Analyte::Urate]);
/// Faecal immunochemical test.
pub const FIT: Panel = panel("58453-2", "Faecal immunochemical test", &[Analyte::Fit]);

/// How far the laboratory has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Done.
    Final,
    /// Sent out before it was checked.
    Preliminary,
    /// Changed after it was sent out.
    Corrected,
}

impl Stage {
    fn code(self) -> &'static str {
        match self {
            Stage::Final => "final",
            Stage::Preliminary => "preliminary",
            Stage::Corrected => "corrected",
        }
    }
}

/// Writes the results of blood or urine taken at an encounter, as the body has them.
pub fn panel_of(history: &mut History, visit: &Visit, panel: &Panel) {
    panel_with(history, visit, panel, &[], None);
}

/// Writes results of which some are given, and a sentence of the laboratory on them.
pub fn panel_with(
    history: &mut History,
    visit: &Visit,
    panel: &Panel,
    given: &[(Analyte, f64)],
    conclusion: Option<&str>,
) {
    // Hospitals have their results within two hours, practices the next morning.
    let wait = match visit.place {
        Place::Ward(_) | places::EMERGENCY => history.random.between(40, 110),
        _ => history.random.between(300, 1_500),
    };
    let issued = visit.at.plus(wait);
    let stage = match history.random.below(300) {
        0 => Stage::Corrected,
        // What was taken in the last hours may not have been checked yet.
        _ if issued > history.end && history.alive() => Stage::Preliminary,
        _ => Stage::Final,
    };
    let issued = issued.min(history.end);
    let child = history.age(visit.day()) < 18;
    let mut results = Vec::new();
    for &analyte in panel.analytes {
        if child && analyte == Analyte::Filtration {
            continue;
        }
        let age = visit.day().years_since(history.person.birth);
        let value = match given.iter().find(|(named, _)| *named == analyte) {
            Some((_, value)) => *value,
            None => {
                level(&history.health, history.person.sex, age, analyte, visit.day(), &mut history.random)
            }
        };
        let id = history.next_id();
        let resource = result(history, visit, &id, analyte, value, stage);
        history.add("Observation", &id, &resource);
        results.push(reference("Observation", &id));
    }
    let id = history.next_id();
    let report = history
        .start("DiagnosticReport", &id)
        .with("status", stage.code())
        .with("category", list([hl7("v2-0074", "LAB")]))
        .with("code", concept(LOINC, panel.code, panel.words))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("effectiveDateTime", visit.at.to_string())
        .with("issued", issued.to_string())
        .with("performer", list([organisation(history.plan, PATHOLOGY)]))
        .with("result", results)
        .maybe("conclusion", conclusion);
    history.add("DiagnosticReport", &id, &report);
}

fn result(history: &History, visit: &Visit, id: &str, analyte: Analyte, value: f64, stage: Stage) -> Tree {
    let (code, words_of, unit, ucum, decimals) = analyte.facts();
    let sex = history.person.sex;
    let (low, high) = analyte.range(sex);
    let printed = format!("{value:.decimals$}");
    // What is reported is what was rounded, and flags go by it.
    let value: f64 = printed.parse().unwrap_or(value);
    let limit = |limit: f64| quantity(format!("{limit:.decimals$}"), unit, ucum);
    let text = match (low, high) {
        (Some(low), Some(high)) => format!("{low:.decimals$} to {high:.decimals$}"),
        (Some(low), None) => format!("over {low:.decimals$}"),
        (None, Some(high)) => format!("under {high:.decimals$}"),
        (None, None) => String::new(),
    };
    let range = Tree::object().maybe("low", low.map(limit)).maybe("high", high.map(limit)).with("text", text);
    history
        .start("Observation", id)
        .with("status", stage.code())
        .with("category", list([hl7("observation-category", "laboratory")]))
        .with("code", concept(LOINC, code, words_of))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("effectiveDateTime", visit.at.to_string())
        .with("performer", list([organisation(history.plan, PATHOLOGY)]))
        .with("valueQuantity", amount(analyte, value, printed, unit, ucum))
        .with("interpretation", list([hl7("v3-ObservationInterpretation", flag(analyte, value, low, high))]))
        .with("referenceRange", list([range]))
}

/// Laboratories do not tell filtration above 90, nor a trace of C-reactive protein.
fn amount(analyte: Analyte, value: f64, printed: String, unit: &str, ucum: &str) -> Tree {
    let with = |sign: &str, limit: &str| quantity(limit.to_owned(), unit, ucum).with("comparator", sign);
    match analyte {
        Analyte::Filtration if value > 90.0 => with(">", "90"),
        Analyte::Crp if value < 1.0 => with("<", "1"),
        Analyte::AlbuminCreatinine if value < 0.5 => with("<", "0.5"),
        _ => quantity(printed, unit, ucum),
    }
}

fn flag(analyte: Analyte, value: f64, low: Option<f64>, high: Option<f64>) -> &'static str {
    let (very_low, very_high) = analyte.critical();
    match () {
        () if value > very_high => "HH",
        () if value < very_low => "LL",
        () if high.is_some_and(|high| value > high) => "H",
        () if low.is_some_and(|low| value < low) => "L",
        () => "N",
    }
}

/// Writes the report of an examination that a radiologist or another doctor has read.
pub fn imaging(history: &mut History, visit: &Visit, code: &str, name: &str, conclusion: &str) {
    let id = history.next_id();
    let radiologist = crate::staff::Clinician::of(crate::staff::Job::Radiologist, "Radiology");
    let issued = visit.at.plus(history.random.between(25, 95)).min(history.end);
    let report = history
        .start("DiagnosticReport", &id)
        .with("status", "final")
        .with("category", list([hl7("v2-0074", "RAD").with("text", "Imaging")]))
        .with("code", own("imaging", code, name))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("effectiveDateTime", visit.at.to_string())
        .with("issued", issued.to_string())
        .with("performer", list([radiologist.reference(history.plan)]))
        .with("conclusion", conclusion);
    history.add("DiagnosticReport", &id, &report);
}

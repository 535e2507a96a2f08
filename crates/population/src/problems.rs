//! Problems: what is the matter with people, in a code system of our own.

use crate::elements::{hl7, list, own, words};
use crate::history::History;
use crate::time::Day;
use crate::visits::Visit;

/// A problem. The codes are ours: national terminologies may not be shipped with the product.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its code in `https://carespine.example/CodeSystem/problem`.
    pub code: &'static str,
    /// What it is called.
    pub words: &'static str,
}

const fn problem(code: &'static str, words: &'static str) -> Problem {
    Problem { code, words }
}

pub const ALZHEIMERS: Problem = problem("alzheimers-dementia", "Alzheimer's dementia");
pub const ACUTE_KIDNEY_INJURY: Problem = problem("acute-kidney-injury", "Acute kidney injury");
pub const ANXIETY: Problem = problem("generalised-anxiety-disorder", "Generalised anxiety disorder");
pub const ASTHMA: Problem = problem("asthma", "Asthma");
pub const ATRIAL_FIBRILLATION: Problem = problem("atrial-fibrillation", "Atrial fibrillation");
pub const BOWEL_CANCER: Problem = problem("bowel-cancer", "Cancer of the bowel");
pub const BREAST_CANCER: Problem = problem("breast-cancer", "Cancer of the breast");
pub const CATARACT: Problem = problem("cataract", "Cataract");
pub const COPD: Problem = problem("copd", "Chronic obstructive pulmonary disease");
pub const CORONARY_DISEASE: Problem = problem("coronary-heart-disease", "Coronary heart disease");
pub const DEPRESSION: Problem = problem("depression", "Depression");
pub const DIABETES_1: Problem = problem("type-1-diabetes", "Type 1 diabetes");
pub const DIABETES_2: Problem = problem("type-2-diabetes", "Type 2 diabetes");
pub const ECZEMA: Problem = problem("atopic-eczema", "Atopic eczema");
pub const EPILEPSY: Problem = problem("epilepsy", "Epilepsy");
pub const FRAILTY: Problem = problem("frailty", "Frailty");
pub const GOUT: Problem = problem("gout", "Gout");
pub const HEARING_LOSS: Problem = problem("hearing-loss", "Hearing loss");
pub const HEART_FAILURE: Problem = problem("heart-failure", "Heart failure");
pub const HIP_FRACTURE: Problem = problem("hip-fracture", "Fracture of the neck of the femur");
pub const HYPERTENSION: Problem = problem("hypertension", "Hypertension");
pub const HYPOTHYROIDISM: Problem = problem("hypothyroidism", "Hypothyroidism");
pub const KIDNEY_DISEASE: Problem = problem("chronic-kidney-disease", "Chronic kidney disease");
pub const MIGRAINE: Problem = problem("migraine", "Migraine");
pub const OSTEOARTHRITIS_HIP: Problem = problem("osteoarthritis-of-hip", "Osteoarthritis of the hip");
pub const OSTEOARTHRITIS_KNEE: Problem = problem("osteoarthritis-of-knee", "Osteoarthritis of the knee");
pub const OSTEOPOROSIS: Problem = problem("osteoporosis", "Osteoporosis");
pub const PNEUMONIA: Problem = problem("community-acquired-pneumonia", "Community-acquired pneumonia");
pub const PREGNANCY: Problem = problem("pregnancy", "Pregnancy");
pub const PROSTATE_CANCER: Problem = problem("prostate-cancer", "Cancer of the prostate");
pub const STROKE: Problem = problem("ischaemic-stroke", "Ischaemic stroke");

/// What is written of a problem besides its name.
pub struct Entry<'a> {
    /// When it began.
    pub onset: Day,
    /// When it was recorded.
    pub recorded: Day,
    /// When it was over.
    pub resolved: Option<Day>,
    /// The encounter in which it was recorded, if that is written.
    pub visit: Option<&'a Visit>,
    /// Whether it belongs on the list of problems, or is what one encounter was about.
    pub listed: bool,
    /// Something to add.
    pub note: Option<String>,
}

/// Writes a problem under an id taken before.
pub fn write(history: &mut History, id: &str, problem: &Problem, entry: &Entry) {
    let clinical = if entry.resolved.is_some() { "resolved" } else { "active" };
    let category = if entry.listed { "problem-list-item" } else { "encounter-diagnosis" };
    let condition = history
        .start("Condition", id)
        .with("clinicalStatus", hl7("condition-clinical", clinical))
        .with("verificationStatus", hl7("condition-ver-status", "confirmed"))
        .with("category", list([hl7("condition-category", category)]))
        .with("code", own("problem", problem.code, problem.words))
        .with("subject", history.subject())
        .maybe("encounter", entry.visit.map(Visit::reference))
        .with("onsetDateTime", entry.onset.to_string())
        .maybe("abatementDateTime", entry.resolved.map(|day| day.to_string()))
        .with("recordedDate", entry.recorded.to_string())
        .maybe("recorder", entry.visit.map(|visit| visit.clinician.reference(history.plan)))
        .maybe("note", entry.note.as_deref().map(|note| list([words(note)])));
    history.add("Condition", id, &condition);
}

/// Writes a problem of one encounter that was over after some days.
pub fn episode(history: &mut History, visit: &Visit, problem: &Problem, began: i32, lasted: i32) -> String {
    let id = history.next_id();
    let over = visit.day().plus(lasted);
    let entry = Entry {
        onset: visit.day().plus(-began).max(history.person.birth),
        recorded: visit.day(),
        resolved: (over <= history.end.day).then_some(over),
        visit: Some(visit),
        listed: false,
        note: None,
    };
    write(history, &id, problem, &entry);
    id
}

/// Writes a problem that was recorded by mistake.
pub fn mistake(history: &mut History, visit: &Visit, problem: &Problem) {
    let id = history.next_id();
    let condition = history
        .start("Condition", &id)
        .with("verificationStatus", hl7("condition-ver-status", "entered-in-error"))
        .with("category", list([hl7("condition-category", "problem-list-item")]))
        .with("code", own("problem", problem.code, problem.words))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("recordedDate", visit.day().to_string())
        .with("recorder", visit.clinician.reference(history.plan))
        .with("note", list([words("Recorded in the wrong person's record.")]));
    history.add("Condition", &id, &condition);
}

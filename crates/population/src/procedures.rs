//! What was done: operations, examinations with instruments, procedures of screening.

use crate::elements::{list, own, period, reference, words};
use crate::history::History;
use crate::visits::Visit;
use fhir::Tree;

/// Something done, for a reason perhaps, with an outcome.
pub struct Act<'a> {
    /// Code in `https://carespine.example/CodeSystem/procedure`.
    pub code: &'a str,
    /// What it is called.
    pub words: &'a str,
    /// Minutes that it took.
    pub minutes: i32,
    /// Id of the Condition it was for.
    pub reason: Option<&'a str>,
    /// What came of it.
    pub outcome: Option<&'a str>,
}

/// Writes something done at an encounter.
pub fn write(history: &mut History, visit: &Visit, act: &Act) -> String {
    let id = history.next_id();
    let end = visit.at.plus(act.minutes).min(history.end);
    let performer = Tree::object().with("actor", visit.clinician.reference(history.plan));
    let resource = history
        .start("Procedure", &id)
        .with("status", "completed")
        .with("code", own("procedure", act.code, act.words))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("performedPeriod", period(visit.at, Some(end)))
        .with("performer", list([performer]))
        .maybe("location", visit.place.reference(history.plan))
        .maybe("reasonReference", act.reason.map(|id| list([reference("Condition", id)])))
        .maybe("outcome", act.outcome.map(words));
    history.add("Procedure", &id, &resource);
    id
}

/// Writes something that takes some minutes and has no more to tell.
pub fn simple(history: &mut History, visit: &Visit, code: &str, words: &str, outcome: &str) -> String {
    write(history, visit, &Act { code, words, minutes: 10, reason: None, outcome: Some(outcome) })
}

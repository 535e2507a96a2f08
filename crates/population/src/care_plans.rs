//! Care plans and their goals.

use crate::elements::{hl7, list, own, period, quantity, reference, words};
use crate::history::History;
use crate::visits::Visit;
use fhir::Tree;

/// A plan agreed at an encounter.
pub struct Agreement<'a> {
    /// Code in `https://carespine.example/CodeSystem/care-plan`.
    pub code: &'a str,
    /// What it is called.
    pub title: &'a str,
    /// What is to be reached: words, and measure with limit, unit and UCUM unit.
    pub goal: (&'a str, Option<(&'a str, &'a str, &'a str)>),
    /// What will be done.
    pub activities: &'a [&'a str],
    /// Id of the Condition.
    pub condition: &'a str,
}

/// Writes a plan and its goal.
pub fn write(history: &mut History, visit: &Visit, agreement: &Agreement) {
    let goal = history.next_id();
    let condition = reference("Condition", agreement.condition);
    let target = agreement.goal.1.map(|(limit, unit, ucum)| {
        let high = Tree::object().with("high", quantity(limit.to_owned(), unit, ucum));
        Tree::object()
            .with("measure", words(agreement.goal.0))
            .with("detailRange", high)
            .with("dueDate", visit.day().plus(365).to_string())
    });
    let resource = history
        .start("Goal", &goal)
        .with("lifecycleStatus", if history.alive() { "active" } else { "cancelled" })
        .with("achievementStatus", hl7("goal-achievement", "in-progress"))
        .with("description", words(agreement.goal.0))
        .with("subject", history.subject())
        .with("startDate", visit.day().to_string())
        .maybe("target", target.map(|target| list([target])))
        .with("addresses", list([condition.clone()]));
    history.add("Goal", &goal, &resource);
    let plan = history.next_id();
    let activity = |text: &&str| {
        let detail = Tree::object().with("status", "in-progress").with("description", *text);
        Tree::object().with("detail", detail)
    };
    let activities: Vec<Tree> = agreement.activities.iter().map(activity).collect();
    let resource = history
        .start("CarePlan", &plan)
        .with("status", if history.alive() { "active" } else { "revoked" })
        .with("intent", "plan")
        .with("category", list([own("care-plan", agreement.code, agreement.title)]))
        .with("title", agreement.title)
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("period", period(visit.day(), (!history.alive()).then_some(history.end.day)))
        .with("created", visit.at.to_string())
        .with("author", visit.clinician.reference(history.plan))
        .with("addresses", list([condition]))
        .with("goal", list([reference("Goal", &goal)]))
        .with("activity", activities);
    history.add("CarePlan", &plan, &resource);
}

//! Planned operations, for worn joints and eyes.

use crate::history::History;
use crate::medicines::{self, list as m};
use crate::places;
use crate::problems::{self as p, Problem};
use crate::procedures::{self, Act};
use crate::stays::{self, Admission, discharge};
use crate::time::Day;
use crate::visits::{Setting, visit};

/// Writes the operations of this person.
pub fn write(history: &mut History) {
    for (problem, code, words) in [
        (&p::OSTEOARTHRITIS_HIP, "total-hip-replacement", "Total hip replacement"),
        (&p::OSTEOARTHRITIS_KNEE, "total-knee-replacement", "Total knee replacement"),
    ] {
        let Some(found) = history.health.course(problem).map(|course| course.diagnosed) else { continue };
        if history.random.chance(0.35) {
            let day = found.plus(history.random.between(400, 1_600));
            joint(history, day, problem, code, words);
        }
    }
    if let Some(operated) = history.health.course(&p::CATARACT).and_then(|course| course.ended) {
        cataract(history, operated);
    }
}

fn joint(history: &mut History, day: Day, problem: &Problem, code: &str, words: &str) {
    let condition = history.condition(problem);
    let admission = Admission {
        specialty: "Orthopaedics",
        at: day.working().at(7, 15),
        hours: 3 * 24 + 6,
        reason: words,
        method: stays::PLANNED,
        condition: condition.as_deref(),
        bed: None,
    };
    if day.plus(10) > history.end.day {
        return;
    }
    visit(history, Setting::Clinic("Orthopaedics"), day.plus(-90), "Joint pain: surgery to be discussed");
    let Some(stay) = stays::admit(history, &admission) else { return };
    let act =
        Act { code, words, minutes: 95, reason: condition.as_deref(), outcome: Some("Completed as planned") };
    procedures::write(history, &stay.visit.later(120), &act);
    stays::rounds(history, &stay, 0.12, 0.7, 3);
    medicines::inpatient(history, &stay.visit, &m::ENOXAPARIN, 5, condition.as_deref());
    medicines::inpatient(history, &stay.visit, &m::CODEINE, 5, condition.as_deref());
    discharge(
        history,
        &stay,
        words,
        "Operation without complications. Walks with two sticks, stairs done with help.",
    );
    visit(history, Setting::Clinic("Orthopaedics"), day.plus(44), "Follow-up after joint replacement");
}

fn cataract(history: &mut History, day: Day) {
    visit(history, Setting::Clinic("Ophthalmology"), day.plus(-60), "Cataract: assessment for surgery");
    let place = places::DAY_SURGERY;
    if let Some(visit) = visit(history, Setting::DayCase("Ophthalmology", place), day, "Cataract surgery") {
        let condition = history.condition(&p::CATARACT);
        let act = Act {
            code: "cataract-surgery",
            words: "Removal of cataract with lens implant",
            minutes: 25,
            reason: condition.as_deref(),
            outcome: Some("Completed as planned"),
        };
        procedures::write(history, &visit, &act);
    }
}

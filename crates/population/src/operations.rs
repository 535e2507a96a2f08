//! Operations: planned ones for worn joints and eyes, and those that cannot wait.

use crate::history::History;
use crate::medicines::{self, Order, list as m};
use crate::observations::{ill, signs};
use crate::places;
use crate::problems::{self as p, Entry, Problem};
use crate::procedures::{self, Act};
use crate::results::{self, analytes::Analyte, panel_of, panel_with};
use crate::stays::{self, Admission, Stay, discharge};
use crate::time::Day;
use crate::visits::{Setting, visit, visit_at};

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
    unplanned(history);
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
    inpatient(history, &stay, &m::ENOXAPARIN, 5, condition.as_deref());
    inpatient(history, &stay, &m::CODEINE, 5, condition.as_deref());
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

fn inpatient(
    history: &mut History,
    stay: &Stay,
    medicine: &'static medicines::Medicine,
    days: i32,
    reason: Option<&str>,
) {
    let medicine = medicines::safe(history, medicine, stay.visit.day());
    let order = Order {
        medicine,
        from: stay.visit.day(),
        until: Some(stay.visit.day().plus(days)),
        stopped: None,
        repeat: false,
        category: "inpatient",
        visit: Some(&stay.visit),
        reason,
    };
    medicines::order(history, &order);
}

fn unplanned(history: &mut History) {
    let years = history.end.day.year() - history.from.year();
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        let age = history.age(day);
        let weak = history.health.has(&p::OSTEOPOROSIS, day) || history.health.has(&p::FRAILTY, day);
        let hip = if weak && age > 68 { 0.03 } else { 0.0 };
        if day.plus(25) >= history.end.day {
            continue;
        }
        if history.random.chance(hip) {
            hip_fracture(history, day, 10 * 24, None);
        } else if (7..50).contains(&age) && history.random.chance(0.002) {
            appendix(history, day, 48, None);
        }
    }
}

/// A broken hip: the Emergency Department, an operation next day, a long stay.
pub fn hip_fracture(history: &mut History, day: Day, hours: i32, bed: Option<usize>) -> Option<Stay> {
    let finding = "Displaced fracture of the neck of the femur.";
    let operation = ("hip-hemiarthroplasty", "Hemiarthroplasty of hip", 85);
    let imaging = ("x-ray-pelvis", "X-ray of pelvis and hip", finding);
    emergency(
        history,
        day,
        hours,
        bed,
        &Emergency {
            complaint: "Fell at home, hip pain, cannot stand",
            problem: &p::HIP_FRACTURE,
            specialty: "Orthopaedics",
            imaging,
            operation,
            inflamed: 18.0,
            illness: 0.2,
        },
    )
}

/// An inflamed appendix.
pub fn appendix(history: &mut History, day: Day, hours: i32, bed: Option<usize>) -> Option<Stay> {
    emergency(
        history,
        day,
        hours,
        bed,
        &Emergency {
            complaint: "Pain in the right lower abdomen, vomiting",
            problem: &APPENDICITIS,
            specialty: "General surgery",
            imaging: (
                "ultrasound-abdomen",
                "Ultrasound of abdomen",
                "Swollen appendix of 9 mm with free fluid.",
            ),
            operation: ("laparoscopic-appendicectomy", "Laparoscopic appendicectomy", 60),
            inflamed: 85.0,
            illness: 0.35,
        },
    )
}

const APPENDICITIS: Problem = Problem { code: "appendicitis", words: "Acute appendicitis" };

struct Emergency {
    complaint: &'static str,
    problem: &'static Problem,
    specialty: &'static str,
    imaging: (&'static str, &'static str, &'static str),
    operation: (&'static str, &'static str, i32),
    inflamed: f64,
    illness: f64,
}

fn emergency(
    history: &mut History,
    day: Day,
    hours: i32,
    bed: Option<usize>,
    what: &Emergency,
) -> Option<Stay> {
    let at = day.at(history.random.between(6, 18), history.random.between(0, 59));
    if history.in_hospital(day) || !history.covers(at.plus(250)) {
        return None;
    }
    let arrival = visit_at(history, Setting::Emergency, at, what.complaint)?;
    let set = ill(history, &arrival, what.illness);
    signs(history, &arrival, &set);
    panel_of(history, &arrival, &results::BLOOD);
    panel_of(history, &arrival, &results::KIDNEYS);
    panel_with(history, &arrival, &results::CRP, &[(Analyte::Crp, what.inflamed)], None);
    let (code, name, finding) = what.imaging;
    results::imaging(history, &arrival.later(20), code, name, finding);
    let condition = history.next_id();
    let admission = Admission {
        specialty: what.specialty,
        at: at.plus(250),
        hours,
        reason: what.problem.words,
        method: stays::EMERGENCY,
        condition: Some(&condition),
        bed,
    };
    let stay = stays::admit(history, &admission)?;
    let over = stay.end.day.plus(40);
    let entry = Entry {
        onset: day,
        recorded: day,
        resolved: (!stay.current && over < history.end.day).then_some(over),
        visit: Some(&stay.visit),
        listed: true,
        note: Some(finding.to_owned()),
    };
    p::write(history, &condition, what.problem, &entry);
    let (code, words, minutes) = what.operation;
    let theatre = crate::visits::Visit { at: day.plus(1).at(10, 5), ..stay.visit.clone() };
    if theatre.at.plus(minutes) < stay.end {
        let act =
            Act { code, words, minutes, reason: Some(&condition), outcome: Some("Completed as planned") };
        procedures::write(history, &theatre, &act);
    }
    stays::rounds(history, &stay, what.illness, 0.75, 4);
    inpatient(history, &stay, &m::ENOXAPARIN, 5, Some(&condition));
    inpatient(history, &stay, &m::PARACETAMOL, 14, Some(&condition));
    if !stay.current && !stay.died {
        discharge(history, &stay, what.problem.words, &format!("{words} on {}.", theatre.day().long()));
    }
    Some(stay)
}

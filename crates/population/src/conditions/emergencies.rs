//! What cannot wait: sudden illness that brings people through the Emergency Department into a ward.

use crate::history::History;
use crate::medicines::{self, Medicine, list as m};
use crate::observations::{ill, signs};
use crate::problems::{self as p, Entry, Problem};
use crate::procedures::{self, Act};
use crate::results::analytes::Analyte;
use crate::results::{self, Panel, panel_of, panel_with};
use crate::stays::{self, Admission, Stay, discharge};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit_at};

/// A sudden illness and what is done about it.
pub struct Emergency {
    complaint: &'static str,
    problem: Problem,
    /// Whether it stays on the list of problems.
    listed: bool,
    specialty: &'static str,
    /// Code, name and finding.
    imaging: (&'static str, &'static str, &'static str),
    /// A test besides the usual ones, with its value.
    test: Option<(&'static Panel, Analyte, f64)>,
    /// Code, name and minutes of what is done next day.
    operation: Option<(&'static str, &'static str, i32)>,
    medicines: &'static [&'static Medicine],
    /// C-reactive protein on arrival.
    inflamed: f64,
    /// How ill the person is, from 0 to 1.
    illness: f64,
    outcome: &'static str,
}

/// A broken hip.
pub const HIP: Emergency = Emergency {
    complaint: "Fell at home, hip pain, cannot stand",
    problem: p::HIP_FRACTURE,
    listed: true,
    specialty: "Orthopaedics",
    imaging: ("x-ray-pelvis", "X-ray of pelvis and hip", "Displaced fracture of the neck of the femur."),
    test: None,
    operation: Some(("hip-hemiarthroplasty", "Hemiarthroplasty of hip", 85)),
    medicines: &[&m::ENOXAPARIN, &m::PARACETAMOL],
    inflamed: 18.0,
    illness: 0.2,
    outcome: "Walks with a frame and one person.",
};

/// An inflamed appendix.
pub const APPENDIX: Emergency = Emergency {
    complaint: "Pain in the right lower abdomen, vomiting",
    problem: Problem { code: "appendicitis", words: "Acute appendicitis" },
    listed: false,
    specialty: "General surgery",
    imaging: ("ultrasound-abdomen", "Ultrasound of abdomen", "Swollen appendix of 9 mm with free fluid."),
    test: None,
    operation: Some(("laparoscopic-appendicectomy", "Laparoscopic appendicectomy", 60)),
    medicines: &[&m::PARACETAMOL],
    inflamed: 85.0,
    illness: 0.35,
    outcome: "Eating and walking, wounds clean.",
};

/// An inflamed gall bladder.
pub const GALL_BLADDER: Emergency = Emergency {
    complaint: "Pain under the right ribs and fever",
    problem: Problem { code: "cholecystitis", words: "Acute cholecystitis" },
    listed: false,
    specialty: "General surgery",
    imaging: ("ultrasound-abdomen", "Ultrasound of abdomen", "Gallstones, thick wall of the gall bladder."),
    test: Some((&results::LIVER, Analyte::Alt, 88.0)),
    operation: Some(("laparoscopic-cholecystectomy", "Laparoscopic cholecystectomy", 80)),
    medicines: &[&m::CO_AMOXICLAV_IV, &m::PARACETAMOL],
    inflamed: 134.0,
    illness: 0.45,
    outcome: "Pain gone, eating a light diet.",
};

/// A heart that fails suddenly.
pub const HEART: Emergency = Emergency {
    complaint: "Woke fighting for breath",
    problem: Problem { code: "acute-heart-failure", words: "Acute heart failure" },
    listed: false,
    specialty: "Cardiology",
    imaging: ("x-ray-chest", "X-ray of chest", "Large heart, fluid in both lungs and small effusions."),
    test: Some((&results::BNP, Analyte::Bnp, 5_400.0)),
    operation: None,
    medicines: &[&m::FUROSEMIDE_IV, &m::ENOXAPARIN],
    inflamed: 12.0,
    illness: 0.6,
    outcome: "Lost six kilograms of water, breathes easily lying flat.",
};

/// A stroke.
pub const STROKE: Emergency = Emergency {
    complaint: "Sudden weakness of one side and slurred speech",
    problem: p::STROKE,
    listed: true,
    specialty: "Stroke medicine",
    imaging: (
        "ct-head",
        "CT of head",
        "Early change in the territory of the middle cerebral artery. No bleed.",
    ),
    test: Some((&results::GLUCOSE, Analyte::Glucose, 8.4)),
    operation: None,
    medicines: &[&m::CLOPIDOGREL, &m::ATORVASTATIN_80],
    inflamed: 6.0,
    illness: 0.15,
    outcome: "Swallows safely, walks with help. The community stroke team takes over.",
};

/// A bleed from the stomach.
pub const BLEED: Emergency = Emergency {
    complaint: "Black stools and fainting",
    problem: Problem { code: "bleeding-gastric-ulcer", words: "Bleeding gastric ulcer" },
    listed: false,
    specialty: "Gastroenterology",
    imaging: ("x-ray-chest", "X-ray of chest", "No free air. Clear lungs."),
    test: Some((&results::BLOOD, Analyte::Haemoglobin, 81.0)),
    operation: Some(("gastroscopy", "Gastroscopy with clips to an ulcer", 40)),
    medicines: &[&m::OMEPRAZOLE],
    inflamed: 9.0,
    illness: 0.5,
    outcome: "No more bleeding, haemoglobin steady after two units of blood.",
};

/// Writes emergencies of the years covered, as age and illness bring them.
pub fn write(history: &mut History) {
    if let Some(found) = history.health.course(&p::STROKE).map(|course| course.diagnosed) {
        // The course is found at the visit after the stay.
        admit(history, found.plus(-10), 5 * 24, None, &STROKE);
    }
    let years = history.end.day.year() - history.from.year();
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        if day.plus(25) >= history.end.day {
            continue;
        }
        if let Some((emergency, days)) = chosen(history, day) {
            let hours = days * 24 + history.random.between(-8, 8);
            admit(history, day, hours, None, emergency);
        }
    }
}

fn chosen(history: &mut History, day: Day) -> Option<(&'static Emergency, i32)> {
    let age = history.age(day);
    let health = &history.health;
    let weak = health.has(&p::OSTEOPOROSIS, day) || health.has(&p::FRAILTY, day);
    let failing = health.has(&p::HEART_FAILURE, day);
    let chance = history.random.unit();
    match age {
        69.. if weak && chance < 0.03 => Some((&HIP, 10)),
        _ if failing && chance < 0.12 => Some((&HEART, 5)),
        7..50 if chance < 0.002 => Some((&APPENDIX, 2)),
        30.. if (0.5..0.5025).contains(&chance) => Some((&GALL_BLADDER, 4)),
        55.. if (0.6..0.603).contains(&chance) => Some((&BLEED, 4)),
        _ => None,
    }
}

/// Writes an emergency: arrival and tests, the stay of so many hours, what is done, the summary.
pub fn admit(
    history: &mut History,
    day: Day,
    hours: i32,
    bed: Option<usize>,
    what: &'static Emergency,
) -> Option<Stay> {
    let at = day.at(history.random.between(6, 18), history.random.between(0, 59));
    if history.in_hospital(day) || !history.covers(at.plus(250)) {
        return None;
    }
    let arrival = visit_at(history, Setting::Emergency, at, what.complaint)?;
    examine(history, &arrival, what);
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
    diagnose(history, &stay, &condition, what);
    treat(history, &stay, &condition, what);
    Some(stay)
}

fn examine(history: &mut History, arrival: &Visit, what: &Emergency) {
    let set = ill(history, arrival, what.illness);
    signs(history, arrival, &set);
    panel_of(history, arrival, &results::KIDNEYS);
    panel_with(history, arrival, &results::CRP, &[(Analyte::Crp, what.inflamed)], None);
    match what.test {
        Some((panel, analyte, value)) => {
            let value = value * (1.0 + history.random.around(0.0, 0.08));
            panel_with(history, arrival, panel, &[(analyte, value)], None);
        }
        None => panel_of(history, arrival, &results::BLOOD),
    }
    let (code, name, finding) = what.imaging;
    results::imaging(history, &arrival.later(20), code, name, finding);
}

fn diagnose(history: &mut History, stay: &Stay, condition: &str, what: &Emergency) {
    let day = stay.visit.day();
    let over = stay.end.day.plus(40);
    let entry = Entry {
        onset: day,
        recorded: day,
        resolved: (!stay.current && over < history.end.day).then_some(over),
        visit: Some(&stay.visit),
        // The practice lists a stroke when it sees the person afterwards.
        listed: history.condition(&what.problem).is_none() && (what.listed || stay.current),
        note: Some(what.imaging.2.to_owned()),
    };
    p::write(history, condition, &what.problem, &entry);
}

fn treat(history: &mut History, stay: &Stay, condition: &str, what: &Emergency) {
    let mut story = what.imaging.2.to_owned();
    let theatre = Visit { at: stay.visit.day().plus(1).at(10, 5), ..stay.visit.clone() };
    if let Some((code, words, minutes)) = what.operation
        && theatre.at.plus(minutes) < stay.end
        && theatre.at > stay.visit.at
    {
        let outcome = Some("Completed as planned");
        procedures::write(history, &theatre, &Act { code, words, minutes, reason: Some(condition), outcome });
        story.push_str(&format!("\n{words} on {}.", theatre.day().long()));
    }
    stays::rounds(history, stay, what.illness, 0.75, 4);
    for medicine in what.medicines {
        medicines::inpatient(history, &stay.visit, medicine, 5, Some(condition));
    }
    if !stay.current && !stay.died {
        story.push_str(&format!("\n{}", what.outcome));
        discharge(history, stay, what.problem.words, &story);
    }
}

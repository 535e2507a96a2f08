//! Injuries and sudden illness: visits to the Emergency Department that end at home.

use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::medicines::{self, list as m};
use crate::observations::{ill, signs};
use crate::problems::{self, Problem};
use crate::procedures::{self, Act};
use crate::requests::{self, Request};
use crate::results::{self, panel_of};
use crate::time::Day;
use crate::visits::{Setting, arrival, visit};

/// Something that brings people to the Emergency Department.
struct Accident {
    problem: Problem,
    reason: &'static str,
    ages: (i32, i32),
    imaging: Option<(&'static str, &'static str, &'static str)>,
    procedure: Option<(&'static str, &'static str)>,
    advice: &'static str,
}

const ACCIDENTS: &[(u32, Accident)] = &[
    (
        6,
        Accident {
            problem: Problem { code: "wrist-fracture", words: "Fracture of the distal radius" },
            reason: "Fell on an outstretched hand",
            ages: (6, 95),
            imaging: Some((
                "x-ray-wrist",
                "X-ray of wrist",
                "Fracture of the distal radius with slight dorsal tilt.",
            )),
            procedure: Some(("plaster-cast", "Plaster cast to forearm")),
            advice: "Fracture clinic in one week. Keep the arm raised and the fingers moving.",
        },
    ),
    (
        8,
        Accident {
            problem: Problem { code: "ankle-sprain", words: "Sprained ankle" },
            reason: "Twisted ankle, cannot walk on it",
            ages: (8, 70),
            imaging: Some(("x-ray-ankle", "X-ray of ankle", "No fracture.")),
            procedure: None,
            advice: "Rest, ice, compression. Walk on it as soon as it allows.",
        },
    ),
    (
        7,
        Accident {
            problem: Problem { code: "laceration-of-hand", words: "Laceration of the hand" },
            reason: "Cut hand with a knife in the kitchen",
            ages: (5, 90),
            imaging: None,
            procedure: Some(("wound-suture", "Suture of wound")),
            advice: "Stitches out after ten days by the practice nurse. Tetanus vaccines are up to date.",
        },
    ),
    (
        7,
        Accident {
            problem: Problem { code: "minor-head-injury", words: "Minor head injury" },
            reason: "Bumped head, vomited once",
            ages: (1, 99),
            imaging: None,
            procedure: None,
            advice: "No sign of injury to the brain. Head injury advice given, an adult stays for 24 hours.",
        },
    ),
    (
        6,
        Accident {
            problem: Problem { code: "chest-pain-not-cardiac", words: "Chest pain, not cardiac" },
            reason: "Chest pain since this morning",
            ages: (25, 90),
            imaging: Some(("x-ray-chest", "X-ray of chest", "Clear lungs, normal heart size.")),
            procedure: Some(("electrocardiogram", "Electrocardiogram, 12 leads")),
            advice: "Two troponins normal, electrocardiogram normal. See your GP about stomach protection.",
        },
    ),
    (
        4,
        Accident {
            problem: Problem { code: "renal-colic", words: "Renal colic" },
            reason: "Severe pain from loin to groin",
            ages: (22, 75),
            imaging: Some((
                "ct-urinary-tract",
                "CT of urinary tract",
                "4 mm stone in the lower left ureter.",
            )),
            procedure: None,
            advice: "The stone should pass by itself. Drink plenty. Come back with fever or more pain.",
        },
    ),
    (
        4,
        Accident {
            problem: Problem { code: "abdominal-pain", words: "Abdominal pain, cause not found" },
            reason: "Stomach pain for a day",
            ages: (6, 90),
            imaging: None,
            procedure: None,
            advice: "Blood tests normal and pain settled. Come back if it returns.",
        },
    ),
    (
        5,
        Accident {
            problem: Problem { code: "bronchiolitis", words: "Bronchiolitis" },
            reason: "Cough, poor feeding, fast breathing",
            ages: (0, 1),
            imaging: None,
            procedure: None,
            advice: "Feeding more than half and oxygen levels good. Small feeds often, come back if worse.",
        },
    ),
    (
        5,
        Accident {
            problem: Problem { code: "croup", words: "Croup" },
            reason: "Barking cough in the night",
            ages: (1, 4),
            imaging: None,
            procedure: None,
            advice: "One dose of dexamethasone given. Settled after two hours.",
        },
    ),
    (
        5,
        Accident {
            problem: Problem { code: "fall", words: "Fall" },
            reason: "Fell at home, could not get up",
            ages: (72, 99),
            imaging: Some((
                "x-ray-pelvis",
                "X-ray of pelvis and hip",
                "No fracture. Wear of both hip joints.",
            )),
            procedure: None,
            advice: "No bone broken. Falls team asked to visit at home.",
        },
    ),
];

/// Writes visits to the Emergency Department that end at home.
pub fn write(history: &mut History) {
    let years = history.end.day.year() - history.from.year() + 1;
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        let age = history.age(day);
        let share = match age {
            0..=4 => 0.1,
            75.. => 0.08,
            _ => 0.04,
        };
        if !history.random.chance(share) || history.in_hospital(day) {
            continue;
        }
        if let Some(accident) = draw(history, age) {
            attend_emergency(history, day, accident);
        }
    }
}

fn draw(history: &mut History, age: i32) -> Option<&'static Accident> {
    let fits = |accident: &Accident| (accident.ages.0..=accident.ages.1).contains(&age);
    (0..12).map(|_| history.random.weighted(ACCIDENTS)).find(|accident| fits(accident))
}

/// Writes that someone came to the Emergency Department some minutes ago and is being seen.
pub fn waiting(history: &mut History, minutes: i32) {
    let age = history.age(history.end.day);
    let Some(accident) = draw(history, age) else { return };
    let at = history.end.plus(-minutes);
    let visit = arrival(history, Setting::Emergency, at, accident.reason);
    let set = ill(history, &visit, 0.15);
    signs(history, &visit, &set);
    if let Some((code, words, _)) = accident.imaging {
        let category = requests::IMAGING;
        let request = Request { category, code, words, priority: "urgent", open: true, reason: None };
        requests::write(history, &visit, &request);
    }
}

/// Writes a visit to the Emergency Department for one of the known reasons.
pub fn accident(history: &mut History, day: Day, code: &str) {
    if let Some((_, accident)) = ACCIDENTS.iter().find(|(_, accident)| accident.problem.code == code) {
        attend_emergency(history, day, accident);
    }
}

fn attend_emergency(history: &mut History, day: Day, accident: &'static Accident) {
    let Some(visit) = visit(history, Setting::Emergency, day, accident.reason) else { return };
    let fever = matches!(accident.problem.code, "croup" | "bronchiolitis");
    // Nobody counts the breaths of someone young who has twisted an ankle.
    let injured = matches!(accident.problem.code, "ankle-sprain" | "laceration-of-hand" | "wrist-fracture");
    if !injured || history.age(day) > 64 {
        let set = ill(history, &visit, if fever { 0.35 } else { 0.05 });
        signs(history, &visit, &set);
    }
    let lasts = history.random.between(5, 45);
    let condition = problems::episode(history, &visit, &accident.problem, 0, lasts);
    if let Some((code, name, finding)) = accident.imaging {
        let request = Request {
            category: requests::IMAGING,
            code,
            words: name,
            priority: "urgent",
            open: false,
            reason: Some(&condition),
        };
        requests::write(history, &visit, &request);
        results::imaging(history, &visit.later(15), code, name, finding);
    }
    match accident.problem.code {
        "chest-pain-not-cardiac" => {
            panel_of(history, &visit, &results::TROPONIN);
            panel_of(history, &visit, &results::BLOOD);
        }
        "abdominal-pain" | "renal-colic" => {
            panel_of(history, &visit, &results::KIDNEYS);
            panel_of(history, &visit, &results::CRP);
        }
        "croup" => medicines::course(history, &visit, &m::DEXAMETHASONE, Some(&condition)),
        "wrist-fracture" if history.age(day) > 17 => {
            medicines::course(history, &visit, &m::CODEINE, Some(&condition))
        }
        _ => {}
    }
    if let Some((code, words)) = accident.procedure {
        procedures::write(
            history,
            &visit.later(20),
            &Act { code, words, minutes: 15, reason: Some(&condition), outcome: None },
        );
    }
    let letter = Letter {
        sort: Sort::Emergency,
        title: format!("Emergency Department: {}", accident.problem.words),
        written: visit.at.plus(90),
        parts: vec![
            ("Came with", format!("{}.", accident.reason)),
            ("Diagnosis", format!("{}.", accident.problem.words)),
            (
                "Examinations",
                accident.imaging.map_or("None".to_owned(), |(_, name, finding)| format!("{name}: {finding}")),
            ),
            ("Advice", accident.advice.to_owned()),
        ],
    };
    letters::write(history, &visit, &letter);
}

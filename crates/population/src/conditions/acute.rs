//! Illnesses and injuries that come and go: what brings people to the surgery, to the Emergency Department and into
//! hospital without being on the list of problems for ever.

use crate::health::Smoking;
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::medicines::{self, Medicine, list as m};
use crate::names::Sex;
use crate::observations::{ill, signs};
use crate::problems::{self, Problem};
use crate::procedures;
use crate::requests::{self, Request};
use crate::results::analytes::Analyte;
use crate::results::{self, panel_of, panel_with};
use crate::stays::{self, Admission};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit, visit_at};

/// Something that brings people to the surgery.
struct Complaint {
    problem: Problem,
    reason: &'static str,
    ages: (i32, i32),
    only: Option<Sex>,
    medicine: Option<&'static Medicine>,
    days: i32,
}

const fn complaint(
    code: &'static str,
    words: &'static str,
    reason: &'static str,
    ages: (i32, i32),
    medicine: Option<&'static Medicine>,
    days: i32,
) -> Complaint {
    Complaint { problem: Problem { code, words }, reason, ages, only: None, medicine, days }
}

const fn women(complaint: Complaint) -> Complaint {
    Complaint { only: Some(Sex::Female), ..complaint }
}

const fn men(complaint: Complaint) -> Complaint {
    Complaint { only: Some(Sex::Male), ..complaint }
}

/// What people come with, with how common it is.
const COMPLAINTS: &[(u32, Complaint)] = &[
    (
        12,
        complaint(
            "upper-respiratory-infection",
            "Upper respiratory tract infection",
            "Cough and cold for a week",
            (0, 99),
            None,
            10,
        ),
    ),
    (
        6,
        complaint(
            "chest-infection",
            "Chest infection",
            "Cough with green sputum and fever",
            (18, 99),
            Some(&m::AMOXICILLIN),
            14,
        ),
    ),
    (
        5,
        complaint(
            "tonsillitis",
            "Tonsillitis",
            "Sore throat and fever",
            (4, 40),
            Some(&m::PHENOXYMETHYLPENICILLIN),
            10,
        ),
    ),
    (
        7,
        complaint(
            "otitis-media",
            "Acute otitis media",
            "Earache and fever",
            (0, 10),
            Some(&m::AMOXICILLIN_CHILD),
            8,
        ),
    ),
    (
        6,
        complaint(
            "viral-illness",
            "Viral illness",
            "Fever and off food",
            (0, 8),
            Some(&m::PARACETAMOL_CHILD),
            6,
        ),
    ),
    (4, complaint("gastroenteritis", "Gastroenteritis", "Vomiting and diarrhoea", (0, 90), None, 5)),
    (
        3,
        complaint(
            "conjunctivitis",
            "Conjunctivitis",
            "Sticky red eye",
            (0, 90),
            Some(&m::CHLORAMPHENICOL),
            7,
        ),
    ),
    (3, complaint("chickenpox", "Chickenpox", "Itchy spots and fever", (1, 9), None, 10)),
    (
        3,
        complaint(
            "impetigo",
            "Impetigo",
            "Crusted sores around the mouth",
            (1, 12),
            Some(&m::FLUCLOXACILLIN),
            8,
        ),
    ),
    (
        8,
        women(complaint(
            "urinary-infection",
            "Lower urinary tract infection",
            "Stinging on passing water",
            (16, 99),
            Some(&m::NITROFURANTOIN),
            6,
        )),
    ),
    (
        3,
        men(complaint(
            "urinary-infection",
            "Lower urinary tract infection",
            "Stinging on passing water",
            (45, 99),
            Some(&m::TRIMETHOPRIM),
            9,
        )),
    ),
    (
        9,
        complaint(
            "low-back-pain",
            "Low back pain",
            "Back pain after lifting",
            (18, 85),
            Some(&m::NAPROXEN),
            40,
        ),
    ),
    (
        5,
        complaint(
            "shoulder-pain",
            "Shoulder pain",
            "Shoulder pain on reaching up",
            (30, 85),
            Some(&m::IBUPROFEN),
            60,
        ),
    ),
    (4, complaint("neck-pain", "Neck pain", "Stiff neck", (20, 80), Some(&m::IBUPROFEN), 20)),
    (
        4,
        complaint(
            "tension-headache",
            "Tension headache",
            "Headaches at work",
            (16, 70),
            Some(&m::PARACETAMOL),
            30,
        ),
    ),
    (6, complaint("indigestion", "Indigestion", "Heartburn after meals", (20, 90), Some(&m::OMEPRAZOLE), 60)),
    (
        4,
        complaint(
            "constipation",
            "Constipation",
            "Hard stools and straining",
            (2, 99),
            Some(&m::MACROGOL),
            30,
        ),
    ),
    (
        4,
        complaint(
            "cellulitis",
            "Cellulitis of the leg",
            "Hot red lower leg",
            (35, 99),
            Some(&m::FLUCLOXACILLIN),
            12,
        ),
    ),
    (
        4,
        complaint(
            "hay-fever",
            "Hay fever",
            "Sneezing and itchy eyes in spring",
            (6, 60),
            Some(&m::CETIRIZINE),
            60,
        ),
    ),
    (4, complaint("insomnia", "Insomnia", "Cannot get to sleep", (20, 90), None, 60)),
    (
        3,
        complaint(
            "contact-dermatitis",
            "Contact dermatitis",
            "Itchy rash on the hands",
            (10, 80),
            Some(&m::HYDROCORTISONE),
            20,
        ),
    ),
    (
        3,
        complaint(
            "athletes-foot",
            "Athlete's foot",
            "Itchy skin between the toes",
            (12, 70),
            Some(&m::CLOTRIMAZOLE),
            21,
        ),
    ),
    (
        4,
        women(complaint(
            "vaginal-thrush",
            "Vaginal thrush",
            "Itching and discharge",
            (16, 60),
            Some(&m::FLUCONAZOLE),
            7,
        )),
    ),
    (
        5,
        women(complaint(
            "contraception-review",
            "Contraception review",
            "Repeat of contraceptive pill",
            (16, 48),
            Some(&m::DESOGESTREL),
            1,
        )),
    ),
    (
        4,
        women(complaint(
            "menopausal-symptoms",
            "Menopausal symptoms",
            "Hot flushes and poor sleep",
            (44, 58),
            None,
            700,
        )),
    ),
    (
        4,
        men(complaint(
            "prostate-symptoms",
            "Lower urinary tract symptoms",
            "Up three times a night to pass water",
            (55, 92),
            Some(&m::TAMSULOSIN),
            900,
        )),
    ),
    (3, complaint("shingles", "Shingles", "Painful blisters on one side of the chest", (45, 95), None, 25)),
    (
        3,
        complaint("vertigo", "Benign positional vertigo", "Room spins on turning in bed", (45, 90), None, 20),
    ),
    (4, complaint("ear-wax", "Ear wax", "Blocked ears", (40, 99), None, 14)),
    (3, complaint("tiredness", "Tiredness", "Tired all the time", (16, 80), None, 90)),
    (
        2,
        complaint(
            "iron-deficiency",
            "Iron deficiency anaemia",
            "Tired, pale, heavy periods",
            (18, 50),
            Some(&m::FERROUS_SULFATE),
            120,
        ),
    ),
    (2, complaint("molluscum", "Molluscum contagiosum", "Small pearly spots", (1, 10), None, 200)),
    (3, complaint("ankle-sprain", "Sprained ankle", "Twisted ankle", (8, 60), None, 30)),
    (
        3,
        complaint(
            "stress-at-work",
            "Stress at work",
            "Not coping at work, asks for a fit note",
            (20, 64),
            None,
            60,
        ),
    ),
];

/// Contacts of a year for a passing complaint, by age.
fn contacts_a_year(age: i32) -> f64 {
    match age {
        0 => 3.2,
        1..=4 => 2.0,
        5..=15 => 0.8,
        16..=44 => 0.9,
        45..=64 => 1.1,
        65..=79 => 1.4,
        _ => 1.7,
    }
}

/// Writes what brings the person to the surgery.
pub fn surgery(history: &mut History) {
    let (first, last) = (history.from, history.end.day);
    let mut day = first;
    loop {
        let rate = contacts_a_year(history.age(day));
        let gap = 365.0 / rate * (0.15 + history.random.unit() * 1.7);
        day = day.plus(gap as i32 + 1);
        if day > last {
            return;
        }
        attend(history, day);
    }
}

fn attend(history: &mut History, day: Day) {
    let age = history.age(day);
    let sex = history.person.sex;
    let fits = |complaint: &Complaint| {
        (complaint.ages.0..=complaint.ages.1).contains(&age) && complaint.only.is_none_or(|only| only == sex)
    };
    let complaint = (0..12)
        .map(|_| history.random.weighted(COMPLAINTS))
        .find(|complaint| fits(complaint))
        .unwrap_or(&COMPLAINTS[0].1);
    let setting = match history.random.below(10) {
        0..=2 => Setting::Telephone,
        3 if age > 84 => Setting::HomeVisit,
        _ => Setting::Doctor,
    };
    let Some(visit) = visit(history, setting, day, complaint.reason) else { return };
    let began = history.random.between(1, 9);
    let id = problems::episode(history, &visit, &complaint.problem, began, complaint.days);
    if setting != Setting::Telephone {
        examine(history, &visit, complaint.problem.code);
    }
    if let Some(medicine) = complaint.medicine
        && (setting != Setting::Telephone || history.random.chance(0.6))
    {
        medicines::course(history, &visit, medicine, Some(&id));
    } else if history.random.chance(0.12) && age > 16 {
        medicines::statement(history, &visit, &m::PARACETAMOL, "Bought for pain or fever");
    }
    if history.random.chance(0.004) {
        problems::mistake(history, &visit, &problems::EPILEPSY);
    }
}

fn examine(history: &mut History, visit: &Visit, code: &str) {
    use crate::observations::{PULSE, TEMPERATURE, measure};
    match code {
        "chest-infection" | "viral-illness" | "tonsillitis" | "otitis-media" => {
            let temperature = 37.6 + history.random.around(0.3, 0.5);
            measure(history, visit, &TEMPERATURE, temperature);
            let pulse = history.health.pulse(visit.day()) + history.random.around(14.0, 6.0);
            measure(history, visit, &PULSE, pulse);
        }
        "tiredness" => {
            panel_of(history, visit, &results::BLOOD);
            panel_of(history, visit, &results::THYROID);
            panel_of(history, visit, &results::LIVER);
        }
        "iron-deficiency" => {
            let given = [(Analyte::Haemoglobin, 98.0), (Analyte::CellVolume, 74.5)];
            panel_with(
                history,
                visit,
                &results::BLOOD,
                &given,
                Some("Microcytic anaemia, iron deficiency likely."),
            );
            panel_with(history, visit, &results::HAEMATINICS, &[(Analyte::Ferritin, 6.0)], None);
        }
        "contraception-review" | "tension-headache" => {
            crate::observations::usual_pressure(history, visit);
        }
        _ => {}
    }
}

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
            advice: "The stone should pass by itself. Drink plenty, come back with fever or pain that does not settle.",
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
pub fn emergencies(history: &mut History) {
    let years = history.end.day.year() - history.from.year() + 1;
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        let age = history.age(day);
        let share = match age {
            0..=4 => 0.3,
            75.. => 0.22,
            _ => 0.12,
        };
        if !history.random.chance(share) || history.in_hospital(day) {
            continue;
        }
        let fits = |accident: &Accident| (accident.ages.0..=accident.ages.1).contains(&age);
        let drawn = (0..12).map(|_| history.random.weighted(ACCIDENTS)).find(|accident| fits(accident));
        if let Some(accident) = drawn {
            attend_emergency(history, day, accident);
        }
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
    let set = ill(history, &visit, if fever { 0.35 } else { 0.05 });
    signs(history, &visit, &set);
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
            &procedures::Act { code, words, minutes: 15, reason: Some(&condition), outcome: None },
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

/// Pneumonia that needs a stay: first the Emergency Department, then a ward, with a discharge summary.
/// `hours` is how long the stay is meant to be.
pub fn pneumonia(history: &mut History, day: Day, hours: i32, bed: Option<usize>) -> Option<stays::Stay> {
    let at = day.at(history.random.between(7, 16), history.random.between(0, 59));
    if history.in_hospital(day) || !history.covers(at.plus(260)) {
        return None;
    }
    let arrival = visit_at(history, Setting::Emergency, at, "Cough, fever and short of breath")?;
    let illness = history.random.around(0.75, 0.12).clamp(0.4, 1.0);
    let set = ill(history, &arrival, illness);
    signs(history, &arrival, &set);
    let inflamed = 120.0 + illness * 130.0 + history.random.around(0.0, 20.0);
    panel_with(history, &arrival, &results::CRP, &[(Analyte::Crp, inflamed)], None);
    let white = 12.0 + illness * 5.0;
    let blood = [(Analyte::WhiteCells, white), (Analyte::Neutrophils, white - 2.3)];
    panel_with(history, &arrival, &results::BLOOD, &blood, None);
    panel_of(history, &arrival, &results::KIDNEYS);
    let side = *history.random.pick(&["right lower zone", "left lower zone", "right middle zone"]);
    let finding = format!("Consolidation in the {side}. No effusion.");
    results::imaging(history, &arrival.later(20), "x-ray-chest", "X-ray of chest", &finding);
    let condition = history.next_id();
    let admission = Admission {
        specialty: if history.age(day) > 82 { "Elderly care" } else { "Respiratory medicine" },
        at: at.plus(260),
        hours,
        reason: "Community-acquired pneumonia",
        method: stays::EMERGENCY,
        condition: Some(&condition),
        bed,
    };
    let stay = stays::admit(history, &admission)?;
    let entry = problems::Entry {
        onset: day.plus(-4),
        recorded: day,
        resolved: (!stay.current && !stay.died && stay.end.day.plus(21) < history.end.day)
            .then(|| stay.end.day.plus(21)),
        visit: Some(&stay.visit),
        listed: stay.current,
        note: Some(finding.clone()),
    };
    problems::write(history, &condition, &problems::PNEUMONIA, &entry);
    stays::rounds(history, &stay, illness, if stay.died { 1.15 } else { 0.72 }, 8);
    antibiotics(history, &stay, &condition);
    later_blood(history, &stay, inflamed);
    if !stay.current && !stay.died {
        discharge(history, &stay, "Community-acquired pneumonia", &finding);
    }
    Some(stay)
}

fn antibiotics(history: &mut History, stay: &stays::Stay, condition: &str) {
    for (medicine, days) in [(&m::CO_AMOXICLAV_IV, 2), (&m::DOXYCYCLINE, 7)] {
        let medicine = medicines::safe(history, medicine);
        let order = medicines::Order {
            medicine,
            from: stay.visit.day(),
            until: Some(stay.visit.day().plus(days)),
            stopped: None,
            repeat: false,
            category: "inpatient",
            visit: Some(&stay.visit),
            reason: Some(condition),
        };
        medicines::order(history, &order);
        if medicine.code == m::DOXYCYCLINE.code {
            return;
        }
    }
}

/// Inflammation falls by half in about two days.
fn later_blood(history: &mut History, stay: &stays::Stay, first: f64) {
    let mut level = first;
    for day in 1..=4 {
        let at = stay.visit.day().plus(day).at(7, 10);
        level *= if stay.died { 1.05 } else { 0.68 };
        if at.plus(60) >= stay.end || day % 2 == 0 {
            continue;
        }
        let visit = Visit { at, ..stay.visit.clone() };
        panel_with(history, &visit, &results::CRP, &[(Analyte::Crp, level)], None);
        panel_of(history, &visit, &results::KIDNEYS);
    }
}

/// Writes the summary of a stay.
pub fn discharge(history: &mut History, stay: &stays::Stay, diagnosis: &str, course: &str) {
    let day = stay.end.day;
    let nights = day.since(stay.visit.day());
    let summary = Letter {
        sort: Sort::Discharge,
        title: format!("Discharge summary: {diagnosis}"),
        written: stay.end.plus(-30),
        parts: vec![
            ("Diagnosis", format!("{diagnosis}.")),
            ("Stay", format!("Admitted {}, home {}, {nights} nights.", stay.visit.day().long(), day.long())),
            ("What happened", course.to_owned()),
            ("Allergies", letters::allergies(history)),
            ("Other problems", letters::problems(history, day)),
            ("Medicines at home", letters::medicines(history, day)),
            ("For the GP", "Please check blood tests in two weeks. Return advice was given.".to_owned()),
        ],
    };
    let visit = Visit { at: stay.end.plus(-30), ..stay.visit.clone() };
    letters::write(history, &visit, &summary);
}

/// Writes stays for pneumonia and flares of lung disease, by age and illness.
pub fn stays(history: &mut History) {
    let years = history.end.day.year() - history.from.year();
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        let age = history.age(day);
        let mut share = match age {
            0..=64 => 0.002,
            65..=79 => 0.012,
            _ => 0.035,
        };
        if history.health.has(&problems::COPD, day) {
            share += 0.07;
        }
        if history.health.smoking(day) == Smoking::Current {
            share *= 1.5;
        }
        // What goes on now is written elsewhere.
        let over = day.plus(14) < history.end.day;
        if age > 17 && over && history.random.chance(share) {
            let hours = history.random.between(50, 190);
            pneumonia(history, day, hours, None);
        }
    }
}

//! Passing complaints that bring people to the surgery.

use crate::history::History;
use crate::medicines::{self, Medicine, list as m};
use crate::names::Sex;
use crate::observations::{PULSE, TEMPERATURE, measure, usual_pressure};
use crate::problems::{self, Problem};
use crate::results::analytes::Analyte;
use crate::results::{self, panel_of, panel_with};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit};

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
#[rustfmt::skip]
const COMPLAINTS: &[(u32, Complaint)] = &[
    (12, complaint("upper-respiratory-infection", "Upper respiratory tract infection", "Cough and cold",
        (0, 99), None, 10)),
    (6, complaint("chest-infection", "Chest infection", "Cough with green sputum and fever",
        (18, 99), Some(&m::AMOXICILLIN), 14)),
    (5, complaint("tonsillitis", "Tonsillitis", "Sore throat and fever",
        (12, 40), Some(&m::PHENOXYMETHYLPENICILLIN), 10)),
    (7, complaint("otitis-media", "Acute otitis media", "Earache and fever",
        (0, 10), Some(&m::AMOXICILLIN_CHILD), 8)),
    (6, complaint("viral-illness", "Viral illness", "Fever and off food",
        (0, 8), Some(&m::PARACETAMOL_CHILD), 6)),
    (4, complaint("gastroenteritis", "Gastroenteritis", "Vomiting and diarrhoea",
        (0, 90), None, 5)),
    (3, complaint("conjunctivitis", "Conjunctivitis", "Sticky red eye",
        (0, 90), Some(&m::CHLORAMPHENICOL), 7)),
    (3, complaint("chickenpox", "Chickenpox", "Itchy spots and fever",
        (1, 9), None, 10)),
    (3, complaint("impetigo", "Impetigo", "Crusted sores around the mouth",
        (1, 9), Some(&m::FLUCLOXACILLIN_CHILD), 8)),
    (8, women(complaint("urinary-infection", "Lower urinary tract infection", "Stinging on passing water",
        (16, 99), Some(&m::NITROFURANTOIN), 6))),
    (3, men(complaint("urinary-infection", "Lower urinary tract infection", "Stinging on passing water",
        (45, 99), Some(&m::TRIMETHOPRIM), 9))),
    (9, complaint("low-back-pain", "Low back pain", "Back pain after lifting",
        (18, 85), Some(&m::NAPROXEN), 40)),
    (5, complaint("shoulder-pain", "Shoulder pain", "Shoulder pain on reaching up",
        (30, 85), Some(&m::IBUPROFEN), 60)),
    (4, complaint("neck-pain", "Neck pain", "Stiff neck",
        (20, 80), Some(&m::IBUPROFEN), 20)),
    (4, complaint("tension-headache", "Tension headache", "Headaches at work",
        (16, 70), Some(&m::PARACETAMOL), 30)),
    (6, complaint("indigestion", "Indigestion", "Heartburn after meals",
        (20, 90), Some(&m::OMEPRAZOLE), 60)),
    (4, complaint("constipation", "Constipation", "Hard stools and straining",
        (2, 99), Some(&m::MACROGOL), 30)),
    (4, complaint("cellulitis", "Cellulitis of the leg", "Hot red lower leg",
        (35, 99), Some(&m::FLUCLOXACILLIN), 12)),
    (4, complaint("hay-fever", "Hay fever", "Sneezing and itchy eyes since spring",
        (12, 60), Some(&m::CETIRIZINE), 60)),
    (4, complaint("insomnia", "Insomnia", "Cannot get to sleep",
        (20, 90), None, 60)),
    (2, complaint("allergic-rhinitis", "Allergic rhinitis", "Blocked nose all year",
        (8, 70), Some(&m::FLUTICASONE), 300)),
    (3, complaint("contact-dermatitis", "Contact dermatitis", "Itchy rash on the hands",
        (10, 80), Some(&m::HYDROCORTISONE), 20)),
    (3, complaint("athletes-foot", "Athlete's foot", "Itchy skin between the toes",
        (12, 70), Some(&m::CLOTRIMAZOLE), 21)),
    (4, women(complaint("vaginal-thrush", "Vaginal thrush", "Itching and discharge",
        (16, 60), Some(&m::FLUCONAZOLE), 7))),
    (5, women(complaint("contraception-review", "Contraception review", "Repeat of contraceptive pill",
        (16, 48), Some(&m::DESOGESTREL), 1))),
    (4, women(complaint("menopausal-symptoms", "Menopausal symptoms", "Hot flushes and poor sleep",
        (44, 58), None, 700))),
    (4, men(complaint("prostate-symptoms", "Lower urinary tract symptoms", "Up three times each night",
        (55, 92), Some(&m::TAMSULOSIN), 900))),
    (3, complaint("shingles", "Shingles", "Painful blisters on one side of the chest",
        (45, 95), None, 25)),
    (3, complaint("vertigo", "Benign positional vertigo", "Room spins on turning in bed",
        (45, 90), None, 20)),
    (4, complaint("ear-wax", "Ear wax", "Blocked ears",
        (40, 99), None, 14)),
    (3, complaint("tiredness", "Tiredness", "Tired all the time",
        (16, 80), None, 90)),
    (2, complaint("iron-deficiency", "Iron deficiency anaemia", "Tired, pale, heavy periods",
        (18, 50), Some(&m::FERROUS_SULFATE), 120)),
    (2, complaint("molluscum", "Molluscum contagiosum", "Small pearly spots",
        (1, 10), None, 200)),
    (3, complaint("ankle-sprain", "Sprained ankle", "Twisted ankle",
        (8, 60), None, 30)),
    (3, complaint("stress-at-work", "Stress at work", "Not coping at work, asks for a fit note",
        (20, 64), None, 60)),
];

/// Contacts of a year for a passing complaint, by age. In England they are five times as many; the fewer keep
/// records short enough to be read.
fn contacts_a_year(age: i32) -> f64 {
    match age {
        0 => 1.8,
        1..=4 => 0.9,
        5..=15 => 0.35,
        16..=44 => 0.36,
        45..=64 => 0.4,
        65..=79 => 0.5,
        _ => 0.6,
    }
}

/// Writes what brings the person to the surgery.
pub fn write(history: &mut History) {
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
    let pregnant = history.health.has(&problems::PREGNANCY, day);
    let (_, month, _) = day.parts();
    let fits = |complaint: &Complaint| {
        (complaint.ages.0..=complaint.ages.1).contains(&age)
            && complaint.only.is_none_or(|only| only == sex)
            && match complaint.problem.code {
                "hay-fever" => (4..=7).contains(&month),
                "contraception-review" | "vaginal-thrush" => !pregnant,
                _ => true,
            }
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
    // A visit for a repeat of the pill is about no illness.
    let ill = complaint.problem.code != "contraception-review";
    let id = ill.then(|| problems::episode(history, &visit, &complaint.problem, began, complaint.days));
    if setting != Setting::Telephone {
        examine(history, &visit, complaint.problem.code);
    }
    if let Some(medicine) = complaint.medicine
        && (setting != Setting::Telephone || history.random.chance(0.6))
    {
        medicines::course(history, &visit, medicine, id.as_deref());
    } else if history.random.chance(0.12) && age > 16 {
        medicines::statement(history, &visit, &m::PARACETAMOL, "Bought for pain or fever");
    }
    if history.random.chance(0.004) {
        problems::mistake(history, &visit, &problems::EPILEPSY);
    }
}

fn examine(history: &mut History, visit: &Visit, code: &str) {
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
            usual_pressure(history, visit);
        }
        _ => {}
    }
}

//! Pneumonia and flares of lung disease that need a stay in hospital.

use crate::health::Smoking;
use crate::history::History;
use crate::medicines::{self, Order, list as m};
use crate::observations::{ill, signs};
use crate::problems::{self, Entry};
use crate::results::analytes::Analyte;
use crate::results::{self, panel_of, panel_with};
use crate::stays::{self, Admission, Stay, discharge};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit_at};

/// Pneumonia that needs a stay: first the Emergency Department, then a ward, with a discharge summary.
/// `hours` is how long the stay is meant to be.
pub fn admit(history: &mut History, day: Day, hours: i32, bed: Option<usize>) -> Option<Stay> {
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
    let entry = Entry {
        onset: day.plus(-4),
        recorded: day,
        resolved: (!stay.current && !stay.died && stay.end.day.plus(21) < history.end.day)
            .then(|| stay.end.day.plus(21)),
        visit: Some(&stay.visit),
        listed: stay.current,
        note: Some(finding.clone()),
    };
    problems::write(history, &condition, &problems::PNEUMONIA, &entry);
    stays::rounds(history, &stay, illness, if stay.died { 1.15 } else { 0.72 }, 5);
    antibiotics(history, &stay, &condition);
    later_blood(history, &stay, inflamed);
    if !stay.current && !stay.died {
        discharge(history, &stay, "Community-acquired pneumonia", &finding);
    }
    Some(stay)
}

fn antibiotics(history: &mut History, stay: &Stay, condition: &str) {
    let steroid = history.health.has(&problems::COPD, stay.visit.day()).then_some((&m::PREDNISOLONE, 5));
    for (medicine, days) in [(&m::DOXYCYCLINE, 7), (&m::CO_AMOXICLAV_IV, 2)].into_iter().chain(steroid) {
        if medicines::safe(history, medicine, stay.visit.day()) != medicine {
            // Doxycycline alone for those allergic to penicillin.
            continue;
        }
        let order = Order {
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
    }
}

/// Inflammation falls by half in about two days.
fn later_blood(history: &mut History, stay: &Stay, first: f64) {
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

/// Writes stays for pneumonia and flares of lung disease, by age and illness.
pub fn write(history: &mut History) {
    let years = history.end.day.year() - history.from.year();
    for year in 0..years {
        let day = history.from.plus_years(year).plus(history.random.between(0, 364));
        let age = history.age(day);
        let mut share = match age {
            0..=64 => 0.002,
            65..=79 => 0.009,
            _ => 0.024,
        };
        if history.health.has(&problems::COPD, day) {
            share += 0.05;
        }
        if history.health.smoking(day) == Smoking::Current {
            share *= 1.5;
        }
        // What goes on now is written elsewhere.
        let over = day.plus(14) < history.end.day;
        if age > 17 && over && history.random.chance(share) {
            let hours = history.random.between(50, 190);
            admit(history, day, hours, None);
        }
    }
}

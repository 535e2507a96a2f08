//! What is measured because of what someone has: each problem asks for checks, and a review makes each of
//! them once.

use crate::conditions::KNOWN;
use crate::history::History;
use crate::observations::{self as o, measure};
use crate::problems as p;
use crate::procedures;
use crate::results::{self as r, panel_of};
use crate::time::Day;
use crate::visits::Visit;

/// Something to measure, test or ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Pressure,
    Pulse,
    Size,
    Smoking,
    Saturation,
    PeakFlow,
    Spirometry,
    Kidneys,
    Blood,
    Liver,
    Lipids,
    Hba1c,
    Glucose,
    Thyroid,
    Bnp,
    Urine,
    Urate,
    Psa,
    Mood,
    Worry,
    Memory,
    Feet,
    Eyes,
}

/// The checks of everything known on a day, each once, in the order of [`Check`].
pub fn due(history: &History, day: Day) -> Vec<Check> {
    let mut checks: Vec<Check> = history
        .health
        .courses
        .iter()
        .filter(|course| course.known(day))
        .filter_map(|course| KNOWN.iter().find(|known| known.problem.code == course.problem.code))
        .flat_map(|known| known.yearly)
        .copied()
        .collect();
    checks.sort_by_key(|check| *check as u8);
    checks.dedup();
    checks
}

/// Makes the checks at an encounter.
pub fn make(history: &mut History, visit: &Visit, checks: &[Check]) {
    for &check in checks {
        make_one(history, visit, check);
    }
}

fn make_one(history: &mut History, visit: &Visit, check: Check) {
    let day = visit.day();
    match check {
        Check::Pressure => {
            o::usual_pressure(history, visit);
        }
        Check::Pulse => {
            let pulse = history.health.pulse(day) + history.random.around(0.0, 4.0);
            measure(history, visit, &o::PULSE, pulse);
        }
        Check::Size => o::size(history, visit),
        Check::Smoking => o::smoking(history, visit),
        Check::Saturation => {
            let saturation = history.health.saturation(day) + history.random.around(0.0, 0.6);
            measure(history, visit, &o::SATURATION, saturation.min(100.0));
        }
        Check::PeakFlow => {
            let flow = history.health.peak_flow(day) + history.random.around(0.0, 12.0);
            // Meters are read in steps of ten.
            measure(history, visit, &o::PEAK_FLOW, (flow / 10.0).round() * 10.0);
        }
        Check::Spirometry => spirometry(history, visit),
        Check::Mood => questionnaire(history, visit, &o::PHQ9, &p::DEPRESSION, 1.0, 27.0),
        Check::Worry => questionnaire(history, visit, &o::GAD7, &p::ANXIETY, 1.0, 21.0),
        Check::Memory => {
            let lost = history.health.course(&p::ALZHEIMERS).map_or(0.0, |course| course.burden(day));
            let points = 27.0 - lost + history.random.around(0.0, 0.6);
            measure(history, visit, &o::MOCA, points.clamp(3.0, 30.0));
        }
        Check::Feet => {
            let outcome =
                if history.random.chance(0.85) { "Low risk" } else { "Moderate risk, reduced sensation" };
            procedures::simple(history, visit, "diabetic-foot-check", "Diabetic foot check", outcome);
        }
        Check::Eyes => {
            let outcome = match history.random.below(10) {
                0 => "Background retinopathy in both eyes",
                1 => "Background retinopathy in one eye",
                _ => "No retinopathy",
            };
            procedures::simple(history, visit, "diabetic-eye-screening", "Diabetic eye screening", outcome);
        }
        _ => panel_of(history, visit, laboratory(check)),
    }
}

fn laboratory(check: Check) -> &'static r::Panel {
    match check {
        Check::Blood => &r::BLOOD,
        Check::Liver => &r::LIVER,
        Check::Lipids => &r::LIPIDS,
        Check::Hba1c => &r::HBA1C,
        Check::Glucose => &r::GLUCOSE,
        Check::Thyroid => &r::THYROID,
        Check::Bnp => &r::BNP,
        Check::Urine => &r::URINE,
        Check::Urate => &r::URATE,
        Check::Psa => &r::PSA,
        _ => &r::KIDNEYS,
    }
}

/// Writes the score of a questionnaire that follows an illness, on top of what anyone would score.
pub fn questionnaire(
    history: &mut History,
    visit: &Visit,
    score: &o::Measure,
    problem: &p::Problem,
    usual: f64,
    limit: f64,
) {
    let burden = history.health.course(problem).map_or(0.0, |course| course.burden(visit.day()));
    let points = usual + burden + history.random.around(0.5, 0.9);
    measure(history, visit, score, points.clamp(0.0, limit));
}

fn spirometry(history: &mut History, visit: &Visit) {
    // One second of breathing out holds about 45 parts of 10,000 of the peak flow of a minute.
    let lost = history.health.course(&p::COPD).map_or(0.0, |course| course.burden(visit.day()));
    let volume = history.health.peak_flow(visit.day()) * 0.0062 * (1.0 - lost / 100.0)
        + history.random.around(0.0, 0.04);
    let ratio = 64.0 - lost * 0.4 + history.random.around(0.0, 1.2);
    measure(history, visit, &o::FEV1, volume.max(0.5));
    measure(history, visit, &o::FEV1_RATIO, ratio);
}

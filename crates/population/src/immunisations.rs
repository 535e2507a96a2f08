//! Vaccines, by the schedule of England (UK Health Security Agency, "The Green Book").

use crate::elements::{list, own, words};
use crate::history::History;
use crate::problems;
use crate::time::{Day, Moment};
use crate::visits::{Setting, Visit, visit};
use fhir::Tree;

/// Code and words of a vaccine, and the number of the dose.
type Vaccine = (&'static str, &'static str, i64);

/// What children get: age in days, why they come, vaccines.
const CHILDREN: &[(i32, &str, &[Vaccine])] = &[
    (
        57,
        "8 week immunisations",
        &[
            ("six-in-one", "Diphtheria, tetanus, pertussis, polio, Hib and hepatitis B", 1),
            ("rotavirus", "Rotavirus", 1),
            ("meningitis-b", "Meningococcus B", 1),
        ],
    ),
    (
        86,
        "12 week immunisations",
        &[
            ("six-in-one", "Diphtheria, tetanus, pertussis, polio, Hib and hepatitis B", 2),
            ("rotavirus", "Rotavirus", 2),
            ("pneumococcal-conjugate", "Pneumococcal conjugate", 1),
        ],
    ),
    (
        115,
        "16 week immunisations",
        &[
            ("six-in-one", "Diphtheria, tetanus, pertussis, polio, Hib and hepatitis B", 3),
            ("meningitis-b", "Meningococcus B", 2),
        ],
    ),
    (
        370,
        "1 year immunisations",
        &[
            ("hib-meningitis-c", "Hib and meningococcus C", 1),
            ("mmr", "Measles, mumps and rubella", 1),
            ("pneumococcal-conjugate", "Pneumococcal conjugate", 2),
            ("meningitis-b", "Meningococcus B", 3),
        ],
    ),
    (
        1_225,
        "Pre-school immunisations",
        &[
            ("four-in-one", "Diphtheria, tetanus, pertussis and polio", 1),
            ("mmr", "Measles, mumps and rubella", 2),
        ],
    ),
    (4_600, "School immunisations, year 8", &[("hpv", "Human papillomavirus", 1)]),
    (
        5_150,
        "School immunisations, year 9",
        &[
            ("three-in-one", "Tetanus, diphtheria and polio", 1),
            ("meningitis-acwy", "Meningococcus A, C, W and Y", 1),
        ],
    ),
];

/// Writes everything given within the years covered.
pub fn write(history: &mut History) {
    // One family in twenty does not want vaccines; most of those still want some.
    let willing = if history.random.chance(0.05) { 0.4 } else { 0.97 };
    children(history, willing);
    let (first, last) = (history.from.year(), history.end.day.year());
    for year in first..=last {
        winter(history, year, willing);
    }
    once(history);
}

fn children(history: &mut History, willing: f64) {
    for (age, reason, vaccines) in CHILDREN {
        let day = history.person.birth.plus(*age + history.random.between(0, 16));
        if !history.random.chance(willing) {
            if day > history.from && day < history.end.day && history.random.chance(0.5) {
                refused(history, day, vaccines[0]);
            }
            continue;
        }
        if let Some(visit) = visit(history, Setting::Nurse, day, reason) {
            for vaccine in *vaccines {
                give(history, &visit, *vaccine);
            }
        }
    }
}

/// Vaccines of autumn: influenza, and since 2020 those against COVID-19.
fn winter(history: &mut History, year: i32, willing: f64) {
    let day = Day::of(year, 9, 20).plus(history.random.between(0, 80));
    let age = history.age(day);
    let ill = [problems::DIABETES_2, problems::DIABETES_1, problems::COPD, problems::KIDNEY_DISEASE]
        .iter()
        .chain(&[problems::HEART_FAILURE, problems::CORONARY_DISEASE, problems::PREGNANCY])
        .any(|problem| history.health.has(problem, day));
    let influenza = match age {
        65.. => 0.78,
        _ if ill => 0.5,
        2..=10 => 0.45,
        _ => 0.02,
    };
    let covid = match (year, age) {
        (2021, 18..) => 0.85,
        (2022, 50..) => 0.65,
        (2023, 65..) => 0.65,
        (2024.., 75..) => 0.7,
        _ => 0.0,
    };
    let flu = history.random.chance(influenza * willing);
    let corona = history.random.chance(covid * willing);
    if !flu && !corona {
        return;
    }
    // Most have it at a pharmacy, which tells the practice of the vaccine and of no more.
    let pharmacy = age > 15 && history.random.chance(0.7);
    let visit = if pharmacy { None } else { visit(history, Setting::Nurse, day, "Winter vaccination") };
    if !pharmacy && visit.is_none() || !history.covers(day.at(18, 0)) {
        return;
    }
    let at = visit.as_ref().map_or(day.at(12, 30), |visit| visit.at);
    if flu {
        put(history, visit.as_ref(), at, ("influenza", "Influenza", 1));
    }
    if corona {
        put(history, visit.as_ref(), at, ("covid-19", "COVID-19", 1));
    }
}

/// Vaccines that grown-ups get once, at an age.
fn once(history: &mut History) {
    let birth = history.person.birth;
    let offers: [(Day, Vaccine); 4] = [
        (birth.plus_years(65), ("pneumococcal-polysaccharide", "Pneumococcal polysaccharide", 1)),
        (birth.plus_years(70), ("shingles", "Shingles (herpes zoster)", 1)),
        // The vaccine against RSV came to England on 1 September 2024, for people who turn 75.
        (birth.plus_years(75), ("rsv", "Respiratory syncytial virus", 1)),
        (birth.plus_years(18), ("meningitis-acwy", "Meningococcus A, C, W and Y", 1)),
    ];
    for (day, vaccine) in offers {
        let day = day.plus(history.random.between(10, 200));
        if (vaccine.0 == "rsv" && day < Day::of(2024, 9, 1)) || !history.random.chance(0.6) {
            continue;
        }
        if let Some(visit) = visit(history, Setting::Nurse, day, "Vaccination") {
            give(history, &visit, vaccine);
        }
    }
}

/// Writes a vaccine given at an encounter.
pub fn give(history: &mut History, visit: &Visit, vaccine: Vaccine) {
    put(history, Some(visit), visit.at, vaccine);
}

fn put(history: &mut History, visit: Option<&Visit>, at: Moment, (code, name, dose): Vaccine) {
    let id = history.next_id();
    let lot = format!("{}{:04}", &code[..1].to_uppercase(), history.random.below(10_000));
    let performer = visit.map(|visit| Tree::object().with("actor", visit.clinician.reference(history.plan)));
    let resource = history
        .start("Immunization", &id)
        .with("status", "completed")
        .with("vaccineCode", own("vaccine", code, name))
        .with("patient", history.subject())
        .maybe("encounter", visit.map(Visit::reference))
        .with("occurrenceDateTime", at.to_string())
        .with("recorded", at.to_string())
        .with("primarySource", visit.is_some())
        .with("lotNumber", lot)
        .with("expirationDate", at.day.plus(240).to_string())
        .with("site", words(if dose % 2 == 1 { "Left deltoid" } else { "Right deltoid" }))
        .maybe("performer", performer.map(|performer| list([performer])))
        .with("protocolApplied", list([Tree::object().with("doseNumberPositiveInt", dose)]));
    history.add("Immunization", &id, &resource);
}

fn refused(history: &mut History, day: Day, (code, name, _): Vaccine) {
    let id = history.next_id();
    let resource = history
        .start("Immunization", &id)
        .with("status", "not-done")
        .with("statusReason", words("Declined by the person or a parent"))
        .with("vaccineCode", own("vaccine", code, name))
        .with("patient", history.subject())
        .with("occurrenceDateTime", day.to_string())
        .with("primarySource", true);
    history.add("Immunization", &id, &resource);
}

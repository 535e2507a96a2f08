//! Cancers of breast, bowel and prostate, from the first sign through urgent referral and treatment to
//! follow-up.

use super::Fate;
use crate::health::Course;
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::medicines::list as m;
use crate::names::Sex;
use crate::places;
use crate::problems::{self as p, Problem};
use crate::procedures::{self, Act};
use crate::requests::{self, Request};
use crate::results::{self, analytes::Analyte, panel_with};
use crate::stays::{self, Admission};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit};

/// Draws them.
pub fn draw(fate: &mut Fate) {
    let female = fate.person.sex == Sex::Female;
    if female && let Some(found) = fate.found(&[(38, 0.002), (50, 0.02), (65, 0.05), (80, 0.075)], 1.0) {
        let mut course = Course::new(&p::BREAST_CANCER, found.plus(-120), found, 1.0);
        course.sign = "Results of tests for a breast lump";
        course.note = Some("Left breast, 18 mm, oestrogen receptor positive, nodes clear.".to_owned());
        let medicine = if found.age(fate.person.birth) < 52 { &m::TAMOXIFEN } else { &m::LETROZOLE };
        course.treat(found.plus(75), medicine, 0.0, 1.0);
        finish(fate, course);
    }
    if let Some(found) = fate.found(&[(45, 0.0), (60, 0.012), (75, 0.028), (88, 0.035)], 1.0) {
        let mut course = Course::new(&p::BOWEL_CANCER, found.plus(-200), found, 26.0);
        course.sign = "Results of colonoscopy";
        course.note = Some("Sigmoid colon, stage 2.".to_owned());
        course.treat(found.plus(40), &m::FERROUS_SULFATE, 26.0, 80.0);
        finish(fate, course);
    }
    if !female && let Some(found) = fate.found(&[(50, 0.0), (62, 0.025), (75, 0.085), (88, 0.12)], 1.0) {
        let severity = fate.random.around(13.0, 4.0).max(6.0);
        let mut course = Course::new(&p::PROSTATE_CANCER, found.plus(-700), found, severity);
        course.sign = "Results of prostate biopsy";
        course.note = Some("Both lobes, has not spread.".to_owned());
        if fate.random.chance(0.6) {
            course.treat(found.plus(30), &m::LEUPRORELIN, severity * 0.97, 120.0);
        }
        finish(fate, course);
    }
}

/// Hormones and iron are stopped in time.
fn finish(fate: &mut Fate, mut course: Course) {
    let last = fate.last();
    for step in &mut course.steps {
        let (until, because) = match step.medicine.drug() {
            "Ferrous" => (step.from.plus(180), "Haemoglobin back to normal"),
            "Leuprorelin" => (step.from.plus_years(3), "Three years completed"),
            _ => (step.from.plus_years(5), "Five years completed"),
        };
        if until < last && step.medicine.drug() != "Ferrous" {
            step.until = Some(until);
            step.because = Some(because);
        }
    }
    course.steps.retain(|step| step.from <= last);
    fate.health.courses.push(course);
}

/// A path from suspicion to treatment.
struct Pathway {
    problem: &'static Problem,
    complaint: &'static str,
    referral: (&'static str, &'static str),
    specialty: &'static str,
    imaging: (&'static str, &'static str, &'static str),
    biopsy: (&'static str, &'static str, &'static str),
    operation: (&'static str, &'static str),
    ward: &'static str,
    nights: i32,
}

const PATHWAYS: [Pathway; 3] = [
    Pathway {
        problem: &p::BREAST_CANCER,
        complaint: "New lump in the left breast",
        referral: ("urgent-breast", "Urgent suspected cancer referral: breast"),
        specialty: "Breast surgery",
        imaging: (
            "mammogram",
            "Mammogram, both breasts",
            "Irregular mass of 18 mm in the left breast, suspicious of cancer.",
        ),
        biopsy: ("core-biopsy-of-breast", "Core biopsy of breast", "Invasive ductal carcinoma, grade 2."),
        operation: ("wide-local-excision", "Wide local excision of left breast and sentinel node biopsy"),
        ward: "General surgery",
        nights: 1,
    },
    Pathway {
        problem: &p::BOWEL_CANCER,
        complaint: "Change of bowel habit and tiredness",
        referral: ("urgent-bowel", "Urgent suspected cancer referral: lower bowel"),
        specialty: "Gastroenterology",
        imaging: (
            "ct-abdomen",
            "CT of chest, abdomen and pelvis",
            "Mass in the sigmoid colon. No spread seen.",
        ),
        biopsy: ("colonoscopy", "Colonoscopy with biopsy", "Adenocarcinoma of the sigmoid colon."),
        operation: ("sigmoid-colectomy", "Laparoscopic sigmoid colectomy"),
        ward: "General surgery",
        nights: 5,
    },
    Pathway {
        problem: &p::PROSTATE_CANCER,
        complaint: "Weak stream and a raised PSA",
        referral: ("urgent-prostate", "Urgent suspected cancer referral: urology"),
        specialty: "Urology",
        imaging: (
            "mri-prostate",
            "MRI of prostate",
            "Area suspicious of cancer in the right peripheral zone.",
        ),
        biopsy: ("prostate-biopsy", "Biopsy of prostate", "Adenocarcinoma, Gleason 3+4."),
        operation: ("radiotherapy-to-prostate", "Radiotherapy to the prostate, 20 fractions"),
        ward: "Oncology",
        nights: 0,
    },
];

/// Writes the paths of this person.
pub fn write(history: &mut History) {
    for pathway in &PATHWAYS {
        if let (Some(course), Some(condition)) =
            (history.health.course(pathway.problem).cloned(), history.condition(pathway.problem))
        {
            walk(history, pathway, course.diagnosed, &condition);
        }
    }
}

fn walk(history: &mut History, pathway: &Pathway, diagnosed: Day, condition: &str) {
    if let Some(first) = visit(history, Setting::Doctor, diagnosed.plus(-26), pathway.complaint) {
        signs_of(history, &first, pathway);
        let request = Request {
            category: requests::REFERRAL,
            code: pathway.referral.0,
            words: pathway.referral.1,
            priority: "urgent",
            open: false,
            reason: None,
        };
        requests::write(history, &first, &request);
        let body = format!(
            "Please see this person within two weeks. {}, first noticed some weeks ago.",
            pathway.complaint
        );
        let letter = Letter {
            sort: Sort::Referral,
            title: pathway.referral.1.to_owned(),
            written: first.at.plus(30),
            parts: vec![("", body), ("Medicines", letters::medicines(history, first.day()))],
        };
        letters::write(history, &first, &letter);
    }
    if let Some(clinic) =
        visit(history, Setting::Clinic(pathway.specialty), diagnosed.plus(-14), pathway.referral.1)
    {
        let (code, name, finding) = pathway.imaging;
        results::imaging(history, &clinic, code, name, finding);
    }
    let place = if pathway.specialty == "Gastroenterology" { places::ENDOSCOPY } else { places::DAY_SURGERY };
    if let Some(day_case) =
        visit(history, Setting::DayCase(pathway.specialty, place), diagnosed.plus(-8), pathway.biopsy.1)
    {
        let (code, words, outcome) = pathway.biopsy;
        let act = Act { code, words, minutes: 35, reason: Some(condition), outcome: Some(outcome) };
        procedures::write(history, &day_case, &act);
    }
    treat(history, pathway, diagnosed, condition);
    follow(history, pathway, diagnosed);
}

fn signs_of(history: &mut History, visit: &Visit, pathway: &Pathway) {
    match pathway.specialty {
        "Gastroenterology" => {
            let amount = history.random.around(95.0, 30.0).max(22.0);
            panel_with(
                history,
                visit,
                &results::FIT,
                &[(Analyte::Fit, amount)],
                Some("Above 10 µg/g: refer."),
            );
            results::panel_of(history, visit, &results::BLOOD);
        }
        "Urology" => results::panel_of(history, visit, &results::PSA),
        _ => {}
    }
}

fn treat(history: &mut History, pathway: &Pathway, diagnosed: Day, condition: &str) {
    let (code, words) = pathway.operation;
    let act = |minutes| Act {
        code,
        words,
        minutes,
        reason: Some(condition),
        outcome: Some("Completed as planned"),
    };
    if pathway.nights == 0 {
        if let Some(visit) = visit(history, Setting::Clinic("Oncology"), diagnosed.plus(110), words) {
            procedures::write(history, &visit, &act(30));
        }
        return;
    }
    let admission = Admission {
        specialty: pathway.ward,
        at: diagnosed.plus(31).working().at(7, 40),
        hours: pathway.nights * 24 + 4,
        reason: words,
        method: stays::PLANNED,
        condition: Some(condition),
        bed: None,
    };
    let Some(stay) = stays::admit(history, &admission) else { return };
    if stay.visit.at.plus(300) < stay.end {
        procedures::write(history, &stay.visit.later(110), &act(140));
    }
    stays::rounds(history, &stay, 0.2, 0.5, 3);
    if !stay.current && !stay.died {
        let what = format!("{words} without complications. Tissue has gone to the laboratory.");
        stays::discharge(history, &stay, pathway.problem.words, &what);
    }
}

fn follow(history: &mut History, pathway: &Pathway, diagnosed: Day) {
    for months in [3, 12, 24, 36, 48, 60] {
        let setting = Setting::Clinic(if months == 3 { "Oncology" } else { pathway.specialty });
        let reason = format!("Follow-up: {}", pathway.problem.words);
        let Some(visit) = visit(history, setting, diagnosed.plus(months * 30 + 10), &reason) else {
            continue;
        };
        let (code, name, _) = pathway.imaging;
        if months % 12 == 0 {
            results::imaging(history, &visit, code, name, "No sign of cancer.");
        }
        let letter = Letter {
            sort: Sort::Clinic,
            title: format!("{} clinic: {}", setting_name(setting), pathway.problem.words),
            written: visit.at.plus(60),
            parts: vec![
                ("Diagnosis", format!("{}, found {}.", pathway.problem.words, diagnosed.long())),
                ("Today", "Feels well. Examination normal. No sign that it has come back.".to_owned()),
                ("Medicines", letters::medicines(history, visit.day())),
                (
                    "Plan",
                    if months == 60 {
                        "Discharged to you.".to_owned()
                    } else {
                        "See again as planned.".to_owned()
                    },
                ),
            ],
        };
        letters::write(history, &visit, &letter);
    }
}

fn setting_name(setting: Setting) -> &'static str {
    match setting {
        Setting::Clinic(specialty) => specialty,
        _ => "Outpatient",
    }
}

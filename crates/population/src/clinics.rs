//! Outpatient care of lasting illness: the referral, the first appointment with its examination, the letter.

use crate::appointments::{self, Booking};
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::observations::{PULSE, ill, measure, usual_pressure};
use crate::places::OUTPATIENTS;
use crate::problems::{self as p, Problem};
use crate::requests::{self, Request};
use crate::results;
use crate::staff::{Clinician, Job};
use crate::time::Day;
use crate::visits::{Setting, Visit, visit};

/// What a specialty does about a problem.
struct Clinic {
    problem: &'static Problem,
    specialty: &'static str,
    /// How many of those with the problem are referred.
    share: f64,
    imaging: Option<(&'static str, &'static str, &'static str)>,
    opinion: &'static str,
    plan: &'static str,
    /// How often it sees people again, in days, if it does.
    again: Option<i32>,
}

const CLINICS: &[Clinic] = &[
    Clinic {
        problem: &p::ATRIAL_FIBRILLATION,
        specialty: "Cardiology",
        share: 0.5,
        imaging: Some((
            "echocardiogram",
            "Echocardiogram",
            "Normal function of both ventricles, left atrium enlarged.",
        )),
        opinion: "Atrial fibrillation that stays. The risk of stroke makes an anticoagulant worth taking.",
        plan: "Rate control and anticoagulant for life. No further appointment.",
        again: None,
    },
    Clinic {
        problem: &p::HEART_FAILURE,
        specialty: "Cardiology",
        share: 0.95,
        imaging: Some(("echocardiogram", "Echocardiogram", "Left ventricle dilated, ejection fraction 35%.")),
        opinion: "Heart failure with reduced ejection fraction.",
        plan: "Doses to be raised step by step by the heart failure nurse. Weigh every morning.",
        again: Some(190),
    },
    Clinic {
        problem: &p::CORONARY_DISEASE,
        specialty: "Cardiology",
        share: 0.9,
        imaging: Some((
            "ct-coronary-angiogram",
            "CT coronary angiogram",
            "Narrowing of half of the left anterior descending artery.",
        )),
        opinion: "Stable angina.",
        plan: "Treatment with medicines. Call 999 for pain that lasts longer than 15 minutes.",
        again: None,
    },
    Clinic {
        problem: &p::ALZHEIMERS,
        specialty: "Old age psychiatry",
        share: 1.0,
        imaging: Some(("ct-head", "CT of head", "Loss of volume of both temporal lobes. No bleed, no mass.")),
        opinion: "Alzheimer's dementia.",
        plan: "Started a medicine for memory. The family has been told about support and about driving.",
        again: Some(365),
    },
    Clinic {
        problem: &p::COPD,
        specialty: "Respiratory medicine",
        share: 0.3,
        imaging: Some(("x-ray-chest", "X-ray of chest", "Hyperinflated lungs. No mass.")),
        opinion: "Chronic obstructive pulmonary disease, moderate.",
        plan: "Pulmonary rehabilitation. Rescue pack at home.",
        again: None,
    },
    Clinic {
        problem: &p::DIABETES_1,
        specialty: "Diabetes and endocrinology",
        share: 1.0,
        imaging: None,
        opinion: "Type 1 diabetes, no complications that limit life.",
        plan: "Continue. Carbohydrate counting course offered. Sensor readings reviewed.",
        again: Some(365),
    },
    Clinic {
        problem: &p::EPILEPSY,
        specialty: "Neurology",
        share: 1.0,
        imaging: Some(("mri-head", "MRI of head", "Normal.")),
        opinion: "Epilepsy with focal seizures.",
        plan: "Continue the medicine. No driving until one year without a seizure.",
        again: Some(365),
    },
    Clinic {
        problem: &p::HEARING_LOSS,
        specialty: "Ear, nose and throat",
        share: 0.6,
        imaging: None,
        opinion: "Loss of high tones in both ears, by age.",
        plan: "Hearing aids fitted.",
        again: None,
    },
    Clinic {
        problem: &p::OSTEOARTHRITIS_KNEE,
        specialty: "Orthopaedics",
        share: 0.3,
        imaging: Some(("x-ray-knee", "X-ray of knee", "Loss of joint space on the inner side.")),
        opinion: "Osteoarthritis of the knee.",
        plan: "Physiotherapy first. Surgery may be discussed if pain at night goes on.",
        again: None,
    },
    Clinic {
        problem: &p::ECZEMA,
        specialty: "Dermatology",
        share: 0.06,
        imaging: None,
        opinion: "Atopic eczema, moderate.",
        plan: "More emollient, a short course of steroid cream for flares.",
        again: None,
    },
    Clinic {
        problem: &p::GOUT,
        specialty: "Rheumatology",
        share: 0.1,
        imaging: None,
        opinion: "Gout, proved by crystals.",
        plan: "Allopurinol to a urate below 300.",
        again: None,
    },
];

/// Writes the clinics of this person.
pub fn write(history: &mut History) {
    for clinic in CLINICS {
        let Some(course) = history.health.course(clinic.problem) else { continue };
        let diagnosed = course.diagnosed;
        if history.random.chance(clinic.share) {
            attend(history, clinic, diagnosed);
        }
    }
    renal(history);
}

fn attend(history: &mut History, clinic: &Clinic, diagnosed: Day) {
    let condition = history.condition(clinic.problem);
    let reason = format!("{}: opinion and treatment", clinic.problem.words);
    if let Some(surgery) = visit(history, Setting::Telephone, diagnosed.plus(4), "Results and referral") {
        let wait = history.random.between(30, 110);
        let request = Request {
            category: requests::REFERRAL,
            code: "outpatient-referral",
            words: &format!("Referral to {}", clinic.specialty),
            priority: "routine",
            open: surgery.day().plus(wait) > history.end.day,
            reason: condition.as_deref(),
        };
        requests::write(history, &surgery, &request);
        see(history, clinic, surgery.day().plus(wait), &reason, true);
    }
    let Some(again) = clinic.again else { return };
    let mut day = diagnosed.plus(again).max(history.from.plus(history.random.between(0, again)));
    while day <= history.end.day {
        if history.random.chance(0.06) {
            missed(history, clinic, day);
        } else {
            see(history, clinic, day, &format!("{}: follow-up", clinic.problem.words), false);
        }
        day = day.plus(again + history.random.between(-20, 30));
    }
    if history.alive() && day.since(history.end.day) < 120 {
        future(history, clinic, day);
    }
}

fn see(history: &mut History, clinic: &Clinic, day: Day, reason: &str, first: bool) {
    let Some(visit) = visit(history, Setting::Clinic(clinic.specialty), day, reason) else {
        if first && history.alive() && day > history.end.day {
            future(history, clinic, day);
        }
        return;
    };
    let (systolic, diastolic) = usual_pressure(history, &visit);
    if clinic.specialty == "Cardiology" {
        let set = ill(history, &visit, 0.0);
        measure(history, &visit, &PULSE, set.pulse);
    }
    let mut found = format!("Blood pressure {systolic:.0}/{diastolic:.0} mmHg.");
    if let (true, Some((code, name, finding))) = (first, clinic.imaging) {
        results::imaging(history, &visit, code, name, finding);
        found.push_str(&format!(" {name}: {finding}"));
    }
    if let Some(test) = test(history, clinic, &visit) {
        found.push_str(&test);
    }
    let letter = Letter {
        sort: Sort::Clinic,
        title: format!("{} clinic: {}", clinic.specialty, clinic.problem.words),
        written: visit.at.plus(45),
        parts: vec![
            ("Diagnosis", clinic.opinion.to_owned()),
            ("Other problems", letters::problems(history, visit.day())),
            ("Medicines", letters::medicines(history, visit.day())),
            ("Examination", found),
            (
                "Plan",
                if first { clinic.plan.to_owned() } else { "No change. See again as arranged.".to_owned() },
            ),
        ],
    };
    letters::write(history, &visit, &letter);
}

/// A blood test of the clinic, and how its letter tells of it.
fn test(history: &mut History, clinic: &Clinic, visit: &Visit) -> Option<String> {
    use crate::results::analytes::{Analyte, level};
    let (panel, analyte) = match clinic.specialty {
        "Diabetes and endocrinology" => (&results::HBA1C, Analyte::Hba1c),
        "Cardiology" if clinic.problem == &p::HEART_FAILURE => (&results::BNP, Analyte::Bnp),
        "Rheumatology" => (&results::URATE, Analyte::Urate),
        _ => return None,
    };
    let age = visit.day().years_since(history.person.birth);
    let sex = history.person.sex;
    let value = level(&history.health, sex, age, analyte, visit.day(), &mut history.random);
    results::panel_with(history, visit, panel, &[(analyte, value)], None);
    let (_, words, unit, _, decimals) = analyte.facts();
    Some(format!(" {words} {value:.decimals$} {unit}."))
}

fn booking<'a>(clinic: &Clinic, day: Day, reason: &'a str, status: &'a str) -> Booking<'a> {
    Booking {
        status,
        at: day.working().at(9 + day.0 % 7, 20),
        minutes: 20,
        reason,
        clinician: Clinician::of(Job::Consultant, clinic.specialty),
        place: OUTPATIENTS,
        ahead: 45,
    }
}

fn missed(history: &mut History, clinic: &Clinic, day: Day) {
    let reason = format!("{}: follow-up", clinic.problem.words);
    let status = if history.random.chance(0.5) { "noshow" } else { "cancelled" };
    let booking = booking(clinic, day, &reason, status);
    if history.covers(booking.at) {
        appointments::write(history, &booking);
    }
}

fn future(history: &mut History, clinic: &Clinic, day: Day) {
    let reason = format!("{} clinic", clinic.specialty);
    let booking = booking(clinic, day.max(history.end.day.plus(2)), &reason, "booked");
    appointments::write(history, &booking);
}

/// People whose kidneys have less than a third of their function see the specialists every half year.
fn renal(history: &mut History) {
    let mut day = history.from;
    while day <= history.end.day {
        let known = history.health.has(&p::KIDNEY_DISEASE, day) && history.health.filtration(day) < 32.0;
        if known && let Some(visit) = visit(history, Setting::Clinic("Renal medicine"), day, "Kidney clinic")
        {
            usual_pressure(history, &visit);
            results::panel_of(history, &visit, &results::KIDNEYS);
            results::panel_of(history, &visit, &results::BLOOD);
            let filtration = history.health.filtration(day);
            let letter = Letter {
                sort: Sort::Clinic,
                title: "Renal medicine clinic: chronic kidney disease".to_owned(),
                written: visit.at.plus(45),
                parts: vec![
                    ("Diagnosis", "Chronic kidney disease, stage 4.".to_owned()),
                    ("Today", format!("eGFR about {filtration:.0} mL/min/1.73m².")),
                    ("Medicines", letters::medicines(history, day)),
                    ("Plan", "Avoid anti-inflammatory tablets. Bloods every three months.".to_owned()),
                ],
            };
            letters::write(history, &visit, &letter);
        }
        day = day.plus(182);
    }
}

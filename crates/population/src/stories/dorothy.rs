//! Dorothy Hargreaves, who is in hospital with pneumonia and whose potassium is too high this morning.

use crate::Plan;
use crate::addresses::Address;
use crate::allergies::{allergen, record};
use crate::appointments::{self, Booking};
use crate::health::{Course, Health};
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::medicines::{Medicine, Order, list as m, order};
use crate::names::Sex;
use crate::observations::{ALERT, Signs, signs};
use crate::person::{Contact, Name, Person};
use crate::places::{EMERGENCY, OUTPATIENTS};
use crate::problems::{self as p, Entry};
use crate::requests::{self, Request};
use crate::results::{self, analytes::Analyte, panel_with};
use crate::staff::{Clinician, Job};
use crate::stays::{self, Admission, Stay};
use crate::time::{Day, Moment};
use crate::visits::{Setting, Visit, visit_at};

/// Hours from the admission until now.
const IN_HOSPITAL: i32 = 63;

/// Who she is.
pub fn person(plan: &Plan, _today: Moment) -> Person {
    let name = Name {
        title: "Mrs",
        given: vec!["Dorothy".to_owned(), "Jean".to_owned()],
        family: "Hargreaves".to_owned(),
        preferred: Some("Dot".to_owned()),
        former: Some("Illingworth".to_owned()),
    };
    let mut person = Person::new(plan, 0, Sex::Female, Day::of(1945, 3, 14), name);
    person.ethnicity = Some(("A", "White - British"));
    person.marital = Some(("W", "Widowed"));
    person.address = Some(Address {
        lines: vec!["14 Millbrook Lane".to_owned()],
        town: "Northgate",
        postcode: "ZX4 7QT".to_owned(),
    });
    person.earlier = Some((
        Address {
            lines: vec!["The Old Tannery".to_owned(), "3 Weaver Row".to_owned()],
            town: "Stonebeck",
            postcode: "ZX14 2LB".to_owned(),
        },
        Day::of(2016, 5, 20),
    ));
    person.landline = Some("01632 960114".to_owned());
    person.mobile = Some("07700 900481".to_owned());
    person.contacts = vec![
        Contact {
            relation: "DAU",
            words: "Daughter",
            given: "Alison".to_owned(),
            family: "Whittaker".to_owned(),
            phone: Some("07700 900482".to_owned()),
            same_home: false,
            sex: Sex::Female,
        },
        Contact {
            relation: "NBOR",
            words: "Neighbour",
            given: "Errol".to_owned(),
            family: "Braithwaite".to_owned(),
            phone: Some("01632 960116".to_owned()),
            same_home: false,
            sex: Sex::Male,
        },
    ];
    person
}

/// What she has lived with for years.
pub fn illnesses(health: &mut Health, today: Day) {
    health.fix(97.0, Some((Day::of(1962, 6, 1), Some(Day::of(2013, 11, 4)))));
    let stopped = today.plus(-1);
    let mut pressure = Course::new(&p::HYPERTENSION, Day::of(2001, 1, 1), Day::of(2004, 9, 7), 30.0);
    pressure.sign = "Raised blood pressure";
    pressure.treat(Day::of(2004, 9, 7), &m::RAMIPRIL_5, 18.0, 40.0);
    pressure.steps[0].because = Some("Held in hospital: potassium 6.1 mmol/L and kidney injury");
    pressure.treat(Day::of(2015, 2, 3), &m::AMLODIPINE_5, 10.0, 40.0);
    let mut sugar = Course::new(&p::DIABETES_2, Day::of(2006, 1, 1), Day::of(2009, 4, 21), 26.0);
    sugar.growth = 2.1;
    sugar.sign = "Raised glucose";
    sugar.treat(Day::of(2009, 4, 21), &m::METFORMIN, 12.0, 90.0);
    sugar.stop(stopped, "Stopped in hospital: eGFR below 30");
    sugar.treat(Day::of(2013, 6, 11), &m::GLICLAZIDE, 10.0, 90.0);
    sugar.stop(Day::of(2019, 5, 2), "Replaced by insulin");
    sugar.treat(Day::of(2019, 5, 2), &m::INSULIN_GLARGINE, 16.0, 90.0);
    sugar.treat(Day::of(2019, 5, 2), &m::INSULIN_ASPART, 8.0, 90.0);
    sugar.treat(Day::of(2010, 1, 12), &m::ATORVASTATIN_20, 0.0, 60.0);
    let mut lungs = Course::new(&p::COPD, Day::of(2009, 1, 1), Day::of(2014, 2, 18), 6.0);
    lungs.growth = 1.2;
    lungs.note = Some("Moderate, no retention of carbon dioxide.".to_owned());
    lungs.treat(Day::of(2014, 2, 18), &m::SALBUTAMOL, 0.5, 1.0);
    lungs.treat(Day::of(2014, 3, 20), &m::TIOTROPIUM, 2.0, 30.0);
    let mut heart = Course::new(&p::ATRIAL_FIBRILLATION, Day::of(2020, 12, 1), Day::of(2021, 3, 16), 30.0);
    heart.sign = "Irregular pulse found, ECG shows atrial fibrillation";
    heart.treat(Day::of(2021, 3, 17), &m::BISOPROLOL_2, 24.0, 20.0);
    heart.treat(Day::of(2021, 3, 17), &m::APIXABAN_2, 0.0, 1.0);
    let mut kidneys = Course::new(&p::KIDNEY_DISEASE, Day::of(2016, 1, 1), Day::of(2018, 3, 27), 22.0);
    kidneys.growth = 1.1;
    kidneys.sign = "Kidney function below 60 in two tests three months apart";
    kidneys.note = Some("Stage 3b when last reviewed.".to_owned());
    let mut hip = Course::new(&p::OSTEOARTHRITIS_KNEE, Day::of(2010, 1, 1), Day::of(2012, 8, 14), 1.0);
    hip.treat(Day::of(2012, 8, 14), &m::PARACETAMOL, 0.0, 1.0);
    let ears = Course::new(&p::HEARING_LOSS, Day::of(2014, 1, 1), Day::of(2017, 10, 3), 1.0);
    let frail = Course::new(&p::FRAILTY, Day::of(2022, 1, 1), Day::of(2023, 3, 30), 1.0);
    health.courses = vec![pressure, sugar, lungs, heart, kidneys, hip, ears, frail];
}

/// Her allergies, her alerts, her stay.
pub fn write(history: &mut History) {
    record(history, allergen("penicillins"), Day::of(2011, 6, 2), None, ("Anaphylaxis", "severe"));
    record(history, allergen("latex"), Day::of(2018, 9, 19), None, ("Contact rash", "mild"));
    stay(history);
}

fn stay(history: &mut History) {
    let now = history.end;
    let admitted = now.plus(-IN_HOSPITAL * 60);
    let arrived = admitted.plus(-255);
    let Some(arrival) =
        visit_at(history, Setting::Emergency, arrived, "Cough, fever and confusion since last night")
    else {
        return;
    };
    debug_assert_eq!(arrival.place, EMERGENCY);
    signs(history, &arrival, &set(24.0, 90.0, Some(2.0), (104.0, 58.0), 118.0, 38.9));
    bloods(history, &arrival, [137.0, 4.9, 9.8, 112.0, 40.0], 212.0, 17.1);
    results::imaging(
        history,
        &arrival.later(25),
        "x-ray-chest",
        "X-ray of chest",
        "Right lower zone consolidation. Small effusion. Heart size at the upper limit.",
    );
    let condition = history.next_id();
    let admission = Admission {
        specialty: "Respiratory medicine",
        at: admitted,
        hours: 24 * 9,
        reason: "Community-acquired pneumonia",
        method: stays::EMERGENCY,
        condition: Some(&condition),
        // Side room 1 of Ward 7B, after its 20 beds.
        bed: Some(20),
    };
    let Some(stay) = stays::admit(history, &admission) else { return };
    problems(history, &stay, &condition);
    medicines(history, &stay, &condition);
    course(history, &stay, now);
    ward_round(history, &stay);
}

/// This morning's ward round, what it asks for, and the appointment after the stay.
fn ward_round(history: &mut History, stay: &Stay) {
    let consultant = Clinician::of(Job::Consultant, "Respiratory medicine");
    let visit = Visit { at: history.end.plus(-20), clinician: consultant, ..stay.visit.clone() };
    let today = "Improving, less oxygen, eating. Potassium 6.1 and creatinine 168 this morning.";
    let plan = "Ramipril held, metformin stopped. ECG now, repeat urea and electrolytes at 14:00, fluids. \
        Doxycycline to complete seven days. Home when walking safely, needs a care package.";
    let note = Letter {
        sort: Sort::Note,
        title: "Ward round".to_owned(),
        written: visit.at,
        parts: vec![("Today", today.to_owned()), ("Plan", plan.to_owned())],
    };
    letters::write(history, &visit, &note);
    for (category, code, words, priority) in [
        (requests::LABORATORY, "urea-and-electrolytes", "Urea and electrolytes, repeat at 14:00", "urgent"),
        (requests::REFERRAL, "physiotherapy", "Physiotherapy: walking and stairs", "routine"),
        (requests::REFERRAL, "care-package", "Social care: care package at home", "routine"),
    ] {
        let request = Request { category, code, words, priority, open: true, reason: None };
        requests::write(history, &visit, &request);
    }
    let booking = Booking {
        status: "booked",
        at: history.end.day.plus(43).working().at(10, 40),
        minutes: 20,
        reason: "Respiratory clinic: follow-up with chest X-ray",
        clinician: consultant,
        place: OUTPATIENTS,
        ahead: 43,
    };
    appointments::write(history, &booking);
}

fn problems(history: &mut History, stay: &Stay, condition: &str) {
    let day = stay.visit.day();
    let pneumonia = Entry {
        onset: day.plus(-3),
        recorded: day,
        resolved: None,
        visit: Some(&stay.visit),
        listed: true,
        note: Some("Right lower zone. CURB-65 score 3 on arrival.".to_owned()),
    };
    p::write(history, condition, &p::PNEUMONIA, &pneumonia);
    let injury = history.next_id();
    let found = history.end.day.plus(-1).max(day);
    let kidneys = Entry { onset: found, recorded: found, note: Some("Stage 2.".to_owned()), ..pneumonia };
    p::write(history, &injury, &p::ACUTE_KIDNEY_INJURY, &kidneys);
}

fn medicines(history: &mut History, stay: &Stay, condition: &str) {
    let given: [&'static Medicine; 4] =
        [&m::DOXYCYCLINE, &m::SALBUTAMOL_NEBULISER, &m::PREDNISOLONE, &m::PARACETAMOL];
    for medicine in given {
        let ordered = Order {
            medicine,
            from: stay.visit.day(),
            until: None,
            stopped: None,
            repeat: false,
            category: "inpatient",
            visit: Some(&stay.visit),
            reason: Some(condition),
        };
        order(history, &ordered);
    }
}

/// Observations every four hours up to forty minutes ago, blood every morning.
fn course(history: &mut History, stay: &Stay, now: Moment) {
    let nurse = Clinician::of(Job::Nurse, "Respiratory medicine");
    let at = |moment: Moment| Visit { at: moment, clinician: nurse, ..stay.visit.clone() };
    let rounds = IN_HOSPITAL / 4;
    for round in 0..=rounds {
        let back = (rounds - round) * 240 + 40;
        let moment = now.plus(-back);
        if moment <= stay.visit.at {
            continue;
        }
        // From the worst on arrival towards better, with a rise of temperature in each evening.
        let left = f64::from(back) / f64::from(IN_HOSPITAL * 60);
        let evening = if (16..23).contains(&(moment.minute / 60)) { 0.4 } else { 0.0 };
        let mut jitter = |spread| history.random.around(0.0, spread);
        let mut taken = set(
            20.5 + left * 3.5 + jitter(0.8),
            94.0 - left * 2.0 + jitter(0.5),
            (left > 0.55).then_some(2.0),
            (119.0 - left * 12.0 + jitter(4.0), 64.0 - left * 5.0 + jitter(2.5)),
            92.0 + left * 20.0 + jitter(3.0),
            37.6 + left * 0.9 + evening + jitter(0.15),
        );
        if round == rounds {
            taken = set(22.0, 94.0, None, (118.0, 64.0), 96.0, 38.2);
        }
        signs(history, &at(moment), &taken);
    }
    let mornings: [([f64; 5], f64, f64); 2] =
        [([138.0, 5.4, 11.9, 139.0, 31.0], 148.0, 15.4), ([136.0, 6.1, 14.2, 168.0, 24.0], 84.0, 13.2)];
    for (number, (kidneys, inflamed, white)) in mornings.into_iter().enumerate() {
        // Yesterday, and two hours and a quarter ago, so that all is back from the laboratory.
        let moment = now.plus(-135 - (1 - number as i32) * 1440);
        bloods(history, &at(moment), kidneys, inflamed, white);
    }
}

fn bloods(history: &mut History, visit: &Visit, kidneys: [f64; 5], inflamed: f64, white: f64) {
    let [sodium, potassium, urea, creatinine, filtration] = kidneys;
    let values = [
        (Analyte::Sodium, sodium),
        (Analyte::Potassium, potassium),
        (Analyte::Urea, urea),
        (Analyte::Creatinine, creatinine),
        (Analyte::Filtration, filtration),
    ];
    let telephoned = (potassium > 6.0).then_some("Potassium telephoned to the nurse in charge of the ward.");
    panel_with(history, visit, &results::KIDNEYS, &values, telephoned);
    panel_with(history, visit, &results::CRP, &[(Analyte::Crp, inflamed)], None);
    let blood =
        [(Analyte::Haemoglobin, 118.0), (Analyte::WhiteCells, white), (Analyte::Neutrophils, white - 2.6)];
    panel_with(history, visit, &results::BLOOD, &blood, None);
}

fn set(
    breaths: f64,
    saturation: f64,
    oxygen: Option<f64>,
    (systolic, diastolic): (f64, f64),
    pulse: f64,
    temperature: f64,
) -> Signs {
    Signs { breaths, saturation, oxygen, systolic, diastolic, pulse, consciousness: ALERT, temperature }
}

//! Yearly reviews in the month of birth: one appointment for everything that is followed up, and checks of
//! health for those with nothing.

use crate::appointments::{self, Booking};
use crate::care_plans::{self, Agreement};
use crate::checks::{self, Check};
use crate::history::History;
use crate::letters::{self, Letter, Sort};
use crate::observations::height;
use crate::problems as p;
use crate::staff::Clinician;
use crate::time::Day;
use crate::visits::{Setting, Visit, visit};

/// Writes all reviews, and books the next one.
pub fn write(history: &mut History) {
    let (first, last) = (history.from.year(), history.end.day.year());
    let mut planned = false;
    for year in first..=last {
        let day = birthday(history, year).plus(history.random.between(-14, 20));
        let due = checks::due(history, day);
        // Some do not come.
        if due.is_empty() || day >= history.end.day || history.random.chance(0.3) {
            continue;
        }
        let Some(visit) = visit(history, Setting::Nurse, day, "Yearly review of long-term conditions") else {
            continue;
        };
        let due = spared(history, year, due);
        checks::make(history, &visit, &due);
        if !planned {
            planned = plan(history, &visit);
        }
        if year >= last - 1 {
            kept(history, &visit);
        }
    }
    if checks::due(history, history.end.day).is_empty() {
        health_checks(history);
    } else {
        book(history);
    }
}

fn birthday(history: &History, year: i32) -> Day {
    let (_, month, day) = history.person.birth.parts();
    Day::of(year, month, day)
}

/// Not everything is done each year.
fn spared(history: &mut History, year: i32, checks: Vec<Check>) -> Vec<Check> {
    let odd = (year + history.person.index as i32) % 2 == 1;
    let often = history.random.chance(0.8);
    let diabetic = checks.contains(&Check::Feet);
    let kidneys = diabetic || checks.contains(&Check::Blood) || odd;
    // Kidneys of people with no more than high blood pressure are tested every other year.
    checks
        .into_iter()
        .filter(|check| match check {
            Check::Lipids | Check::Smoking | Check::Liver => diabetic || odd,
            Check::Urine | Check::Blood | Check::Eyes => often,
            Check::Kidneys => kidneys,
            Check::Size => diabetic || !odd,
            _ => true,
        })
        .collect()
}

/// Agrees on a plan for the first problem that has one. Tells whether it did.
fn plan(history: &mut History, visit: &Visit) -> bool {
    let plans: [(&p::Problem, Agreement); 4] = [
        (
            &p::DIABETES_2,
            Agreement {
                code: "diabetes-care-plan",
                title: "Diabetes care plan",
                goal: ("HbA1c at or below 53 mmol/mol", Some(("53", "mmol/mol", "mmol/mol"))),
                activities: &[
                    "Structured education course",
                    "Eye screening once a year",
                    "Foot check once a year",
                ],
                condition: "",
            },
        ),
        (
            &p::COPD,
            Agreement {
                code: "copd-self-management-plan",
                title: "COPD self-management plan",
                goal: ("No stay in hospital because of COPD this year", None),
                activities: &[
                    "Rescue pack at home",
                    "Pulmonary rehabilitation",
                    "Influenza vaccine each autumn",
                ],
                condition: "",
            },
        ),
        (
            &p::ASTHMA,
            Agreement {
                code: "asthma-action-plan",
                title: "Personal asthma action plan",
                goal: ("No waking at night because of asthma", None),
                activities: &["Preventer inhaler every day", "Check of inhaler technique"],
                condition: "",
            },
        ),
        (
            &p::FRAILTY,
            Agreement {
                code: "falls-prevention-plan",
                title: "Falls prevention plan",
                goal: ("No falls in the next year", None),
                activities: &["Strength and balance classes", "Home safety visit", "Review of medicines"],
                condition: "",
            },
        ),
    ];
    for (problem, agreement) in plans {
        if let Some(id) = history.condition(problem)
            && history.health.has(problem, visit.day())
            && history.random.chance(0.7)
        {
            care_plans::write(history, visit, &Agreement { condition: &id, ..agreement });
            return true;
        }
    }
    false
}

fn kept(history: &mut History, visit: &Visit) {
    let booking = Booking {
        status: "fulfilled",
        at: visit.at.plus(-5),
        minutes: 20,
        reason: "Yearly review of long-term conditions",
        clinician: visit.clinician,
        place: visit.place,
        ahead: 24,
    };
    appointments::write(history, &booking);
}

/// Books the next review if it is due within three months.
fn book(history: &mut History) {
    if !history.alive() {
        return;
    }
    let today = history.end.day;
    let this = birthday(history, today.year());
    let next = if this > today { this } else { birthday(history, today.year() + 1) };
    if next.since(today) > 90 {
        return;
    }
    let practice = history.person.practice;
    let booking = Booking {
        status: "booked",
        at: next.plus(3).working().at(9, 10 * history.random.between(0, 5)),
        minutes: 20,
        reason: "Yearly review of long-term conditions",
        clinician: Clinician::practice_nurse(practice, history.random.below(2)),
        place: crate::places::Place::Practice(practice),
        ahead: next.since(today) + 8,
    };
    appointments::write(history, &booking);
}

/// Every five years from 40 to 74 (NHS Health Check), for those who come.
fn health_checks(history: &mut History) {
    for age in [40, 45, 50, 55, 60, 65, 70] {
        let day = history.person.birth.plus_years(age).plus(history.random.between(20, 300));
        if day >= history.end.day || !history.random.chance(0.45) {
            continue;
        }
        if let Some(visit) = visit(history, Setting::Nurse, day, "NHS Health Check") {
            let checks = [Check::Pressure, Check::Size, Check::Smoking, Check::Lipids, Check::Hba1c];
            height(history, &visit);
            checks::make(history, &visit, &checks);
            tell(history, &visit);
        }
    }
}

fn tell(history: &mut History, visit: &Visit) {
    let thanks = "Thank you for coming. We measured your blood pressure, weight, sugar and fats.";
    let next = "We will call you if any result needs doing something about. See you in five years.";
    let letter = Letter {
        sort: Sort::Personal,
        title: "Your NHS Health Check".to_owned(),
        written: visit.at.plus(15),
        parts: vec![("", thanks.to_owned()), ("", next.to_owned())],
    };
    letters::write(history, visit, &letter);
}

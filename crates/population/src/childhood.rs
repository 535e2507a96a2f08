//! The first years: birth, checks of babies and small children, as the Healthy Child Programme has them.

use crate::history::History;
use crate::observations::{BABY_WEIGHT, HEAD, measure, size};
use crate::procedures;
use crate::visits::{Setting, visit, visit_at};

/// Writes what is done for every child, as far as it is within the years covered.
pub fn write(history: &mut History) {
    let person = history.person;
    let born = person.born();
    if person.birth < history.from {
        return;
    }
    if let Some(visit) = visit_at(history, Setting::Midwife, born.plus(40), "Birth") {
        let twin = if person.birth_order.is_some() { 0.8 } else { 1.0 };
        let weight = history.health.weight(person.birth) * twin;
        measure(history, &visit, &BABY_WEIGHT, weight);
        let head = 34.6 + history.random.around(0.0, 1.0);
        measure(history, &visit, &HEAD, head);
        procedures::simple(history, &visit, "vitamin-k", "Vitamin K by injection", "Given");
    }
    if let Some(visit) = visit_at(history, Setting::Midwife, born.plus(1_500), "Newborn examination") {
        let outcome = "Heart, hips, eyes and general examination normal";
        procedures::simple(history, &visit, "newborn-examination", "Newborn physical examination", outcome);
        procedures::simple(
            history,
            &visit,
            "newborn-hearing",
            "Newborn hearing screen",
            "Clear response in both ears",
        );
    }
    if let Some(visit) = visit_at(history, Setting::Midwife, person.birth.plus(5).at(10, 30), "Day 5 check") {
        procedures::simple(history, &visit, "blood-spot", "Newborn blood spot", "Sent to the laboratory");
        let weight = history.health.weight(person.birth) * 0.95;
        measure(history, &visit, &BABY_WEIGHT, weight);
    }
    let contacts = [
        (12, Setting::HealthVisitor, "New birth visit"),
        (49, Setting::Doctor, "Six to eight week check"),
        (120, Setting::HealthVisitor, "Weighing clinic"),
        (330, Setting::HealthVisitor, "One year review"),
        (820, Setting::HealthVisitor, "Two to two and a half year review"),
        (1_750, Setting::HealthVisitor, "School entry measurement"),
    ];
    for (days, setting, reason) in contacts {
        let day = person.birth.plus(days + history.random.between(0, 8));
        if let Some(visit) = visit(history, setting, day, reason) {
            size(history, &visit);
            if days < 200 {
                let head = 35.0 + f64::from(days) * 0.065 + history.random.around(0.0, 0.7);
                measure(history, &visit, &HEAD, head);
            }
        }
    }
}

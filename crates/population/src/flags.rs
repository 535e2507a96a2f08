//! Alerts: what anyone who meets the person should know first.

use crate::elements::{hl7, list, own, period};
use crate::history::History;
use crate::problems;
use crate::time::Day;

/// An alert: code, words, category of FHIR's own system.
pub type Alert = (&'static str, &'static str, &'static str);

/// May fall.
pub const FALLS: Alert = ("falls-risk", "Falls risk", "safety");
/// Needs an interpreter.
pub const INTERPRETER: Alert = ("interpreter-needed", "Interpreter needed", "admin");
/// Wears a hearing aid.
pub const HEARING: Alert = ("hearing-aid", "Hearing aid", "clinical");
/// Sees badly.
pub const LARGE_PRINT: Alert = ("large-print", "Needs letters in large print", "admin");
/// Needs room for a wheelchair.
pub const WHEELCHAIR: Alert = ("wheelchair", "Uses a wheelchair", "admin");
/// Looks after someone.
pub const CARER: Alert = ("carer", "Is a carer for a relative", "admin");
/// Lives alone.
pub const KEY_SAFE: Alert = ("key-safe", "Key safe by the front door, code held by the practice", "admin");
/// Cannot be weighed on.
pub const DIFFICULT_VEINS: Alert =
    ("difficult-veins", "Blood is hard to take, ask for help early", "clinical");

/// Writes an alert.
pub fn write(history: &mut History, alert: Alert, from: Day, until: Option<Day>) {
    if from > history.end.day {
        return;
    }
    let (code, words, category) = alert;
    let id = history.next_id();
    let over = until.is_some() || !history.alive();
    let resource = history
        .start("Flag", &id)
        .with("status", if over { "inactive" } else { "active" })
        .with("category", list([hl7("flag-category", category)]))
        .with("code", own("alert", code, words))
        .with("subject", history.subject())
        .with("period", period(from, until.or_else(|| (!history.alive()).then_some(history.end.day))));
    history.add("Flag", &id, &resource);
}

/// Writes the alerts that follow from age, language and illness, and some by chance.
pub fn usual(history: &mut History) {
    let end = history.end.day;
    let age = history.age(end);
    let recent = |history: &mut History| {
        let back = history.random.between(30, 1_800);
        end.plus(-back).max(history.from)
    };
    if history.person.interpreter {
        let from = recent(history);
        write(history, INTERPRETER, from, None);
    }
    if history.health.has(&problems::FRAILTY, end) {
        let from = history.health.course(&problems::FRAILTY).map_or(end, |course| course.diagnosed);
        write(history, FALLS, from.max(history.person.birth), None);
    }
    if history.health.has(&problems::HEARING_LOSS, end) && history.random.chance(0.6) {
        let from = recent(history);
        write(history, HEARING, from, None);
    }
    let others = [
        (LARGE_PRINT, if age > 75 { 0.05 } else { 0.002 }),
        (WHEELCHAIR, if age > 70 { 0.04 } else { 0.004 }),
        (CARER, if (40..80).contains(&age) { 0.04 } else { 0.0 }),
        (KEY_SAFE, if age > 80 { 0.06 } else { 0.0 }),
        (DIFFICULT_VEINS, 0.006),
    ];
    for (alert, share) in others {
        if history.random.chance(share) {
            let from = recent(history);
            let until = history.random.chance(0.15).then(|| from.plus(400)).filter(|until| *until < end);
            write(history, alert, from, until);
        }
    }
}

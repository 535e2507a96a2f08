//! Documents: letters and summaries whose text agrees with the rest of the record.

use crate::elements::{LOINC, concept, list, own, period};
use crate::history::History;
use crate::places::{TRUST, organisation};
use crate::time::{Day, Moment};
use crate::visits::Visit;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fhir::Tree;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// From a clinic to the GP.
    Clinic,
    /// At the end of a stay.
    Discharge,
    /// From the Emergency Department to the GP.
    Emergency,
    /// From the GP to a clinic.
    Referral,
    /// To the person themselves.
    Personal,
    /// A note in the record, to nobody.
    Note,
}

impl Sort {
    /// LOINC code and words.
    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Sort::Clinic => ("34108-1", "Outpatient clinic letter"),
            Sort::Discharge => ("18842-5", "Discharge summary"),
            Sort::Emergency => ("34878-9", "Emergency department summary"),
            Sort::Referral => ("57133-1", "Referral letter"),
            Sort::Personal => ("51852-2", "Letter to the patient"),
            Sort::Note => ("11506-3", "Progress note"),
        }
    }
}

/// A letter: headings with their paragraphs.
pub struct Letter<'a> {
    /// What it is.
    pub sort: Sort,
    /// What it is about.
    pub title: String,
    /// When it was written.
    pub written: Moment,
    /// Paragraphs, each under a heading unless that is empty.
    pub parts: Vec<(&'a str, String)>,
}

/// Writes a letter about an encounter, by its clinician. Summaries of stays are HTML, all others plain text.
pub fn write(history: &mut History, visit: &Visit, letter: &Letter) {
    let markup = letter.sort == Sort::Discharge;
    let text = match letter.sort {
        Sort::Discharge => html(history, visit, letter),
        Sort::Note => note(visit, letter),
        _ => plain(history, visit, letter),
    };
    let category = match letter.sort {
        Sort::Note => own("document-category", "clinical-note", "Clinical note"),
        _ => own("document-category", "correspondence", "Correspondence"),
    };
    let (code, name) = letter.sort.facts();
    let id = history.next_id();
    let written = letter.written.min(history.end);
    let attachment = Tree::object()
        .with("contentType", if markup { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" })
        .with("language", "en-GB")
        .with("data", BASE64_STANDARD.encode(&text))
        .with("size", text.len() as i64)
        .with("title", letter.title.as_str())
        .with("creation", written.to_string());
    let context = Tree::object()
        .with("encounter", list([visit.reference()]))
        .with("period", period(visit.at, Some(visit.at)));
    let custodian = visit.place.organisation(history.person.practice);
    let resource = history
        .start("DocumentReference", &id)
        .with("status", "current")
        .with("docStatus", "final")
        .with("type", concept(LOINC, code, name))
        .with("category", list([category]))
        .with("subject", history.subject())
        .with("date", written.to_string())
        .with("author", list([visit.clinician.reference(history.plan)]))
        .with("custodian", organisation(history.plan, custodian))
        .with("description", letter.title.as_str())
        .with("content", list([Tree::object().with("attachment", attachment)]))
        .with("context", context);
    history.add("DocumentReference", &id, &resource);
}

/// `HARGREAVES, Dorothy (Mrs), born 14 March 1945, NHS number 999 000 1006`
fn about(history: &History) -> String {
    let person = history.person;
    let name = &person.name;
    let number = match &person.nhs_number {
        Some(number) => format!("NHS number {} {} {}", &number[..3], &number[3..6], &number[6..]),
        None => "NHS number not known".to_owned(),
    };
    let title = if name.title.is_empty() { String::new() } else { format!(" ({})", name.title) };
    let first = name.given.first().map_or("", String::as_str);
    format!("{}, {first}{title}, born {}, {number}", name.family.to_uppercase(), person.birth.long())
}

fn heading(history: &History, visit: &Visit) -> (String, String) {
    let place = match visit.place.organisation(history.person.practice) {
        TRUST => format!("{}, Northgate Hospital", visit.place.name()),
        practice => crate::places::ORGANISATIONS[practice].name.to_owned(),
    };
    let to = crate::staff::Clinician::gp(history.person.practice, history.person.doctor).name();
    (place, to)
}

fn plain(history: &History, visit: &Visit, letter: &Letter) -> String {
    let (place, doctor) = heading(history, visit);
    let greeting = match letter.sort {
        Sort::Personal => format!("Dear {}", history.person.name.polite()),
        Sort::Referral => "Dear colleague".to_owned(),
        _ => format!("Dear {doctor}"),
    };
    let mut text = format!("{place}\n{}\n\n{greeting}\n\n{}\n", letter.written.day.long(), about(history));
    if let Some(address) = &history.person.address {
        text.push_str(&address.line());
        text.push('\n');
    }
    for (heading, body) in &letter.parts {
        text.push('\n');
        if !heading.is_empty() {
            text.push_str(heading);
            text.push('\n');
        }
        text.push_str(body);
        text.push('\n');
    }
    text.push_str(&format!(
        "\nYours sincerely\n\n{}\n{}\n",
        visit.clinician.name(),
        visit.clinician.position()
    ));
    text
}

fn note(visit: &Visit, letter: &Letter) -> String {
    let mut text = format!("{}\n", letter.title);
    for (heading, body) in &letter.parts {
        text.push_str(&format!("\n{heading}\n{body}\n"));
    }
    text.push_str(&format!("\n{}\n{}\n", visit.clinician.name(), visit.clinician.position()));
    text
}

fn html(history: &History, visit: &Visit, letter: &Letter) -> String {
    let (place, doctor) = heading(history, visit);
    let mut text = format!(
        "<h1>{}</h1><p>{}<br>{}</p><p><strong>{}</strong></p><p>To {}</p>",
        escaped(&letter.title),
        escaped(&place),
        letter.written.day.long(),
        escaped(&about(history)),
        escaped(&doctor)
    );
    for (heading, body) in &letter.parts {
        if !heading.is_empty() {
            text.push_str(&format!("<h2>{}</h2>", escaped(heading)));
        }
        let lines: Vec<&str> = body.lines().collect();
        match lines.as_slice() {
            [line] => text.push_str(&format!("<p>{}</p>", escaped(line))),
            lines => {
                let items: Vec<String> =
                    lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
                text.push_str(&format!("<ul>{}</ul>", items.concat()));
            }
        }
    }
    let author = format!("{}, {}", visit.clinician.name(), visit.clinician.position());
    text.push_str(&format!("<p>{}</p>", escaped(&author)));
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The medicines of a day, one a line.
pub fn medicines(history: &History, day: Day) -> String {
    let now = |step: &&crate::health::Step| step.from <= day && step.until.is_none_or(|until| until > day);
    let steps = history.health.courses.iter().flat_map(|course| &course.steps);
    let lines: Vec<String> = steps.filter(now).map(|step| step.medicine.line()).collect();
    if lines.is_empty() { "None".to_owned() } else { lines.join("\n") }
}

/// The problems of a day, one a line.
pub fn problems(history: &History, day: Day) -> String {
    let known = history.health.courses.iter().filter(|course| course.known(day));
    let lines: Vec<&str> = known.map(|course| course.problem.words).collect();
    if lines.is_empty() { "None".to_owned() } else { lines.join("\n") }
}

/// The allergies, in one line.
pub fn allergies(history: &History) -> String {
    let names: Vec<&str> = history.allergens.iter().map(|allergen| allergen.words).collect();
    if names.is_empty() { "None known to us".to_owned() } else { names.join(", ") }
}

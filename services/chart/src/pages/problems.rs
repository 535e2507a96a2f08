//! Problems: those that are active, and those that are past.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::{cut, head};
use crate::views::{Names, ProblemEntry};
use html::{Card, Column, Table, card, empty, table};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/problems`
pub fn problems(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["Condition"])?;
    let (active, past) = split(&record);
    let main = html! {
        (head("Problems", &record))
        div class="app-grid" {
            (list(&record, "active", "Active problems", active))
            (list(&record, "past", "Past problems", past))
        }
    };
    Ok(record.page("Problems", "problems", main))
}

/// Active and past problems, the newest first, without those entered in error.
pub fn split(record: &PatientRecord<'_>) -> (Vec<ProblemEntry>, Vec<ProblemEntry>) {
    let entries = record.of("Condition").map(|resource| ProblemEntry::of(resource, &record.person.id));
    let mut entries: Vec<ProblemEntry> = entries.filter(|entry| !entry.withdrawn).collect();
    cell::newest_first(&mut entries, |entry| entry.since.or(entry.recorded));
    entries.into_iter().partition(|entry| entry.active)
}

fn list(record: &PatientRecord<'_>, id: &str, title: &str, entries: Vec<ProblemEntry>) -> Markup {
    let count = Some(entries.len() as u64);
    if entries.is_empty() {
        let none = format!("No {} recorded", title.to_lowercase());
        let body = empty(&none, "Problems appear here when someone records them.", html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let names = record.names();
    let cut = cut(record.request, id, entries);
    let columns =
        ["Problem", "Status", "Since", "Until", "Recorded by"].into_iter().map(Column::text).collect();
    let rows = cut.rows.iter().map(|entry| row(record, &names, entry)).collect();
    let caption = format!("{title}, newest first");
    let body = html! {
        (table(&Table { id: &format!("{id}-table"), caption, columns, rows, sortable: true }))
        div class="app-card__foot" { (cut.showing) (cut.pages) }
    };
    card(Card { id, title, count, link: None, columns: 12, body })
}

fn row(record: &PatientRecord<'_>, names: &Names<'_>, entry: &ProblemEntry) -> Vec<Markup> {
    vec![
        html! { (cell::link(&record.place, &entry.href, &entry.what)) (cell::remarks(&entry.notes)) },
        html! {
            strong class="app-strong" { (entry.status) }
            @if let Some(verification) = &entry.verification { ", " (verification.to_lowercase()) }
            @if let Some(severity) = &entry.severity { ", " (severity.to_lowercase()) }
        },
        cell::day(entry.since),
        html! { @if let Some(until) = entry.until { (until.without_time()) } @else { "Not ended" } },
        html! {
            (cell::name(names, entry.recorder.as_ref()))
            @if let Some(recorded) = entry.recorded { ", " (recorded.without_time()) }
        },
    ]
}

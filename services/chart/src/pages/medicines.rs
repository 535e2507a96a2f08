//! Medicines: current, suspended and past, each as a medicine line.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::{cut, head};
use crate::views::{MedicineEntry, Names, Phase};
use html::{Card, Column, Table, Tone, card, empty, table, tag};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/medicines`
pub fn medicines(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["MedicationRequest", "MedicationStatement"])?;
    let names = record.names();
    let (current, past) = split(&record, &names);
    let main = html! {
        (head("Medicines", &record))
        div class="app-grid" {
            (list(&record, &names, "current", "Current medicines", current))
            (list(&record, &names, "past", "Past medicines", past))
        }
    };
    Ok(record.page("Medicines", "medicines", main))
}

/// Current medicines, with those that are suspended, and past ones; the newest first.
pub fn split(record: &PatientRecord<'_>, names: &Names<'_>) -> (Vec<MedicineEntry>, Vec<MedicineEntry>) {
    let resources = record.of("MedicationRequest").chain(record.of("MedicationStatement"));
    let entries = resources.map(|resource| MedicineEntry::of(resource, &record.person.id, names));
    let mut entries: Vec<MedicineEntry> = entries.filter(|entry| entry.phase != Phase::Withdrawn).collect();
    cell::newest_first(&mut entries, |entry| entry.started);
    entries.into_iter().partition(|entry| entry.phase != Phase::Past)
}

/// Medicine line, the dosage as it was written where the line cannot say it, and the reason.
pub fn line(record: &PatientRecord<'_>, entry: &MedicineEntry) -> Markup {
    html! {
        a class="app-med-link" href=(record.place.link(&entry.href)) { (entry.line) }
        @if let Some(written) = &entry.written { p class="app-s" { (written) } }
        @if let Some(reason) = &entry.reason { p class="app-s app-muted" { "For " (reason) } }
        (cell::remarks(&entry.notes))
    }
}

/// Status in words; suspended stands out.
pub fn status(entry: &MedicineEntry) -> Markup {
    html! {
        @if entry.phase == Phase::Suspended { (tag(Tone::Amber, entry.status)) }
        @else { strong class="app-strong" { (entry.status) } }
        @if let Some(reason) = &entry.status_reason { p class="app-s app-muted" { (reason) } }
    }
}

fn list(
    record: &PatientRecord<'_>,
    names: &Names<'_>,
    id: &str,
    title: &str,
    entries: Vec<MedicineEntry>,
) -> Markup {
    let count = Some(entries.len() as u64);
    if entries.is_empty() {
        let none = format!("No {} recorded", title.to_lowercase());
        let body = empty(&none, "Medicines appear here when they are prescribed or noted.", html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let cut = cut(record.request, id, entries);
    let past = cut.rows.iter().any(|entry| entry.phase == Phase::Past);
    let heads: &[&str] = if past {
        &["Medicine", "Status", "Started", "By", "Ended"]
    } else {
        &["Medicine", "Status", "Started", "By"]
    };
    let columns = heads.iter().map(|head| Column::text(head)).collect();
    let rows = cut.rows.iter().map(|entry| row(record, names, entry)).collect();
    let caption = format!("{title}, newest first");
    let body = html! {
        (table(&Table { id: &format!("{id}-table"), caption, columns, rows, sortable: false }))
        div class="app-card__foot" { (cut.showing) (cut.pages) }
    };
    card(Card { id, title, count, link: None, columns: 12, body })
}

fn row(record: &PatientRecord<'_>, names: &Names<'_>, entry: &MedicineEntry) -> Vec<Markup> {
    vec![
        line(record, entry),
        html! {
            (status(entry))
            @if let Some(course) = &entry.course { p class="app-s app-muted" { (course) } }
        },
        cell::day(entry.started),
        cell::name(names, entry.author.as_ref()),
        cell::day(entry.ended),
    ]
}

//! Appointments: to come, and past.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::{cut, head};
use crate::views::{AppointmentEntry, Names};
use html::{Card, Column, Table, card, empty, table};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/appointments`
pub fn appointments(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["Appointment"])?;
    let (mut coming, past) = split(&record);
    coming.reverse();
    let main = html! {
        (head("Appointments", &record))
        div class="app-grid" {
            (list(&record, "coming", "To come", "soonest first", coming))
            (list(&record, "past", "Past and cancelled", "newest first", past))
        }
    };
    Ok(record.page("Appointments", "appointments", main))
}

/// Appointments to come and all others, the latest first.
pub fn split(record: &PatientRecord<'_>) -> (Vec<AppointmentEntry>, Vec<AppointmentEntry>) {
    let entries = record.of("Appointment").map(|resource| AppointmentEntry::of(resource, &record.person.id));
    let mut entries: Vec<_> = entries.collect();
    cell::newest_first(&mut entries, |entry| entry.start);
    entries.into_iter().partition(|a| !a.off && a.start.is_some_and(|start| start.start() >= record.moment))
}

fn list(
    record: &PatientRecord<'_>,
    id: &str,
    title: &str,
    order: &str,
    entries: Vec<AppointmentEntry>,
) -> Markup {
    if entries.is_empty() {
        let none = if id == "coming" { "No appointments booked" } else { "No past appointments recorded" };
        let body = empty(none, "Appointments appear here when they are booked.", html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let names = record.names();
    let count = Some(entries.len() as u64);
    let cut = cut(record.request, id, entries);
    let rows = cut.rows.iter().map(|entry| row(record, &names, entry)).collect();
    let columns = ["For", "When", "Status", "With"].into_iter().map(Column::text).collect();
    let caption = format!("{title}, {order}");
    let body = html! {
        (table(&Table { id: &format!("{id}-table"), caption, columns, rows, sortable: true }))
        div class="app-card__foot" { (cut.showing) (cut.pages) }
    };
    card(Card { id, title, count, link: None, columns: 12, body })
}

fn row(record: &PatientRecord<'_>, names: &Names<'_>, entry: &AppointmentEntry) -> Vec<Markup> {
    let with: Vec<String> = entry.with.iter().filter_map(|who| names.of(Some(who))).collect();
    vec![
        cell::link(&record.place, &entry.href, &entry.what),
        html! {
            (cell::date(entry.start))
            @if let Some(minutes) = entry.minutes.filter(|m| *m > 0) {
                " " span class="app-muted" { (minutes) "min" }
            }
        },
        html! { @if entry.off { strong class="app-strong" { (entry.status) } } @else { (entry.status) } },
        cell::text((!with.is_empty()).then(|| with.join(", ")).as_deref()),
    ]
}

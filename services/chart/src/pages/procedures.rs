//! Procedures.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::ProcedureEntry;
use html::{Card, Column, Table, card, empty, table};
use maud::html;
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/procedures`
pub fn procedures(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let page = record.list("Procedure")?;
    let entries = page.resources.iter().map(|resource| ProcedureEntry::of(resource, &record.person.id));
    let entries: Vec<_> = entries.filter(|entry| !entry.withdrawn).collect();
    let count = page.all;
    let names = record.names();
    let rows = entries.iter().map(|entry| {
        vec![
            html! { (cell::link(&record.place, &entry.href, &entry.what)) (cell::remarks(&entry.notes)) },
            html! { (entry.status) },
            cell::date(entry.at),
            cell::text(entry.reason.as_deref()),
            cell::name(&names, entry.performer.as_ref()),
        ]
    });
    let columns = ["Procedure", "Status", "Date", "Reason", "By"].into_iter().map(Column::text).collect();
    let caption = "Procedures, newest first".to_owned();
    let list = Table { id: "procedures-table", caption, columns, rows: rows.collect(), sortable: true };
    let body = html! {
        @if count == 0 {
            (empty("No procedures recorded", "Procedures appear here when recorded as done.", html! {}))
        } @else {
            (table(&list))
            div class="app-card__foot" { (page.showing) (page.pages) }
        }
    };
    let all =
        Card { id: "procedures", title: "All procedures", count: Some(count), link: None, columns: 12, body };
    let main = html! { (head("Procedures", &record)) div class="app-grid" { (card(all)) } };
    Ok(record.page("Procedures", "procedures", main))
}

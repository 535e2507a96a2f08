//! Immunisations.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::ImmunisationEntry;
use html::{Card, Column, Table, card, empty, table};
use maud::html;
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/immunisations`
pub fn immunisations(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let page = record.list("Immunization")?;
    let entries = page.resources.iter().map(|resource| ImmunisationEntry::of(resource, &record.person.id));
    let entries: Vec<_> = entries.filter(|entry| !entry.withdrawn).collect();
    let count = page.all;
    let names = record.names();
    let rows = entries.iter().map(|entry| {
        vec![
            cell::link(&record.place, &entry.href, &entry.vaccine),
            html! { @if entry.given { (entry.status) } @else { strong class="app-strong" { (entry.status) } } },
            cell::day(entry.at),
            cell::text(entry.dose.as_deref()),
            cell::text(entry.batch.as_deref()),
            cell::text(entry.site.as_deref()),
            cell::name(&names, entry.performer.as_ref()),
        ]
    });
    let columns =
        ["Vaccine", "Status", "Date", "Dose", "Batch", "Site", "By"].into_iter().map(Column::text).collect();
    let caption = "Immunisations, newest first".to_owned();
    let list = Table { id: "immunisations-table", caption, columns, rows: rows.collect(), sortable: true };
    let body = html! {
        @if count == 0 {
            (empty("No immunisations recorded", "Vaccines appear here when given or declined.", html! {}))
        } @else {
            (table(&list))
            div class="app-card__foot" { (page.showing) (page.pages) }
        }
    };
    let all = Card {
        id: "immunisations",
        title: "All immunisations",
        count: Some(count),
        link: None,
        columns: 12,
        body,
    };
    let main = html! { (head("Immunisations", &record)) div class="app-grid" { (card(all)) } };
    Ok(record.page("Immunisations", "immunisations", main))
}

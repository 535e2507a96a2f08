//! Episodes and stays: what goes on now, and every stay and visit before.

use super::cell;
use crate::newest::ListPage;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{EncounterEntry, Names};
use html::{Card, Column, Table, When, card, duration, empty, table};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/encounters`
pub fn encounters(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let page = record.list("Encounter")?;
    let open = if request.query("page").is_none() { record.open_encounters()? } else { Vec::new() };
    let entries = page.resources.iter().map(|resource| EncounterEntry::of(resource, &record.person.id));
    let past: Vec<_> = entries.filter(|entry| !entry.withdrawn && !entry.open).collect();
    let names = record.names();
    let main = html! {
        (head("Episodes and stays", &record))
        div class="app-grid" {
            @for (i, encounter) in open.iter().enumerate() {
                (current(&record, &names, encounter, &format!("now-{i}")))
            }
            (list(&record, &names, &past, &page))
        }
    };
    Ok(record.page("Episodes and stays", "encounters", main))
}

/// The card of a stay or visit that goes on.
pub fn current(
    record: &PatientRecord<'_>,
    names: &Names<'_>,
    encounter: &EncounterEntry,
    id: &str,
) -> Markup {
    let since = encounter.start.map(|start| duration(record.moment - start.start()));
    let mut facts = vec![
        ("Reason", cell::text(encounter.reason.as_deref())),
        (
            if encounter.inpatient { "Admitted" } else { "Since" },
            html! {
                (cell::date(encounter.start))
                @if let Some(since) = since { " " span class="app-s" { "(" (since) ")" } }
            },
        ),
        ("Where", cell::text(encounter.place(names).as_deref())),
        ("Clinician", cell::name(names, encounter.clinician.as_ref())),
    ];
    if let Some(specialty) = &encounter.specialty {
        facts.push(("Specialty", html! { (specialty) }));
    }
    facts.push(("Kind", html! { (encounter.what) }));
    let body = html! { div class="app-card__body" { (html::facts(&facts)) } };
    let title = if encounter.inpatient { "Current stay" } else { "Happening now" };
    let link = Some(("All of it", record.place.link(&encounter.href)));
    card(Card { id, title, count: None, link, columns: 12, body })
}

fn list(
    record: &PatientRecord<'_>,
    names: &Names<'_>,
    entries: &[EncounterEntry],
    page: &ListPage,
) -> Markup {
    let (id, title) = ("past", "Past stays and visits");
    if entries.is_empty() {
        let text = "Stays and visits appear here when they have ended.";
        let body = empty("No past stays or visits recorded", text, html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let rows = entries.iter().map(|entry| {
        vec![
            html! {
                (cell::link(&record.place, &entry.href, &entry.what))
                p class="app-s app-muted" {
                    (entry.class) @if let Some(specialty) = &entry.specialty { ", " (specialty) }
                }
            },
            cell::date(entry.start),
            html! {
                (cell::date(entry.end))
                @if let Some(length) = length(entry.start, entry.end) { p class="app-s app-muted" { (length) } }
            },
            html! {
                (cell::text(entry.reason.as_deref()))
                @if let Some(discharge) = &entry.discharge { p class="app-s app-muted" { (discharge) } }
            },
            cell::text(entry.place(names).as_deref()),
            html! {
                (cell::name(names, entry.clinician.as_ref()))
                @if entry.status != "Finished" { p class="app-s" { (entry.status) } }
            },
        ]
    });
    let columns =
        ["What", "From", "To", "Reason", "Where", "Clinician"].into_iter().map(Column::text).collect();
    let caption = "Past stays and visits, newest first".to_owned();
    let list = Table { id: "past-table", caption, columns, rows: rows.collect(), sortable: true };
    let body = html! {
        (table(&list))
        div class="app-card__foot" { (page.showing) " stays and visits" (page.pages) }
    };
    card(Card { id, title, count: None, link: None, columns: 12, body })
}

fn length(start: Option<When>, end: Option<When>) -> Option<String> {
    let (start, end) = (start?.start(), end?.start());
    (end > start).then(|| duration(end - start))
}

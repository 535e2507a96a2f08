//! Allergies, by state. What has ended stands apart and drives nothing.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{AllergyEntry, AllergyStatus, Names};
use html::{Allergies, Card, Column, Icon, Table, Tone, card, empty, icon, table, tag};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/allergies`
pub fn allergies(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["AllergyIntolerance"])?;
    let mut entries = record.allergies();
    cell::newest_first(&mut entries, |entry| entry.recorded.or(entry.onset));
    let of = |status| entries.iter().filter(move |e| e.status == status).collect::<Vec<_>>();
    let (active, ended, withdrawn) =
        (of(AllergyStatus::Active), of(AllergyStatus::Ended), of(AllergyStatus::Withdrawn));
    let main = html! {
        (head("Allergies", &record))
        (state(&record.allergies_state()))
        div class="app-grid" {
            (list(&record, "active", "Active", &active))
            @if !ended.is_empty() { (list(&record, "ended", "Ended: no longer an allergy", &ended)) }
            @if !withdrawn.is_empty() {
                (list(&record, "withdrawn", "Ruled out or entered in error", &withdrawn))
            }
        }
    };
    Ok(record.page("Allergies", "allergies", main))
}

/// The banner's picture and words for a state, and what it means.
fn meaning(state: &Allergies) -> (Icon, &'static str, &'static str) {
    match state {
        Allergies::Known(_) => (Icon::Warning, "Known allergies", "Listed under Active."),
        Allergies::NoneKnown => {
            (Icon::Tick, "No known allergies", "Someone has asked and recorded that there are none.")
        }
        Allergies::NotRecorded => (
            Icon::Information,
            "Allergies not recorded",
            "No one has recorded whether there are any. Ask the patient, then record the answer.",
        ),
        Allergies::Unavailable => (
            Icon::Unavailable,
            "Allergies unavailable",
            "The allergy record could not be read. There may be some. Ask the patient.",
        ),
    }
}

/// A state in a line.
pub fn state_line(state: &Allergies) -> Markup {
    let (picture, words, meaning) = meaning(state);
    html! { (icon(picture)) " " strong class="app-strong" { (words) } ". " (meaning) }
}

fn state(state: &Allergies) -> Markup {
    let class = match state {
        Allergies::Known(_) => " app-alert--red",
        Allergies::NoneKnown => "",
        Allergies::NotRecorded | Allergies::Unavailable => " app-alert--amber",
    };
    html! { div class={ "app-card app-notice app-alert" (class) } { div { (state_line(state)) } } }
}

fn list(record: &PatientRecord<'_>, id: &str, title: &str, entries: &[&AllergyEntry]) -> Markup {
    if entries.is_empty() {
        let text = "Nothing is recorded as an allergy or intolerance in force.";
        let body = empty("No active entries", text, html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let names = record.names();
    let columns =
        ["Against", "Reaction", "Kind", "Certainty", "Recorded"].into_iter().map(Column::text).collect();
    let rows = entries.iter().map(|entry| row(record, &names, entry)).collect();
    let caption = format!("{title}, newest first");
    let body = table(&Table { id: &format!("{id}-table"), caption, columns, rows, sortable: true });
    card(Card { id, title, count: Some(entries.len() as u64), link: None, columns: 12, body })
}

fn row(record: &PatientRecord<'_>, names: &Names<'_>, entry: &AllergyEntry) -> Vec<Markup> {
    vec![
        html! {
            (cell::link(&record.place, &entry.href, &entry.substance))
            @if entry.degraded { " " (tag(Tone::Amber, "Not understood: came from another system")) }
            (cell::remarks(&entry.notes))
        },
        cell::text((!entry.reactions.is_empty()).then(|| entry.reactions.join(", ")).as_deref()),
        html! {
            (entry.kind)
            @if let Some(criticality) = &entry.criticality {
                p class="app-s" { "Risk " (criticality.to_lowercase()) }
            }
        },
        cell::text(entry.verification.as_deref()),
        html! {
            (cell::day(entry.recorded.or(entry.onset)))
            @if let Some(recorder) = names.of(entry.recorder.as_ref()) { ", " (recorder) }
        },
    ]
}

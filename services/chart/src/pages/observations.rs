//! Observations: vital signs and body size as a table over time with a chart each, and assessments.

use super::grid::{self, COLUMNS_MAX, grid};
use super::readings::{load_assessments, load_signs, readings};
use super::result::recent_chart;
use crate::patient_record::PatientRecord;
use crate::shown::{encoded, head};
use crate::views::{Reading, Sort, rank};
use html::{Card, card, empty};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// Signs and assessments that are read for the page.
const SIGNS_MAX: usize = 600;
const ASSESSMENTS_MAX: usize = 200;

/// `/patients/{id}/observations`
pub fn observations(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let more = load_signs(&mut record, SIGNS_MAX)?;
    load_assessments(&mut record, ASSESSMENTS_MAX)?;
    let vital = readings(&record, Sort::Vital);
    let assessed = readings(&record, Sort::Assessment);
    let main = html! {
        (head("Observations", &record))
        div class="app-grid" {
            (flow(&record, "vital", "Vital signs and size", &vital))
            (charts(&record, &vital))
            @if !assessed.is_empty() { (flow(&record, "assessed", "Assessments and habits", &assessed)) }
        }
        @if more {
            p class="app-muted app-mt" {
                "Made from the latest " (SIGNS_MAX) " measurements. Each name leads to all values of it."
            }
        }
    };
    Ok(record.page("Observations", "observations", main))
}

fn flow(record: &PatientRecord<'_>, id: &str, title: &str, readings: &[Reading]) -> Markup {
    if readings.is_empty() {
        let text = "Observations appear here when they are taken.";
        let body = empty("No observations recorded", text, html! {});
        return card(Card { id, title, count: None, link: None, columns: 12, body });
    }
    let all: Vec<&Reading> = readings.iter().collect();
    let mut table = grid(&all, COLUMNS_MAX);
    table.rows.sort_by_key(|row| rank(row.key));
    let body = html! {
        (grid::show(&table, &format!("{id}-table"), title, &record.place))
        @if table.has_older {
            div class="app-card__foot" {
                "The latest " (table.times.len()) " times are shown. Each name leads to all values."
            }
        }
    };
    card(Card { id, title, count: None, link: None, columns: 12, body })
}

fn values_of(record: &PatientRecord<'_>, key: &str) -> String {
    record.place.link(&format!("/patients/{}/results/{}", record.person.id, encoded(key)))
}

/// A chart for each sign that has more than one number, in the order of the wards' charts.
fn charts(record: &PatientRecord<'_>, vital: &[Reading]) -> Markup {
    let mut keys: Vec<&str> = Vec::new();
    for reading in vital {
        if !keys.contains(&reading.main.key.as_str()) {
            keys.push(&reading.main.key);
        }
    }
    keys.sort_by_key(|key| rank(key));
    html! {
        @for (i, key) in keys.iter().enumerate() {
            @let of_key: Vec<&Reading> = vital.iter().filter(|reading| reading.main.key == *key).collect();
            @let drawn = recent_chart(&of_key, key, &format!("sign-{i}"));
            @if let (Some(latest), false) = (of_key.last(), drawn.0.is_empty()) {
                (card(Card {
                    id: &format!("sign-{i}-head"),
                    title: &latest.main.title,
                    count: None,
                    link: Some(("Values", values_of(record, key))),
                    columns: 6,
                    body: html! { div class="app-card__body" { (drawn) } },
                }))
            }
        }
    }
}

//! One test over time: its chart, and every value in a table.

use super::cell;
use super::readings::load_test;
use crate::patient_record::PatientRecord;
use crate::shown::{cut, head};
use crate::views::{Measured, Names, Reading};
use html::{
    Band, Card, Choice, Column, Flag, Point, Pressure, Table, Trend, When, card, empty, filters, pressures,
    select_field, table, trend,
};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// Points on a chart. More than these cannot be told apart; the table has them all.
const POINTS_MAX: usize = 100;
const DAY: i64 = 86_400_000;

/// Periods that a chart may show, in days up to the latest value; the first is for values of a stay.
const PERIODS: [(&str, &str, i64); 4] = [
    ("14", "14 days", 14),
    ("183", "6 months", 183),
    ("1096", "3 years", 1_096),
    ("all", "All", i64::MAX / DAY),
];
/// Values that make a trend.
const TREND: usize = 4;

/// `/patients/{id}/results/{code}`
pub fn result(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let code = request.param("code");
    let more = load_test(&mut record, code)?;
    let mut readings: Vec<Reading> =
        record.of("Observation").filter_map(|resource| Reading::of(resource, &record.person.id)).collect();
    readings.retain(|reading| of(reading, code).is_some());
    readings.sort_by_key(|reading| reading.at.map(When::start));
    let Some(latest) = readings.last().and_then(|reading| of(reading, code)).cloned() else {
        let main = html! {
            (head("Result", &record))
            (card(Card { id: "none", title: "Result", count: None, link: None, columns: 12, body: empty(
                "No value of this test recorded",
                "It may have been recorded later than the moment that is shown.",
                html! { a href=(record.place.section("results")) { "All results" } },
            ) }))
        };
        return Ok(record.page("Result", "results", main));
    };
    let all: Vec<&Reading> = readings.iter().collect();
    let suitable = suitable(&all);
    let period = PERIODS.iter().find(|(name, ..)| Some(*name) == request.query("period")).unwrap_or(suitable);
    let chart = chart(within(&all, period.2), code, "trend");
    let main = html! {
        (head(&latest.title, &record))
        div class="app-grid" {
            @if !chart.0.is_empty() {
                (card(Card {
                    id: "chart",
                    title: "Trend",
                    count: None,
                    link: Some(("All results", record.place.section("results"))),
                    columns: 8,
                    body: html! { (choice(&record, period.0)) div class="app-card__body" { (chart) } },
                }))
                (newest(&latest, all.last().and_then(|reading| reading.at)))
            }
            (values(&record, &readings, code))
        }
        @if more { p class="app-muted app-mt" { "There are older values than those shown here." } }
    };
    Ok(record.page(&latest.title, "results", main))
}

/// The readings that lie so many days before the latest one.
fn within<'s, 'r>(readings: &'s [&'r Reading], days: i64) -> &'s [&'r Reading] {
    let latest = readings.iter().rev().find_map(|reading| reading.at).map_or(0, When::start);
    let first = latest.saturating_sub(days.saturating_mul(DAY));
    let from = readings.partition_point(|reading| reading.at.map_or(i64::MIN, When::start) < first);
    &readings[from..]
}

/// The shortest period that still shows a trend: what was measured ten times a day in one week would be one
/// stroke on a line of ten years.
fn suitable(readings: &[&Reading]) -> &'static (&'static str, &'static str, i64) {
    let shows = |(_, _, days): &&(&str, &str, i64)| within(readings, *days).len() >= TREND;
    PERIODS.iter().find(shows).unwrap_or(&PERIODS[PERIODS.len() - 1])
}

/// The chart of a test over the period that suits it.
pub fn recent_chart(readings: &[&Reading], code: &str, id: &str) -> Markup {
    chart(within(readings, suitable(readings).2), code, id)
}

fn choice(record: &PatientRecord<'_>, period: &str) -> Markup {
    let choices = PERIODS.map(|(name, words, _)| Choice { value: name.into(), title: words.into() });
    let at = record.place.at.as_deref().unwrap_or_default();
    filters(
        record.request.path,
        &[("at", at)],
        html! { (select_field("period", "Up to the latest value", &choices, period)) },
    )
}

fn newest(latest: &Measured, at: Option<When>) -> Markup {
    let range = latest.line.reference.words();
    let rows = [
        ("Value", html! { (latest.line.value) " " (latest.line.unit) }),
        (
            "Flag",
            html! { @match latest.line.flag { Some(flag) => (flag), None => "No range to compare with" } },
        ),
        ("Usual range", cell::text((!range.is_empty()).then_some(range.as_str()))),
        ("Collected", cell::date(at)),
    ];
    let body = html! { div class="app-card__body" { (html::facts(&rows)) } };
    card(Card { id: "newest", title: "Latest value", count: None, link: None, columns: 4, body })
}

/// The value of a test in a reading: its own or that of a part.
pub fn of<'r>(reading: &'r Reading, code: &str) -> Option<&'r Measured> {
    std::iter::once(&reading.main).chain(&reading.parts).find(|measured| measured.key == code)
}

/// The chart of a test from readings that are oldest first: its latest unit only, so that the line means one
/// thing. Empty when there are fewer than two numbers.
fn chart(readings: &[&Reading], code: &str, id: &str) -> Markup {
    let readings = &readings[readings.len().saturating_sub(POINTS_MAX)..];
    let taken: Vec<Pressure> = readings
        .iter()
        .filter(|reading| reading.main.key == code)
        .filter_map(|r| r.pressure.zip(r.at))
        .map(|((systolic, diastolic), at)| Pressure { at, systolic, diastolic })
        .collect();
    if taken.len() > 1 {
        return pressures(id, &taken);
    }
    let Some(latest) = readings.last().and_then(|reading| of(reading, code)) else { return html! {} };
    let points: Vec<Point> = readings
        .iter()
        .filter_map(|reading| {
            let measured = of(reading, code).filter(|m| m.line.unit == latest.line.unit)?;
            let out = measured.line.flag.is_some_and(Flag::is_out);
            Some(Point { at: reading.at?, value: measured.value?, shown: measured.line.value.clone(), out })
        })
        .collect();
    if points.len() < 2 {
        return html! {};
    }
    let (low, high) = latest.line.reference.limits();
    let band = Band { low, high };
    trend(&Trend { id, title: &latest.title, unit: &latest.line.unit, points: &points, band })
}

fn values(record: &PatientRecord<'_>, readings: &[Reading], code: &str) -> Markup {
    let names = record.names();
    let newest: Vec<&Reading> = readings.iter().rev().collect();
    let count = newest.len() as u64;
    let cut = cut(record.request, "list", newest);
    let rows =
        cut.rows.iter().filter_map(|reading| row(record, &names, reading, of(reading, code)?)).collect();
    let columns = vec![
        Column::text("Collected"),
        Column::number("Value"),
        Column::text("Unit"),
        Column::text("Flag"),
        Column::text("Usual range"),
        Column::text("Status"),
        Column::text("By"),
    ];
    let caption = "Every value, newest first".to_owned();
    let body = html! {
        (table(&Table { id: "values-table", caption, columns, rows, sortable: true }))
        div class="app-card__foot" { (cut.showing) (cut.pages) }
    };
    card(Card { id: "values", title: "Every value", count: Some(count), link: None, columns: 12, body })
}

fn row(
    record: &PatientRecord<'_>,
    names: &Names<'_>,
    reading: &Reading,
    value: &Measured,
) -> Option<Vec<Markup>> {
    let range = value.line.reference.words();
    let when = reading.at.map_or("Date not known".to_owned(), When::text);
    Some(vec![
        html! { a href=(record.place.link(&reading.href)) { (when) } (cell::remarks(&reading.notes)) },
        html! { strong class="app-strong" { (value.line.value) } },
        html! { (value.line.unit) },
        html! {
            @match value.line.flag {
                Some(flag) => (flag),
                None => span class="app-s app-muted" { "No range" },
            }
        },
        cell::text((!range.is_empty()).then_some(range.as_str())),
        html! { (reading.status.unwrap_or("Final")) },
        cell::name(names, reading.performer.as_ref()),
    ])
}

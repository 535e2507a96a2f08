//! A cumulative table: tests down, times across, the oldest at the left and the newest at the right.

use crate::shown::{Place, encoded};
use crate::views::{Measured, Reading};
use html::{Markup, Reference, ResultLine, When};
use maud::html;
use std::collections::BTreeMap;

/// Times across, at most.
pub const COLUMNS_MAX: usize = 7;

/// The table.
pub struct Grid<'r> {
    /// Oldest first.
    pub times: Vec<When>,
    /// In the order of the first reading that has them.
    pub rows: Vec<Row<'r>>,
    /// True when there are older times than are shown.
    pub has_older: bool,
}

/// One test.
pub struct Row<'r> {
    /// Its key.
    pub key: &'r str,
    /// What it is called.
    pub title: &'r str,
    /// Unit of its latest value.
    pub unit: &'r str,
    /// Range of its latest value.
    pub reference: &'r Reference,
    cells: BTreeMap<i64, (&'r ResultLine, Option<&'static str>)>,
}

/// Makes the table of these readings, oldest first, with the latest `columns` times.
pub fn grid<'r>(readings: &[&'r Reading], columns: usize) -> Grid<'r> {
    let mut times: BTreeMap<i64, When> = BTreeMap::new();
    for at in readings.iter().filter_map(|reading| reading.at) {
        times.insert(minute(at), at);
    }
    let has_older = times.len() > columns;
    let times: BTreeMap<i64, When> = times.into_iter().rev().take(columns).collect();
    let mut rows: Vec<Row<'r>> = Vec::new();
    for reading in readings {
        let Some(at) = reading.at.map(minute).filter(|at| times.contains_key(at)) else { continue };
        for measured in values(reading) {
            let line = (&measured.line, reading.status);
            match rows.iter_mut().find(|row| row.key == measured.key) {
                Some(row) => {
                    row.cells.insert(at, line);
                    (row.unit, row.reference) = (&measured.line.unit, &measured.line.reference);
                }
                None => rows.push(Row {
                    key: &measured.key,
                    title: &measured.title,
                    unit: &measured.line.unit,
                    reference: &measured.line.reference,
                    cells: BTreeMap::from([(at, line)]),
                }),
            }
        }
    }
    Grid { times: times.into_values().collect(), rows, has_older }
}

/// The value of a reading, or the values of its parts when it is only a gathering of them.
fn values(reading: &Reading) -> impl Iterator<Item = &Measured> {
    let gathers = reading.main.value.is_none() && reading.pressure.is_none() && !reading.parts.is_empty();
    let parts = if gathers { reading.parts.as_slice() } else { &[] };
    std::iter::once(&reading.main).filter(move |_| !gathers).chain(parts)
}

fn minute(at: When) -> i64 {
    at.start().div_euclid(60_000)
}

/// The table in its region. Each test leads to its own page.
pub fn show(grid: &Grid<'_>, id: &str, caption: &str, place: &Place) -> Markup {
    html! {
        div class="app-scroll" tabindex="0" role="region" aria-labelledby=(id) data-scroll-end {
            table class="app-table app-table--grid" {
                caption class="nhsuk-u-visually-hidden" id=(id) { (caption) ", oldest left, newest right" }
                thead {
                    tr {
                        th scope="col" { "Test, unit and usual range" }
                        @for time in &grid.times { th scope="col" class="app-num" { (heading(*time)) } }
                    }
                }
                tbody { @for row in &grid.rows { tr { (cells(grid, row, place)) } } }
            }
        }
    }
}

fn cells(grid: &Grid<'_>, row: &Row<'_>, place: &Place) -> Markup {
    let range = row.reference.words();
    let path = format!("/patients/{}/results/{}", place.patient, encoded(row.key));
    html! {
        th scope="row" {
            a href=(place.link(&path)) { (row.title) }
            @if !row.unit.is_empty() || !range.is_empty() {
                br;
                span class="app-s app-muted" { (row.unit) @if !range.is_empty() { " (" (range) ")" } }
            }
        }
        @for time in &grid.times {
            td class="app-num" {
                @if let Some((line, status)) = row.cells.get(&minute(*time)) {
                    strong class="app-strong" { (line.value) }
                    @if line.unit != row.unit { " " span class="app-s" { (line.unit) } }
                    @if let Some(flag) = line.flag { @if flag.is_out() { " " (flag) } }
                    @if let Some(status) = status { br; span class="app-s" { (status) } }
                } @else {
                    span class="nhsuk-u-visually-hidden" { "No value" }
                }
            }
        }
    }
}

/// Day above time, as columns are narrow.
fn heading(time: When) -> Markup {
    html! {
        (time.without_time())
        @if let When::Moment(ms) = time { br; span class="app-plain" { (html::clock(ms)) } }
    }
}

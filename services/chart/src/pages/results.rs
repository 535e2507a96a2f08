//! Results: cumulative tables by panel, reports in words, and the same as a file.

use super::cell;
use super::grid::{self, COLUMNS_MAX, grid};
use super::readings::{load_results, panels, readings};
use crate::newest::Newest;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{Measured, Names, Panel, Reading, Sort, slug};
use fhir::Instant;
use html::{Action, Card, Choice, When, card, empty, filters, pagination, select_field};
use maud::{Markup, html};
use record::Refusal;
use service::csv;
use service::{Answer, Request};
use std::collections::{BTreeSet, HashMap};

/// Results that are read for the page, and reports.
const RESULTS_MAX: usize = 1_000;
const REPORTS_MAX: usize = 300;
/// Times across when only one panel is shown.
const COLUMNS_OF_ONE: usize = 40;
/// Panels and reports on one page.
const PANELS_MAX: usize = 30;

/// Results that belong together, oldest first.
struct Group<'r> {
    title: String,
    readings: Vec<&'r Reading>,
}

impl Group<'_> {
    fn latest(&self) -> Option<i64> {
        self.readings.iter().filter_map(|reading| reading.at).map(When::start).max()
    }
}

/// `/patients/{id}/results`
pub fn results(request: &Request<'_>) -> Result<Answer, Refusal> {
    if request.query("format") == Some("csv") {
        return file(request);
    }
    let mut record = PatientRecord::open(request, &[])?;
    let chosen = request.query("panel").unwrap_or_default();
    let before = request.query("before");
    let more = load_results(&mut record, RESULTS_MAX, REPORTS_MAX, before)?;
    if more && !chosen.is_empty() {
        load_panel(&mut record, chosen)?;
    }
    let readings = readings(&record, Sort::Result);
    let panels = panels(&record);
    let groups = group(&readings, &panels);
    let shown: Vec<&Group<'_>> =
        groups.iter().filter(|g| chosen.is_empty() || slug(&g.title) == chosen).collect();
    let main = html! {
        (head("Results", &record))
        @if groups.is_empty() {
            (card(Card { id: "none", title: "Results", count: None, link: None, columns: 12, body: empty(
                "No results recorded",
                "Results appear here when a laboratory or another service reports them.",
                html! {},
            ) }))
        } @else {
            (filter(&record, &groups, chosen))
        }
        div class="app-grid" {
            @for (i, group) in shown.iter().take(PANELS_MAX).enumerate() {
                (panel(&record, group, i, if chosen.is_empty() { COLUMNS_MAX } else { COLUMNS_OF_ONE }))
            }
            @if shown.len() > PANELS_MAX {
                p class="app-col-12 app-muted" {
                    (html::showing(0, PANELS_MAX as u64, shown.len() as u64)) " panels. Choose one above to see it."
                }
            }
            @if chosen.is_empty() { (reports(&record, &panels)) }
        }
        @if more || before.is_some() { (periods(&record, &readings, more)) }
    };
    Ok(record.page("Results", "results", main))
}

/// Reads more of one panel: the newest values of the tests in it.
fn load_panel(record: &mut PatientRecord<'_>, chosen: &str) -> Result<(), Refusal> {
    let (all, panels) = (readings(record, Sort::Result), panels(record));
    let group = group(&all, &panels).into_iter().find(|group| slug(&group.title) == chosen);
    let keys: BTreeSet<&str> = group.iter().flat_map(|g| &g.readings).map(|r| r.main.key.as_str()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let codes = keys.into_iter().collect::<Vec<_>>().join(",");
    record.load(Newest::of("Observation", RESULTS_MAX).with("code", codes)).map(|_| ())
}

/// Where only a part of the results is shown: which part, and the way to the others.
fn periods(record: &PatientRecord<'_>, readings: &[Reading], more: bool) -> Markup {
    let path = format!("/patients/{}/results", record.person.id);
    let oldest = readings.iter().find_map(|reading| reading.at);
    let older = oldest
        .filter(|_| more)
        .map(|oldest| record.place.with(&path, &[("before", &Instant(oldest.start()).to_string())]));
    let newest = record.request.query("before").map(|_| record.place.link(&path));
    html! {
        p class="app-muted app-mt" {
            "The results shown go back to " (cell::date(oldest)) "."
            @if more { " There are older ones." }
        }
        (pagination("Periods", newest, older))
    }
}

/// Readings by the panel they were reported in, the panel with the newest result first. A test that was also
/// reported alone stands with its panel, so that its row is whole.
fn group<'r>(readings: &'r [Reading], panels: &'r [Panel]) -> Vec<Group<'r>> {
    let mut reported: HashMap<&str, &str> = HashMap::new();
    for panel in panels {
        reported.extend(panel.results.iter().map(|id| (id.as_str(), panel.title.as_str())));
    }
    let mut usual: HashMap<&str, &str> = HashMap::new();
    for reading in readings {
        usual.extend(reported.get(reading.id.as_str()).map(|title| (reading.main.key.as_str(), *title)));
    }
    let mut groups: Vec<Group<'r>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for reading in readings {
        let title = reported.get(reading.id.as_str()).or_else(|| usual.get(reading.main.key.as_str()));
        let title = title.copied().unwrap_or("Other results");
        let place = *places.entry(title).or_insert_with(|| {
            groups.push(Group { title: title.to_owned(), readings: Vec::new() });
            groups.len() - 1
        });
        groups[place].readings.push(reading);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.latest()));
    groups
}

fn filter(record: &PatientRecord<'_>, groups: &[Group<'_>], chosen: &str) -> Markup {
    let all = Choice { value: String::new(), title: "All panels".into() };
    let one = groups.iter().map(|group| Choice { value: slug(&group.title), title: group.title.clone() });
    let choices: Vec<Choice> = std::iter::once(all).chain(one).collect();
    let at = record.place.at.as_deref().unwrap_or_default();
    let path = format!("/patients/{}/results", record.person.id);
    let file = Action {
        title: "Save as CSV".into(),
        href: record.place.with(&path, &[("format", "csv")]),
        primary: false,
    };
    html! {
        div class="app-card app-mb" {
            (filters(&path, &[("at", at)], html! { (select_field("panel", "Panel", &choices, chosen)) }))
            div class="app-card__foot" { a href=(file.href) download { (file.title) } }
        }
    }
}

fn panel(record: &PatientRecord<'_>, group: &Group<'_>, number: usize, columns: usize) -> Markup {
    let id = format!("panel-{number}");
    let table = grid(&group.readings, columns);
    let path = format!("/patients/{}/results", record.person.id);
    let older = record.place.with(&path, &[("panel", &slug(&group.title))]);
    let body = html! {
        (grid::show(&table, &format!("{id}-table"), &group.title, &record.place))
        @if table.has_older {
            div class="app-card__foot" {
                "The latest " (table.times.len()) " times are shown."
                @if columns == COLUMNS_MAX { " " a href=(older) { "Show older " (group.title) } }
            }
        }
    };
    card(Card { id: &id, title: &group.title, count: None, link: None, columns: 12, body })
}

/// Reports that say something in words: imaging, and panels with a conclusion.
fn reports(record: &PatientRecord<'_>, panels: &[Panel]) -> Markup {
    let names = record.names();
    let told: Vec<&Panel> =
        panels.iter().filter(|p| p.results.is_empty() || p.conclusion.is_some()).collect();
    if told.is_empty() {
        return html! {};
    }
    let body = html! {
        ul class="app-list" { @for panel in told.iter().take(PANELS_MAX) { li { (report(record, &names, panel)) } } }
        @if told.len() > PANELS_MAX {
            div class="app-card__foot" { (html::showing(0, PANELS_MAX as u64, told.len() as u64)) }
        }
    };
    card(Card {
        id: "reports",
        title: "Reports",
        count: Some(told.len() as u64),
        link: None,
        columns: 12,
        body,
    })
}

fn report(record: &PatientRecord<'_>, names: &Names<'_>, panel: &Panel) -> Markup {
    html! {
        div class="app-list__line" {
            (cell::link(&record.place, &panel.href, &panel.title))
            @if let Some(status) = panel.status { (html::tag(html::Tone::Amber, status)) }
        }
        @if let Some(conclusion) = &panel.conclusion { p { (conclusion) } }
        p class="app-s app-muted" {
            (cell::date(panel.at.or(panel.issued)))
            @if let Some(performer) = names.of(panel.performer.as_ref()) { " · " (performer) }
        }
    }
}

/// All results as a file for a spreadsheet, newest first.
fn file(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["Observation"])?;
    let heads = ["Collected", "Test", "Code", "Value", "Unit", "Reference range", "Flag", "Status"];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    for reading in readings(&record, Sort::Result).iter().rev() {
        lines.extend(std::iter::once(&reading.main).chain(&reading.parts).map(|m| line(reading, m)));
    }
    Ok(Answer::File { name: "results.csv".into(), kind: "text/csv; charset=utf-8", bytes: csv(&lines) })
}

fn line(reading: &Reading, measured: &Measured) -> Vec<String> {
    let line = &measured.line;
    vec![
        reading.at.map(When::text).unwrap_or_default(),
        measured.title.clone(),
        measured.key.clone(),
        line.value.clone(),
        line.unit.clone(),
        line.reference.words(),
        line.flag.map(|flag| flag.words().to_owned()).unwrap_or_default(),
        reading.status.unwrap_or("Final").to_owned(),
    ]
}

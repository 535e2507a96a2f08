//! The overview: what one needs to know first, on one page.

use super::readings::{load_results, load_signs, readings};
use super::timeline::{entry, events};
use super::{allergies, appointments, cell, encounters, medicines, problems, result};
use crate::newest::Newest;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{Names, Reading, Sort, alert, rank};
use html::{
    Allergies, Band, Card, Column, Entry, Flag, Markup, Table, When, card, empty, sparkline, table, timeline,
};
use maud::html;
use record::Refusal;
use service::{Answer, Request};

/// Rows of a card.
const ROWS: usize = 6;
/// Values of a sparkline.
const VALUES: usize = 8;

/// Types of which a patient has few: they are read whole.
const WHOLE: [&str; 4] = ["Condition", "MedicationRequest", "MedicationStatement", "Appointment"];
/// Signs and results that are read for cards and charts.
const SIGNS_MAX: usize = 160;
const RESULTS_MAX: usize = 160;
/// Events of each other type, for the recent activity.
const EVENTS_MAX: usize = 20;

/// `/patients/{id}`
pub fn overview(request: &Request<'_>) -> Result<Answer, Refusal> {
    let clinical = request.session.may(service::Permission::ReadRecord);
    let mut record = PatientRecord::open(request, if clinical { &WHOLE } else { &["Appointment"] })?;
    if clinical {
        load_signs(&mut record, SIGNS_MAX)?;
        load_results(&mut record, RESULTS_MAX, EVENTS_MAX, None)?;
        for kind in ["Encounter", "Procedure", "Immunization", "DocumentReference"] {
            record.load(Newest::of(kind, EVENTS_MAX))?;
        }
    }
    let names = record.names();
    let main = html! {
        (head("Overview", &record))
        div class="app-grid" {
            @if clinical { (clinical_cards(&record, &names)?) } @else { (other_cards(&record, &names)) }
        }
    };
    Ok(record.page("Overview", "", main))
}

fn clinical_cards(record: &PatientRecord<'_>, names: &Names<'_>) -> Result<Markup, Refusal> {
    let open = record.open_encounters()?;
    Ok(html! {
        @if let Some(encounter) = open.first() { (encounters::current(record, names, encounter, "now")) }
        (alerts(record))
        div class="app-col-7 app-stack" { (observed(record)) (latest_results(record)) }
        div class="app-col-5 app-stack" {
            (current_medicines(record, names)) (current_problems(record)) (allergy_card(record))
        }
        (recent(record, names))
    })
}

/// Roles without clinical data see when the patient comes.
fn other_cards(record: &PatientRecord<'_>, names: &Names<'_>) -> Markup {
    let (coming, _) = appointments::split(record);
    let body = html! {
        @if coming.is_empty() {
            (empty("No appointments booked", "Appointments appear here when they are booked.", html! {}))
        } @else {
            ul class="app-list" {
                @for appointment in coming.iter().rev().take(ROWS) {
                    li {
                        (cell::date(appointment.start)) " "
                        (cell::link(&record.place, &appointment.href, &appointment.what))
                        @if let Some(with) = names.of(appointment.with.first()) {
                            p class="app-s app-muted" { (with) }
                        }
                    }
                }
            }
        }
    };
    let link = Some(("All appointments", record.place.section("appointments")));
    card(Card { id: "coming", title: "Appointments to come", count: None, link, columns: 12, body })
}

fn alerts(record: &PatientRecord<'_>) -> Markup {
    let flags: Vec<_> = record.of("Flag").filter_map(|flag| Some((alert(flag)?, flag))).collect();
    if flags.is_empty() {
        return html! {};
    }
    let body = html! {
        ul class="app-list" {
            @for (words, flag) in &flags {
                li class="app-alert app-alert--amber" {
                    div {
                        strong class="app-strong" {
                            (cell::link(&record.place, &flag.href(&record.person.id), words))
                        }
                    }
                }
            }
        }
    };
    card(Card {
        id: "alerts",
        title: "Alerts",
        count: Some(flags.len() as u64),
        link: None,
        columns: 12,
        body,
    })
}

/// The latest value of each sign, and the chart of blood pressure or else of what is measured most.
fn observed(record: &PatientRecord<'_>) -> Markup {
    let readings = readings(record, Sort::Vital);
    let link = Some(("All observations", record.place.section("observations")));
    let mut latest: Vec<&Reading> = Vec::new();
    for reading in readings.iter().rev() {
        if !latest.iter().any(|other| other.main.key == reading.main.key) {
            latest.push(reading);
        }
    }
    latest.sort_by_key(|reading| rank(&reading.main.key));
    if latest.is_empty() {
        let body =
            empty("No observations recorded", "Observations appear here when they are taken.", html! {});
        return card(Card { id: "observed", title: "Observations", count: None, link, columns: 12, body });
    }
    let times = |key: &str| readings.iter().filter(|r| r.main.key == key).collect::<Vec<_>>();
    let all = || latest.iter().map(|reading| times(&reading.main.key));
    let pressures = all().find(|taken| taken.len() > 2 && taken[0].pressure.is_some());
    let most = pressures.or_else(|| all().max_by_key(Vec::len)).unwrap_or_default();
    let drawn = most.last().map(|reading| result::recent_chart(&most, &reading.main.key, "most"));
    let rows = latest.iter().map(|reading| sign(record, reading)).collect();
    let columns =
        vec![Column::text("Latest"), Column::number("Value"), Column::text("Unit"), Column::text("When")];
    let caption = "Latest value of each sign".to_owned();
    let body = html! {
        @if let (Some(drawn), Some(reading)) = (drawn, most.last()) {
            @if !drawn.0.is_empty() {
                div class="app-card__body" { p class="app-s app-muted" { (reading.main.title) } (drawn) }
            }
        }
        (table(&Table { id: "observed-table", caption, columns, rows, sortable: false }))
    };
    card(Card { id: "observed", title: "Observations", count: None, link, columns: 12, body })
}

fn sign(record: &PatientRecord<'_>, reading: &Reading) -> Vec<Markup> {
    let line = &reading.main.line;
    let path = format!("/patients/{}/results/{}", record.person.id, reading.main.key);
    vec![
        cell::link(&record.place, &path, &reading.main.title),
        html! {
            strong class="app-strong" { (line.value) }
            @if let Some(flag) = line.flag { @if flag.is_out() { " " (flag) } }
        },
        html! { span class="app-s app-muted" { (line.unit) } },
        html! { span class="app-s app-muted" { (cell::date(reading.at)) } },
    ]
}

fn current_medicines(record: &PatientRecord<'_>, names: &Names<'_>) -> Markup {
    let (current, _) = medicines::split(record, names);
    let all = record.place.section("medicines");
    let body = html! {
        @if current.is_empty() {
            (empty("No current medicines recorded", "Medicines appear here when prescribed or noted.", html! {}))
        } @else {
            ul class="app-list" {
                @for medicine in current.iter().take(ROWS * 2) {
                    li {
                        div class="app-list__line" {
                            div { (medicines::line(record, medicine)) }
                            (medicines::status(medicine))
                        }
                        @if let Some(started) = medicine.started {
                            p class="app-s app-muted" { "Since " (started.without_time()) }
                        }
                    }
                }
            }
            @if current.len() > ROWS * 2 {
                div class="app-card__foot" {
                    (current.len() - ROWS * 2) " more current medicines. " a href=(all) { "Show all " (current.len()) }
                }
            }
        }
    };
    let count = Some(current.len() as u64);
    card(Card {
        id: "taken",
        title: "Current medicines",
        count,
        link: Some(("Medicines", all)),
        columns: 12,
        body,
    })
}

fn latest_results(record: &PatientRecord<'_>) -> Markup {
    let readings = readings(record, Sort::Result);
    let link = Some(("All results", record.place.section("results")));
    let numbers: Vec<&Reading> = readings.iter().filter(|reading| reading.main.value.is_some()).collect();
    let mut latest: Vec<&Reading> = Vec::new();
    for reading in numbers.iter().rev() {
        if latest.len() < ROWS * 2 && !latest.iter().any(|other| other.main.key == reading.main.key) {
            latest.push(reading);
        }
    }
    if latest.is_empty() {
        let text = "Results appear here when a laboratory or another service reports them.";
        let body = empty("No results recorded", text, html! {});
        return card(Card { id: "latest", title: "Latest results", count: None, link, columns: 12, body });
    }
    let rows = latest.iter().map(|reading| latest_row(record, &numbers, reading)).collect();
    let columns = vec![
        Column::text("Test"),
        Column::number("Result"),
        Column::text("Unit"),
        Column::text("Flag"),
        Column::text("Usual range"),
        Column::text("Trend"),
    ];
    let caption = "Latest value of each test".to_owned();
    let body = table(&Table { id: "latest-table", caption, columns, rows, sortable: false });
    card(Card { id: "latest", title: "Latest results", count: None, link, columns: 12, body })
}

fn latest_row(record: &PatientRecord<'_>, all: &[&Reading], reading: &Reading) -> Vec<Markup> {
    let line = &reading.main.line;
    let same = all.iter().filter(|r| r.main.key == reading.main.key && r.main.line.unit == line.unit);
    let values: Vec<f64> = same.filter_map(|r| r.main.value).collect();
    let values = &values[values.len().saturating_sub(VALUES)..];
    let (low, high) = line.reference.limits();
    let out = line.flag.is_some_and(Flag::is_out);
    let path = format!("/patients/{}/results/{}", record.person.id, crate::shown::encoded(&reading.main.key));
    vec![
        html! {
            (cell::link(&record.place, &path, &reading.main.title))
            br;
            span class="app-s app-muted" { (cell::day(reading.at)) }
        },
        html! { strong class="app-strong" { (line.value) } },
        html! { span class="app-s app-muted" { (line.unit) } },
        html! { @if let Some(flag) = line.flag { (flag) } },
        html! { span class="app-s app-muted app-nowrap" { (line.reference.words()) } },
        html! { @if values.len() > 1 { (sparkline(values, Band { low, high }, out)) } },
    ]
}

fn current_problems(record: &PatientRecord<'_>) -> Markup {
    let (active, _) = problems::split(record);
    let body = html! {
        @if active.is_empty() {
            (empty("No active problems recorded", "Problems appear here when someone records them.", html! {}))
        } @else {
            ul class="app-list" {
                @for problem in active.iter().take(ROWS * 2) {
                    li {
                        div class="app-list__line" {
                            (cell::link(&record.place, &problem.href, &problem.what))
                            span class="app-s app-muted app-nowrap" {
                                (problem.status)
                                @if let Some(since) = problem.since { " · since " (since.without_time()) }
                            }
                        }
                    }
                }
            }
            @if active.len() > ROWS * 2 { div class="app-card__foot" { (active.len() - ROWS * 2) " more" } }
        }
    };
    let link = Some(("All problems", record.place.section("problems")));
    card(Card { id: "active", title: "Problems", count: Some(active.len() as u64), link, columns: 12, body })
}

fn allergy_card(record: &PatientRecord<'_>) -> Markup {
    let state = record.allergies_state();
    let body = html! {
        @if let Allergies::Known(known) = &state {
            ul class="app-list" {
                @for allergy in known {
                    li {
                        strong class="app-strong" { (allergy.substance) }
                        @if let Some(reaction) = &allergy.reaction { " – " (reaction) }
                    }
                }
            }
        } @else {
            div class="app-card__body" { (allergies::state_line(&state)) }
        }
    };
    let link = Some(("Allergy record", record.place.section("allergies")));
    card(Card { id: "allergic", title: "Allergies", count: None, link, columns: 12, body })
}

fn recent(record: &PatientRecord<'_>, names: &Names<'_>) -> Markup {
    let events = events(record);
    let past = events.iter().filter(|event| event.at().is_none_or(|at: When| at.start() <= record.moment));
    let entries: Vec<Entry> = past.take(ROWS + 2).map(|event| entry(record, names, event)).collect();
    let body = html! {
        @if entries.is_empty() {
            (empty("Nothing recorded", "What happens to this patient appears here.", html! {}))
        } @else {
            (timeline(&entries))
        }
    };
    let link = Some(("Full timeline", record.place.section("timeline")));
    card(Card { id: "recent", title: "Recent activity", count: None, link, columns: 12, body })
}

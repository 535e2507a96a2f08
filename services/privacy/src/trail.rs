//! `/privacy/trail`: what someone did, who saw a patient, or one act; to read and to keep.

use crate::page::{html_query, moment};
use audit::{Told, told};
use fhir::{Instant, Tree};
use html::Markup;
use html::{
    Card, Column, Nav, Table, When, card, date_time_field, empty, filters, frame, html as markup, page_head,
    pagination, search_field, table,
};
use record::{About, AuditRow, Reader, Refusal};
use service::{Answer, Request, csv};

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of a file.
const FILE_ROWS: usize = 100_000;
/// Rows read at once.
const BATCH: usize = 500;
const TITLES: [&str; 10] = [
    "Number",
    "When",
    "Who",
    "Role",
    "Organisation",
    "What",
    "Which part",
    "Why",
    "By which app",
    "Patients",
];

/// The page.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let reader = request.reader()?;
    let whole = request.query("as") == Some("csv");
    let mut rows = rows(request, &reader, if whole { FILE_ROWS } else { ROWS + 1 })?;
    note(request, if whole { "export" } else { "audit-view" }, rows.len());
    if whole {
        return Ok(file(&rows));
    }
    let older = (rows.len() > ROWS).then(|| rows[ROWS - 1].seq);
    rows.truncate(ROWS);
    let link = |more: &str| {
        let kept = ["who", "patient", "from", "to"]
            .into_iter()
            .filter_map(|name| request.query(name).map(|value| format!("{name}={}&", html_query(value))));
        format!("/privacy/trail?{}{more}", kept.collect::<String>())
    };
    let body = markup! {
        (filters("/privacy/trail", &[], markup! {
            (search_field("who", "Account", request.query("who").unwrap_or_default()))
            (search_field("patient", "Patient (id)", request.query("patient").unwrap_or_default()))
            (date_time_field("from", "From", moment(request, "from")?, request.now().0))
            (date_time_field("to", "To", moment(request, "to")?, request.now().0))
        }))
        @if rows.is_empty() {
            (empty("No act", "Nothing on the trail is of this person in this time.", markup! {}))
        } @else {
            (shown(&rows))
            (pagination("Pages of the trail", request.query("before").map(|_| link("")),
                older.map(|seq| link(&format!("before={seq}")))))
        }
        div class="app-card__foot" { "To keep: " a href=(link("as=csv")) { "CSV file" } "." }
    };
    let list = Card { id: "acts", title: "Acts, newest first", count: None, link: None, columns: 12, body };
    let main = markup! {
        (page_head("Search the trail", &[], markup! {}))
        div class="app-grid" { (card(list)) }
    };
    Ok(Answer::Page(frame(&request.frame("Search the trail", Nav::Services), main)))
}

/// Looking is itself on the trail, and so is whom it was about.
fn note(request: &Request<'_>, action: &'static str, count: usize) {
    let detail = Tree::object()
        .with("page", request.path)
        .maybe("patient", request.query("patient"))
        .maybe("of", request.query("who"))
        .with("count", count as i64);
    request.audit(action, detail);
}

fn rows(request: &Request<'_>, reader: &Reader, count: usize) -> Result<Vec<AuditRow>, Refusal> {
    if let Some(row) = request.query("row").and_then(|row| row.parse::<u64>().ok()) {
        let found = reader.audit(row.checked_add(1), 1)?;
        return Ok(found.into_iter().filter(|found| found.seq == row).collect());
    }
    let who = request.query("who").map(|who| About::Who(who.to_owned()));
    let patient = request.query("patient").map(|id| About::Patient(id.to_owned()));
    let (from, to) = (moment(request, "from")?, moment(request, "to")?);
    let end = match to {
        Some(to) => reader.audit_from(Instant(to + 60_000))?,
        None => None,
    };
    let given = request.query("before").and_then(|before| before.parse().ok());
    let mut before = [given, end].into_iter().flatten().min();
    let mut found = Vec::new();
    loop {
        let rows = match patient.as_ref().or(who.as_ref()) {
            Some(about) => reader.audit_about(about, before, BATCH)?,
            None => reader.audit(before, BATCH)?,
        };
        let last = rows.last().map(|row| row.seq);
        let whole = rows.len() < BATCH;
        for row in rows {
            if from.is_some_and(|from| row.at.0 < from) || found.len() == count {
                return Ok(found);
            }
            if who.as_ref().is_none_or(|who| who.meets(&row)) {
                found.push(row);
            }
        }
        if whole || found.len() >= count {
            found.truncate(count);
            return Ok(found);
        }
        before = last;
    }
}

fn shown(rows: &[AuditRow]) -> Markup {
    let columns = TITLES.into_iter().map(Column::text).collect();
    let cells = |row: &AuditRow| {
        let Told { seq, at, who, role, organisation, what, part, why, app } = told(row);
        let patients = row.patients();
        vec![
            markup! { (seq) },
            markup! { (When::Moment(at)) },
            markup! { (who) },
            markup! { (role) },
            markup! { (organisation) },
            markup! { (what) },
            markup! { (part) },
            markup! { (why) },
            markup! { (app) },
            markup! {
                @for patient in patients.iter().take(3) {
                    a href={ "/patients/" (patient) "/access-log" } { (patient) } " "
                }
                @if patients.len() > 3 { "and " (patients.len() - 3) " more" }
            },
        ]
    };
    let caption = "What was done, by whom and when".to_owned();
    table(&Table {
        id: "acts-table",
        caption,
        columns,
        rows: rows.iter().map(cells).collect(),
        sortable: true,
    })
}

fn file(rows: &[AuditRow]) -> Answer {
    let line = |row: &AuditRow| {
        let Told { seq, at, who, role, organisation, what, part, why, app } = told(row);
        let patients = row.patients().into_iter().collect::<Vec<_>>().join(" ");
        vec![
            seq.to_string(),
            Instant(at).to_string(),
            who,
            role,
            organisation,
            what,
            part,
            why,
            app,
            patients,
        ]
    };
    let titles = TITLES.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(rows.iter().map(line)).collect();
    Answer::File { name: "acts.csv".into(), kind: "text/csv; charset=utf-8", bytes: csv(&lines) }
}

//! Who has looked: the audit trail of one patient's record in plain words.

use crate::patient_record::PatientRecord;
use crate::shown::head;
use access::Account;
use fhir::json::{Json, Limits};
use html::{Card, Column, Table, When, card, empty, table};
use maud::{Markup, html};
use record::{AuditRow, Refusal};
use service::{Answer, Request};

/// Rows of the whole trail that are looked through, newest first.
const TRAIL_MAX: usize = 20_000;
/// Rows read at once.
const BATCH: usize = 1_000;
/// Rows shown.
const ROWS_MAX: usize = 200;

/// `/patients/{id}/access-log`
pub fn access_log(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let (rows, whole) = looks(&record)?;
    let columns = ["When", "Who", "What", "Role"].into_iter().map(Column::text).collect();
    let accounts = request.access.users()?;
    let cells: Vec<Vec<Markup>> = rows.iter().map(|row| cells(row, &accounts)).collect();
    let caption = "Who has looked at this record, newest first".to_owned();
    let body = html! {
        @if cells.is_empty() {
            (empty("Nobody has opened this record yet", "Each look is listed here.", html! {}))
        } @else {
            (table(&Table { id: "looks-table", caption, columns, rows: cells, sortable: true }))
        }
        div class="app-card__foot" {
            @if whole { "The whole trail was looked through. " }
            @else {
                "The latest " (html::count(TRAIL_MAX as u64)) " acts in this installation were looked through; \
                 older ones are not shown. "
            }
            "Changes are listed with each item, under its versions."
        }
    };
    let list = Card { id: "looks", title: "Who has looked", count: None, link: None, columns: 12, body };
    let main = html! { (head("Who has looked", &record)) div class="app-grid" { (card(list)) } };
    Ok(record.page("Who has looked", "access-log", main))
}

/// The acts on this patient, newest first, and whether the whole trail was read.
fn looks(record: &PatientRecord<'_>) -> Result<(Vec<AuditRow>, bool), Refusal> {
    let mut found = Vec::new();
    let mut before = None;
    for _ in 0..TRAIL_MAX / BATCH {
        let rows = record.reader.audit(before, BATCH)?;
        let last = rows.last().map(|row| row.seq);
        let whole = rows.len() < BATCH;
        found.extend(rows.into_iter().filter(|row| audit::names(&row.detail, &record.person.id)));
        if whole || found.len() >= ROWS_MAX {
            found.truncate(ROWS_MAX);
            return Ok((found, whole));
        }
        before = last;
    }
    Ok((found, false))
}

fn cells(row: &AuditRow, accounts: &[Account]) -> Vec<Markup> {
    let display = accounts.iter().find(|account| account.name == row.who).map(|account| &account.display);
    let detail = Json::parse(row.detail.as_str(), Limits::DOOR).ok();
    let text = |name: &str| detail.as_ref().and_then(|d| d.root().str(name)).map(|text| text.into_owned());
    vec![
        html! { (When::Moment(row.at.0)) },
        html! { @match display { Some(display) => { (display) " (" (row.who) ")" }, None => (row.who) } },
        html! {
            (what(&row.action))
            @if let Some(page) = text("page").as_deref().and_then(section) { ": " (page) }
        },
        html! { (text("role").unwrap_or_default()) },
    ]
}

/// An act in plain words.
fn what(action: &str) -> String {
    match action {
        "read" => "Looked at the record".into(),
        "search" => "Found in a search".into(),
        "history" => "Looked at earlier versions".into(),
        "write" | "create" | "update" | "delete" | "commit" => "Changed the record".into(),
        "refused" => "Was refused".into(),
        "export" => "Took a copy".into(),
        other => crate::views::words(other),
    }
}

/// The section in the path of a page: `results` of `/patients/x/results`.
fn section(path: &str) -> Option<String> {
    path.split('/').nth(3).map(crate::views::words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_said_in_plain_words() {
        assert_eq!(what("read"), "Looked at the record");
        assert_eq!(section("/patients/p1/access-log").as_deref(), Some("Access log"));
        assert_eq!(section("/patients/p1"), None);
    }
}

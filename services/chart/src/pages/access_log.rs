//! Who has looked: the audit trail of one patient's record in plain words, whole, to read, to keep and to ask about.

use crate::patient_record::PatientRecord;
use crate::shown::head;
use access::Account;
use audit::{Told, told};
use fhir::{Instant, Tree};
use html::{
    Card, Column, Field, Table, When, card, csrf_field, date_time_field, empty, filters, pagination,
    search_field, table, text_field,
};
use maud::{Markup, html};
use record::{About, Refusal};
use service::{Answer, Request, csv};

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of a file.
const FILE_ROWS: usize = 100_000;
/// Rows read at once.
const BATCH: usize = 500;
const TITLES: [&str; 9] =
    ["Number", "When", "Who", "Role", "Organisation", "What", "Which part", "Why", "By which app"];

/// What is asked for.
struct Wanted<'r> {
    from: Option<i64>,
    to: Option<i64>,
    who: &'r str,
    before: Option<u64>,
}

/// `/patients/{id}/access-log`
pub fn access_log(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let wanted = wanted(request)?;
    let accounts = request.access.users()?;
    match request.query("as") {
        Some("csv") => return file(&record, &looks(&record, &wanted, &accounts, FILE_ROWS)?, "csv"),
        Some("json") => return file(&record, &looks(&record, &wanted, &accounts, FILE_ROWS)?, "json"),
        _ => {}
    }
    let mut rows = looks(&record, &wanted, &accounts, ROWS + 1)?;
    let older = (rows.len() > ROWS).then(|| rows[ROWS - 1].seq.to_string());
    rows.truncate(ROWS);
    let link = |more: &[(&str, &str)]| {
        let kept = ["from", "to", "who"].map(|name| (name, request.query(name).unwrap_or_default()));
        let pairs: Vec<(&str, &str)> = kept.iter().copied().chain(more.iter().copied()).collect();
        record.place.with(request.path, &pairs)
    };
    let body = html! {
        (filters(request.path, &[], html! {
            (search_field("who", "Person", wanted.who))
            (date_time_field("from", "From", wanted.from, request.now().0))
            (date_time_field("to", "To", wanted.to, request.now().0))
        }))
        @if rows.is_empty() {
            (empty("Nobody has opened this record", "Each look and each change is listed here, at once.", html! {}))
        } @else {
            (shown(&rows, &accounts, &|seq| link(&[("ask", seq)])))
            (pagination("Pages of who has looked", wanted.before.map(|_| link(&[])),
                older.as_deref().map(|seq| link(&[("before", seq)]))))
        }
        div class="app-card__foot" {
            "Complete up to now. To keep: "
            a href=(link(&[("as", "csv")])) { "CSV file" } ", "
            a href=(link(&[("as", "json")])) { "JSON file" } "."
        }
    };
    let list = Card { id: "looks", title: "Who has looked", count: None, link: None, columns: 12, body };
    let main = html! {
        (head("Who has looked", &record))
        @if let Some(seq) = request.query("ask") { (question(request, &record, seq)) }
        @if request.query("asked").is_some() {
            div class="app-card app-notice" role="status" { "Your question has gone to the privacy officer." }
        }
        div class="app-grid" { (card(list)) }
    };
    Ok(record.page("Who has looked", "access-log", main))
}

fn wanted<'r>(request: &Request<'r>) -> Result<Wanted<'r>, Refusal> {
    let moment = |name: &'static str| match request.query(name) {
        None => Ok(None),
        Some(text) => html::parse_local(text).map(Some).ok_or_else(|| {
            Refusal::invalid(name, format!("{text:?} is no date and time. Write it like 2026-11-24T09:05."))
        }),
    };
    let before = request.query("before").and_then(|text| text.parse().ok());
    Ok(Wanted {
        from: moment("from")?,
        to: moment("to")?,
        who: request.query("who").unwrap_or_default(),
        before,
    })
}

/// The acts on this patient that are wanted, newest first.
fn looks(
    record: &PatientRecord<'_>,
    wanted: &Wanted<'_>,
    accounts: &[Account],
    count: usize,
) -> Result<Vec<Told>, Refusal> {
    let about = About::Patient(record.person.id.clone());
    let end = match wanted.to {
        Some(to) => record.reader.audit_from(Instant(to + 60_000))?,
        None => None,
    };
    let mut before = [wanted.before, end].into_iter().flatten().min();
    let sought = wanted.who.to_lowercase();
    let mut found = Vec::new();
    loop {
        let rows = record.reader.audit_about(&about, before, BATCH)?;
        let whole = rows.len() < BATCH;
        before = rows.last().map(|row| row.seq);
        for row in rows {
            if wanted.from.is_some_and(|from| row.at.0 < from) {
                return Ok(found);
            }
            if name(&row.who, accounts).to_lowercase().contains(&sought) {
                found.push(told(&row));
            }
            if found.len() == count {
                return Ok(found);
            }
        }
        if whole {
            return Ok(found);
        }
    }
}

/// The name to show, with that of the account.
fn name(who: &str, accounts: &[Account]) -> String {
    match accounts.iter().find(|account| account.name == who) {
        Some(account) => format!("{} ({who})", account.display),
        None => who.to_owned(),
    }
}

fn shown(rows: &[Told], accounts: &[Account], ask: &dyn Fn(&str) -> String) -> Markup {
    let mut columns: Vec<Column> = TITLES[1..].iter().map(|title| Column::text(title)).collect();
    columns.push(Column::text("Question"));
    let cells = |told: &Told| {
        let seq = told.seq.to_string();
        vec![
            html! { (When::Moment(told.at)) },
            html! { (name(&told.who, accounts)) },
            html! { (told.role) },
            html! { (told.organisation) },
            html! { (told.what) },
            html! { (told.part) },
            html! { (told.why) },
            html! { (told.app) },
            html! {
                a href=(ask(&seq)) {
                    "Ask about this" span class="nhsuk-u-visually-hidden" { " (act " (seq) ")" }
                }
            },
        ]
    };
    let caption = "Who has looked at this record or changed it, newest first".to_owned();
    table(&Table {
        id: "looks-table",
        caption,
        columns,
        rows: rows.iter().map(cells).collect(),
        sortable: true,
    })
}

/// The form that asks the privacy officer about one act.
fn question(request: &Request<'_>, record: &PatientRecord<'_>, seq: &str) -> Markup {
    let field = Field {
        name: "question",
        label: "What do you want to know about this act?",
        hint: Some("The privacy officer sees the question with the act, and answers it."),
        kind: "text",
        autocomplete: "off",
        value: "",
        error: None,
    };
    html! {
        form class="app-card app-mb" method="post" action="/privacy/ask" {
            div class="app-card__body" {
                h2 class="app-h2" { "Ask about act " (seq) }
                (csrf_field(&request.session.csrf))
                input type="hidden" name="request" value=(record::new_id());
                input type="hidden" name="patient" value={ "Patient/" (record.person.id) };
                input type="hidden" name="row" value=(seq);
                (text_field(&field))
                div class="app-actions app-mt" {
                    button class="app-btn app-btn--primary" type="submit" { "Ask" }
                    a class="app-btn" href=(request.path) { "Cancel" }
                }
            }
        }
    }
}

/// The acts as a file. That it was taken is on the trail.
fn file(record: &PatientRecord<'_>, rows: &[Told], kind: &str) -> Result<Answer, Refusal> {
    let detail = Tree::object()
        .with("patients", vec![Tree::from(record.person.id.as_str())])
        .with("page", record.request.path)
        .with("count", rows.len() as i64);
    record.request.audit("export", detail);
    let name = format!("who-has-looked.{kind}");
    let fields = |told: &Told| {
        let at = Instant(told.at).to_string();
        let texts = [&told.who, &told.role, &told.organisation, &told.what, &told.part, &told.why, &told.app];
        [told.seq.to_string(), at].into_iter().chain(texts.into_iter().cloned()).collect::<Vec<String>>()
    };
    if kind == "csv" {
        let titles = TITLES.iter().map(|title| (*title).to_owned()).collect();
        let lines: Vec<Vec<String>> = std::iter::once(titles).chain(rows.iter().map(fields)).collect();
        return Ok(Answer::File { name, kind: "text/csv; charset=utf-8", bytes: csv(&lines) });
    }
    let names = ["number", "at", "who", "role", "organisation", "what", "part", "why", "app"];
    let one = |told: &Told| {
        let pairs = names.iter().zip(fields(told));
        pairs.fold(Tree::object(), |tree, (name, value)| tree.with(name, value))
    };
    let acts: Vec<Tree> = rows.iter().map(one).collect();
    let text = Tree::object().with("patient", record.person.id.as_str()).with("acts", acts).text();
    Ok(Answer::File { name, kind: "application/json", bytes: text.into_bytes() })
}

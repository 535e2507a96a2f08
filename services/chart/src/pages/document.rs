//! Documents and letters: the list, and one to read.

use super::cell;
use crate::letter;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{Content, DocumentEntry, Resource};
use html::{Card, Column, Table, Tone, card, empty, table, tag};
use maud::{Markup, html};
use record::{Found, Refusal};
use service::{Answer, Request};

/// `/patients/{id}/documents`
pub fn documents(request: &Request<'_>) -> Result<Answer, Refusal> {
    let mut record = PatientRecord::open(request, &[])?;
    let page = record.list("DocumentReference")?;
    let entries = page.resources.iter().map(DocumentEntry::of);
    let entries: Vec<DocumentEntry> = entries.filter(|entry| !entry.withdrawn).collect();
    let count = page.all;
    let names = record.names();
    let rows = entries.iter().map(|entry| {
        vec![
            html! {
                (cell::link(&record.place, &entry.href(&record.person.id), &entry.title))
                @if entry.superseded { " " (tag(Tone::Grey, "Replaced by a later one")) }
            },
            cell::text(entry.kind.as_deref()),
            cell::day(entry.at),
            cell::name(&names, entry.author.as_ref()),
        ]
    });
    let columns = ["Document", "Kind", "Date", "Author"].into_iter().map(Column::text).collect();
    let caption = "Documents and letters, newest first".to_owned();
    let list = Table { id: "documents-table", caption, columns, rows: rows.collect(), sortable: true };
    let body = html! {
        @if count == 0 {
            (empty("No documents recorded", "Letters and other documents appear here when filed.", html! {}))
        } @else {
            (table(&list))
            div class="app-card__foot" { (page.showing) (page.pages) }
        }
    };
    let all =
        Card { id: "documents", title: "All documents", count: Some(count), link: None, columns: 12, body };
    let main = html! { (head("Documents and letters", &record)) div class="app-grid" { (card(all)) } };
    Ok(record.page("Documents and letters", "documents", main))
}

/// `/patients/{id}/documents/{document}`
pub fn document(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let found = match record.reader.read("DocumentReference", request.param("document"))? {
        Found::Here(body) if body.patients.contains(&record.person.id) => Resource::of(body),
        _ => None,
    };
    let found = found.ok_or_else(|| Refusal::not_found("This document"))?;
    let entry = DocumentEntry::of(&found);
    let contents = Content::of(&found, &record.reader);
    if let Some(number) = request.query("file") {
        return file(&contents, number);
    }
    let names = record.names();
    let facts = [
        ("Kind", cell::text(entry.kind.as_deref())),
        ("Written", cell::date(entry.at)),
        ("Author", cell::name(&names, entry.author.as_ref())),
    ];
    let main = html! {
        (head(&entry.title, &record))
        @if entry.withdrawn { (html::notice(&withdrawn())) }
        div class="app-grid" {
            div class="app-card app-col-12" { div class="app-card__body" { (html::facts(&facts)) } }
            @for (i, content) in contents.iter().enumerate() {
                article class="app-card app-col-12" {
                    // The headings of a letter begin at the third level, so that they lie below this one.
                    h2 class="nhsuk-u-visually-hidden" { "Text of the document" }
                    (show(&record, &found, content, i))
                }
            }
            @if contents.is_empty() {
                div class="app-card app-col-12" {
                    (empty("This document has no content", "Only its description is recorded.", html! {}))
                }
            }
        }
        p class="app-mt" {
            (cell::link(&record.place, &found.href(&record.person.id), "All that is recorded about this document"))
        }
    };
    Ok(record.page(&entry.title, "documents", main))
}

fn withdrawn() -> html::Notice {
    html::Notice {
        tone: Tone::Red,
        head: "Entered in error.".into(),
        text: "Do not rely on this document.".into(),
    }
}

fn show(record: &PatientRecord<'_>, document: &Resource, content: &Content, number: usize) -> Markup {
    let path = format!("/patients/{}/documents/{}", record.person.id, document.id);
    html! {
        @match content {
            Content::Text(text) => div class="app-letter" { (letter::text(text)) },
            Content::Html(source) => div class="app-letter" { (letter::harmless(source)) },
            Content::File { kind, bytes } => div class="app-card__body" {
                p {
                    a href=(record.place.with(&path, &[("file", &number.to_string())])) download { "Save the file" }
                    " (" (kind) ", " (html::count(bytes.len() as u64 / 1024 + 1)) " kB)"
                }
            },
            Content::Elsewhere(Some(url)) => div class="app-card__body" {
                p { "The text is kept elsewhere: " span class="app-break" { (url) } }
            },
            Content::Elsewhere(None) => (empty("No text", "The document's content was not recorded.", html! {})),
        }
    }
}

/// A file to keep. Whatever it claims to be, the browser saves it and does not open it in our pages.
fn file(contents: &[Content], number: &str) -> Result<Answer, Refusal> {
    let content = number.parse().ok().and_then(|number: usize| contents.get(number));
    let Some(Content::File { kind, bytes }) = content else {
        return Err(Refusal::not_found("This file"));
    };
    let (name, kind) = match kind.as_str() {
        "application/pdf" => ("document.pdf", "application/pdf"),
        "image/jpeg" => ("document.jpg", "image/jpeg"),
        "image/png" => ("document.png", "image/png"),
        "application/rtf" | "text/rtf" => ("document.rtf", "application/rtf"),
        _ => ("document.bin", "application/octet-stream"),
    };
    Ok(Answer::File { name: name.into(), kind, bytes: bytes.clone() })
}

//! `/privacy`: questions that wait, and what is worth a look.

use crate::alerts::{Alert, Rule, alerts};
use crate::question::{self, Question};
use crate::{review, watch};
use fhir::Tree;
use html::Markup;
use html::{
    Card, Column, Nav, Table, When, card, csrf_field, date_time_field, empty, filters, frame, html as markup,
    page_head, table,
};
use record::{Refusal, Scope};
use service::review::Review;
use service::{Answer, Request};

const DAY_MS: i64 = 86_400_000;

/// The page.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let now = request.now();
    let reader = request.reader()?;
    let open = question::open(&reader, now)?;
    let reviews = Review::open(&reader, now)?;
    let (from, to) = (moment(request, "from")?, moment(request, "to")?);
    let (from, to) = (from.unwrap_or(now.0 - DAY_MS), to.unwrap_or(now.0 + 1));
    // What the rules need to know of appointments and encounters is more than the officer may read; they say only
    // whether an act is worth a look.
    let whole = request.access.store().reader(&Scope::all())?;
    let found = alerts(&watch::world(request.access, &whole, from, to)?);
    let detail = Tree::object()
        .with("page", request.path)
        .with("query", format!("{from}..{to}"))
        .with("count", found.len() as i64);
    request.audit("audit-view", detail);
    let search =
        html::Action { title: "Search the trail".into(), href: "/privacy/trail".into(), primary: false };
    let main = markup! {
        (page_head("Privacy", &[search], markup! {}))
        div class="app-grid" {
            (card(Card {
                id: "reviews", title: "To review", count: Some(reviews.len() as u64), link: None, columns: 12,
                body: review::list(request, &reviews),
            }))
            (card(Card {
                id: "questions", title: "Questions that wait", count: Some(open.len() as u64), link: None,
                columns: 12, body: questions(request, &open),
            }))
            (card(Card {
                id: "alerts", title: "Worth a look", count: Some(found.len() as u64), link: None, columns: 12,
                body: markup! {
                    (filters("/privacy", &[], markup! {
                        (date_time_field("from", "From", Some(from), now.0))
                        (date_time_field("to", "To", Some(to), now.0))
                    }))
                    (shown(&found))
                },
            }))
        }
    };
    Ok(Answer::Page(frame(&request.frame("Privacy", Nav::Services), main)))
}

/// A moment of the query, in London.
pub fn moment(request: &Request<'_>, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.query(name) else { return Ok(None) };
    html::parse_local(text).map(Some).ok_or_else(|| {
        Refusal::invalid(name, format!("{text:?} is no date and time. Write it like 2026-11-24T09:05."))
    })
}

fn questions(request: &Request<'_>, open: &[Question]) -> Markup {
    if open.is_empty() {
        return empty("No question waits", "Questions about who has looked come here.", markup! {});
    }
    markup! {
        ul class="app-list" {
            @for question in open {
                li class="app-card__body" {
                    p { strong { (question.text) } }
                    p {
                        (question.asker) " asked about "
                        a href={ "/privacy/trail?row=" (question.row) } { "act " (question.row) } " on "
                        a href={ "/patients/" (question.patient) "/access-log" } { "this record" }
                        @if let Some(asked) = When::parse(&question.asked) { ", " (asked) } "."
                    }
                    form method="post" action="/privacy/answer" {
                        (csrf_field(&request.session.csrf))
                        input type="hidden" name="request" value=(record::new_id());
                        input type="hidden" name="task" value={ "Task/" (question.id) };
                        label class="nhsuk-label" for={ "answer-" (question.id) } {
                            "Answer" span class="nhsuk-u-visually-hidden" { " to: " (question.text) }
                        }
                        input class="nhsuk-input" id={ "answer-" (question.id) } name="answer" type="text"
                            autocomplete="off";
                        div class="app-actions app-mt" {
                            button class="app-btn app-btn--primary" type="submit" { "Answer and close" }
                        }
                    }
                }
            }
        }
    }
}

fn shown(found: &[Alert]) -> Markup {
    if found.is_empty() {
        return empty("Nothing in this period", "No rule found an act worth a look.", markup! {});
    }
    let columns = ["Why", "Who", "Patient", "First act", "Acts"].into_iter().map(Column::text).collect();
    let row = |alert: &Alert| {
        vec![
            markup! { (alert.rule.title()) },
            markup! { a href={ "/privacy/trail?who=" (html_query(&alert.who)) } { (alert.who) } },
            markup! {
                @if !alert.patient.is_empty() {
                    a href={ "/patients/" (alert.patient) "/access-log" } {
                        "Who has looked" span class="nhsuk-u-visually-hidden" { " at " (alert.patient) }
                    }
                }
            },
            markup! {
                a href={ "/privacy/trail?row=" (alert.seq) } { (When::Moment(alert.at)) }
            },
            markup! { (alert.acts) },
        ]
    };
    let caption = "Acts that a rule finds worth a look".to_owned();
    let counts =
        Rule::ALL.iter().map(|rule| (rule, found.iter().filter(|alert| alert.rule == *rule).count()));
    markup! {
        p class="app-card__body" {
            @for (rule, count) in counts.filter(|(_, count)| *count > 0) { (rule.title()) ": " (count) ". " }
        }
        (table(&Table { id: "alerts-table", caption, columns, rows: found.iter().map(row).collect(), sortable: true }))
    }
}

/// A text as a value of a query.
pub fn html_query(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

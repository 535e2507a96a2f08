//! What people did on their own responsibility: listed, and reviewed by somebody else.

use html::{Markup, Tone, When, empty, html as markup, tag};
use record::Tx;
use service::review::Review;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Request, Session, Values};

/// Closes a review.
pub const REVIEW: Command<Reviewed> =
    Command { name: "review", about: "Review what somebody opened", needs: Permission::Audit, run: review };

/// Which review, and what was found.
pub struct Reviewed {
    task: String,
    outcome: String,
    words: String,
}

impl Input for Reviewed {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "task",
            kind: FieldKind::Reference(&["Task"]),
            required: true,
            label: "Review",
            hint: "",
        },
        Field {
            name: "outcome",
            kind: FieldKind::Code(&[
                ("justified", "It was right"),
                ("not-justified", "It was not right, and is followed up"),
            ]),
            required: true,
            label: "What you found",
            hint: "",
        },
        Field {
            name: "words",
            kind: FieldKind::Text,
            required: true,
            label: "In your words",
            hint: "What you looked at, and what follows",
        },
    ];

    fn read(values: &Values) -> Result<Reviewed, Refusal> {
        let task = values.text("task").trim_start_matches("Task/").to_owned();
        Ok(Reviewed { task, outcome: values.text("outcome"), words: values.text("words") })
    }
}

fn review(tx: &mut Tx<'_>, session: &Session, reviewed: Reviewed) -> Result<Outcome, Refusal> {
    let written = Review::close(tx, session, &reviewed.task, (&reviewed.outcome, &reviewed.words))?;
    Ok(Outcome::of([written], "It is reviewed.", "/privacy"))
}

/// The reviews that wait, with the way to each.
pub fn list(request: &Request<'_>, open: &[Review]) -> Markup {
    if open.is_empty() {
        return empty(
            "Nothing to review",
            "Broken glass and claimed relationships come here at once.",
            markup! {},
        );
    }
    markup! {
        ul class="app-list" {
            @for review in open {
                li class="app-card__body" {
                    p {
                        strong class="app-strong" { (review.act.title()) } " "
                        @if review.due < request.now() { (tag(Tone::Red, "Overdue")) }
                    }
                    p { "“" (review.why) "”" }
                    p {
                        a href={ "/privacy/trail?who=" (crate::page::html_query(&review.who)) } { (review.who) }
                        ", " (When::Moment(review.at.0)) ", on "
                        a href={ "/patients/" (review.patient) "/access-log" } { "this record" }
                        ". Due by " (When::Moment(review.due.0)) "."
                    }
                    div class="app-actions app-mt" {
                        a class="app-btn app-btn--primary" href={ "/privacy/review?task=Task/" (review.id) } {
                            "Review" span class="nhsuk-u-visually-hidden" { " what " (review.who) " did" }
                        }
                    }
                }
            }
        }
    }
}

/// How many wait, on the home page.
pub fn card(request: &Request<'_>) -> Result<Markup, Refusal> {
    let open = Review::open(&request.reader()?, request.now())?;
    let overdue = open.iter().filter(|review| review.due < request.now()).count();
    Ok(markup! {
        div class="app-card__body" {
            @if open.is_empty() {
                p { "Nothing waits." }
            } @else {
                p {
                    a href="/privacy" {
                        (open.len()) @if open.len() == 1 { " act" } @else { " acts" } " to review"
                    }
                    @if overdue > 0 { ", " (overdue) " overdue" } "."
                }
            }
        }
    })
}

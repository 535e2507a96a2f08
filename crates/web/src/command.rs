//! The form of a command, made from its fields, and what comes of sending it.

use crate::asked::Asked;
use crate::door::{Answered, redirect};
use crate::page::{request, signed_in};
use crate::refusal::status;
use crate::{Web, apps};
use access::Session;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use fhir::Tree;
use html::{Frame, Markup, Nav, Problem, csrf_field, error_summary, frame, html, text_field};
use record::{Found, Kind, Refusal, new_id};
use service::{Field, FieldKind, Listed, Values, perform};

/// The field that makes pressing twice the same as pressing once.
const ONCE: &str = "request";
const TOKEN: &str = "csrf";

/// The form. Values of the query are in its fields already.
pub fn show(web: &Web, asked: &Asked, listed: Listed) -> Answered {
    let session = signed_in(asked);
    if let Err(no) = session.needs(listed.command.needs()) {
        let detail =
            Tree::object().with("command", listed.name()).with("needs", listed.command.needs().name());
        web.access.store().audit(session.act("refused", detail)).wait()?;
        return Err(no);
    }
    Ok(page(web, asked, listed, &Values::new(asked.query.clone()), &new_id(), None))
}

/// Performs the command: to the page that shows the result, or the form again with what is wrong.
pub fn submit(web: &Web, asked: &Asked, listed: Listed) -> Answered {
    let fields = asked.form.iter().filter(|(name, _)| name != ONCE && name != TOKEN);
    let values = Values::new(fields.cloned());
    let once = asked.field(ONCE);
    match perform(signed_in(asked), &web.access, listed, &values, Some(once)) {
        Ok(outcome) => Ok(redirect(&outcome.next)),
        Err(no) if matches!(no.kind, Kind::Invalid | Kind::Conflict | Kind::Precondition) => {
            // What was refused may be sent again, changed, under a new id.
            Ok(page(web, asked, listed, &values, &new_id(), Some(&no)))
        }
        Err(no) => Err(no),
    }
}

fn page(
    web: &Web,
    asked: &Asked,
    listed: Listed,
    values: &Values,
    once: &str,
    refused: Option<&Refusal>,
) -> Response {
    let session = signed_in(asked);
    let issues = refused.map_or(&[][..], |no| &no.issues);
    let problems: Vec<Problem> =
        issues.iter().map(|issue| Problem { field: issue.at.clone(), text: issue.text.clone() }).collect();
    let main = html! {
        (error_summary(&problems))
        div class="app-card" {
            div class="app-card__body" {
                h1 class="app-h1 app-mb" { (listed.command.about()) }
                form class="app-form" method="post" action=(listed.path()) novalidate {
                    (csrf_field(&session.csrf))
                    input type="hidden" name=(ONCE) value=(once);
                    @for field in listed.command.fields() {
                        @let value = values.get(field.name).unwrap_or_default();
                        @match person(web, session, field, value) {
                            Some(name) => {
                                input type="hidden" name=(field.name) value=(value);
                                p { (field.label) ": " strong class="app-strong" { (name) } }
                            }
                            None => (input(field, value, &problems)),
                        }
                    }
                    div class="app-actions app-mt" {
                        button class="app-btn app-btn--primary" type="submit" { (listed.command.about()) }
                        a class="app-btn" href="/home" { "Cancel" }
                    }
                }
            }
        }
    };
    let request = request(web, asked, session);
    let about =
        Frame { has_error: refused.is_some(), ..request.frame(listed.command.about(), Nav::Services) };
    let status = refused.map_or(StatusCode::OK, |no| status(no.kind));
    (status, Html(frame(&about, main).into_string())).into_response()
}

/// The patient that a link of ours named, in words: nobody needs to see the id. Nothing for other fields, and for a
/// value that means nobody whom the session sees.
fn person(web: &Web, session: &Session, field: &Field, value: &str) -> Option<String> {
    let is_patient = matches!(field.kind, FieldKind::Reference(["Patient"]));
    let id = value.strip_prefix("Patient/").filter(|_| is_patient)?;
    match web.access.store().read(&session.scope, "Patient", id).ok()? {
        Found::Here(body) => Some(apps::named(&body)),
        _ => None,
    }
}

fn input(field: &Field, value: &str, problems: &[Problem]) -> Markup {
    let error =
        problems.iter().find(|problem| problem.field == field.name).map(|problem| problem.text.as_str());
    let kind = match field.kind {
        FieldKind::Code(codes) => return choice(field, codes, value, error),
        FieldKind::Boolean => return choice(field, &[("true", "Yes"), ("false", "No")], value, error),
        FieldKind::Date => "date",
        FieldKind::DateTime => "datetime-local",
        FieldKind::Proof => "password",
        FieldKind::String | FieldKind::Text | FieldKind::Integer | FieldKind::Reference(_) => "text",
    };
    let label = label(field);
    text_field(&html::Field {
        name: field.name,
        label: &label,
        hint: (!field.hint.is_empty()).then_some(field.hint),
        kind,
        autocomplete: if kind == "password" { "current-password" } else { "off" },
        value: if kind == "password" { "" } else { value },
        error,
    })
}

/// One of a few: nothing is chosen beforehand.
fn choice(field: &Field, codes: &[(&str, &str)], value: &str, error: Option<&str>) -> Markup {
    let described = format!("{}-error", field.name);
    html! {
        div class={ "nhsuk-form-group" @if error.is_some() { " nhsuk-form-group--error" } } {
            fieldset class="nhsuk-fieldset" aria-describedby=[error.map(|_| described.as_str())] {
                legend class="nhsuk-fieldset__legend app-strong" { (label(field)) }
                @if !field.hint.is_empty() { div class="nhsuk-hint" { (field.hint) } }
                @if let Some(error) = error {
                    span class="nhsuk-error-message" id=(described) {
                        span class="nhsuk-u-visually-hidden" { "Error: " } (error)
                    }
                }
                div class="nhsuk-radios nhsuk-radios--small" {
                    @for (i, (code, words)) in codes.iter().enumerate() {
                        @let id = if i == 0 { field.name.to_owned() } else { format!("{}-{i}", field.name) };
                        div class="nhsuk-radios__item" {
                            input class="nhsuk-radios__input" id=(id) name=(field.name) type="radio"
                                value=(code) checked[value == *code];
                            label class="nhsuk-label nhsuk-radios__label" for=(id) { (words) }
                        }
                    }
                }
            }
        }
    }
}

fn label(field: &Field) -> String {
    let is_asked = field.required || matches!(field.kind, FieldKind::Proof);
    if is_asked { field.label.to_owned() } else { format!("{} (optional)", field.label) }
}

//! Forms: fields with labels above them, hints, errors in the same words at the top and beside the field.

use crate::local_input;
use maud::{Markup, html};

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Id of the field; empty for the form as a whole.
    pub field: String,
    /// What is wrong and what was typed.
    pub text: String,
}

/// All that is wrong, at the top of a page, with links to the fields. Nothing when nothing is.
pub fn error_summary(problems: &[Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div class="nhsuk-error-summary" aria-labelledby="problem-title" role="alert" tabindex="-1"
                autofocus {
                h2 class="nhsuk-error-summary__title app-h2" id="problem-title" { "There is a problem" }
                div class="nhsuk-error-summary__body" {
                    ul class="nhsuk-list nhsuk-error-summary__list" {
                        @for problem in problems {
                            li {
                                @if problem.field.is_empty() { (problem.text) }
                                @else { a href={ "#" (problem.field) } { (problem.text) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The hidden token that every form that changes something carries.
pub fn csrf_field(token: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(token); }
}

/// A field for a line of text.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Id and name.
    pub name: &'a str,
    /// Label above it.
    pub label: &'a str,
    /// Hint under the label.
    pub hint: Option<&'a str>,
    /// `text`, `password`, `search`.
    pub kind: &'a str,
    /// What the browser may fill in: `username`, `current-password`, `off`.
    pub autocomplete: &'a str,
    /// What is in it.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

/// The field with label, hint and error.
pub fn text_field(field: &Field<'_>) -> Markup {
    let described = [(field.hint.is_some(), "hint"), (field.error.is_some(), "error")];
    let described: Vec<String> =
        described.iter().filter(|(is, _)| *is).map(|(_, end)| format!("{}-{end}", field.name)).collect();
    html! {
        div class={ "nhsuk-form-group" @if field.error.is_some() { " nhsuk-form-group--error" } } {
            label class="nhsuk-label app-strong" for=(field.name) { (field.label) }
            @if let Some(hint) = field.hint { div class="nhsuk-hint" id={ (field.name) "-hint" } { (hint) } }
            @if let Some(error) = field.error {
                span class="nhsuk-error-message" id={ (field.name) "-error" } {
                    span class="nhsuk-u-visually-hidden" { "Error: " } (error)
                }
            }
            input class={ "nhsuk-input" @if field.error.is_some() { " nhsuk-input--error" } } id=(field.name)
                name=(field.name) type=(field.kind) autocomplete=(field.autocomplete) value=(field.value)
                aria-describedby=[(!described.is_empty()).then(|| described.join(" "))]
                aria-invalid=[field.error.map(|_| "true")];
        }
    }
}

/// A row of filters that are applied by GET, so that Back, bookmarks and links work. `kept` are query
/// parameters that go on as they are.
pub fn filters(action: &str, kept: &[(&str, &str)], fields: Markup) -> Markup {
    html! {
        form class="app-filters" method="get" action=(action) {
            @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
            (fields)
            button class="app-btn" type="submit" { "Apply" }
        }
    }
}

/// One choice of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub title: String,
}

/// A list to choose one of, for filters.
pub fn select_field(name: &str, label: &str, choices: &[Choice], chosen: &str) -> Markup {
    html! {
        div class="app-field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for choice in choices {
                    option value=(choice.value) selected[choice.value == chosen] { (choice.title) }
                }
            }
        }
    }
}

/// A box for words to find, for filters.
pub fn search_field(name: &str, label: &str, value: &str) -> Markup {
    html! {
        div class="app-field" {
            label for=(name) { (label) }
            input id=(name) name=(name) type="search" autocomplete="off" value=(value);
        }
    }
}

/// A date and time of London, for filters.
pub fn date_time_field(name: &str, label: &str, value: Option<i64>, latest: i64) -> Markup {
    html! {
        div class="app-field" {
            label for=(name) { (label) }
            input id=(name) name=(name) type="datetime-local" value=[value.map(local_input)]
                max=(local_input(latest));
        }
    }
}

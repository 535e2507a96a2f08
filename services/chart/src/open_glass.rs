//! What stands on the pages of a record that is closed to somebody, or that they opened by breaking glass.

use crate::patient_record::PatientRecord;
use access::{GLASS_MINUTES, Glass, Pane};
use html::csrf_field;
use maud::{Markup, html};
use service::Permission;

/// Where glass of a patient is broken.
pub fn address(patient: &str, pane: &str) -> String {
    format!("/relationships/break-glass?patient=Patient/{patient}&pane={pane}")
}

/// The same words for a full record and an empty one: what someone can do who has no relationship.
pub fn closed(record: &PatientRecord<'_>) -> Markup {
    html! {
        div class="app-card app-mb" {
            div class="app-card__body app-stack" {
                h1 class="app-h1" { "This record is closed to you" }
                p { "Nothing on file says that you care for this patient. What you can do:" }
                (ways(record))
            }
        }
    }
}

/// What someone can do who has no relationship, the gentlest first.
pub fn ways(record: &PatientRecord<'_>) -> Markup {
    let (session, person) = (record.request.session, &record.person.id);
    html! {
        ul class="nhsuk-list nhsuk-list--bullet" {
            li { "Ask a colleague who cares for this patient to let you help." }
            @if session.may(Permission::Claim) {
                li {
                    a href=(format!("/relationships/claim?patient=Patient/{person}")) {
                        "Say that you care for this patient"
                    }
                    ", for twelve hours. The privacy officer is told."
                }
            }
            @if session.may(Permission::ReadRecord) {
                li {
                    a href=(address(person, "relationship")) { "Break the glass" }
                    ", in an emergency, for " (GLASS_MINUTES) " minutes. It is reviewed, and the patient can see it."
                }
            }
        }
    }
}

/// On every page of the record while glass of it is open: what, how much longer, and the way to close it.
pub fn bars(record: &PatientRecord<'_>) -> Markup {
    let (request, person) = (record.request, &record.person.id);
    let open = request.session.glass.iter().filter(|glass| glass.patient == *person);
    html! { @for glass in open { (bar(record, glass)) } }
}

fn bar(record: &PatientRecord<'_>, glass: &Glass) -> Markup {
    let request = record.request;
    let minutes = (glass.until.0 - request.now().0).div_euclid(60_000) + 1;
    html! {
        div class="app-glass" role="status" {
            p {
                strong {
                    @match glass.pane {
                        Pane::Relationship => "You broke the glass to see this record.",
                        Pane::Seal => "You opened what another team has sealed.",
                    }
                }
                " It closes in " (minutes) @if minutes == 1 { " minute" } @else { " minutes" }
                ". The privacy officer reviews it."
            }
            form method="post" action="/relationships/close-glass" {
                (csrf_field(&request.session.csrf))
                input type="hidden" name="request" value=(record::new_id());
                input type="hidden" name="patient" value={ "Patient/" (record.person.id) };
                input type="hidden" name="glass" value=(glass.id);
                button class="app-btn" type="submit" { "Close it now" }
            }
        }
    }
}

/// A line for whoever could be helped by knowing that something is sealed.
pub fn sealed(record: &PatientRecord<'_>) -> Markup {
    let (request, person) = (record.request, &record.person.id);
    let sealed = service::consent::is_sealed_from(request.access, request.session, person);
    html! {
        @if sealed.unwrap_or(false) {
            div class="app-card app-notice app-alert app-alert--blue" role="note" {
                div {
                    "Some information is sealed. "
                    a href=(format!("/patients/{person}/access")) { "What you can do" }
                }
            }
        }
    }
}

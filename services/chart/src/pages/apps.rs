//! Apps of others that open with this patient.

use crate::patient_record::PatientRecord;
use crate::shown::head;
use html::{Card, card, csrf_field, empty};
use maud::html;
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/apps`
pub fn apps(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let mut apps = request.access.apps()?;
    apps.retain(|app| app.launch.is_some());
    let body = html! {
        @if apps.is_empty() {
            (empty("No app opens from a record", "An administrator can register apps.", html! {}))
        } @else {
            ul class="app-list" {
                @for app in &apps {
                    li class="app-card__body" {
                        p { strong class="app-strong" { (app.name) } }
                        form method="post" action="/oauth/launch" {
                            (csrf_field(&request.session.csrf))
                            input type="hidden" name="app" value=(app.id);
                            input type="hidden" name="patient" value=(record.person.id);
                            button class="app-btn" type="submit" {
                                "Open" span class="nhsuk-u-visually-hidden" { " " (app.name) }
                            }
                        }
                    }
                }
            }
        }
    };
    let list = Card { id: "apps", title: "Apps", count: None, link: None, columns: 12, body };
    let main = html! {
        (head("Open in an app", &record))
        div class="app-grid" { (card(list)) }
    };
    Ok(record.page("Open in an app", "apps", main))
}

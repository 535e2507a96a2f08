//! The patients whose records someone looked at last.

use crate::views::{Person, Resource};
use html::{Markup, empty};
use maud::html;
use record::{Found, Refusal};
use service::Request;

/// The card of the home page.
pub fn card(request: &Request<'_>) -> Result<Markup, Refusal> {
    let people = recent(request)?;
    Ok(html! {
        @if people.is_empty() {
            (none())
        } @else {
            ul class="app-list" {
                @for person in &people { li { (super::page::in_list(person, request.now().0)) } }
            }
        }
    })
}

/// What stands in the place of an empty list.
pub(super) fn none() -> Markup {
    empty("No record opened yet", "Patients whose record you open are listed here.", html! {})
}

/// The patients, the latest first; without those that have left the session's scope.
pub(super) fn recent(request: &Request<'_>) -> Result<Vec<Person>, Refusal> {
    let reader = request.access.store().reader(&request.session.scope)?;
    let mut people = Vec::new();
    for id in request.recent()? {
        if let Found::Here(body) = reader.read("Patient", &id)? {
            people.extend(Resource::of(body).map(|patient| Person::of(&patient)));
        }
    }
    Ok(people)
}

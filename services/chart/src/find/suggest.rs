//! The list under the box while someone types: rows that a script puts there.

use crate::views::Person;
use maud::{Markup, html};

/// The rows. Nothing inside them can have the focus: the box keeps it.
pub(super) fn rows(people: &[Person], now: i64) -> Markup {
    html! {
        @for person in people {
            li role="option" data-href={ "/patients/" (person.id) } {
                strong class="app-strong" { (person.name.in_list()) }
                br;
                span class="app-s app-muted" {
                    @match person.born {
                        Some(born) => {
                            (born.without_time())
                            @if let Some(age) = html::age(born, now) { " (" (age) ")" }
                        }
                        None => "Born not known",
                    }
                    " · "
                    @match &person.nhs_number { Some(number) => (number), None => "NHS No. not known" }
                }
            }
        }
    }
}

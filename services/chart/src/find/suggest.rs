//! The list under the box while someone types: rows that a script puts there.

use super::page::line;
use crate::views::Person;
use html::born_and_number;
use maud::{Markup, html};

/// The rows. Nothing inside them can have the focus: the box keeps it.
pub(super) fn rows(people: &[Person], now: i64) -> Markup {
    html! {
        @for person in people {
            li role="option" data-href={ "/patients/" (person.id) } {
                strong class="app-strong" { (person.name.in_list()) }
                br;
                (born_and_number(&line(person, "", now)))
            }
        }
    }
}

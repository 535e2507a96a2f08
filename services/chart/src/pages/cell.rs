//! Small parts of tables and lists.

use crate::shown::Place;
use crate::views::Names;
use crate::views::Reference;
use html::{Markup, When};
use maud::html;

/// A date or `Not known`.
pub fn date(when: Option<When>) -> Markup {
    html! { @match when { Some(when) => (when), None => "Not known" } }
}

/// A day or `Not known`.
pub fn day(when: Option<When>) -> Markup {
    date(when.map(When::without_time))
}

/// Text or `Not recorded`.
pub fn text(text: Option<&str>) -> Markup {
    html! { @match text { Some(text) => (text), None => span class="app-muted" { "Not recorded" } } }
}

/// The name of someone who is referred to, or `Not recorded`.
pub fn name(names: &Names<'_>, reference: Option<&Reference>) -> Markup {
    text(names.of(reference).as_deref())
}

/// A link within the record.
pub fn link(place: &Place, href: &str, words: &str) -> Markup {
    html! { a href=(place.link(href)) { (words) } }
}

/// The newest first; what has no date comes last.
pub fn newest_first<T>(rows: &mut [T], when: impl Fn(&T) -> Option<When>) {
    rows.sort_by_key(|row| std::cmp::Reverse(when(row).map(When::start)));
}

/// Further remarks under a cell's first line.
pub fn remarks(notes: &[String]) -> Markup {
    html! { @for note in notes { p class="app-s app-muted" { (note) } } }
}

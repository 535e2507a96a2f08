//! Parts that any page is made of: its head, cards, facts, notices, tags, pages of a list, and the two states
//! that must never look alike: there is nothing, and it could not be loaded.

use crate::icon::{Icon, icon};
use crate::{When, count};
use maud::{Markup, html};

/// What a colour stands for; the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Grey,
    /// Harm now, critical.
    Red,
    /// Out of range, overdue.
    RedLine,
    /// Soon, with care.
    Amber,
    /// Done, safe.
    Green,
    /// Information.
    Blue,
}

/// A word in a box.
pub fn tag(tone: Tone, text: &str) -> Markup {
    let class = match tone {
        Tone::Grey => "app-tag app-tag--grey",
        Tone::Red => "app-tag app-tag--red",
        Tone::RedLine => "app-tag app-tag--redline",
        Tone::Amber => "app-tag app-tag--amber",
        Tone::Green => "app-tag app-tag--green",
        Tone::Blue => "app-tag app-tag--blue",
    };
    html! { span class=(class) { (text) } }
}

/// A message about what has just happened or about the page as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Grey for "done", amber for "take care", red for "not done".
    pub tone: Tone,
    /// `Saved.`
    pub head: String,
    /// The rest of the message.
    pub text: String,
}

/// A message.
pub fn notice(notice: &Notice) -> Markup {
    let class = match notice.tone {
        Tone::Red | Tone::RedLine => " app-alert--red",
        Tone::Amber => " app-alert--amber",
        Tone::Blue => " app-alert--blue",
        Tone::Grey | Tone::Green => "",
    };
    html! {
        div class={ "app-card app-notice app-alert" (class) } role="status" {
            div { strong class="app-strong" { (notice.head) } " " (notice.text) }
        }
    }
}

/// A link that looks like a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Verb and thing.
    pub title: String,
    /// Where it leads.
    pub href: String,
    /// The one green button of a page.
    pub primary: bool,
}

/// A page's title with what can be done on it.
pub fn page_head(title: &str, actions: &[Action], more: Markup) -> Markup {
    html! {
        div class="app-pagehead" {
            h1 class="app-h1" { (title) }
            div class="app-actions" {
                (more)
                @for action in actions {
                    a class={ "app-btn" @if action.primary { " app-btn--primary" } } href=(action.href) {
                        (action.title)
                    }
                }
            }
        }
    }
}

/// A box with a head, a link to more and a body.
pub struct Card<'a> {
    /// Id of the head, once on a page.
    pub id: &'a str,
    /// Words of the head.
    pub title: &'a str,
    /// How many things there are, beside the title.
    pub count: Option<u64>,
    /// Text and address of the link at the right.
    pub link: Option<(&'a str, String)>,
    /// Columns of twelve that it takes: 12, 7, 6, 5 or 4.
    pub columns: u8,
    /// The content; lists and tables reach the edges, text stands in a `app-card__body`.
    pub body: Markup,
}

/// The box.
pub fn card(card: Card<'_>) -> Markup {
    html! {
        section class={ "app-card app-col-" (card.columns) } aria-labelledby=(card.id) {
            div class="app-card__head" {
                h2 class="app-h2" id=(card.id) {
                    (card.title)
                    @if let Some(n) = card.count {
                        " " span class="app-muted app-plain" { "(" (count(n)) ")" }
                    }
                }
                @if let Some((text, address)) = &card.link { a href=(address) { (text) } }
            }
            (card.body)
        }
    }
}

/// There is nothing: what, and what can be done. `more` may hold links.
pub fn empty(head: &str, text: &str, more: Markup) -> Markup {
    html! {
        div class="app-empty" {
            p { strong class="app-strong app-ink" { (head) } }
            p { (text) }
            @if !more.0.is_empty() { p class="app-mt" { (more) } }
        }
    }
}

/// It could not be loaded, which says nothing about whether there is something.
pub fn missing(what: &str, at: i64) -> Markup {
    html! {
        div class="app-failed" role="alert" {
            p {
                (icon(Icon::Unavailable)) " "
                strong class="app-strong" { (what) " could not be loaded" }
            }
            p { "There may be some. Tried " (When::Moment(at)) ". Load the page again, or ask for help." }
        }
    }
}

/// Facts side by side: label above value.
pub fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl class="app-facts" {
            @for (label, value) in facts { div { dt { (label) } dd { (value) } } }
        }
    }
}

/// `Showing 200 of 3,104`, or `All 12`.
pub fn showing(first: u64, shown: u64, all: u64) -> String {
    match (first, shown == all) {
        (_, true) => format!("All {} shown", count(all)),
        (0, false) => format!("Showing {} of {}", count(shown), count(all)),
        (first, false) => {
            format!("Showing {} to {} of {}", count(first + 1), count(first + shown), count(all))
        }
    }
}

/// Links to the pages before and after, by their addresses, newest first.
pub fn pagination(label: &str, newer: Option<String>, older: Option<String>) -> Markup {
    html! {
        @if newer.is_some() || older.is_some() {
            nav class="app-pages" aria-label=(label) {
                @for (address, rel, words) in [(&newer, "prev", "Newer"), (&older, "next", "Older")] {
                    @if let Some(address) = address {
                        a class="app-btn app-btn--small" href=(address) rel=(rel) { (words) }
                    }
                }
            }
        }
    }
}

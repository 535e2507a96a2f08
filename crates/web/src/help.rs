//! Help: what can be done here, by keyboard too, and how accessible it is. For everyone, signed in or not.

use crate::Web;
use crate::asked::Asked;
use crate::door::Answered;
use axum::response::{Html, IntoResponse};
use html::{Column, Frame, Markup, Nav, PRODUCT, Table, frame, html, page_head, table};

/// A page of help.
pub struct Help {
    /// Its path.
    pub path: &'static str,
    title: &'static str,
    topics: fn() -> Vec<Topic>,
}

/// A head and what is under it.
type Topic = (&'static str, Markup);

/// All pages of help.
pub static HELP: &[Help] = &[
    Help { path: "/help", title: "Help", topics: usual },
    Help { path: "/help/keyboard", title: "Keyboard shortcuts", topics: keyboard },
    Help { path: "/help/accessibility", title: "Accessibility statement", topics: accessibility },
];

/// A page, in the frame of whoever reads it.
pub fn show(web: &Web, asked: &Asked, help: &Help) -> Answered {
    let main = html! {
        (page_head(help.title, &[], html! {}))
        div class="app-card" {
            div class="app-card__body app-stack" {
                @for (head, body) in (help.topics)() { h2 class="app-h2" { (head) } (body) }
            }
        }
    };
    let page = match asked.session() {
        Some(session) => frame(&crate::page::request(web, asked, session).frame(help.title, Nav::Help), main),
        None => {
            frame(&Frame { made: web.access.now().0, ..Frame::new(help.title, Nav::Help, &web.assets) }, main)
        }
    };
    Ok(Html(page.into_string()).into_response())
}

/// How to do the things that everyone does.
fn usual() -> Vec<Topic> {
    let find = html! {
        p {
            "Type in the box at the top of any page: names in any order, a date of birth in any usual \
             form, an NHS number with or without spaces, a postcode, or several of them. "
            kbd { "/" } " goes there."
        }
    };
    let read = html! {
        p {
            "The banner on each page says whose record it is. The sections are at its left; the number \
             beside a section is how many entries it has."
        }
        p {
            strong class="app-strong" { "As at" }
            " shows the whole record as it was at the end of a past minute or day. An amber strip says \
             so until you go back to now."
        }
    };
    let away = html! {
        p {
            "After " (access::IDLE_MINUTES) " minutes without use the record locks and asks for your \
             password. You go on where you were. After " (access::SESSION_HOURS) " hours you sign in \
             again. Sign out when you leave a shared computer."
        }
    };
    let seen = html! {
        p {
            "Each record that you open and each search is written to the audit trail with your name and \
             the time. Privacy officers review it, and patients may ask to see it."
        }
    };
    let more = html! {
        ul class="nhsuk-list nhsuk-list--bullet" {
            li { a href="/help/keyboard" { "Keyboard shortcuts" } }
            li { a href="/help/accessibility" { "Accessibility statement" } }
            li { a href="/account" { "My account" } }
        }
    };
    vec![
        ("Find a patient", find),
        ("Read a record", read),
        ("When you go away", away),
        ("Who sees what I did", seen),
        ("More", more),
    ]
}

/// What keys do.
fn keyboard() -> Vec<Topic> {
    const KEYS: [(&str, &str); 6] = [
        ("Tab, Shift and Tab", "Goes to the next or the previous link, button or field"),
        ("Enter", "Opens a link, presses a button"),
        ("/", "Goes to the box that finds a patient"),
        ("Down, Up", "Goes through the patients that the box lists while you type"),
        ("Escape", "Closes that list"),
        ("Space", "Opens or closes what can be opened, such as the patient banner"),
    ];
    let keys = Table {
        id: "keys",
        caption: "Keys and what they do".to_owned(),
        columns: ["Key", "What it does"].map(Column::text).into(),
        rows: KEYS.map(|(key, does)| vec![html! { kbd { (key) } }, html! { (does) }]).into(),
        sortable: false,
    };
    let skip = html! {
        p { "Everything can be done by keyboard. The first Tab on a page offers to skip to its content." }
    };
    vec![("Without a mouse", skip), ("Keys", table(&keys))]
}

/// The accessibility statement.
fn accessibility() -> Vec<Topic> {
    let aim = html! {
        p {
            (PRODUCT) " aims to meet the Web Content Accessibility Guidelines 2.2 at level AA. You \
            should be able to"
        }
        ul class="nhsuk-list nhsuk-list--bullet" {
            li { "do everything by keyboard, and see where the focus is" }
            li { "enlarge text to 200% and the page to 400% without losing anything" }
            li { "read and do everything with a screen reader" }
            li { "use every page with scripts turned off" }
            li { "tell states apart without seeing colours" }
        }
    };
    let checked = html! {
        p {
            "The pages are checked with axe in a browser whenever the program is tested. No audit by \
             people who depend on assistive technology has been done yet."
        }
    };
    let short = html! {
        ul class="nhsuk-list nhsuk-list--bullet" {
            li { "Charts are pictures; the same numbers stand in a table beneath each." }
            li {
                "Letters and scans that came from elsewhere are only as accessible as whoever made them \
                 left them."
            }
        }
    };
    let tell = html! {
        p {
            "If something cannot be used, tell your organisation's support. Say which page, and what you use."
        }
    };
    vec![
        ("What we aim at", aim),
        ("How it is checked", checked),
        ("What falls short", short),
        ("Tell us", tell),
    ]
}

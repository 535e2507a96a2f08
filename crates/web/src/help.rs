//! Help: what can be done here, by keyboard too, and how accessible it is.

use html::{Markup, Nav, PRODUCT, frame, html, page_head};
use record::Refusal;
use service::{Answer, Request};

/// How to do the things that everyone does.
pub fn show(request: &Request<'_>) -> Result<Answer, Refusal> {
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
    let topics = [
        ("Find a patient", find),
        ("Read a record", read),
        ("When you go away", away),
        ("Who sees what I did", seen),
        ("More", more),
    ];
    page(request, "Help", &topics)
}

/// What keys do.
pub fn keyboard(request: &Request<'_>) -> Result<Answer, Refusal> {
    const KEYS: [(&str, &str); 6] = [
        ("Tab, Shift and Tab", "to the next or the previous link, button or field"),
        ("Enter", "opens a link, presses a button"),
        ("/", "to the box that finds a patient"),
        ("Down, Up", "through the patients that the box lists while you type"),
        ("Escape", "closes that list"),
        ("Space", "opens or closes what can be opened, such as the patient banner"),
    ];
    let keys = html! {
        p {
            "Everything can be done by keyboard. The first Tab on a page offers to skip to its content."
        }
        dl class="app-facts" { @for (key, does) in KEYS { div { dt { (key) } dd { (does) } } } }
    };
    page(request, "Keyboard shortcuts", &[("Keys", keys)])
}

/// The accessibility statement.
pub fn accessibility(request: &Request<'_>) -> Result<Answer, Refusal> {
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
    let topics = [
        ("What we aim at", aim),
        ("How it is checked", checked),
        ("What falls short", short),
        ("Tell us", tell),
    ];
    page(request, "Accessibility statement", &topics)
}

fn page(request: &Request<'_>, title: &'static str, topics: &[(&str, Markup)]) -> Result<Answer, Refusal> {
    let main = html! {
        (page_head(title, &[], html! {}))
        div class="app-card" {
            div class="app-card__body app-stack" {
                @for (head, body) in topics { h2 class="app-h2" { (head) } (body) }
            }
        }
    };
    Ok(Answer::Page(frame(&request.frame(title, Nav::Help), main)))
}

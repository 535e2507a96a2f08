//! The frame of every page: header, navigation, patient banner, section navigation, content, footer.
//!
//! There is no style and no script in a page, so a strict content security policy holds. What scripts enhance
//! is marked by `data-` attributes: `data-suggest` (type-ahead), `data-sortable` (tables), `data-idle` (lock).

use crate::icon::{Icon, icon};
use crate::{Assets, Banner, Notice, Sidenav, When, banner, csrf_field, notice, sidenav};
use maud::{DOCTYPE, Markup, html};

/// The product's name.
pub const PRODUCT: &str = "Carespine";

/// The places of the top navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// My work.
    Home,
    /// Find a patient, and the record of one.
    Patients,
    /// All services.
    Services,
    /// Help.
    Help,
    /// None of them.
    None,
}

/// Who is looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// `Dr Amara OKAFOR`
    pub display: String,
    /// `Medical registrar`
    pub role: String,
    /// `Ward 7B, Northgate Hospital`; may be empty.
    pub place: String,
}

/// The record is shown as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsAt {
    /// At the end of this moment.
    pub at: i64,
    /// The same page now.
    pub back: String,
}

/// What stands around a page's content.
pub struct Frame<'a> {
    /// What the page is, without the product's name.
    pub title: &'a str,
    /// Which place of the navigation it belongs to.
    pub section: Nav,
    /// Where style sheets, script and icon are.
    pub assets: &'a Assets,
    /// Who is looking; nothing before sign-in.
    pub who: Option<Who>,
    /// The patient that the page is about; nothing on pages about several or none.
    pub banner: Option<Banner>,
    /// The sections of the record.
    pub sidenav: Option<Sidenav>,
    /// Set when what is shown is not the present.
    pub as_at: Option<AsAt>,
    /// A message above the content.
    pub notice: Option<Notice>,
    /// True when the page has an error summary: its title says so.
    pub has_error: bool,
    /// After so many seconds without use the browser asks for the password again; nothing to leave it off.
    pub idle_seconds: Option<u32>,
    /// The token that forms of this session carry.
    pub csrf: &'a str,
    /// What is in the search box.
    pub search: &'a str,
    /// When the page was made.
    pub made: i64,
    /// A word at the foot: `Training data, not real patients`.
    pub footnote: Option<&'a str>,
}

impl<'a> Frame<'a> {
    /// A frame with a title, and nothing else yet.
    pub fn new(title: &'a str, section: Nav, assets: &'a Assets) -> Frame<'a> {
        Frame {
            title,
            section,
            assets,
            who: None,
            banner: None,
            sidenav: None,
            as_at: None,
            notice: None,
            has_error: false,
            idle_seconds: None,
            csrf: "",
            search: "",
            made: 0,
            footnote: None,
        }
    }
}

/// A whole page.
pub fn frame(frame: &Frame<'_>, main: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            (head(frame))
            body class="app-body" data-idle=[frame.who.as_ref().and(frame.idle_seconds)] {
                a class="nhsuk-skip-link" href="#maincontent" { "Skip to main content" }
                (header(frame))
                @if frame.who.is_some() { (navigation(frame.section)) }
                (person(frame))
                (sheet(frame, main))
                (footer(frame))
            }
        }
    }
}

fn head(frame: &Frame<'_>) -> Markup {
    let title = format!("{}{} – {PRODUCT}", if frame.has_error { "Error: " } else { "" }, frame.title);
    html! {
        head {
            meta charset="utf-8";
            title { (title) }
            meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
            meta name="robots" content="noindex";
            link rel="icon" href=(frame.assets.url("icon.svg")) type="image/svg+xml";
            @for sheet in ["inter.css", "nhsuk-frontend.css", "app.css"] {
                link rel="stylesheet" href=(frame.assets.url(sheet));
            }
            script src=(frame.assets.url("app.js")) defer {}
        }
    }
}

fn header(frame: &Frame<'_>) -> Markup {
    html! {
        header class="nhsuk-header app-header" {
            div class="nhsuk-header__container" {
                div class="nhsuk-header__service" {
                    a class="nhsuk-header__service-logo" href=(if frame.who.is_some() { "/home" } else { "/" }) {
                        (mark())
                        span class="nhsuk-header__service-name" { (PRODUCT) }
                    }
                }
                @if let Some(who) = &frame.who {
                    (search_box(frame.search))
                    (context(who, frame.csrf))
                }
            }
        }
    }
}

fn mark() -> Markup {
    html! {
        svg class="app-header__mark" viewBox="0 0 28 28" aria-hidden="true" focusable="false" {
            rect width="28" height="28" rx="5" fill="#fff" {}
            path d="M4 15h5l2.5-7 4.5 12 2.5-5H24" fill="none" stroke="#005eb8" stroke-width="2.6"
                stroke-linejoin="round" stroke-linecap="round" {}
        }
    }
}

fn search_box(text: &str) -> Markup {
    html! {
        search class="nhsuk-header__search" {
            form class="nhsuk-header__search-form" action="/patients" method="get" {
                div class="nhsuk-form-group" {
                    label class="nhsuk-label nhsuk-u-visually-hidden" for="find" {
                        "Find a patient by name, date of birth, NHS number, hospital number or postcode"
                    }
                    div class="nhsuk-input-wrapper" {
                        input class="nhsuk-input" id="find" name="q" type="search" autocomplete="off"
                            placeholder="Find a patient: name, born, NHS or hospital number" aria-keyshortcuts="/"
                            data-suggest="/patients?part=suggest" value=(text);
                        button class="nhsuk-button nhsuk-button--icon nhsuk-button--small" type="submit"
                            aria-label="Search" { (icon(Icon::Search)) }
                    }
                }
            }
        }
    }
}

fn context(who: &Who, csrf: &str) -> Markup {
    html! {
        div class="app-header__context" {
            strong { (who.display) } ", " (who.role)
            form class="app-header__sign-out" action="/sign-out" method="post" {
                (csrf_field(csrf))
                button class="app-link-button" type="submit" formaction="/lock" { "Lock" }
                " · "
                button class="app-link-button" type="submit" { "Sign out" }
            }
            @if !who.place.is_empty() { br; (who.place) }
        }
    }
}

/// Only places that exist are shown; their order never changes.
fn navigation(section: Nav) -> Markup {
    let places = [
        (Nav::Home, "/home", "Home", ""),
        (Nav::Patients, "/patients", "Patients", ""),
        (Nav::Services, "/services", "All services", "app-nav__push"),
        (Nav::Help, "/help", "Help", ""),
    ];
    html! {
        nav class="app-nav" aria-label="Main" {
            ul class="app-nav__list" {
                @for (place, address, title, class) in places {
                    li class=[(!class.is_empty()).then_some(class)] {
                        a class="app-nav__link" href=(address)
                            aria-current=[(place == section).then_some("page")] {
                            (title)
                        }
                    }
                }
            }
        }
    }
}

/// The banner and, under it and as fixed as it, the word that this is not the present.
fn person(frame: &Frame<'_>) -> Markup {
    let Some(patient) = &frame.banner else {
        return html! { @if let Some(as_at) = &frame.as_at { (as_at_bar(as_at)) } };
    };
    html! {
        section class="app-person" aria-label="Patient" {
            (banner(patient))
            @if let Some(as_at) = &frame.as_at { (as_at_bar(as_at)) }
        }
    }
}

fn as_at_bar(as_at: &AsAt) -> Markup {
    html! {
        div class="app-asat" role="status" {
            (icon(Icon::History))
            span { strong { "As at " (When::Moment(as_at.at)) } " — not current." }
            a href=(as_at.back) { "Back to now" }
        }
    }
}

/// Content and, on paper only, the line that says on each sheet whose it is and who printed it.
fn sheet(frame: &Frame<'_>, main: Markup) -> Markup {
    let content = html! {
        main class="app-main" id="maincontent" tabindex="-1" {
            @if let Some(message) = &frame.notice { (notice(message)) }
            (main)
        }
    };
    html! {
        div class="app-sheet" {
            (print_head(frame))
            div class="app-sheet__body" {
                @match &frame.sidenav {
                    Some(sections) => div class="app-record" { (sidenav(sections)) (content) },
                    None => (content),
                }
            }
        }
    }
}

fn print_head(frame: &Frame<'_>) -> Markup {
    html! {
        div class="app-sheet__head" aria-hidden="true" {
            @if let Some(patient) = &frame.banner {
                p {
                    strong { (patient.name.to_string()) }
                    " · Born " @match patient.born { Some(born) => (born.without_time()), None => "not known" }
                    " · NHS No. " @match &patient.nhs_number { Some(number) => (number), None => "not known" }
                }
            } @else {
                p { strong { (frame.title) } " · Confidential" }
            }
            p {
                @if let Some(who) = &frame.who { "Printed by " (who.display) ", " (who.role) ", " }
                (When::Moment(frame.made)) " · " (PRODUCT)
                @if let Some(as_at) = &frame.as_at {
                    " · " strong { "As at " (When::Moment(as_at.at)) ", not current" }
                }
            }
        }
    }
}

fn footer(frame: &Frame<'_>) -> Markup {
    html! {
        footer class="app-foot" {
            span { (PRODUCT) @if let Some(footnote) = frame.footnote { " · " (footnote) } }
            span {
                a href="/help/accessibility" { "Accessibility statement" } " · "
                a href="/help/keyboard" { "Keyboard shortcuts" }
            }
        }
    }
}

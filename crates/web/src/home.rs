//! Home: a greeting, a patient to find, what the services put there, and all services.

use crate::services;
use html::{Card, Markup, Nav, When, card, clock, facts, frame, html, missing, page_head};
use record::{Kind, Refusal};
use service::{Answer, Permission, Request};

/// The page.
pub fn show(request: &Request<'_>) -> Result<Answer, Refusal> {
    let session = request.session;
    let now = request.now().0;
    let title = format!("{}, {}", greeting(now), session.display);
    let main = html! {
        (page_head(&title, &[], html! {}))
        p class="app-muted app-mb" {
            (When::Moment(now).with_weekday()) " · " (session.role.title)
            @if !session.place.is_empty() { " · " (session.place) }
            " · " a href="/account" { "My account" }
        }
        div class="app-grid" {
            @if session.may(Permission::Trace) {
                (card(Card { id: "find-card", title: "Find a patient", count: None, link: None, columns: 6,
                    body: find() }))
            }
            @for (i, shown) in request.catalogue.cards().filter(|card| session.may(card.needs)).enumerate() {
                (card(Card { id: &format!("card-{i}"), title: shown.title, count: None, link: None,
                    columns: 6, body: body(request, shown)? }))
            }
            @if session.may(Permission::Administer) {
                (card(Card { id: "numbers", title: "This installation", count: None, link: None, columns: 6,
                    body: numbers(request) }))
            }
            (card(Card { id: "services", title: "All services", count: None,
                link: Some(("A to Z", "/services".to_owned())), columns: 12, body: services::list(request) }))
        }
    };
    Ok(Answer::Page(frame(&request.frame("Home", Nav::Home), main)))
}

fn greeting(now: i64) -> &'static str {
    match &clock(now)[..2] {
        "00" | "01" | "02" | "03" | "04" => "Good night",
        "05" | "06" | "07" | "08" | "09" | "10" | "11" => "Good morning",
        "12" | "13" | "14" | "15" | "16" | "17" => "Good afternoon",
        _ => "Good evening",
    }
}

fn find() -> Markup {
    html! {
        form class="app-filters" method="get" action="/patients" {
            div class="app-field" {
                label for="find-here" { "Name, date of birth, NHS number or postcode" }
                input id="find-here" name="q" type="search" autocomplete="off"
                    data-suggest="/patients?part=suggest";
            }
            button class="app-btn app-btn--primary" type="submit" { "Find" }
        }
    }
}

/// What a service says on its card. One that fails says so in its place and leaves the rest of the page
/// alone.
fn body(request: &Request<'_>, shown: &service::Card) -> Result<Markup, Refusal> {
    match (shown.show)(request) {
        Err(no) if no.kind == Kind::Fault => Ok(missing(shown.title, request.now().0)),
        answer => answer,
    }
}

/// What the record counts about itself, in words.
fn numbers(request: &Request<'_>) -> Markup {
    let metrics = request.access.store().metrics();
    let value = |name: &str| metrics.iter().find(|(n, _)| *n == name).map_or(0, |(_, value)| *value as u64);
    let megabytes = (value("record_file_bytes") + value("record_wal_bytes")).div_ceil(1_000_000);
    let facts = facts(&[
        ("Transactions in the log", html! { (html::count(value("record_txn"))) }),
        ("Size on disk", html! { (html::count(megabytes)) " MB" }),
    ]);
    html! { div class="app-card__body" { (facts) } }
}

//! One's own account: who I am, what my role may do, where I am signed in; and signing out.

use crate::Web;
use crate::asked::Asked;
use crate::door::{Answered, redirect};
use crate::page::signed_in;
use crate::sign_in::set_cookie;
use access::{Standing, Strength};
use axum::response::{Html, IntoResponse, Response};
use html::{
    Card, Column, Frame, Markup, Nav, Table, When, card, csrf_field, facts, frame, html, page_head, table,
};
use record::Refusal;
use service::{Answer, Permission, Request};

/// The page.
pub fn show(request: &Request<'_>) -> Result<Answer, Refusal> {
    let session = request.session;
    let place = if session.place.is_empty() { "Not recorded" } else { &session.place };
    let organisation = if session.organisation.is_empty() { "Not recorded" } else { &session.organisation };
    let who = facts(&[
        ("Name", html! { (session.display) }),
        ("Account", html! { (session.who) }),
        ("Role", html! { (session.role.title) " (" a href="/sign-in/role?next=/account" { "change" } ")" }),
        ("Organisation", html! { (organisation) }),
        ("Signed in with", html! { (strength(session.strength)) }),
        ("Place", html! { (place) }),
    ]);
    let main = html! {
        (page_head("My account", &[], html! {}))
        div class="app-grid" {
            (card(Card { id: "who", title: "Who I am", count: None, link: None, columns: 6,
                body: html! { div class="app-card__body" { (who) } } }))
            (card(Card { id: "role", title: "What my role may do", count: None, link: None, columns: 6,
                body: role(request) }))
            (card(Card { id: "sessions", title: "Where I am signed in", count: None, link: None, columns: 12,
                body: sessions(request)? }))
        }
    };
    Ok(Answer::Page(frame(&request.frame("My account", Nav::None), main)))
}

fn strength(strength: Strength) -> Markup {
    html! {
        @match strength {
            Strength::Password => { "A password (" a href="/sign-in/set-up?next=/account" { "add a code" } ")" }
            Strength::Totp => {
                "A password and a code (" a href="/sign-in/set-up?next=/account" { "new telephone" } ")"
            }
            Strength::Passkey => "A passkey",
            Strength::Outside => "Another organisation's sign-in",
            Strength::Token => "A token",
        }
    }
}

fn role(request: &Request<'_>) -> Markup {
    let session = request.session;
    let (may, may_not): (Vec<_>, Vec<_>) =
        Permission::ALL.into_iter().partition(|permission| session.may(*permission));
    let list = |permissions: &[Permission]| {
        html! {
            ul class="nhsuk-list nhsuk-list--bullet" { @for one in permissions { li { (one.about()) } } }
        }
    };
    html! {
        div class="app-card__body app-stack" {
            p { (session.role.about) }
            p { strong class="app-strong" { "It may" } }
            (list(&may))
            @if !may_not.is_empty() {
                p { strong class="app-strong" { "It may not" } }
                (list(&may_not))
            }
        }
    }
}

fn sessions(request: &Request<'_>) -> Result<Markup, Refusal> {
    let sessions = request.access.sessions_of(&request.session.who)?;
    let rows = sessions.iter().map(|begun| {
        let here = if begun.id == request.session.id { "This browser" } else { "Another browser" };
        vec![
            html! { (here) },
            html! { (begun.from) },
            html! { (When::Moment(begun.since.0)) },
            html! { (When::Moment(begun.until.0)) },
        ]
    });
    let sessions = Table {
        id: "sessions-table",
        caption: "Sessions of my account, latest first".to_owned(),
        columns: ["Where", "Network address", "Since", "Until at the latest"].map(Column::text).into(),
        rows: rows.collect(),
        sortable: false,
    };
    Ok(html! {
        (table(&sessions))
        div class="app-card__foot" {
            form method="post" action="/account/sign-out-everywhere" {
                (csrf_field(&request.session.csrf))
                button class="app-btn" type="submit" { "Sign out everywhere" }
            }
        }
    })
}

/// Asks whether to sign out, for those who come by a link.
pub fn ask_sign_out(web: &Web, asked: &Asked) -> Answered {
    let (display, csrf) = match &asked.standing {
        Standing::SignedIn(session) | Standing::Locked(session) => (&session.display, &session.csrf),
        Standing::Owing(owing) => (&owing.display, &owing.csrf),
        Standing::Nobody => return Ok(redirect("/sign-in")),
    };
    let page = Frame { made: web.access.now().0, ..Frame::new("Sign out", Nav::None, &web.assets) };
    let main = html! {
        div class="app-card app-sign-in" {
            div class="app-card__body app-stack" {
                h1 class="app-h1" { "Sign out" }
                p { "You are signed in as " strong class="app-strong" { (display) } "." }
                form method="post" action="/sign-out" {
                    (csrf_field(csrf))
                    div class="app-actions" {
                        button class="app-btn app-btn--primary" type="submit" { "Sign out" }
                        a class="app-btn" href="/home" { "Stay signed in" }
                    }
                }
            }
        }
    };
    Ok(Html(frame(&page, main).into_string()).into_response())
}

/// Signs out.
pub fn sign_out(web: &Web, asked: &Asked) -> Answered {
    if let Some(cookie) = &asked.cookie {
        web.access.sign_out(cookie)?;
    }
    Ok(gone(web))
}

/// Ends all sessions of one's account, this one too.
pub fn sign_out_everywhere(web: &Web, asked: &Asked) -> Answered {
    let session = signed_in(asked);
    web.access.end_sessions(&session.who)?;
    let act = session.act("sign-out", fhir::Tree::object().with("everywhere", true));
    web.access.store().audit(act).wait()?;
    Ok(gone(web))
}

fn gone(web: &Web) -> Response {
    let mut response = redirect("/sign-in");
    set_cookie(&mut response, &web.config.set_cookie(web.config.session_cookie(), ""));
    response
}

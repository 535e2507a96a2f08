//! A "no" as a page: what it is, and what can be done next.

use crate::Web;
use crate::asked::Asked;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use html::{Action, Frame, Nav, frame, html, page_head};
use record::{Kind, Refusal, new_id};

/// Seconds after which someone who was told that we are busy may try again.
const RETRY_SECONDS: &str = "5";

/// The one table from kinds to what HTTP and the page call them.
fn said(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::Invalid => (StatusCode::BAD_REQUEST, "This could not be understood"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        Kind::Conflict => (StatusCode::CONFLICT, "Not saved"),
        Kind::Precondition => (StatusCode::PRECONDITION_FAILED, "Not saved"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "You cannot do this"),
        Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "Sign in"),
        Kind::Gone => (StatusCode::GONE, "Deleted"),
        Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Busy"),
        Kind::Unknown => (StatusCode::SERVICE_UNAVAILABLE, "This may not be saved"),
        Kind::Unsupported => (StatusCode::METHOD_NOT_ALLOWED, "This is not possible"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
        Kind::Fault => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    }
}

/// The status of a refusal, for pages that say it in their own words.
pub fn status(kind: Kind) -> StatusCode {
    said(kind).0
}

/// The page of a refusal.
pub fn page(web: &Web, asked: &Asked, refusal: &Refusal) -> Response {
    let (status, title) = said(refusal.kind);
    let number = (refusal.kind == Kind::Fault).then(|| {
        let number = new_id();
        tracing::error!(%number, "a fault was shown");
        number
    });
    let main = html! {
        (page_head(title, &actions(asked, refusal.kind), html! {}))
        div class="app-card" {
            div class="app-card__body app-stack" {
                @for issue in &refusal.issues { p { (issue.text) } }
                @if refusal.kind == Kind::Conflict || refusal.kind == Kind::Precondition {
                    p { "Nothing of what you sent was saved. Go back to see what you typed." }
                }
                @if refusal.kind == Kind::Forbidden && asked.session().is_some() {
                    p { a href="/account" { "See what your role may do" } "." }
                }
                @if let Some(number) = &number {
                    p {
                        "If it happens again, tell support this number: "
                        strong class="app-strong" { (number) }
                    }
                }
            }
        }
    };
    let page = match asked.session() {
        Some(session) => {
            let request = crate::page::request(web, asked, session);
            frame(&request.frame(title, Nav::None), main)
        }
        None => frame(&Frame { made: web.access.now().0, ..Frame::new(title, Nav::None, &web.assets) }, main),
    };
    let mut response = (status, Html(page.into_string())).into_response();
    if matches!(refusal.kind, Kind::Busy | Kind::Unknown) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

/// What can be done next, the likeliest first.
fn actions(asked: &Asked, kind: Kind) -> Vec<Action> {
    let action =
        |title: &str, href: &str, primary| Action { title: title.to_owned(), href: href.to_owned(), primary };
    match (asked.session(), kind) {
        (None, _) => vec![action("Sign in", "/sign-in", true)],
        (Some(_), Kind::Busy | Kind::Unknown | Kind::Fault) if !asked.is_post => {
            vec![action("Try again", &asked.address, true), action("Home", "/home", false)]
        }
        (Some(_), Kind::NotFound | Kind::Gone) => {
            vec![action("Find a patient", "/patients", true), action("Home", "/home", false)]
        }
        (Some(_), _) => vec![action("Home", "/home", true), action("All services", "/services", false)],
    }
}

/// The answer when the program itself failed in the middle: no page, as making one may fail again.
pub fn broken(panic: &tokio::task::JoinError) -> Response {
    let number = new_id();
    tracing::error!(%number, panicked = panic.is_panic(), "a page broke off");
    let text = format!(
        "Something went wrong here. Go back and try again, then tell support this number: {number}\n"
    );
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

//! Signing in, and opening a locked session where it was left.

use crate::asked::{Asked, own_address};
use crate::door::{Answered, redirect};
use crate::refusal::status;
use crate::{Web, outside, owed};
use access::{Entered, Session, Standing};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use html::{Field, Frame, Markup, Nav, Problem, csrf_field, error_summary, frame, html, text_field};
use record::{Kind, Refusal, new_id};

/// Leads to the sign-in page and says where to come back to: the page that was asked for, or the one whose
/// form was sent.
pub fn lead(web: &Web, asked: &Asked, locked: &str) -> Response {
    let back =
        if asked.is_post { asked.before.as_deref().unwrap_or("/home") } else { asked.address.as_str() };
    let mut response = redirect(&format!("/sign-in?{locked}next={}", encoded(own_address(back))));
    if asked.cookie.is_some() && locked.is_empty() {
        set_cookie(&mut response, &web.config.set_cookie(web.config.session_cookie(), ""));
    }
    response
}

/// The form, with what was wrong with the last try.
pub fn show(web: &Web, asked: &Asked, refused: Option<&Refusal>) -> Answered {
    let next = match (asked.query("next"), asked.field("next")) {
        (Some(next), _) => own_address(next),
        (None, "") => asked.before.as_deref().map_or("/home", own_address),
        (None, next) => own_address(next),
    };
    let next = if next.starts_with("/sign-") { "/home" } else { next };
    // Somebody else at the same terminal begins afresh, and does not come to where the last one was.
    let is_other = asked.query("other").is_some();
    let next = if is_other { "/home" } else { next };
    let wants_unlock = !is_other && asked.query("locked").is_some() || !asked.field("locked").is_empty();
    let locked = match &asked.standing {
        Standing::SignedIn(_) if !wants_unlock && !is_other => return Ok(redirect(next)),
        Standing::SignedIn(session) | Standing::Locked(session) if wants_unlock => Some(session),
        _ => None,
    };
    let token = asked.form_cookie.clone().unwrap_or_else(new_id);
    let title = if locked.is_some() { "Locked" } else { "Sign in" };
    let page = Frame {
        made: web.access.now().0,
        footnote: web.config.footnote.as_deref(),
        has_error: refused.is_some(),
        ..Frame::new(title, Nav::None, &web.assets)
    };
    let form = form(web, asked, &token, next, locked, refused);
    let status = refused.map_or(StatusCode::OK, |no| status(no.kind));
    let mut response = (status, Html(frame(&page, form).into_string())).into_response();
    if asked.form_cookie.is_none() {
        set_cookie(&mut response, &web.config.set_cookie(web.config.form_cookie(), &token));
    }
    Ok(response)
}

/// What the form sent.
pub fn submit(web: &Web, asked: &Asked) -> Answered {
    let (password, from) = (asked.field("password"), asked.from.as_str());
    let outcome = match (asked.field("locked"), &asked.cookie) {
        ("", old) => {
            let entered = web.access.enter(asked.field("name"), password, from);
            // Whoever sat here before is signed out: one browser, one session.
            if let (Ok(_), Some(old)) = (&entered, old) {
                web.access.sign_out(old)?;
            }
            entered
        }
        (_, Some(cookie)) => web.access.unlock(cookie, password, from).map(Entered::SignedIn),
        (_, None) => Err(Refusal::new(Kind::Unauthenticated, "The session has ended. Sign in again.")),
    };
    match outcome {
        Ok(entered) => Ok(go_on(web, entered, asked.field("next"))),
        Err(no) if matches!(no.kind, Kind::Unauthenticated | Kind::Busy) => show(web, asked, Some(&no)),
        Err(no) => Err(no),
    }
}

/// Locks the session, and leaves the browser where its owner can go on and somebody else can sign in.
pub fn lock(web: &Web, asked: &Asked) -> Answered {
    if let Some(cookie) = &asked.cookie {
        web.access.lock(cookie)?;
    }
    let back = asked.before.as_deref().map_or("/home", own_address);
    Ok(redirect(&format!("/sign-in?locked=1&next={}", encoded(back))))
}

/// The way on for someone who has shown who they are: to where they wanted, or to what they still owe.
pub fn go_on(web: &Web, entered: Entered, next: &str) -> Response {
    let (cookie, mut response) = match entered {
        Entered::SignedIn(signed_in) => (signed_in.cookie, redirect(next)),
        Entered::Owing { cookie, owing } => (cookie, owed::led(owing.owed, next)),
    };
    set_cookie(&mut response, &web.config.set_cookie(web.config.session_cookie(), &cookie));
    response
}

fn form(
    web: &Web,
    asked: &Asked,
    token: &str,
    next: &str,
    locked: Option<&Session>,
    refused: Option<&Refusal>,
) -> Markup {
    let problem = |no: &Refusal| Problem { field: "password".to_owned(), text: no.to_string() };
    let problems: Vec<Problem> = refused.map(problem).into_iter().collect();
    let error = refused.map(Refusal::to_string);
    let password = Field {
        name: "password",
        label: "Password",
        hint: None,
        kind: "password",
        autocomplete: "current-password",
        value: "",
        error: error.as_deref(),
    };
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("The name of your account, not your own"),
        kind: "text",
        autocomplete: "username",
        value: asked.field("name"),
        error: None,
    };
    html! {
        div class="app-card app-sign-in" {
            div class="app-card__body app-stack" {
                (error_summary(&problems))
                @match locked {
                    Some(session) => {
                        h1 class="app-h1" { "Locked" }
                        p {
                            strong class="app-strong" { (session.display) } ", " (session.role.title)
                            ". Enter your password to go on where you were. A screen locks by itself when nothing is "
                            "done for " (access::IDLE_MINUTES) " minutes."
                        }
                    }
                    None => h1 class="app-h1" { "Sign in" },
                }
                form method="post" action="/sign-in" novalidate {
                    (csrf_field(token))
                    input type="hidden" name="next" value=(next);
                    @match locked {
                        Some(session) => {
                            input type="hidden" name="locked" value="1";
                            // For password managers, which look for a name beside the password.
                            input class="nhsuk-u-visually-hidden" type="text" name="name" value=(session.who)
                                autocomplete="username" readonly tabindex="-1" aria-hidden="true";
                        }
                        None => (text_field(&name)),
                    }
                    (text_field(&password))
                    (buttons(web, next, locked.is_some()))
                }
            }
        }
    }
}

fn buttons(web: &Web, next: &str, is_locked: bool) -> Markup {
    html! {
        div class="app-actions" {
            @if is_locked {
                button class="app-btn app-btn--primary" type="submit" { "Unlock" }
                a class="app-btn" href="/sign-in?other=1" { "Someone else" }
                a class="app-btn" href="/sign-out" { "Sign out" }
            } @else {
                button class="app-btn app-btn--primary" type="submit" { "Sign in" }
                (outside::buttons(web, next))
            }
        }
    }
}

/// An address as a value of a query.
pub fn encoded(address: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    address
        .bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Adds a cookie to an answer.
pub fn set_cookie(response: &mut Response, cookie: &str) {
    let value = HeaderValue::from_str(cookie).expect("names and values of cookies are ours and plain");
    response.headers_mut().append(SET_COOKIE, value);
}

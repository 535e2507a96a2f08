//! Choosing the role profile to be here in, after signing in and at any time later.

use crate::Web;
use crate::asked::{Asked, own_address};
use crate::door::{Answered, redirect};
use crate::refusal::status;
use crate::sign_in::{encoded, go_on};
use access::{Entered, Profile, Standing};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use html::{Frame, Nav, Problem, csrf_field, error_summary, frame, html};
use record::{Kind, Refusal};

/// Leads someone who must choose to where they can.
pub fn lead(asked: &Asked) -> Response {
    led(if asked.is_post { "/home" } else { asked.address.as_str() })
}

/// The same, to go on to an address afterwards.
pub fn led(next: &str) -> Response {
    redirect(&format!("/sign-in/role?next={}", encoded(own_address(next))))
}

/// The role profiles, with what was wrong with the last choice.
pub fn show(web: &Web, asked: &Asked, refused: Option<&Refusal>) -> Answered {
    let (display, csrf, active, profiles) = match &asked.standing {
        Standing::Owing(owing) => (&owing.display, &owing.csrf, "", owing.profiles.clone()),
        Standing::SignedIn(session) => {
            (&session.display, &session.csrf, session.profile.as_str(), web.access.profiles_of(&session.who)?)
        }
        Standing::Locked(_) | Standing::Nobody => return Ok(redirect("/sign-in")),
    };
    let next = own_address(asked.query("next").unwrap_or_else(|| asked.field("next")));
    let problem = |no: &Refusal| Problem { field: "profile".to_owned(), text: no.to_string() };
    let problems: Vec<Problem> = refused.map(problem).into_iter().collect();
    let page = Frame {
        made: web.access.now().0,
        footnote: web.config.footnote.as_deref(),
        has_error: refused.is_some(),
        ..Frame::new("Choose your role", Nav::None, &web.assets)
    };
    let main = html! {
        div class="app-card app-sign-in" {
            div class="app-card__body app-stack" {
                (error_summary(&problems))
                h1 class="app-h1" id="profile" tabindex="-1" { "Choose your role" }
                p { strong class="app-strong" { (display) } ": what you see and may do goes by the role you are in." }
                @for profile in &profiles {
                    form method="post" action="/sign-in/role" {
                        (csrf_field(csrf))
                        input type="hidden" name="next" value=(next);
                        input type="hidden" name="profile" value=(profile.id);
                        button class=(class(profile, active)) type="submit" { (profile.title()) }
                    }
                }
                p { a href="/sign-out" { "Sign out" } }
            }
        }
    };
    let status = refused.map_or(StatusCode::OK, |no| status(no.kind));
    Ok((status, Html(frame(&page, main).into_string())).into_response())
}

fn class(profile: &Profile, active: &str) -> &'static str {
    if profile.id == active { "app-btn app-btn--primary" } else { "app-btn" }
}

/// What the form sent.
pub fn submit(web: &Web, asked: &Asked) -> Answered {
    let Some(cookie) = &asked.cookie else { return Ok(redirect("/sign-in")) };
    match web.access.take_profile(cookie, asked.field("profile"), &asked.from) {
        Ok(signed_in) => Ok(go_on(web, Entered::SignedIn(signed_in), asked.field("next"))),
        Err(no) if no.kind == Kind::Unauthenticated => Ok(redirect("/sign-in")),
        Err(no) if no.kind == Kind::Invalid => show(web, asked, Some(&no)),
        Err(no) => Err(no),
    }
}

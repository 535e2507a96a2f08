//! What comes between the password and the first page: the second factor, and the choice of a role. Both can be
//! changed later, too, at the same addresses.

use crate::asked::{Asked, own_address};
use crate::door::{Answered, redirect};
use crate::refusal::status;
use crate::sign_in::{encoded, go_on};
use crate::{Web, qr};
use access::{Owed, Standing};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use html::{Field, Frame, Markup, Nav, Problem, csrf_field, error_summary, frame, html, text_field};
use record::{Kind, Refusal};

/// A page of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Choosing the role profile to be here in.
    Role,
    /// Showing a code that changes.
    Code,
    /// Setting codes that change up.
    SetUp,
}

impl Step {
    fn path(self) -> &'static str {
        match self {
            Step::Role => "/sign-in/role",
            Step::Code => "/sign-in/code",
            Step::SetUp => "/sign-in/set-up",
        }
    }

    fn of(owed: Owed) -> Step {
        match owed {
            Owed::Profile => Step::Role,
            Owed::Factor => Step::Code,
            Owed::Enrolment => Step::SetUp,
        }
    }
}

/// Leads someone who owes something to where they can give it.
pub fn lead(asked: &Asked, owed: Owed) -> Response {
    led(owed, if asked.is_post { "/home" } else { asked.address.as_str() })
}

/// The same, to go on to an address afterwards.
pub fn led(owed: Owed, next: &str) -> Response {
    redirect(&format!("{}?next={}", Step::of(owed).path(), encoded(own_address(next))))
}

/// The page of a step, with what was wrong with the last try.
pub fn show(web: &Web, asked: &Asked, step: Step, refused: Option<&Refusal>) -> Answered {
    let next = own_address(asked.query("next").unwrap_or_else(|| asked.field("next")));
    let csrf = match &asked.standing {
        Standing::Owing(owing) if Step::of(owing.owed) == step => &owing.csrf,
        Standing::Owing(owing) => return Ok(led(owing.owed, next)),
        Standing::SignedIn(session) if step != Step::Code => &session.csrf,
        Standing::SignedIn(_) => return Ok(redirect(next)),
        Standing::Locked(_) | Standing::Nobody => return Ok(redirect("/sign-in")),
    };
    let (title, field, body) = match step {
        Step::Role => ("Choose your role", "profile", role(web, asked, csrf, next)?),
        Step::Code => ("Enter your code", "code", code(csrf, next, refused)),
        Step::SetUp => ("Set up codes for signing in", "code", set_up(web, asked, csrf, next, refused)?),
    };
    let problem = |no: &Refusal| Problem { field: field.to_owned(), text: no.to_string() };
    let problems: Vec<Problem> = refused.map(problem).into_iter().collect();
    let page = Frame {
        made: web.access.now().0,
        footnote: web.config.footnote.as_deref(),
        has_error: refused.is_some(),
        ..Frame::new(title, Nav::None, &web.assets)
    };
    let main = html! {
        div class="app-card app-sign-in" {
            div class="app-card__body app-stack" {
                (error_summary(&problems))
                h1 class="app-h1" { (title) }
                (body)
                p { a href="/sign-out" { "Sign out" } }
            }
        }
    };
    let status = refused.map_or(StatusCode::OK, |no| status(no.kind));
    Ok((status, Html(frame(&page, main).into_string())).into_response())
}

/// What the form of a step sent.
pub fn submit(web: &Web, asked: &Asked, step: Step) -> Answered {
    let Some(cookie) = &asked.cookie else { return Ok(redirect("/sign-in")) };
    let (code, from) = (asked.field("code"), asked.from.as_str());
    let entered = match step {
        Step::Role => web.access.take_profile(cookie, asked.field("profile"), from),
        Step::Code => web.access.prove_totp(cookie, code, from),
        Step::SetUp => web.access.confirm_totp(cookie, code, from),
    };
    match entered {
        Ok(entered) => Ok(go_on(web, entered, asked.field("next"))),
        Err(no) if no.kind == Kind::Unauthenticated => Ok(redirect("/sign-in")),
        Err(no) if matches!(no.kind, Kind::Invalid | Kind::Busy) => show(web, asked, step, Some(&no)),
        Err(no) => Err(no),
    }
}

/// One button for each role profile; the active one stands out.
fn role(web: &Web, asked: &Asked, csrf: &str, next: &str) -> Result<Markup, Refusal> {
    let (display, active, profiles) = match &asked.standing {
        Standing::Owing(owing) => (owing.display.as_str(), "", owing.profiles.clone()),
        Standing::SignedIn(session) => {
            (session.display.as_str(), session.profile.as_str(), web.access.profiles_of(&session.who)?)
        }
        Standing::Locked(_) | Standing::Nobody => ("", "", Vec::new()),
    };
    Ok(html! {
        p id="profile" tabindex="-1" {
            strong class="app-strong" { (display) } ": what you see and may do goes by the role you are in."
        }
        @for profile in &profiles {
            form method="post" action=(Step::Role.path()) {
                (csrf_field(csrf))
                input type="hidden" name="next" value=(next);
                input type="hidden" name="profile" value=(profile.id);
                @let is_active = profile.id == active;
                button class=(if is_active { "app-btn app-btn--primary" } else { "app-btn" }) type="submit"
                    aria-current=[is_active.then_some("true")] { (profile.title()) }
            }
        }
    })
}

fn code(csrf: &str, next: &str, refused: Option<&Refusal>) -> Markup {
    html! {
        p { "The application on your telephone shows a code of six digits that changes every half minute." }
        (code_form(Step::Code, csrf, next, refused, "Sign in"))
        p { "If you have lost your telephone, ask who manages accounts." }
    }
}

fn set_up(
    web: &Web,
    asked: &Asked,
    csrf: &str,
    next: &str,
    refused: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let Some(cookie) = &asked.cookie else { return Ok(html! {}) };
    let enrolment = web.access.begin_totp(cookie)?;
    let spaced: Vec<&str> =
        enrolment.secret.as_bytes().chunks(4).filter_map(|part| std::str::from_utf8(part).ok()).collect();
    Ok(html! {
        @if matches!(asked.standing, Standing::Owing(_)) {
            p { "The role that you chose needs a code beside your password." }
        }
        p { "Read this picture with an application for codes on your telephone, then enter the code that it shows." }
        (qr::picture(&enrolment.address, "The secret for the application, as a picture"))
        p { "Or type this into the application: " code class="app-strong" { (spaced.join(" ")) } }
        (code_form(Step::SetUp, csrf, next, refused, "Set up"))
    })
}

fn code_form(step: Step, csrf: &str, next: &str, refused: Option<&Refusal>, button: &str) -> Markup {
    let error = refused.map(Refusal::to_string);
    let field = Field {
        name: "code",
        label: "Code",
        hint: Some("Six digits"),
        kind: "text",
        autocomplete: "one-time-code",
        value: "",
        error: error.as_deref(),
    };
    html! {
        form method="post" action=(step.path()) novalidate {
            (csrf_field(csrf))
            input type="hidden" name="next" value=(next);
            (text_field(&field))
            div class="app-actions" { button class="app-btn app-btn--primary" type="submit" { (button) } }
        }
    }
}

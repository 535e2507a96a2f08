//! Choosing a first password with an invitation, and making one.

use crate::Web;
use crate::asked::Asked;
use crate::door::{Answered, redirect};
use crate::page::{request, signed_in};
use crate::refusal::status;
use crate::sign_in::set_cookie;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use html::{Field, Frame, Nav, Problem, csrf_field, error_summary, frame, html, text_field};
use record::{Kind, Refusal, new_id};

const HINT: &str = "Eight characters or more; a few odd words are good";

/// The form, with what was wrong with the last try.
pub fn show(web: &Web, asked: &Asked, refused: Option<&Refusal>) -> Answered {
    let code = asked.query("code").unwrap_or_else(|| asked.field("code"));
    let token = asked.form_cookie.clone().unwrap_or_else(new_id);
    let problem = |no: &Refusal| Problem { field: "password".to_owned(), text: no.to_string() };
    let problems: Vec<Problem> = refused.map(problem).into_iter().collect();
    let error = refused.map(Refusal::to_string);
    let field = |name, label, hint| Field {
        name,
        label,
        hint,
        kind: "password",
        autocomplete: "new-password",
        value: "",
        error: error.as_deref().filter(|_| name == "password"),
    };
    let main = html! {
        div class="app-card app-sign-in" {
            div class="app-card__body app-stack" {
                (error_summary(&problems))
                h1 class="app-h1" { "Choose your password" }
                p { "You have been given an account here. Choose a password that you use nowhere else." }
                form method="post" action="/invitation" novalidate {
                    (csrf_field(&token))
                    input type="hidden" name="code" value=(code);
                    (text_field(&field("password", "Password", Some(HINT))))
                    (text_field(&field("again", "The same once more", None)))
                    div class="app-actions" {
                        button class="app-btn app-btn--primary" type="submit" { "Set the password" }
                    }
                }
            }
        }
    };
    let page = Frame {
        made: web.access.now().0,
        footnote: web.config.footnote.as_deref(),
        has_error: refused.is_some(),
        ..Frame::new("Choose your password", Nav::None, &web.assets)
    };
    let code = refused.map_or(StatusCode::OK, |no| status(no.kind));
    let mut response = (code, Html(frame(&page, main).into_string())).into_response();
    if asked.form_cookie.is_none() {
        set_cookie(&mut response, &web.config.set_cookie(web.config.form_cookie(), &token));
    }
    Ok(response)
}

/// Sets the password, and leads to signing in with it.
pub fn submit(web: &Web, asked: &Asked) -> Answered {
    let password = asked.field("password");
    if password != asked.field("again") {
        let no = Refusal::invalid("password", "The two are not the same. Enter the password twice.");
        return show(web, asked, Some(&no));
    }
    match web.access.accept_invitation(asked.field("code"), password) {
        Ok(()) => Ok(redirect("/sign-in")),
        Err(no) if matches!(no.kind, Kind::Invalid | Kind::Unauthenticated) => show(web, asked, Some(&no)),
        Err(no) => Err(no),
    }
}

/// Makes an invitation and shows it once.
pub fn make(web: &Web, asked: &Asked) -> Answered {
    let (session, account) = (signed_in(asked), asked.field("account"));
    let code = web.access.invite(session, account)?;
    let request = request(web, asked, session);
    let main = html! {
        div class="app-card" {
            div class="app-card__body app-stack" {
                h1 class="app-h1" { "Invitation for " (account) }
                p { "Hand this over yourself. It is shown only here, counts once, and runs out after 72 hours." }
                p { code { (web.config.origin.as_deref().unwrap_or("")) "/invitation?code=" (code) } }
                p { a href={ "/people/" (account) } { "Back to " (account) } }
            }
        }
    };
    let page = frame(&request.frame("Invitation", Nav::Services), main);
    Ok(Html(page.into_string()).into_response())
}

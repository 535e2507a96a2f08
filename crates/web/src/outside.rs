//! Signing in at another issuer: the buttons, the way there, the way back.

use crate::Web;
use crate::asked::{Asked, own_address};
use crate::door::Answered;
use crate::sign_in::{self, encoded, go_on, set_cookie};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use html::{Markup, html};
use identity::{Issuers, Returned};
use record::{Kind, Refusal, new_id};

/// A way to sign in at each issuer.
pub fn buttons(web: &Web, next: &str) -> Markup {
    html! {
        @if let Some(issuers) = &web.config.issuers {
            @for (name, title) in issuers.buttons() {
                a class="app-btn" href={ "/sign-in/with/" (name) "?next=" (encoded(next)) } {
                    "Sign in with " (title)
                }
            }
        }
    }
}

/// Sends the browser to an issuer. What comes back counts only for this browser, which is known by its form cookie.
pub fn go(web: &Web, asked: &Asked) -> Answered {
    let browser = asked.form_cookie.clone().unwrap_or_else(new_id);
    let next = own_address(asked.query("next").unwrap_or("/home"));
    let address = match issuers(web)?.begin(asked.param("issuer"), &browser, next) {
        Ok(address) => address,
        Err(no) => return said(web, asked, no),
    };
    let address = HeaderValue::from_str(&address).map_err(|_| {
        Refusal::new(Kind::Fault, "The address of the other sign-in is not right. Tell support.")
    })?;
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response();
    set_cookie(&mut response, &web.config.set_cookie(web.config.form_cookie(), &browser));
    Ok(response)
}

/// Takes what the browser brings back.
pub fn back(web: &Web, asked: &Asked) -> Answered {
    let returned = Returned {
        state: asked.query("state").unwrap_or_default(),
        code: asked.query("code").unwrap_or_default(),
        issuer: asked.query("iss"),
        error: asked.query("error"),
    };
    let browser = asked.form_cookie.as_deref().unwrap_or_default();
    let finished = issuers(web)?.finish(asked.param("issuer"), &returned, browser, &asked.from);
    match finished {
        Ok((entered, next)) => {
            // One browser, one session.
            if let Some(old) = &asked.cookie {
                web.access.sign_out(old)?;
            }
            Ok(go_on(web, entered, &next))
        }
        Err(no) => said(web, asked, no),
    }
}

/// Says on the sign-in page what went wrong.
fn said(web: &Web, asked: &Asked, no: Refusal) -> Answered {
    match no.kind {
        Kind::Unauthenticated | Kind::Forbidden | Kind::Busy => sign_in::show(web, asked, Some(&no)),
        _ => Err(no),
    }
}

fn issuers(web: &Web) -> Result<&Issuers, Refusal> {
    web.config.issuers.as_ref().ok_or_else(|| Refusal::not_found("The issuer"))
}

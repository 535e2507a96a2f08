//! The way of every request through the door: whose origin, who, what form, and only then the page.

use crate::asked::{Asked, own_address};
use crate::help::Help;
use crate::owed::{self, Step};
use crate::page::Own;
use crate::{Web, account, apps, command, help, invitation, outside, page, refusal, sign_in};
use access::Standing;
use axum::Form;
use axum::extract::{FromRequest, RawPathParams, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use record::{Kind, Refusal};
use service::{Listed, Page};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a form may take to arrive.
const FORM_TIME: Duration = Duration::from_secs(10);

/// Where an address leads.
#[derive(Clone, Copy)]
pub enum Place {
    /// Signing in, and opening a locked session.
    SignIn,
    /// What comes between the password and the first page.
    Owed(Step),
    /// Going to another issuer to sign in.
    Away,
    /// Coming back from one.
    Back,
    /// Choosing a first password, with an invitation.
    Invitation,
    /// Making an invitation.
    Invite,
    /// Letting an app of others in.
    LetIn,
    /// Opening an app from a record.
    Launch,
    /// Locking the session.
    Lock,
    /// Signing out.
    SignOut,
    /// Ending all sessions of one's account.
    SignOutEverywhere,
    /// A page of help.
    Help(&'static Help),
    /// A page of the house.
    Own(&'static Own),
    /// A page of a service.
    Page(&'static Page),
    /// A command of a service.
    Command(Listed),
    /// An address that is known, in a manner that is not.
    NotSo,
    /// No address of ours.
    Nowhere,
}

/// The answer of anything behind the door.
pub type Answered = Result<Response, Refusal>;

type Future = Pin<Box<dyn std::future::Future<Output = Response> + Send>>;

/// A route that only reads.
pub fn reads(place: Place) -> MethodRouter<Arc<Web>> {
    get(handler(place))
}

/// A route with a form.
pub fn reads_and_writes(place: Place) -> MethodRouter<Arc<Web>> {
    get(handler(place)).post(handler(place))
}

/// What the router calls for a place.
pub fn handler(
    place: Place,
) -> impl Fn(State<Arc<Web>>, RawPathParams, Request) -> Future + Clone + Send + Sync {
    move |State(web), params, request| {
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Box::pin(answer(web, place, params, request))
    }
}

async fn answer(web: Arc<Web>, place: Place, params: Vec<(String, String)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = Asked::new(&web.config, &parts, params);
    if !asked.is_post {
        return blocking(web, asked, move |web, asked| through(web, place, asked)).await;
    }
    if !web.config.is_own_origin(&parts) {
        let text = "This was not sent from a page of ours. Open the page again and send it from there.";
        return refusal::page(&web, &asked, &Refusal::new(Kind::Forbidden, text));
    }
    // Who it is comes before the body, so that nobody unknown can make the server read much.
    let early = web.clone();
    let standing = tokio::task::spawn_blocking(move || {
        let stopped = admit(&early, place, &mut asked);
        (asked, stopped)
    });
    let (mut asked, stopped) = match standing.await {
        Ok(outcome) => outcome,
        Err(panic) => return refusal::broken(&panic),
    };
    match stopped {
        Ok(None) => {}
        Ok(Some(response)) => return response,
        Err(no) => return refusal::page(&web, &asked, &no),
    }
    let form = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), &());
    match tokio::time::timeout(FORM_TIME, form).await {
        Ok(Ok(Form(form))) => asked.form = form,
        Ok(Err(rejection)) => {
            let kind = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
                _ => Kind::Invalid,
            };
            let text = "The form could not be read. Open the page again and send it from there.";
            return refusal::page(&web, &asked, &Refusal::new(kind, text));
        }
        Err(_) => {
            let text = "The form took too long to arrive. Check your connection and send it again.";
            return refusal::page(&web, &asked, &Refusal::new(Kind::Busy, text));
        }
    }
    blocking(web, asked, move |web, asked| through(web, place, asked)).await
}

/// Runs what may wait for the disk on a thread that may.
async fn blocking(
    web: Arc<Web>,
    mut asked: Asked,
    act: impl FnOnce(&Web, &mut Asked) -> Answered + Send + 'static,
) -> Response {
    let task = tokio::task::spawn_blocking(move || {
        let outcome = act(&web, &mut asked);
        outcome.unwrap_or_else(|no| refusal::page(&web, &asked, &no))
    });
    task.await.unwrap_or_else(|panic| refusal::broken(&panic))
}

/// Finds out who it is. Some answer for those who may not go on.
fn admit(web: &Web, place: Place, asked: &mut Asked) -> Result<Option<Response>, Refusal> {
    if let Some(cookie) = &asked.cookie {
        asked.standing = web.access.session(cookie)?;
    }
    if matches!(
        place,
        Place::SignIn
            | Place::Invitation
            | Place::Owed(_)
            | Place::Away
            | Place::Back
            | Place::SignOut
            | Place::Help(_)
    ) {
        return Ok(None);
    }
    Ok(match asked.standing {
        Standing::SignedIn(_) => None,
        Standing::Locked(_) => Some(sign_in::lead(web, asked, "locked=1&")),
        Standing::Owing(ref owing) => Some(owed::lead(asked, owing.owed)),
        Standing::Nobody => Some(sign_in::lead(web, asked, "")),
    })
}

fn through(web: &Web, place: Place, asked: &mut Asked) -> Answered {
    if let Some(response) = admit(web, place, asked)? {
        return Ok(response);
    }
    if asked.is_post && !carries_token(place, asked) {
        let text = "The form was made for another sign-in, or your browser keeps no cookies. \
                    Open the page again and send it from there.";
        return Err(Refusal::new(Kind::Forbidden, text));
    }
    match (place, asked.is_post) {
        (Place::SignIn, false) => sign_in::show(web, asked, None),
        (Place::SignIn, true) => sign_in::submit(web, asked),
        (Place::Owed(step), false) => owed::show(web, asked, step, None),
        (Place::Owed(step), true) => owed::submit(web, asked, step),
        (Place::Away, _) => outside::go(web, asked),
        (Place::Back, _) => outside::back(web, asked),
        (Place::Invitation, false) => invitation::show(web, asked, None),
        (Place::Invitation, true) => invitation::submit(web, asked),
        (Place::Invite, false) => Ok(redirect("/people")),
        (Place::Invite, true) => invitation::make(web, asked),
        (Place::LetIn, false) => apps::show(web, asked),
        (Place::LetIn, true) => apps::submit(web, asked),
        (Place::Launch, false) => Ok(redirect("/home")),
        (Place::Launch, true) => apps::launch(web, asked),
        (Place::Lock, false) => Ok(redirect("/home")),
        (Place::Lock, true) => sign_in::lock(web, asked),
        (Place::SignOut, false) => account::ask_sign_out(web, asked),
        (Place::SignOut, true) => account::sign_out(web, asked),
        (Place::SignOutEverywhere, false) => Ok(redirect("/account")),
        (Place::SignOutEverywhere, true) => account::sign_out_everywhere(web, asked),
        (Place::Help(page), _) => help::show(web, asked, page),
        (Place::Own(own), _) => page::own(web, asked, own),
        (Place::Page(page), _) => page::of_service(web, asked, page),
        (Place::Command(listed), false) => command::show(web, asked, listed),
        (Place::Command(listed), true) => command::submit(web, asked, listed),
        (Place::NotSo, _) => Err(Refusal::new(Kind::Unsupported, "This address cannot be used in this way.")),
        (Place::Nowhere, _) => {
            let text = "There is no page at this address. Check it, or start from Home.";
            Err(Refusal::new(Kind::NotFound, text))
        }
    }
}

/// True when a form carries the token of its session; that of signing in carries one of the browser.
fn carries_token(place: Place, asked: &Asked) -> bool {
    let token = match (place, &asked.standing) {
        (Place::SignIn | Place::Invitation, _) => asked.form_cookie.as_deref(),
        (_, Standing::SignedIn(session) | Standing::Locked(session)) => Some(session.csrf.as_str()),
        (_, Standing::Owing(owing)) => Some(owing.csrf.as_str()),
        // Nobody is signed in, so signing out changes nothing.
        (_, Standing::Nobody) => return true,
    };
    token.is_some_and(|token| !token.is_empty() && token == asked.field("csrf"))
}

/// Go there with GET.
pub fn redirect(address: &str) -> Response {
    let address = HeaderValue::from_str(own_address(address)).expect("an address of ours is visible ASCII");
    (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response()
}

/// The headers of every answer of this door. Pages are never kept by browsers or proxies; files are, and say
/// so themselves.
pub async fn headers(State(web): State<Arc<Web>>, mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                          font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                          frame-ancestors 'none'";
    let headers: &mut HeaderMap = response.headers_mut();
    // A page whose form leads to an app says so in its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if web.config.is_secure() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

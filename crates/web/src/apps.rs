//! Letting an app in: what it asks for in plain words, what may be left out, whose record; and opening an app from a
//! record.

use crate::Web;
use crate::asked::Asked;
use crate::door::{Answered, redirect};
use crate::page::{request, signed_in};
use crate::refusal::status;
use crate::sign_in::encoded;
use access::grant::Grant;
use access::{App, Session};
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use fhir::search::{Handling, Query};
use html::{Field, Frame, Markup, Nav, Problem, csrf_field, error_summary, frame, html, text_field};
use identity::{Asking, NotAsked, Smart};
use record::{Body, Kind, Page, Refusal};
use std::collections::BTreeSet;

/// Patients that are offered to choose from.
const OFFERED_MAX: usize = 10;

fn smart(web: &Web) -> Result<&Smart, Refusal> {
    web.config.smart.as_ref().ok_or_else(|| {
        Refusal::new(
            Kind::NotFound,
            "Apps cannot be let in here. Ask the administrator of this installation.",
        )
    })
}

/// The page that asks.
pub fn show(web: &Web, asked: &Asked) -> Answered {
    match smart(web)?.asked(signed_in(asked), &asked.query) {
        Ok(asking) => page(web, asked, &asking, None),
        Err(not) => answered(not),
    }
}

/// What was decided.
pub fn submit(web: &Web, asked: &Asked) -> Answered {
    let (smart, session) = (smart(web)?, signed_in(asked));
    let asking = match smart.asked(session, &asked.query) {
        Ok(asking) => asking,
        Err(not) => return answered(not),
    };
    if asked.field("decision") != "allow" {
        return Ok(away(&asking.denied()));
    }
    let scopes: Vec<&str> =
        asked.form.iter().filter(|(name, _)| name == "scope").map(|(_, value)| value.as_str()).collect();
    let chosen = Some(asked.field("patient")).filter(|patient| !patient.is_empty());
    match smart.allowed(session, &asking, &Grant::parse(&scopes.join(" ")), chosen) {
        Ok(address) => Ok(away(&address)),
        Err(NotAsked::Told(no)) if no.kind == Kind::Invalid => page(web, asked, &asking, Some(&no)),
        Err(not) => answered(not),
    }
}

fn answered(not: NotAsked) -> Answered {
    match not {
        NotAsked::Told(refusal) => Err(refusal),
        NotAsked::Back(address) => Ok(away(&address)),
    }
}

/// To an address of an app, which was registered for it.
fn away(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => redirect("/home"),
    }
}

fn page(web: &Web, asked: &Asked, asking: &Asking, refused: Option<&Refusal>) -> Answered {
    let session = signed_in(asked);
    let own = session.person_reference().and_then(|own| own.strip_prefix("Patient/").map(str::to_owned));
    let needs_choice = asking.grant.needs_patient() && asking.patient.is_none() && own.is_none();
    let problem = |no: &Refusal| Problem { field: "patient".to_owned(), text: no.to_string() };
    let problems: Vec<Problem> = refused.map(problem).into_iter().collect();
    let address = &asked.address;
    let main = html! {
        (error_summary(&problems))
        div class="app-card" {
            div class="app-card__body app-stack" {
                h1 class="app-h1" { "Let " (asking.app.name) " in?" }
                p {
                    (asking.app.name) " is an app of others. It was registered here by " (asking.app.by)
                    ". It acts as you, " strong class="app-strong" { (session.display) }
                    ", and can never do or see more than you."
                }
                @if needs_choice { (find(asked)) }
                form method="post" action=(address) {
                    (csrf_field(&session.csrf))
                    @if needs_choice { (choice(web, asked, session)?) }
                    @if let Some(own) = &own { input type="hidden" name="patient" value=(own); }
                    (scopes(&asking.grant))
                    div class="app-actions app-mt" {
                        button class="app-btn app-btn--primary" type="submit" name="decision" value="allow" {
                            "Let it in"
                        }
                        button class="app-btn" type="submit" name="decision" value="deny" { "Do not" }
                    }
                }
            }
        }
    };
    let request = request(web, asked, session);
    let about = Frame { has_error: refused.is_some(), ..request.frame("Let an app in", Nav::None) };
    let code = refused.map_or(StatusCode::OK, |no| status(no.kind));
    let mut response = (code, Html(frame(&about, main).into_string())).into_response();
    // The answer to the form leads to the app.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        asking.back_to()
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What it asks for: each can be left out.
fn scopes(grant: &Grant) -> Markup {
    let one = |allowed: &access::grant::Allowed| Grant {
        allowed: BTreeSet::from([allowed.clone()]),
        words: BTreeSet::new(),
    };
    let optional = ["offline_access", "online_access"];
    let mut lines: Vec<(String, String)> = grant
        .allowed
        .iter()
        .map(|allowed| (one(allowed).to_string(), one(allowed).told().remove(0)))
        .collect();
    for word in optional.iter().filter(|word| grant.words.contains(*word)) {
        let told = Grant { allowed: BTreeSet::new(), words: BTreeSet::from([*word]) }.told();
        lines.push(((*word).to_owned(), told.into_iter().next().unwrap_or_default()));
    }
    html! {
        fieldset class="nhsuk-fieldset" {
            legend class="nhsuk-fieldset__legend app-strong" { "What it may do. Untick what you do not want" }
            @for word in grant.words.iter().filter(|word| !optional.contains(word)) {
                input type="hidden" name="scope" value=(word);
            }
            div class="nhsuk-checkboxes nhsuk-checkboxes--small" {
                @for (i, (scope, told)) in lines.iter().enumerate() {
                    div class="nhsuk-checkboxes__item" {
                        input class="nhsuk-checkboxes__input" id=(format!("scope-{i}")) name="scope" type="checkbox"
                            value=(scope) checked;
                        label class="nhsuk-label nhsuk-checkboxes__label" for=(format!("scope-{i}")) { (told) }
                    }
                }
            }
        }
    }
}

/// The box that finds a patient; it keeps what the app asked.
fn find(asked: &Asked) -> Markup {
    let field = Field {
        name: "find",
        label: "Whose record?",
        hint: Some("A name or an NHS number"),
        kind: "search",
        autocomplete: "off",
        value: asked.query("find").unwrap_or_default(),
        error: None,
    };
    html! {
        form method="get" action=(asked.path) {
            @for (name, value) in asked.query.iter().filter(|(name, _)| name != "find") {
                input type="hidden" name=(name) value=(value);
            }
            (text_field(&field))
            div class="app-actions" { button class="app-btn" type="submit" { "Find" } }
        }
    }
}

/// The patients that were found.
fn choice(web: &Web, asked: &Asked, session: &Session) -> Result<Markup, Refusal> {
    let Some(sought) = asked.query("find").map(str::trim).filter(|sought| !sought.is_empty()) else {
        return Ok(html! { p id="patient" tabindex="-1" { "Find the patient first." } });
    };
    let digits: String = sought.chars().filter(char::is_ascii_digit).collect();
    let pair = if digits.len() >= 5 { ("identifier", digits) } else { ("name", sought.to_owned()) };
    let pairs = [(pair.0.to_owned(), pair.1)];
    let query = Query::parse(Some("Patient"), &pairs, Handling::Strict, web.access.now(), "")?;
    let reader = web.access.store().reader(&session.scope)?;
    let found = reader.search(&query, &Page { count: OFFERED_MAX, total: false })?.matches;
    let ids = found.iter().map(|body| fhir::Tree::from(body.id.as_str())).collect::<Vec<_>>();
    let detail = fhir::Tree::object().with("page", asked.path.as_str()).with("patients", ids);
    web.access.store().audit(session.act("search", detail)).wait()?;
    if found.is_empty() {
        return Ok(
            html! { p id="patient" tabindex="-1" { "Nobody was found by that. Try another name or number." } },
        );
    }
    Ok(html! {
        fieldset class="nhsuk-fieldset" {
            legend class="nhsuk-fieldset__legend app-strong" { "Choose the patient" }
            div class="nhsuk-radios nhsuk-radios--small" {
                @for (i, body) in found.iter().enumerate() {
                    @let id = if i == 0 { "patient".to_owned() } else { format!("patient-{i}") };
                    div class="nhsuk-radios__item" {
                        input class="nhsuk-radios__input" id=(id) name="patient" type="radio" value=(body.id);
                        label class="nhsuk-label nhsuk-radios__label" for=(id) { (named(body)) }
                    }
                }
            }
        }
    })
}

/// Name and date of birth.
pub fn named(body: &Body) -> String {
    let Ok(json) = fhir::Json::parse(body.text.as_str(), fhir::Limits::FILE) else { return body.id.clone() };
    let root = json.root();
    let name = root.get("name").and_then(|names| names.items().next());
    let given = name.and_then(|name| name.get("given")).and_then(|given| given.items().next());
    let parts = [
        name.and_then(|name| name.str("family")).map(|text| text.to_uppercase()),
        given.and_then(|given| given.as_str()).map(|text| text.into_owned()),
        root.str("birthDate").map(|date| format!("born {date}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Opens an app from a patient's record: the way to it, with a code that says whose record it is.
pub fn launch(web: &Web, asked: &Asked) -> Answered {
    let (smart, session) = (smart(web)?, signed_in(asked));
    let absent = || Refusal::new(Kind::NotFound, "There is no such app, or none that opens from a record.");
    let app: App = web.access.app(asked.field("app"))?.ok_or_else(absent)?;
    let address = app.launch.clone().ok_or_else(absent)?;
    let patient = asked.field("patient");
    let found = web.access.store().read(&session.scope, "Patient", patient)?;
    if !matches!(found, record::Found::Here(_)) {
        return Err(Refusal::not_found("The patient"));
    }
    let code = smart.launch(session, &app, patient)?;
    let join = if address.contains('?') { '&' } else { '?' };
    let href = format!("{address}{join}iss={}&launch={}", encoded(smart.base()), encoded(&code));
    let main = html! {
        div class="app-card" {
            div class="app-card__body app-stack" {
                h1 class="app-h1" { "Open " (app.name) }
                p { "It opens with this patient. It then asks what it may see." }
                p { a class="app-btn app-btn--primary" href=(href) rel="noopener" { "Go to " (app.name) } }
                p { a href={ "/patients/" (patient) } { "Back to the record" } }
            }
        }
    };
    let request = request(web, asked, session);
    Ok(Html(frame(&request.frame("Open an app", Nav::Patients), main).into_string()).into_response())
}

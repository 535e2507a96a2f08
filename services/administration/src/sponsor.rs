//! What waits for a sponsor: shown with what it would give, approved or declined.

use access::{Change, NewProfile, Registration, approve_in, decline_in};
use html::{Card, Markup, Nav, When, card, csrf_field, empty, frame, html as markup, page_head};
use record::Tx;
use service::{
    Answer, Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Request, Session, Values,
};

/// Approves a request.
pub const APPROVE: Command<Which> =
    Command { name: "approve", about: "Vouch for somebody", needs: Permission::Sponsor, run: approve };
/// Turns a request down.
pub const DECLINE: Command<Which> =
    Command { name: "decline", about: "Turn a request down", needs: Permission::Sponsor, run: decline };

/// Which request.
pub struct Which(String);

impl Input for Which {
    const FIELDS: &'static [Field] = &[Field {
        name: "registration",
        kind: FieldKind::String,
        required: true,
        label: "Request",
        hint: "",
    }];

    fn read(values: &Values) -> Result<Which, Refusal> {
        Ok(Which(values.text("registration")))
    }
}

fn approve(tx: &mut Tx<'_>, session: &Session, which: Which) -> Result<Outcome, Refusal> {
    let (waits_for, account, _) = approve_in(tx, session, &which.0)?;
    let next = if waits_for > 0 || !session.may(Permission::Administer) {
        "/people/waiting".to_owned()
    } else {
        format!("/people/{account}")
    };
    Ok(Outcome::of([], "It is approved.", next))
}

fn decline(tx: &mut Tx<'_>, session: &Session, which: Which) -> Result<Outcome, Refusal> {
    decline_in(tx, session, &which.0)?;
    Ok(Outcome::of([], "It is turned down.", "/people/waiting"))
}

/// `/people/waiting`
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let waiting = request.access.registrations(request.session)?;
    let body = markup! {
        @if waiting.is_empty() {
            (empty("Nothing waits", "Accounts and roles that are asked for come here.", markup! {}))
        } @else {
            ul class="app-list" { @for one in &waiting { (row(request, one)) } }
        }
    };
    let list = Card {
        id: "waiting",
        title: "Asked for",
        count: Some(waiting.len() as u64),
        link: None,
        columns: 12,
        body,
    };
    let main = markup! {
        (page_head("Waiting for a sponsor", &[], markup! {}))
        p class="app-muted" {
            "Vouch only for people you know, and for work that they do. You cannot give what you do not hold."
        }
        div class="app-grid" { (card(list)) }
    };
    Ok(Answer::Page(frame(&request.frame("Waiting for a sponsor", Nav::Services), main)))
}

fn row(request: &Request<'_>, one: &Registration) -> Markup {
    let what = match &one.change {
        Change::Join(joiner) => format!("An account for {}", joiner.display),
        Change::Gain { .. } => "One more role".to_owned(),
        Change::Move { ends, .. } => format!("A role instead of profile {ends}"),
    };
    let button = |path: &str, class: &str, text: &str| {
        markup! {
            form method="post" action=(path) {
                (csrf_field(&request.session.csrf))
                input type="hidden" name="request" value=(record::new_id());
                input type="hidden" name="registration" value=(one.id);
                button class=(class) type="submit" {
                    (text) span class="nhsuk-u-visually-hidden" { " " (what) ", " (one.change.account()) }
                }
            }
        }
    };
    markup! {
        li class="app-card__body" {
            p { strong class="app-strong" { (what) } " (" (one.change.account()) ")" }
            @for profile in one.change.profiles() { p { (told(request, profile)) } }
            p class="app-muted" {
                "Asked for by " (one.asked_by) ", " (When::Moment(one.at.0))
                @if !one.approved_by.is_empty() { "; approved by " (one.approved_by.join(", ")) }
            }
            div class="app-actions app-mt" {
                (button("/administration/approve", "app-btn app-btn--primary", "Approve"))
                (button("/administration/decline", "app-btn", "Decline"))
            }
        }
    }
}

/// A profile in words.
pub fn told(request: &Request<'_>, profile: &NewProfile) -> String {
    let role = access::roles().iter().find(|role| role.name == profile.role);
    let role = role.map_or(profile.role.as_str(), |role| role.title.as_str());
    let list = |name: &str, all: &[String]| match all {
        [] => String::new(),
        all => format!("; {name}: {}", all.join(", ")),
    };
    let teams: Vec<String> = profile.workgroups.iter().map(|name| request.team(name)).collect();
    let place = if profile.place.is_empty() { String::new() } else { format!(", {}", profile.place) };
    format!(
        "{role} at {}{place}{}{}",
        profile.organisation,
        list("teams", &teams),
        list("beside the role", &profile.activities)
    )
}

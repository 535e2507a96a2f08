//! `/people`: everybody with an account; and one of them.

use crate::sponsor::told;
use access::Account;
use html::{
    Action, Card, Column, Markup, Nav, Table, Tone, When, card, csrf_field, empty, frame, html as markup,
    page_head, search_field, table, tag,
};
use record::{Instant, Refusal};
use service::{Answer, Permission, Request};

/// The list.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let (now, sought) = (request.now(), request.query("who").unwrap_or_default().to_lowercase());
    let mut people = request.access.users()?;
    people.retain(|account| is_ours(request, account));
    people
        .retain(|account| account.name.contains(&sought) || account.display.to_lowercase().contains(&sought));
    let waiting = request.access.registrations(request.session)?.len();
    let join = Action { title: "Add somebody".into(), href: "/administration/join".into(), primary: true };
    let wait =
        Action { title: format!("Waiting ({waiting})"), href: "/people/waiting".into(), primary: false };
    let actions = if request.session.may(Permission::Sponsor) { vec![join, wait] } else { vec![join] };
    let row = |account: &Account| {
        let roles: Vec<String> = account.current(now).map(|profile| profile.title()).collect();
        vec![
            markup! { a href={ "/people/" (account.name) } { (account.name) } },
            markup! { (account.display) },
            markup! { (roles.join("; ")) },
            markup! { (state(account, now)) },
        ]
    };
    let list = Table {
        id: "people-table",
        caption: "People with an account".to_owned(),
        columns: ["Account", "Name", "Roles", "State"].map(Column::text).into(),
        rows: people.iter().map(row).collect(),
        sortable: true,
    };
    let body = markup! {
        (html::filters("/people", &[], search_field("who", "Name", &sought)))
        @if people.is_empty() {
            (empty("Nobody of that name", "Leave the name out to see everybody.", markup! {}))
        } @else { (table(&list)) }
    };
    let count = Some(people.len() as u64);
    let people = Card { id: "people", title: "People", count, link: None, columns: 12, body };
    let main = markup! {
        (page_head("People", &actions, markup! {}))
        div class="app-grid" { (card(people)) }
    };
    Ok(Answer::Page(frame(&request.frame("People", Nav::Services), main)))
}

/// People of one's own organisation, and those of none.
fn is_ours(request: &Request<'_>, account: &Account) -> bool {
    let own = &request.session.organisation;
    account.profiles.is_empty()
        || account
            .profiles
            .iter()
            .any(|profile| profile.organisation == *own || profile.organisation.is_empty())
}

fn state(account: &Account, now: Instant) -> Markup {
    match (account.is_open(now), account.waits_for_password()) {
        (false, _) => tag(Tone::Grey, "Closed"),
        (true, true) => tag(Tone::Amber, "Invited"),
        (true, false) => tag(Tone::Green, "Open"),
    }
}

/// One of them.
pub fn one(request: &Request<'_>) -> Result<Answer, Refusal> {
    let (now, name) = (request.now(), request.param("name"));
    let people = request.access.users()?;
    let account = people.iter().find(|account| account.name == name && is_ours(request, account));
    let account = account.ok_or_else(|| Refusal::not_found("This account"))?;
    let main = markup! {
        (page_head(&account.display, &[], markup! { (state(account, now)) }))
        div class="app-grid" {
            (card(Card { id: "profiles", title: "Roles", count: None, link: None, columns: 12,
                body: profiles(request, account, now) }))
            (card(Card { id: "sessions", title: "Where they are signed in", count: None, link: None, columns: 12,
                body: sessions(request, account)? }))
        }
        @if account.is_open(now) && account.name != request.session.who {
            div class="app-actions app-mt" {
                @if account.waits_for_password() { (invite(request, account)) }
                a class="app-btn" href={ "/administration/sign-out?account=" (account.name) } {
                    "End all their sessions"
                }
                a class="app-btn" href={ "/administration/leave?account=" (account.name) } { "Close the account" }
            }
        }
    };
    Ok(Answer::Page(frame(&request.frame(&account.display, Nav::Services), main)))
}

/// The way to an invitation, which is shown once.
fn invite(request: &Request<'_>, account: &Account) -> Markup {
    markup! {
        form method="post" action="/invitation/new" {
            (csrf_field(&request.session.csrf))
            input type="hidden" name="account" value=(account.name);
            button class="app-btn app-btn--primary" type="submit" { "Make an invitation" }
        }
    }
}

fn profiles(request: &Request<'_>, account: &Account, now: Instant) -> Markup {
    let row = |profile: &access::Profile| {
        vec![
            markup! { (profile.id) },
            markup! { (told(request, &profile.to_new())) },
            markup! { @if let Some(from) = profile.from { (When::Moment(from.0)) } },
            markup! { @if let Some(until) = profile.until { (When::Moment(until.0)) } },
            markup! {
                @if profile.is_current(now) {
                    a href={ "/administration/gain?account=" (account.name) "&ends=" (profile.id) } {
                        "Change" span class="nhsuk-u-visually-hidden" { " profile " (profile.id) }
                    }
                } @else { "Over" }
            },
        ]
    };
    markup! {
        (table(&Table {
            id: "profiles-table",
            caption: "Role profiles".to_owned(),
            columns: ["Number", "What", "From", "Until", "Change"].map(Column::text).into(),
            rows: account.profiles.iter().map(row).collect(),
            sortable: false,
        }))
        @if account.is_open(now) {
            div class="app-card__foot" {
                a class="app-btn" href={ "/administration/gain?account=" (account.name) } { "Add a role" }
            }
        }
    }
}

fn sessions(request: &Request<'_>, account: &Account) -> Result<Markup, Refusal> {
    let sessions = request.access.sessions_of(&account.name)?;
    if sessions.is_empty() {
        return Ok(empty("Nowhere", "They have no open session.", markup! {}));
    }
    let rows = sessions.iter().map(|begun| {
        vec![
            markup! { (begun.from) },
            markup! { (When::Moment(begun.since.0)) },
            markup! { (When::Moment(begun.until.0)) },
        ]
    });
    Ok(table(&Table {
        id: "sessions-table",
        caption: "Open sessions, latest first".to_owned(),
        columns: ["Network address", "Since", "Until at the latest"].map(Column::text).into(),
        rows: rows.collect(),
        sortable: false,
    }))
}

//! Why someone can see this record, who else can by a relationship, and what to do when nothing on file says so.

use crate::open_glass;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use access::relationship::{Holder, Relationship};
use html::{Card, Column, Table, When, card, empty, table};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Permission, Request};
use std::collections::BTreeMap;

/// `/patients/{id}/access`
pub fn access(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let held = request.access.relationships_of(&record.person.id)?;
    let mine: Vec<&Relationship> = held.iter().filter(|tied| is_mine(request, tied)).collect();
    // Others' relationships say where a patient is treated: whoever does not reach the record is not told.
    let others: Vec<&Relationship> = match record.is_closed() {
        true => Vec::new(),
        false => held.iter().filter(|tied| !is_mine(request, tied)).collect(),
    };
    let teams = titles(request)?;
    let main = html! {
        (head("Why I can see this", &record))
        div class="app-grid" {
            (card(Card { id: "mine", title: "You and this patient", count: None, link: None, columns: 12,
                body: yours(&record, &mine, &teams)? }))
            @if !record.is_closed() {
                (card(Card { id: "others", title: "Others", count: Some(others.len() as u64), link: None, columns: 12,
                    body: listed(&record, &others, &teams) }))
            }
        }
    };
    Ok(record.page("Why I can see this", "access", main))
}

fn is_mine(request: &Request<'_>, tied: &Relationship) -> bool {
    match &tied.holder {
        Holder::User(who) => *who == request.session.who,
        Holder::Team(team) => request.session.workgroups.contains(team),
    }
}

/// Names of teams for pages, by their own.
fn titles(request: &Request<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    Ok(request.access.workgroups()?.into_iter().map(|team| (team.name, team.title)).collect())
}

fn yours(
    record: &PatientRecord<'_>,
    mine: &[&Relationship],
    teams: &BTreeMap<String, String>,
) -> Result<Markup, Refusal> {
    let session = record.request.session;
    let person = &record.person.id;
    let sealed = service::consent::is_sealed_from(record.request.access, session, person)?;
    Ok(html! {
        div class="app-card__body app-stack" {
            @if !session.needs_relationships() {
                p {
                    "In your role you reach every patient of your organisation. Each look is on the patient's "
                    "access log."
                }
            } @else if record.is_closed() {
                p { strong class="app-strong" { "Nothing on file says that you care for this patient." } }
                (open_glass::ways(record))
            } @else if mine.is_empty() {
                p { "You broke the glass. Nothing on file says that you care for this patient." }
                (open_glass::ways(record))
            } @else {
                p { "You can see this record because of:" }
            }
            @if sealed {
                p {
                    strong class="app-strong" { "Some information is sealed." }
                    " Another team keeps it. Ask that team, or the patient."
                }
                @if session.may(Permission::OpenSeal) {
                    p { a href=(open_glass::address(person, "seal")) { "Open it for a reason (break the seal)" } }
                }
            }
        }
        @if !mine.is_empty() { (listed(record, mine, teams)) }
        @if !record.is_closed() && session.may(Permission::ReadRecord) {
            div class="app-card__foot app-actions" {
                a class="app-btn" href=(format!("/relationships/give?patient=Patient/{person}")) {
                    "Ask a colleague to help"
                }
            }
        }
        @if session.may(Permission::Audit) {
            div class="app-card__foot app-actions" {
                a class="app-btn" href=(format!("/relationships/order?patient=Patient/{person}")) {
                    "Let a named person open it"
                }
            }
        }
    })
}

fn listed(record: &PatientRecord<'_>, held: &[&Relationship], teams: &BTreeMap<String, String>) -> Markup {
    if held.is_empty() {
        return empty(
            "Nobody else",
            "No other team and no other person has a relationship on file.",
            html! {},
        );
    }
    let session = record.request.session;
    let columns = ["Who", "Why", "From", "Until", "End"].into_iter().map(Column::text).collect();
    let row = |tied: &&Relationship| {
        let who = match &tied.holder {
            Holder::User(who) => who.clone(),
            Holder::Team(team) => teams.get(team).unwrap_or(team).clone(),
        };
        let may_end = !tied.by.is_empty() && (tied.by == session.who || session.may(Permission::Audit));
        vec![
            html! { (who) },
            html! { (tied.tie.about()) @if !tied.why.is_empty() { ": " (tied.why) } },
            html! { @if tied.from.0 > 0 { (When::Moment(tied.from.0)) } },
            html! { @match tied.until { Some(until) => (When::Moment(until.0)), None => "It goes on" } },
            html! {
                @if may_end {
                    a href=(format!("/relationships/end?patient=Patient/{}&source={}", tied.patient, tied.source)) {
                        "End" span class="nhsuk-u-visually-hidden" { " that of " (who) }
                    }
                }
            },
        ]
    };
    let id =
        if held.iter().all(|tied| is_mine(record.request, tied)) { "mine-table" } else { "others-table" };
    let caption = "Relationships with this patient".to_owned();
    table(&Table { id, caption, columns, rows: held.iter().map(row).collect(), sortable: true })
}

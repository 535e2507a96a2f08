//! Consent and seals: what the patient wants kept to a team, to an organisation, or to their care.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::Resource;
use fhir::json::Value;
use html::{Card, Column, Table, When, card, empty, table};
use maud::{Markup, html};
use record::Refusal;
use service::consent::{RULES, WORKGROUP};
use service::{Answer, Permission, Request};

/// `/patients/{id}/consent`
pub fn consent(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["Consent"])?;
    let may = request.session.may(Permission::Seal) && record.place.at.is_none();
    let rules: Vec<(&Resource, Vec<Markup>)> =
        record.of("Consent").filter_map(|resource| Some((resource, row(&record, resource, may)?))).collect();
    let columns = ["What", "About", "For", "Since", "State", "End"].into_iter().map(Column::text).collect();
    let body = html! {
        @if rules.is_empty() {
            (empty("Nothing is sealed or kept apart", "What you cannot see is not listed here.", html! {}))
        } @else {
            @let rows = rules.into_iter().map(|(_, row)| row).collect();
            (table(&Table {
                id: "consent-table", caption: "What this patient wants of their record".into(), columns, rows,
                sortable: true,
            }))
        }
        @if may {
            div class="app-card__foot app-actions" {
                a class="app-btn" href=(format!("/consent/seal?{}", about(&record, None))) { "Seal the whole record" }
                a class="app-btn" href=(format!("/consent/keep?{}", about(&record, None))) { "Note a wish" }
            }
        }
    };
    let list = Card { id: "consent", title: "Consent and seals", count: None, link: None, columns: 12, body };
    let main = html! {
        (head("Consent and seals", &record))
        p class="app-muted" {
            "Something is sealed from its own page: open it, then \u{201c}Seal this\u{201d}. What says the same "
            "again, such as a letter, is sealed with it."
        }
        div class="app-grid" { (card(list)) }
    };
    Ok(record.page("Consent and seals", "consent", main))
}

/// The values that a form of this patient begins with: the patient, what it is about, the first of one's own teams.
pub fn about(record: &PatientRecord<'_>, item: Option<&str>) -> String {
    let mut query = format!("patient=Patient/{}", record.person.id);
    if let Some(item) = item {
        query.push_str(&format!("&about={item}"));
    }
    if let Some(team) = record.request.session.workgroups.iter().next() {
        query.push_str(&format!("&team={team}"));
    }
    query
}

/// A Consent that sets one of the rules that are kept here.
fn row(record: &PatientRecord<'_>, resource: &Resource, may: bool) -> Option<Vec<Markup>> {
    let consent = resource.value();
    let mut codings = consent.get("policyRule")?.get("coding")?.items();
    let rule = codings.find(|coding| coding.str("system").is_some_and(|system| system == RULES))?;
    let what = match rule.str("code")?.as_ref() {
        "seal" => "Sealed",
        "lock" => "Sealed and locked",
        "no-sharing" => "Not shared with other organisations",
        "opt-out" => "Not used beyond care",
        "withhold" => "Withheld by law",
        "third-party" => "Not for the patient",
        _ => return None,
    };
    let provision = consent.get("provision");
    let list = |name: &str| provision.and_then(|p| p.get(name)).into_iter().flat_map(Value::items);
    let things: Vec<String> =
        list("data").filter_map(|data| Some(data.get("reference")?.str("reference")?.into_owned())).collect();
    let team = list("actor").find_map(|actor| {
        let who = actor.get("reference")?.get("identifier")?;
        who.str("value").filter(|_| who.str("system").is_some_and(|system| system == WORKGROUP))
    });
    let is_active = consent.str("status").is_some_and(|status| status == "active");
    let since = consent.str("dateTime").and_then(|text| fhir::Instant::parse(&text));
    let person = &record.person.id;
    Some(vec![
        html! { strong class="app-strong" { (what) } },
        html! {
            @if things.is_empty() { "The whole record" }
            @for thing in &things {
                (cell::link(&record.place, &format!("/patients/{person}/items/{thing}"), thing))
            }
        },
        html! { @if let Some(team) = &team { (record.request.team(team)) } },
        html! { @if let Some(since) = since { (When::Moment(since.0)) } },
        html! { @if is_active { "In force" } @else { "Ended" } },
        html! {
            @if is_active && may {
                a href=(format!("/consent/end?patient=Patient/{person}&consent=Consent/{}", resource.id)) {
                    "End" span class="nhsuk-u-visually-hidden" { " “" (what) "”" }
                }
            }
        },
    ])
}

//! The page "Find a patient".

use super::wanted::Wanted;
use super::{query, recent, suggest};
use crate::views::{Person, Resource};
use chrono::Datelike;
use fhir::Tree;
use html::{
    Card, Column, Frame, Nav, PersonLine, Problem, Table, Tone, card, empty, error_summary, frame, page_head,
    person_in_list, showing, table, tag,
};
use maud::{Markup, html};
use record::Refusal;
use service::{Answer, Request};

/// Rows of the list.
const ROWS: usize = 50;
/// Rows under the box.
const SUGGESTIONS: usize = 8;

/// What was found.
struct Found {
    people: Vec<Person>,
    all: u64,
}

/// `/patients?q=`
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let typed = request.query("q").unwrap_or_default();
    let wanted = Wanted::read(typed, request.now().utc().year());
    let suggesting = request.part() == Some("suggest");
    let found = match wanted.is_empty() {
        true => None,
        false => Some(find(request, &wanted, if suggesting { SUGGESTIONS } else { ROWS })?),
    };
    if suggesting {
        let people = found.map(|found| found.people).unwrap_or_default();
        return Ok(Answer::Part(suggest::rows(&people, request.now().0)));
    }
    let main = html! {
        (error_summary(&problems(&wanted)))
        (page_head("Find a patient", &[], html! {}))
        (search_form(typed, &wanted))
        @match &found {
            Some(found) => (results(request, found)),
            None if wanted.problems.is_empty() => (recently(request)?),
            None => {}
        }
    };
    let has_error = !wanted.problems.is_empty();
    Ok(Answer::Page(frame(
        &Frame { search: typed, has_error, ..request.frame("Find a patient", Nav::Patients) },
        main,
    )))
}

fn find(request: &Request<'_>, wanted: &Wanted, rows: usize) -> Result<Found, Refusal> {
    let query = query::query(wanted, request.now())?;
    let reader = request.access.store().reader(&request.session.scope)?;
    let results = reader.search(&query, &record::Page { count: rows, total: rows == ROWS })?;
    let shown: Vec<Tree> = results.matches.iter().map(|body| Tree::from(body.id.as_str())).collect();
    let people: Vec<Person> =
        results.matches.into_iter().filter_map(Resource::of).map(|patient| Person::of(&patient)).collect();
    let all = results.total.unwrap_or(people.len() as u64);
    request.audit(
        "search",
        Tree::object().with("type", "Patient").with("ids", shown).with("total", all.to_string()),
    );
    Ok(Found { people, all })
}

fn problems(wanted: &Wanted) -> Vec<Problem> {
    wanted.problems.iter().map(|text| Problem { field: "q".into(), text: text.clone() }).collect()
}

fn search_form(typed: &str, wanted: &Wanted) -> Markup {
    let wrong = wanted.problems.first();
    html! {
        form class="app-card app-find" action="/patients" method="get" {
            div class={ "nhsuk-form-group" @if wrong.is_some() { " nhsuk-form-group--error" } } {
                label class="nhsuk-label app-strong" for="q" {
                    "Name, date of birth, NHS number, hospital number or postcode"
                }
                div class="nhsuk-hint" id="q-hint" {
                    "Beginnings of names are enough, in any order. For example: smith ann 1945, 14-Mar-1945, \
                     999 000 1006, NG4 7QT"
                }
                @if let Some(wrong) = wrong {
                    span class="nhsuk-error-message" id="q-error" {
                        span class="nhsuk-u-visually-hidden" { "Error: " } (wrong)
                    }
                }
                div class="nhsuk-input-wrapper" {
                    input class={ "nhsuk-input" @if wrong.is_some() { " nhsuk-input--error" } } id="q" name="q"
                        type="search" autocomplete="off" spellcheck="false" value=(typed)
                        data-suggest="/patients?part=suggest" aria-invalid=[wrong.map(|_| "true")]
                        aria-describedby=(if wrong.is_some() { "q-hint q-error" } else { "q-hint" });
                    button class="app-btn app-btn--primary" type="submit" { "Find patient" }
                }
            }
        }
    }
}

fn results(request: &Request<'_>, found: &Found) -> Markup {
    if found.people.is_empty() {
        return card(Card {
            id: "found",
            title: "Nobody found",
            count: None,
            link: None,
            columns: 12,
            body: empty(
                "No patient fits all of what you typed",
                "Try fewer or shorter words, another spelling, a former name, or the date of birth alone. A person \
                 whose record you may not see is not listed.",
                html! {},
            ),
        });
    }
    let shown = found.people.len() as u64;
    let body = html! {
        (table(&list("patients-found", "Patients found, by family name", &found.people, request.now().0)))
        div class="app-card__foot" {
            (showing(0, shown, found.all))
            @if shown < found.all { ". Type more to narrow it down." }
        }
    };
    card(Card { id: "found", title: "Patients found", count: Some(found.all), link: None, columns: 12, body })
}

fn recently(request: &Request<'_>) -> Result<Markup, Refusal> {
    let people = recent::recent(request)?;
    let body = match people.is_empty() {
        true => recent::none(),
        false => table(&list(
            "recent",
            "Patients you looked at lately, the latest first",
            &people,
            request.now().0,
        )),
    };
    Ok(card(Card { id: "recently", title: "Recently viewed", count: None, link: None, columns: 12, body }))
}

fn list<'a>(id: &'a str, caption: &str, people: &[Person], now: i64) -> Table<'a> {
    let columns = ["Patient", "Gender", "Address", "Hospital No."].into_iter().map(Column::text).collect();
    let rows = people.iter().map(|person| row(person, people, now)).collect();
    Table { id, caption: caption.to_owned(), columns, rows, sortable: false }
}

/// A patient in a list.
pub(super) fn in_list(person: &Person, now: i64) -> Markup {
    let href = format!("/patients/{}", person.id);
    person_in_list(&line(person, &href, now))
}

/// A patient as a line of a list.
pub(super) fn line<'a>(person: &'a Person, href: &'a str, at: i64) -> PersonLine<'a> {
    let (name, nhs_number) = (&person.name, person.nhs_number.as_ref());
    PersonLine { name, href, born: person.born, died: person.died, nhs_number, at }
}

fn row(person: &Person, all: &[Person], now: i64) -> Vec<Markup> {
    let alike = all.iter().any(|other| other.id != person.id && other.name.is_like(&person.name));
    vec![
        html! {
            (in_list(person, now))
            @if alike { " " (tag(Tone::Amber, "Similar name")) }
        },
        html! { (person.gender) },
        html! { @if person.address.is_empty() { "Not known" } @else { (person.address.join(", ")) } },
        html! { @match &person.hospital_number { Some(number) => (number), None => "Not known" } },
    ]
}

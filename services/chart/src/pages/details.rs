//! Details and contacts: who the person is, where they live, who is near them, and their numbers.

use super::cell;
use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::{Related, Resource, concept, words};
use fhir::json::Value;
use html::{Card, Contact, Died, Markup, card, empty, facts};
use maud::html;
use record::Refusal;
use service::{Answer, Request};

/// `/patients/{id}/details`
pub fn details(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &["RelatedPerson"])?;
    let main = html! {
        (head("Details and contacts", &record))
        div class="app-grid" {
            (about(&record))
            (labelled("numbers", "Numbers", &numbers(&record), "No number recorded"))
            (labelled("reach", "Phone and email", &record.person.contacts, "No phone number or email recorded"))
            (address(&record))
            (doctors(&record))
            (people(&record))
            (care(&record))
        }
        p class="app-mt" { (cell::link(&record.place, &record.patient.href(&record.person.id), ALL)) }
    };
    Ok(record.page("Details and contacts", "details", main))
}

const ALL: &str = "All that is recorded about this person";

/// What is needed to speak with the person and to treat them right.
fn care(record: &PatientRecord<'_>) -> Markup {
    let value = record.patient.value();
    let list = |name: &str| value.get(name).into_iter().flat_map(Value::items);
    let languages: Vec<String> = list("communication")
        .filter_map(|c| {
            let language = concept(c.get("language"))?;
            let preferred = c.get("preferred").and_then(Value::as_bool) == Some(true);
            Some(if preferred { format!("{language} (preferred)") } else { language })
        })
        .collect();
    let languages = (!languages.is_empty()).then(|| languages.join(", "));
    let interpreter = list("extension").find_map(|e| {
        let is_it = e.str("url").is_some_and(|url| url.ends_with("patient-interpreterRequired"));
        is_it.then(|| e.get("valueBoolean").and_then(Value::as_bool)).flatten()
    });
    let ethnicity = list("extension").find_map(|e| {
        let is_it = e.str("url").is_some_and(|url| url.ends_with("EthnicCategory"));
        is_it.then(|| concept(e.get("valueCodeableConcept"))).flatten()
    });
    let rows = [
        ("Language", cell::text(languages.as_deref())),
        ("Interpreter", cell::text(interpreter.map(|needed| if needed { "Needed" } else { "Not needed" }))),
        ("Ethnic category", cell::text(ethnicity.as_deref())),
        ("Marital status", cell::text(concept(value.get("maritalStatus")).as_deref())),
    ];
    card(Card {
        id: "care",
        title: "Language and background",
        count: None,
        link: None,
        columns: 6,
        body: html! { div class="app-card__body" { (facts(&rows)) } },
    })
}

fn about(record: &PatientRecord<'_>) -> Markup {
    let person = &record.person;
    let mut rows = vec![
        ("Name", html! { (person.name.to_string()) }),
        ("Preferred name", cell::text(person.preferred.as_deref())),
        ("Born", cell::date(person.born)),
        ("Gender", html! { (person.gender) }),
    ];
    match person.died {
        Died::No => {}
        Died::DateNotKnown => rows.push(("Died", html! { "Date not known" })),
        Died::On(when) => rows.push(("Died", html! { (when) })),
    }
    for other in &person.other_names {
        rows.push((&other.label, html! { (other.value) }));
    }
    let body = html! { div class="app-card__body" { (facts(&rows)) } };
    card(Card { id: "about", title: "Person", count: None, link: None, columns: 6, body })
}

fn numbers(record: &PatientRecord<'_>) -> Vec<Contact> {
    let nhs =
        record.person.nhs_number.iter().map(|n| Contact { label: "NHS number".into(), value: n.to_string() });
    let others = record.person.identifiers.iter();
    nhs.chain(others.map(|i| Contact { label: i.label.clone(), value: i.value.clone() })).collect()
}

fn labelled(id: &str, title: &str, rows: &[Contact], none: &str) -> Markup {
    let rows: Vec<(&str, Markup)> = rows.iter().map(|c| (c.label.as_str(), html! { (c.value) })).collect();
    let body = match rows.is_empty() {
        true => empty(none, "Ask the person, and record the answer.", html! {}),
        false => html! { div class="app-card__body" { (facts(&rows)) } },
    };
    card(Card { id, title, count: None, link: None, columns: 6, body })
}

fn address(record: &PatientRecord<'_>) -> Markup {
    let lines = &record.person.address;
    let body = html! {
        @if lines.is_empty() {
            (empty("No address recorded", "Ask the person, and record the answer.", html! {}))
        } @else {
            div class="app-card__body" { @for (i, line) in lines.iter().enumerate() { @if i > 0 { br; } (line) } }
        }
    };
    card(Card { id: "address", title: "Usual address", count: None, link: None, columns: 6, body })
}

fn doctors(record: &PatientRecord<'_>) -> Markup {
    let names = record.names();
    let doctors: Vec<String> =
        record.person.doctors.iter().filter_map(|doctor| names.of(Some(doctor))).collect();
    let body = html! {
        @if doctors.is_empty() {
            (empty("No GP recorded", "The person may not be registered with a practice.", html! {}))
        } @else {
            ul class="app-list" { @for doctor in &doctors { li { (doctor) } } }
        }
    };
    card(Card { id: "gp", title: "GP", count: None, link: None, columns: 6, body })
}

/// Next of kin and carers: contacts in the Patient, and people with a resource of their own.
fn people(record: &PatientRecord<'_>) -> Markup {
    let contacts = record.patient.get("contact").into_iter().flat_map(Value::items).map(Related::of_contact);
    let related = record.of("RelatedPerson").map(|resource: &Resource| Related::of_contact(resource.value()));
    let mut people: Vec<Related> = contacts.collect();
    for person in related {
        // Someone may be in the Patient and have a resource of their own.
        if !people.iter().any(|other| other.name == person.name) {
            people.push(person);
        }
    }
    let body = html! {
        @if people.is_empty() {
            (empty("No contact recorded", "Ask the person whom to call, and record the answer.", html! {}))
        } @else {
            ul class="app-list" {
                @for person in &people {
                    li {
                        strong class="app-strong" { (person.name.in_list()) }
                        @if !person.relations.is_empty() { " · " (person.relations.join(", ")) }
                        @for contact in &person.contacts {
                            p class="app-s" {
                                span class="app-muted" { (words(&contact.label)) } " " (contact.value)
                            }
                        }
                    }
                }
            }
        }
    };
    let count = Some(people.len() as u64);
    card(Card { id: "people", title: "Next of kin and other contacts", count, link: None, columns: 6, body })
}

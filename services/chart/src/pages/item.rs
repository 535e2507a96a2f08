//! One item of the record: every field, its versions, and its source.

use crate::patient_record::PatientRecord;
use crate::shown::{Place, head};
use crate::views::{Fact, Names, Reference, Resource, facts_of, words};
use html::{Card, Markup, When, card, notice};
use maud::html;
use record::{Body, Found, HistoryOf, Refusal};
use service::{Answer, Permission, Request};

/// Versions that are listed.
const VERSIONS_MAX: usize = 50;

/// `/patients/{id}/items/{kind}/{item}`
pub fn item(request: &Request<'_>) -> Result<Answer, Refusal> {
    let record = PatientRecord::open(request, &[])?;
    let (kind, id) = (request.param("kind"), request.param("item"));
    let chosen = request.query("version").and_then(|version| version.parse().ok());
    let found = match chosen {
        Some(version) => record.reader.vread(kind, id, version)?,
        None => record.reader.read(kind, id)?,
    };
    let body = match found {
        Found::Here(body) if is_of(&body, &record.person.id) => body,
        _ => return Err(Refusal::not_found("This item")),
    };
    let resource = Resource::of(body).ok_or_else(|| Refusal::not_found("This item"))?;
    let versions = record.reader.history(HistoryOf::Resource(kind, id), None, VERSIONS_MAX, None)?.versions;
    let newest = versions.first().map_or(resource.version, |latest| latest.version);
    let title = format!("{}: all fields", name_of(resource.kind));
    let main = html! {
        (head(&title, &record))
        @if resource.version < newest { (notice(&old(&resource))) }
        @if request.session.may(Permission::Seal) && record.place.at.is_none() && resource.version == newest {
            @let about = super::consent::about(&record, Some(&format!("{kind}/{id}")));
            p class="app-actions" { a class="app-btn" href=(format!("/consent/seal?{about}")) { "Seal this" } }
        }
        div class="app-grid" {
            (card(Card { id: "fields", title: "Fields", count: None, link: None, columns: 12, body: html! {
                div class="app-card__body" {
                    (list(&record.place, &record.names(), &facts_of(resource.value())))
                }
            } }))
            (history(&record, &resource, &versions))
            (source(&resource))
        }
    };
    Ok(record.page(&title, section_of(resource.kind), main))
}

/// True when the item is this patient's, so that no other record opens under this banner.
fn is_of(body: &Body, patient: &str) -> bool {
    body.patients.iter().any(|of| of == patient) || (body.kind == "Patient" && body.id == patient)
}

fn old(resource: &Resource) -> html::Notice {
    html::Notice {
        tone: html::Tone::Amber,
        head: format!("Version {}.", resource.version),
        text: "A later version has taken its place.".into(),
    }
}

fn list(place: &Place, names: &Names<'_>, facts: &[Fact]) -> Markup {
    html! {
        dl class="app-fields-list" {
            @for fact in facts {
                div {
                    dt { (fact.label) }
                    dd {
                        @match &fact.to {
                            Some(to) => (pointed_at(place, names, to)),
                            None => (fact.text),
                        }
                        @if !fact.within.is_empty() { (list(place, names, &fact.within)) }
                    }
                }
            }
        }
    }
}

/// What a reference points at, by name, and as a link when it has a page in this record.
fn pointed_at(place: &Place, names: &Names<'_>, to: &Reference) -> Markup {
    let text = names.of(Some(to)).unwrap_or_else(|| format!("{} {}", to.kind, to.id));
    let href = format!("/patients/{}/items/{}/{}", place.patient, to.kind, to.id);
    html! { @if place_has(&to.kind) { a href=(place.link(&href)) { (text) } } @else { (text) } }
}

/// True when items of this type belong to a patient, so that they have a page in the record.
fn place_has(kind: &str) -> bool {
    kind != "Patient" && !fhir::definitions::patient_compartment(kind).is_empty()
}

fn history(record: &PatientRecord<'_>, resource: &Resource, versions: &[Body]) -> Markup {
    let path = resource.href(&record.person.id);
    let body = html! {
        ul class="app-list" {
            @for version in versions {
                li {
                    div class="app-list__line" {
                        @if version.version == resource.version {
                            strong class="app-strong" { "Version " (version.version) ", shown here" }
                        } @else if version.deleted {
                            span { "Version " (version.version) ": deleted" }
                        } @else {
                            @let number = version.version.to_string();
                            a href=(record.place.with(&path, &[("version", &number)])) { "Version " (number) }
                        }
                        span class="app-s app-muted" { (When::Moment(version.updated.0)) }
                    }
                }
            }
        }
        @if versions.len() == VERSIONS_MAX {
            div class="app-card__foot" { "The latest " (VERSIONS_MAX) " versions are listed." }
        }
    };
    card(Card { id: "versions", title: "Versions", count: None, link: None, columns: 12, body })
}

fn source(resource: &Resource) -> Markup {
    let mut text = String::new();
    indent(resource.text(), &mut text);
    html! {
        section class="app-card app-col-12" aria-label="Source" {
            details class="nhsuk-details app-details" {
                summary class="nhsuk-details__summary" {
                    span class="nhsuk-details__summary-text" { "Source as FHIR JSON" }
                }
                div class="nhsuk-details__text" {
                    pre class="app-source" tabindex="0" role="region" aria-label="Source as FHIR JSON" { (text) }
                }
            }
        }
    }
}

/// JSON on many lines. The text has been parsed before, so brackets and quotes are known to match.
fn indent(json: &str, out: &mut String) {
    let mut depth = 0;
    let (mut quoted, mut escaped) = (false, false);
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        if quoted {
            out.push(c);
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(depth, out);
            }
            '}' | ']' => {
                depth -= 1;
                line(depth, out);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(depth, out);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => out.push(c),
        }
    }
}

/// What a type is called on wards.
fn name_of(kind: &str) -> String {
    match kind {
        "Condition" => "Problem".into(),
        "MedicationRequest" | "MedicationStatement" => "Medicine".into(),
        "AllergyIntolerance" => "Allergy".into(),
        "DiagnosticReport" => "Report".into(),
        "Encounter" => "Stay or visit".into(),
        "Immunization" => "Immunisation".into(),
        "DocumentReference" => "Document".into(),
        other => {
            let spaced: String =
                other.chars().flat_map(|c| if c.is_uppercase() { vec![' ', c] } else { vec![c] }).collect();
            words(&spaced.trim().to_lowercase())
        }
    }
}

fn section_of(kind: &str) -> &'static str {
    match kind {
        "Condition" => "problems",
        "MedicationRequest" | "MedicationStatement" => "medicines",
        "AllergyIntolerance" => "allergies",
        "Observation" | "DiagnosticReport" => "results",
        "Encounter" => "encounters",
        "Immunization" => "immunisations",
        "Procedure" => "procedures",
        "DocumentReference" => "documents",
        "Appointment" => "appointments",
        "Patient" | "RelatedPerson" => "details",
        _ => "timeline",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_laid_out_and_keeps_its_text() {
        let mut out = String::new();
        indent(r#"{"a":[1,{"b":"x: \"{,}"}]}"#, &mut out);
        assert_eq!(out, "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x: \\\"{,}\"\n    }\n  ]\n}");
    }

    #[test]
    fn types_have_names_that_people_use() {
        assert_eq!(name_of("Immunization"), "Immunisation");
        assert_eq!(name_of("RelatedPerson"), "Related person");
    }
}

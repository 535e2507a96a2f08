//! What several pages of a record share: addresses that keep the moment, the as-at form, rows that are limited.

use html::{Markup, date_time_field, page_head};
use maud::html;
use service::Request;

/// Rows of a list on one page.
pub const ROWS_MAX: usize = 200;

/// Addresses within one patient's record that stay at the moment that is shown.
#[derive(Clone, Debug)]
pub struct Place {
    /// The patient's id.
    pub patient: String,
    /// The value of `?at=`.
    pub at: Option<String>,
}

impl Place {
    /// For a patient at a moment.
    pub fn new(patient: &str, at: Option<&str>) -> Place {
        Place { patient: patient.to_owned(), at: at.map(str::to_owned) }
    }

    /// A section of the record; empty for the overview.
    pub fn section(&self, name: &str) -> String {
        match name {
            "" => self.link(&format!("/patients/{}", self.patient)),
            name => self.link(&format!("/patients/{}/{name}", self.patient)),
        }
    }

    /// An address with the moment.
    pub fn link(&self, path: &str) -> String {
        self.with(path, &[])
    }

    /// An address with the moment and these query parameters; empty ones are left out.
    pub fn with(&self, path: &str, query: &[(&str, &str)]) -> String {
        let at = self.at.as_deref().map(|at| ("at", at));
        let pairs = query.iter().copied().chain(at).filter(|(_, value)| !value.is_empty());
        address(path, pairs)
    }

    /// The same page now.
    pub fn back(&self, path: &str, query: &[(String, String)]) -> String {
        address(path, query.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(n, _)| *n != "at"))
    }
}

fn address<'p>(path: &str, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut out = path.to_owned();
    for (i, (name, value)) in pairs.enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        out.push_str(&encoded(name));
        out.push('=');
        out.push_str(&encoded(value));
    }
    out
}

/// Percent-encoded for a path or a query (RFC 3986: all but unreserved characters).
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The sections of a record that the session may open, with their counts.
pub fn sections(request: &Request<'_>, place: &Place, counts: &[(&'static str, u64)]) -> Vec<html::Section> {
    let needs = |path: &str| request.catalogue.pages().find(|page| page.path == path).map(|page| page.needs);
    let open = request.catalogue.sections().filter(|section| {
        let path = match section.name {
            "" => "/patients/{id}".to_owned(),
            name => format!("/patients/{{id}}/{name}"),
        };
        needs(&path).is_some_and(|permission| request.session.may(permission))
    });
    open.map(|section| html::Section {
        title: section.title.to_owned(),
        href: place.section(section.name),
        group: section.group,
        count: section
            .count
            .map(|types| counts.iter().filter(|(t, _)| types.contains(t)).map(|(_, n)| n).sum()),
    })
    .collect()
}

/// The head of a page of a record, with the form that shows it as it was and the button that prints it.
pub fn head(title: &str, record: &crate::patient_record::PatientRecord<'_>) -> Markup {
    let request = record.request;
    let kept = request.query.iter().filter(|(name, _)| name != "at");
    let shown = record.place.at.as_ref().map(|_| record.moment);
    page_head(
        title,
        &[],
        html! {
            details class="app-as-at" {
                summary class="app-btn" { "As at" @if shown.is_some() { " another time" } "…" }
                form class="app-as-at__form" method="get" action=(request.path) {
                    @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
                    (date_time_field("at", "Show the record as it was at", shown, request.now().0))
                    button class="app-btn" type="submit" { "Show" }
                }
            }
            button class="app-btn" type="button" data-print hidden { "Print" }
        },
    )
}

/// A list cut to what one page shows, with the links to the pages before and after.
pub struct Cut<T> {
    /// What is shown.
    pub rows: Vec<T>,
    /// `Showing 200 of 3,104`.
    pub showing: String,
    /// Links; empty when all is shown.
    pub pages: Markup,
}

/// Cuts a list to the page that the request asks for: `?{list}=200` begins after 200 rows.
pub fn cut<T>(request: &Request<'_>, list: &str, rows: Vec<T>) -> Cut<T> {
    let all = rows.len();
    let asked = request.query(list).and_then(|from| from.parse().ok()).unwrap_or(0);
    let first = if asked < all { asked } else { 0 };
    let rows: Vec<T> = rows.into_iter().skip(first).take(ROWS_MAX).collect();
    let to = |from: usize| {
        let from = from.to_string();
        let kept = request.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(n, _)| *n != list);
        address(request.path, kept.chain((from != "0").then_some((list, from.as_str()))))
    };
    let newer = (first > 0).then(|| to(first.saturating_sub(ROWS_MAX)));
    let older = (first + rows.len() < all).then(|| to(first + rows.len()));
    Cut {
        showing: html::showing(first as u64, rows.len() as u64, all as u64),
        pages: html::pagination("Pages of this list", newer, older),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_moment() {
        let place = Place::new("1", Some("2026-11-12T09:05"));
        assert_eq!(place.section("results"), "/patients/1/results?at=2026-11-12T09%3A05");
        assert_eq!(place.with("/x", &[("kind", "a b"), ("q", "")]), "/x?kind=a%20b&at=2026-11-12T09%3A05");
        assert_eq!(Place::new("1", None).section(""), "/patients/1");
    }

    #[test]
    fn back_to_now_keeps_everything_else() {
        let place = Place::new("1", Some("x"));
        let query = [("kind", "result"), ("at", "x")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(place.back("/patients/1/timeline", &query), "/patients/1/timeline?kind=result");
    }
}

//! An answer as lines that two stores can agree on: without numbers of commits and tokens.

use super::question::{Ask, Owner, Question};
use super::world::Filed;
use crate::{Author, Body, Found, HistoryOf, Instant, Page, Reader, Refusal, Results, Scope};
use fhir::search::{Filter, Handling, Query};
use std::collections::BTreeSet;

/// Pages followed, at most: more than any world can have.
const PAGES_MAX: usize = 2_000;

/// A line of an answer.
enum Line {
    Text(String),
    /// What a body is there as, and the body.
    Body(&'static str, Body),
}

/// What a store says to a question, through a scope.
pub(super) fn answer(filed: &Filed, scope: &Scope, question: &Question) -> Vec<String> {
    match tell(filed, scope, question) {
        Ok(lines) => lines.into_iter().map(|line| written(filed, line)).collect(),
        Err(refusal) => vec![format!("refused: {refusal:?}")],
    }
}

/// A line as text. Versions are counted as in a store that holds those before them, too.
fn written(filed: &Filed, line: Line) -> String {
    let (what, body) = match line {
        Line::Text(text) => return text,
        Line::Body(what, body) => (what, body),
    };
    let Body { kind, id, version, updated, deleted, text, patients, txn: _ } = body;
    let whole = version + filed.skipped.get(&(kind, id.clone())).copied().unwrap_or(0);
    let meta = |version: u64| format!("\"versionId\":\"{version}\"");
    let text = text.replacen(&meta(version), &meta(whole), 1);
    let patients: BTreeSet<String> = patients.into_iter().collect();
    format!("{what} {kind}/{id}/{whole} {updated} {deleted} of {patients:?} {text}")
}

fn tell(filed: &Filed, scope: &Scope, question: &Question) -> Result<Vec<Line>, Refusal> {
    let reader = match question.at {
        Some(at) => filed.store.reader_at(scope, at)?,
        None => filed.store.reader(scope)?,
    };
    match &question.ask {
        Ask::Search { kind, pairs, compartment, page } => {
            let query = parsed(*kind, pairs, compartment.as_ref())?;
            if question.inside {
                drop(reader);
                return inside(filed, scope, query, page.clone());
            }
            pages(query, page, |query, page| reader.search(query, page))
        }
        Ask::Count { kind, pairs, compartment } => {
            let query = parsed(*kind, pairs, compartment.as_ref())?;
            Ok(vec![Line::Text(format!("count {}", reader.count(&query)?))])
        }
        Ask::Read { kind, id } => Ok(vec![found(reader.read(kind, id)?)]),
        Ask::Vread { kind, id, version } => {
            let skipped = filed.skipped.get(&(*kind, id.clone())).copied().unwrap_or(0);
            let version = version.saturating_sub(skipped);
            Ok(vec![found(reader.vread(kind, id, version)?)])
        }
        Ask::History { kind, id, since, count } => {
            let of = match (kind, id) {
                (Some(kind), Some(id)) => HistoryOf::Resource(kind, id),
                (Some(kind), None) => HistoryOf::Type(kind),
                (None, _) => HistoryOf::All,
            };
            history(&reader, &of, *since, *count)
        }
        Ask::Compartment { patient, types } => {
            let bodies = reader.compartment(patient, types)?;
            Ok(bodies.into_iter().map(|body| Line::Body("member", body)).collect())
        }
        Ask::Tally { patient } => {
            let counts = reader.compartment_counts(patient)?;
            Ok(counts.into_iter().map(|(kind, count)| Line::Text(format!("{kind} {count}"))).collect())
        }
    }
}

/// The question as a query.
fn parsed(
    kind: Option<&str>,
    pairs: &[(String, String)],
    compartment: Option<&Owner>,
) -> Result<Query, Refusal> {
    let now = Instant::parse("2026-11-24T09:00:00Z").unwrap();
    let mut query = Query::parse(kind, pairs, Handling::Strict, now, "")?;
    let compartment = compartment.map(|(kind, id)| Filter::Compartment { kind, id: id.clone() });
    query.filters.extend(compartment);
    Ok(query)
}

/// The same inside a transaction, as conditional writes search.
fn inside(filed: &Filed, scope: &Scope, query: Query, page: Page) -> Result<Vec<Line>, Refusal> {
    let author = Author { scope: scope.clone(), ..Author::system("test") };
    filed.store.write(author, move |tx| pages(query, &page, |query, page| tx.search(query, page)))
}

/// All pages of a search.
fn pages(
    mut query: Query,
    page: &Page,
    mut search: impl FnMut(&Query, &Page) -> Result<Results, Refusal>,
) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    for number in 0..PAGES_MAX {
        let results = search(&query, page)?;
        let (count, total) = (results.matches.len(), results.total);
        lines.push(Line::Text(format!("page {number}: {count} matches, total {total:?}")));
        lines.extend(results.matches.into_iter().map(|body| Line::Body("match", body)));
        lines.extend(results.included.into_iter().map(|body| Line::Body("include", body)));
        match results.next {
            Some(next) => query.page = Some(next),
            None => return Ok(lines),
        }
    }
    panic!("{query:?} has no end");
}

fn history(
    reader: &Reader,
    of: &HistoryOf<'_>,
    since: Option<Instant>,
    count: usize,
) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    let mut token = None;
    for number in 0..PAGES_MAX {
        let page = reader.history(of.clone(), since, count, token.as_deref())?;
        let (count, total) = (page.versions.len(), page.total);
        lines.push(Line::Text(format!("page {number}: {count} versions, total {total:?}")));
        lines.extend(page.versions.into_iter().map(|body| Line::Body("version", body)));
        token = page.next;
        if token.is_none() {
            return Ok(lines);
        }
    }
    panic!("{of:?} has no end");
}

fn found(found: Found) -> Line {
    match found {
        Found::Here(body) => Line::Body("here", body),
        Found::Gone(body) => Line::Body("gone", body),
        Found::Absent => Line::Text("absent".to_owned()),
    }
}

//! An answer as lines that two stores can agree on: without numbers of commits and tokens.

use super::question::{Ask, Question};
use super::world::Filed;
use crate::{Author, Body, Found, HistoryOf, Instant, Page, Reader, Refusal, Results, Scope};
use fhir::search::{Filter, Handling, Query};
use std::collections::BTreeSet;

/// Pages followed, at most: more than any world can have.
const PAGES_MAX: usize = 2_000;

/// What a store says to a question, through a scope.
pub(super) fn answer(filed: &Filed, scope: &Scope, question: &Question) -> Vec<String> {
    tell(filed, scope, question).unwrap_or_else(|refusal| vec![format!("refused: {refusal:?}")])
}

fn tell(filed: &Filed, scope: &Scope, question: &Question) -> Result<Vec<String>, Refusal> {
    let reader = match question.at {
        Some(at) => filed.store.reader_at(scope, at)?,
        None => filed.store.reader(scope)?,
    };
    match &question.ask {
        Ask::Search { kind, pairs, compartment, page } => {
            let query = parsed(*kind, pairs, compartment.as_deref())?;
            if question.inside {
                drop(reader);
                return inside(filed, scope, query, page.clone());
            }
            pages(query, page, |query, page| reader.search(query, page))
        }
        Ask::Count { kind, pairs, compartment } => {
            let query = parsed(*kind, pairs, compartment.as_deref())?;
            Ok(vec![format!("count {}", reader.count(&query)?)])
        }
        Ask::Read { kind, id } => Ok(vec![found(reader.read(kind, id)?)]),
        Ask::Vread { kind, id, version } => Ok(vec![found(reader.vread(kind, id, *version)?)]),
        Ask::History { kind, id, since, count } => {
            let of = match (kind, id) {
                (Some(kind), Some(id)) => HistoryOf::Resource(kind, id),
                (Some(kind), None) => HistoryOf::Type(kind),
                (None, _) => HistoryOf::All,
            };
            history(&reader, &of, *since, *count)
        }
        Ask::Compartment { patient, types } => {
            Ok(reader.compartment(patient, types)?.iter().map(line).collect())
        }
        Ask::Tally { patient } => {
            let counts = reader.compartment_counts(patient)?;
            Ok(counts.into_iter().map(|(kind, count)| format!("{kind} {count}")).collect())
        }
    }
}

fn parsed(
    kind: Option<&str>,
    pairs: &[(String, String)],
    compartment: Option<&str>,
) -> Result<Query, Refusal> {
    let now = Instant::parse("2026-11-24T09:00:00Z").unwrap();
    let mut query = Query::parse(kind, pairs, Handling::Strict, now, "")?;
    let compartment = compartment.map(|patient| Filter::Compartment { patient: patient.to_owned() });
    query.filters.extend(compartment);
    Ok(query)
}

/// The same inside a transaction, as conditional writes search.
fn inside(filed: &Filed, scope: &Scope, query: Query, page: Page) -> Result<Vec<String>, Refusal> {
    let author = Author { scope: scope.clone(), ..Author::system("test") };
    filed.store.write(author, move |tx| pages(query, &page, |query, page| tx.search(query, page)))
}

/// All pages of a search.
fn pages(
    mut query: Query,
    page: &Page,
    search: impl Fn(&Query, &Page) -> Result<Results, Refusal>,
) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    for number in 0..PAGES_MAX {
        let results = search(&query, page)?;
        lines.push(format!("page {number}: {} matches, total {:?}", results.matches.len(), results.total));
        lines.extend(results.matches.iter().map(|body| format!("match {}", line(body))));
        lines.extend(results.included.iter().map(|body| format!("include {}", line(body))));
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
) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    let mut token = None;
    for number in 0..PAGES_MAX {
        let page = reader.history(of.clone(), since, count, token.as_deref())?;
        lines.push(format!("page {number}: {} versions, total {:?}", page.versions.len(), page.total));
        lines.extend(page.versions.iter().map(line));
        token = page.next;
        if token.is_none() {
            return Ok(lines);
        }
    }
    panic!("{of:?} has no end");
}

fn found(found: Found) -> String {
    match found {
        Found::Here(body) => line(&body),
        Found::Gone(body) => format!("gone {}", line(&body)),
        Found::Absent => "absent".to_owned(),
    }
}

fn line(body: &Body) -> String {
    let Body { kind, id, version, updated, deleted, text, patients, txn: _ } = body;
    let patients: BTreeSet<&String> = patients.iter().collect();
    format!("{kind}/{id}/{version} {updated} {deleted} of {patients:?} {text}")
}

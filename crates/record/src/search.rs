//! Running a query, in three steps. The condition that fewest resources can meet *drives*: its rows of the
//! index give the candidates. All other conditions are *checked* on each candidate's packed index rows, and
//! those that these cannot decide are *verified* on the resource itself.
//!
//! Everything is read through the guarded views, so no step can meet what is outside the caller's scope:
//! chains, `_has`, includes and totals are of what the caller may see.

mod along;
mod chain;
mod check;
mod drive;
mod include;
mod order;
mod pages;
mod part;
mod seek;
mod sql;
mod state;
mod token;
mod words;

use crate::snapshot::Snapshot;
use crate::{Body, Kind, Refusal};
use fhir::search::Query;
use part::parts;
use state::{Ahead, State};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
pub(crate) use token::Seal;

/// Matches on one page, at most.
pub const COUNT_MAX: usize = 1_000;
/// Included resources on one page, at most.
pub const INCLUDED_MAX: usize = 1_000;
/// How far `:iterate` follows, at most.
pub const ITERATE_MAX: usize = 5;

/// Resources whose text is looked through in one search, at most.
pub const TEXTS_MAX: usize = if cfg!(test) { 200 } else { 20_000 };

/// How much of a result is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Matches at most; 0 is only the number.
    pub count: usize,
    /// The number of all matches is wanted even if it costs.
    pub total: bool,
}

/// A page of matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Matches in order.
    pub matches: Vec<Body>,
    /// What they include, each once, and not what is a match already.
    pub included: Vec<Body>,
    /// True when more would be included than [`INCLUDED_MAX`], or further than [`ITERATE_MAX`].
    pub cut: bool,
    /// Number of all matches: always when asked for, else when known anyway.
    pub total: Option<u64>,
    /// Token of the next page; pins the log position. Bound to query and scope.
    pub next: Option<String>,
    /// The log's number the result is as at.
    pub txn: u64,
}

/// What a search runs on, and what it has learnt on the way.
pub(crate) struct SearchContext<'s> {
    snapshot: &'s Snapshot<'s>,
    /// States of resources that were read.
    states: RefCell<HashMap<i64, Option<Rc<State>>>>,
    /// Resources that will be asked for next.
    ahead: RefCell<Ahead>,
    /// Resources of a type that have changed since.
    changed: RefCell<HashMap<i64, Rc<Vec<i64>>>>,
    /// Numbers of ids, by number of the type and id.
    named: RefCell<HashMap<(i64, String), Option<i64>>>,
    /// Resources whose text was looked through.
    texts: Cell<usize>,
}

impl<'s> SearchContext<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot<'s>) -> SearchContext<'s> {
        SearchContext {
            snapshot,
            states: RefCell::default(),
            ahead: RefCell::default(),
            changed: RefCell::default(),
            named: RefCell::default(),
            texts: Cell::new(0),
        }
    }
}

impl SearchContext<'_> {
    /// Counts a text that is looked through, and refuses when it is one too many.
    fn reads_text(&self) -> Result<(), Refusal> {
        self.texts.set(self.texts.get() + 1);
        if self.texts.get() <= TEXTS_MAX {
            return Ok(());
        }
        let text = format!(
            "More than {TEXTS_MAX} resources would have to be read to find these words. Add a condition that \
             narrows the search: a patient, a code or a date."
        );
        Err(Refusal::many(Kind::TooLarge, vec![crate::Issue::new("too-costly", "", text)]))
    }
}

/// Runs a query and returns a page of it.
pub(crate) fn run(context: &SearchContext<'_>, query: &Query, page: &Page) -> Result<Results, Refusal> {
    let snapshot = context.snapshot;
    let Some(token) = &query.page else { return results(context, query, page, None) };
    let mark = Seal::new(&snapshot.token_key, &snapshot.scope, query).open(token)?;
    if mark.txn > snapshot.newest {
        return Err(Refusal::new(
            Kind::Invalid,
            "This link to a further page is of a later state of the record.",
        ));
    }
    let pinned = snapshot.at(mark.txn);
    results(&SearchContext::new(&pinned), query, page, Some(mark))
}

fn results(
    context: &SearchContext<'_>,
    query: &Query,
    page: &Page,
    mark: Option<token::Mark>,
) -> Result<Results, Refusal> {
    let parts = parts(context, query)?;
    let mut results = Results { txn: context.snapshot.txn as u64, ..Results::default() };
    if page.count == 0 {
        results.total = Some(pages::count(context, &parts)?);
        return Ok(results);
    }
    let first = mark.is_none();
    let found = pages::find(context, query, &parts, page.count.min(COUNT_MAX), mark)?;
    // A first page that is all is its own total, whatever the plan: whether a number is there must not tell of
    // ids that the caller cannot see.
    let whole = (first && found.next.is_none()).then_some(found.matches.len() as u64);
    results.total = match found.total.or(whole) {
        None if page.total => Some(pages::count(context, &parts)?),
        known => known,
    };
    if let Some(mark) = found.next {
        let snapshot = context.snapshot;
        results.next = Some(Seal::new(&snapshot.token_key, &snapshot.scope, query).close(&mark));
    }
    results.matches = context.load_all(&found.matches)?;
    include::fill(context, query, &found.matches, &mut results)?;
    Ok(results)
}

/// How many match.
pub(crate) fn count(context: &SearchContext<'_>, query: &Query) -> Result<u64, Refusal> {
    pages::count(context, &parts(context, query)?)
}

#[cfg(test)]
mod tests;

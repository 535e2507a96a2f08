//! Running a query.

use crate::Body;

/// Matches on one page, at most.
pub const COUNT_MAX: usize = 1_000;

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
    /// Number of all matches: always when asked for, else when known anyway.
    pub total: Option<u64>,
    /// Token of the next page; pins the log position. Bound to query and scope.
    pub next: Option<String>,
    /// The log's number the result is as at.
    pub txn: u64,
}

/// What a search runs on.
pub(crate) struct SearchContext<'s> {
    _snapshot: &'s crate::snapshot::Snapshot<'s>,
}

impl<'s> SearchContext<'s> {
    pub(crate) fn new(snapshot: &'s crate::snapshot::Snapshot<'s>) -> SearchContext<'s> {
        SearchContext { _snapshot: snapshot }
    }
}

pub(crate) fn run(
    _context: &SearchContext<'_>,
    _query: &fhir::search::Query,
    _page: &Page,
) -> Result<Results, crate::Refusal> {
    Err(crate::Refusal::new(crate::Kind::Unsupported, "Search is being built."))
}

pub(crate) fn count(
    _context: &SearchContext<'_>,
    _query: &fhir::search::Query,
) -> Result<u64, crate::Refusal> {
    Err(crate::Refusal::new(crate::Kind::Unsupported, "Search is being built."))
}

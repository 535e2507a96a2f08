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

//! A resource as it was read.

use fhir::Instant;

/// One version of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Resource type.
    pub kind: &'static str,
    /// Logical id.
    pub id: String,
    /// 1, 2, 3 ...
    pub version: u64,
    /// When this version was committed.
    pub updated: Instant,
    /// True when this version says that the resource was deleted; then `text` is empty.
    pub deleted: bool,
    /// JSON as a client sees it, with `meta.versionId` and `meta.lastUpdated`.
    pub text: String,
    /// The log's number of the commit, to pin later reads to.
    pub txn: u64,
    /// The patients it concerns, by id; for audit.
    pub patients: Vec<String>,
}

/// The answer to a read by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Here(Body),
    /// It was there and was deleted, visibly to this caller.
    Gone(Body),
    /// It is not there, or not for this caller.
    Absent,
}

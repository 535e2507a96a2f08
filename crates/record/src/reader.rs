//! Reading: a snapshot of the record, now or as at a past instant, through one caller's scope.

use crate::{AuditRow, Body, Found, Instant, Page, Refusal, Results};
use fhir::search::Query;

/// Which history is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryOf<'a> {
    /// One resource.
    Resource(&'a str, &'a str),
    /// One type.
    Type(&'a str),
    /// Everything.
    All,
}

/// A page of history, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// Versions.
    pub versions: Vec<Body>,
    /// How many there are in all, where that is cheap to know (one resource).
    pub total: Option<u64>,
    /// Token of the next page.
    pub next: Option<String>,
}

/// A snapshot of the record through a scope. Cheap to open; holds a connection until dropped.
pub struct Reader {
    pub(crate) _todo: (),
}

impl Reader {
    /// The log's number of the last commit that this snapshot shows.
    pub fn txn(&self) -> u64 {
        0
    }

    /// The resource as it is (or was, for a reader that is as at a past instant).
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        let _ = (kind, id);
        Ok(Found::Absent)
    }

    /// One version of it.
    pub fn vread(&self, kind: &str, id: &str, version: u64) -> Result<Found, Refusal> {
        let _ = (kind, id, version);
        Ok(Found::Absent)
    }

    /// Versions, newest first. `since` keeps those committed at or after an instant; `count` is at most
    /// [`crate::search::COUNT_MAX`]; `token` goes on from a page before.
    pub fn history(
        &self,
        of: HistoryOf<'_>,
        since: Option<Instant>,
        count: usize,
        token: Option<&str>,
    ) -> Result<HistoryPage, Refusal> {
        let _ = (of, since, count, token);
        Err(Refusal::not_found("history"))
    }

    /// Runs a query. `page.count` matches at most are returned, with what they include.
    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        let _ = (query, page);
        Err(Refusal::not_found("search"))
    }

    /// How many match.
    pub fn count(&self, query: &Query) -> Result<u64, Refusal> {
        let _ = query;
        Ok(0)
    }

    /// The live resources of a patient's compartment, the patient first, then by type, oldest first: all, or
    /// those of `types`. For `$everything` and the pages of a record.
    pub fn compartment(&self, patient: &str, types: &[&str]) -> Result<Vec<Body>, Refusal> {
        let _ = (patient, types);
        Ok(Vec::new())
    }

    /// How many live resources of each type a patient has.
    pub fn compartment_counts(&self, patient: &str) -> Result<Vec<(&'static str, u64)>, Refusal> {
        let _ = patient;
        Ok(Vec::new())
    }

    /// The newest audit rows, at most `count`, older than `before` if given. Not narrowed by the scope: callers
    /// must hold the permission to see the trail.
    pub fn audit(&self, before: Option<u64>, count: usize) -> Result<Vec<AuditRow>, Refusal> {
        let _ = (before, count);
        Ok(Vec::new())
    }

    /// A small durable fact that is no resource; nothing when it has run out.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let _ = (space, key);
        Ok(None)
    }

    /// All facts of a space whose key starts so, by key.
    pub fn kept_all(&self, space: &str, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let _ = (space, prefix);
        Ok(Vec::new())
    }
}

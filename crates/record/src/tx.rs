//! Writing: what a command may do inside its transaction.

use crate::{BlobHash, Found, Instant, Page, Prepared, Refusal, Results, Scope};
use fhir::search::Query;

/// Who writes, why, and by which command; goes into the log with each commit.
#[derive(Clone, Debug)]
pub struct Author {
    /// Account, client or system name.
    pub who: String,
    /// On whose behalf, if not their own.
    pub behalf: Option<String>,
    /// Purpose of use, e.g. `TREAT`.
    pub purpose: String,
    /// The command, e.g. `fhir.update`, `beds.admit`.
    pub command: String,
    /// The caller's request id, if any.
    pub request: Option<String>,
    /// What the reads of the transaction may see.
    pub scope: Scope,
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Resource type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The version that is current now.
    pub version: u64,
    /// Its instant.
    pub updated: Instant,
    /// True when it was not there before.
    pub created: bool,
    /// False when it was already exactly so and nothing was written.
    pub changed: bool,
}

/// A transaction in progress.
pub struct Tx<'w> {
    pub(crate) _todo: std::marker::PhantomData<&'w ()>,
}

impl Tx<'_> {
    /// The instant of this commit.
    pub fn now(&self) -> Instant {
        Instant(0)
    }

    /// Files a new resource; a conflict if the id is taken.
    pub fn create(&mut self, resource: Prepared) -> Result<Written, Refusal> {
        let _ = resource;
        Err(crate::fault("create", "not built yet"))
    }

    /// Files the next version of a resource, or the first if it is new. With `expected`, only if that is the
    /// current version ([`Kind::Precondition`](crate::Kind::Precondition) otherwise). The same content as now
    /// writes nothing. A resource outside the scope is treated as absent and its id as taken elsewhere: not found.
    pub fn put(&mut self, resource: Prepared, expected: Option<u64>) -> Result<Written, Refusal> {
        let _ = (resource, expected);
        Err(crate::fault("put", "not built yet"))
    }

    /// Marks a resource as deleted; its versions stay. Nothing when it is absent or deleted already.
    pub fn delete(&mut self, kind: &str, id: &str, expected: Option<u64>) -> Result<Option<Written>, Refusal> {
        let _ = (kind, id, expected);
        Ok(None)
    }

    /// The resource as this transaction sees it, under the author's scope.
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        let _ = (kind, id);
        Ok(Found::Absent)
    }

    /// Runs a query in this transaction, under the author's scope.
    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        let _ = (query, page);
        Ok(Results::default())
    }

    /// Takes `key` for `holder`. A conflict that names the holder if someone else has it.
    pub fn claim(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        let _ = (key, holder);
        Ok(())
    }

    /// Gives a claim back.
    pub fn release(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        let _ = (key, holder);
        Ok(())
    }

    /// Keeps a small fact, until an instant or for ever. Replaces what was there.
    pub fn keep(&mut self, space: &str, key: &str, value: &[u8], until: Option<Instant>) -> Result<(), Refusal> {
        let _ = (space, key, value, until);
        Ok(())
    }

    /// A small fact.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let _ = (space, key);
        Ok(None)
    }

    /// Drops a small fact.
    pub fn forget(&mut self, space: &str, key: &str) -> Result<(), Refusal> {
        let _ = (space, key);
        Ok(())
    }

    /// Moves a reader of the log on.
    pub fn advance(&mut self, cursor: &str, txn: u64) -> Result<(), Refusal> {
        let _ = (cursor, txn);
        Ok(())
    }

    /// Names a file that [`crate::Store::put_blob`] wrote.
    pub fn name_blob(&mut self, hash: &BlobHash, size: u64) -> Result<(), Refusal> {
        let _ = (hash, size);
        Ok(())
    }
}

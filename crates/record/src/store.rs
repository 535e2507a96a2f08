//! The store: opening it, and its two entrances, [`Store::reader`] and [`Store::write`].

use crate::{Act, Author, BlobHash, Instant, Reader, Refusal, Scope, Ticket, Tx};
use std::path::Path;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections for reading.
    pub readers: usize,
    /// Wait for the disk on each commit. Only benchmarks of other things and the self-test of the power-cut
    /// harness turn it off.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { readers: 8, durable: true }
    }
}

/// An open record. Clones share it.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the record in `dir`, making it if the folder is new or empty.
    pub fn open(dir: &Path, options: Options) -> Result<Store, Refusal> {
        let _ = (dir, options);
        Ok(Store {})
    }

    /// A snapshot of now.
    pub fn reader(&self, scope: &Scope) -> Result<Reader, Refusal> {
        let _ = scope;
        Ok(Reader { _todo: () })
    }

    /// A snapshot as it was at the end of `at`.
    pub fn reader_at(&self, scope: &Scope, at: Instant) -> Result<Reader, Refusal> {
        let _ = (scope, at);
        Ok(Reader { _todo: () })
    }

    /// Runs `act` in a serialisable transaction of its own on the writer's thread and waits until it is on
    /// disk. A refusal undoes all of it. `act` must not block.
    pub fn write<T: Send + 'static>(
        &self,
        author: Author,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _ = (author, act);
        Err(crate::fault("write", "not built yet"))
    }

    /// Puts an act on the audit trail.
    pub fn audit(&self, act: Act) -> Ticket {
        let _ = act;
        Ticket(tokio::sync::oneshot::channel().1)
    }

    /// The clock of the record: now, and never before the last commit.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Writes a file durably, before the transaction that names it ([`Tx::name_blob`]).
    pub fn put_blob(&self, bytes: &[u8]) -> Result<BlobHash, Refusal> {
        let _ = bytes;
        Err(crate::fault("write a file", "not built yet"))
    }

    /// Reads a file and checks it against its name.
    pub fn blob(&self, hash: &BlobHash) -> Result<Vec<u8>, Refusal> {
        let _ = hash;
        Err(crate::fault("read a file", "not built yet"))
    }

    /// Copies the whole store, consistently and while it is in use, into a new folder. `progress` is told pages
    /// done and pages in all.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
        let _ = (to, progress);
        Err(crate::fault("back up", "not built yet"))
    }

    /// Numbers for `/metrics`: name and value.
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

//! Imported releases of code systems: index files in a folder beside the record, opened when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use terminology::releases::Releases;
use terminology::system::System;

/// The releases of a folder as they were when it was last looked at.
#[derive(Clone, Default)]
pub(crate) struct Imported {
    /// Name, size and time of each file.
    stamp: Vec<(PathBuf, u64, Option<SystemTime>)>,
    pub(crate) systems: Vec<Arc<dyn System>>,
}

impl Imported {
    /// Those of a folder now; the same as before where no file has changed. A damaged one is told in the log and
    /// leaves the record without releases: it can still be worked with, and $lookup says that a system is not known.
    pub(crate) fn of(folder: Option<&Path>, before: Option<&Imported>) -> Imported {
        let Some(folder) = folder else { return Imported::default() };
        let stamp = stamp(folder);
        if let Some(same) = before.filter(|before| before.stamp == stamp) {
            return same.clone();
        }
        let systems = Releases::new(folder).systems().unwrap_or_else(|refusal| {
            tracing::error!(%refusal, "the imported code systems cannot be used");
            Vec::new()
        });
        Imported { stamp, systems }
    }
}

fn stamp(folder: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut stamp: Vec<_> = entries
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((entry.path(), meta.len(), meta.modified().ok()))
        })
        .collect();
    stamp.sort();
    stamp
}

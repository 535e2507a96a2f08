//! A folder of imported releases: one file for each version of each code system.

use crate::import::Progress;
use crate::index::{Draft, Head, Index, refused};
use crate::system::System;
use fhir::Refusal;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Ending of the files.
const ENDING: &str = "release";

/// A folder with the files of releases.
#[derive(Clone, Debug)]
pub struct Releases {
    folder: PathBuf,
}

/// A release that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub head: Head,
    pub concepts: usize,
    /// Bytes of its file.
    pub bytes: u64,
}

impl Releases {
    /// The releases of a folder, which may not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Releases {
        Releases { folder: folder.into() }
    }

    /// Keeps a release. One of the same system and version is replaced; other versions stay.
    pub fn add(&self, draft: Draft, progress: &mut Progress<'_>) -> Result<Held, Refusal> {
        let failed = |e| refused(format!("{}: it cannot be made: {e}.", self.folder.display()));
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let path = self.path(&draft.head.url, &draft.head.version);
        Index::write(draft, &path, progress)?;
        held(&path)
    }

    /// All releases, the newest of each system first. What is not one is refused.
    pub fn list(&self) -> Result<Vec<Held>, Refusal> {
        Ok(self.all()?.into_iter().map(|(_, held)| held).collect())
    }

    /// Reads all of each release: what is there, and a refusal of each that is damaged.
    pub fn check(&self, progress: &mut Progress<'_>) -> Result<Vec<Result<Held, Refusal>>, Refusal> {
        let mut checked = Vec::new();
        for path in self.paths()? {
            checked.push(Index::check(&path, progress).and_then(|()| held(&path)));
        }
        Ok(checked)
    }

    /// All releases as code systems for `Terminology::with`, in this order: the newest of each is taken where none is
    /// said.
    pub fn systems(&self) -> Result<Vec<Arc<dyn System>>, Refusal> {
        let opened = self.all()?.into_iter().map(|(path, _)| Index::open(&path));
        opened.map(|index| index.map(|index| Arc::new(index) as Arc<dyn System>)).collect()
    }

    /// Removes a release.
    pub fn remove(&self, url: &str, version: &str) -> Result<(), Refusal> {
        let path = self.path(url, version);
        if !path.is_file() {
            let text = format!(
                "There is no release {url}|{version}. `terminology list` shows those that are there."
            );
            return Err(refused(text));
        }
        let failed = |e| refused(format!("{}: it cannot be removed: {e}.", path.display()));
        std::fs::remove_file(&path).map_err(failed)
    }

    /// The name says nothing: addresses hold signs that names of files may not.
    fn path(&self, url: &str, version: &str) -> PathBuf {
        let digest = Sha256::digest(format!("{url}|{version}"));
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension(ENDING)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Refusal> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let unread =
            |e: std::io::Error| refused(format!("{}: it cannot be read: {e}.", self.folder.display()));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            if path.extension().is_some_and(|end| end == ENDING) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    fn all(&self) -> Result<Vec<(PathBuf, Held)>, Refusal> {
        let found = self.paths()?.into_iter().map(|path| held(&path).map(|held| (path, held)));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|(_, one), (_, other)| {
            let (one, other) = (&one.head, &other.head);
            one.url.cmp(&other.url).then(other.date.cmp(&one.date)).then(other.version.cmp(&one.version))
        });
        Ok(found)
    }
}

fn held(path: &Path) -> Result<Held, Refusal> {
    let unread = |e| refused(format!("{}: it cannot be read: {e}.", path.display()));
    let bytes = std::fs::metadata(path).map_err(unread)?.len();
    let (head, concepts) = Index::peek(path)?;
    Ok(Held { head, concepts, bytes })
}

//! Files named by their content: `blobs/ab/cdef...`, or a row of their own. Written whole under another name,
//! flushed, then renamed, so a name is there only with all its bytes.

use crate::engine::Place;
use crate::{Refusal, fault};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(pub [u8; 32]);

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// Where the files of a store are.
pub(crate) enum Blobs {
    /// In a folder.
    Folder(PathBuf),
    /// In the database, so that every node has them.
    Postgres(String),
}

/// The folder of files inside a store's folder.
pub(crate) const FOLDER: &str = "blobs";

impl Blobs {
    pub fn open(place: &Place) -> Result<Blobs, Refusal> {
        match place {
            Place::Folder(store) => {
                let dir = store.join(FOLDER);
                fs::create_dir_all(&dir).map_err(|e| fault("make the folder for files", e))?;
                Ok(Blobs::Folder(dir))
            }
            Place::Postgres(url) => Ok(Blobs::Postgres(url.clone())),
        }
    }

    pub fn put(&self, bytes: &[u8]) -> Result<BlobHash, Refusal> {
        let hash = BlobHash(Sha256::digest(bytes).into());
        match self {
            Blobs::Folder(dir) => {
                let path = path(dir, &hash);
                if !path.exists() {
                    write_durably(&path, bytes).map_err(|e| fault("write a file", e))?;
                }
            }
            Blobs::Postgres(url) => {
                crate::postgres::put_file(url, &hash.0, bytes).map_err(|e| fault("write a file", e))?;
            }
        }
        Ok(hash)
    }

    pub fn get(&self, hash: &BlobHash) -> Result<Vec<u8>, Refusal> {
        let bytes = match self {
            Blobs::Folder(dir) => fs::read(path(dir, hash)).map_err(|e| fault("read a file", e))?,
            Blobs::Postgres(url) => {
                crate::postgres::file(url, &hash.0).map_err(|e| fault("read a file", e))?
            }
        };
        if Sha256::digest(&bytes)[..] != hash.0 {
            return Err(fault("read a file", format!("{hash} does not have the content it had")));
        }
        Ok(bytes)
    }
}

fn path(dir: &Path, hash: &BlobHash) -> PathBuf {
    let name = hash.to_string();
    dir.join(&name[..2]).join(&name[2..])
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().expect("it lies in a folder of blobs");
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("{}.part", crate::new_id()));
    let mut file = File::create_new(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_and_a_damaged_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().into()).unwrap();
        let hash = blobs.put(b"a letter").unwrap();
        assert_eq!(blobs.put(b"a letter").unwrap(), hash);
        assert_eq!(blobs.get(&hash).unwrap(), b"a letter");
        fs::write(path(&dir.path().join(FOLDER), &hash), b"another").unwrap();
        assert!(blobs.get(&hash).is_err());
    }
}

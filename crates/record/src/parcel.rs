//! Parcels: files that are no part of the record and go away again. What an export hands out waits here to be
//! fetched, and what was sent to be taken in waits to be read. They are not in the log, in no backup, and nothing
//! in the record names them.
//!
//! They lie where blobs do, so that every node reaches them: `parcels/OWNER/NAME` in the folder, or a table. They
//! are written past the writer, so that many megabytes of them keep no command waiting.

use crate::engine::Place;
use crate::{Kind, Refusal, fault, postgres};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// Bytes that are flushed at a time: a commit that waits for the same disk meanwhile is to wait for no more.
const SLICE: usize = 1 << 20;

/// Where the parcels of a store are.
pub(crate) enum Parcels {
    /// In a folder.
    Folder(PathBuf),
    /// In the database.
    Postgres(String),
}

impl Parcels {
    pub fn open(place: &Place) -> Parcels {
        match place {
            Place::Folder(store) => Parcels::Folder(store.join("parcels")),
            Place::Postgres(url) => Parcels::Postgres(url.clone()),
        }
    }

    pub fn put(&self, owner: &str, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        plain(owner)?;
        plain(name)?;
        match self {
            Parcels::Folder(dir) => {
                write_durably(&dir.join(owner), name, bytes).map_err(|e| fault("write a parcel", e))
            }
            Parcels::Postgres(url) => {
                postgres::put_parcel(url, owner, name, bytes).map_err(|e| fault("write a parcel", e))
            }
        }
    }

    pub fn get(&self, owner: &str, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        plain(owner)?;
        plain(name)?;
        match self {
            Parcels::Folder(dir) => match fs::read(dir.join(owner).join(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(fault("read a parcel", error)),
            },
            Parcels::Postgres(url) => {
                postgres::parcel(url, owner, name).map_err(|e| fault("read a parcel", e))
            }
        }
    }

    pub fn forget(&self, owner: &str) -> Result<(), Refusal> {
        plain(owner)?;
        match self {
            Parcels::Folder(dir) => match fs::remove_dir_all(dir.join(owner)) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(fault("remove parcels", error)),
                _ => Ok(()),
            },
            Parcels::Postgres(url) => {
                postgres::forget_parcels(url, owner).map_err(|e| fault("remove parcels", e))
            }
        }
    }

    pub fn owners(&self) -> Result<Vec<String>, Refusal> {
        match self {
            Parcels::Folder(dir) => match fs::read_dir(dir) {
                Ok(entries) => {
                    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                    Ok(names.collect())
                }
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(fault("look for parcels", error)),
            },
            Parcels::Postgres(url) => postgres::parcel_owners(url).map_err(|e| fault("look for parcels", e)),
        }
    }
}

/// Refuses what could lead out of the folder.
fn plain(name: &str) -> Result<(), Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=100).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(Refusal::new(Kind::NotFound, "There is no file of this name. Follow the link as it was given."))
}

/// Written whole under another name, flushed, then renamed, so a name is there only with all its bytes.
fn write_durably(folder: &std::path::Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("{}.part", crate::new_id()));
    let mut file = File::create_new(&part)?;
    for slice in bytes.chunks(SLICE) {
        file.write_all(slice)?;
        file.sync_data()?;
    }
    file.sync_all()?;
    fs::rename(&part, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_is_there_until_its_owner_is_forgotten() {
        let home = testbed::Home::new();
        let place: Place = home.place().parse().unwrap();
        // The store makes the tables.
        let _store = crate::Store::open(place.clone(), crate::Options::default()).unwrap();
        let parcels = Parcels::open(&place);
        assert!(parcels.owners().unwrap().is_empty());
        parcels.put("a", "x", b"one").unwrap();
        parcels.put("a", "x", b"two").unwrap();
        parcels.put("b", "x", b"three").unwrap();
        assert_eq!(parcels.get("a", "x").unwrap().as_deref(), Some(&b"two"[..]));
        let mut owners = parcels.owners().unwrap();
        owners.sort();
        assert_eq!(owners, ["a", "b"]);
        parcels.forget("a").unwrap();
        parcels.forget("a").unwrap();
        assert_eq!(parcels.get("a", "x").unwrap(), None);
        assert_eq!(parcels.get("b", "x").unwrap().as_deref(), Some(&b"three"[..]));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let parcels = Parcels::Folder(PathBuf::from("nowhere"));
        for name in ["", "..", "a/b", "a\\b", ".", "ä", &"x".repeat(101)] {
            assert_eq!(parcels.get("a", name).unwrap_err().kind, Kind::NotFound, "{name:?}");
            assert_eq!(parcels.forget(name).unwrap_err().kind, Kind::NotFound, "{name:?}");
        }
    }
}

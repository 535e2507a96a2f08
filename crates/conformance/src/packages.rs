//! The packages that a record holds. Their bytes are files of the record, so that every node has them; which
//! there are stands among its small facts.

use crate::{EPOCH, SPACE, fresh};
use package::Package;
use record::{Author, BlobHash, Kind, Refusal, Scope, Store};
use std::sync::Arc;

/// A package that the record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub name: String,
    pub version: String,
    /// How many resources it holds.
    pub resources: usize,
    file: BlobHash,
}

/// Before the name and version of a package in the space of this crate.
const PREFIX: &str = "package/";

impl Held {
    fn key(name: &str, version: &str) -> String {
        format!("{PREFIX}{name}#{version}")
    }

    fn read(key: &str, value: &[u8]) -> Option<Held> {
        let (name, version) = key.strip_prefix(PREFIX)?.split_once('#')?;
        let (hash, resources) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        let mut file = [0; 32];
        for (i, byte) in file.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hash.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        let (name, version) = (name.to_owned(), version.to_owned());
        Some(Held { name, version, resources: resources.parse().ok()?, file: BlobHash(file) })
    }
}

/// Adds a package, or puts another in the place of one of the same name and version.
pub fn add(store: &Store, package: &Package) -> Result<Held, Refusal> {
    let hash = store.put_blob(package.bytes())?;
    let size = package.bytes().len() as u64;
    let key = Held::key(package.name(), package.version());
    let value = format!("{hash} {}", package.entries().len());
    let held = Held::read(&key, value.as_bytes()).ok_or_else(|| {
        let text = format!("{:?} cannot be the name of a package.", package.name());
        Refusal::new(Kind::Invalid, text)
    })?;
    store.write(Author::system("package.add"), move |tx| {
        tx.name_blob(&hash, size)?;
        tx.keep(SPACE, &key, value.as_bytes(), None)?;
        tx.keep(SPACE, EPOCH, &fresh(), None)
    })?;
    Ok(held)
}

/// All of them, by name and version.
pub fn list(store: &Store) -> Result<Vec<Held>, Refusal> {
    let all = store.reader(&Scope::all())?.kept_all(SPACE, PREFIX)?;
    Ok(all.iter().filter_map(|(key, value)| Held::read(key, value)).collect())
}

/// Removes a package. Resources that were checked by it stay as they are.
pub fn remove(store: &Store, name: &str, version: &str) -> Result<(), Refusal> {
    let key = Held::key(name, version);
    if store.kept(SPACE, &key)?.is_none() {
        let text = format!("There is no package {name}#{version} here. `package list` says which are.");
        return Err(Refusal::new(Kind::NotFound, text));
    }
    store.write(Author::system("package.remove"), move |tx| {
        tx.forget(SPACE, &key)?;
        tx.keep(SPACE, EPOCH, &fresh(), None)
    })
}

/// The package itself.
pub(crate) fn open(store: &Store, held: &Held) -> Result<Arc<Package>, Refusal> {
    let opened = Package::open(store.blob(&held.file)?);
    let text = |e| format!("The package {}#{} cannot be opened. {e}", held.name, held.version);
    opened.map(Arc::new).map_err(|e| Refusal::new(Kind::Fault, text(e)))
}

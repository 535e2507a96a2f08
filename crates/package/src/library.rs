//! Definitions by their canonical address, over several packages.

use crate::{Package, core};
use fhir::json::Json;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Where definitions can be had by their canonical address.
pub trait Source: Send + Sync {
    /// The resource of this type and address; of the version, or of the newest when none is said.
    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>>;
}

/// Address and version of a canonical reference (`url|version`), without a fragment.
pub fn canonical(reference: &str) -> (&str, Option<&str>) {
    let reference = reference.split('#').next().unwrap_or(reference);
    match reference.split_once('|') {
        Some((url, version)) => (url, Some(version).filter(|version| !version.is_empty())),
        None => (reference, None),
    }
}

/// R4's own definitions and any number of packages beside them. What was read once is kept.
pub struct Library {
    packages: Vec<Arc<Package>>,
    /// By type and address: package and entry, the newest first.
    index: HashMap<(String, String), Vec<Place>>,
    read: Mutex<HashMap<Place, Arc<Json>>>,
}

/// Number of the package (0 is R4's own) and of its entry.
type Place = (usize, usize);

impl Library {
    /// A library of these packages and R4's own.
    pub fn new(packages: Vec<Arc<Package>>) -> Library {
        let mut index: HashMap<(String, String), Vec<Place>> = HashMap::new();
        let all = std::iter::once(core()).chain(packages.iter().map(|package| &**package));
        for (p, package) in all.enumerate() {
            for (e, entry) in package.entries().iter().enumerate().filter(|(_, entry)| !entry.url.is_empty())
            {
                index.entry((entry.kind.clone(), entry.url.clone())).or_default().push((p, e));
            }
        }
        let mut library = Library { packages, index: HashMap::new(), read: Mutex::default() };
        for places in index.values_mut() {
            places
                .sort_by(|a, b| newer_first(library.entry(*a).version.as_str(), &library.entry(*b).version));
        }
        library.index = index;
        library
    }

    /// The packages beside R4's own.
    pub fn packages(&self) -> &[Arc<Package>] {
        &self.packages
    }

    /// Address and version of every resource of a type, R4's own among them.
    pub fn all<'l>(&'l self, kind: &'l str) -> impl Iterator<Item = (&'l str, &'l str)> {
        let all = std::iter::once(core()).chain(self.packages.iter().map(|package| &**package));
        let entries = all.flat_map(Package::entries).filter(move |entry| entry.kind == kind);
        entries
            .filter(|entry| !entry.url.is_empty())
            .map(|entry| (entry.url.as_str(), entry.version.as_str()))
    }

    fn package(&self, place: Place) -> &Package {
        match place.0 {
            0 => core(),
            n => &self.packages[n - 1],
        }
    }

    fn entry(&self, place: Place) -> &crate::Entry {
        &self.package(place).entries()[place.1]
    }
}

impl Source for Library {
    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let places = self.index.get(&(kind.to_owned(), url.to_owned()))?;
        let place =
            *places.iter().find(|place| version.is_none_or(|v| matches(&self.entry(**place).version, v)))?;
        let mut read = self.read.lock().expect("no thread panics with it locked");
        if let Some(found) = read.get(&place) {
            return Some(found.clone());
        }
        // A frame that was damaged after it was opened is as if it were not there.
        let resource = Arc::new(self.package(place).resource(self.entry(place)).ok()?);
        read.insert(place, resource.clone());
        Some(resource)
    }
}

/// Whether a version is the one that is asked for: the same, or one of it (`4.0` asks for `4.0.1` too).
fn matches(version: &str, wanted: &str) -> bool {
    version == wanted || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// Versions in the order of their numbers (`2.10.0` after `2.9.1`), turned round; texts where they are none.
/// One with a label (`2.0.0-rc`) stands before the one without.
fn newer_first(a: &str, b: &str) -> Ordering {
    let parts = |version: &str| {
        let (numbers, label) =
            version.split_once('-').map_or((version, None), |(n, l)| (n, Some(l.to_owned())));
        let numbers: Vec<(u64, String)> =
            numbers.split('.').map(|part| (part.parse().unwrap_or(0), part.to_owned())).collect();
        (numbers, label.is_none(), label)
    };
    parts(b).cmp(&parts(a))
}

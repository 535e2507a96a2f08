#![doc = include_str!("../README.md")]

#[path = "format.rs"]
mod format;
mod library;
mod read;
#[cfg(test)]
mod tests;

pub use format::Entry;
pub use library::{Library, Source, canonical};
pub use read::Error;

use fhir::json::{Json, Limits};
use format::{MAGIC, Maker};
use std::borrow::Cow;
use std::io::Read;
use std::sync::OnceLock;

/// A FHIR package: definitions under a name and a version.
#[derive(Debug)]
pub struct Package {
    name: String,
    version: String,
    depends: Vec<(String, String)>,
    entries: Vec<Entry>,
    bytes: Cow<'static, [u8]>,
    /// Where the frames begin.
    frames: usize,
}

impl Package {
    /// A package of these resources.
    pub fn of(
        name: &str,
        version: &str,
        depends: &[(String, String)],
        resources: &[Json],
    ) -> Result<Package, Error> {
        let mut maker = Maker::default();
        for resource in resources {
            let root = resource.root();
            let text = |name: &str| root.str(name).unwrap_or_default().into_owned();
            let (kind, url, version, id) = (text("resourceType"), text("url"), text("version"), text("id"));
            let entry = Entry { kind, url, version, id, frame: (0, 0) };
            maker.add(&entry, resource.text()).map_err(|e| Error(format!("It cannot be packed: {e}.")))?;
        }
        Package::open(maker.finish(name, version, depends))
    }

    /// Opens what [`Package::bytes`] gave.
    pub fn open(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Package, Error> {
        let bytes = bytes.into();
        let damaged =
            || Error("It is no package as we keep them, or it is damaged. Add it again.".to_owned());
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").ok_or_else(damaged)?;
        let index = std::str::from_utf8(&bytes[..end]).map_err(|_| damaged())?;
        let mut lines = index.split('\n');
        let head: Vec<&str> = match lines.next() {
            Some(MAGIC) => lines.next().unwrap_or_default().split('\t').collect(),
            _ => return Err(damaged()),
        };
        let [name, version, depends] = head[..] else { return Err(damaged()) };
        let depends = depends.split(',').filter_map(|one| one.split_once('#'));
        let depends = depends.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
        let (name, version) = (name.to_owned(), version.to_owned());
        let frames = end + 2;
        let room = bytes.len() - frames;
        let entries = lines.map(|line| entry(line, room)).collect::<Option<Vec<_>>>().ok_or_else(damaged)?;
        Ok(Package { name, version, depends, entries, bytes, frames })
    }

    /// Its name, such as `fhir.r4.ukcore`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Name and version of each package that it builds on.
    pub fn depends(&self) -> &[(String, String)] {
        &self.depends
    }

    /// What it holds.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The whole, to be kept and opened again.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A resource of it.
    pub fn resource(&self, entry: &Entry) -> Result<Json, Error> {
        let (begin, length) = entry.frame;
        let frame = &self.bytes[self.frames + begin..self.frames + begin + length];
        let mut text = Vec::with_capacity(length * 8);
        let damaged =
            |e: &dyn std::fmt::Display| Error(format!("{} in {} is damaged: {e}.", entry.url, self.name));
        flate2::read::DeflateDecoder::new(frame).read_to_end(&mut text).map_err(|e| damaged(&e))?;
        Json::parse(text, Limits::FILE).map_err(|e| damaged(&e))
    }
}

fn entry(line: &str, room: usize) -> Option<Entry> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [kind, url, version, id, begin, length] = fields[..] else { return None };
    let frame: (usize, usize) = (begin.parse().ok()?, length.parse().ok()?);
    frame.0.checked_add(frame.1).filter(|end| *end <= room)?;
    let [kind, url, version, id] = [kind, url, version, id].map(str::to_owned);
    Some(Entry { kind, url, version, id, frame })
}

/// R4's own definitions (4.0.1): types, resources, extensions, code systems, value sets, concept maps. What
/// only people read, such as narrative and mappings, is left out.
pub fn core() -> &'static Package {
    static CORE: OnceLock<Package> = OnceLock::new();
    CORE.get_or_init(|| {
        let bytes: &'static [u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.package"));
        Package::open(bytes).expect("the build made it")
    })
}

//! Reading a package as it is published: an npm archive, or files of a folder.

use crate::Package;
use fhir::json::{Json, Limits};
use std::io::Read;

/// Bytes that an archive may unpack to.
const UNPACKED_MAX: u64 = 1 << 30;
/// Files of an archive.
const FILES_MAX: usize = 100_000;

/// Why a package cannot be had, as sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Package {
    /// Reads an npm archive as FHIR packages are published: `package/package.json` with name, version and
    /// dependencies, and resources beside it.
    pub fn from_archive(bytes: &[u8]) -> Result<Package, Error> {
        let broken = |e: std::io::Error| Error(format!("It is no sound .tgz archive: {e}."));
        let unpacked = flate2::read::GzDecoder::new(bytes).take(UNPACKED_MAX);
        let mut archive = tar::Archive::new(unpacked);
        let mut files = Vec::new();
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
            // Examples and what tools leave stand in folders of their own.
            let Some(name) = path.strip_prefix("package/").filter(|name| !name.contains('/')) else {
                continue;
            };
            if files.len() == FILES_MAX {
                return Err(Error(format!("It holds more than {FILES_MAX} files.")));
            }
            let mut text = Vec::new();
            entry.read_to_end(&mut text).map_err(broken)?;
            files.push((name.to_owned(), text));
        }
        Package::from_files(None, files)
    }

    /// Reads the files of a folder: name and content of each. Name and version come from `package.json`, unless
    /// they are given. Resources are in JSON or XML. Files that hold none are passed over; one that should and does
    /// not is refused.
    pub fn from_files(named: Option<(&str, &str)>, files: Vec<(String, Vec<u8>)>) -> Result<Package, Error> {
        let manifest = files.iter().find(|(name, _)| name == "package.json");
        let manifest = manifest.map(|(name, text)| json(name, text.clone())).transpose()?;
        let said =
            |name: &str| manifest.as_ref().and_then(|m| m.root().str(name)).map(|text| text.into_owned());
        let (name, version) = match (named, said("name"), said("version")) {
            (Some((name, version)), ..) => (name.to_owned(), version.to_owned()),
            (None, Some(name), Some(version)) => (name, version),
            _ => return Err(Error("It has no package.json with name and version. Say them.".to_owned())),
        };
        let depends = manifest.as_ref().and_then(|m| m.root().get("dependencies"));
        let depends = depends.into_iter().flat_map(fhir::json::Value::members);
        let depends: Vec<(String, String)> = depends
            .map(|(name, version)| (name.into_owned(), version.as_str().unwrap_or_default().into_owned()))
            .collect();
        let mut resources = Vec::new();
        for (name, text) in files {
            if name == "package.json" || name.starts_with('.') {
                continue;
            }
            let resource = match name.rsplit_once('.') {
                Some((_, "json")) => json(&name, text)?,
                Some((_, "xml")) => {
                    fhir::xml::read(text, Limits::FILE).map_err(|e| Error(format!("{name}: {e}")))?
                }
                _ => continue,
            };
            if resource.root().get("resourceType").is_some() {
                resources.push(resource);
            }
        }
        if resources.is_empty() {
            return Err(Error("It holds no resource.".to_owned()));
        }
        Package::of(&name, &version, &depends, &resources)
    }
}

fn json(name: &str, text: Vec<u8>) -> Result<Json, Error> {
    // A byte order mark is not JSON, and common in files.
    let text = text.strip_prefix(b"\xEF\xBB\xBF").map(<[u8]>::to_vec).unwrap_or(text);
    Json::parse(text, Limits::FILE).map_err(|e| Error(format!("{name}: {e}.")))
}

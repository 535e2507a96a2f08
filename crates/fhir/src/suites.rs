//! Public test data, for tests only. It is no part of the project: tests say when it is not there.

use std::path::{Path, PathBuf};

/// A folder of the suites; nothing, with a word on standard error, when it is not there.
pub fn folder(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites");
    let folder = std::env::var_os("CARESPINE_SUITES").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("Skipped: there is no {}. CARESPINE_SUITES says where the suites are.", folder.display());
    None
}

/// Name and text of every JSON file in a folder of the suites, in the order of their names.
pub fn files(name: &str) -> Vec<(String, String)> {
    let Some(folder) = folder(name) else { return Vec::new() };
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

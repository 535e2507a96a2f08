//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

/// Where Debian's packages put them, in a folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
const NEEDED: [&str; 4] = ["initdb", "pg_basebackup", "pg_ctl", "psql"];

/// What to install when PostgreSQL is not there.
pub fn missing() -> Option<String> {
    NEEDED.iter().find_map(|name| find(name).err())
}

/// The path of a program: of the newest version in Debian's folder, else from PATH.
pub fn find(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = debian().into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file()).ok_or_else(|| {
        format!("PostgreSQL is missing ({name} is not there). Run: apt-get install postgresql")
    })
}

/// The programs' folders, the newest version first.
fn debian() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin")).collect()
}

//! Where things are: the root of the checkout, the target folder, and the packages as cargo knows them.

use crate::shell;
use serde_json::Value;
use std::path::PathBuf;

/// The root of the checkout, whatever its name and wherever it is.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().expect("xtask is a folder in the root").to_path_buf()
}

/// What cargo says of this workspace: packages, their dependencies and the target folder.
pub fn metadata() -> Result<Value, String> {
    ask(&["metadata", "--format-version", "1", "--no-deps"])
}

/// The same with all packages that are built in on this kind of machine.
pub fn graph() -> Result<Value, String> {
    let platform = shell::capture("rustc", &["--print", "host-tuple"])?;
    ask(&["metadata", "--format-version", "1", "--filter-platform", platform.trim()])
}

fn ask(question: &[&str]) -> Result<Value, String> {
    let text = shell::capture("cargo", question)?;
    serde_json::from_str(&text).map_err(|e| format!("cargo metadata did not answer in JSON: {e}"))
}

/// The target folder; `CARGO_TARGET_DIR` and cargo's own configuration may have moved it.
pub fn target() -> Result<PathBuf, String> {
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().ok_or("cargo metadata names no target_directory")?;
    Ok(PathBuf::from(folder))
}

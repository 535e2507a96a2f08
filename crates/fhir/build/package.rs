//! The folder with the published definitions.

use crate::json::{Json, Limits, Value};
use std::path::{Path, PathBuf};

const MISSING: &str = "The FHIR R4 definitions are missing. Bring them with:

    cargo xtask definitions

(`make demo` and `make test` do that by themselves.)
";

/// `target/definitions`, looked at and found whole.
pub struct Package {
    folder: PathBuf,
}

/// Finds the package and tells cargo when to run again.
#[allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]
pub fn open() -> Result<Package, String> {
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/json.rs");
    let crate_folder = std::env::var("CARGO_MANIFEST_DIR").map_err(|e| format!("CARGO_MANIFEST_DIR: {e}"))?;
    let folder = Path::new(&crate_folder).join("../../target/definitions/dist/fhir/r4");
    println!("cargo:rerun-if-changed={}", folder.display());
    if !folder.join("profiles-resources.json").is_file() {
        return Err(format!("{MISSING}\nLooked in {}.", folder.display()));
    }
    Ok(Package { folder })
}

impl Package {
    /// One file of the package.
    pub fn file(&self, name: &str) -> Result<Json, String> {
        let path = self.folder.join(name);
        let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}\n{MISSING}", path.display()))?;
        Json::parse(bytes, Limits::FILE).map_err(|e| format!("{}: {e}\n{MISSING}", path.display()))
    }
}

/// The resources of this type in a bundle.
pub fn resources<'a>(bundle: &'a Json, kind: &'a str) -> impl Iterator<Item = Value<'a>> {
    let entries = bundle.root().get("entry").into_iter().flat_map(Value::items);
    entries
        .filter_map(|e| e.get("resource"))
        .filter(move |r| r.str("resourceType").is_some_and(|t| t == kind))
}

/// The string member `name`; empty when there is none.
pub fn text(value: Value<'_>, name: &str) -> String {
    value.str(name).map(|s| s.into_owned()).unwrap_or_default()
}

/// The strings in the array member `name`.
pub fn texts(value: Value<'_>, name: &str) -> Vec<String> {
    let items = value.get(name).into_iter().flat_map(Value::items);
    items.filter_map(|i| i.as_str().map(|s| s.into_owned())).collect()
}

/// The items of the array member `name`.
pub fn list<'a>(value: Value<'a>, name: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    value.get(name).into_iter().flat_map(Value::items)
}

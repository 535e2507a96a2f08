//! Makes the package of R4's own definitions from the published ones that `cargo xtask definitions` brings.
//! What only people read (narrative, comments, mappings) is left out: it would be nine tenths of the size.

#[allow(dead_code, reason = "the crate reads what this script writes")]
#[path = "../src/format.rs"]
mod format;

use format::{Entry, Maker};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

const FILES: &[&str] = &[
    "profiles-types.json",
    "profiles-resources.json",
    "profiles-others.json",
    "extension-definitions.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
    "conceptmaps.json",
];
/// Members of a resource that nothing here reads.
const NOT_OF_RESOURCE: &[&str] = &["text", "meta", "contact", "mapping", "extension"];
/// Members of an element definition that nothing here reads.
const NOT_OF_ELEMENT: &[&str] =
    &["comment", "requirements", "alias", "meaningWhenMissing", "isModifierReason", "mapping", "definition"];

fn main() -> Result<(), String> {
    let folder = folder()?;
    let mut maker = Maker::default();
    for file in FILES {
        let text = std::fs::read_to_string(folder.join(file)).map_err(|e| format!("{file}: {e}"))?;
        let bundle: Value = serde_json::from_str(&text).map_err(|e| format!("{file}: {e}"))?;
        for entry in list(&bundle, "entry") {
            let Some(Value::Object(resource)) = entry.get("resource") else { continue };
            add(&mut maker, resource.clone()).map_err(|e| format!("{file}: {e}"))?;
        }
    }
    let out = std::env::var("OUT_DIR").map_err(|e| format!("OUT_DIR: {e}"))?;
    let bytes = maker.finish("hl7.fhir.r4.core", "4.0.1", &[]);
    std::fs::write(Path::new(&out).join("core.package"), bytes).map_err(|e| format!("core.package: {e}"))
}

#[allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]
fn folder() -> Result<PathBuf, String> {
    let own = std::env::var("CARGO_MANIFEST_DIR").map_err(|e| format!("CARGO_MANIFEST_DIR: {e}"))?;
    let folder = Path::new(&own).join("../../target/definitions/dist/fhir/r4");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/format.rs");
    println!("cargo:rerun-if-changed={}", folder.display());
    match folder.join(FILES[0]).is_file() {
        true => Ok(folder),
        false => {
            Err("The FHIR R4 definitions are missing. Bring them with: cargo xtask definitions".to_owned())
        }
    }
}

fn add(maker: &mut Maker, mut resource: Map<String, Value>) -> std::io::Result<()> {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let entry = Entry {
        kind: text("resourceType"),
        url: text("url"),
        version: text("version"),
        id: text("id"),
        frame: (0, 0),
    };
    // The index of the package goes by these; the rest has nothing to find.
    if entry.url.is_empty() {
        return Ok(());
    }
    for name in NOT_OF_RESOURCE {
        resource.shift_remove(*name);
    }
    for view in ["snapshot", "differential"] {
        let elements = resource.get_mut(view).and_then(|view| view.get_mut("element"));
        for element in elements.and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(element) = element.as_object_mut() else { continue };
            for name in NOT_OF_ELEMENT {
                element.shift_remove(*name);
            }
            let constraints = element.get_mut("constraint").and_then(Value::as_array_mut);
            for constraint in constraints.into_iter().flatten().filter_map(Value::as_object_mut) {
                constraint.shift_remove("xpath");
            }
        }
    }
    maker.add(&entry, &Value::Object(resource).to_string())
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

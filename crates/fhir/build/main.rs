//! Writes the definition tables (`src/definitions.rs`) from the published FHIR R4 definitions, which
//! `cargo xtask definitions` brings to `target/definitions`.

mod codes;
#[allow(dead_code)]
#[path = "../src/json.rs"]
mod json;
mod package;
mod params;
mod structures;
mod tables;

use std::path::Path;

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let package = package::open()?;
    let codes = codes::read(&package)?;
    let types = structures::read(&package, &codes)?;
    let params = params::read(&package, &types)?;
    let compartment = params::compartment(&package)?;
    let text = tables::write(&types, &params, &compartment);
    let out = std::env::var("OUT_DIR").map_err(|e| format!("OUT_DIR: {e}"))?;
    let file = Path::new(&out).join("definitions.rs");
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))
}

//! Embeds what `cargo xtask assets` made: one table of files, each with its gzip form where there is one. The
//! files are copied first, so that making them anew meanwhile cannot break the build.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let assets = home.join("../../target/assets");
    let manifest = assets.join("manifest.txt");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let Ok(lines) = fs::read_to_string(&manifest) else {
        stop("What the browser loads is not made yet. Run `cargo xtask assets`, then build again.")
    };
    let table: String = lines.lines().map(|line| entry(&assets, &out, line)).collect();
    fs::write(out.join("assets.rs"), format!("[{table}]")).expect("cargo makes OUT_DIR writable");
}

/// One line of the manifest (logical name, file name, content type) as a Rust expression.
fn entry(assets: &Path, out: &Path, line: &str) -> String {
    let mut parts = line.split('\t');
    let (Some(logical), Some(name), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        stop(&format!("This line of target/assets/manifest.txt has not three parts: {line}"))
    };
    let Some(file) = embedded(assets, out, name) else {
        stop(&format!("target/assets has no {name}. Run `cargo xtask assets`, then build again."))
    };
    let gzip = match embedded(assets, out, &format!("{name}.gz")) {
        Some(packed) => format!("Some({packed})"),
        None => "None".to_owned(),
    };
    format!("File {{ logical: {logical:?}, name: {name:?}, kind: {kind:?}, bytes: {file}, gzip: {gzip} }},")
}

/// Copies a file to where the compiler finds it, and says how it is named there.
fn embedded(assets: &Path, out: &Path, name: &str) -> Option<String> {
    fs::copy(assets.join(name), out.join(name)).ok()?;
    Some(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), {:?}))", format!("/{name}")))
}

fn stop(why: &str) -> ! {
    println!("cargo::error={why}");
    process::exit(1);
}

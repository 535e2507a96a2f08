//! Embeds what `cargo xtask assets` made: one table of files, each with its gzip form where there is one.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let assets = home.join("../../target/assets");
    let manifest = assets.join("manifest.txt");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let Ok(lines) = fs::read_to_string(&manifest) else {
        println!(
            "cargo::error=What the browser loads is not made yet. Run `cargo xtask assets`, then build again."
        );
        process::exit(1);
    };
    let assets = assets.canonicalize().expect("the folder of a file that was just read");
    let table: String = lines.lines().map(|line| entry(&assets, line)).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("assets.rs"), format!("[{table}]")).expect("cargo makes OUT_DIR writable");
}

/// One line of the manifest (logical name, file name, content type) as a Rust expression.
fn entry(assets: &Path, line: &str) -> String {
    let mut parts = line.split('\t');
    let (Some(logical), Some(name), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        println!("cargo::error=This line of target/assets/manifest.txt has not three parts: {line}");
        process::exit(1);
    };
    let file = assets.join(name);
    let packed = assets.join(format!("{name}.gz"));
    println!("cargo::rerun-if-changed={}", file.display());
    let gzip = if packed.exists() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() };
    format!(
        "File {{ logical: {logical:?}, name: {name:?}, kind: {kind:?}, bytes: include_bytes!({file:?}), \
         gzip: {gzip} }},"
    )
}

//! `cargo xtask new-service NAME`: writes a service that compiles, with one command and its stories, and the
//! only two lines outside it: the app's dependency and its entry in the catalogue.
//!
//! What is written is a copy of `xtask/new-service` under another name. That folder is a crate of its own,
//! so it is compiled and tested like any other and cannot fall behind the kit.

use crate::{shell, workspace};
use std::fs;
use std::path::Path;

/// The sample's name, in code and in sentences; the sample uses both words for nothing else.
const SAMPLE: (&str, &str) = ("example", "Example");
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../new-service/Cargo.toml")),
    ("README.md", include_str!("../new-service/README.md")),
    ("src/lib.rs", include_str!("../new-service/src/lib.rs")),
    ("src/refer.rs", include_str!("../new-service/src/refer.rs")),
    ("src/stories.rs", include_str!("../new-service/src/stories.rs")),
];
const MANIFEST: &str = "crates/app/Cargo.toml";
const CATALOGUE: &str = "crates/app/src/catalogue.rs";

pub fn run(name: &str) -> Result<(), String> {
    let root = workspace::root();
    check(name, &taken()?)?;
    // Both edits are worked out before anything is written, so that a failure leaves nothing behind.
    let manifest = with_dependency(&read(&root.join(MANIFEST))?, name)?;
    let catalogue = with_entry(&read(&root.join(CATALOGUE))?, name)?;
    let folder = root.join("services").join(name);
    for (file, text) in FILES {
        write(&folder.join(file), &renamed(text, name))?;
    }
    write(&root.join(MANIFEST), &manifest)?;
    write(&root.join(CATALOGUE), &catalogue)?;
    shell::run("cargo", &["fmt", "--package", name, "--package", "app"])?;
    println!("services/{name} is there and in the catalogue. Its README.md says what next.");
    Ok(())
}

/// The names of all crates of the workspace.
fn taken() -> Result<Vec<String>, String> {
    let metadata = workspace::metadata()?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    Ok(packages.iter().filter_map(|package| package["name"].as_str()).map(str::to_owned).collect())
}

fn check(name: &str, taken: &[String]) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits);
    if !well_formed || name.ends_with('-') {
        return Err(format!("`{name}` must be small letters, digits and hyphens, as in foot-care"));
    }
    if taken.iter().any(|crate_name| crate_name == name) {
        return Err(format!("There is a crate `{name}` already. Choose another name"));
    }
    Ok(())
}

/// The sample under another name: `foot-care` in names and addresses, `Foot care` in sentences.
fn renamed(text: &str, name: &str) -> String {
    let spaced = name.replace('-', " ");
    let title = spaced[..1].to_uppercase() + &spaced[1..];
    text.replace(SAMPLE.0, name).replace(SAMPLE.1, &title)
}

fn with_dependency(manifest: &str, name: &str) -> Result<String, String> {
    let (before, after) = manifest
        .split_once("[dependencies]\n")
        .ok_or_else(|| format!("{MANIFEST} has no line [dependencies]"))?;
    Ok(format!("{before}[dependencies]\n{name} = {{ path = \"../../services/{name}\" }}\n{after}"))
}

fn with_entry(catalogue: &str, name: &str) -> Result<String, String> {
    let last = catalogue
        .rfind("::SERVICE")
        .ok_or_else(|| format!("{CATALOGUE} lists no service; add &{name}::SERVICE by hand"))?;
    let end = last + "::SERVICE".len();
    let module = name.replace('-', "_");
    Ok(format!("{}, &{module}::SERVICE{}", &catalogue[..end], &catalogue[end..]))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("Could not read {}: {e}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().expect("every file is in a folder");
    fs::create_dir_all(folder).map_err(|e| format!("Could not create {}: {e}", folder.display()))?;
    fs::write(path, text).map_err(|e| format!("Could not write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_words_with_hyphens_and_not_taken() {
        let taken = ["chart".to_owned()];
        assert_eq!(check("foot-care2", &taken), Ok(()));
        for name in ["", "Foot", "foot care", "foot_care", "2feet", "-feet", "feet-", "füße", "chart"] {
            assert!(check(name, &taken).is_err(), "{name:?} was taken for a name");
        }
    }

    #[test]
    fn the_sample_is_renamed_in_code_and_in_sentences() {
        assert_eq!(renamed("/example/refer to Example", "foot-care"), "/foot-care/refer to Foot care");
        for (file, text) in FILES {
            let text = renamed(text, "foot-care").to_lowercase();
            assert!(!text.contains(SAMPLE.0), "{file} still speaks of the sample");
        }
    }

    #[test]
    fn the_two_lines_outside_are_written() {
        let manifest = with_dependency("[package]\n\n[dependencies]\nfhir = 1\n", "foot-care");
        let expected =
            "[package]\n\n[dependencies]\nfoot-care = { path = \"../../services/foot-care\" }\nfhir = 1\n";
        assert_eq!(manifest.as_deref(), Ok(expected));
        let catalogue = with_entry("const ALL: &[&Service] = &[&chart::SERVICE];", "foot-care");
        assert_eq!(
            catalogue.as_deref(),
            Ok("const ALL: &[&Service] = &[&chart::SERVICE, &foot_care::SERVICE];")
        );
        assert!(with_entry("nothing", "foot-care").is_err());
    }
}

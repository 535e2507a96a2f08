//! Releases of code systems: SNOMED CT, dm+d, ICD-10, OPCS-4, LOINC, ODS.

use crate::{ReleaseKind, TerminologyCommand};
use conformance::Conformance;
use record::{Kind, Place, Refusal};
use std::path::Path;
use std::process::ExitCode;
use terminology::import::{Progress, Told, dmd, icd10, loinc, ods, opcs, rf2};
use terminology::index::Draft;
use terminology::releases::{Held, Releases};

/// Folder of the releases in that of a record.
pub const FOLDER: &str = "terminology";

pub(crate) fn command(
    data: &Place,
    index: Option<&Path>,
    command: &TerminologyCommand,
) -> Result<ExitCode, Refusal> {
    let releases = releases(data, index)?;
    match command {
        TerminologyCommand::Import { kind, from, version, date, system } => {
            let told = Told { system: system.clone(), version: version.clone(), date: date.clone() };
            let bar = crate::keep::bar("Importing");
            let mut progress = |what: &str, done, all| {
                bar.set_message(what.to_owned());
                bar.set_length(all);
                bar.set_position(done);
            };
            let draft = read(*kind, from, &told, &mut progress)?;
            let held = releases.add(draft, &mut progress)?;
            bar.finish_and_clear();
            announce(data)?;
            print(&held);
        }
        TerminologyCommand::List => releases.list()?.iter().for_each(print),
        TerminologyCommand::Check => return check(&releases),
        TerminologyCommand::Remove { release } => {
            let (url, version) = release.split_once('|').ok_or_else(|| {
                let text =
                    format!("{release:?} has no version. Write SYSTEM|VERSION, as `terminology list` shows.");
                Refusal::new(Kind::Invalid, text)
            })?;
            releases.remove(url, version)?;
            announce(data)?;
            println!("{release} is removed.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(releases: &Releases) -> Result<ExitCode, Refusal> {
    let checked = releases.check(&mut |_, _, _| {})?;
    for one in &checked {
        match one {
            Ok(held) => print(held),
            Err(refusal) => println!("{refusal}"),
        }
    }
    Ok(if checked.iter().all(Result::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(kind: ReleaseKind, from: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let says_all = matches!(kind, ReleaseKind::Snomed | ReleaseKind::Dmd);
    if says_all && *told != Told::default() {
        let text = "The files of this release say what they are. Leave --version, --date and --system out.";
        return Err(Refusal::new(Kind::Invalid, text));
    }
    match kind {
        ReleaseKind::Snomed => rf2::read(from, progress),
        ReleaseKind::Dmd => dmd::read(from, progress),
        ReleaseKind::Icd10 => icd10::read(from, told, progress),
        ReleaseKind::Opcs4 => opcs::read(from, told, progress),
        ReleaseKind::Loinc => loinc::read(from, told, progress),
        ReleaseKind::Ods => ods::read(from, told, progress),
    }
}

/// The releases beside a record, or of a folder that is named.
fn releases(data: &Place, index: Option<&Path>) -> Result<Releases, Refusal> {
    match (index, data) {
        (Some(folder), _) => Ok(Releases::new(folder)),
        (None, Place::Folder(folder)) => {
            crate::check_existing(data)?;
            Ok(Releases::new(folder.join(FOLDER)))
        }
        (None, Place::Postgres(_)) => {
            let text = format!("{data} is a database. Name a folder for the releases with --index.");
            Err(Refusal::new(Kind::Invalid, text))
        }
    }
}

/// A server that runs sees the change within a second.
fn announce(data: &Place) -> Result<(), Refusal> {
    Conformance::announce(&crate::open_existing(data)?)
}

fn print(held: &Held) {
    let Held { head, concepts, bytes } = held;
    let megabytes = bytes.div_ceil(1_000_000);
    println!(
        "{}|{}  {}  {}  {concepts} concepts, {megabytes} MB",
        head.url, head.version, head.name, head.date
    );
}

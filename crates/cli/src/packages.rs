//! FHIR packages: profiles, value sets and the like that the record goes by.

use crate::PackageCommand;
use conformance::packages;
use package::Package;
use record::{Kind, Place, Refusal};
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn package(data: &Place, command: &PackageCommand) -> Result<ExitCode, Refusal> {
    let store = crate::open_existing(data)?;
    match command {
        PackageCommand::Add { from, name, version } => {
            let named = name.as_deref().zip(version.as_deref());
            let held = packages::add(&store, &read(from, named)?)?;
            println!("{}#{}: {} resources", held.name, held.version, held.resources);
        }
        PackageCommand::List => {
            for held in packages::list(&store)? {
                println!("{:<40} {:<16} {:>6} resources", held.name, held.version, held.resources);
            }
        }
        PackageCommand::Remove { package } => {
            let (name, version) = package.split_once('#').ok_or_else(|| {
                let text =
                    format!("{package:?} has no version. Write NAME#VERSION, as `package list` shows them.");
                Refusal::new(Kind::Invalid, text)
            })?;
            packages::remove(&store, name, version)?;
            println!("{package} is removed.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A package from an archive, or from all files in and below a folder.
fn read(from: &Path, named: Option<(&str, &str)>) -> Result<Package, Refusal> {
    let refused = |text: String| Refusal::new(Kind::Invalid, format!("{}: {text}", from.display()));
    let unread = |e: std::io::Error| refused(format!("it cannot be read: {e}."));
    let package = if from.is_dir() {
        let mut files = Vec::new();
        gather(from, &mut files).map_err(unread)?;
        Package::from_files(named, files)
    } else {
        Package::from_archive(&std::fs::read(from).map_err(unread)?)
    };
    package.map_err(|e| refused(e.to_string()))
}

fn gather(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_example = name == "examples" || name == "example";
        if path.is_dir() && !is_example {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "json" || end == "xml") {
            files.push((name, std::fs::read(&path)?));
        }
    }
    Ok(())
}

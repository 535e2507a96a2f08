//! UK Core: every profile can be used, and every example is what it says it is.

use super::codes::Listed;
use super::suites;
use crate::{Options, Profiles};
use fhir::{Json, Limits};
use package::{Library, Package, Source};
use std::path::Path;
use std::sync::Arc;

/// Examples with errors: name, and the reason.
const KNOWN: &str = include_str!("ukcore.txt");

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// A stray character stands in it; nothing else needs it.
const NOT_SOUND: &str = "CodeSystem-UKCore-EthnicCategoryScotland.xml";

fn library(folder: &Path) -> Arc<Library> {
    let all = ["StructureDefinition", "ValueSet", "CodeSystem"].map(|kind| files(&folder.join(kind)));
    let all: Vec<_> = all.concat().into_iter().filter(|(name, _)| name != NOT_SOUND).collect();
    let package = Package::from_files(Some(("fhir.r4.ukcore", "2.0.0")), all).unwrap();
    Arc::new(Library::new(vec![Arc::new(package)]))
}

pub fn profiles(folder: &Path) -> (Arc<Library>, Profiles) {
    let library = library(folder);
    let codes = Arc::new(Listed::new(library.clone()));
    (library.clone(), Profiles::new(library, codes))
}

#[test]
fn every_profile_of_uk_core_can_be_used() {
    let Some(folder) = suites::folder("uk-core") else { return };
    let (library, profiles) = profiles(&folder);
    let entries = library.packages()[0].entries().iter();
    let mut count = 0;
    for entry in entries.filter(|entry| entry.kind == "StructureDefinition") {
        let url = entry.url.as_str();
        profiles.prepare(url).unwrap().unwrap();
        let snapshot = profiles.snapshot(url).unwrap().unwrap().text();
        let snapshot = Json::parse(snapshot, Limits::FILE).unwrap();
        let faults = fhir::validate::structure(snapshot.root());
        assert_eq!(faults, [], "{url}");
        count += 1;
    }
    println!("SUITE uk-core snapshots: passed {count}, failed 0, skipped 0");
    assert_eq!(count, 153);
}

#[test]
fn every_example_of_uk_core_is_what_it_says() {
    let Some(folder) = suites::folder("uk-core") else { return };
    let (library, profiles) = profiles(&folder);
    let (mut passed, mut failed, mut wrong) = (0, 0, Vec::new());
    for (name, text) in files(&folder.join("examples")) {
        let known =
            KNOWN.lines().any(|line| line.split('|').next().is_some_and(|known| known.trim() == name));
        let json = fhir::xml::read(text, Limits::DOOR).unwrap_or_else(|e| panic!("{name}: {e}"));
        let claimed = json.root().at(&["meta", "profile"]).into_iter().flat_map(|list| list.items());
        let here = claimed
            .filter_map(|url| url.as_str())
            .all(|url| library.find("StructureDefinition", &url, None).is_some());
        assert!(here, "{name} names a profile that is not here");
        let report = profiles.validate(json.root(), &[], &Options::default());
        let errors: Vec<String> = report
            .issues
            .iter()
            .filter(|issue| !issue.warning)
            .map(|issue| format!("\n    {} {}: {}", issue.code, issue.at, issue.text))
            .collect();
        match (errors.is_empty(), known) {
            (true, false) => passed += 1,
            (false, true) => failed += 1,
            (true, true) => wrong.push(format!("{name} has no error any more: take it from ukcore.txt")),
            (false, false) => wrong.push(format!("{name}:{}", errors.concat())),
        }
    }
    println!("SUITE uk-core examples: passed {passed}, failed {failed}, skipped 0");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), passed + failed + wrong.len(), wrong.join("\n"));
}

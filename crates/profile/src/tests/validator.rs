//! The public validator cases: whether a resource has an error or none, as HL7's validator says.

use super::codes::Listed;
use super::suites;
use crate::{Before, Displays, Options, Profiles, Report};
use fhir::{Instant, Issue, Json, Limits, Refusal};
use package::{Library, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cases in which we say otherwise: name, what we say, and the reason.
const KNOWN: &str = include_str!("validator.txt");
/// The day on which the outcomes were recorded, roughly.
const NOW: Instant = Instant(1_735_689_600_000);

/// A resource in either form, by its name.
fn read(path: &Path) -> Result<Json, Refusal> {
    let bytes = std::fs::read(path).unwrap_or_default();
    if path.extension().is_some_and(|e| e == "xml") {
        return fhir::xml::read(bytes, Limits::FILE);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").map(<[u8]>::to_vec).unwrap_or(bytes);
    Json::parse(bytes, Limits::FILE).map_err(|e| Refusal::invalid("", e.to_string()))
}

struct Case {
    folder: PathBuf,
    json: Json,
}

impl Case {
    fn list(&self, names: &[&str]) -> Vec<PathBuf> {
        let found = self.json.root().at(names).into_iter().flat_map(|list| list.each());
        found.filter_map(|name| name.as_str().map(|name| self.folder.join(&*name))).collect()
    }

    /// Errors that the recorded outcome has.
    fn wanted(&self, names: &[&str]) -> Option<usize> {
        let told = self.json.root().at(names)?;
        let file = told.as_str().map(|name| read(&self.folder.join("outcomes").join(&*name)).unwrap());
        let outcome = match &file {
            Some(file) => file.root(),
            None => told.get("outcome")?,
        };
        let issues = outcome.get("issue").into_iter().flat_map(|list| list.items());
        let severe =
            |issue: &fhir::Value<'_>| matches!(issue.str("severity").as_deref(), Some("error" | "fatal"));
        Some(issues.filter(severe).count())
    }

    fn profiles(&self, places: &[&[&str]]) -> Profiles {
        let definitions = places.iter().flat_map(|place| self.list(place));
        let resources: Vec<Json> = definitions.filter_map(|path| read(&path).ok()).collect();
        let package = Package::of("case", "1", &[], &resources).unwrap();
        let library = Arc::new(Library::new(vec![Arc::new(package)]));
        let codes = Arc::new(Listed::new(library.clone()));
        Profiles::new(library, codes)
    }

    fn validate(&self, profiles: &Profiles, asked: &[&str]) -> Report {
        let name = self.json.root().str("file").unwrap();
        let options = Options { displays: Displays::Refused, now: Some(NOW), ..Options::default() };
        assert_eq!(options.before, Before::Nothing);
        match read(&self.folder.join(&*name)) {
            Ok(resource) => profiles.validate(resource.root(), asked, &options),
            Err(refusal) => Report { issues: refusal.issues },
        }
    }
}

fn errors(report: &Report) -> Vec<&Issue> {
    report.issues.iter().filter(|issue| !issue.warning).collect()
}

#[test]
fn errors_are_found_where_the_public_cases_have_them() {
    let Some(folder) = suites::folder("fhir-validator") else { return };
    let manifest = read(&folder.join("manifest.json")).unwrap();
    let known: BTreeMap<&str, &str> =
        KNOWN.lines().filter_map(|line| line.split_once('|')).map(|(n, r)| (n.trim(), r)).collect();
    let mut names = BTreeSet::new();
    let (mut passed, mut failed, mut wrong) = (0, 0, Vec::new());
    let cases = manifest.root().get("test-cases").unwrap();
    for case in cases.items() {
        let case = Case { folder: folder.clone(), json: case.to_json() };
        let mut name = case.json.root().str("name").unwrap().into_owned();
        // Two cases have one name.
        if !names.insert(name.clone()) {
            name.push_str(" again");
            names.insert(name.clone());
        }
        let source = case.list(&["profile", "source"]);
        let url = source
            .first()
            .and_then(|path| read(path).ok())
            .and_then(|sd| sd.root().str("url").map(|u| u.into_owned()));
        let asked: Vec<&str> = url.as_deref().into_iter().collect();
        let runs = [
            (name.clone(), &["java"][..], &[][..]),
            (format!("{name} profile"), &["profile", "java"], &asked),
        ];
        for (name, place, asked) in runs {
            let Some(wanted) = case.wanted(place) else { continue };
            let places =
                [&["supporting"][..], &["profiles"], &["profile", "source"], &["profile", "supporting"]];
            let profiles = case.profiles(if asked.is_empty() { &places[..2] } else { &places });
            let report = case.validate(&profiles, asked);
            let found = errors(&report);
            let agree = (wanted > 0) != found.is_empty();
            match (agree, known.contains_key(name.as_str())) {
                (true, false) => passed += 1,
                (false, true) => failed += 1,
                (true, true) => wrong.push(format!("{name}: agrees now; take it from validator.txt")),
                (false, false) => {
                    let found: Vec<String> = found
                        .iter()
                        .take(6)
                        .map(|issue| format!("\n    {} {}: {}", issue.code, issue.at, issue.text))
                        .collect();
                    wrong.push(format!("{name}: {wanted} errors are wanted{}", found.concat()));
                }
            }
        }
    }
    println!("SUITE fhir-validator: passed {passed}, failed {failed}, skipped 0");
    assert!(wrong.is_empty(), "{} others:\n{}", wrong.len(), wrong.join("\n"));
}

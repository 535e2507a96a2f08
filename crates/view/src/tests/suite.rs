//! The tests of SQL on FHIR v2, where they are.

use crate::View;
use fhir::{Json, Limits, Value};
use std::path::{Path, PathBuf};

/// Cases that do not pass: file, title, why.
const FAILING: &[(&str, &str, &str)] =
    &[("fhirpath", "string join", JOIN), ("fhirpath", "string join: default separator", JOIN)];
const JOIN: &str = "wants join() of nothing to be an empty text; the FHIRPath specification says nothing";

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites");
    let folder = std::env::var_os("CARESPINE_SUITES").map_or(beside, PathBuf::from).join("sql-on-fhir");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("Skipped: there is no {}. CARESPINE_SUITES says where the suites are.", folder.display());
    None
}

/// The rows as JSON objects, or why there are none.
fn rows(view: &View, resources: &[Json]) -> Result<Vec<Json>, String> {
    let mut rows = view.rows();
    for resource in resources {
        view.run(resource.root(), &mut rows).map_err(|refusal| refusal.to_string())?;
    }
    let lines = super::written::text(view, crate::Format::Ndjson, &rows);
    Ok(lines.lines().map(|line| Json::parse(line, Limits::DOOR).unwrap()).collect())
}

/// Members sorted by name, so that objects can be compared; a member that is null is as one that is not there.
fn sorted(value: Value<'_>) -> String {
    let mut members: Vec<String> = value
        .members()
        .filter(|(_, value)| value.kind() != fhir::json::Kind::Null)
        .map(|(name, value)| format!("{name}: {}", value.canonical()))
        .collect();
    members.sort();
    members.join(", ")
}

/// What is wrong with a case; nothing when it passes.
fn fault(case: Value<'_>, resources: &[Json]) -> Option<String> {
    let definition = case.get("view")?.to_json();
    let view = View::parse(definition.root()).map_err(|refusal| refusal.to_string());
    let outcome = view.as_ref().map_err(Clone::clone).and_then(|view| rows(view, resources));
    if case.get("expectError").is_some() {
        return outcome.is_ok().then(|| "it was not refused".to_owned());
    }
    let (rows, view) = match (outcome, view) {
        (Ok(rows), Ok(view)) => (rows, view),
        (Err(refusal), _) | (_, Err(refusal)) => return Some(refusal),
    };
    if let Some(wanted) = case.get("expectColumns") {
        let wanted: Vec<_> = wanted.items().filter_map(Value::as_str).collect();
        let names: Vec<_> = view.columns().iter().map(|column| column.name.as_str()).collect();
        if wanted != names {
            return Some(format!("the columns are {names:?}"));
        }
    }
    if let Some(count) = case.get("expectCount").and_then(Value::as_number) {
        return (count != rows.len().to_string()).then(|| format!("there are {} rows", rows.len()));
    }
    let mut got: Vec<String> = rows.iter().map(|row| sorted(row.root())).collect();
    let mut wanted: Vec<String> = case.get("expect")?.items().map(sorted).collect();
    got.sort();
    wanted.sort();
    (got != wanted).then(|| format!("wanted {wanted:#?}, got {got:#?}"))
}

#[test]
fn the_published_tests_pass() {
    let Some(folder) = folder() else { return };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let (mut passed, mut failed, mut skipped, mut surprises) = (0, 0, 0, Vec::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "json")) {
        let json = Json::parse(std::fs::read(file).unwrap(), Limits::DOOR).unwrap();
        let Some(cases) = json.root().get("tests") else { continue };
        let name = file.file_stem().unwrap().to_string_lossy();
        let resources: Vec<Json> =
            json.root().get("resources").unwrap().items().map(Value::to_json).collect();
        for case in cases.items() {
            let title = case.str("title").unwrap();
            let listed = FAILING.iter().any(|(file, case, _)| *file == name && *case == title);
            let versions = case.get("fhirVersion").or(json.root().get("fhirVersion"));
            if versions.is_some_and(|list| !list.items().any(|v| v.as_str().as_deref() == Some("4.0.1"))) {
                skipped += 1;
                continue;
            }
            match fault(case, &resources) {
                None if listed => {
                    surprises.push(format!("{name}, {title}: passes, and is listed as failing"))
                }
                None => passed += 1,
                Some(_) if listed => failed += 1,
                Some(fault) => surprises.push(format!("{name}, {title}: {fault}")),
            }
        }
    }
    println!("SUITE sql-on-fhir: passed {passed}, failed {failed}, skipped {skipped}");
    assert!(surprises.is_empty(), "{} cases:\n{}", surprises.len(), surprises.join("\n"));
    assert!(passed > 0);
}

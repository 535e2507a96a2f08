//! HL7's tests of terminology services: all suites that need no content from outside.

use super::compare::{as_r5, difference};
use super::*;
use fhir::json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cases that are not passed, each with its reason.
const NOT_PASSED: &str = include_str!("not_passed.txt");
/// Suites and cases that are not tried, each with its reason.
const SKIPPED: &str = include_str!("skipped.txt");
/// The limit that a case asks for by a header.
const LIMIT: usize = 1_000;

/// A folder of public test data.
pub(super) fn folder(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites");
    let folder = std::env::var_os("CARESPINE_SUITES").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("Skipped: there is no {}. CARESPINE_SUITES says where the suites are.", folder.display());
    None
}

fn read(folder: &Path, file: &str) -> Json {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    json(text.trim_start_matches('\u{feff}'))
}

/// What is wrong with the answer to a case; nothing when it is as expected.
fn fault(folder: &Path, terminology: &Terminology, case: Value<'_>) -> Option<String> {
    let (kind, operation) = match &*case.str("operation").unwrap() {
        "expand" => ("ValueSet", "expand"),
        "validate-code" => ("ValueSet", "validate-code"),
        "cs-validate-code" => ("CodeSystem", "validate-code"),
        "batch-validate" => ("ValueSet", "batch-validate-code"),
        "lookup" => ("CodeSystem", "lookup"),
        other => return Some(format!("there is no operation {other:?}")),
    };
    let parameters = read(folder, &case.str("request").unwrap());
    let languages = case.str("Accept-Language");
    let answer = terminology.operation(&Request {
        operation,
        kind: Some(kind),
        instance: None,
        parameters: Some(parameters.root()),
        languages: languages.as_deref(),
        now: Instant(0),
    });
    let refused = case.str("http-code").as_deref() == Some("4xx");
    let tree = match (answer, refused) {
        (Ok(tree), false) => tree,
        (Err(refusal), true) => refusal.outcome(),
        (Ok(tree), true) => return Some(format!("expected a refusal, not {}", tree.text())),
        (Err(refusal), false) => return Some(format!("refused: {}", refusal.text())),
    };
    // Whatever the suite expects, it must be R4.
    if let Some(fault) = fhir::validate::structure(json(&tree.text()).root()).first() {
        return Some(format!("not R4: {}: {}", fault.at, fault.text));
    }
    let expected = read(folder, &case.str("response").unwrap());
    let actual = json(&as_r5(tree).text());
    difference(expected.root(), actual.root(), "")
}

#[test]
fn answers_are_those_of_the_terminology_tests() {
    let Some(folder) = folder("terminology") else { return };
    let mut known: BTreeMap<&str, &str> =
        NOT_PASSED.lines().filter_map(|line| line.split_once(": ")).collect();
    let index = read(&folder, "test-cases.json");
    let skipped: BTreeMap<&str, &str> = SKIPPED.lines().filter_map(|line| line.split_once(": ")).collect();
    let core = Arc::new(package::Library::new(Vec::new()));
    let (mut wrong, mut all) = (Vec::new(), [0, 0, 0]);
    for suite in index.root().get("suites").unwrap().items() {
        let name = suite.str("name").unwrap();
        let cases = suite.get("tests").unwrap().items();
        let mut counts = [0, 0, 0];
        if skipped.contains_key(&*name) {
            counts[2] = cases.count();
        } else {
            let setup =
                suite.get("setup").unwrap().items().map(|file| read(&folder, &file.as_str().unwrap()));
            let setup = Arc::new(Resources(setup.map(Arc::new).collect()));
            for case in cases {
                let label = format!("{name}/{}", case.str("name").unwrap());
                if skipped.contains_key(label.as_str()) {
                    counts[2] += 1;
                    continue;
                }
                let limit = if case.get("header").is_some() { LIMIT } else { crate::EXPANSION_MAX };
                let terminology = Terminology::new(vec![setup.clone(), core.clone()]).with_limit(limit);
                let fault = fault(&folder, &terminology, case);
                counts[usize::from(fault.is_some())] += 1;
                match (fault, known.remove(label.as_str())) {
                    (Some(fault), None) => wrong.push(format!("{label}: {fault}")),
                    (None, Some(_)) => wrong.push(format!("{label} passes. Take it out of not_passed.txt.")),
                    _ => {}
                }
            }
        }
        println!(
            "SUITE terminology/{name}: passed {}, failed {}, skipped {}",
            counts[0], counts[1], counts[2]
        );
        (0..3).for_each(|i| all[i] += counts[i]);
    }
    println!("SUITE terminology: passed {}, failed {}, skipped {}", all[0], all[1], all[2]);
    wrong.extend(known.keys().map(|label| format!("{label} stands in not_passed.txt and in no suite.")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Words that do not belong where they stand.

use super::source::{Source, closing};
use super::{Finding, Workspace};

/// Crates whose work is to print for the person at the terminal.
const TERMINAL: [&str; 5] = ["crates/cli/", "crates/app/", "crates/bench/", "crates/crash/", "xtask/"];
/// Crates that write JSON or read configuration: what they serialise they promise.
const SERIALISING: [&str; 7] =
    ["crates/fhir/", "crates/rest/", "crates/web/", "crates/cli/", "crates/app/", "crates/bench/", "xtask/"];
const DRAWERS: [&str; 10] =
    ["utils", "util", "helpers", "helper", "common", "models", "model", "types", "misc", "shared"];
/// Beginnings of paths that only one machine has.
const MACHINE_PATHS: [&str; 5] = ["\"/home/", "\"/root/", "\"/Users/", "\"/work/", "\"/tmp/"];

pub fn unwrap(workspace: &Workspace) -> Vec<Finding> {
    find_each(workspace, &[".unwrap()"], |source, at| {
        (!source.is_test(at)).then_some((
            ".unwrap() outside a test".to_owned(),
            "Return the error, or write expect(\"why it cannot happen\")",
        ))
    })
}

/// Modules and crates named after what they are instead of what they are about.
pub fn drawers(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        let parts = source.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
        for part in parts.filter(|part| DRAWERS.contains(part)) {
            findings.push(Finding {
                path: source.path.clone(),
                line: 1,
                what: format!("`{part}` names a drawer, not a thing"),
                todo: "Put what is in it where its noun lives; with two users, one floor down".to_owned(),
            });
        }
    }
    for name in DRAWERS {
        let words = format!("mod {name} {{");
        findings.extend(find_each(workspace, &[&words], |_, _| {
            Some((format!("`{name}` names a drawer, not a thing"), "Put what is in it where its noun lives"))
        }));
    }
    findings
}

/// A reminder in a comment is seen by nobody.
pub fn reminders(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace.sources.iter().filter(|source| !source.path.starts_with("xtask/src/tidy")) {
        for (number, line) in source.text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric());
            for word in words.filter(|word| ["TODO", "FIXME", "XXX", "HACK"].contains(word)) {
                findings.push(Finding {
                    path: source.path.clone(),
                    line: number + 1,
                    what: format!("a reminder, {word}"),
                    todo: "Do it now, or open an issue for it".to_owned(),
                });
            }
        }
    }
    findings
}

pub fn printing(workspace: &Workspace) -> Vec<Finding> {
    let printers = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];
    find_each(workspace, &printers, |source, at| {
        let may_print = begins_with_any(&source.path, &TERMINAL)
            || is_build_script(&source.path)                      // they speak to cargo that way
            || source.path.contains("/examples/")
            || source.is_test(at); // a test that skips must say so
        let is_debugging = source.code[at..].starts_with("dbg!");
        (is_debugging || !may_print).then_some((
            "a library prints".to_owned(),
            "Return it, or log it with tracing and without patient data",
        ))
    })
}

pub fn ignored_tests(workspace: &Workspace) -> Vec<Finding> {
    find_each(workspace, &["#[ignore"], |_, _| {
        Some((
            "a test that is not run".to_owned(),
            "Mend it, or assert today's behaviour and say why it is wrong",
        ))
    })
}

/// Tests of services have a clock of their own; a sleep there is a test that fails on a slow day.
pub fn sleeping_tests(workspace: &Workspace) -> Vec<Finding> {
    find_each(workspace, &["sleep("], |source, at| {
        let in_service_test = source.path.starts_with("services/") && source.is_test(at);
        in_service_test.then_some(("a test that sleeps".to_owned(), "Set the clock of the test instead"))
    })
}

pub fn derived_formats(workspace: &Workspace) -> Vec<Finding> {
    find_each(workspace, &["derive("], |source, at| {
        let open = at + "derive".len();
        let list = &source.code[open..closing(&source.code, open)];
        let derives = list.contains("Serialize") || list.contains("Deserialize");
        (derives && !begins_with_any(&source.path, &SERIALISING)).then_some((
            "derives a serialised form".to_owned(),
            "Keep a plain struct here, and let the door or fhir write it: what is serialised is promised",
        ))
    })
}

pub fn machine_paths(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace.sources.iter().filter(|source| !source.path.starts_with("xtask/src/tidy")) {
        for (number, line) in source.text.lines().enumerate() {
            if MACHINE_PATHS.iter().any(|path| line.contains(path)) {
                findings.push(Finding {
                    path: source.path.clone(),
                    line: number + 1,
                    what: "a path that only one machine has".to_owned(),
                    todo: "Begin at the workspace root, an argument or std::env::temp_dir()".to_owned(),
                });
            }
        }
    }
    findings
}

fn is_build_script(path: &str) -> bool {
    path.ends_with("/build.rs") || (path.contains("/build/") && !path.contains("/src/"))
}

fn begins_with_any(path: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| path.starts_with(beginning))
}

/// Findings at the places where one of some words stands in code, where `judge` finds something wrong.
fn find_each(
    workspace: &Workspace,
    words: &[&str],
    judge: impl Fn(&Source, usize) -> Option<(String, &'static str)>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        for at in words.iter().flat_map(|words| source.find(words)) {
            if let Some((what, todo)) = judge(source, at) {
                findings.push(Finding {
                    path: source.path.clone(),
                    line: source.line(at),
                    what,
                    todo: todo.to_owned(),
                });
            }
        }
    }
    findings
}

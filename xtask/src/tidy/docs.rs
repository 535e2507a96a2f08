//! Every crate says what it is for, every public item what it does.

use super::modules::is_reachable;
use super::source::Source;
use super::{Finding, Workspace};

const ITEMS: [&str; 8] = [
    "pub fn ",
    "pub struct ",
    "pub enum ",
    "pub trait ",
    "pub const ",
    "pub static ",
    "pub type ",
    "pub unsafe fn ",
];
/// Programs, not libraries: nobody builds on their items.
const PROGRAMS: [&str; 4] = ["crates/app/", "crates/bench/", "crates/crash/", "xtask/"];

pub fn all(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = readmes(workspace);
    for source in &workspace.sources {
        let is_library =
            source.path.contains("/src/") && !PROGRAMS.iter().any(|start| source.path.starts_with(start));
        if is_library && is_reachable(&workspace.sources, source) {
            items(source, &mut findings);
        }
    }
    findings
}

fn readmes(workspace: &Workspace) -> Vec<Finding> {
    let silent = workspace.packages.iter().filter(|package| !package.has_readme);
    silent
        .map(|package| Finding {
            path: format!("{}/README.md", package.folder),
            line: 1,
            what: format!("the crate {} has no README.md", package.name),
            todo: "Write what it is for, what it is not for, and one example".to_owned(),
        })
        .collect()
}

/// A dependency is a decision (docs/decisions/0007-dependencies.md).
pub fn dependencies(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let unsaid = |taken: &&String| !workspace.dependencies.contains(&format!("\n| {taken} | "));
        findings.extend(package.takes.iter().filter(unsaid).map(|taken| Finding {
            path: format!("{}/Cargo.toml", package.folder),
            line: 1,
            what: format!("{} takes {taken}, of which docs/dependencies.md says nothing", package.name),
            todo: "Give it a line there with licence and reason, or do without it".to_owned(),
        }));
    }
    findings
}

fn items(source: &Source, findings: &mut Vec<Finding>) {
    let mut at = 0;
    let mut documented = false;
    let mut owner_is_private = false;
    for (line, text) in source.code.split_inclusive('\n').zip(source.text.split_inclusive('\n')) {
        if !line.starts_with([' ', '\n']) {
            owner_is_private = line.starts_with("impl") && is_private(source, owner(line));
        }
        let (code, text) = (line.trim(), text.trim());
        let item = ITEMS.iter().find(|item| code.starts_with(item.trim_end()) && text.starts_with(*item));
        let counts = !documented && !owner_is_private && !source.is_test(at);
        if let Some(item) = item.filter(|_| counts) {
            let what = format!("`{item}{}` has no doc comment", word(&text[item.len()..]));
            findings.push(Finding {
                path: source.path.clone(),
                line: source.line(at),
                what,
                todo: "Say in a sentence what it does or holds".to_owned(),
            });
        }
        let is_attribute = code.starts_with("#[") || text.starts_with("//");
        documented = text.starts_with("///") || text.contains("#[doc") || (documented && is_attribute);
        at += line.len();
    }
}

/// The type whose `impl` a line begins: `B` of `impl<'a> A for B<'a> {`.
fn owner(line: &str) -> &str {
    let line = line.split_once(" for ").map_or_else(
        || line.trim_start_matches("impl").trim_start_matches(|c: char| c != ' ').trim_start(),
        |(_, name)| name,
    );
    word(line)
}

/// Whether this file declares a type that only the crate knows.
fn is_private(source: &Source, name: &str) -> bool {
    ["struct", "enum"].iter().any(|kind| {
        let declared = format!("{kind} {name}");
        source.find(&declared).any(|at| !source.code[..at].ends_with("pub "))
    })
}

fn word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

//! `cargo xtask tidy`: the rules of STYLE.md and ARCHITECTURE.md that a program can check.
//!
//! Each rule is a function from the workspace to findings, one file per kind, in the list `RULES`.
//! `tests.rs` holds a bad sample for each rule, so that each is known to be able to fail.

mod docs;
mod floors;
mod lengths;
mod licences;
mod modules;
mod source;
mod sql;
mod words;

#[cfg(test)]
mod tests;

use crate::workspace;
use serde_json::Value;
use source::Source;
use std::fmt;
use std::fs;
use std::path::Path;

/// One thing to mend: where, what, and what to do.
#[derive(Debug, PartialEq)]
pub struct Finding {
    path: String,
    line: usize,
    what: String,
    todo: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}. {}.", self.path, self.line, self.what, self.todo)
    }
}

/// A crate of the workspace.
#[derive(Debug)]
pub struct Package {
    name: String,
    /// Relative to the root, as in `crates/fhir`.
    folder: String,
    /// What it is built from; dependencies of tests only are not among them.
    uses: Vec<String>,
    /// What it takes from a registry, tests and build scripts included.
    takes: Vec<String>,
    has_readme: bool,
}

/// The workspace as far as the rules need it.
#[derive(Debug, Default)]
pub struct Workspace {
    packages: Vec<Package>,
    sources: Vec<Source>,
    /// The text of `docs/dependencies.md`.
    dependencies: String,
    /// Name and licence of every crate from a registry that is built in.
    licences: Vec<(String, String)>,
}

type Rule = fn(&Workspace) -> Vec<Finding>;

const RULES: [Rule; 18] = [
    floors::only_lower,
    floors::services_stay_pure,
    floors::services_are_catalogued,
    lengths::files,
    lengths::functions,
    lengths::lines,
    sql::constant,
    words::unwrap,
    words::drawers,
    words::reminders,
    words::printing,
    words::ignored_tests,
    words::sleeping_tests,
    words::derived_formats,
    words::machine_paths,
    docs::all,
    docs::dependencies,
    licences::accepted,
];

pub fn run() -> Result<(), String> {
    let workspace = read(&workspace::root())?;
    let mut findings = check(&workspace);
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, {} rules, no finding", workspace.sources.len(), RULES.len());
            Ok(())
        }
        count => Err(format!("tidy: {count} findings")),
    }
}

fn check(workspace: &Workspace) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(workspace)).collect()
}

fn read(root: &Path) -> Result<Workspace, String> {
    let metadata = workspace::graph()?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let (ours, others): (Vec<_>, Vec<_>) = packages.iter().partition(|package| package["source"].is_null());
    let packages = ours.iter().map(|package| read_package(root, package)).collect::<Result<Vec<_>, _>>()?;
    let mut sources = Vec::new();
    for package in &packages {
        read_sources(root, &root.join(&package.folder), &mut sources)?;
    }
    modules::mark_tests(&mut sources);
    let dependencies = root.join("docs/dependencies.md");
    let dependencies =
        fs::read_to_string(&dependencies).map_err(|e| format!("{}: {e}", dependencies.display()))?;
    let word = |value: &Value| value.as_str().unwrap_or("not at all").to_owned();
    let licences = others.iter().map(|other| (word(&other["name"]), word(&other["license"]))).collect();
    Ok(Workspace { packages, sources, dependencies, licences })
}

fn read_package(root: &Path, package: &Value) -> Result<Package, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("cargo metadata lacks a name");
    let manifest = text(&package["manifest_path"])?;
    let folder = Path::new(&manifest).parent().expect("a manifest is in a folder");
    let uses = package["dependencies"].as_array().ok_or("cargo metadata lacks dependencies")?;
    let names = |wanted: fn(&Value) -> bool| -> Result<Vec<String>, &str> {
        uses.iter().filter(|used| wanted(used)).map(|used| text(&used["name"])).collect()
    };
    Ok(Package {
        name: text(&package["name"])?,
        folder: relative(root, folder),
        uses: names(|used| used["kind"] != "dev")?,
        takes: names(|used| !used["source"].is_null())?,
        has_readme: folder.join("README.md").exists(),
    })
}

fn read_sources(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<(), String> {
    let could_not = |e: std::io::Error| format!("Could not read {}: {e}", folder.display());
    let mut entries =
        fs::read_dir(folder).map_err(could_not)?.collect::<Result<Vec<_>, _>>().map_err(could_not)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                read_sources(root, &path, sources)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text =
                fs::read_to_string(&path).map_err(|e| format!("Could not read {}: {e}", path.display()))?;
            sources.push(Source::new(&relative(root, &path), &text));
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

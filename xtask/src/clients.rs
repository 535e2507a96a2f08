//! The door as others see it: FHIR clients from the registries, and a fuzzer that holds the OpenAPI description
//! against what the door answers, at a small demo.

use crate::ci::{Counts, number_before};
use crate::demo::Demo;
use crate::{assets, shell, workspace};
use std::fs;
use std::path::{Path, PathBuf};

const WANTED: &str = "checks/clients/requirements.txt";

pub fn check(counts: &mut Counts) -> Result<(), String> {
    assets::install(&workspace::root().join("checks"))?;
    let folder = workspace::target()?.join("clients");
    let python = python(&folder)?;
    let place = folder.join("demo");
    let demo = Demo::start(&place)?;
    let token = demo.token("system")?;
    let base = format!("{}/fhir", demo.base);
    let mut visit = |program: &Path, arguments: &[&str]| {
        let mut command = shell::command(&program.display().to_string(), arguments);
        command.env("BASE", &base).env("TOKEN", &token);
        shell::watch(command, |line| {
            if line.ends_with(" failed") {
                counts.passed += number_before(line, " passed");
                counts.failed += number_before(line, " failed");
            }
        })
    };
    visit(Path::new("node"), &["checks/clients/kit.mjs"])?;
    visit(&python.join("python"), &["checks/clients/py.py"])?;
    visit(Path::new("node"), &["checks/clients/smart.mjs"])?;
    visit(&python.join("python"), &["checks/clients/backend.py"])?;
    let (url, header) = (format!("{base}/openapi.json"), format!("Authorization: Bearer {token}"));
    let config = "--config-file=checks/clients/schemathesis.toml";
    visit(&python.join("schemathesis"), &[config, "run", &url, "--header", &header])
}

/// The programs of an environment of its own with what the clients need; made anew when that has changed.
fn python(folder: &Path) -> Result<PathBuf, String> {
    let (place, wanted) = (folder.join("venv"), workspace::root().join(WANTED));
    let wanted = fs::read_to_string(&wanted).map_err(|e| format!("{WANTED}: {e}"))?;
    let stamp = place.join("stamp.txt");
    let programs = place.join("bin");
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        return Ok(programs);
    }
    let shown = place.display().to_string();
    let make = || shell::run("python3", &["-m", "venv", "--clear", &shown]);
    make().or_else(|_| {
        shell::run("apt-get", &["update", "-q"])?;
        shell::run("apt-get", &["install", "-q", "-y", "--no-install-recommends", "python3-venv"])?;
        make()
    })?;
    let pip = programs.join("pip").display().to_string();
    shell::run(&pip, &["install", "--quiet", "--disable-pip-version-check", "--requirement", WANTED])?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(programs)
}

//! The browser checks: starts a small demo on a free port of this machine and visits all its pages in a
//! headless Chromium with `checks/check.mjs`.

use crate::ci::{Counts, number_before};
use crate::demo::Demo;
use crate::{assets, shell, workspace};
use std::path::Path;

/// An account that `carespine demo` makes and prints.
const ACCOUNT: &str = "doctor";
const PASSWORD: &str = "demonstration";
/// Pages of other people's work.
const OTHERS: [(&str, &[&str]); 2] = [
    (
        "admin",
        &[
            "/home",
            "/people",
            "/people/doctor",
            "/roles",
            "/workgroups",
            "/agreements",
            "/apps",
            "/apps/register",
            "/administration/join",
            "/administration/gain?account=doctor",
            "/administration/workgroup",
            "/administration/agree",
        ],
    ),
    ("privacy", &["/home", "/privacy", "/privacy/trail", "/privacy/review?task=Task/x"]),
];
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

pub fn build() -> Result<(), String> {
    shell::run("cargo", &["build", "--workspace", "--bins"])
}

pub fn check(counts: &mut Counts) -> Result<(), String> {
    let chromium = chromium()?;
    assets::install(&workspace::root().join("checks"))?;
    let mut visit = |who: &str, script: &str, arguments: &[&str]| {
        let words = [&[script], arguments].concat();
        let mut command = shell::command("node", &words);
        command.env("CHROMIUM", &chromium).env("USER", who).env("PASS", PASSWORD);
        shell::watch(command, |line| {
            if line.ends_with(" failed") {
                counts.passed += number_before(line, " passed");
                counts.failed += number_before(line, " failed");
            }
        })
    };
    visit(ACCOUNT, "checks/self-test.mjs", &[])?;
    let folder = workspace::target()?.join("browser-checks");
    let demo = Demo::start(&folder)?;
    visit(ACCOUNT, "checks/check.mjs", &[&demo.base])?;
    // What the first does not see, page by page.
    for (who, pages) in &OTHERS {
        let arguments = [&[demo.base.as_str()][..], *pages].concat();
        visit(who, "checks/check.mjs", &arguments)?;
    }
    Ok(())
}

/// The browser: as `CHROMIUM` says, or as installed, or installed now where that is allowed.
fn chromium() -> Result<String, String> {
    if let Ok(path) = std::env::var("CHROMIUM") {
        return Ok(path);
    }
    let installed = || BROWSERS.iter().find(|path| Path::new(path).exists()).map(|path| (*path).to_owned());
    if let Some(path) = installed() {
        return Ok(path);
    }
    shell::run("apt-get", &["update", "-q"])
        .and_then(|()| shell::run("apt-get", &["install", "-q", "-y", "--no-install-recommends", "chromium"]))
        .map_err(|e| {
            format!("{e}\nThe browser checks need Chromium: install it, or set CHROMIUM to its path")
        })?;
    installed().ok_or_else(|| "Chromium was installed but is not at a known path; set CHROMIUM".into())
}

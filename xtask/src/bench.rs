//! `cargo xtask bench`: measurements need the release build; everything else is the bench crate's.

use crate::shell;

pub fn run(arguments: &[&str]) -> Result<(), String> {
    // The bench crate starts the program, which it finds beside itself.
    shell::run("cargo", &["build", "--release", "--package", "app"])?;
    let mut words = vec!["run", "--release", "--package", "bench", "--"];
    words.extend(arguments);
    shell::run("cargo", &words)
}

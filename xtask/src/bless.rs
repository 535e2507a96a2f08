//! `cargo xtask bless`: runs the tests with `CARESPINE_BLESS=1`, in which every snapshot that differs is
//! written anew instead of failing. The diff is then read by a person before it is committed.

use crate::shell;

pub fn run() -> Result<(), String> {
    let mut tests = shell::command("cargo", &["test", "--workspace"]);
    tests.env("CARESPINE_BLESS", "1");
    shell::finish(tests)?;
    println!("Snapshots are up to date. Read `git diff` before you commit.");
    Ok(())
}

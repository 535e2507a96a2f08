//! `cargo xtask ci`: everything that `make test` checks, step by step, all in the dev profile so that nothing
//! is built twice. A step that fails does not hide the next ones, unless they could not run without it.

use crate::{assets, browser, clients, definitions, shell, tidy, workspace};
use std::env;
use std::time::{Duration, Instant};
use testbed::{Cluster, Settings};

/// What a step counted: tests, or pages at a size. A step that is one check counts itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

struct Step {
    name: &'static str,
    /// The steps after this one cannot run when it has failed.
    needed: bool,
    run: fn(&mut Counts) -> Result<(), String>,
}

const STEPS: [Step; 9] = [
    Step { name: "definitions: the tables of FHIR R4", needed: true, run: |_| definitions::run() },
    Step { name: "assets: style sheets, fonts, scripts", needed: true, run: |_| assets::run() },
    Step {
        name: "format: cargo fmt",
        needed: false,
        run: |_| shell::run("cargo", &["fmt", "--all", "--check"]),
    },
    Step { name: "tidy: the rules of STYLE.md", needed: false, run: |_| tidy::run() },
    Step { name: "lints: clippy without a warning", needed: false, run: |_| clippy() },
    Step {
        name: "tests: cargo test on both engines, crash and leak tests among them",
        needed: false,
        run: tests,
    },
    Step {
        name: "build: the program that clients and the browser visit",
        needed: true,
        run: |_| browser::build(),
    },
    Step { name: "clients: FHIR clients of others, and a fuzzer", needed: false, run: clients::check },
    Step { name: "browser: every page at three sizes", needed: false, run: browser::check },
];

/// Runs all steps, or only those named: `cargo xtask ci build browser`.
pub fn run(only: &[&str]) -> Result<(), String> {
    let named =
        |step: &&Step| only.is_empty() || only.iter().any(|word| step.name.split(':').next() == Some(word));
    let steps: Vec<&Step> = STEPS.iter().filter(named).collect();
    if steps.is_empty() || steps.len() < only.len() {
        let names = STEPS.map(|step| step.name).join("\n  ");
        return Err(format!("There is no such step. The steps are:\n  {names}"));
    }
    let start = Instant::now();
    let mut total = Counts::default();
    let mut lines = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        println!("\n== {}/{} {} (after {})", at + 1, steps.len(), step.name, shown(start.elapsed()));
        let begin = Instant::now();
        let mut counts = Counts::default();
        let outcome = (step.run)(&mut counts);
        if let Err(reason) = &outcome {
            println!("{reason}");
        }
        counts = settled(counts, outcome.is_ok());
        total.passed += counts.passed;
        total.failed += counts.failed;
        let word = if outcome.is_ok() { "ok    " } else { "FAILED" };
        lines.push(format!("{word} {:>7}  {}", shown(begin.elapsed()), step.name));
        if outcome.is_err() && step.needed {
            lines.extend(steps[at + 1..].iter().map(|left| format!("not run        -  {}", left.name)));
            break;
        }
    }
    println!("\n== Summary, {}\n{}", shown(start.elapsed()), lines.join("\n"));
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 {
        Ok(())
    } else {
        Err("Not everything passed; the first message of a step says why".into())
    }
}

/// A step without counts of its own is one check; a step that failed has at least one failure.
fn settled(counts: Counts, passed: bool) -> Counts {
    match (counts, passed) {
        (Counts { passed: 0, failed: 0 }, true) => Counts { passed: 1, failed: 0 },
        (Counts { passed, failed: 0 }, false) => Counts { passed, failed: 1 },
        (counts, _) => counts,
    }
}

fn clippy() -> Result<(), String> {
    shell::run("cargo", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}

/// The crates whose tests open a record, which are run on both engines.
const ON_BOTH: [&str; 17] = [
    "record",
    "access",
    "identity",
    "conformance",
    "service",
    "audit",
    "chart",
    "consent",
    "privacy",
    "relationships",
    "apps",
    "administration",
    "example",
    "rest",
    "web",
    "cli",
    "app",
];

fn tests(counts: &mut Counts) -> Result<(), String> {
    if let Some(reason) = testbed::missing() {
        return Err(reason);
    }
    // One server for all test programs, unless there is one already; it goes at the end of this function.
    let server = env::var_os(testbed::SHARED).is_none().then(|| Cluster::start(Settings::fast()));
    let url = server.as_ref().map(Cluster::url);
    let all = tested("sqlite", &["--workspace"], url.as_deref(), counts);
    let both: Vec<&str> = ON_BOTH.iter().flat_map(|name| ["--package", name]).collect();
    let both = tested("postgres", &both, url.as_deref(), counts);
    all.and(both)
}

/// Runs the tests of some crates on an engine.
fn tested(engine: &str, crates: &[&str], server: Option<&str>, counts: &mut Counts) -> Result<(), String> {
    let begin = Instant::now();
    // The issuer that sign-in is tried with.
    assets::install(&workspace::root().join("checks"))?;
    let mut command = shell::command("cargo", &["test", "--no-fail-fast"]);
    command.args(crates).env(testbed::ENGINE, engine);
    if let Some(url) = server {
        command.env(testbed::SHARED, url);
    }
    let outcome = shell::watch(command, |line| {
        if let Some(rest) = line.strip_prefix("test result: ") {
            counts.passed += number_before(rest, " passed");
            counts.failed += number_before(rest, " failed");
        }
    });
    println!("-- on {engine}: {}", shown(begin.elapsed()));
    outcome
}

/// The number that stands just before a word: 12 in `ok. 12 passed; 0 failed`.
pub fn number_before(line: &str, word: &str) -> u64 {
    let number = line.split_once(word).map_or("", |(before, _)| before);
    number.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn shown(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_cargo_test_are_read() {
        let line = "ok. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!((number_before(line, " passed"), number_before(line, " failed")), (12, 3));
        assert_eq!(number_before("nothing", " passed"), 0);
    }

    #[test]
    fn a_step_that_failed_never_counts_as_passed() {
        assert_eq!(settled(Counts { passed: 9, failed: 0 }, false), Counts { passed: 9, failed: 1 });
        assert_eq!(settled(Counts::default(), false), Counts { passed: 0, failed: 1 });
        assert_eq!(settled(Counts { passed: 9, failed: 2 }, false), Counts { passed: 9, failed: 2 });
    }

    #[test]
    fn a_step_without_counts_is_one_check() {
        assert_eq!(settled(Counts::default(), true), Counts { passed: 1, failed: 0 });
        assert_eq!(settled(Counts { passed: 9, failed: 0 }, true), Counts { passed: 9, failed: 0 });
    }
}

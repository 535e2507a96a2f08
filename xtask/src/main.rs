//! The chores of this repository: `cargo xtask CHORE`. One file per chore.
#![allow(clippy::print_stdout, reason = "chores talk to the person who runs them")]

mod assets;
mod bench;
mod bless;
mod browser;
mod ci;
mod clients;
mod definitions;
mod demo;
mod new_service;
mod shell;
mod tidy;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask CHORE

  new-service NAME   write services/NAME and enter it in the catalogue
  tidy               check the rules of STYLE.md that a program can check
  definitions        fetch the FHIR R4 definitions and make the tables the fhir crate is built from
  assets             make the style sheets, fonts and scripts the web crate is built from
  bless              run the tests and accept every changed snapshot; read the diff before you commit
  bench ARGS         measure; the arguments go to the bench crate (--help lists them)
  ci [STEP...]       everything that `make test` checks, or some steps of it: definitions, assets, format,
                     tidy, lints, tests, build, browser";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["new-service", name] => new_service::run(name),
        ["tidy"] => tidy::run(),
        ["definitions"] => definitions::run(),
        ["assets"] => assets::run(),
        ["bless"] => bless::run(),
        ["bench", rest @ ..] => bench::run(rest),
        ["ci", only @ ..] => ci::run(only),
        ["help" | "--help" | "-h"] | [] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("No such chore: {}\n\n{HELP}", words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

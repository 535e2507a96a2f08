#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod demo;
mod health;
mod serve;
#[cfg(test)]
mod tests;
mod validating;
mod words;

use clap::Parser;
use cli::{Arguments, Command};
use std::ops::ControlFlow;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let command = match cli::run(arguments.command) {
        ControlFlow::Break(code) => return code,
        ControlFlow::Continue(command) => command,
    };
    let outcome = match command {
        Command::Serve(serve) => config::Config::read(&serve).and_then(|config| serve::serve(&config)),
        Command::Demo(demo) => demo::demo(&demo),
        // cli::run gives back only the two above.
        _ => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("{refusal}");
            ExitCode::FAILURE
        }
    }
}

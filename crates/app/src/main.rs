#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod demo;
mod health;
mod issuers;
mod load;
mod serve;
mod settling;
#[cfg(test)]
mod tests;
mod trail;
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
        Command::Load(load) => {
            return load::load(&load).unwrap_or_else(|refusal| {
                eprintln!("{refusal}");
                ExitCode::FAILURE
            });
        }
        // cli::run gives back only the three above.
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

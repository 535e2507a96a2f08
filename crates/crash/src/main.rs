#![doc = include_str!("../README.md")]

mod check;
mod kill;
mod writers;

use clap::{Parser, Subcommand};
use record::Refusal;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "carespine-crash", about = "Shows that acknowledged writes survive crashes")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes until it is stopped.
    Write {
        /// The record's folder.
        dir: PathBuf,
        /// Where acknowledgements go, a line each; on another file system than DIR.
        #[arg(long)]
        acknowledged: PathBuf,
        /// Do not wait for the disk: for the harness to prove that it can see a loss.
        #[arg(long)]
        relaxed: bool,
    },
    /// Checks a record against the acknowledgements.
    Check {
        /// The record's folder.
        dir: PathBuf,
        /// The acknowledgements.
        #[arg(long)]
        acknowledged: PathBuf,
    },
    /// Starts, kills and checks writers, again and again.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 1_000)]
        times: u32,
        /// Where the delays come from; a failure prints it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Write { dir, acknowledged, relaxed } => writers::write(&dir, &acknowledged, !relaxed),
        Command::Check { dir, acknowledged } => check::command(&dir, &acknowledged),
        Command::Kill { times, seed } => kill::command(times, seed),
    };
    outcome.unwrap_or_else(|refusal: Refusal| {
        eprintln!("{refusal}");
        ExitCode::FAILURE
    })
}

#![doc = include_str!("../README.md")]

mod check;
mod follower;
mod kill;
mod kills;
mod ledger;
mod node;
mod requests;
mod stall;
mod standby;
#[cfg(test)]
mod tests;
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
    /// Kills PostgreSQL under two nodes, again and again.
    KillDatabase {
        /// How often.
        #[arg(long, default_value_t = 50)]
        times: u32,
        /// Where the delays come from; a failure prints it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Kills PostgreSQL for good, and lets its standby take its place, again and again.
    FailOver {
        /// How often.
        #[arg(long, default_value_t = 10)]
        times: u32,
        /// Where the delays come from; a failure prints it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Kills one of two nodes on one PostgreSQL, again and again.
    KillNodes {
        /// How often.
        #[arg(long, default_value_t = 50)]
        times: u32,
        /// Where the delays come from; a failure prints it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Breaks off commits that wait for a standby.
    BreakOff {
        /// How often.
        #[arg(long, default_value_t = 20)]
        times: u64,
    },
    /// Stops a node in the middle of a group of commits.
    Stall {
        /// Where.
        #[arg(long, value_enum, default_value_t = stall::Where::Command)]
        at: stall::Where,
    },
    /// What `stall` starts and stops.
    #[command(hide = true)]
    StallingNode {
        /// The record's database.
        place: String,
        /// Where it is stopped.
        #[arg(long, value_enum)]
        at: stall::Where,
    },
    /// What the kills start: writes requests until its input is closed.
    #[command(hide = true)]
    Node {
        /// The record's database.
        place: String,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// Where acknowledgements go.
        #[arg(long)]
        acknowledged: PathBuf,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse())
}

fn run(arguments: Arguments) -> ExitCode {
    let outcome = match arguments.command {
        Command::Write { dir, acknowledged, relaxed } => writers::write(&dir, &acknowledged, !relaxed),
        Command::Check { dir, acknowledged } => check::command(&dir, &acknowledged),
        Command::Kill { times, seed } => kill::command(times, seed),
        Command::KillDatabase { times, seed } => kills::command_database(times, seed),
        Command::FailOver { times, seed } => kills::command_fail_over(times, seed),
        Command::KillNodes { times, seed } => kills::command_nodes(times, seed),
        Command::BreakOff { times } => standby::command(times),
        Command::Stall { at } => stall::command(at),
        Command::StallingNode { place, at } => stall::node(&place, at),
        Command::Node { place, name, acknowledged } => node::write(&place, &name, &acknowledged),
    };
    outcome.unwrap_or_else(|refusal: Refusal| {
        eprintln!("{refusal}");
        ExitCode::FAILURE
    })
}

#![doc = include_str!("../README.md")]

mod client;
mod load;
mod machine;
mod measure;
mod people;
mod process;
mod report;
mod scenario;
mod server;

use clap::Parser;
use people::People;
use report::{Report, Run};
use scenario::Scenario;
use server::{Kind, Program};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Resources of the usual stores, and of the one that `--large` adds.
const SIZES: [usize; 2] = [10_000, 100_000];
const LARGE: usize = 1_000_000;

/// Measures a Carespine server, and another beside it.
#[derive(Parser)]
#[command(name = "carespine-bench", max_term_width = 100)]
struct Arguments {
    /// Resources in the store; several with commas. [default: 10000,100000]
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<usize>,
    /// Add a store of a million resources.
    #[arg(long)]
    large: bool,
    /// Connections that ask at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 16])]
    concurrency: Vec<usize>,
    /// Seconds that each figure is measured for, after a tenth of that to warm up.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Ask only the questions whose names hold this text.
    #[arg(long, default_value = "")]
    only: String,
    /// The server to measure. [default: `carespine` beside this program]
    #[arg(long)]
    carespine: Option<PathBuf>,
    /// The program `hfs` of the Helios FHIR server, to be measured beside it.
    #[arg(long)]
    helios: Option<PathBuf>,
    /// The published search parameters of R4, which Helios reads when it starts.
    #[arg(long, default_value = "target/definitions/dist/fhir/r4/search-parameters.json")]
    search_parameters: PathBuf,
    /// The largest store that Helios is measured with.
    #[arg(long, default_value_t = 100_000)]
    helios_max: usize,
    /// The seed of the people in the store.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for data and stores. [default: a temporary one]
    #[arg(long)]
    work: Option<PathBuf>,
    /// File for the table. [default: standard output]
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let temporary = tempfile::tempdir()?;
    let work = arguments.work.as_deref().unwrap_or(temporary.path());
    let mut sizes = if arguments.sizes.is_empty() { SIZES.to_vec() } else { arguments.sizes.clone() };
    sizes.extend(arguments.large.then_some(LARGE));
    let mut report = Report::new();
    for size in sizes {
        let people = People::write(&work.join(format!("people-{size}")), arguments.seed, size)?;
        for program in programs(arguments, size)? {
            report.runs.push(one(arguments, &people, &program, work)?);
        }
    }
    let text = report.text();
    match &arguments.out {
        Some(file) => std::fs::write(file, text),
        None => {
            println!("{text}");
            Ok(())
        }
    }
}

/// The servers to measure with a store of this size.
fn programs(arguments: &Arguments, size: usize) -> io::Result<Vec<Program>> {
    let beside = || Ok::<_, io::Error>(std::env::current_exe()?.with_file_name("carespine"));
    let ours = arguments.carespine.clone().map_or_else(beside, Ok)?;
    let mut programs = vec![Program { kind: Kind::Carespine, file: there(&ours)? }];
    if let Some(file) = arguments.helios.as_deref().filter(|_| size <= arguments.helios_max) {
        let search_parameters = there(&arguments.search_parameters)?;
        programs.push(Program { kind: Kind::Helios { search_parameters }, file: there(file)? });
    }
    Ok(programs)
}

fn there(file: &Path) -> io::Result<PathBuf> {
    file.canonicalize().map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", file.display())))
}

/// Everything about one server with one store.
fn one(arguments: &Arguments, people: &People, program: &Program, work: &Path) -> io::Result<Run> {
    let name = program.kind.name();
    let data = work.join(format!("{name}-{}", people.resources));
    println!("{name}: {} resources", people.resources);
    let loads = load::all(program, people, &data)?;
    let server = program.start(&data)?;
    let (started, idle_bytes) = (server.started, server.process.resident_bytes());
    let mut figures = Vec::new();
    let wanted = |scenario: &Scenario| scenario.name.contains(&arguments.only);
    for scenario in scenario::all(&server, people).into_iter().filter(wanted) {
        println!("{name}: {}", scenario.name);
        let time = Duration::from_secs_f64(arguments.seconds);
        figures.push(measure::scenario(&server, scenario, &arguments.concurrency, time)?);
    }
    drop(server);
    std::fs::remove_dir_all(&data)?;
    Ok(Run { server: name, resources: people.resources, loads, started, idle_bytes, figures })
}

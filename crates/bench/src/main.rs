#![doc = include_str!("../README.md")]

mod client;
mod engine;
mod export;
mod load;
mod machine;
mod measure;
mod people;
mod process;
mod report;
mod scenario;
mod server;
mod stream;
#[allow(dead_code, clippy::unwrap_used, reason = "files() is for tests")]
#[path = "../../fhir/src/suites.rs"]
mod suites;
mod validation;
mod view;

use clap::Parser;
use engine::{Engine, Place, Postgres};
use people::People;
use report::{Report, Run};
use scenario::Writes;
use server::{Kind, Program};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use stream::Crowd;

/// Resources of the usual stores, and of those that `--large` and `--huge` add.
const SIZES: [usize; 2] = [10_000, 100_000];
const LARGE: usize = 1_000_000;
const HUGE: usize = 10_000_000;
/// The people who come while a server is streamed to have seeds of their own.
const CROWD_SEED: u64 = 1_000_000;

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
    /// Add one of ten million: hours, and 60 GB of disk.
    #[arg(long)]
    huge: bool,
    /// Engines to measure each server on.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    engines: Vec<Engine>,
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
    /// Seconds of a stream of writes with nothing beside it; with 0 the head of the line is not looked at.
    #[arg(long, default_value_t = 10.0)]
    alone: f64,
    /// The head of the line is looked at with the largest store that is not larger than this.
    #[arg(long, default_value_t = 100_000)]
    stream_max: usize,
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
    sizes.extend(arguments.huge.then_some(HUGE));
    let postgres = arguments.engines.contains(&Engine::Postgres).then(Postgres::start).transpose()?;
    let streamed = sizes.iter().copied().filter(|size| *size <= arguments.stream_max).max();
    let mut report = Report::new(postgres.as_ref().map(Postgres::version));
    for size in sizes {
        let people = People::write(&work.join(format!("people-{size}")), arguments.seed, size)?;
        let crowd = (Some(size) == streamed && arguments.alone > 0.0)
            .then(|| Crowd::write(&work.join("crowd"), arguments.seed + CROWD_SEED))
            .transpose()?;
        for program in programs(arguments, size)? {
            for &engine in &arguments.engines {
                let postgres = postgres.as_ref().filter(|_| engine == Engine::Postgres);
                let folder = work.join(format!("{}-{}-{size}", program.kind.name(), engine.name()));
                let mut place = Place::new(folder, postgres)?;
                println!("{}, {}: {} resources", program.kind.name(), engine.name(), people.resources);
                let run = one(arguments, &people, &program, &mut place, crowd.as_ref());
                match run {
                    Ok(run) => report.runs.push(run),
                    // What another server cannot do is told, and the rest is measured.
                    Err(error) if program.kind != Kind::Carespine => {
                        report.failed.push(format!(
                            "{} on {} with {} resources: {}",
                            program.kind.name(),
                            engine.name(),
                            people.resources,
                            error
                        ));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
    report.publish(arguments.out.as_deref())
}

/// The servers to measure with a store of this size.
fn programs(arguments: &Arguments, size: usize) -> io::Result<Vec<Program>> {
    let beside = || Ok::<_, io::Error>(std::env::current_exe()?.with_file_name("carespine"));
    let ours = arguments.carespine.clone().map_or_else(beside, Ok)?;
    let mut programs = vec![Program { kind: Kind::Carespine, file: there(&ours)?, settings: String::new() }];
    if let Some(file) = arguments.helios.as_deref().filter(|_| size <= arguments.helios_max) {
        let search_parameters = there(&arguments.search_parameters)?;
        let kind = Kind::Helios { search_parameters };
        programs.push(Program { kind, file: there(file)?, settings: String::new() });
    }
    Ok(programs)
}

fn there(file: &Path) -> io::Result<PathBuf> {
    file.canonicalize().map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", file.display())))
}

/// Everything about one server with one store.
fn one(
    arguments: &Arguments,
    people: &People,
    program: &Program,
    place: &mut Place<'_>,
    crowd: Option<&Crowd>,
) -> io::Result<Run> {
    let is_ours = program.kind == Kind::Carespine;
    let time = Duration::from_secs_f64(arguments.seconds);
    let loads = load::all(program, people, place)?;
    let views = if is_ours && arguments.wants(view::NAME) { view::all(program, place)? } else { Vec::new() };
    let server = program.start(place)?;
    let (started, idle) = (server.started, server.memory());
    let mut figures = Vec::new();
    let mut scenarios = scenario::all(&server, people);
    if is_ours {
        scenarios.extend(scenario::terminology(&server, people));
    }
    for scenario in scenarios.into_iter().filter(|scenario| arguments.wants(scenario.name)) {
        println!("  {}", scenario.name);
        figures.push(measure::scenario(&server, scenario, &arguments.concurrency, time)?);
    }
    let used = server.memory();
    let situations = match crowd.filter(|_| is_ours) {
        Some(crowd) => {
            let alone = Duration::from_secs_f64(arguments.alone);
            let writes = Writes::results(&server, people, "stream");
            stream::all(program, place, &server, &writes, crowd, alone, people.resources)?
        }
        None => Vec::new(),
    };
    drop(server);
    let validated = if is_ours && arguments.wants(validation::NAME) {
        validation::all(program, people, place, &arguments.concurrency, time)?
    } else {
        Vec::new()
    };
    let (server, engine, resources) = (program.kind.name(), place.engine(), people.resources);
    Ok(Run { server, engine, resources, loads, started, idle, used, figures, situations, views, validated })
}

impl Arguments {
    /// Whether what has this name is to be measured.
    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

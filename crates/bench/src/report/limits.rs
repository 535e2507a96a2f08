//! The figures against the limits of ARCHITECTURE.md.

use super::{Run, cpu_ms, megabytes, ms, row, thousands};
use crate::engine::Engine;
use crate::measure::Figure;
use crate::process::Cpu;
use crate::scenario::{EVERYTHING, NAMES, NUMBERS, READ, RESULTS};
use std::time::Duration;

const LOAD_RATE: f64 = 15_000.0;
const LOAD_CPU: Duration = Duration::from_micros(120);
const LOAD_BYTES: f64 = 1_000.0;
const START: Duration = Duration::from_secs(1);
const IDLE_BYTES: f64 = 200_000_000.0;
const READ_CPU: Duration = Duration::from_micros(30);
const SEARCH_CPU: Duration = Duration::from_micros(50);
const SEARCH_TIME: Duration = Duration::from_millis(5);
/// Processor time for each byte of everything about a patient: 2 ms for 500 kB.
const EVERYTHING_CPU_A_BYTE: f64 = 0.002 / 500_000.0;

/// One row for each limit, measured with the largest store that our server had on each engine.
pub(super) fn write(runs: &[Run], text: &mut String) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let ours = runs.iter().filter(|run| run.server == "carespine" && run.engine == engine);
        let Some(run) = ours.max_by_key(|run| run.resources) else { continue };
        text.push_str(&format!("\n## {} against the limits of ARCHITECTURE.md\n\n", engine.name()));
        text.push_str(&format!("With {} resources. ", thousands(run.resources as f64)));
        text.push_str("Processor times are the least at any number of clients");
        text.push_str(match engine {
            Engine::Sqlite => ".\n\n",
            Engine::Postgres => ", the database's included. Twice the limits of SQLite are allowed.\n\n",
        });
        row(text, &["work", "limit", "measured", "met"]);
        row(text, &["---", "---", "---", "---"]);
        let mut table = Table { run, allowed: if engine == Engine::Sqlite { 1 } else { 2 }, text };
        table.loading();
        table.starting();
        table.asking();
    }
}

/// The table of one engine.
struct Table<'a> {
    run: &'a Run,
    /// How many times the limit is allowed.
    allowed: u32,
    text: &'a mut String,
}

impl Table<'_> {
    fn loading(&mut self) {
        let Some(load) = self.run.loads.first() else { return };
        let (each, allowed) = (self.run.resources as f64, f64::from(self.allowed));
        let (rate, least) = (each / load.took.as_secs_f64(), LOAD_RATE / allowed);
        let limit = format!("{} resources a second", thousands(least));
        self.line("import: rate", &limit, &format!("{} a second", thousands(rate)), rate >= least);
        let (cpu, limit) = (load.cpu.each(each), LOAD_CPU * self.allowed);
        let shown = format!("{} ms", cpu_ms(cpu));
        self.line("import: processor", &format!("{} ms a resource", ms(limit)), &shown, cpu.total() <= limit);
        let (bytes, limit) = (load.disk as f64 / each, LOAD_BYTES * allowed);
        let shown = format!("{} bytes", thousands(bytes));
        self.line("import: disk", &format!("{} bytes a resource", thousands(limit)), &shown, bytes <= limit);
    }

    fn starting(&mut self) {
        let (started, limit) = (self.run.started, START * self.allowed);
        let shown = format!("{} ms", started.as_millis());
        let limit_shown = format!("{} s with a million resources", limit.as_secs());
        self.line("start to the first answer", &limit_shown, &shown, started < limit);
        let (own, database) = self.run.idle;
        let (bytes, limit) = ((own + database.unwrap_or(0)) as f64, IDLE_BYTES * f64::from(self.allowed));
        let shown = format!("{} MB", megabytes(self.run.idle));
        self.line("idle memory", &format!("{} MB", thousands(limit / 1e6)), &shown, bytes < limit);
    }

    fn asking(&mut self) {
        let run = self.run;
        let least = |name: &str| {
            let figure = run.figures.iter().find(|figure| figure.name == name)?;
            Some((figure, least_cpu(figure)?))
        };
        let Some((_, read)) = least(READ) else { return };
        let limit = READ_CPU * self.allowed;
        let shown = format!("{} ms", cpu_ms(read));
        self.line(READ, &format!("{} ms of processor", ms(limit)), &shown, read.total() <= limit);
        for name in [RESULTS, NAMES, NUMBERS] {
            let Some((figure, cpu)) = least(name) else { continue };
            let (more, limit) = (cpu.total().saturating_sub(read.total()), SEARCH_CPU * self.allowed);
            let limit_shown = format!("{} ms more than a read", ms(limit));
            self.line(name, &limit_shown, &format!("{} ms", ms(more)), more <= limit);
            let Some(point) = figure.points.first() else { continue };
            let (shown, limit) = (ms(point.most), SEARCH_TIME * self.allowed);
            let shown = format!("{shown} ms with {} client", point.concurrency);
            self.line("", &format!("99 % within {} ms", limit.as_millis()), &shown, point.most < limit);
        }
        if let Some((figure, cpu)) = least(EVERYTHING) {
            let limit = Duration::from_secs_f64(figure.bytes * EVERYTHING_CPU_A_BYTE) * self.allowed;
            let kb = figure.bytes / 1_000.0;
            let shown = format!("{} ms for {kb:.0} kB, of {} ms", cpu_ms(cpu), ms(limit));
            let limit_shown = format!("{} ms of processor for 500 kB", 2 * self.allowed);
            self.line(EVERYTHING, &limit_shown, &shown, cpu.total() <= limit);
        }
    }

    fn line(&mut self, work: &str, limit: &str, measured: &str, met: bool) {
        row(self.text, &[work, limit, measured, if met { "yes" } else { "**no**" }]);
    }
}

fn least_cpu(figure: &Figure) -> Option<Cpu> {
    figure.points.iter().map(|point| point.cpu).min_by_key(|cpu| cpu.total())
}

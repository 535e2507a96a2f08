//! The figures as a page of Markdown.

mod curves;
mod flattening;
mod limits;
#[cfg(test)]
mod tests;
mod validating;

use crate::engine::{Engine, SETTINGS};
use crate::load::Load;
use crate::machine;
use crate::measure::{Figure, Point};
use crate::process::Cpu;
use crate::stream::Situation;
use crate::validation::Validated;
use crate::view::Flat;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Everything that was measured.
pub struct Report {
    pub runs: Vec<Run>,
    /// What could not be measured, a sentence each.
    pub failed: Vec<String>,
    /// The version of PostgreSQL, if it took part.
    postgres: Option<String>,
    /// The commit that was built: others may follow while it is measured.
    commit: String,
}

/// One server with one store.
pub struct Run {
    pub server: &'static str,
    pub engine: Engine,
    pub resources: usize,
    pub loads: Vec<Load>,
    /// From the start of the program to its first answer.
    pub started: Duration,
    /// Memory that it, and its database, hold then.
    pub idle: (u64, Option<u64>),
    /// The same after all questions.
    pub used: (u64, Option<u64>),
    pub figures: Vec<Figure>,
    pub situations: Vec<Situation>,
    pub views: Vec<Flat>,
    pub validated: Vec<Validated>,
}

/// The heading of what people wrote; what stands below it is taken over from page to page.
const KEPT: &str = "\n## What was tried";
/// A one-row write is to be done within this, 99 times of 100, whatever else goes on.
const HELD: Duration = Duration::from_millis(50);

const ABOUT: &str = "\
Processor time of the server for one answer is the figure to trust: clients share the processor with the server, so \
rates and times tell as much about the clients. A core has 1,000 ms of it in a second. On PostgreSQL it is the sum of \
the server's and of all processes of the database, told apart in parentheses: (server + database). Times are what a \
client sees: the time that half of the answers do not pass, and that 99 of 100 do not pass. All servers get the same \
bundles and are asked the same questions; how much they answer stands beside each. Carespine checks who asks and puts \
each answer on its audit trail; each of its commits waits for the disk. *Busy* is how often, for one answer, a client \
was told to come again because too many wide questions were being answered, so that small ones go on; it waited 2 ms \
each time. Bytes on disk are what came on top of an empty store.";

impl Run {
    fn name(&self) -> String {
        format!("{}, {}", self.server, self.engine.name())
    }
}

impl Report {
    pub fn new(postgres: Option<String>) -> Report {
        Report { runs: Vec::new(), failed: Vec::new(), postgres, commit: machine::commit() }
    }

    /// Writes the page and its curves, or prints the page. What people wrote on the page stays.
    pub fn publish(&self, page: Option<&Path>) -> io::Result<()> {
        let mut text = self.text();
        let Some(page) = page else {
            println!("{text}");
            return Ok(());
        };
        let folder = page.with_extension("");
        text.push_str(&curves::write(&self.runs, &folder)?);
        let before = fs::read_to_string(page).unwrap_or_default();
        text.push_str(before.find(KEPT).map_or("", |at| &before[at..]));
        fs::write(page, text)
    }

    fn text(&self) -> String {
        let arguments: Vec<String> = std::env::args().skip(1).map(|word| own(&word)).collect();
        let mut text = format!(
            "# Performance\n\nMeasured {} at commit {} by\n\n    cargo xtask bench {}\n\non: {}.\n",
            machine::today(),
            self.commit,
            arguments.join(" "),
            machine::description()
        );
        if let Some(version) = &self.postgres {
            let _ = writeln!(
                text,
                "PostgreSQL is {version}, on the same machine and disk, reached by a socket, with {SETTINGS}; after \
                 loading it is vacuumed, as it would be by itself within a minute, and checkpointed."
            );
        }
        let _ = write!(text, "\n{ABOUT}\n");
        for failed in &self.failed {
            let _ =
                write!(text, "\nNot measured: {}\n", failed.lines().take(2).collect::<Vec<_>>().join(" "));
        }
        limits::write(&self.runs, &mut text);
        self.situations(&mut text);
        self.loads(&mut text);
        validating::write(&self.runs, &mut text);
        flattening::write(&self.runs, &mut text);
        self.starts(&mut text);
        let mut sizes: Vec<usize> = self.runs.iter().map(|run| run.resources).collect();
        sizes.dedup();
        for size in sizes {
            self.figures(size, &mut text);
        }
        text
    }

    fn situations(&self, text: &mut String) {
        let mut runs = self.runs.iter().filter(|run| !run.situations.is_empty()).peekable();
        let Some(first) = runs.peek() else { return };
        let resources = thousands(first.resources as f64);
        let _ = write!(
            text,
            "\n## The head of the line, with {resources} resources\n\nOne result is written every 20 ms, and its \
             time counts from the instant that was planned for it, so that nothing is hidden by waiting. At most {} ms \
             are to pass, 99 times of 100, whatever goes on meanwhile.\n\n",
            HELD.as_millis()
        );
        row(
            text,
            &[
                "engine",
                "meanwhile",
                "lasts s",
                "resources/s",
                "writes",
                "half ms",
                "99 % ms",
                "longest ms",
                "met",
            ],
        );
        row(text, &["---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "---"]);
        for run in runs {
            for held in &run.situations {
                let took = held.took.as_secs_f64();
                let rate = match held.resources {
                    0 => String::new(),
                    resources => thousands(resources as f64 / took),
                };
                let met = if held.most <= HELD { "yes" } else { "**no**" };
                let (writes, took) = (thousands(held.writes as f64), format!("{took:.1}"));
                let (half, most, longest) = (ms(held.half), ms(held.most), ms(held.longest));
                let engine = run.engine.name();
                row(text, &[engine, held.name, &took, &rate, &writes, &half, &most, &longest, met]);
            }
        }
    }

    fn loads(&self, text: &mut String) {
        text.push_str("\n## Loading\n\n");
        let head =
            ["server", "way", "resources", "resources/s", "CPU ms a resource", "bytes a resource on disk"];
        row(text, &head);
        row(text, &["---", "---", "--:", "--:", "--:", "--:"]);
        for run in &self.runs {
            for load in &run.loads {
                let each = run.resources as f64;
                let rate = thousands(each / load.took.as_secs_f64());
                let bytes = thousands(load.disk as f64 / each);
                let cpu = cpu_ms(load.cpu.each(each));
                row(text, &[&run.name(), load.way, &thousands(each), &rate, &cpu, &bytes]);
            }
        }
        for run in &self.runs {
            let Some(load) = run.loads.first().filter(|load| !load.parts.is_empty()) else { continue };
            let each = |bytes: u64| thousands(bytes as f64 / run.resources as f64);
            let parts = load.parts.iter().map(|(name, bytes)| format!("{name} {}", each(*bytes)));
            let parts: Vec<String> = parts.collect();
            let resources = thousands(run.resources as f64);
            let _ = write!(
                text,
                "\nLargest parts of {} with {resources} resources, bytes a resource: {}.\n",
                run.name(),
                parts.join(", ")
            );
        }
    }

    fn starts(&self, text: &mut String) {
        text.push_str("\n## Starting\n\n");
        row(
            text,
            &["server", "resources", "ms to the first answer", "MB of memory then", "MB after all questions"],
        );
        row(text, &["---", "--:", "--:", "--:", "--:"]);
        for run in &self.runs {
            let started = format!("{}", run.started.as_millis());
            let resources = thousands(run.resources as f64);
            row(text, &[&run.name(), &resources, &started, &megabytes(run.idle), &megabytes(run.used)]);
        }
    }

    fn figures(&self, size: usize, text: &mut String) {
        let _ = write!(text, "\n## Asking, with {} resources\n\n", thousands(size as f64));
        let runs: Vec<&Run> = self.runs.iter().filter(|run| run.resources == size).collect();
        let Some(first) = runs.first() else { return };
        let points = first.figures.first().map_or(&[][..], |figure| &figure.points);
        let mut head = vec!["question".to_owned(), "server".into(), "resources, kB".into()];
        for point in points {
            let clients = if point.concurrency == 1 { "client" } else { "clients" };
            head.push(format!("{} {clients}: CPU ms", point.concurrency));
            head.push("a second (half, 99 % within ms)".to_owned());
        }
        let rule: Vec<&str> = (0..head.len()).map(|n| if n < 2 { "---" } else { "--:" }).collect();
        row(text, &head.iter().map(String::as_str).collect::<Vec<_>>());
        row(text, &rule);
        for (n, figure) in first.figures.iter().enumerate() {
            for (which, run) in runs.iter().enumerate() {
                let question = if which == 0 { figure.name } else { "" };
                if let Some(figure) = run.figures.get(n) {
                    figure_row(question, &run.name(), figure, text);
                }
            }
        }
    }
}

/// One scenario of one server.
fn figure_row(question: &str, server: &str, figure: &Figure, text: &mut String) {
    let answer = format!("{:.0}, {:.1}", figure.resources, figure.bytes / 1_000.0);
    let mut cells = vec![question.to_owned(), server.to_owned(), answer];
    cells.extend(figure.points.iter().flat_map(|point| [cpu_ms(point.cpu), rate(point)]));
    row(text, &cells.iter().map(String::as_str).collect::<Vec<_>>());
}

fn rate(point: &Point) -> String {
    let busy = if point.busy > 0.005 { format!("; {:.2} × busy", point.busy) } else { String::new() };
    format!("{} ({}, {}{busy})", thousands(point.rate), ms(point.half), ms(point.most))
}

/// Milliseconds, with the database's apart.
fn cpu_ms(cpu: Cpu) -> String {
    match cpu.database {
        Some(database) => format!("{} ({} + {})", ms(cpu.total()), ms(cpu.own), ms(database)),
        None => ms(cpu.own),
    }
}

fn megabytes((own, database): (u64, Option<u64>)) -> String {
    let mb = |bytes: u64| bytes / 1_000_000;
    match database {
        Some(database) => format!("{} ({} + {})", mb(own + database), mb(own), mb(database)),
        None => mb(own).to_string(),
    }
}

fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    match ms {
        ..1.0 => format!("{ms:.3}"),
        ..10.0 => format!("{ms:.2}"),
        _ => format!("{ms:.0}"),
    }
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn row(text: &mut String, cells: &[&str]) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// An argument without the folders of this machine.
fn own(word: &str) -> String {
    if word.starts_with('/') {
        word.rsplit('/').next().unwrap_or_default().to_owned()
    } else {
        word.to_owned()
    }
}

//! The figures as a page of Markdown.

mod limits;

use crate::load::Load;
use crate::machine;
use crate::measure::{Figure, Point};
use std::fmt::Write;
use std::time::Duration;

/// Everything that was measured.
pub struct Report {
    pub runs: Vec<Run>,
}

/// One server with one store.
pub struct Run {
    pub server: &'static str,
    pub resources: usize,
    pub loads: Vec<Load>,
    /// From the start of the program to its first answer.
    pub started: Duration,
    /// Memory that it holds then.
    pub idle_bytes: u64,
    pub figures: Vec<Figure>,
}

const ABOUT: &str = "\
Processor time of the server for one answer is the figure to trust: clients share the processor with the server, so \
rates and times tell as much about the clients. A core has 1,000 ms of it in a second. Times are what a client sees: \
the time that half of the answers do not pass, and that 99 of 100 do not pass. Both servers get the same bundles and \
are asked the same questions; how much they answer stands beside each. Carespine checks who asks and puts each answer \
on its audit trail; each of its commits waits for the disk. *Busy* is how often, for one answer, a client was told to \
come again because too many wide questions were being answered, so that small ones go on; it waited 2 ms each time.";

impl Report {
    pub fn new() -> Report {
        Report { runs: Vec::new() }
    }

    pub fn text(&self) -> String {
        let arguments: Vec<String> = std::env::args().skip(1).map(|word| own(&word)).collect();
        let mut text = format!(
            "# Performance\n\nMeasured {} at commit {} by\n\n    cargo xtask bench {}\n\non: {}.\n\n{ABOUT}\n",
            machine::today(),
            machine::commit(),
            arguments.join(" "),
            machine::description()
        );
        limits::write(&self.runs, &mut text);
        self.loads(&mut text);
        self.starts(&mut text);
        let mut sizes: Vec<usize> = self.runs.iter().map(|run| run.resources).collect();
        sizes.dedup();
        for size in sizes {
            self.figures(size, &mut text);
        }
        text
    }

    fn loads(&self, text: &mut String) {
        text.push_str("\n## Loading\n\n");
        row(
            text,
            &["server", "way", "resources", "resources/s", "CPU ms a resource", "bytes a resource on disk"],
        );
        row(text, &["---", "---", "--:", "--:", "--:", "--:"]);
        for run in &self.runs {
            for load in &run.loads {
                let each = run.resources as f64;
                let rate = thousands(each / load.took.as_secs_f64());
                let cpu = format!("{:.3}", load.cpu.as_secs_f64() * 1_000.0 / each);
                let bytes = thousands(load.disk as f64 / each);
                row(text, &[run.server, load.way, &thousands(each), &rate, &cpu, &bytes]);
            }
        }
    }

    fn starts(&self, text: &mut String) {
        text.push_str("\n## Starting\n\n");
        row(text, &["server", "resources", "ms to the first answer", "MB of memory then"]);
        row(text, &["---", "--:", "--:", "--:"]);
        for run in &self.runs {
            let started = format!("{}", run.started.as_millis());
            let idle = format!("{}", run.idle_bytes / 1_000_000);
            row(text, &[run.server, &thousands(run.resources as f64), &started, &idle]);
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
            for run in &runs {
                let question = if run.server == first.server { figure.name } else { "" };
                if let Some(figure) = run.figures.get(n) {
                    figure_row(question, run.server, figure, text);
                }
            }
        }
    }
}

/// One scenario of one server.
fn figure_row(question: &str, server: &str, figure: &Figure, text: &mut String) {
    let answer = format!("{:.0}, {:.1}", figure.resources, figure.bytes / 1_000.0);
    let mut cells = vec![question.to_owned(), server.to_owned(), answer];
    cells.extend(figure.points.iter().flat_map(|point| [ms(point.cpu), rate(point)]));
    row(text, &cells.iter().map(String::as_str).collect::<Vec<_>>());
}

fn rate(point: &Point) -> String {
    let busy = if point.busy > 0.005 { format!("; {:.2} × busy", point.busy) } else { String::new() };
    format!("{} ({}, {}{busy})", thousands(point.rate), ms(point.half), ms(point.most))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(ms(Duration::from_micros(31)), "0.031");
        assert_eq!(ms(Duration::from_micros(4_320)), "4.32");
        assert_eq!(ms(Duration::from_millis(120)), "120");
    }

    #[test]
    fn the_page_has_a_row_for_each_question_and_server() {
        let run = |server| Run {
            server,
            resources: 10_000,
            loads: vec![Load {
                way: "transactions over HTTP",
                took: Duration::from_secs(2),
                cpu: Duration::from_secs(1),
                disk: 9_000_000,
            }],
            started: Duration::from_millis(70),
            idle_bytes: 40_000_000,
            figures: vec![Figure {
                name: "read by id",
                resources: 1.0,
                bytes: 1_200.0,
                points: vec![Point {
                    concurrency: 1,
                    rate: 12_345.0,
                    cpu: Duration::from_micros(30),
                    half: Duration::from_micros(70),
                    most: Duration::from_micros(150),
                    busy: 0.0,
                }],
            }],
        };
        let text = Report { runs: vec![run("carespine"), run("helios")] }.text();
        for line in [
            "| import: rate | 15,000 resources a second | 5,000 a second | **no** |",
            "| import: disk | 1 kB a resource | 900 bytes | yes |",
            "| read by id | 0.03 ms of processor | 0.030 ms | yes |",
            "| carespine | transactions over HTTP | 10,000 | 5,000 | 0.100 | 900 |",
            "| helios | 10,000 | 70 | 40 |",
            "| read by id | carespine | 1, 1.2 | 0.030 | 12,345 (0.070, 0.150) |",
            "|  | helios | 1, 1.2 | 0.030 | 12,345 (0.070, 0.150) |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}

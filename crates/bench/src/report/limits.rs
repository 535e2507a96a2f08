//! The figures against the limits of ARCHITECTURE.md.

use super::{Run, ms, row, thousands};
use crate::measure::Figure;
use crate::scenario::{EVERYTHING, NAMES, NUMBERS, READ, RESULTS};
use std::time::Duration;

const LOAD_RATE: f64 = 15_000.0;
const LOAD_CPU_MS: f64 = 0.12;
const LOAD_BYTES: f64 = 1_000.0;
const START: Duration = Duration::from_secs(1);
const IDLE_BYTES: u64 = 200_000_000;
const READ_CPU: Duration = Duration::from_micros(30);
const SEARCH_CPU: Duration = Duration::from_micros(50);
const SEARCH_TIME: Duration = Duration::from_millis(5);
/// Processor time for each byte of everything about a patient: 2 ms for 500 kB.
const EVERYTHING_CPU_A_BYTE: f64 = 0.002 / 500_000.0;

/// One row for each limit, measured with the largest store that our server had.
pub(super) fn write(runs: &[Run], text: &mut String) {
    let ours = runs.iter().filter(|run| run.server == "carespine").max_by_key(|run| run.resources);
    let Some(run) = ours else { return };
    text.push_str("\n## Against the limits of ARCHITECTURE.md\n\n");
    text.push_str(&format!("With {} resources. ", thousands(run.resources as f64)));
    text.push_str("Processor times are the least at any number of clients.\n\n");
    row(text, &["work", "limit", "measured", "met"]);
    row(text, &["---", "---", "---", "---"]);
    loading(run, text);
    starting(run, text);
    asking(run, text);
}

fn loading(run: &Run, text: &mut String) {
    let Some(load) = run.loads.first() else { return };
    let each = run.resources as f64;
    let (rate, cpu) = (each / load.took.as_secs_f64(), load.cpu.as_secs_f64() * 1_000.0 / each);
    let bytes = load.disk as f64 / each;
    let shown = format!("{} a second", thousands(rate));
    line(text, "import: rate", "15,000 resources a second", &shown, rate >= LOAD_RATE);
    let shown = format!("{cpu:.3} ms");
    line(text, "import: processor", "0.12 ms a resource", &shown, cpu <= LOAD_CPU_MS);
    let shown = format!("{} bytes", thousands(bytes));
    line(text, "import: disk", "1 kB a resource", &shown, bytes <= LOAD_BYTES);
}

fn starting(run: &Run, text: &mut String) {
    let shown = format!("{} ms", run.started.as_millis());
    line(text, "start to the first answer", "1 s with a million resources", &shown, run.started < START);
    let shown = format!("{} MB", run.idle_bytes / 1_000_000);
    line(text, "idle memory", "200 MB", &shown, run.idle_bytes < IDLE_BYTES);
}

fn asking(run: &Run, text: &mut String) {
    let figure = |name: &str| run.figures.iter().find(|figure| figure.name == name);
    let Some(read_cpu) = figure(READ).and_then(least_cpu) else { return };
    line(text, READ, "0.03 ms of processor", &format!("{} ms", ms(read_cpu)), read_cpu <= READ_CPU);
    for name in [RESULTS, NAMES, NUMBERS] {
        let Some((found, cpu)) = figure(name).and_then(|found| Some((found, least_cpu(found)?))) else {
            continue;
        };
        let more = cpu.saturating_sub(read_cpu);
        let shown = format!("{} ms", ms(more));
        line(text, name, "0.05 ms more than a read", &shown, more <= SEARCH_CPU);
        let Some(point) = found.points.first() else { continue };
        let shown = format!("{} ms with {} client", ms(point.most), point.concurrency);
        line(text, "", "99 % within 5 ms", &shown, point.most < SEARCH_TIME);
    }
    if let Some((found, cpu)) = figure(EVERYTHING).and_then(|found| Some((found, least_cpu(found)?))) {
        let limit = Duration::from_secs_f64(found.bytes * EVERYTHING_CPU_A_BYTE);
        let shown = format!("{} ms for {:.0} kB, of {} ms", ms(cpu), found.bytes / 1_000.0, ms(limit));
        line(text, EVERYTHING, "2 ms of processor for 500 kB", &shown, cpu <= limit);
    }
}

fn least_cpu(figure: &Figure) -> Option<Duration> {
    figure.points.iter().map(|point| point.cpu).min()
}

fn line(text: &mut String, work: &str, limit: &str, measured: &str, met: bool) {
    row(text, &[work, limit, measured, if met { "yes" } else { "**no**" }]);
}

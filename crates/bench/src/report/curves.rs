//! How figures grow with the store, drawn.

use super::{Run, thousands};
use crate::engine::Engine;
use crate::measure::Figure;
use crate::scenario::{READ, RESULTS, WRITE};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 260.0;
/// The field of the curves: left, right, top, bottom.
const FIELD: (f64, f64, f64, f64) = (60.0, 420.0, 44.0, 216.0);
/// Horizontal lines above the axis.
const STEPS: usize = 4;
/// Colours that stand out from white and from black, of our server on SQLite and on PostgreSQL.
const STYLE: &str = "text { font: 12px system-ui, sans-serif; fill: #24292f } \
    .title { font-size: 14px; font-weight: 600 } .grid { stroke: #8884; stroke-width: 1 } \
    .sqlite { stroke: #0969da; fill: #0969da } .postgres { stroke: #bc4c00; fill: #bc4c00 } \
    path { fill: none !important; stroke-width: 2.5 } tspan { stroke: none !important } \
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } \
    .sqlite { stroke: #58a6ff; fill: #58a6ff } .postgres { stroke: #f0883e; fill: #f0883e } }";

/// What is drawn: the file's name, the title, and the figure of a run.
type Curve = (&'static str, &'static str, fn(&Run) -> Option<f64>);

const CURVES: [Curve; 6] = [
    ("read", "Read by id: ms of processor", |run| asked(run, READ)),
    ("search", "A patient's results of one code: ms of processor", |run| asked(run, RESULTS)),
    ("write", "Writing one result: ms of processor", |run| asked(run, WRITE)),
    ("import", "Import: ms of processor a resource", |run| {
        let load = run.loads.first()?;
        Some(load.cpu.total().as_secs_f64() * 1_000.0 / run.resources as f64)
    }),
    ("rate", "Import: resources a second", |run| {
        Some(run.resources as f64 / run.loads.first()?.took.as_secs_f64())
    }),
    ("disk", "Bytes on disk a resource", |run| Some(run.loads.first()?.disk as f64 / run.resources as f64)),
];

/// Processor time of a question with as many clients as were tried at most, in ms.
fn asked(run: &Run, name: &str) -> Option<f64> {
    let figure: &Figure = run.figures.iter().find(|figure| figure.name == name)?;
    Some(figure.points.last()?.cpu.total().as_secs_f64() * 1_000.0)
}

/// Draws the curves of our server into a folder; the section that shows them. Nothing with a store of one size.
pub(super) fn write(runs: &[Run], folder: &Path) -> io::Result<String> {
    let ours: Vec<&Run> = runs.iter().filter(|run| run.server == "carespine").collect();
    let sizes = || ours.iter().map(|run| run.resources);
    if sizes().min() == sizes().max() {
        return Ok(String::new());
    }
    fs::create_dir_all(folder)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut text = "\n## Growth\n\nCarespine with as many clients as were tried at most; \
        processor time on PostgreSQL includes the database's.\n\n"
        .to_owned();
    for (file, title, figure) in CURVES {
        let curve = |engine: Engine| {
            let runs = ours.iter().filter(|run| run.engine == engine);
            runs.filter_map(|run| Some((run.resources as f64, figure(run)?))).collect::<Vec<_>>()
        };
        let picture = draw(title, &[curve(Engine::Sqlite), curve(Engine::Postgres)]);
        fs::write(folder.join(format!("{file}.svg")), picture)?;
        // Writing to a String does not fail.
        let _ = writeln!(text, "![{title}]({name}/{file}.svg)");
    }
    Ok(text)
}

/// The curves of both engines over the size of the store.
fn draw(title: &str, curves: &[Vec<(f64, f64)>; 2]) -> String {
    let (left, right, top, bottom) = FIELD;
    let points = || curves.iter().flatten();
    let least = points().map(|(x, _)| x.log10()).fold(f64::INFINITY, f64::min).floor();
    let most = points().map(|(x, _)| x.log10()).fold(least + 1.0, f64::max).round();
    let high = round_up(points().map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max));
    let x = |value: f64| left + (right - left) * (value.log10() - least) / (most - least);
    let y = |value: f64| bottom - (bottom - top) * value / high;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"8\" y=\"20\">{title}</text>\n"
    );
    // Writing to a String does not fail.
    for step in 0..=STEPS {
        let value = high * step as f64 / STEPS as f64;
        let at = y(value);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"
        );
        let label = short(value);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    for power in least as i32..=most as i32 {
        let value = 10f64.powi(power);
        let label = thousands(value);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            x(value),
            bottom + 18.0
        );
    }
    let _ = writeln!(out, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">resources</text>", bottom + 36.0);
    for (n, (engine, curve)) in [Engine::Sqlite, Engine::Postgres].iter().zip(curves).enumerate() {
        let class = if *engine == Engine::Sqlite { "sqlite" } else { "postgres" };
        let _ = writeln!(
            out,
            "<text class=\"name\"><tspan class=\"name {class}\" x=\"{}\" y=\"{}\">● {}</tspan></text>",
            left + 110.0 * n as f64,
            bottom + 36.0,
            engine.name()
        );
        let mut path = String::new();
        for (n, (size, value)) in curve.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1} ", if n == 0 { 'M' } else { 'L' }, x(*size), y(*value));
            let _ = writeln!(
                out,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>",
                x(*size),
                y(*value)
            );
        }
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{}\"/>", path.trim_end());
    }
    out.push_str("</svg>\n");
    out
}

/// The next number that is easily divided by the number of lines.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|rounded| *rounded >= value).unwrap_or(10.0 * power)
}

/// A number beside an axis.
fn short(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        ..10.0 => format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => thousands(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!(round_up(0.183), 0.2);
        assert_eq!(round_up(738.0), 800.0);
        assert_eq!(round_up(17_065.0), 20_000.0);
        assert_eq!((short(0.05).as_str(), short(15_000.0).as_str()), ("0.05", "15,000"));
    }

    #[test]
    fn a_point_stands_where_its_size_and_figure_say() {
        let picture = draw("T", &[vec![(10_000.0, 0.1), (1_000_000.0, 0.2)], vec![(100_000.0, 0.1)]]);
        // On the left at half of the height, on the right at the top, and in the middle.
        assert!(picture.contains("d=\"M60.0 130.0 L420.0 44.0\""), "{picture}");
        assert!(picture.contains("class=\"postgres\" cx=\"240.0\" cy=\"130.0\""), "{picture}");
    }
}

//! How fast views are run.

use super::{Run, cpu_ms, row, thousands};
use std::fmt::Write;

/// A million resources are to be flattened in ten seconds of both cores.
const RATE: f64 = 100_000.0;

/// One row for each run of a view. Nothing when none was run.
pub(super) fn write(runs: &[Run], text: &mut String) {
    if runs.iter().all(|run| run.views.is_empty()) {
        return;
    }
    // Writing to a String does not fail.
    let _ = write!(
        text,
        "\n## Views\n\n`carespine view run` of a view with ten columns over all results of a store, from its start to \
         its end; the fastest of three runs. At least {} resources a second are to become rows: a million in \
         ten seconds.\n\n",
        thousands(RATE)
    );
    row(
        text,
        &["server", "into", "resources", "s", "resources/s", "CPU ms a resource", "bytes a resource", "met"],
    );
    row(text, &["---", "---", "--:", "--:", "--:", "--:", "--:", "---"]);
    for run in runs {
        for flat in &run.views {
            let each = flat.resources as f64;
            let took = flat.took.as_secs_f64();
            let rate = each / took;
            let cells = [
                run.name(),
                flat.format.to_owned(),
                thousands(each),
                format!("{took:.2}"),
                thousands(rate),
                cpu_ms(flat.cpu.each(each)),
                thousands(flat.bytes as f64 / each),
                if rate >= RATE { "yes" } else { "**no**" }.to_owned(),
            ];
            row(text, &cells.each_ref().map(String::as_str));
        }
    }
}

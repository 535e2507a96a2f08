//! What it costs to hold patients to profiles as they are written.

use super::{Run, cpu_ms, row, thousands};
use crate::measure::Figure;
use std::fmt::Write;

/// Validating is to cost less than this part of the write itself.
const SHARE_MAX: f64 = 0.5;

/// One row for each setting. Nothing when no patients were written.
pub(super) fn write(runs: &[Run], text: &mut String) {
    if runs.iter().all(|run| run.validated.is_empty()) {
        return;
    }
    // Writing to a String does not fail.
    let _ = write!(
        text,
        "\n## Validating what is written\n\nPatients are written one by one (`PUT`) under each setting of \
         `[validation]`. What it costs is told by the processor time that comes on top of that of the first row, at \
         as many clients as were tried at most, where a write costs least: less than {:.0} % is to come on top.\n\n",
        SHARE_MAX * 100.0
    );
    row(text, &["server", "resources", "held to", "policy", "CPU ms a write", "writes/s", "on top", "met"]);
    row(text, &["---", "--:", "---", "---", "--:", "--:", "--:", "---"]);
    for run in runs {
        let Some(plain) = run.validated.first().and_then(|first| least(&first.figure)) else { continue };
        for (n, validated) in run.validated.iter().enumerate() {
            let Some(point) = validated.figure.points.last() else { continue };
            let more = point.cpu.total().as_secs_f64() / plain - 1.0;
            let (more, met) = match n {
                0 => (String::new(), ""),
                _ => (format!("{:.0} %", more * 100.0), if more < SHARE_MAX { "yes" } else { "**no**" }),
            };
            let setting = validated.setting;
            let (resources, rate) = (thousands(run.resources as f64), thousands(point.rate));
            let cpu = cpu_ms(point.cpu);
            row(text, &[&run.name(), &resources, setting.profiles, setting.policy, &cpu, &rate, &more, met]);
        }
    }
}

/// Processor seconds of a write at as many clients as were tried at most.
fn least(figure: &Figure) -> Option<f64> {
    Some(figure.points.last()?.cpu.total().as_secs_f64())
}

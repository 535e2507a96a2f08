//! Keeping the record safe: backup, restore, verify.

use indicatif::{ProgressBar, ProgressStyle};
use record::{Kind, Refusal, Report};
use std::path::Path;
use std::process::ExitCode;

/// A bar on standard error; nothing where that is no terminal.
pub(crate) fn bar(what: &'static str) -> ProgressBar {
    let style = "{msg} [{bar:30}] {pos}/{len} {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is a constant");
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_message(what)
}

fn told(bar: &ProgressBar) -> impl FnMut(u64, u64) {
    |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    }
}

pub(crate) fn backup(data: &Path, to: &Path) -> Result<ExitCode, Refusal> {
    let store = crate::open_existing(data)?;
    let copying = bar("Copying");
    store.backup(to, &mut told(&copying))?;
    copying.finish_and_clear();
    let report = checked(to)?;
    println!(
        "Copied and verified {} resources in {} commits to {}.",
        report.resources,
        report.txns,
        to.display()
    );
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(from: &Path, data: &Path) -> Result<ExitCode, Refusal> {
    let report = checked(from)?;
    let source = crate::open_existing(from)?;
    let copying = bar("Restoring");
    source.backup(data, &mut told(&copying))?;
    copying.finish_and_clear();
    println!("Restored {} resources in {} commits to {}.", report.resources, report.txns, data.display());
    Ok(ExitCode::SUCCESS)
}

/// Verifies a folder and refuses one that is not sound.
fn checked(dir: &Path) -> Result<Report, Refusal> {
    let checking = bar("Verifying");
    let report = record::verify(dir, &mut told(&checking))?;
    checking.finish_and_clear();
    if report.findings.is_empty() {
        return Ok(report);
    }
    let text = format!(
        "{} is not sound: {} findings. `carespine verify --data {}` lists them.",
        dir.display(),
        report.findings.len(),
        dir.display()
    );
    Err(Refusal::new(Kind::Conflict, text))
}

pub(crate) fn verify(data: &Path) -> Result<ExitCode, Refusal> {
    if !data.join("record.db").exists() {
        return crate::open_existing(data).map(|_| ExitCode::FAILURE);
    }
    let checking = bar("Verifying");
    let report = record::verify(data, &mut told(&checking))?;
    checking.finish_and_clear();
    for finding in &report.findings {
        println!("{}: {}", finding.place, finding.text);
    }
    println!(
        "{} commits, {} versions, {} resources, {} index rows, {} audit rows, {} files: {}.",
        report.txns,
        report.versions,
        report.resources,
        report.rows,
        report.audits,
        report.blobs,
        match report.findings.len() {
            0 => "all sound".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        }
    );
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! Keeping the record safe: backup, restore, verify.

use indicatif::{ProgressBar, ProgressStyle};
use record::{Kind, Moving, Place, Refusal, Report};
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

/// The folder that a record lies in. A database is backed up by its own tools.
fn folder(place: &Place) -> Result<&Path, Refusal> {
    match place {
        Place::Folder(folder) => Ok(folder),
        Place::Postgres(_) => {
            let text = format!(
                "{place} is a database, and this command copies folders. PostgreSQL's own tools back up and restore a \
                 record there: pg_basebackup for the whole server, pg_dump and pg_restore for one database."
            );
            Err(Refusal::new(Kind::Unsupported, text))
        }
    }
}

pub(crate) fn backup(data: &Place, to: &Place) -> Result<ExitCode, Refusal> {
    folder(data)?;
    let target = folder(to)?;
    let store = crate::open_existing(data)?;
    let copying = bar("Copying");
    store.backup(target, &mut told(&copying))?;
    copying.finish_and_clear();
    let report = checked(to)?;
    println!("Copied and verified {} resources in {} commits to {to}.", report.resources, report.txns);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(from: &Place, data: &Place) -> Result<ExitCode, Refusal> {
    folder(from)?;
    let target = folder(data)?;
    let report = checked(from)?;
    let source = crate::open_existing(from)?;
    let copying = bar("Restoring");
    source.backup(target, &mut told(&copying))?;
    copying.finish_and_clear();
    println!("Restored {} resources in {} commits to {data}.", report.resources, report.txns);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn move_record(from: &Place, to: &Place) -> Result<ExitCode, Refusal> {
    crate::check_existing(from)?;
    let moving = bar("Moving rows");
    let report = record::move_record(from, to, &mut |progress| {
        let (what, done, all) = match progress {
            Moving::Rows(done, all) => ("Moving rows", done, all),
            Moving::CheckingSource(done, all) => ("Verifying the source", done, all),
            Moving::CheckingTarget(done, all) => ("Verifying what was moved", done, all),
        };
        moving.set_message(what);
        moving.set_length(all);
        moving.set_position(done);
    })?;
    moving.finish_and_clear();
    println!(
        "Moved {} resources in {} commits, {} versions and {} audit rows to {to}; both sides verify and are the same.",
        report.resources, report.txns, report.versions, report.audits
    );
    Ok(ExitCode::SUCCESS)
}

/// Verifies a record and refuses one that is not sound.
fn checked(place: &Place) -> Result<Report, Refusal> {
    crate::check_existing(place)?;
    let checking = bar("Verifying");
    let report = record::verify(place, &mut told(&checking))?;
    checking.finish_and_clear();
    if report.findings.is_empty() {
        return Ok(report);
    }
    let text = format!(
        "{place} is not sound: {} findings. `carespine verify --data {place}` lists them.",
        report.findings.len()
    );
    Err(Refusal::new(Kind::Conflict, text))
}

pub(crate) fn verify(data: &Place) -> Result<ExitCode, Refusal> {
    crate::check_existing(data)?;
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

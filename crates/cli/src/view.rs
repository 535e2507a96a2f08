//! `carespine view run`: flat rows of the record.

use crate::arguments::RunView;
use access::Access;
use fhir::date::PartialDate;
use fhir::{Json, Limits};
use indicatif::{ProgressBar, ProgressStyle};
use record::{Instant, Kind, Refusal};
use service::interaction::{Caller, Flattened, Flattening, Wanted, flatten};
use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use view::{Format, View};

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

pub(crate) fn run(run: &RunView) -> Result<ExitCode, Refusal> {
    let view = read(&run.file)?;
    let format = format(run)?;
    let at = run.at.as_deref().map(end_of).transpose()?;
    let access = Access::open(crate::open_existing(&run.data)?)?;
    let session = access.bearer(&access.mint_token("system", access::TOKEN_MINUTES)?)?;
    let caller = Caller::new(&access, &session, "");
    let flattening = flatten(&caller, &view, at);
    for act in caller.take_acts() {
        access.store().audit(act).wait()?;
    }
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let wanted = Wanted { format, rows: run.limit, threads };
    let (told, started) = (Arc::new(Flattened::default()), std::time::Instant::now());
    let bar = (!run.quiet).then(|| show(&told));
    let written = write(&flattening?, &view, wanted, run.out.as_deref(), &told);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    written?;
    let (rows, resources, took) =
        (told.rows.load(Relaxed), told.resources.load(Relaxed), started.elapsed().as_secs_f64());
    // Standard output may hold the rows.
    eprintln!(
        "{rows} rows of {resources} resources of type {} in {took:.1} s: {:.0} resources a second.",
        view.resource(),
        resources as f64 / took.max(0.001)
    );
    Ok(ExitCode::SUCCESS)
}

/// The view in a file, or what is wrong with it.
fn read(file: &Path) -> Result<View, Refusal> {
    let unread = |e: &dyn std::fmt::Display| {
        Refusal::invalid(file.display().to_string(), format!("The view cannot be read: {e}."))
    };
    let text = match file.to_str() {
        Some("-") => {
            let mut text = Vec::new();
            std::io::stdin().lock().read_to_end(&mut text).map(|_| text)
        }
        _ => std::fs::read(file),
    };
    let json = Json::parse(text.map_err(|e| unread(&e))?, Limits::DOOR).map_err(|e| unread(&e))?;
    View::parse(json.root())
}

/// As it is said, else by the ending of the file, else NDJSON.
fn format(run: &RunView) -> Result<Format, Refusal> {
    let ending = run.out.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let by_ending = || ending.and_then(|ending| ending.parse().ok()).unwrap_or(Format::Ndjson);
    let format = match &run.format {
        Some(name) => name.parse().map_err(|text: String| Refusal::invalid("format", text))?,
        None => by_ending(),
    };
    Ok(match format {
        Format::Csv { .. } => Format::Csv { header: !run.no_header },
        other => other,
    })
}

/// The last moment of what is written: a day, a minute, an instant. No zone is taken as UTC.
fn end_of(text: &str) -> Result<Instant, Refusal> {
    let date = PartialDate::parse(text).ok_or_else(|| {
        Refusal::invalid(
            "at",
            format!("{text:?} is no date or instant. Write 2026-11-24 or 2026-11-24T09:05:00Z."),
        )
    })?;
    Ok(Instant(date.range().1))
}

/// Writes to standard output, or to a file that has its name only when it is whole.
fn write(
    flattening: &Flattening,
    view: &View,
    wanted: Wanted,
    out: Option<&Path>,
    told: &Flattened,
) -> Result<(), Refusal> {
    let Some(out) = out else {
        // Standard output itself is locked for each write, which is one for a whole batch.
        return flattening.write(view, wanted, BufWriter::with_capacity(BUFFER, std::io::stdout()), told);
    };
    let unwritten = |e: std::io::Error| {
        Refusal::new(
            Kind::Invalid,
            format!("{} cannot be written: {e}. Choose another --out.", out.display()),
        )
    };
    let part = beside(out);
    let file = File::create(&part).map_err(unwritten)?;
    let written = flattening
        .write(view, wanted, BufWriter::with_capacity(BUFFER, file), told)
        .and_then(|()| std::fs::rename(&part, out).map_err(unwritten));
    if written.is_err() {
        // What is left of a file that could not be written is no worse for staying.
        let _ = std::fs::remove_file(&part);
    }
    written
}

/// `rows.csv.part`
fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A line on standard error that follows the run until it is finished.
fn show(told: &Arc<Flattened>) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant");
    let bar = ProgressBar::new_spinner().with_style(style);
    let (shown, told) = (bar.clone(), told.clone());
    std::thread::spawn(move || {
        let started = std::time::Instant::now();
        while !shown.is_finished() {
            let (resources, rows) = (told.resources.load(Relaxed), told.rows.load(Relaxed));
            let rate = resources as f64 / started.elapsed().as_secs_f64().max(0.001);
            shown.set_message(format!("{resources} resources, {rows} rows, {rate:.0} resources a second"));
            shown.tick();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    bar
}

//! `carespine load`: real FHIR data in, at speed.
//!
//! One thread reads and unpacks files into units (a bundle, a resource, some lines of NDJSON); several check
//! and index them; the record's own thread writes. What waits only for something that has not come yet (a
//! conditional reference to a practitioner of a later file) is tried again at the end. All of it passes the guards that
//! stand at the FHIR door.

mod source;
mod unit;

use crate::Load;
use access::{Access, Session};
use conformance::Conformance;
use indicatif::{ProgressBar, ProgressStyle};
use record::{Options, Place, Refusal, Store};
use service::interaction::{Caller, Guards, Validation, of_house};
use source::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use subscription::{Settings, Subscriptions};
use unit::Unit;

/// Units that wait between reading and checking: enough to keep all threads busy, few enough to bound memory.
const QUEUE: usize = 16;
/// Refusals that are told one by one; the rest are only counted.
const REFUSALS_SHOWN: usize = 100;
/// Resources taken with warnings that are told one by one; the rest are only counted.
const WARNINGS_SHOWN: usize = 100;

/// A resource or bundle that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file, or `standard input`.
    pub file: String,
    /// `line 12`, `Bundle.entry[3].resource`, or empty for the whole file.
    pub position: String,
    /// Why, and what to do.
    pub reason: String,
}

/// The rules by which a running server would take the same, and where its record is.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The record.
    pub data: Place,
    /// The folder of imported releases of code systems.
    pub releases: Option<PathBuf>,
    /// How resources are held to profiles.
    pub validation: Validation,
    /// What Subscriptions may ask for, and the address of the FHIR door, below which references are our own; empty when
    /// it is not known.
    pub subscriptions: Settings,
}

/// Who loads, past which guards.
pub struct Loader<'l> {
    access: &'l Access,
    session: &'l Session,
    base: &'l str,
    guards: Guards,
}

impl<'l> Loader<'l> {
    /// A loader past the guards that these rules make: the same as at the FHIR door.
    pub fn new(access: &'l Access, session: &'l Session, rules: &'l Rules) -> Loader<'l> {
        // A server that runs learns of definitions that are loaded.
        let definitions = Conformance::with_releases(access.store().clone(), rules.releases.clone());
        let of_house = of_house(&definitions, rules.validation.clone());
        let subscriptions = Subscriptions::new(access.clone(), rules.subscriptions.clone());
        let guards = subscriptions.guards().iter().cloned().chain(of_house).collect();
        Loader { access, session, base: &rules.subscriptions.base, guards }
    }

    fn caller(&self) -> Caller<'l> {
        let mut caller = Caller::new(self.access, self.session, self.base);
        caller.guards = self.guards.clone();
        caller
    }
}

/// What came of a load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files read.
    pub files: u64,
    /// Resources filed or already there as they are.
    pub resources: u64,
    /// Of those, already there.
    pub unchanged: u64,
    /// Filed resources by type.
    pub by_type: BTreeMap<String, u64>,
    /// What was not taken.
    pub refused: Vec<Refused>,
    /// Resources that were taken though something speaks against them.
    pub warned: u64,
    /// What speaks against the first of those.
    pub warnings: Vec<String>,
}

/// Loads the paths. `threads` check and index; the gauge is told bytes read and resources done.
pub fn load(loader: &Loader<'_>, paths: &[PathBuf], threads: usize, gauge: &Gauge) -> Result<Tally, Refusal> {
    let tally = Mutex::new(Tally::default());
    let waiting = Mutex::new(Vec::new());
    let (sender, receiver) = sync_channel::<Unit>(QUEUE);
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let source = Source { gauge, units: sender };
            source.read_all(paths, &tally)
        });
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(unit) = next(&receiver) {
                    take(loader, unit, &tally, Some(&waiting), gauge);
                }
            });
        }
        reading.join().unwrap_or_else(|_| Err(Refusal::invalid("", "Reading the files failed.")))
    })?;
    retry(loader, waiting, &tally, gauge);
    Ok(tally.into_inner().unwrap_or_default())
}

fn next(receiver: &Mutex<Receiver<Unit>>) -> Option<Unit> {
    receiver.lock().expect("no thread panics with the queue locked").recv().ok()
}

/// What waited is tried again as long as that gets anything further; then its refusals stand.
fn retry(loader: &Loader<'_>, waiting: Mutex<Vec<Unit>>, tally: &Mutex<Tally>, gauge: &Gauge) {
    let mut units = waiting.into_inner().unwrap_or_default();
    loop {
        let still = Mutex::new(Vec::new());
        let before = units.len();
        for unit in units {
            take(loader, unit, tally, Some(&still), gauge);
        }
        units = still.into_inner().unwrap_or_default();
        if units.len() == before || units.is_empty() {
            break;
        }
    }
    for unit in units {
        take(loader, unit, tally, None, gauge);
    }
}

fn take(
    loader: &Loader<'_>,
    unit: Unit,
    tally: &Mutex<Tally>,
    waiting: Option<&Mutex<Vec<Unit>>>,
    gauge: &Gauge,
) {
    let result = unit.file(loader);
    gauge.resources.fetch_add(result.done.len() as u64, Relaxed);
    let mut tally = tally.lock().expect("no thread panics with the tally locked");
    for (kind, changed) in result.done {
        tally.resources += 1;
        tally.unchanged += u64::from(!changed);
        if changed {
            *tally.by_type.entry(kind.to_owned()).or_default() += 1;
        }
    }
    tally.warned += result.warned.len() as u64;
    let room = WARNINGS_SHOWN.saturating_sub(tally.warnings.len());
    tally.warnings.extend(result.warned.into_iter().take(room));
    match waiting {
        Some(waiting) if !result.waits.is_empty() => {
            waiting
                .lock()
                .expect("no thread panics with the list locked")
                .extend(result.waits.into_iter().map(|w| w.0));
        }
        _ => tally.refused.extend(result.waits.into_iter().map(|(_, refused)| refused)),
    }
    tally.refused.extend(result.refused);
}

/// How far a load has come, for whoever shows it.
#[derive(Default)]
pub struct Gauge {
    /// Bytes read from files, before unpacking.
    pub bytes: AtomicU64,
    /// Resources filed.
    pub resources: AtomicU64,
}

/// Loads as the command line says, by these rules.
pub fn command(load: &Load, rules: &Rules) -> Result<ExitCode, Refusal> {
    let access = Access::open(Store::open(&rules.data, Options::default())?)?;
    let token = access.mint_token_for(&load.organisation, "system", access::TOKEN_MINUTES)?;
    let session = access.bearer(&token)?;
    let gauge = Arc::new(Gauge::default());
    let started = Instant::now();
    let bar = (!load.quiet).then(|| show(&gauge, source::bytes(&load.paths)));
    let threads = load.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    let loader = Loader::new(&access, &session, rules);
    let tally = self::load(&loader, &load.paths, threads, &gauge);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let tally = tally?;
    report(&tally, started.elapsed());
    Ok(if tally.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A bar that follows the gauge until it is finished.
fn show(gauge: &Arc<Gauge>, bytes: u64) -> ProgressBar {
    let style = "{bar:30} {bytes}/{total_bytes}, {msg}, {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is a constant");
    let bar = ProgressBar::new(bytes).with_style(style.progress_chars("=> "));
    let (shown, gauge) = (bar.clone(), gauge.clone());
    std::thread::spawn(move || {
        let started = Instant::now();
        while !shown.is_finished() {
            let resources = gauge.resources.load(Relaxed);
            let rate = resources as f64 / started.elapsed().as_secs_f64().max(0.001);
            shown.set_position(gauge.bytes.load(Relaxed));
            shown.set_message(format!("{resources} resources, {rate:.0} a second"));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    bar
}

fn report(tally: &Tally, took: Duration) {
    for refused in tally.refused.iter().take(REFUSALS_SHOWN) {
        let gap = if refused.position.is_empty() { "" } else { ", " };
        eprintln!("{}{gap}{}: {}", refused.file, refused.position, refused.reason);
    }
    if tally.refused.len() > REFUSALS_SHOWN {
        eprintln!("... and {} more.", tally.refused.len() - REFUSALS_SHOWN);
    }
    for warning in &tally.warnings {
        eprintln!("{warning}");
    }
    if tally.warned > tally.warnings.len() as u64 {
        eprintln!("... and {} more with warnings.", tally.warned - tally.warnings.len() as u64);
    }
    for (kind, count) in &tally.by_type {
        println!("{count:>10} {kind}");
    }
    if tally.warned > 0 {
        println!("{} were taken with warnings.", tally.warned);
    }
    let rate = tally.resources as f64 / took.as_secs_f64().max(0.001);
    println!(
        "{} files, {} resources ({} were there already), {} refused, in {:.1} s: {rate:.0} a second.",
        tally.files,
        tally.resources,
        tally.unchanged,
        tally.refused.len(),
        took.as_secs_f64()
    );
}

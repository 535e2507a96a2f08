//! Ten years of history, filed in the order in which it happened, so that the demonstration can be looked at as
//! at any day of them.

use super::Simulated;
use super::forms::{self, Form};
use access::{Access, Session};
use fhir::{Instant, Json, Limits};
use indicatif::{ProgressBar, ProgressStyle};
use population::Plan;
use record::{Kind, Refusal};
use service::interaction::{self, Caller, Item};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How long before the end of the data its history begins.
const YEARS: i64 = 10;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// History is filed in steps of this many days; within one all is recorded at its end.
const STEP_DAYS: i64 = 30;
/// The last steps are shorter, since that is where people look.
const LAST_DAYS: i64 = 10;
/// Resources of one commit.
const COMMIT: usize = 400;

/// Resources by the step in which they are recorded; the step is named by its last instant.
type Steps = BTreeMap<Instant, Vec<String>>;

/// When the history begins.
pub(super) fn start(plan: &Plan) -> Instant {
    Instant(plan.until.0 - YEARS * 365 * DAY_MS)
}

/// Makes places and people and files them step by step, `clock` showing the end of each.
pub(super) fn make(
    access: &Access,
    session: &Session,
    plan: &Plan,
    clock: &Simulated,
) -> Result<(), Refusal> {
    let from = start(plan);
    let places = plan.places().iter().map(|bundle| resources(bundle)).collect::<Result<Vec<_>, _>>()?;
    let places = places.into_iter().flatten().map(|(place, _)| place.text).collect::<Vec<_>>();
    file_all(access, session, &places, &bar("Places", places.len()))?;
    let mut steps = people(plan, from)?;
    let filing = bar("Filing", steps.values().map(Vec::len).sum());
    while let Some((at, texts)) = steps.pop_first() {
        clock.show(at);
        file_all(access, session, &texts, &filing)?;
    }
    filing.finish_and_clear();
    Ok(())
}

fn bar(what: &'static str, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}, {eta} left");
    let style = style.expect("the template is a constant").progress_chars("=> ");
    ProgressBar::new(length as u64).with_style(style).with_message(what)
}

/// Makes everyone, on as many threads as the machine has.
fn people(plan: &Plan, from: Instant) -> Result<Steps, Refusal> {
    let making = bar("Making people", plan.people);
    let next = AtomicUsize::new(0);
    let steps = Mutex::new(Steps::new());
    on_all_threads(|| {
        loop {
            let index = next.fetch_add(1, Relaxed);
            if index >= plan.people {
                return Ok(());
            }
            let mut forms = Vec::new();
            for (resource, earlier) in resources(&plan.person(index))? {
                let last = step(resource.at.unwrap_or(from), from, plan.until);
                let first = earlier.map(|form| (step(form.at.unwrap_or(from), from, plan.until), form.text));
                forms.extend(first.filter(|(at, _)| *at < last));
                forms.push((last, resource.text));
            }
            let mut steps = steps.lock().expect("no thread panics with the steps locked");
            for (at, text) in forms {
                steps.entry(at).or_default().push(text);
            }
            making.inc(1);
        }
    })?;
    making.finish_and_clear();
    let mut steps = steps.into_inner().unwrap_or_default();
    // Threads take turns by chance; the record of a seed must not.
    steps.values_mut().for_each(|texts| texts.sort_unstable());
    Ok(steps)
}

/// The end of the step that an instant falls in.
fn step(at: Instant, from: Instant, until: Instant) -> Instant {
    let at = at.0.clamp(from.0, until.0);
    let fine = until.0 - LAST_DAYS * DAY_MS;
    let (start, days) = if at > fine { (fine, 1) } else { (from.0, STEP_DAYS) };
    let length = days * DAY_MS;
    let end = start + (at - start).div_euclid(length) * length + length;
    Instant(end.min(if at > fine { until.0 } else { fine }))
}

/// The resources of a bundle as they are now, and what was recorded of each before, if that was different.
fn resources(bundle: &str) -> Result<Vec<(Form, Option<Form>)>, Refusal> {
    let json = Json::parse(bundle, Limits::FILE)
        .map_err(|e| Refusal::new(Kind::Fault, format!("An invented bundle is wrong: {e}")))?;
    let items = interaction::items(&json)?;
    Ok(items.iter().map(|item| forms::forms(item.resource)).collect())
}

/// Files resources in commits of [`COMMIT`], on all threads.
fn file_all(access: &Access, session: &Session, texts: &[String], done: &ProgressBar) -> Result<(), Refusal> {
    let next = AtomicUsize::new(0);
    on_all_threads(|| {
        loop {
            let first = next.fetch_add(COMMIT, Relaxed);
            if first >= texts.len() {
                return Ok(());
            }
            let part = &texts[first..(first + COMMIT).min(texts.len())];
            let parse = |text: &String| {
                Json::parse(text.as_str(), Limits::FILE)
                    .map_err(|e| Refusal::new(Kind::Fault, format!("An invented resource is wrong: {e}")))
            };
            let documents = part.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
            let item = |json| Item { resource: Json::root(json), full_url: None, place: String::new() };
            let items: Vec<Item<'_>> = documents.iter().map(item).collect();
            interaction::load_whole(&Caller::new(access, session, ""), &items)?;
            done.inc(part.len() as u64);
        }
    })
}

/// Runs `work` on one thread more than the machine has processors, since one of them waits for the disk.
fn on_all_threads(work: impl Fn() -> Result<(), Refusal> + Sync) -> Result<(), Refusal> {
    let count = std::thread::available_parallelism().map_or(2, usize::from) + 1;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Refusal::new(Kind::Fault, "Making the people failed.")))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_the_years_and_end_with_the_data() {
        let (from, until) = (Instant(0), Instant(3_650 * DAY_MS));
        assert_eq!(step(Instant(-5), from, until), Instant(STEP_DAYS * DAY_MS));
        assert_eq!(step(until, from, until), until);
        assert_eq!(step(Instant(until.0 + 5), from, until), until);
        let yesterday = Instant(until.0 - DAY_MS - 1);
        assert_eq!(step(yesterday, from, until), Instant(until.0 - DAY_MS));
        let before = Instant(until.0 - LAST_DAYS * DAY_MS - 1);
        assert!(step(before, from, until).0 <= until.0 - LAST_DAYS * DAY_MS);
    }
}

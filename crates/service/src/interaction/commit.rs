//! From a plan to the record.

use super::plan::{self, Change, Plan, Ready, Step};
use super::{Caller, Done, Guards, Once, done, guard, placed};
use access::Session;
use fhir::search::Query;
use record::{Found, Issue, Kind, Page, Reader, Refusal, Results, Tx, Written};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a plan is made anew because the record changed under it.
pub const TRIES_MAX: usize = 5;
/// Steps from which on a transaction lets others go first.
const LARGE: usize = 50;

/// What a write did, entry by entry.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// In the order of the input.
    pub done: Vec<Done>,
    /// True when the request was here before and this is its first answer again.
    pub again: bool,
}

/// What the writer found.
enum Applied {
    Now(Vec<Done>),
    Before(Vec<Option<Done>>),
}

/// Plans and applies changes: all or none. Notes on the audit trail what the log does not show.
pub(super) fn commit(
    caller: &Caller<'_>,
    command: &'static str,
    changes: &[Change<'_>],
    bundled: bool,
    once: Option<&Once>,
) -> Result<Outcome, Refusal> {
    let outcome = attempt(caller, command, changes, bundled, once);
    match outcome {
        Ok(outcome) => {
            note(caller, command, &outcome);
            Ok(outcome)
        }
        Err(refusal) => Err(caller.refused("refused", command, refusal)),
    }
}

fn attempt(
    caller: &Caller<'_>,
    command: &'static str,
    changes: &[Change<'_>],
    bundled: bool,
    once: Option<&Once>,
) -> Result<Outcome, Refusal> {
    if let Some(once) = once {
        let reader = caller.reader()?;
        if let Some(before) = once.answered(once.kept(&reader)?, done::read)? {
            caller.access.store().settled()?;
            return again(caller, changes, before, &reader);
        }
    }
    for _ in 0..TRIES_MAX {
        let plan = plan::make(caller, changes, bundled)?;
        if once.is_none() && plan.only_reads() {
            let reader = caller.reader()?;
            let done = plan.steps.into_iter().zip(&plan.places);
            let done =
                done.map(|(step, place)| look(&reader, step).map_err(|refusal| placed(refusal, place)));
            return Ok(Outcome { done: done.collect::<Result<_, _>>()?, again: false });
        }
        match apply(caller, command, plan, once)? {
            Some(Applied::Now(done)) => return Ok(Outcome { done, again: false }),
            Some(Applied::Before(before)) => return again(caller, changes, before, &caller.reader()?),
            None => {}
        }
    }
    let text = "The record changed while the request was made ready, again and again. Try once more.";
    Err(Refusal::new(Kind::Busy, text))
}

/// Nothing when a premise of the plan no longer holds; then nothing was written.
pub(super) fn apply_plan(
    caller: &Caller<'_>,
    command: &str,
    plan: Plan,
) -> Result<Option<Vec<Done>>, Refusal> {
    Ok(match apply(caller, command, plan, None)? {
        Some(Applied::Now(done)) => Some(done),
        Some(Applied::Before(_)) | None => None,
    })
}

fn apply(
    caller: &Caller<'_>,
    command: &str,
    plan: Plan,
    once: Option<&Once>,
) -> Result<Option<Applied>, Refusal> {
    let stale = Arc::new(AtomicBool::new(false));
    let (seen, once) = (stale.clone(), once.cloned());
    let author = caller.session.author(command, caller.request);
    let guarding = Guarding { guards: caller.guards.clone(), session: caller.session.clone() };
    let large = plan.steps.len() > LARGE;
    let act = move |tx: &mut Tx<'_>| {
        if let Some(once) = &once
            && let Some(before) = once.answered(once.kept_in(tx)?, done::read)?
        {
            return Ok(Applied::Before(before));
        }
        for premise in &plan.premises {
            if !premise.holds(tx)? {
                seen.store(true, Ordering::Relaxed);
                return Err(Refusal::new(Kind::Conflict, "The record changed meanwhile. Try again."));
            }
        }
        let outcome = Outcome { done: run(tx, plan, &seen, &guarding)?, again: false };
        if let Some(once) = &once {
            once.keep(tx, done::write(&outcome.done))?;
        }
        Ok(Applied::Now(outcome.done))
    };
    let store = caller.access.store();
    let outcome = if large { store.write_large(author, act) } else { store.write(author, act) };
    match outcome {
        Err(_) if stale.load(Ordering::Relaxed) => Ok(None),
        other => other.map(Some),
    }
}

/// Runs the steps in the order of FHIR R4 http.html#trules: delete, create, update, read. Answers in the
/// order of the input. Raises `stale` when a version that was read while planning is current no more.
fn run(tx: &mut Tx<'_>, plan: Plan, stale: &AtomicBool, guarding: &Guarding) -> Result<Vec<Done>, Refusal> {
    tx.foresee(plan.steps.iter().filter_map(|step| match step {
        Step::Create(ready) | Step::Put { resource: ready, .. } => Some(&ready.prepared),
        _ => None,
    }))?;
    let mut steps: Vec<(usize, Step)> = plan.steps.into_iter().enumerate().collect();
    steps.sort_by_key(|(_, step)| match step {
        Step::Delete { .. } => 0,
        Step::Create(_) | Step::Met(_) => 1,
        Step::Same(_) => 2,
        Step::Put { .. } => 3,
        Step::Read { .. } | Step::Search(_) => 4,
    });
    let mut done: Vec<Option<Done>> = vec![None; steps.len()];
    for (i, step) in steps {
        let one = match step {
            Step::Same(first) => same(done[first].as_ref()),
            step => change(tx, step, stale, guarding),
        };
        done[i] = Some(one.map_err(|refusal| placed(refusal, &plan.places[i]))?);
    }
    Ok(done.into_iter().flatten().collect())
}

fn change(tx: &mut Tx<'_>, step: Step, stale: &AtomicBool, guarding: &Guarding) -> Result<Done, Refusal> {
    match step {
        Step::Create(Ready { prepared, told }) => {
            tx.create(prepared).and_then(|written| guarding.filed(tx, written, told))
        }
        Step::Put { resource, expected, guessed } => {
            let Ready { prepared, told } = resource;
            let put = tx.put(prepared, expected);
            if guessed && put.as_ref().is_err_and(|refusal| refusal.kind == Kind::Precondition) {
                stale.store(true, Ordering::Relaxed);
            }
            put.and_then(|written| guarding.filed(tx, written, told))
        }
        Step::Delete { kind, ids, expected } => {
            let deleted = ids.iter().map(|id| tx.delete(kind, id, expected));
            let deleted: Vec<Written> =
                deleted.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            for one in &deleted {
                guard::gone(&guarding.guards, tx, &guarding.session, one)?;
            }
            Ok(Done::Deleted(deleted))
        }
        other => look(tx, other),
    }
}

/// The guards of a transaction, and whose it is.
struct Guarding {
    guards: Guards,
    session: Session,
}

impl Guarding {
    fn filed(&self, tx: &mut Tx<'_>, written: Written, told: Vec<Issue>) -> Result<Done, Refusal> {
        guard::filed(&self.guards, tx, &self.session, &written)?;
        Ok(Done::Wrote(written, told))
    }
}

/// What an earlier entry of the same transaction created, met again.
fn same(first: Option<&Done>) -> Result<Done, Refusal> {
    match first {
        Some(Done::Wrote(written, told)) => {
            let met = Written { created: false, changed: false, ..written.clone() };
            Ok(Done::Wrote(met, told.clone()))
        }
        _ => Err(Refusal::new(
            Kind::Fault,
            "An entry that another means was not written. Nothing was changed.",
        )),
    }
}

/// What can be read from: a transaction, or a snapshot.
trait Source {
    fn one(&self, kind: &str, id: &str) -> Result<Found, Refusal>;
    fn all(&self, query: &Query, page: &Page) -> Result<Results, Refusal>;
}

impl Source for Tx<'_> {
    fn one(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.read(kind, id)
    }
    fn all(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        self.search(query, page)
    }
}

impl Source for Reader {
    fn one(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.read(kind, id)
    }
    fn all(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        self.search(query, page)
    }
}

fn look(source: &impl Source, step: Step) -> Result<Done, Refusal> {
    match step {
        Step::Read { kind, id } => {
            let found = source.one(kind, &id)?;
            super::read::here(found, kind, &id).map(|body| Done::Read(Box::new(body)))
        }
        Step::Search(search) => {
            let results = source.all(&search.0, &search.1)?;
            Ok(Done::Found(Box::new((search.0, results))))
        }
        Step::Met(written) => Ok(Done::Wrote(written, Vec::new())),
        _ => Err(Refusal::new(Kind::Fault, "A change was taken for a read. Nothing was changed.")),
    }
}

/// The first answer once more; its reads are done afresh.
fn again(
    caller: &Caller<'_>,
    changes: &[Change<'_>],
    before: Vec<Option<Done>>,
    reader: &Reader,
) -> Result<Outcome, Refusal> {
    let done = changes.iter().zip(before).map(|(change, before)| match before {
        Some(done) => Ok(done),
        None => look(reader, plan::look(&change.ask, caller)?),
    });
    Ok(Outcome { done: done.collect::<Result<_, _>>()?, again: true })
}

/// Notes what went out, and changes that changed nothing: the log has the rest.
fn note(caller: &Caller<'_>, command: &'static str, outcome: &Outcome) {
    for done in &outcome.done {
        match done {
            Done::Read(body) => {
                caller.sees("read", &format!("{}/{}", body.kind, body.id), std::iter::once(&**body))
            }
            Done::Found(found) => {
                let (query, results) = &**found;
                let out = results.matches.iter().chain(&results.included);
                caller.sees("search", &super::read::query_text(query), out);
            }
            Done::Wrote(written, _) if !written.changed => caller.met(command, written),
            Done::Deleted(list) if list.is_empty() => caller.sees("delete", command, std::iter::empty()),
            Done::Wrote(..) | Done::Deleted(_) => {}
        }
    }
}

//! What has changed since an instant, along the log: each resource once, as it is at the job's commit.

use super::Place;
use super::export::Sieve;
use super::outbox::Outbox;
use super::run::Run;
use record::{Found, Instant, Refusal};

/// Commits that are read at a time, at most: one may hold thousands of changes.
const COMMITS: usize = 20;

/// Goes through the commits from an instant on to that of the job. A step is a commit.
pub(super) fn walk(
    run: &mut Run<'_>,
    sieve: &Sieve,
    since: Instant,
    outbox: &mut Outbox<'_>,
) -> Result<(), Refusal> {
    if run.job.place.step == 0 {
        let session = run.session()?;
        let before = run.access.store().reader_at(&session.scope, Instant(since.0 - 1))?;
        run.job.place.step = before.txn();
    }
    loop {
        let reader = run.reader(&run.session()?)?;
        let commits = reader.commits_after(run.job.place.step, COMMITS.min(run.pace.page))?;
        let Some(last) = commits.last().map(|commit| commit.txn) else { return Ok(()) };
        for change in commits.iter().flat_map(|commit| &commit.changes) {
            if !sieve.types.contains(&change.kind) {
                continue;
            }
            match reader.read(change.kind, &change.id)? {
                Found::Here(body) if body.version == change.version => {
                    if sieve.is_of_them(&body) && sieve.lets(&reader, &body)? {
                        outbox.add(&body);
                    }
                }
                Found::Gone(body) if body.version == change.version && sieve.is_of_them(&body) => {
                    outbox.add_deleted(&body);
                }
                // It changed again later on, and is met there.
                Found::Here(_) | Found::Gone(_) | Found::Absent => {}
            }
        }
        drop(reader);
        run.job.place = Place { step: last, page: None };
        outbox.flush_if_due(run)?;
    }
}

//! A reader of the log that looks step by step while the worst happens, and at the end compares what it saw with
//! what is there.

use crate::node::{PATIENCE, open};
use record::{Commit, Refusal, Scope, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const STEP: usize = 200;

/// Follows the log on a thread of its own.
pub struct Follower {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Commit>>,
    store: Store,
}

impl Follower {
    /// Begins at the beginning.
    pub fn start(place: &str) -> Result<Follower, Refusal> {
        let store = open(place)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (store, stopping) = (store.clone(), stopping.clone());
            move || follow(&store, &stopping)
        });
        Ok(Follower { stopping, thread, store })
    }

    /// Lets it come to the end of a log to which nobody writes any more. How many commits it saw, and what it saw
    /// otherwise than it is: a commit that is not there, or one that came late.
    pub fn finish(self) -> Result<(usize, Vec<String>), Refusal> {
        self.stopping.store(true, Relaxed);
        let seen = self.thread.join().expect("the follower does not panic");
        let mut log: Vec<Commit> = Vec::new();
        let reader = self.store.reader(&Scope::all())?;
        loop {
            let more = reader.commits_after(log.last().map_or(0, |commit| commit.txn), STEP)?;
            if more.is_empty() {
                break;
            }
            log.extend(more);
        }
        Ok((log.len(), differences(&seen, &log)))
    }
}

fn differences(seen: &[Commit], log: &[Commit]) -> Vec<String> {
    let pairs = (0..seen.len().max(log.len())).map(|at| (seen.get(at), log.get(at)));
    let differ = pairs.filter(|(seen, log)| seen != log);
    differ.map(|(seen, log)| format!("a cursor saw {seen:?} where the log has {log:?}")).collect()
}

/// Until it is told to stop and has seen all.
fn follow(store: &Store, stopping: &AtomicBool) -> Vec<Commit> {
    let mut seen: Vec<Commit> = Vec::new();
    let mut stopped = None;
    loop {
        // Read before the log is: what is found empty after that has ended.
        let last_look = stopping.load(Relaxed);
        let after = seen.last().map_or(0, |commit| commit.txn);
        let more = store.reader(&Scope::all()).and_then(|reader| reader.commits_after(after, STEP));
        match more {
            Ok(more) if !more.is_empty() => seen.extend(more),
            Ok(_) if last_look => return seen,
            // The database is away, and comes back.
            Err(_) if last_look => {
                let since = *stopped.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    return seen;
                }
            }
            Ok(_) | Err(_) => {}
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Instant;

    #[test]
    fn a_commit_that_a_cursor_has_missed_is_seen() {
        let commit =
            |txn| Commit { txn, at: Instant(1), command: "crash.count".to_owned(), changes: Vec::new() };
        assert!(differences(&[commit(1), commit(2)], &[commit(1), commit(2)]).is_empty());
        assert_eq!(differences(&[commit(1), commit(3)], &[commit(1), commit(2), commit(3)]).len(), 2);
    }
}

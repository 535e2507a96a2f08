//! Keeps up with the audit trail: whom its rows are about, so that who saw a patient is found fast.

use record::{Kind, Refusal, Store};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between looks at the trail.
const EVERY: Duration = Duration::from_secs(2);
/// Rows that may wait while there is other work; beyond them they are taken in all the same.
const BEHIND_MAX: u64 = 20_000;

/// The job; it ends when this is dropped.
pub struct Following {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to follow the trail.
pub fn follow(store: Store) -> Result<Following, Refusal> {
    let (stop, told) = channel();
    let thread = std::thread::Builder::new().name("trail".into()).spawn(move || {
        let mut wait = EVERY;
        while told.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = match step(&store) {
                Ok(true) => Duration::ZERO,
                Ok(false) => EVERY,
                Err(refusal) => {
                    tracing::warn!(%refusal, "the trail could not be taken in; it is tried again");
                    EVERY
                }
            };
        }
    });
    let thread =
        thread.map_err(|e| Refusal::new(Kind::Fault, format!("A thread could not be started: {e}.")))?;
    Ok(Following { stop: Some(stop), thread: Some(thread) })
}

/// Takes in a batch, unless there is other work and little waits; true when there is more.
fn step(store: &Store) -> Result<bool, Refusal> {
    if store.waiting() > 0 && store.trail_behind()? < BEHIND_MAX {
        return Ok(false);
    }
    store.take_in_trail()
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so already.
            let _ = thread.join();
        }
    }
}

//! Keeps the words of texts up with the log, while nothing else is to be done.

use record::{Kind, Refusal, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the log must have been still.
const STILL: Duration = Duration::from_secs(2);

/// The job; it ends when this is dropped.
pub struct Following {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to follow the log.
pub fn follow(store: Store) -> Result<Following, Refusal> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let thread = std::thread::Builder::new().name("words".into()).spawn(move || {
        let mut seen = 0;
        while !told.load(Relaxed) {
            seen = step(&store, seen, &told).unwrap_or_else(|refusal| {
                tracing::warn!(%refusal, "words could not be taken in; it is tried again");
                std::thread::sleep(STILL);
                0
            });
        }
    });
    let thread =
        thread.map_err(|e| Refusal::new(Kind::Fault, format!("A thread could not be started: {e}.")))?;
    Ok(Following { stop, thread: Some(thread) })
}

/// Waits for the log to move on and be still again, then takes in what is new unless there is other work. The
/// commit up to which that is done.
fn step(store: &Store, seen: u64, stop: &AtomicBool) -> Result<u64, Refusal> {
    let moved = store.wait_past(seen, STILL)?;
    if moved == seen || store.wait_past(moved, STILL)? != moved {
        return Ok(seen);
    }
    while !stop.load(Relaxed) {
        if store.waiting() > 0 {
            return Ok(seen);
        }
        if !store.take_in_words()? {
            return Ok(moved);
        }
    }
    Ok(seen)
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so already.
            let _ = thread.join();
        }
    }
}

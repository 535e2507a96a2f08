//! The work in the background: one node has the lease of it, reads the log and delivers; the others stand by.

use crate::follow::Follower;
use crate::kept::{self, JOB};
use crate::{Shared, Subscriptions, held};
use record::{Author, Refusal, Tx};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long the log is waited for at one time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often small facts that have run out, such as old events, are dropped.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

const GOES_ON: u8 = 0;
const ENDS: u8 = 1;
/// Nothing is given back.
#[cfg(test)]
const CRASHES: u8 = 2;

/// The work, until it is dropped.
pub struct Work {
    /// One of [`GOES_ON`], [`ENDS`] and, for tests, [`CRASHES`].
    order: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Work {
    /// Starts to read the log and to deliver, on this runtime.
    pub fn start(subscriptions: &Subscriptions, runtime: Handle) -> Result<Work, Refusal> {
        let shared = subscriptions.shared.clone();
        *held(&shared.runtime) = Some(runtime);
        let order = Arc::new(AtomicU8::new(GOES_ON));
        let told = order.clone();
        let thread = std::thread::Builder::new()
            .name("subscriptions".into())
            .spawn(move || serve(&shared, &told))
            .map_err(|error| {
                tracing::error!(%error, "start the work on subscriptions");
                Refusal::new(
                    record::Kind::Fault,
                    "The work on subscriptions could not be started. Tell support.",
                )
            })?;
        Ok(Work { order, thread: Some(thread) })
    }

    /// Ends it as a crash would: in the middle of what it does, and without giving the lease back.
    #[cfg(test)]
    pub(crate) fn crash(self) {
        self.order.store(CRASHES, Relaxed);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.order.compare_exchange(GOES_ON, ENDS, Relaxed, Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

fn serve(shared: &Arc<Shared>, order: &AtomicU8) {
    let holder = record::new_id();
    while order.load(Relaxed) == GOES_ON {
        match lease(shared, &holder) {
            Ok(Some(number)) => {
                if let Err(refusal) = follow(shared, &holder, number, order) {
                    tracing::warn!(%refusal, "the work on subscriptions begins anew");
                    std::thread::sleep(LOOK_EVERY);
                }
                shared.dismiss_all();
                if order.load(Relaxed) == ENDS {
                    let end = move |tx: &mut Tx<'_>| tx.end_lease(JOB, number);
                    // Without it the lease runs out by itself.
                    let _ = shared.access.store().write(Author::system("subscription.lease"), end);
                }
            }
            Ok(None) => std::thread::sleep(LOOK_EVERY.min(shared.settings.lease)),
            Err(refusal) => {
                tracing::warn!(%refusal, "the lease of the work on subscriptions cannot be had");
                std::thread::sleep(LOOK_EVERY);
            }
        }
    }
}

fn lease(shared: &Shared, holder: &str) -> Result<Option<u64>, Refusal> {
    let (holder, time) = (holder.to_owned(), shared.settings.lease.as_millis() as i64);
    shared.access.store().write(Author::system("subscription.lease"), move |tx| tx.lease(JOB, &holder, time))
}

fn follow(shared: &Arc<Shared>, holder: &str, number: u64, order: &AtomicU8) -> Result<(), Refusal> {
    let store = shared.access.store();
    let mut follower = Follower::begin(shared.clone(), number)?;
    let mut nudged = kept::nudged(store)?;
    let (mut renewed, mut swept) = (Instant::now(), None::<Instant>);
    while order.load(Relaxed) == GOES_ON {
        if renewed.elapsed() > shared.settings.lease / 3 {
            if lease(shared, holder)? != Some(number) {
                return Ok(());
            }
            renewed = Instant::now();
        }
        if swept.is_none_or(|at| at.elapsed() > SWEEP_EVERY) {
            store.write(Author::system("record.sweep"), |tx| tx.forget_expired())?;
            swept = Some(Instant::now());
        }
        let now = kept::nudged(store)?;
        if now != nudged {
            nudged = now;
            shared.nudge();
        }
        if !follower.step()? {
            store.wait_past(follower.cursor(), LOOK_EVERY.min(shared.settings.lease / 4))?;
        }
    }
    Ok(())
}

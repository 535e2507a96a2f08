//! Keeps relationships up with who serves what: goes through the events of what is served by others than before.

use access::Access;
use record::{Kind, Refusal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between looks.
const EVERY: Duration = Duration::from_secs(1);

/// The job; it ends when this is dropped.
pub struct Following {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to look.
pub fn follow(access: Access) -> Result<Following, Refusal> {
    let (stop, told) = channel();
    let thread = std::thread::Builder::new().name("settling".into()).spawn(move || {
        let mut wait = EVERY;
        while told.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = match service::relationship::settle_changed(&access) {
                Ok(true) => Duration::ZERO,
                Ok(false) => EVERY,
                Err(refusal) => {
                    tracing::warn!(%refusal, "relationships could not be settled; it is tried again");
                    EVERY
                }
            };
        }
    });
    let thread =
        thread.map_err(|e| Refusal::new(Kind::Fault, format!("A thread could not be started: {e}.")))?;
    Ok(Following { stop: Some(stop), thread: Some(thread) })
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

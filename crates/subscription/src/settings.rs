//! What can be set.

use crate::endpoint::Hosts;
use std::fmt;
use std::time::Duration;

/// How subscriptions behave. The defaults suit one machine of two cores.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that clients know the FHIR door by, without a slash at the end.
    pub base: String,
    /// Hosts that notifications may go to; none by default.
    pub hosts: Hosts,
    /// How e-mail goes out, if it does.
    pub smtp: Option<Smtp>,
    /// Failures one after the other until a Subscription's status is `error`, and until a notification that the
    /// receiver refuses goes on the failed list.
    pub failures_max: u64,
    /// The wait after the first failure; each further one doubles it.
    pub retry_first: Duration,
    /// The longest wait. A receiver that comes back is told within this.
    pub retry_max: Duration,
    /// How often it is looked at, also while nothing happens, whether who made a Subscription may still be told.
    pub owner_every: Duration,
    /// Events that wait for a receiver, at most; with more the Subscription is switched off.
    pub backlog_max: u64,
    /// How long events can still be asked for after they were delivered.
    pub kept: Duration,
    /// How long a node has the work before another may take it up, should it stop without a word.
    pub lease: Duration,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    /// `smtps://user:password@host`, `smtp://host:25?tls=required`, or without TLS `smtp://host:25`.
    pub url: String,
    /// The sender.
    pub from: String,
}

/// Without the address, which may hold a password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Settings {
    /// The defaults, at this address of the FHIR door.
    pub fn at(base: impl AsRef<str>) -> Settings {
        Settings {
            base: base.as_ref().trim_end_matches('/').to_owned(),
            hosts: Hosts::default(),
            smtp: None,
            failures_max: 5,
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
            owner_every: Duration::from_secs(30),
            backlog_max: 100_000,
            kept: Duration::from_secs(7 * 24 * 3600),
            lease: Duration::from_secs(15),
        }
    }

    /// The wait after so many failures.
    pub(crate) fn wait(&self, failures: u64) -> Duration {
        let doubled = self.retry_first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        doubled.min(self.retry_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_longest() {
        let settings = Settings::at("https://care.example/fhir/");
        let waits: Vec<u64> = [1, 2, 3, 8, 9, 10, 1000].map(|n| settings.wait(n).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 128, 256, 300, 300]);
        assert_eq!(settings.base, "https://care.example/fhir");
    }
}

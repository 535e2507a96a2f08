//! After some failed tries, waiting: by account, whether it exists or not, and by address.

use record::Instant;
use std::collections::HashMap;

/// Failed tries before the first wait.
pub const TRIES: u32 = 10;
/// The first wait; each further failure doubles it.
const WAIT_FIRST_MS: i64 = 60_000;
/// The longest wait. Also how long failures are remembered after the last.
pub const WAIT_MAX_MS: i64 = 15 * 60_000;
/// Keys that are remembered. When there are more, those whose last failure is longest ago are forgotten.
const KEYS_MAX: usize = 20_000;

/// The failures of late, in memory only: a restart forgets them, which nobody outside can bring about.
#[derive(Default)]
pub struct BackOff {
    failures: HashMap<String, Failures>,
}

struct Failures {
    count: u32,
    last: Instant,
}

impl BackOff {
    /// Milliseconds to wait before `key` may try again; 0 when it may.
    pub fn wait_ms(&self, key: &str, now: Instant) -> i64 {
        let Some(failures) = self.failures.get(key) else { return 0 };
        let Some(beyond) = failures.count.checked_sub(TRIES) else { return 0 };
        let wait = (WAIT_FIRST_MS << beyond.min(10)).min(WAIT_MAX_MS);
        (failures.last.0 + wait - now.0).max(0)
    }

    /// Counts a try as failed. Done before the password is looked at, so that many tries at one moment count
    /// too; [`BackOff::took_back`] and [`BackOff::forget`] undo it.
    pub fn failed(&mut self, key: &str, now: Instant) {
        if self.failures.len() >= KEYS_MAX && !self.failures.contains_key(key) {
            self.thin(now);
        }
        let failures = self.failures.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
        if now.0 - failures.last.0 > WAIT_MAX_MS {
            failures.count = 0;
        }
        failures.count += 1;
        failures.last = now;
    }

    /// Takes the last failure back: the try was right.
    pub fn took_back(&mut self, key: &str) {
        if let Some(failures) = self.failures.get_mut(key) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// Forgets all failures of a key.
    pub fn forget(&mut self, key: &str) {
        self.failures.remove(key);
    }

    fn thin(&mut self, now: Instant) {
        self.failures.retain(|_, failures| now.0 - failures.last.0 <= WAIT_MAX_MS);
        if self.failures.len() >= KEYS_MAX {
            let mut times: Vec<i64> = self.failures.values().map(|failures| failures.last.0).collect();
            let (_, middle, _) = times.select_nth_unstable(KEYS_MAX / 2);
            let middle = *middle;
            self.failures.retain(|_, failures| failures.last.0 > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_make_a_wait_that_doubles_up_to_a_quarter_of_an_hour() {
        let mut back_off = BackOff::default();
        let mut now = Instant(1_000_000);
        for _ in 0..TRIES {
            assert_eq!(back_off.wait_ms("a", now), 0);
            back_off.failed("a", now);
        }
        for minutes in [1, 2, 4, 8, 15, 15, 15] {
            assert_eq!(back_off.wait_ms("a", now), minutes * 60_000);
            assert_eq!(back_off.wait_ms("b", now), 0);
            now.0 += minutes * 60_000;
            assert_eq!(back_off.wait_ms("a", now), 0);
            back_off.failed("a", now);
        }
    }

    #[test]
    fn failures_are_forgotten_after_a_quarter_of_an_hour() {
        let mut back_off = BackOff::default();
        for _ in 1..TRIES {
            back_off.failed("a", Instant(0));
        }
        back_off.failed("a", Instant(WAIT_MAX_MS + 1));
        assert_eq!(back_off.wait_ms("a", Instant(WAIT_MAX_MS + 1)), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_latest_stay() {
        let mut back_off = BackOff::default();
        for i in 0..2 * KEYS_MAX {
            back_off.failed(&i.to_string(), Instant(i as i64));
        }
        assert!(back_off.failures.len() <= KEYS_MAX);
        assert!(back_off.failures.contains_key(&(2 * KEYS_MAX - 1).to_string()));
    }
}

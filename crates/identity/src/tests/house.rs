//! A record of its own for each test.

use access::Access;
use record::{Instant, Options, Place, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use testbed::Home;

pub(super) struct House {
    pub access: Access,
    pub store: Store,
    clock: Arc<AtomicI64>,
    _home: Home,
}

impl House {
    pub fn new() -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let clock = Arc::new(AtomicI64::new(store.now().0));
        let hands = clock.clone();
        let told = Arc::new(move || Instant(hands.load(Ordering::SeqCst)));
        let access = Access::with_clock(store.clone(), told).unwrap();
        House { access, store, clock, _home: home }
    }

    /// Moves the clock by which sessions and states are judged.
    pub fn later(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

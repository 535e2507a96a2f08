#![doc = include_str!("../README.md")]

mod ask;
mod criteria;
mod deliver;
mod email;
mod endpoint;
mod follow;
mod guard;
mod kept;
mod listen;
mod notification;
mod order;
mod send;
mod settings;
mod sight;
mod standing;
#[cfg(test)]
mod tests;
mod topic;
mod work;

pub use ask::{Row, failed, list, resend};
pub use endpoint::Hosts;
pub use kept::Failed;
pub use listen::Listener;
pub use settings::{Settings, Smtp};
pub use work::Work;

use access::Access;
use fhir::search::{Handling, Query};
use fhir::{Instant, Json, Limits};
use order::{About, Order};
use record::{COUNT_MAX, Change, Found, Page, Reader, Refusal};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The subscriptions of a record. Clones share them.
#[derive(Clone)]
pub struct Subscriptions {
    shared: Arc<Shared>,
}

/// What all parts share.
pub(crate) struct Shared {
    pub access: Access,
    pub settings: Settings,
    pub tally: Tally,
    client: send::Client,
    hub: Mutex<HashMap<String, Watcher>>,
    runtime: Mutex<Option<Handle>>,
}

/// Counts since the start.
#[derive(Default)]
pub(crate) struct Tally {
    pub events: AtomicU64,
    pub told: AtomicU64,
    pub failures: AtomicU64,
    pub given_up: AtomicU64,
}

/// A subscription as the one who reads the log knows it.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub id: String,
    /// What it asks for, or why that cannot be done.
    pub order: Result<Order, String>,
    pub state: kept::State,
}

/// What those who deliver look at.
#[derive(Clone)]
pub(crate) struct View {
    pub watched: Arc<Watched>,
    /// Grows when the failed list is to be looked at.
    pub nudges: u64,
}

struct Watcher {
    sender: watch::Sender<View>,
    task: Option<AbortHandle>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Subscriptions {
    /// The subscriptions of the record behind a gate. Nothing is delivered until [`Work::start`].
    pub fn new(access: Access, settings: Settings) -> Subscriptions {
        let shared = Shared {
            access,
            settings,
            tally: Tally::default(),
            client: send::Client::new(),
            hub: Mutex::default(),
            runtime: Mutex::default(),
        };
        Subscriptions { shared: Arc::new(shared) }
    }

    /// Numbers for `/metrics`: name and value.
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        let tally = &self.shared.tally;
        let watched = held(&self.shared.hub).len();
        let count = |number: &AtomicU64| number.load(Relaxed) as f64;
        vec![
            ("subscriptions", watched as f64),
            ("subscription_events_total", count(&tally.events)),
            ("subscription_told_total", count(&tally.told)),
            ("subscription_failures_total", count(&tally.failures)),
            ("subscription_given_up_total", count(&tally.given_up)),
        ]
    }
}

impl Shared {
    /// Lets those who deliver a subscription know how it stands.
    fn publish(self: &Arc<Shared>, watched: &Watched, lease: u64) {
        let mut hub = held(&self.hub);
        let next = Arc::new(watched.clone());
        if let Some(watcher) = hub.get(&watched.id) {
            watcher.sender.send_modify(|view| {
                let new = next.state.events.saturating_sub(view.watched.state.events);
                self.tally.events.fetch_add(new, Relaxed);
                view.watched = next;
            });
            return;
        }
        let (sender, view) = watch::channel(View { watched: next, nudges: 0 });
        let handle = held(&self.runtime).clone();
        let task = handle.map(|h| h.spawn(deliver::run(self.clone(), lease, view)).abort_handle());
        hub.insert(watched.id.clone(), Watcher { sender, task });
    }

    /// Ends the delivery of one that is gone.
    fn dismiss(&self, id: &str) {
        held(&self.hub).remove(id);
    }

    /// Ends all delivery here.
    fn dismiss_all(&self) {
        held(&self.hub).clear();
    }

    /// Has all look at the failed list, and try at once.
    fn nudge(&self) {
        held(&self.hub).values().for_each(|watcher| watcher.sender.send_modify(|view| view.nudges += 1));
    }

    /// How a subscription stands, where it is delivered here.
    fn view(&self, id: &str) -> Option<watch::Receiver<View>> {
        held(&self.hub).get(id).map(|watcher| watcher.sender.subscribe())
    }

    /// Whether more wait for its receiver than may. Looked at now and then.
    fn is_full(&self, watched: &Watched) -> Result<bool, Refusal> {
        let most = self.settings.backlog_max;
        if !watched.state.events.is_multiple_of((most / 10).max(1)) {
            return Ok(false);
        }
        let sent = kept::Delivery::of(self.access.store(), &watched.id)?.sent;
        Ok(watched.state.events - sent > most)
    }

    /// Whether its owner, as they are now, sees what a change left, and what chains of the criteria lead to from there,
    /// as that was after the commit.
    fn sees(&self, watched: &Watched, txn: u64, change: &Change) -> Result<bool, Refusal> {
        let Some(owner) = &watched.state.owner else { return Ok(false) };
        let Some(session) = self.access.under(owner)? else { return Ok(false) };
        let reader = self.access.store().reader(&session.scope)?.as_at(txn);
        if reader.vread(change.kind, &change.id, change.version)? == Found::Absent {
            return Ok(false);
        }
        match &watched.order {
            Ok(Order { about: About::Criteria(criteria), .. }) => criteria.found(&reader, &change.id),
            _ => Ok(true),
        }
    }
}

/// Does what waits for the record on a thread that may wait.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let ended = |_| Refusal::new(record::Kind::Busy, "The server is stopping. Try again in a moment.");
    tokio::task::spawn_blocking(act).await.map_err(ended)?
}

/// The topics that there are: ids and versions.
fn topics(base: &str, reader: &Reader) -> Result<Vec<(String, u64)>, Refusal> {
    let all = topic_bodies(base, reader)?;
    Ok(all.into_iter().map(|body| (body.id, body.version)).collect())
}

fn topic_bodies(base: &str, reader: &Reader) -> Result<Vec<record::Body>, Refusal> {
    let pairs = [("code".to_owned(), "SubscriptionTopic".to_owned())];
    let query = Query::parse(Some("Basic"), &pairs, Handling::Strict, Instant(0), base)?;
    Ok(reader.search(&query, &Page { count: COUNT_MAX, total: false })?.matches)
}

/// The topic with this address.
fn topic_at(shared: &Shared, reader: &Reader, url: &str) -> Result<Option<topic::Topic>, Refusal> {
    let base = &shared.settings.base;
    let read = |body: record::Body| {
        let json = Json::parse(body.text, Limits::DOOR).ok()?;
        topic::Topic::read(json.root(), body.updated, base).ok().filter(|topic| topic.url == url)
    };
    Ok(topic_bodies(base, reader)?.into_iter().find_map(read))
}

/// The content of a lock; what is changed under these locks is never left half done.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

//! Reading the log: which changes are events of which subscriptions. One node does it, from a durable cursor; what it
//! finds is durable in the same transaction as the cursor, so nothing is found twice and nothing is lost. Writers are
//! never waited for nor made to wait.

use crate::kept::{self, Event, Failed, JOB, State};
use crate::order::{About, Order};
use crate::standing;
use crate::topic::{Happened, Interaction, Topic, is_topic};
use crate::{Shared, Watched};
use fhir::{Instant, Json, Limits};
use record::{Author, Change, Commit, Found, Kind, Reader, Refusal, Scope, Tx};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Commits that are read at once.
const COMMITS: usize = 100;
/// Commits without an event after which the cursor is made durable all the same.
const COMMITS_UNKEPT: u64 = 10_000;

/// The one who reads the log.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    lease: u64,
    cursor: u64,
    durable: u64,
    watched: BTreeMap<String, Watched>,
    topics: BTreeMap<String, Topic>,
    found: Vec<Finding>,
}

/// What a batch of commits brings, to be made durable with the cursor.
enum Finding {
    Event { subscription: String, number: u64, event: Event },
    State { id: String, state: State },
    Gone { id: String, state: State, failed: Vec<Failed> },
    Topic { id: String, version: Option<u64> },
}

impl Follower {
    /// Goes on where the cursor stands. Where there is none yet, the log before now is of no concern but for the
    /// Subscriptions that were made meanwhile.
    pub fn begin(shared: Arc<Shared>, lease: u64) -> Result<Follower, Refusal> {
        let reader = shared.access.store().reader(&Scope::all())?;
        let durable = reader.cursor(JOB)?;
        let cursor = if durable == 0 { reader.txn() } else { durable };
        let (watched, topics, found) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut follower = Follower { shared, lease, cursor, durable, watched, topics, found };
        if durable == 0 {
            follower.first(&reader)?;
        } else {
            for (id, version) in kept::topics(&reader)? {
                follower.topic(&reader, &id, Some(version))?;
            }
            for (id, state) in State::all(&reader)? {
                let version = state.version;
                let order = order(&follower.shared, &reader, &id, version)?;
                follower.watched.insert(id.clone(), Watched { id, order, state });
            }
        }
        drop(reader);
        follower.found.retain(|found| durable == 0 || !matches!(found, Finding::Topic { .. }));
        follower.keep()?;
        for watched in follower.watched.values() {
            follower.shared.publish(watched, follower.lease);
        }
        Ok(follower)
    }

    /// The very first time: topics and Subscriptions that are there.
    fn first(&mut self, reader: &Reader) -> Result<(), Refusal> {
        for (id, version) in crate::topics(&self.shared.settings.base, reader)? {
            self.topic(reader, &id, Some(version))?;
        }
        for (id, _) in kept::owned(reader)? {
            if let Found::Here(body) = reader.read("Subscription", &id)? {
                self.adopt(reader, &id, body.version)?;
            }
        }
        Ok(())
    }

    /// Where the log has been read to.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Reads the next commits. True when there may be more.
    pub fn step(&mut self) -> Result<bool, Refusal> {
        let reader = self.shared.access.store().reader(&Scope::all())?;
        let commits = reader.commits_after(self.cursor, COMMITS)?;
        let Some(last) = commits.last().map(|commit| commit.txn) else { return Ok(false) };
        for commit in &commits {
            for change in &commit.changes {
                self.change(&reader, commit, change)?;
            }
        }
        drop(reader);
        self.cursor = last;
        if !self.found.is_empty() || self.cursor - self.durable >= COMMITS_UNKEPT {
            self.keep()?;
        }
        Ok(commits.len() == COMMITS)
    }

    fn change(&mut self, reader: &Reader, commit: &Commit, change: &Change) -> Result<(), Refusal> {
        self.events(reader, commit, change)?;
        match change.kind {
            "Subscription" if commit.command == standing::COMMAND => self.own_change(reader, change),
            "Subscription" if change.deleted => {
                if let Some(watched) = self.watched.remove(&change.id) {
                    self.shared.dismiss(&change.id);
                    let failed = Failed::all(reader, &change.id)?;
                    self.found.push(Finding::Gone { id: change.id.clone(), state: watched.state, failed });
                }
                Ok(())
            }
            "Subscription" => self.adopt(reader, &change.id, change.version),
            "Basic" => self.topic(reader, &change.id, (!change.deleted).then_some(change.version)),
            _ => Ok(()),
        }
    }

    /// A status that the engine wrote: only that it is off changes anything.
    fn own_change(&mut self, reader: &Reader, change: &Change) -> Result<(), Refusal> {
        let off = match reader.vread("Subscription", &change.id, change.version)? {
            Found::Here(body) => body.text.contains("\"status\":\"off\""),
            _ => false,
        };
        if off && let Some(watched) = self.watched.get_mut(&change.id) {
            watched.state.on = false;
            self.found.push(Finding::State { id: change.id.clone(), state: watched.state.clone() });
        }
        Ok(())
    }

    /// Takes a version that a client wrote. Events from before it are still told, unless it was off.
    fn adopt(&mut self, reader: &Reader, id: &str, version: u64) -> Result<(), Refusal> {
        let order = order(&self.shared, reader, id, version)?;
        let on = order.as_ref().is_ok_and(|order| order.on);
        let events = self.watched.get(id).map_or(0, |watched| watched.state.events);
        let owner = kept::owner(self.shared.access.store(), id, version)?;
        let state = State { version, events, on, owner };
        self.found.push(Finding::State { id: id.to_owned(), state: state.clone() });
        self.watched.insert(id.to_owned(), Watched { id: id.to_owned(), order, state });
        Ok(())
    }

    fn topic(&mut self, reader: &Reader, id: &str, version: Option<u64>) -> Result<(), Refusal> {
        let known = self.topics.remove(id).is_some();
        let mut kept = None;
        if let Some(version) = version
            && let Found::Here(body) = reader.vread("Basic", id, version)?
            && let Ok(json) = Json::parse(body.text, Limits::DOOR)
            && is_topic(json.root())
            && let Ok(topic) = Topic::read(json.root(), body.updated, &self.shared.settings.base)
        {
            self.topics.insert(id.to_owned(), topic);
            kept = Some(version);
        }
        if known || kept.is_some() {
            self.found.push(Finding::Topic { id: id.to_owned(), version: kept });
        }
        Ok(())
    }

    /// Finds whose event a change is.
    fn events(&mut self, reader: &Reader, commit: &Commit, change: &Change) -> Result<(), Refusal> {
        let at = commit.at;
        let topics: Vec<&Topic> = self.topics.values().filter(|topic| topic.is_about(change.kind)).collect();
        let may = |watched: &&mut Watched| watched.is_about(change.kind, &topics, at);
        let mut may: Vec<&mut Watched> = self.watched.values_mut().filter(may).collect();
        if may.is_empty() {
            return Ok(());
        }
        let state = |version: u64| match reader.vread(change.kind, &change.id, version) {
            Ok(Found::Here(body)) => Ok(Json::parse(body.text, Limits::FILE).ok()),
            Ok(_) => Ok(None),
            Err(refusal) => Err(refusal),
        };
        let current = if change.deleted { None } else { state(change.version)? };
        let previous = if change.version > 1 { state(change.version - 1)? } else { None };
        let interaction = match (change.deleted, &previous) {
            (true, _) => Interaction::Delete,
            (false, None) => Interaction::Create,
            (false, Some(_)) => Interaction::Update,
        };
        let happened = Happened {
            interaction,
            at,
            current: current.as_ref().map(Json::root),
            previous: previous.as_ref().map(Json::root),
        };
        let mut full = Vec::new();
        for watched in &mut may {
            if !watched.meets(change.kind, &happened, &topics)
                || !self.shared.sees(watched, commit.txn, change)?
            {
                continue;
            }
            watched.state.events += 1;
            let (kind, id, version) = (change.kind.to_owned(), change.id.clone(), change.version);
            let event = Event { at, kind, id, version, interaction };
            let number = watched.state.events;
            self.found.push(Finding::Event { subscription: watched.id.clone(), number, event });
            if self.shared.is_full(watched)? {
                full.push(watched.id.clone());
            }
        }
        full.iter().try_for_each(|id| self.shut(id))
    }

    /// Switches one off whose receiver has stayed away for too long.
    fn shut(&mut self, id: &str) -> Result<(), Refusal> {
        let most = self.shared.settings.backlog_max;
        let why = format!(
            "More than {most} notifications wait for the receiver. Save the subscription anew to go on."
        );
        if let Some(watched) = self.watched.get_mut(id) {
            watched.state.on = false;
        }
        standing::set(&self.shared, id, "off", Some(&why))
    }

    /// Makes durable what was found, with the cursor; then those who deliver hear of it.
    fn keep(&mut self) -> Result<(), Refusal> {
        let found = std::mem::take(&mut self.found);
        let mut touched = BTreeMap::new();
        for one in &found {
            if let Finding::Event { subscription: id, .. } | Finding::State { id, .. } = one
                && let Some(watched) = self.watched.get(id)
            {
                touched.insert(id.clone(), watched.state.clone());
            }
        }
        let (lease, durable, cursor) = (self.lease, self.durable, self.cursor);
        let ids: Vec<String> = touched.keys().cloned().collect();
        self.shared.access.store().write(Author::system("subscription.follow"), move |tx| {
            tx.fence(JOB, lease)?;
            if tx.cursor(JOB)? != durable {
                return Err(Refusal::new(Kind::Conflict, "The log is being read elsewhere by now."));
            }
            for one in &found {
                keep_one(tx, one)?;
            }
            for (id, state) in &touched {
                state.keep(tx, id)?;
            }
            tx.advance(JOB, cursor)
        })?;
        self.durable = self.cursor;
        for id in ids {
            if let Some(watched) = self.watched.get(&id) {
                self.shared.publish(watched, self.lease);
            }
        }
        Ok(())
    }
}

fn keep_one(tx: &mut Tx<'_>, one: &Finding) -> Result<(), Refusal> {
    match one {
        Finding::Event { subscription, number, event } => event.keep(tx, subscription, *number),
        Finding::Topic { id, version } => kept::keep_topic(tx, id, *version),
        Finding::Gone { id, state, failed } => {
            failed.iter().try_for_each(|failed| Failed::forget(tx, id, failed.number))?;
            kept::forget(tx, id, state)
        }
        // The last state of each is kept after these. The note of whose it is has gone into it.
        Finding::State { id, state } => kept::disown(tx, id, state.version),
    }
}

/// What a version asks for, or why it cannot be done.
fn order(shared: &Shared, reader: &Reader, id: &str, version: u64) -> Result<Result<Order, String>, Refusal> {
    let Found::Here(body) = reader.vread("Subscription", id, version)? else {
        return Ok(Err("This version is not there any more.".to_owned()));
    };
    let Ok(json) = Json::parse(body.text, Limits::DOOR) else {
        return Ok(Err("This version cannot be read.".to_owned()));
    };
    let read = Order::read(json.root(), &shared.settings, body.updated);
    Ok(read.map_err(|issues| issues.into_iter().map(|issue| issue.text).collect::<Vec<_>>().join(" ")))
}

impl Watched {
    /// Whether a change of this type may be an event of it at all.
    fn is_about(&self, kind: &str, topics: &[&Topic], at: Instant) -> bool {
        let Ok(order) = &self.order else { return false };
        let over = order.end.is_some_and(|end| at > end);
        self.state.on
            && !over
            && self.state.owner.is_some()
            && match &order.about {
                About::Criteria(criteria) => criteria.kind == kind,
                About::Topic { url, .. } => topics.iter().any(|topic| topic.url == *url),
            }
    }

    fn meets(&self, kind: &str, happened: &Happened<'_>, topics: &[&Topic]) -> bool {
        let Ok(order) = &self.order else { return false };
        match &order.about {
            // "There is no notification when a resource is deleted, or when it is updated so that it no longer meets
            // the criteria" (R4 subscription.html).
            About::Criteria(criteria) => {
                happened.current.is_some_and(|current| criteria.met(current, happened.at))
            }
            About::Topic { url, filters } => {
                let fires = |topic: &&&Topic| topic.url == *url && topic.fires(kind, happened);
                let Some(state) = happened.current.or(happened.previous) else { return false };
                // Each filter narrows (R5 Subscription.filterBy: "applied as a logical AND").
                let mut of_kind = filters.iter().filter(|filter| filter.kind == kind);
                topics.iter().any(|topic| fires(&topic))
                    && of_kind.all(|filter| filter.met(state, happened.at))
            }
        }
    }
}

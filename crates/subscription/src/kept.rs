//! What is durable: small facts beside the resources, in the same transactions as the cursor.

use crate::topic::Interaction;
use access::Mandate;
use fhir::{Instant, Json, Limits, Tree, Value};
use record::{Reader, Refusal, Store, Tx};

/// The cursor of the one who reads the log for all subscriptions, and the job whose lease that is.
pub(crate) const JOB: &str = "subscriptions";
const STATE: &str = "subscription";
const DELIVERY: &str = "subscription-delivery";
const OWNER: &str = "subscription-owner";
const EVENT: &str = "subscription-event";
const FAILED: &str = "subscription-failed";
const TOPIC: &str = "subscription-topic";
const NUDGE: &str = "subscription-nudge";
const TOKEN: &str = "subscription-token";

/// How a subscription stands with the log: written by the one who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The version that a client wrote last.
    pub version: u64,
    /// The number of its last event.
    pub events: u64,
    /// False while it is off.
    pub on: bool,
    /// Whose it is, if that is known.
    pub owner: Option<Mandate>,
}

/// How far its receiver has been told: written by the one who tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The number of the last event that is done with.
    pub sent: u64,
    /// The version whose receiver has answered the handshake.
    pub greeted: u64,
    /// Failures since the last success.
    pub failures: u64,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub at: Instant,
    pub kind: String,
    pub id: String,
    pub version: u64,
    pub interaction: Interaction,
}

/// A notification that its receiver refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The Subscription.
    pub subscription: String,
    /// The number of the event.
    pub number: u64,
    /// When it was given up.
    pub at: Instant,
    /// What the receiver answered.
    pub why: String,
    /// True while it waits to be sent again.
    pub again: bool,
}

fn key(id: &str, number: u64) -> String {
    format!("{id}/{number:020}")
}

fn number(value: Value<'_>, name: &str) -> Option<u64> {
    value.get(name)?.as_number()?.parse().ok()
}

fn instant(value: Value<'_>, name: &str) -> Option<Instant> {
    value.get(name)?.as_number()?.parse().ok().map(Instant)
}

fn parsed<T>(kept: Option<Vec<u8>>, read: impl FnOnce(Value<'_>) -> Option<T>) -> Option<T> {
    let json = Json::parse(kept?, Limits::DOOR).ok()?;
    read(json.root())
}

impl State {
    fn read(value: Value<'_>) -> Option<State> {
        Some(State {
            version: number(value, "version")?,
            events: number(value, "events")?,
            on: value.get("on")?.as_bool()?,
            owner: value.get("owner").and_then(Mandate::read),
        })
    }

    pub fn keep(&self, tx: &mut Tx<'_>, id: &str) -> Result<(), Refusal> {
        let tree = Tree::object()
            .with("version", self.version as i64)
            .with("events", self.events as i64)
            .with("on", self.on)
            .maybe("owner", self.owner.as_ref().map(Mandate::tree));
        tx.keep(STATE, id, tree.text().as_bytes(), None)
    }

    /// All there are, by id.
    pub fn all(reader: &Reader) -> Result<Vec<(String, State)>, Refusal> {
        let kept = reader.kept_all(STATE, "")?;
        Ok(kept.into_iter().filter_map(|(id, text)| Some((id, parsed(Some(text), State::read)?))).collect())
    }

    pub fn of(store: &Store, id: &str) -> Result<Option<State>, Refusal> {
        Ok(parsed(store.kept(STATE, id)?, State::read))
    }
}

impl Delivery {
    fn read(value: Value<'_>) -> Option<Delivery> {
        Some(Delivery {
            sent: number(value, "sent")?,
            greeted: number(value, "greeted")?,
            failures: number(value, "failures")?,
            error: value.str("error").map(|error| error.into_owned()),
        })
    }

    pub fn of(store: &Store, id: &str) -> Result<Delivery, Refusal> {
        Ok(parsed(store.kept(DELIVERY, id)?, Delivery::read).unwrap_or_default())
    }

    pub fn keep(&self, tx: &mut Tx<'_>, id: &str) -> Result<(), Refusal> {
        // Listeners at websockets count on, too; what was told stays told.
        let told = parsed(tx.kept(DELIVERY, id)?, Delivery::read).map_or(0, |before| before.sent);
        let tree = Tree::object()
            .with("sent", self.sent.max(told) as i64)
            .with("greeted", self.greeted as i64)
            .with("failures", self.failures as i64)
            .maybe("error", self.error.as_deref());
        tx.keep(DELIVERY, id, tree.text().as_bytes(), None)
    }

    /// Notes that events up to this one were told, whoever did it. They can be asked for until an instant.
    pub fn told(tx: &mut Tx<'_>, id: &str, up_to: u64, until: Instant) -> Result<Delivery, Refusal> {
        let mut delivery = parsed(tx.kept(DELIVERY, id)?, Delivery::read).unwrap_or_default();
        for number in delivery.sent + 1..=up_to {
            if let Some(event) = tx.kept(EVENT, &key(id, number))? {
                tx.keep(EVENT, &key(id, number), &event, Some(until))?;
            }
        }
        delivery.sent = delivery.sent.max(up_to);
        (delivery.failures, delivery.error) = (0, None);
        delivery.keep(tx, id)?;
        Ok(delivery)
    }
}

impl Event {
    fn read(value: Value<'_>) -> Option<Event> {
        Some(Event {
            at: instant(value, "at")?,
            kind: value.str("kind")?.into_owned(),
            id: value.str("id")?.into_owned(),
            version: number(value, "version")?,
            interaction: Interaction::named(&value.str("interaction")?)?,
        })
    }

    pub fn keep(&self, tx: &mut Tx<'_>, subscription: &str, number: u64) -> Result<(), Refusal> {
        let tree = Tree::object()
            .with("at", self.at.0)
            .with("kind", self.kind.as_str())
            .with("id", self.id.as_str())
            .with("version", self.version as i64)
            .with("interaction", self.interaction.code());
        tx.keep(EVENT, &key(subscription, number), tree.text().as_bytes(), None)
    }

    /// One by its number; nothing when it is kept no more.
    pub fn of(store: &Store, subscription: &str, number: u64) -> Result<Option<Event>, Refusal> {
        Ok(parsed(store.kept(EVENT, &key(subscription, number))?, Event::read))
    }
}

impl Failed {
    fn read(key: &str, value: Value<'_>) -> Option<Failed> {
        let (subscription, number) = key.split_once('/')?;
        Some(Failed {
            subscription: subscription.to_owned(),
            number: number.parse().ok()?,
            at: instant(value, "at")?,
            why: value.str("why")?.into_owned(),
            again: value.get("again")?.as_bool()?,
        })
    }

    pub(crate) fn keep(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let tree =
            Tree::object().with("at", self.at.0).with("why", self.why.as_str()).with("again", self.again);
        tx.keep(FAILED, &key(&self.subscription, self.number), tree.text().as_bytes(), None)
    }

    /// Those of one subscription; of all when it is empty.
    pub(crate) fn all(reader: &Reader, subscription: &str) -> Result<Vec<Failed>, Refusal> {
        let prefix = if subscription.is_empty() { String::new() } else { format!("{subscription}/") };
        let kept = reader.kept_all(FAILED, &prefix)?;
        let read = |(key, text): (String, Vec<u8>)| parsed(Some(text), |value| Failed::read(&key, value));
        Ok(kept.into_iter().filter_map(read).collect())
    }

    pub(crate) fn forget(tx: &mut Tx<'_>, subscription: &str, number: u64) -> Result<(), Refusal> {
        tx.forget(FAILED, &key(subscription, number))
    }
}

/// Notes in the transaction of a write whose the written version is.
pub(crate) fn own(tx: &mut Tx<'_>, id: &str, version: u64, owner: &Mandate) -> Result<(), Refusal> {
    tx.keep(OWNER, &key(id, version), owner.tree().text().as_bytes(), None)
}

/// Drops that note.
pub(crate) fn disown(tx: &mut Tx<'_>, id: &str, version: u64) -> Result<(), Refusal> {
    tx.forget(OWNER, &key(id, version))
}

/// Whose a version is.
pub(crate) fn owner(store: &Store, id: &str, version: u64) -> Result<Option<Mandate>, Refusal> {
    Ok(parsed(store.kept(OWNER, &key(id, version))?, Mandate::read))
}

/// The versions of Subscriptions whose owner is known.
pub(crate) fn owned(reader: &Reader) -> Result<Vec<(String, u64)>, Refusal> {
    let read = |(key, _): (String, Vec<u8>)| {
        let (id, version) = key.split_once('/')?;
        Some((id.to_owned(), version.parse().ok()?))
    };
    Ok(reader.kept_all(OWNER, "")?.into_iter().filter_map(read).collect())
}

/// Drops all that is known of a subscription.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &str, state: &State) -> Result<(), Refusal> {
    let sent = parsed(tx.kept(DELIVERY, id)?, Delivery::read).unwrap_or_default().sent;
    for number in sent + 1..=state.events {
        tx.forget(EVENT, &key(id, number))?;
    }
    tx.forget(DELIVERY, id)?;
    tx.forget(STATE, id)
}

/// The topics and their versions.
pub(crate) fn topics(reader: &Reader) -> Result<Vec<(String, u64)>, Refusal> {
    let read = |(id, text): (String, Vec<u8>)| Some((id, String::from_utf8(text).ok()?.parse().ok()?));
    Ok(reader.kept_all(TOPIC, "")?.into_iter().filter_map(read).collect())
}

/// Notes a version of a topic; none when it is gone.
pub(crate) fn keep_topic(tx: &mut Tx<'_>, id: &str, version: Option<u64>) -> Result<(), Refusal> {
    match version {
        Some(version) => tx.keep(TOPIC, id, version.to_string().as_bytes(), None),
        None => tx.forget(TOPIC, id),
    }
}

/// Asks whoever delivers to look at the failed list.
pub(crate) fn nudge(tx: &mut Tx<'_>) -> Result<(), Refusal> {
    tx.keep(NUDGE, "failed", record::new_id().as_bytes(), None)
}

/// Changes with each nudge.
pub(crate) fn nudged(store: &Store) -> Result<Option<Vec<u8>>, Refusal> {
    store.kept(NUDGE, "failed")
}

/// Keeps whom a token of a websocket binds, by the hash of the token.
pub(crate) fn keep_token(tx: &mut Tx<'_>, hash: &str, binds: &Tree, until: Instant) -> Result<(), Refusal> {
    tx.keep(TOKEN, hash, binds.text().as_bytes(), Some(until))
}

/// Whom a token of a websocket binds.
pub(crate) fn token<T>(
    store: &Store,
    hash: &str,
    read: impl FnOnce(Value<'_>) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    Ok(parsed(store.kept(TOKEN, hash)?, read))
}

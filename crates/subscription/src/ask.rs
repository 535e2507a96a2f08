//! What can be asked: how subscriptions stand, what happened since, what failed; and to send that again.

use crate::kept::{self, Delivery, Failed, State};
use crate::notification::{Occasion, Stands, Told, bundle, status};
use crate::order::{About, Content, Order};
use crate::{Shared, Subscriptions, sight};
use access::Session;
use fhir::{Instant, Json, Limits, Tree};
use record::{Author, Body, Found, Kind, Refusal, Scope, Store, Tx};

/// Events in one answer, at most.
const EVENTS_MAX: u64 = 1_000;

/// A subscription, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Who wrote it last, if that is known.
    pub owner: Option<String>,
    /// `requested`, `active`, `error` or `off`.
    pub status: String,
    /// What it is about.
    pub criteria: String,
    /// Events so far.
    pub events: u64,
    /// Of these, those that the receiver has been told or that were given up.
    pub sent: u64,
    /// Failures since the last success.
    pub failures: u64,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// All subscriptions of a record.
pub fn list(store: &Store) -> Result<Vec<Row>, Refusal> {
    let states = State::all(&store.reader(&Scope::all())?)?;
    let row = |(id, state): (String, State)| {
        let delivery = Delivery::of(store, &id)?;
        let resource = match store.read(&Scope::all(), "Subscription", &id)? {
            Found::Here(body) => Json::parse(body.text, Limits::DOOR).ok(),
            Found::Gone(_) | Found::Absent => None,
        };
        let text = |name| resource.as_ref().and_then(|r| r.root().str(name)).unwrap_or_default().into_owned();
        Ok(Row {
            owner: state.owner.map(|owner| owner.who),
            status: text("status"),
            criteria: text("criteria"),
            events: state.events,
            sent: delivery.sent,
            failures: delivery.failures,
            error: delivery.error,
            id,
        })
    };
    states.into_iter().map(row).collect()
}

/// The notifications that were given up: of one subscription, or of all.
pub fn failed(store: &Store, subscription: Option<&str>) -> Result<Vec<Failed>, Refusal> {
    Failed::all(&store.reader(&Scope::all())?, subscription.unwrap_or_default())
}

/// Has those that were given up sent again, under their own numbers: one, or all of a subscription. Also lets one whose
/// receiver was away try at once. How many.
pub fn resend(store: &Store, subscription: &str, number: Option<u64>) -> Result<usize, Refusal> {
    if State::of(store, subscription)?.is_none() {
        return Err(Refusal::not_found(&format!("Subscription/{subscription}")));
    }
    let mut list = failed(store, Some(subscription))?;
    list.retain(|failed| number.is_none_or(|number| number == failed.number));
    if list.is_empty()
        && let Some(number) = number
    {
        return Err(Refusal::not_found(&format!("Notification {number} on the failed list")));
    }
    let count = list.len();
    store.write(Author::system("subscription.resend"), move |tx: &mut Tx<'_>| {
        for failed in list {
            Failed { again: true, ..failed }.keep(tx)?;
        }
        kept::nudge(tx)
    })?;
    Ok(count)
}

/// A Subscription as its reader sees it.
pub(crate) struct Seen {
    pub id: String,
    pub status: String,
    pub order: Option<Order>,
    pub state: State,
    pub delivery: Delivery,
}

/// The Subscription, if the session sees it.
pub(crate) fn seen(shared: &Shared, session: &Session, id: &str) -> Result<Seen, Refusal> {
    let store = shared.access.store();
    let Found::Here(body) = store.read(&session.scope, "Subscription", id)? else {
        return Err(Refusal::not_found(&format!("Subscription/{id}")));
    };
    read(shared, body)
}

fn read(shared: &Shared, body: Body) -> Result<Seen, Refusal> {
    let store = shared.access.store();
    let fault = |_| Refusal::new(Kind::Fault, "The Subscription cannot be read. Tell support.");
    let json = Json::parse(body.text, Limits::DOOR).map_err(fault)?;
    let state = State::of(store, &body.id)?;
    Ok(Seen {
        status: json.root().str("status").unwrap_or_default().into_owned(),
        order: Order::read(json.root(), &shared.settings, body.updated).ok(),
        state: state.unwrap_or(State { version: body.version, events: 0, on: false, owner: None }),
        delivery: Delivery::of(store, &body.id)?,
        id: body.id,
    })
}

impl Seen {
    fn stands<'s>(&'s self, shared: &'s Shared) -> Stands<'s> {
        Stands {
            base: &shared.settings.base,
            id: &self.id,
            topic: self.order.as_ref().and_then(Order::topic),
            status: &self.status,
            events: self.state.events,
            error: self.delivery.error.as_deref(),
        }
    }
}

impl Subscriptions {
    /// `$status`: how these stand, as a searchset of Parameters; all that the session sees when none is named. Of these
    /// only those with one of the statuses, if any are named.
    pub fn status(&self, session: &Session, ids: &[String], statuses: &[String]) -> Result<Tree, Refusal> {
        let shared = &*self.shared;
        let all = match ids {
            [] => State::all(&shared.access.store().reader(&Scope::all())?)?
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            ids => ids.to_vec(),
        };
        let mut entries = Vec::new();
        for id in all {
            let seen = match seen(shared, session, &id) {
                Ok(seen) => seen,
                Err(refusal) if refusal.kind == Kind::NotFound && ids.is_empty() => continue,
                Err(refusal) => return Err(refusal),
            };
            if !statuses.is_empty() && !statuses.contains(&seen.status) {
                continue;
            }
            let parameters = status(&seen.stands(shared), Occasion::Status, &[], Content::Empty);
            let entry = Tree::object()
                .with("fullUrl", format!("{}/Subscription/{id}/$status", shared.settings.base))
                .with("resource", parameters)
                .with("search", Tree::object().with("mode", "match"));
            entries.push(entry);
        }
        let bundle = Tree::resource("Bundle").with("type", "searchset").with("total", entries.len() as i64);
        Ok(if entries.is_empty() { bundle } else { bundle.with("entry", entries) })
    }

    /// `$events`: what happened from one number to another, both inside, as far as it is kept and the session sees it.
    pub fn events(
        &self,
        session: &Session,
        id: &str,
        (since, until): (Option<u64>, Option<u64>),
        content: Option<&str>,
    ) -> Result<Tree, Refusal> {
        let shared = &*self.shared;
        let seen = seen(shared, session, id)?;
        let wrong = || Refusal::invalid("content", "The content is one of empty, id-only and full-resource.");
        let content = content.map(|code| Content::named(code).ok_or_else(wrong)).transpose()?;
        let content = content.or(seen.order.as_ref().map(|order| order.content)).unwrap_or(Content::Empty);
        let last = until.unwrap_or(u64::MAX).min(seen.state.events);
        let first = since.unwrap_or(1).max(1);
        let last = last.min(first.saturating_add(EVENTS_MAX - 1));
        let told = self.visible(session, &seen, first..=last)?;
        Ok(bundle(&seen.stands(shared), Occasion::Asked, &told, content, shared.access.now()))
    }

    /// What both the owner and whoever asks may see. It goes on the audit trail.
    fn visible(
        &self,
        session: &Session,
        seen: &Seen,
        numbers: impl Iterator<Item = u64>,
    ) -> Result<Vec<Told>, Refusal> {
        let shared = &*self.shared;
        let owner = seen.state.owner.as_ref().map(|owner| shared.access.under(owner)).transpose()?.flatten();
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let told = sight::visible(shared, &seen.id, numbers, &[&owner, session])?;
        sight::note(shared, &seen.id, session, &told)?;
        Ok(told)
    }

    /// Has what was given up of a Subscription that the session may change sent again. How many.
    pub fn resend(&self, session: &Session, id: &str, number: Option<u64>) -> Result<usize, Refusal> {
        session.needs(access::Permission::Write)?;
        seen(&self.shared, session, id)?;
        resend(self.shared.access.store(), id, number)
    }

    /// The topics that there are, by their canonical addresses.
    pub fn topics(&self) -> Result<Vec<String>, Refusal> {
        let reader = self.shared.access.store().reader(&Scope::all())?;
        let base = &self.shared.settings.base;
        let read = |body: Body| {
            let json = Json::parse(body.text, Limits::DOOR).ok()?;
            crate::topic::Topic::read(json.root(), Instant(0), base).ok().map(|topic| topic.url)
        };
        Ok(crate::topic_bodies(base, &reader)?.into_iter().filter_map(read).collect())
    }
}

/// True where a Subscription is R4's own, without a topic.
pub(crate) fn is_plain(order: &Order) -> bool {
    matches!(order.about, About::Criteria(_))
}

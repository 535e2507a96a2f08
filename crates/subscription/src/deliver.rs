//! Telling one receiver, in order and at least once: what was told is noted after the receiver has it, so a crash in
//! between tells it again under the same number. Each subscription has a task of its own, so none waits for another.

use crate::kept::{Delivery, Failed, JOB};
use crate::notification::{Occasion, Stands, Told, bundle};
use crate::order::{Channel, Content, Order};
use crate::send::{Outcome, Outgoing};
use crate::{Shared, View, Watched, blocking, email, sight, standing};
use access::Session;
use fhir::Instant;
use record::{Author, Refusal};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant as Moment, sleep_until};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// See that the receiver is there.
    Greet,
    /// Send one that failed again.
    Again(u64),
    /// Send the events from this number on.
    Events(u64),
    /// Say that it is quiet.
    Heartbeat,
    /// It has ended.
    End,
    Rest,
}

struct Delivering {
    shared: Arc<Shared>,
    lease: u64,
    state: Delivery,
    /// Numbers to be sent again.
    again: Vec<u64>,
    nudges: u64,
    said: Moment,
    /// True once the status says that there is an error.
    in_error: bool,
    /// When it was last looked at whether its owner may be told.
    looked: Option<Moment>,
    /// True while its owner may not be told.
    stopped: bool,
}

/// Delivers until its subscription is gone or the work ends.
pub(crate) async fn run(shared: Arc<Shared>, lease: u64, mut view: watch::Receiver<View>) {
    let id = view.borrow().watched.id.clone();
    let (inner, of) = (shared.clone(), id.clone());
    let begun = blocking(move || {
        let store = inner.access.store();
        Ok((Delivery::of(store, &of)?, waiting(&inner, &of)?))
    });
    let Ok((state, again)) = begun.await else { return };
    let most = shared.settings.failures_max;
    let in_error = state.failures >= most || (state.failures == 0 && state.error.is_some());
    let stopped = state.error.as_ref().is_some_and(|why| why.starts_with(sight::STOPPED));
    let (said, looked) = (Moment::now(), None);
    let mut one = Delivering { shared, lease, state, again, nudges: 0, said, in_error, looked, stopped };
    loop {
        let now = view.borrow_and_update().clone();
        if now.nudges != one.nudges {
            one.nudges = now.nudges;
            one.again = waiting_again(&one.shared, &id).await;
        }
        let turn = one.turn(&now.watched);
        let owner = match one.owner(&now.watched, turn).await {
            Ok(owner) => owner,
            Err(refusal) => {
                tracing::warn!(subscription = id, %refusal, "whose a subscription is cannot be looked at");
                if !pause(&mut view, &now, one.shared.settings.retry_first).await {
                    return;
                }
                continue;
            }
        };
        if turn == Turn::Rest || (one.stopped && turn != Turn::End) {
            let until = one.next_sign_of_life(&now.watched);
            tokio::select! {
                () = sleep_until(until) => {}
                changed = view.changed() => if changed.is_err() { return },
            }
            continue;
        }
        match one.attempt(&now.watched, turn, owner).await {
            Ok(Outcome::Taken) => one.said = Moment::now(),
            Ok(Outcome::Away(why)) => {
                let wait = one.failed(&now.watched, turn, &why, false).await;
                if !pause(&mut view, &now, wait).await {
                    return;
                }
            }
            Ok(Outcome::Refused(why)) => {
                let wait = one.failed(&now.watched, turn, &why, true).await;
                if !pause(&mut view, &now, wait).await {
                    return;
                }
            }
            Err(refusal) => {
                tracing::warn!(subscription = id, %refusal, "a notification could not be made");
                if !pause(&mut view, &now, one.shared.settings.retry_first).await {
                    return;
                }
            }
        }
    }
}

/// Waits before the next try; news of another version or a nudge ends it. False when there is nothing more to do.
async fn pause(view: &mut watch::Receiver<View>, now: &View, wait: Duration) -> bool {
    let until = Moment::now() + wait;
    loop {
        tokio::select! {
            () = sleep_until(until) => return true,
            changed = view.changed() => {
                if changed.is_err() {
                    return false;
                }
                let next = view.borrow_and_update();
                if next.nudges != now.nudges || next.watched.state.version != now.watched.state.version {
                    return true;
                }
            }
        }
    }
}

fn waiting(shared: &Shared, id: &str) -> Result<Vec<u64>, Refusal> {
    let reader = shared.access.store().reader(&record::Scope::all())?;
    let failed = Failed::all(&reader, id)?;
    Ok(failed.into_iter().filter(|failed| failed.again).map(|failed| failed.number).collect())
}

async fn waiting_again(shared: &Arc<Shared>, id: &str) -> Vec<u64> {
    let (inner, of) = (shared.clone(), id.to_owned());
    blocking(move || waiting(&inner, &of)).await.unwrap_or_default()
}

impl Delivering {
    fn turn(&self, watched: &Watched) -> Turn {
        let Ok(order) = &watched.order else {
            return if watched.state.on || self.in_error { Turn::Rest } else { Turn::Greet };
        };
        if !watched.state.on {
            return Turn::Rest;
        }
        if self.state.greeted < watched.state.version {
            return Turn::Greet;
        }
        if order.channel != Channel::Websocket {
            if let Some(number) = self.again.first() {
                return Turn::Again(*number);
            }
            if self.state.sent < watched.state.events {
                return Turn::Events(self.state.sent + 1);
            }
        }
        if order.end.is_some_and(|end| self.shared.access.now() > end) {
            return Turn::End;
        }
        let quiet = |seconds: u64| self.said.elapsed() >= Duration::from_secs(seconds);
        let beats = order.channel != Channel::Websocket && order.by_topic();
        if beats && order.heartbeat.is_some_and(quiet) { Turn::Heartbeat } else { Turn::Rest }
    }

    fn next_sign_of_life(&self, watched: &Watched) -> Moment {
        let order = watched.order.as_ref().ok().filter(|_| watched.state.on);
        let heartbeat = order.and_then(|order| order.heartbeat).map(|s| self.said + Duration::from_secs(s));
        let end = order.and_then(|order| order.end).map(|end| {
            let left = (end.0 - self.shared.access.now().0).max(0) as u64 + 1;
            Moment::now() + Duration::from_millis(left)
        });
        let look = self.looked.unwrap_or_else(Moment::now) + self.shared.settings.owner_every;
        [heartbeat.filter(|_| !self.stopped), end]
            .into_iter()
            .flatten()
            .fold(look, Moment::min)
            .max(Moment::now() + MOMENT)
    }

    async fn attempt(
        &mut self,
        watched: &Arc<Watched>,
        turn: Turn,
        owner: Option<Session>,
    ) -> Result<Outcome, Refusal> {
        let order = match &watched.order {
            Ok(order) => order,
            Err(why) => return Ok(Outcome::Away(why.clone())),
        };
        if turn == Turn::End {
            return self.status(&watched.id, "off", None).await.map(|()| Outcome::Taken);
        }
        let Some(owner) = owner else { return Ok(Outcome::Taken) };
        match turn {
            Turn::Greet => {
                if order.by_topic() && !matches!(order.channel, Channel::Websocket) {
                    let sent = self.send(watched, order, Occasion::Handshake, &[]).await;
                    if sent != Outcome::Taken {
                        return Ok(sent);
                    }
                }
                self.greeted(watched).await?;
                Ok(Outcome::Taken)
            }
            Turn::Heartbeat => {
                let sent = self.send(watched, order, Occasion::Heartbeat, &[]).await;
                if sent == Outcome::Taken {
                    self.done(watched, self.state.sent, None).await?;
                }
                Ok(sent)
            }
            Turn::Events(first) => {
                let count = if order.by_topic() { order.max_count } else { 1 };
                let last = watched.state.events.min(first + count - 1);
                self.tell(watched, order, &owner, first, last, None).await
            }
            Turn::Again(number) => self.tell(watched, order, &owner, number, number, Some(number)).await,
            Turn::End | Turn::Rest => Ok(Outcome::Taken),
        }
    }

    /// Its owner as they are now, looked at before something is done and now and then while nothing is. Nothing when
    /// they may not be told, which the status says from then on until they may again.
    async fn owner(&mut self, watched: &Arc<Watched>, turn: Turn) -> Result<Option<Session>, Refusal> {
        let due = self.looked.is_none_or(|at| at.elapsed() >= self.shared.settings.owner_every);
        if turn == Turn::Rest && !due {
            return Ok(None);
        }
        self.looked = Some(Moment::now());
        if !watched.state.on {
            return Ok(None);
        }
        let (shared, of) = (self.shared.clone(), watched.clone());
        let owner = blocking(move || sight::owner(&shared, &of)).await?;
        let why = owner.as_ref().err().cloned();
        if self.stopped || why.is_some() {
            self.stand(watched, why).await?;
        }
        Ok(owner.ok())
    }

    /// Notes why its owner may not be told, or that they may again.
    async fn stand(&mut self, watched: &Arc<Watched>, why: Option<String>) -> Result<(), Refusal> {
        if self.state.error != why || self.state.failures != 0 {
            let state = Delivery { failures: 0, error: why.clone(), ..self.state.clone() };
            self.keep(&watched.id, state, None).await?;
        }
        let greeted = self.state.greeted >= watched.state.version;
        match &why {
            Some(_) => self.status(&watched.id, "error", why.clone()).await?,
            None if greeted => self.status(&watched.id, "active", None).await?,
            None => {}
        }
        (self.stopped, self.in_error) = (why.is_some(), why.is_some());
        Ok(())
    }

    /// Tells events that may leave; those that may not are passed over without a word.
    async fn tell(
        &mut self,
        watched: &Arc<Watched>,
        order: &Order,
        owner: &Session,
        first: u64,
        last: u64,
        again: Option<u64>,
    ) -> Result<Outcome, Refusal> {
        let (shared, id, session) = (self.shared.clone(), watched.id.clone(), owner.clone());
        let told = blocking(move || {
            let told = sight::visible(&shared, &id, first..=last, &[&session])?;
            sight::note(&shared, &id, &session, &told)?;
            Ok(told)
        });
        let told = told.await?;
        if !told.is_empty() {
            let sent = self.send(watched, order, Occasion::Events, &told).await;
            if sent != Outcome::Taken {
                return Ok(sent);
            }
            self.shared.tally.told.fetch_add(told.len() as u64, Relaxed);
        }
        self.done(watched, if again.is_some() { self.state.sent } else { last }, again).await?;
        Ok(Outcome::Taken)
    }

    async fn send(&self, watched: &Watched, order: &Order, occasion: Occasion, told: &[Told]) -> Outcome {
        let timeout = Duration::from_secs(order.timeout);
        let shared = &self.shared;
        match &order.channel {
            Channel::RestHook { endpoint, headers } => {
                let outgoing = outgoing(shared, watched, order, occasion, told, headers.clone());
                shared.client.send(endpoint, outgoing, timeout).await
            }
            Channel::Email { to } => match &shared.settings.smtp {
                Some(smtp) => {
                    let id = &watched.id;
                    let text = format!(
                        "Subscription {}/Subscription/{id}: {}\r\n",
                        shared.settings.base,
                        said(occasion)
                    );
                    email::send(smtp, to, text, timeout).await
                }
                None => Outcome::Away("This installation sends no e-mail any more.".to_owned()),
            },
            Channel::Websocket => Outcome::Taken,
        }
    }

    /// Notes that the receiver is there.
    async fn greeted(&mut self, watched: &Arc<Watched>) -> Result<(), Refusal> {
        let mut state = self.state.clone();
        (state.greeted, state.failures, state.error) = (watched.state.version, 0, None);
        self.keep(&watched.id, state, None).await?;
        self.in_error = false;
        self.status(&watched.id, "active", None).await
    }

    /// Notes that events up to this one were told, or one of the failed list.
    async fn done(&mut self, watched: &Arc<Watched>, up_to: u64, again: Option<u64>) -> Result<(), Refusal> {
        let (id, lease) = (watched.id.clone(), self.lease);
        let kept = self.shared.settings.kept.as_millis() as i64;
        let act = move |tx: &mut record::Tx<'_>| {
            tx.fence(JOB, lease)?;
            if let Some(number) = again {
                Failed::forget(tx, &id, number)?;
            }
            let until = Instant(tx.now().0 + kept);
            Delivery::told(tx, &id, up_to, until)
        };
        let store = self.shared.access.store().clone();
        self.state = blocking(move || store.write(Author::system("subscription.told"), act)).await?;
        self.again.retain(|number| Some(*number) != again);
        if std::mem::take(&mut self.in_error) {
            self.status(&watched.id, "active", None).await?;
        }
        Ok(())
    }

    /// Counts a failure, says so in the status when there are too many, and gives up what the receiver refuses. How
    /// long to wait.
    async fn failed(&mut self, watched: &Arc<Watched>, turn: Turn, why: &str, refused: bool) -> Duration {
        let settings = &self.shared.settings;
        self.shared.tally.failures.fetch_add(1, Relaxed);
        let mut state = self.state.clone();
        state.failures += 1;
        let mut wait = settings.wait(state.failures);
        let most = state.failures >= settings.failures_max;
        state.error = Some(why.to_owned());
        let number = match turn {
            Turn::Events(number) | Turn::Again(number) if refused && most => Some(number),
            _ => None,
        };
        let given_up = number.map(|number| Failed {
            subscription: watched.id.clone(),
            number,
            at: self.shared.access.now(),
            why: why.to_owned(),
            again: false,
        });
        if let Some(failed) = &given_up {
            self.shared.tally.given_up.fetch_add(1, Relaxed);
            (state.failures, wait) = (0, Duration::ZERO);
            if matches!(turn, Turn::Events(_)) {
                state.sent = failed.number;
            }
            self.again.retain(|number| *number != failed.number);
        }
        let kept = self.keep(&watched.id, state, given_up).await;
        let said = match most && !self.in_error {
            true => self.status(&watched.id, "error", Some(why.to_owned())).await,
            false => Ok(()),
        };
        self.in_error |= most;
        if let Err(refusal) = kept.and(said) {
            tracing::warn!(subscription = watched.id, %refusal, "a failed notification could not be noted");
            return settings_wait(&self.shared, 1);
        }
        wait
    }

    async fn keep(&mut self, id: &str, state: Delivery, failed: Option<Failed>) -> Result<(), Refusal> {
        let (of, lease, next) = (id.to_owned(), self.lease, state.clone());
        let store = self.shared.access.store().clone();
        let act = move |tx: &mut record::Tx<'_>| {
            tx.fence(JOB, lease)?;
            if let Some(failed) = failed {
                failed.keep(tx)?;
            }
            next.keep(tx, &of)
        };
        blocking(move || store.write(Author::system("subscription.failed"), act)).await?;
        self.state = state;
        Ok(())
    }

    async fn status(&self, id: &str, status: &'static str, error: Option<String>) -> Result<(), Refusal> {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        blocking(move || standing::set(&shared, &id, status, error.as_deref())).await
    }
}

/// The shortest wait.
const MOMENT: Duration = Duration::from_millis(10);

fn settings_wait(shared: &Shared, failures: u64) -> Duration {
    shared.settings.wait(failures)
}

fn said(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Handshake => "notifications will come to this address.",
        Occasion::Heartbeat => "nothing has happened; this is a sign of life.",
        _ => "something that it is about has happened. Sign in to see what.",
    }
}

/// R4 subscription-channel-type: "If a payload is included, the URL is interpreted as the service base, and an update
/// (PUT) is made." Without one it is a POST without a body. The guide posts its Bundle.
fn outgoing(
    shared: &Shared,
    watched: &Watched,
    order: &Order,
    occasion: Occasion,
    told: &[Told],
    headers: Vec<(String, String)>,
) -> Outgoing {
    if order.by_topic() {
        let now = shared.access.now();
        let stands = stands_for(shared, &watched.id, order, occasion, told, watched.state.events);
        let text = bundle(&stands, occasion, told, order.content, now).text();
        return Outgoing { method: "POST", below: String::new(), headers, body: Some(text) };
    }
    match told {
        [one] if order.content == Content::Full => {
            let below = format!("{}/{}", one.event.kind, one.event.id);
            Outgoing { method: "PUT", below, headers, body: Some(one.body.text.clone()) }
        }
        _ => Outgoing { method: "POST", below: String::new(), headers, body: None },
    }
}

/// How it stands, as a notification says: the count is that of its last event.
pub(crate) fn stands_for<'s>(
    shared: &'s Shared,
    id: &'s str,
    order: &'s Order,
    occasion: Occasion,
    told: &[Told],
    events: u64,
) -> Stands<'s> {
    Stands {
        base: &shared.settings.base,
        id,
        topic: order.topic(),
        status: if occasion == Occasion::Handshake { "requested" } else { "active" },
        events: told.last().map_or(events, |told| told.number),
        error: None,
    }
}

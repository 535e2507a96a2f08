//! Those who listen at a websocket, on whichever node: what happened since the receiver was last told comes first.

use crate::ask::{Seen, is_plain, seen};
use crate::kept::{self, Delivery, State};
use crate::notification::{Occasion, bundle};
use crate::order::{Channel, Content, Order};
use crate::{Shared, Subscriptions, blocking, deliver, sight};
use access::{Ends, Mandate, Session};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::{Instant, Tree};
use record::{Author, Found, Kind, Refusal, Scope};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant as Moment;

/// How long a token may be used to bind.
const TOKEN_MINUTES: i64 = 5;
/// Events that are looked at together.
const TOGETHER: u64 = 100;
/// How often a node that does not read the log itself looks for news.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Someone who listens for the events of one subscription.
pub struct Listener {
    shared: Arc<Shared>,
    id: String,
    order: Order,
    binder: Mandate,
    until: Instant,
    at: u64,
    said: Moment,
}

impl Subscriptions {
    /// `$get-ws-binding-token`: a token with which a websocket can be bound to these Subscriptions, as Parameters.
    pub fn binding_token(&self, session: &Session, ids: &[String], url: &str) -> Result<Tree, Refusal> {
        let shared = &*self.shared;
        if ids.is_empty() {
            return Err(Refusal::invalid("id", "Say which Subscriptions are to be listened to."));
        }
        for id in ids {
            listens(&seen(shared, session, id)?)?;
        }
        let token = URL_SAFE_NO_PAD.encode(random()?);
        let (now, hash) = (shared.access.now(), hash(&token));
        let until = Instant((now.0 + TOKEN_MINUTES * 60_000).min(session.until.0));
        let list: Vec<Tree> = ids.iter().map(|id| Tree::from(id.as_str())).collect();
        let binder = session.mandate(Ends::WithGiver);
        let binds =
            Tree::object().with("ids", list).with("binder", binder.tree()).with("until", session.until.0);
        shared.access.store().write(session.author("subscription.token", None), move |tx| {
            kept::keep_token(tx, &hash, &binds, until)
        })?;
        let part = |name: &str, kind: &str, value: &str| Tree::object().with("name", name).with(kind, value);
        let mut parameters = vec![
            part("token", "valueString", &token),
            part("expiration", "valueDateTime", &until.to_string()),
        ];
        parameters.extend(ids.iter().map(|id| part("subscription", "valueString", id)));
        parameters.push(part("websocket-url", "valueUrl", url));
        Ok(Tree::resource("Parameters").with("parameter", parameters))
    }

    /// Those whom a token binds (`bind-with-token`). Waits for the record.
    pub fn bind_with_token(&self, token: &str) -> Result<Vec<Listener>, Refusal> {
        let shared = &self.shared;
        let unknown = || {
            Refusal::new(Kind::Unauthenticated, "The token is not known or has run out. Ask for a new one.")
        };
        let kept = kept::token(shared.access.store(), &hash(token), |value| {
            let ids = value.get("ids")?.items().filter_map(|id| id.as_str().map(|id| id.into_owned()));
            let until = value.get("until")?.as_number()?.parse().ok().map(Instant)?;
            Some((ids.collect::<Vec<String>>(), Mandate::read(value.get("binder")?)?, until))
        });
        let (ids, binder, until) = kept?.ok_or_else(unknown)?;
        let session = shared.access.under(&binder)?.ok_or_else(unknown)?;
        let one = |id: &String| Listener::new(shared, &seen(shared, &session, id)?, &session, until);
        ids.iter().map(one).collect()
    }

    /// One whom a session binds by the Subscription's id (R4 `bind`). Waits for the record.
    pub fn bind(&self, session: &Session, id: &str) -> Result<Listener, Refusal> {
        let seen = seen(&self.shared, session, id)?;
        Listener::new(&self.shared, &seen, session, session.until)
    }
}

fn listens(seen: &Seen) -> Result<&Order, Refusal> {
    let order = seen.order.as_ref().filter(|order| order.channel == Channel::Websocket);
    let text = || format!("Subscription/{} has no channel of type websocket. Give it one.", seen.id);
    order.ok_or_else(|| Refusal::new(Kind::Invalid, text()))
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

fn random() -> Result<[u8; 32], Refusal> {
    let mut bytes = [0; 32];
    let filled = getrandom::fill(&mut bytes);
    filled
        .map_err(|_| Refusal::new(Kind::Fault, "The machine has no random numbers to give. Tell support."))?;
    Ok(bytes)
}

/// How the Subscription stands; nothing while the one who reads the log has not taken it up. Refused when it is gone or
/// off.
fn standing(shared: &Shared, id: &str) -> Result<Option<State>, Refusal> {
    let store = shared.access.store();
    if let Some(state) = State::of(store, id)?.filter(|state| state.on) {
        return Ok(Some(state));
    }
    let on = |text: &str| text.contains("\"status\":\"requested\"") || text.contains("\"status\":\"active\"");
    match store.read(&Scope::all(), "Subscription", id)? {
        Found::Here(body) if on(&body.text) => Ok(None),
        _ => Err(Refusal::not_found(&format!("Subscription/{id}"))),
    }
}

impl Listener {
    fn new(
        shared: &Arc<Shared>,
        seen: &Seen,
        session: &Session,
        until: Instant,
    ) -> Result<Listener, Refusal> {
        let order = listens(seen)?.clone();
        let (id, binder, at) = (seen.id.clone(), session.mandate(Ends::WithGiver), seen.delivery.sent);
        Ok(Listener { shared: shared.clone(), id, order, binder, until, at, said: Moment::now() })
    }

    /// What is said first: `bound id`, or a handshake.
    pub fn greeting(&self) -> String {
        if is_plain(&self.order) { format!("bound {}", self.id) } else { self.sign(Occasion::Handshake) }
    }

    fn sign(&self, occasion: Occasion) -> String {
        self.text(occasion, &[])
    }

    /// The next that is to be said. Nothing when there is no more: the Subscription is gone or off, or whoever listens
    /// may no more.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            let (shared, id) = (self.shared.clone(), self.id.clone());
            let Some(state) = blocking(move || standing(&shared, &id)).await.ok()? else {
                self.wait().await;
                continue;
            };
            let last = state.events.min(self.at + TOGETHER);
            if self.at < last {
                let first = self.at + 1;
                let heard = self.hear(state, first, last).await.ok()??;
                self.at = last;
                if let Some(text) = heard {
                    self.said = Moment::now();
                    return Some(text);
                }
                continue;
            }
            let quiet = self.order.heartbeat.map(Duration::from_secs).filter(|_| !is_plain(&self.order));
            if quiet.is_some_and(|quiet| self.said.elapsed() >= quiet) {
                self.said = Moment::now();
                return Some(self.sign(Occasion::Heartbeat));
            }
            self.wait().await;
        }
    }

    async fn wait(&self) {
        match self.shared.view(&self.id) {
            Some(mut view) => {
                let news = view.wait_for(|view| view.watched.state.events > self.at);
                let _ = tokio::time::timeout(LOOK_EVERY, news).await;
            }
            None => tokio::time::sleep(LOOK_EVERY).await,
        }
    }

    /// What is said of these events: nothing when none may be seen, and no more at all when the listener may not.
    async fn hear(&self, state: State, first: u64, last: u64) -> Result<Option<Option<String>>, Refusal> {
        let (shared, id, binder, until) =
            (self.shared.clone(), self.id.clone(), self.binder.clone(), self.until);
        let told = blocking(move || {
            let under = |mandate: &Mandate| shared.access.under(mandate);
            if shared.access.now() > until {
                return Ok(None);
            }
            let (Some(binder), Some(owner)) =
                (under(&binder)?, state.owner.as_ref().map(under).transpose()?.flatten())
            else {
                return Ok(None);
            };
            let told = sight::visible(&shared, &id, first..=last, &[&owner, &binder])?;
            sight::note(&shared, &id, &binder, &told)?;
            let kept = shared.settings.kept.as_millis() as i64;
            shared.access.store().write(Author::system("subscription.told"), move |tx| {
                let until = Instant(tx.now().0 + kept);
                Delivery::told(tx, &id, last, until).map(drop)
            })?;
            Ok(Some(told))
        });
        let Some(told) = told.await? else { return Ok(None) };
        let text = match (told.is_empty(), is_plain(&self.order)) {
            (true, _) => None,
            (false, true) => Some(format!("ping {}", self.id)),
            (false, false) => Some(self.text(Occasion::Events, &told)),
        };
        Ok(Some(text))
    }

    fn text(&self, occasion: Occasion, told: &[crate::notification::Told]) -> String {
        let stands = deliver::stands_for(&self.shared, &self.id, &self.order, occasion, told, self.at);
        let content = if told.is_empty() { Content::Empty } else { self.order.content };
        bundle(&stands, occasion, told, content, self.shared.access.now()).text()
    }
}

//! The websocket beside the door: R4's `bind {id}`, answered by `bound {id}` and `ping {id}`, and the guide's
//! `bind-with-token {token}`, answered by notifications.

use crate::door::Rest;
use crate::request::Request;
use access::Session;
use axum::extract::ws::{Message, WebSocket};
use record::{Kind, Refusal};
use std::sync::Arc;
use std::time::Duration;
use subscription::{Listener, Subscriptions};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What stands below the door's base.
pub(crate) const PATH: &str = "/ws";
/// Bytes of what a client says, at most.
pub(crate) const MESSAGE_MAX: usize = 4096;
/// Subscriptions that one socket listens to, at most.
const BOUND_MAX: usize = 100;
/// How long a socket may be bound to nothing.
const IDLE: Duration = Duration::from_secs(30);
/// Notifications that wait for a client that reads slowly, at most; with more its subscriptions wait.
const WAITING_MAX: usize = 16;

/// The address of the websocket of a door.
pub(crate) fn url(base: &str) -> String {
    let rest = base.strip_prefix("http").map_or_else(|| base.to_owned(), |rest| format!("ws{rest}"));
    format!("{rest}{PATH}")
}

/// Who opens the socket, if a token says so. Cookies are not taken: any page could open one with them.
pub(crate) fn opener(rest: &Rest, head: &Request) -> Option<Session> {
    let authorization = head.header("authorization")?;
    let (scheme, token) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    rest.access.bearer(token.trim()).ok()
}

/// Serves one socket until its client goes, or has been bound to nothing for a while.
pub(crate) async fn serve(subscriptions: Subscriptions, opener: Option<Session>, mut socket: WebSocket) {
    let opener = opener.map(Arc::new);
    let mut listeners = JoinSet::new();
    let (sender, mut said) = mpsc::channel::<String>(WAITING_MAX);
    loop {
        while listeners.try_join_next().is_some() {}
        let answer = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => match bound(&subscriptions, &opener, &text).await {
                    Ok(bound) if listeners.len() + bound.len() <= BOUND_MAX => {
                        for listener in bound {
                            listeners.spawn(listen(listener, sender.clone()));
                        }
                        continue;
                    }
                    Ok(_) => format!("error At most {BOUND_MAX} subscriptions can be bound to one socket."),
                    Err(refusal) => format!("error {refusal}"),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            Some(text) = said.recv() => text,
            () = tokio::time::sleep(IDLE), if listeners.is_empty() => return,
        };
        if socket.send(Message::Text(answer.into())).await.is_err() {
            return;
        }
    }
}

async fn listen(mut listener: Listener, sender: mpsc::Sender<String>) {
    let mut next = Some(listener.greeting());
    while let Some(text) = next {
        if sender.send(text).await.is_err() {
            return;
        }
        next = listener.next().await;
    }
}

async fn bound(
    subscriptions: &Subscriptions,
    opener: &Option<Arc<Session>>,
    text: &str,
) -> Result<Vec<Listener>, Refusal> {
    let (verb, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let (verb, rest) = (verb.to_owned(), rest.trim().trim_start_matches("Subscription/").to_owned());
    let (subscriptions, opener) = (subscriptions.clone(), opener.clone());
    let bind = move || match (verb.as_str(), opener) {
        ("bind-with-token", _) => subscriptions.bind_with_token(&rest),
        ("bind", Some(session)) => subscriptions.bind(&session, &rest).map(|listener| vec![listener]),
        ("bind", None) => {
            let text = "Open the socket with Authorization: Bearer and a token, or use bind-with-token.";
            Err(Refusal::new(Kind::Unauthenticated, text))
        }
        _ => Err(Refusal::new(Kind::Invalid, "Say bind and an id, or bind-with-token and a token.")),
    };
    let ended = |_| Refusal::new(Kind::Busy, "The server is stopping. Try again in a moment.");
    tokio::task::spawn_blocking(bind).await.map_err(ended)?
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_address_of_the_socket_is_that_of_the_door() {
        assert_eq!(super::url("https://care.example/fhir"), "wss://care.example/fhir/ws");
        assert_eq!(super::url("http://127.0.0.1:8080/fhir"), "ws://127.0.0.1:8080/fhir/ws");
    }
}

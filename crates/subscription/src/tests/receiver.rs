//! A receiver of notifications: a real server on loopback that notes what comes, and answers as it is told to.

use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use fhir::{Json, Limits};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What came in one request.
#[derive(Clone, Debug)]
pub struct Came {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Came {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The values of the parameters, and of their parts, of this name in the status of a notification.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        parameters(&self.body, name)
    }
}

/// The same of the text of a notification.
pub fn parameters(text: &str, name: &str) -> Vec<String> {
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let Some(first) = json.root().get("entry").and_then(|entries| entries.items().next()) else {
        return Vec::new();
    };
    let all = first.at(&["resource", "parameter"]).into_iter().flat_map(|p| p.items());
    let all =
        all.flat_map(|p| std::iter::once(p).chain(p.get("part").into_iter().flat_map(|parts| parts.items())));
    let named = all.filter(|p| p.str("name").as_deref() == Some(name));
    let value = |p: fhir::Value<'_>| {
        let (_, value) = p.members().find(|(member, _)| member.starts_with("value"))?;
        let text = value.as_str().or_else(|| value.str("reference")).or_else(|| value.str("text"));
        text.map(|text| text.into_owned())
    };
    named.filter_map(value).collect()
}

#[derive(Default)]
struct Notes {
    came: Mutex<Vec<Came>>,
    /// Statuses to answer with, before the usual one.
    answers: Mutex<VecDeque<u16>>,
    usual: Mutex<u16>,
    slow: Mutex<Duration>,
}

pub struct Receiver {
    pub address: SocketAddr,
    notes: Arc<Notes>,
}

impl Receiver {
    pub fn start(runtime: &Runtime) -> Receiver {
        let notes = Arc::new(Notes::default());
        *notes.usual.lock().unwrap() = 200;
        let inner = notes.clone();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(move |request: Request| answer(inner.clone(), request));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Receiver { address, notes }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers so from now on, but first with these.
    pub fn answers(&self, first: &[u16], then: u16) {
        self.notes.answers.lock().unwrap().extend(first);
        *self.notes.usual.lock().unwrap() = then;
    }

    pub fn slows(&self, by: Duration) {
        *self.notes.slow.lock().unwrap() = by;
    }

    pub fn came(&self) -> Vec<Came> {
        self.notes.came.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.notes.came.lock().unwrap().len()
    }
}

async fn answer(notes: Arc<Notes>, request: Request) -> StatusCode {
    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend_from_slice(&frame.into_data().unwrap_or_else(|_| Bytes::new()));
    }
    let slow = *notes.slow.lock().unwrap();
    tokio::time::sleep(slow).await;
    let headers =
        parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
    let path = parts.uri.to_string();
    let body = String::from_utf8(bytes).unwrap();
    notes.came.lock().unwrap().push(Came { method: parts.method.to_string(), path, headers, body });
    let status = notes.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(status.unwrap_or(*notes.usual.lock().unwrap())).unwrap()
}

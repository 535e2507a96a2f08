//! The thin part that knows sockets: who asks is settled before the body is read, the body is read within
//! limits of size and time, the work goes where it blocks nobody, and nothing leaves before the audit trail
//! has it.

use crate::body::too_large;
use crate::config::Config;
use crate::door::{Reply, Rest, answer, dressed, turned_away};
use crate::operation::ours;
use crate::request::Request;
use crate::response::Response;
use crate::route::{Weight, weight};
use crate::status::No;
use crate::{listen, oauth};
use access::{Access, Session};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{any, get};
use flate2::Compression;
use flate2::write::GzEncoder;
use identity::Smart;
use record::{Kind, Refusal};
use std::future::poll_fn;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use subscription::Subscriptions;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Bodies that go out smaller than this are not worth packing.
const PACK_FROM: usize = 1024;
/// Headers of a request, at most; more are refused.
const HEADERS_MAX: usize = 100;

/// Bytes of a path and query, at most. From 64 KiB on the library below us answers 414 itself, without a body.
pub(crate) const URL_MAX: usize = 32 << 10;

struct Skin {
    rest: Rest,
    bundles: Semaphore,
    wide: Arc<Semaphore>,
}

/// The door as a router, to be merged with others. It answers at the path of [`Config::base`] and below.
pub fn router(access: Access, config: Config) -> Router {
    let mount = mount(&config.base).to_owned();
    let (bundles, wide) = (Semaphore::new(config.bundles), Arc::new(Semaphore::new(config.wide)));
    let threads = config.jobs;
    if let Err(refusal) = ours::file(access.store(), &config.base) {
        // They are for programs to read; the operations themselves do without.
        tracing::warn!(%refusal, "the definitions of our own operations could not be filed");
    }
    let smart = Smart::new(access.clone(), &config.base);
    let skin = Arc::new(Skin { bundles, wide, rest: Rest::new(access, config) });
    for _ in 0..threads {
        work_on_jobs(&skin);
    }
    let (inner, subscriptions) = (skin.clone(), skin.rest.config.subscriptions.clone());
    let answer = any(move |request: axum::extract::Request| serve(skin.clone(), request));
    let router = Router::new().route(&format!("{mount}/"), answer.clone());
    let router = router.route(&format!("{mount}/{{*below}}"), answer.clone());
    let router = match subscriptions {
        Some(subscriptions) => router.route(
            &format!("{mount}{}", listen::PATH),
            get(move |head, upgrade| socket(inner, subscriptions, head, upgrade)),
        ),
        None => router,
    };
    let router = if mount.is_empty() { router } else { router.route(&mount, answer) };
    oauth::routes(router, &mount, smart)
}

/// How often jobs are looked for that another node was asked for, or left.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what jobs have left is swept out.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// A thread that works on jobs as long as the door is there.
fn work_on_jobs(skin: &Arc<Skin>) {
    let (bell, skin) = (skin.rest.jobs.bell(), Arc::downgrade(skin));
    let work = move || {
        let mut swept: Option<std::time::Instant> = None;
        while let Some(skin) = skin.upgrade() {
            let jobs = &skin.rest.jobs;
            let mut outcome = skin.rest.work();
            if outcome == Ok(false) && swept.is_none_or(|at| at.elapsed() > SWEEP_EVERY) {
                swept = Some(std::time::Instant::now());
                outcome = jobs.sweep().map(|()| false);
            }
            drop(skin);
            // What went wrong is in the log; it is tried again.
            if outcome != Ok(true) {
                bell.wait(LOOK_EVERY);
            }
        }
    };
    let started = std::thread::Builder::new().name("jobs".into()).spawn(work);
    if let Err(error) = started {
        tracing::error!(%error, "no thread for jobs; those begun here are left to other nodes");
    }
}

/// Opens a websocket for those who listen to subscriptions.
async fn socket(
    skin: Arc<Skin>,
    subscriptions: Subscriptions,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut head = Request::new("GET", listen::PATH);
    if let Some(value) = headers.get("authorization") {
        head = head.with("authorization", &text(value));
    }
    let opener =
        tokio::task::spawn_blocking(move || listen::opener(&skin.rest, &head)).await.unwrap_or_default();
    let upgrade = upgrade.max_message_size(listen::MESSAGE_MAX).max_frame_size(listen::MESSAGE_MAX);
    upgrade.on_upgrade(move |socket| listen::serve(subscriptions, opener, socket))
}

/// The path of a base: `/fhir` of `https://care.example/fhir`.
fn mount(base: &str) -> &str {
    let host = base.split_once("://").map_or(base, |(_, rest)| rest);
    host.find('/').map_or("", |slash| host[slash..].trim_end_matches('/'))
}

async fn serve(skin: Arc<Skin>, request: axum::extract::Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let packs = accepts_gzip(&parts);
    let head = head(&parts, mount(&skin.rest.config.base));
    let reply = match session(&skin, &head).await {
        Ok(session) => respond(&skin, session, head, body).await,
        Err(no) => turned_away(&head, no),
    };
    finish(&skin, reply, packs).await
}

/// The request without its body, its path below the base.
fn head(parts: &Parts, mount: &str) -> Request {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().strip_prefix(mount).unwrap_or_default().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(header).collect(),
        body: Vec::new(),
    }
}

/// Who asks. A token is looked up at once where that waits for nothing; a browser's session may have to wait for
/// the writer.
async fn session(skin: &Arc<Skin>, head: &Request) -> Result<Option<Session>, No> {
    if head.headers.len() > HEADERS_MAX {
        return Err(Refusal::new(
            Kind::TooLarge,
            format!("The request has more than {HEADERS_MAX} headers."),
        )
        .into());
    }
    if head.path.len() + head.query.len() > URL_MAX {
        return Err(No::Long(URL_MAX));
    }
    let at_once = head.header("authorization").is_some() || head.header("cookie").is_none();
    if at_once && is_near(skin) {
        return skin.rest.caller(head);
    }
    let (inner, head) = (skin.clone(), head.clone());
    let work = tokio::task::spawn_blocking(move || inner.rest.caller(&head));
    work.await.unwrap_or_else(|_| Err(stopping().into()))
}

/// Whether little work is done here, on a thread that many requests share, which must never wait for a network.
fn is_near(skin: &Skin) -> bool {
    skin.rest.access.store().is_near()
}

/// Panics of the work itself are caught within it; what is left is the runtime going away.
fn stopping() -> Refusal {
    Refusal::new(Kind::Busy, "The server is stopping. Try again in a moment.")
}

async fn respond(skin: &Arc<Skin>, session: Option<Session>, mut request: Request, body: Body) -> Reply {
    match read(&skin.rest.config, &request, body).await {
        Ok(bytes) => request.body = bytes,
        Err(no) => return turned_away(&request, no),
    }
    let turns = match weight(&request) {
        Weight::Light if is_near(skin) => return answer(&skin.rest, session.as_ref(), &request),
        Weight::Light | Weight::Usual => None,
        Weight::Bundle => Some(&skin.bundles),
        Weight::Wide => Some(&*skin.wide),
    };
    // A turn is held until the answer is made.
    let Ok(_turn) = turns.map(Semaphore::try_acquire).transpose() else {
        let text = "Too much is being done at once. Try again in a moment.";
        return turned_away(&request, Refusal::new(Kind::Busy, text).into());
    };
    let inner = skin.clone();
    let work = tokio::task::spawn_blocking(move || answer(&inner.rest, session.as_ref(), &request));
    work.await.unwrap_or_else(|_| Reply { response: Response::refused(&stopping().into()), acts: Vec::new() })
}

/// The whole body, if it is not too large and comes fast enough.
async fn read(config: &Config, head: &Request, mut body: Body) -> Result<Vec<u8>, No> {
    let most = config.body_bytes;
    let declared = head.header("content-length").and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large(most).into());
    }
    let began = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let deadline = deadline(config, began, bytes.len());
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        match timeout_at(deadline, frame).await {
            Err(_) => return Err(No::Slow),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(_))) => {
                return Err(Refusal::invalid("", "The body broke off. Send it again, whole.").into());
            }
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                if bytes.len() + data.len() > most {
                    return Err(too_large(most).into());
                }
                bytes.extend_from_slice(&data);
            }
        }
    }
}

/// Until when more of a body must have come: as long as what is there has bought at the least rate, but not
/// before the time of grace is over, and not after the whole time.
fn deadline(config: &Config, began: Instant, got: usize) -> Instant {
    let bought = Duration::from_secs_f64(got as f64 / config.body_rate.max(1) as f64);
    began + bought.max(config.body_grace).min(config.body_time)
}

/// Waits for the audit trail, then lets the response go.
async fn finish(skin: &Arc<Skin>, reply: Reply, packs: bool) -> axum::response::Response {
    let mut response = reply.response;
    let tickets: Vec<_> = reply.acts.into_iter().map(|act| skin.rest.access.store().audit(act)).collect();
    for ticket in tickets {
        if let Err(refusal) = ticket.durable().await {
            response = dressed(&Request::default(), Response::refused(&refusal.into()));
        }
    }
    if packs && response.body.len() > PACK_FROM {
        response = packed(response);
    }
    let body = match response.stream.take() {
        Some(stream) => {
            let inner = skin.clone();
            stream.body(move |handle| handle.block_on(inner.wide.clone().acquire_owned()))
        }
        None => Body::from(response.body),
    };
    let mut answer = axum::response::Response::new(body);
    // The table in `status` has none outside the range.
    *answer.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

fn packed(mut response: Response) -> Response {
    let mut encoder = GzEncoder::new(Vec::with_capacity(response.body.len() / 4), Compression::fast());
    let written = encoder.write_all(&response.body).and_then(|()| encoder.finish());
    if let Ok(bytes) = written {
        response.body = bytes;
        response = response.set("content-encoding", "gzip");
    }
    response.set("vary", "accept-encoding")
}

fn accepts_gzip(parts: &Parts) -> bool {
    let values = parts.headers.get_all("accept-encoding").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (name, params) = crate::headers::media(item);
        name == "gzip" && !params.iter().any(|(n, q)| n == "q" && q.parse() == Ok(0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::mount;

    #[test]
    fn a_base_says_where_the_door_is() {
        assert_eq!(mount("https://care.example/fhir"), "/fhir");
        assert_eq!(mount("http://127.0.0.1:8080/a/fhir/"), "/a/fhir");
        assert_eq!(mount("https://care.example"), "");
    }
}

//! For the people and programs that run the server: alive, ready, figures. No patient data, so no sign-in.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use record::{Scope, Store};
use service::interaction::Counts;
use std::fmt::Write;
use std::sync::Arc;
use subscription::Subscriptions;

/// `/health`: the process answers. `/ready`: the record can be read and written. `/metrics`: Prometheus text.
pub fn router(store: Store, subscriptions: Subscriptions, validated: Arc<Counts>) -> Router {
    Router::new()
        .route("/health", get(|| async { "alive\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics).with_state((store.clone(), subscriptions, validated)))
        .with_state(store)
}

async fn ready(State(store): State<Store>) -> impl IntoResponse {
    let check = move || store.writes() && store.reader(&Scope::all()).is_ok();
    match tokio::task::spawn_blocking(check).await {
        Ok(true) => (StatusCode::OK, "ready\n"),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the record cannot be read or written; see the log\n",
        ),
    }
}

async fn metrics(
    State((store, subscriptions, validated)): State<(Store, Subscriptions, Arc<Counts>)>,
) -> impl IntoResponse {
    let mut text = String::new();
    let of_parts = store.metrics().into_iter().chain(subscriptions.metrics()).chain(validated.metrics());
    for (name, value) in of_parts.chain(process()) {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        // Writing to a String does not fail.
        let _ = writeln!(text, "# TYPE carespine_{name} {kind}\ncarespine_{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

/// Memory and processor time of this process, where the system tells.
fn process() -> Vec<(&'static str, f64)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    resident.map(|kib| ("process_resident_bytes", kib * 1024.0)).into_iter().collect()
}

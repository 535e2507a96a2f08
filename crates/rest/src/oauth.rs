//! What apps ask of the authorisation server over HTTP, and who of them may read answers in a browser (CORS).

use access::Access;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, VARY,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use fhir::Tree;
use identity::{NoToken, Smart};
use record::Refusal;

/// Bytes of a form, at most: an assertion and a little.
const FORM_BYTES: usize = 64 << 10;

/// Adds the endpoints to the routes of the FHIR door, and lets browsers show answers of both to registered apps.
pub(crate) fn routes(router: Router, mount: &str, smart: Smart) -> Router {
    let (known, configured, openid, keys) = (smart.clone(), smart.clone(), smart.clone(), smart.clone());
    let configuration = move || {
        let smart = configured.clone();
        async move { body(StatusCode::OK, &smart.configuration()) }
    };
    router
        .route(&format!("{mount}/.well-known/smart-configuration"), get(configuration))
        .route(
            "/.well-known/openid-configuration",
            get(move || {
                let smart = openid.clone();
                async move { body(StatusCode::OK, &smart.openid_configuration()) }
            }),
        )
        .route("/jwks", get(move || blocking(keys.clone(), |smart| Ok(smart.key_set()?))))
        .route("/oauth/token", endpoint(&smart, |smart, form, proof| smart.token(form, proof)))
        .route("/oauth/introspect", endpoint(&smart, |smart, form, proof| smart.introspected(form, proof)))
        .route(
            "/oauth/revoke",
            endpoint(&smart, |smart, form, proof| {
                smart.revoked(form, proof)?;
                Ok(Tree::object())
            }),
        )
        .layer(from_fn(move |request: Request, next: Next| shared(known.clone(), request, next)))
}

type Act = fn(&Smart, &[(String, String)], Option<&str>) -> Result<Tree, NoToken>;

/// A form that an app sends.
fn endpoint(smart: &Smart, act: Act) -> axum::routing::MethodRouter {
    let smart = smart.clone();
    post(move |request: Request| {
        let smart = smart.clone();
        async move {
            let (parts, sent) = request.into_parts();
            let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let authorization = authorization.map(str::to_owned);
            let is_form = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let is_form = is_form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
            let bytes = match to_bytes(sent, FORM_BYTES).await {
                Ok(bytes) if is_form => bytes,
                _ => return refused(&invalid("send a form, of at most 64 KiB")),
            };
            let Some(form) = pairs(&bytes) else { return refused(&invalid("the form cannot be read")) };
            blocking(smart, move |smart| act(smart, &form, authorization.as_deref())).await
        }
    })
}

fn invalid(text: &str) -> NoToken {
    NoToken { status: 400, error: "invalid_request", description: text.to_owned() }
}

fn pairs(bytes: &Bytes) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    service::interaction::pairs(text).ok()
}

/// Does what may wait for the disk on a thread that may.
async fn blocking(
    smart: Smart,
    act: impl FnOnce(&Smart) -> Result<Tree, NoToken> + Send + 'static,
) -> Response {
    let done = tokio::task::spawn_blocking(move || act(&smart)).await;
    match done {
        Ok(Ok(tree)) => body(StatusCode::OK, &tree),
        Ok(Err(no)) => refused(&no),
        Err(_) => refused(&NoToken {
            status: 503,
            error: "temporarily_unavailable",
            description: "the server is stopping".to_owned(),
        }),
    }
}

fn refused(no: &NoToken) -> Response {
    let status = StatusCode::from_u16(no.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = body(status, &no.tree());
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Carespine\""));
    }
    response
}

/// JSON that nobody keeps (RFC 6749 section 5.1).
fn body(status: StatusCode, tree: &Tree) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, tree.text()).into_response()
}

/// Lets browsers show answers to pages of registered apps: those whose origin is that of an address of theirs. Cookies
/// never count for them.
async fn shared(smart: Smart, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let Some(origin) = origin else { return next.run(request).await };
    let asked = origin.to_str().unwrap_or_default().to_owned();
    let access = smart.access().clone();
    let is_known = tokio::task::spawn_blocking(move || is_of_an_app(&access, &asked)).await;
    let is_known = matches!(is_known, Ok(Ok(true)));
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = match (is_preflight, is_known) {
        (true, true) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if is_known {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("content-location, etag, location, x-request-id");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if is_preflight {
            let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            let sent = "accept, authorization, content-type, if-match, if-none-exist, if-none-match, prefer";
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(sent));
        }
    }
    response
}

fn is_of_an_app(access: &Access, origin: &str) -> Result<bool, Refusal> {
    if origin == "null" || origin.is_empty() {
        return Ok(false);
    }
    let apps = access.apps()?;
    let uris = apps.iter().flat_map(|app| app.redirects.iter().chain(&app.launch));
    Ok(uris.into_iter().any(|uri| self::origin(uri) == origin))
}

/// Scheme, host and port of an address.
pub(crate) fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |slash| host + slash);
    &address[..end]
}

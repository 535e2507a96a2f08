//! Asking an issuer: TLS verified, no redirect followed, an answer of bounded size within a bounded time.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const TIME: Duration = Duration::from_secs(10);
const BODY_MAX: usize = 1 << 20;

/// Asks issuers. Clones share the certificates.
#[derive(Clone)]
pub(crate) struct Http {
    tls: TlsConnector,
}

/// What is asked.
pub(crate) struct Asking<'a> {
    pub url: &'a str,
    pub headers: Vec<(&'static str, String)>,
    /// The fields of a form, for POST; none for GET.
    pub form: Option<Vec<(&'static str, String)>>,
}

impl Http {
    /// A client that trusts the certificates that this machine trusts.
    pub fn new() -> Http {
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            tracing::warn!("this machine trusts no certificates; no outside issuer can be asked");
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Http { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Asks and waits: never on a thread that drives asynchronous tasks. Answers the body of a success; anything else
    /// in words for our own log.
    pub fn ask(&self, asking: Asking<'_>) -> Result<Vec<u8>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| format!("no runtime: {e}"))?;
        runtime.block_on(async {
            match tokio::time::timeout(TIME, self.exchange(asking)).await {
                Ok(answer) => answer,
                Err(_) => Err(format!("no answer within {} seconds", TIME.as_secs())),
            }
        })
    }

    async fn exchange(&self, asking: Asking<'_>) -> Result<Vec<u8>, String> {
        let uri: Uri = asking.url.parse().map_err(|_| format!("{} is no URL", asking.url))?;
        let https = is_allowed(&uri).ok_or_else(|| format!("{} is not https", asking.url))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let stream = TcpStream::connect((host.as_str(), port)).await;
        let stream = stream.map_err(|e| format!("no connection to {host}: {}", e.kind()))?;
        if !https {
            return send(stream, &uri, asking).await;
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| format!("{host} is no name of a host"))?;
        let stream = self.tls.connect(name, stream).await;
        send(stream.map_err(|e| format!("no safe connection to {host}: {e}"))?, &uri, asking).await
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    asking: Asking<'_>,
) -> Result<Vec<u8>, String> {
    let broken = |e: hyper::Error| format!("the connection broke: {e}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let method = if asking.form.is_some() { "POST" } else { "GET" };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::builder().method(method).uri(path).header("host", authority);
    request = request.header("accept", "application/json").header("user-agent", "Carespine");
    for (name, value) in &asking.headers {
        request = request.header(*name, value);
    }
    if asking.form.is_some() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(asking.form.map(|fields| pairs(&fields)).unwrap_or_default()));
    let request = request.body(body).map_err(|e| format!("the request cannot be made: {e}"))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), BODY_MAX).collect().await;
    driver.abort();
    let body = body.map_err(|_| "the answer broke off or is too long".to_owned())?.to_bytes().to_vec();
    if !status.is_success() {
        return Err(format!("{} answered {status}", uri.path()));
    }
    Ok(body)
}

/// Whether it goes over TLS, or to this machine itself; nothing for every other address.
pub(crate) fn is_allowed(uri: &Uri) -> Option<bool> {
    match (uri.scheme_str()?, uri.host()?) {
        ("https", _) => Some(true),
        ("http", "localhost" | "127.0.0.1" | "[::1]") => Some(false),
        _ => None,
    }
}

/// Fields as a form or a query has them.
pub(crate) fn pairs(fields: &[(&str, String)]) -> String {
    let all: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    all.join("&")
}

/// A text as a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

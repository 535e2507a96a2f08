//! One request to a receiver: its address resolved and judged once, TLS verified, no redirect followed.

use crate::endpoint::Endpoint;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What came of telling a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has it.
    Taken,
    /// It could not be reached, or says to come again: it may be back later.
    Away(String),
    /// It was reached and wants nothing of this one.
    Refused(String),
}

/// What is sent.
pub(crate) struct Outgoing {
    pub method: &'static str,
    /// What goes after the endpoint's path.
    pub below: String,
    pub headers: Vec<(String, String)>,
    /// A body of FHIR, in JSON.
    pub body: Option<String>,
}

/// Sends requests. Clones share the certificates.
#[derive(Clone)]
pub(crate) struct Client {
    tls: TlsConnector,
}

impl Client {
    /// A client that trusts the certificates that this machine trusts.
    pub fn new() -> Client {
        let client = Client::trusting(rustls_native_certs::load_native_certs().certs);
        client.unwrap_or_else(|| {
            tracing::warn!("this machine trusts no certificates; no https endpoint can be notified");
            Client::with(RootCertStore::empty())
        })
    }

    /// A client that trusts these certificates and what they vouch for; nothing when none can be read.
    pub fn trusting(certificates: Vec<CertificateDer<'static>>) -> Option<Client> {
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(certificates);
        (added > 0).then(|| Client::with(roots))
    }

    fn with(roots: RootCertStore) -> Client {
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Client { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Sends, and waits for the answer within a time.
    pub async fn send(&self, endpoint: &Endpoint, outgoing: Outgoing, timeout: Duration) -> Outcome {
        match tokio::time::timeout(timeout, self.exchange(endpoint, outgoing)).await {
            Ok(Ok(status)) => judged(status),
            Ok(Err(why)) => Outcome::Away(why),
            Err(_) => {
                Outcome::Away(format!("The receiver did not answer within {} seconds.", timeout.as_secs()))
            }
        }
    }

    async fn exchange(&self, endpoint: &Endpoint, outgoing: Outgoing) -> Result<StatusCode, String> {
        let address = endpoint.address().await?;
        let stream =
            TcpStream::connect(address).await.map_err(|e| format!("No connection: {}.", e.kind()))?;
        if !endpoint.https {
            return ask(stream, endpoint, outgoing).await;
        }
        let name =
            ServerName::try_from(endpoint.host.clone()).map_err(|_| "The host has no name.".to_owned())?;
        let stream = self.tls.connect(name, stream).await;
        ask(stream.map_err(|e| format!("No safe connection: {e}."))?, endpoint, outgoing).await
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    endpoint: &Endpoint,
    outgoing: Outgoing,
) -> Result<StatusCode, String> {
    let broken = |e: hyper::Error| format!("The connection broke: {e}.");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driver = tokio::spawn(connection);
    let path = match outgoing.below.is_empty() {
        true => endpoint.path.clone(),
        false => {
            let (path, query) = endpoint.path.split_once('?').unwrap_or((&endpoint.path, ""));
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            format!("{}/{}{query}", path.trim_end_matches('/'), outgoing.below)
        }
    };
    let mut request = Request::builder().method(outgoing.method).uri(path);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    if outgoing.body.is_some() {
        request = request.header("content-type", crate::order::JSON);
    }
    request = request.header("host", endpoint.authority()).header("user-agent", "Carespine");
    let body = Full::new(Bytes::from(outgoing.body.unwrap_or_default()));
    let request = request.body(body).map_err(|e| format!("The request cannot be made: {e}."))?;
    let response = sender.send_request(request).await.map_err(broken);
    driver.abort();
    Ok(response?.status())
}

fn judged(status: StatusCode) -> Outcome {
    let answered = || format!("The receiver answered {status}.");
    match status.as_u16() {
        200..=299 => Outcome::Taken,
        // What is wrong with this one request; with others of 4xx no request is right.
        400 | 406 | 409 | 411 | 413 | 415 | 422 => Outcome::Refused(answered()),
        300..=399 => Outcome::Away(format!("The receiver answered {status}; redirects are not followed.")),
        _ => Outcome::Away(answered()),
    }
}

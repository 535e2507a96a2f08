//! TLS to a real server with a certificate made for the test.

use super::*;
use crate::send::{Client, Outcome, Outgoing};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate and a key for a name, signed by itself; nothing, with a word, where there is no openssl.
fn certified(folder: &Path, name: &str) -> Option<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let subject = format!("/CN={name}");
    let names = format!("subjectAltName=DNS:{name}");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &subject, "-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    let Ok(made) = made else {
        eprintln!("Skipped: there is no openssl to make a certificate with.");
        return None;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some((CertificateDer::from_pem_file(certificate).unwrap(), PrivateKeyDer::from_pem_file(key).unwrap()))
}

#[test]
fn only_a_server_whose_certificate_is_trusted_and_its_own_is_told() {
    let home = Home::new();
    let Some((certificate, key)) = certified(home.folder(), "localhost") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).await.unwrap_or_default();
            assert!(asked[..read].starts_with(b"POST /x HTTP/1.1"));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let hosts = Hosts::new(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let send = |client: &Client, host: &str| {
        let endpoint = hosts.endpoint(&format!("https://{host}:{port}/x")).unwrap();
        let outgoing = Outgoing { method: "POST", below: String::new(), headers: Vec::new(), body: None };
        runtime.block_on(client.send(&endpoint, outgoing, Duration::from_secs(20)))
    };
    let trusting = Client::trusting(vec![certificate]).unwrap();
    assert_eq!(send(&trusting, "localhost"), Outcome::Taken);
    for (client, host) in [(&Client::new(), "localhost"), (&trusting, "127.0.0.1")] {
        let outcome = send(client, host);
        assert!(
            matches!(&outcome, Outcome::Away(why) if why.contains("No safe connection")),
            "{host} {outcome:?}"
        );
    }
}

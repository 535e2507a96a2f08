//! Starting and stopping: the log, the record, the doors.

use crate::catalogue::CATALOGUE;
use crate::config::{Config, LogForm};
use crate::health;
use crate::issuers::Outside;
use crate::{settling, trail, words};
use access::Access;
use axum::Router;
use identity::Issuers;
use record::{Kind, Options, Refusal, Store};
use service::interaction::Validation;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Instant;
use subscription::{Hosts, Settings, Smtp, Subscriptions, Work};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Serves until told to stop.
pub fn serve(config: &Config) -> Result<(), Refusal> {
    let started = Instant::now();
    start_log(config)?;
    let address = config.address()?;
    let options =
        Options { readers: config.readers, replicas: config.replicas.clone(), ..Options::default() };
    let access = Access::open(Store::open(&config.data, options)?)?;
    if config.audit.key.is_none() && config.audit_key().is_some() {
        tracing::warn!("the key of the audit trail is beside the record: name another place as [audit] key");
    }
    if let Some(path) = &config.breached {
        access.refuse_breached(path)?;
    }
    let invitation = access.first_administrator(&config.organisation)?;
    run(config, access, address, |address| {
        if let Some(code) = &invitation {
            first_words(config, address, code);
        }
        println!("Carespine listens on http://{address}/ (FHIR at http://{address}/fhir)");
        tracing::info!(%address, ms = started.elapsed().as_millis() as u64, "ready");
    })
}

/// What whoever starts an installation is told once: the way to its first password. It is kept nowhere, and a new one
/// is
/// made at each start until somebody can sign in.
fn first_words(config: &Config, address: SocketAddr, code: &str) {
    let origin = config.public.clone().unwrap_or_else(|| format!("http://{address}"));
    println!(
        "\nNobody can sign in yet. Open this address within 72 hours and choose the password of `admin`:"
    );
    println!("\n  {origin}/invitation?code={code}\n");
    println!("It is shown only here, and counts once. Clinical staff are added by carespine user add.\n");
}

/// Listens and answers until told to stop. `ready` is told the address once connections are taken.
pub fn run(
    config: &Config,
    access: Access,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Refusal> {
    run_until(config, access, address, ready, told_to_stop())
}

/// The same until `stop` is done.
pub fn run_until(
    config: &Config,
    access: Access,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Refusal> {
    CATALOGUE.check()?;
    let validation = config.rules()?;
    let _words = words::follow(access.store().clone())?;
    let _trail = trail::follow(access.store().clone())?;
    let _settling = settling::follow(access.clone())?;
    let _heads = heads(config, &access)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Refusal::new(Kind::Fault, format!("The server's threads could not be started: {e}.")))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(|e| {
            let text = format!("{address} cannot be listened on: {e}. Choose another port with --listen.");
            Refusal::new(Kind::Conflict, text)
        })?;
        let address = listener.local_addr().unwrap_or(address);
        let subscriptions = Subscriptions::new(access.clone(), settings(config, &base(config, address)));
        let router = router(config, &access, &subscriptions, validation, address)?;
        // Ends with the server.
        let _work = Work::start(&subscriptions, tokio::runtime::Handle::current())?;
        ready(address);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|e| Refusal::new(Kind::Fault, format!("Serving ended: {e}.")))
    })
}

/// Signs the audit trail and gives its heads to witnesses, for as long as what comes back is held.
fn heads(config: &Config, access: &Access) -> Result<Option<audit::Keeping>, Refusal> {
    let Some(path) = config.audit_key() else {
        tracing::warn!("the audit trail is not signed: name a file for its key as [audit] key");
        return Ok(None);
    };
    let key = audit::Key::open(&path)?;
    audit::keep(access.store().clone(), key, config.audit.witnesses.clone()).map(Some)
}

/// The address that clients know the FHIR door by.
fn base(config: &Config, address: SocketAddr) -> String {
    let public = config.public.clone().unwrap_or_else(|| format!("http://{address}"));
    format!("{public}/fhir")
}

/// What subscriptions may ask for and do, with the FHIR door at `base`.
pub fn settings(config: &Config, base: &str) -> Settings {
    let mut settings = Settings::at(base);
    settings.hosts = Hosts::new(config.subscriptions.hosts.clone());
    settings.smtp = config.smtp.clone().map(|mail| Smtp { url: mail.url, from: mail.from });
    settings
}

/// The issuers at which people can sign in; none where none is configured.
fn issuers(config: &Config, access: &Access, address: SocketAddr) -> Result<Option<Issuers>, Refusal> {
    let trusted = config.issuers.iter().map(Outside::trusted).collect::<Result<Vec<_>, _>>()?;
    if trusted.is_empty() {
        return Ok(None);
    }
    let origin = config.public.clone().unwrap_or_else(|| format!("http://{address}"));
    Issuers::new(access.clone(), &origin, trusted).map(Some)
}

/// All doors on one port.
fn router(
    config: &Config,
    access: &Access,
    subscriptions: &Subscriptions,
    validation: Validation,
    address: SocketAddr,
) -> Result<Router, Refusal> {
    let mut fhir = rest::Config::at(base(config, address));
    fhir.subscriptions = Some(subscriptions.clone());
    fhir.body_bytes = config.body_bytes;
    fhir.deletes_many = config.deletes_many;
    fhir.releases = config.releases();
    let counts = validation.counts.clone();
    fhir.validation = validation;
    let page = web::Config {
        origin: config.public.clone(),
        forwarded: config.public.is_some(),
        footnote: config.footnote.clone(),
        issuers: issuers(config, access, address)?,
        smart: Some(identity::Smart::new(access.clone(), &base(config, address))),
    };
    Ok(web::router(access.clone(), &CATALOGUE, page)
        .merge(health::router(access.store().clone(), subscriptions.clone(), counts))
        .merge(rest::router(access.clone(), fhir)))
}

/// Ctrl-C, or SIGTERM from a service manager. Requests under way are finished.
async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => {}
        () = terminated => {}
    }
}

/// Structured logs on standard error. No crate logs patient data: see `trust` in ARCHITECTURE.md.
pub fn start_log(config: &Config) -> Result<(), Refusal> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| {
        Refusal::new(Kind::Invalid, format!("log = \"{}\" is not understood: {e}", config.log))
    })?;
    let colours = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let outcome = match config.log_form {
        LogForm::Text => builder.compact().try_init(),
        LogForm::Json => builder.json().try_init(),
    };
    // A log that is already there (in tests) is kept.
    drop(outcome);
    Ok(())
}

//! Configuration: one TOML file, all of it optional, and the command line on top.

use crate::issuers::Outside;
use crate::validating::Validating;
use audit::Witness;
use cli::Serve;
use record::{Kind, Place, Refusal};
use serde::{Deserialize, Deserializer, de::Error};
use service::interaction::Validation;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What can be set, with the defaults. `docs/operate/README.md` lists it for operators.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The record: a folder, or a database as `postgres://user:password@host/database`.
    #[serde(deserialize_with = "place")]
    pub data: Place,
    /// Address and port to listen on. Without TLS only loopback addresses are taken.
    pub listen: String,
    /// The address that clients use, when a proxy stands before this server: `https://care.example`. Cookies
    /// are then marked secure.
    pub public: Option<String>,
    /// What is logged: `error`, `warn`, `info`, `debug`, or per crate as `info,rest=debug`.
    pub log: String,
    /// How it is logged: `text` or `json`.
    pub log_form: LogForm,
    /// Connections that read the record at one time, of each database.
    pub readers: usize,
    /// PostgreSQL databases that follow the one of `data`, to read from where they have caught up.
    #[serde(deserialize_with = "places")]
    pub replicas: Vec<Place>,
    /// Bytes of one request's body, at most.
    pub body_bytes: usize,
    /// Whether a conditional delete may delete several resources.
    pub deletes_many: bool,
    /// A word for the foot of every page, e.g. that it is for training.
    pub footnote: Option<String>,
    /// The folder of imported releases of code systems; beside the record when nothing is said, and needed where that
    /// is a database.
    pub terminology: Option<PathBuf>,
    /// The organisation, by its ODS code, that accounts and tokens act for which name none.
    pub organisation: String,
    /// How resources are held to profiles when they are written.
    pub validation: Validating,
    /// Where notifications of subscriptions may go.
    pub subscriptions: Subscribing,
    /// How the audit trail is signed, and who else has its heads.
    pub audit: Auditing,
    /// How e-mail goes out; none goes without.
    pub smtp: Option<Mail>,
    /// A file of passwords that have leaked, by sorted SHA-1, as "Pwned Passwords" is published.
    pub breached: Option<PathBuf>,
    /// Other issuers at which people can sign in.
    pub issuers: Vec<Outside>,
}

/// Where notifications of subscriptions may go.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Subscribing {
    /// Hosts, as `host` or `host:port`; `*` for every public host over https.
    pub hosts: Vec<String>,
}

/// How the audit trail is signed, and who else has its heads.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Auditing {
    /// The file of the key that signs, made when it is not there. It belongs outside what holds the record; without a
    /// word it is beside a record that is a folder, and a record in a database is not signed.
    pub key: Option<PathBuf>,
    /// Who has the heads, too: `file:/path`, `syslog+tls://host:port`. Two are good.
    #[serde(deserialize_with = "witnesses")]
    pub witnesses: Vec<Witness>,
}

/// A mail server.
#[derive(Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host`, or `smtp://host:25?tls=required`.
    pub url: String,
    /// The sender.
    pub from: String,
}

/// Without the address, which may hold a password.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// One line a person can read.
    Text,
    /// One JSON object a line.
    Json,
}

fn place<'de, D: Deserializer<'de>>(from: D) -> Result<Place, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn witnesses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Witness>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

fn places<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Place>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data: Place::Folder("data".into()),
            listen: "127.0.0.1:8080".into(),
            public: None,
            log: "info".into(),
            log_form: LogForm::Text,
            readers: 8,
            replicas: Vec::new(),
            body_bytes: 16 << 20,
            deletes_many: false,
            footnote: None,
            terminology: None,
            organisation: String::new(),
            validation: Validating::default(),
            subscriptions: Subscribing::default(),
            audit: Auditing::default(),
            smtp: None,
            breached: None,
            issuers: Vec::new(),
        }
    }
}

impl Config {
    /// A configuration file.
    pub fn of_file(path: &Path) -> Result<Config, Refusal> {
        let invalid = |text: String| Refusal::new(Kind::Invalid, format!("{} {text}", path.display()));
        let text = std::fs::read_to_string(path)
            .map_err(|e| invalid(format!("cannot be read: {e}. Check --config.")))?;
        let config: Config = toml::from_str(&text).map_err(|e| invalid(format!("is not right: {e}")))?;
        config.rules().map_err(|refusal| invalid(format!("is not right: {refusal}")))?;
        Ok(config)
    }

    /// The file that the command line names, if any, with the command line's own settings on top.
    pub fn read(serve: &Serve) -> Result<Config, Refusal> {
        let mut config = serve.config.as_deref().map_or_else(|| Ok(Config::default()), Config::of_file)?;
        if let Some(data) = &serve.data {
            config.data = data.clone();
        }
        if let Some(listen) = &serve.listen {
            config.listen = listen.clone();
        }
        Ok(config)
    }

    /// How what is written is held to profiles.
    pub fn rules(&self) -> Result<Validation, Refusal> {
        self.validation.rules(&self.organisation)
    }

    /// Where imported releases of code systems are.
    pub fn releases(&self) -> Option<PathBuf> {
        let beside = match &self.data {
            Place::Folder(folder) => Some(folder.join(cli::RELEASES)),
            Place::Postgres(_) => None,
        };
        self.terminology.clone().or(beside)
    }

    /// The file of the key that signs the audit trail.
    pub fn audit_key(&self) -> Option<PathBuf> {
        let beside = match &self.data {
            Place::Folder(folder) => Some(folder.join("audit.key")),
            Place::Postgres(_) => None,
        };
        self.audit.key.clone().or(beside)
    }

    /// The address to listen on. Refused when others could reach it: there is no TLS here yet.
    pub fn address(&self) -> Result<SocketAddr, Refusal> {
        let address: SocketAddr = self.listen.parse().map_err(|_| {
            let text = format!("{} is no address and port. Write it as 127.0.0.1:8080.", self.listen);
            Refusal::new(Kind::Invalid, text)
        })?;
        if address.ip().is_loopback() {
            return Ok(address);
        }
        let text = format!(
            "{address} can be reached from other machines, and this server has no TLS. Listen on 127.0.0.1 and put a \
             proxy with TLS before it."
        );
        Err(Refusal::new(Kind::Forbidden, text))
    }
}

//! Witnesses: who else has the heads, so that a trail that was cut or written anew is found out.

use crate::head::Head;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The longest that a witness is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Facility 10 (security), severity 5 (notice): RFC 5424 section 6.2.1.
const PRIORITY: u32 = 10 * 8 + 5;
/// The port of syslog over TLS: RFC 5425 section 4.1.
const TLS_PORT: u16 = 6514;
/// A line of a head is shorter.
const LINE_MAX: u64 = 4_096;

/// Where heads go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A file that is only ever appended to, best on another machine or a medium that cannot be written twice.
    File(PathBuf),
    /// A collector of logs: RFC 5424 messages, framed as RFC 6587 3.4.1 and RFC 5425 say, as ATNA (ITI-20) has it.
    Syslog {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
        /// Whether TLS is spoken; without it only this machine itself is taken.
        tls: bool,
    },
}

impl FromStr for Witness {
    type Err = String;

    /// `file:/path`, `syslog+tls://host` or `syslog+tcp://127.0.0.1:port`.
    fn from_str(text: &str) -> Result<Witness, String> {
        let wrong = || {
            format!(
                "{text:?} is no witness. Write file:/path, syslog+tls://host:port or syslog+tcp://127.0.0.1:port."
            )
        };
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Witness::File(path.into()));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "syslog+tls" => true,
            "syslog+tcp" => false,
            _ => return Err(wrong()),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None if tls => (rest, TLS_PORT),
            None => return Err(wrong()),
        };
        if host.is_empty() || !tls && !["127.0.0.1", "localhost", "[::1]"].contains(&host) {
            return Err(format!(
                "{text:?}: without TLS a witness must be on this machine. Use syslog+tls://."
            ));
        }
        Ok(Witness::Syslog { host: host.to_owned(), port, tls })
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Witness::File(path) => write!(f, "file:{}", path.display()),
            Witness::Syslog { host, port, tls } => {
                write!(f, "syslog+{}://{host}:{port}", if *tls { "tls" } else { "tcp" })
            }
        }
    }
}

impl Witness {
    /// What it is known by.
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Gives it heads, in their order. They are on its side when this comes back, as far as it can tell.
    pub(crate) fn give(&self, heads: &[Head]) -> Result<(), String> {
        match self {
            Witness::File(path) => append(path, heads).map_err(|e| e.to_string()),
            Witness::Syslog { host, port, tls } => send(host, *port, *tls, heads).map_err(|e| e.to_string()),
        }
    }
}

/// Appends what the file does not have yet: one that was left half-way is not given a head twice.
fn append(path: &PathBuf, heads: &[Head]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LINE_MAX)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let last = end.lines().rev().find_map(Head::read).map_or(0, |head| head.size);
    // A line that a lost power supply cut short is closed, so that the next one can be read.
    let mut text = if end.is_empty() || end.ends_with('\n') { String::new() } else { "\n".to_owned() };
    for head in heads.iter().filter(|head| head.size > last) {
        text.push_str(&head.line());
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The heads in the file of a witness.
pub fn heads_in(text: &str) -> Vec<Head> {
    text.lines().filter_map(Head::read).collect()
}

fn send(host: &str, port: u16, tls: bool, heads: &[Head]) -> std::io::Result<()> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = (bare, port).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| std::io::Error::other("its name leads to no address"))?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if !tls {
        return write(stream, heads);
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(bare.to_owned()).map_err(std::io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    write(&mut stream, heads)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn write(mut to: impl std::io::Write, heads: &[Head]) -> std::io::Result<()> {
    for head in heads {
        to.write_all(message(head).as_bytes())?;
    }
    to.flush()
}

/// A syslog message with its length before it.
fn message(head: &Head) -> String {
    let message = format!("<{PRIORITY}>1 {} - carespine - audit-head - \u{feff}{}", head.at, head.line());
    format!("{} {message}", message.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Key;
    use record::Instant;
    use std::net::TcpListener;

    fn heads(folder: &std::path::Path) -> Vec<Head> {
        let key = Key::open(&folder.join("key")).unwrap();
        (1..4).map(|n| key.sign(n * 10, [n as u8; 32], (n, [0; 32]), Instant(n as i64))).collect()
    }

    #[test]
    fn witnesses_are_named_in_one_way_and_wrong_names_are_refused() {
        for name in ["file:/mnt/heads", "syslog+tls://logs.example:6514", "syslog+tcp://127.0.0.1:514"] {
            assert_eq!(name.parse::<Witness>().unwrap().name(), name);
        }
        assert_eq!(
            "syslog+tls://logs.example".parse::<Witness>().unwrap().name(),
            "syslog+tls://logs.example:6514"
        );
        for name in
            ["", "file:", "logs.example", "syslog+tcp://logs.example:514", "syslog+tls://", "http://a:1"]
        {
            assert!(name.parse::<Witness>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_has_each_head_once_also_after_a_line_was_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let (path, heads) = (folder.path().join("heads"), heads(folder.path()));
        let witness = Witness::File(path.clone());
        witness.give(&heads[..1]).unwrap();
        witness.give(&heads[..2]).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&heads[2].line().as_bytes()[..20]).unwrap();
        witness.give(&heads).unwrap();
        assert_eq!(heads_in(&std::fs::read_to_string(&path).unwrap()), heads);
    }

    #[test]
    fn a_collector_gets_framed_messages() {
        let folder = tempfile::tempdir().unwrap();
        let heads = heads(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taking = std::thread::spawn(move || {
            let mut text = String::new();
            listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
            text
        });
        Witness::Syslog { host: "127.0.0.1".into(), port, tls: false }.give(&heads).unwrap();
        let text = taking.join().unwrap();
        let mut rest = text.as_str();
        let mut got = Vec::new();
        while let Some((length, after)) = rest.split_once(' ') {
            let (message, after) = after.split_at(length.parse().unwrap());
            assert!(message.starts_with("<85>1 1970-01-01T00:00:00"), "{message}");
            got.extend(message.split_once('\u{feff}').and_then(|(_, line)| Head::read(line)));
            rest = after;
        }
        assert_eq!(got, heads);
        let away = Witness::Syslog { host: "127.0.0.1".into(), port: 1, tls: false };
        assert!(away.give(&heads).is_err());
    }
}

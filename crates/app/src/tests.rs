//! The whole house, over real sockets.

mod trust;

use crate::config::{Auditing, Config};
use crate::{demo, serve};
use access::Access;
use cli::{Demo, Serve};
use record::{HistoryOf, Kind, Options, Place, Scope, Store};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use testbed::Home;

fn made(home: &Home, seed: u64) -> Demo {
    let data = home.place().parse().unwrap();
    let demo = Demo { data, listen: "127.0.0.1:0".into(), people: 12, seed, only_make: true };
    demo::demo(&demo).unwrap();
    demo
}

fn opened(home: &Home) -> Store {
    Store::open(home.place().parse::<Place>().unwrap(), Options::default()).unwrap()
}

/// Every version of a record, and when it was committed, in an order that chance has no part in.
fn everything(home: &Home) -> Vec<String> {
    let store = opened(home);
    let reader = store.reader(&Scope::all()).unwrap();
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = reader.history(HistoryOf::All, None, record::COUNT_MAX, token.as_deref()).unwrap();
        all.extend(page.versions.into_iter().map(|body| body.text));
        token = page.next;
        if token.is_none() {
            all.sort_unstable();
            return all;
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_data_and_another_gives_other() {
    let [first, second, other] = [Home::new(), Home::new(), Home::new()];
    made(&first, 1);
    made(&second, 1);
    made(&other, 2);
    let all = everything(&first);
    assert!(all.len() > 300, "{}", all.len());
    assert_eq!(all, everything(&second));
    assert_ne!(all, everything(&other));
}

#[test]
fn a_demonstration_is_made_once_and_another_is_not_put_on_top() {
    let home = Home::new();
    let demo = made(&home, 1);
    let before = everything(&home).len();
    demo::demo(&demo).unwrap();
    assert_eq!(everything(&home).len(), before);
    let refusal = demo::demo(&Demo { seed: 2, ..demo }).unwrap_err();
    assert_eq!(refusal.kind, Kind::Conflict);
}

#[test]
fn a_record_of_the_demonstration_can_be_seen_as_at_any_day_of_it() {
    let home = Home::new();
    made(&home, 1);
    let store = opened(&home);
    let count = |day: &str| {
        let at = fhir::Instant::parse(day).unwrap();
        let reader = store.reader_at(&Scope::all(), at).unwrap();
        reader.history(HistoryOf::Type("Immunization"), None, record::COUNT_MAX, None).unwrap().versions.len()
    };
    let counts = ["2016-01-01T00:00:00Z", "2017-06-01T00:00:00Z", "2021-06-01T00:00:00Z"].map(count);
    assert!(counts[0] == 0 && counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

/// A running server on a free port; it ends with this, before its record goes away.
struct Served {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn served(config: &Config, access: &Access) -> Served {
    let (config, access) = (config.clone(), access.clone());
    let (sender, receiver) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let any = "127.0.0.1:0".parse().unwrap();
        let ready = |address| sender.send(address).unwrap();
        serve::run_until(&config, access, any, ready, async { stopped.await.unwrap_or_default() }).unwrap();
    });
    Served { address: receiver.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// The defaults, with what is beside the record in the folder of the test.
fn config(home: &Home) -> Config {
    let audit = Auditing { key: Some(home.folder().join("audit.key")), ..Auditing::default() };
    Config { audit, ..Config::default() }
}

fn get(address: SocketAddr, path: &str, token: Option<&str>) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let authorization = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn one_port_answers_for_health_page_and_fhir() {
    let home = Home::new();
    made(&home, 1);
    let access = Access::open(opened(&home)).unwrap();
    let token = access.mint_token("doctor", 5).unwrap();
    let server = served(&config(&home), &access);
    let address = server.address;
    let status = |path: &str, token| get(address, path, token).split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(status("/health", None), "200");
    assert_eq!(status("/ready", None), "200");
    let metrics = get(address, "/metrics", None);
    assert!(
        metrics.contains("carespine_record_txn ") && metrics.contains("carespine_subscription_told_total ")
    );
    assert!(metrics.contains("# TYPE carespine_validation_warned_total counter"), "{metrics}");
    assert_eq!(status("/sign-in", None), "200");
    assert_eq!(status("/home", None), "303");
    assert_eq!(status("/fhir/metadata", None), "200");
    assert_eq!(status("/fhir/Patient", None), "401");
    assert_eq!(status("/fhir/Patient?family=hargreaves", Some(&token)), "200");
    // Without sign-in a page that is not there looks like any other.
    assert_eq!(status("/no-such-page", None), "303");
    assert_eq!(status("/fhir/NoSuchType", Some(&token)), "404");
}

#[test]
fn s_30_others_cannot_reach_a_server_without_tls() {
    for listen in ["0.0.0.0:8080", "192.168.1.5:80", "[::]:8080"] {
        let config = Config { listen: listen.into(), ..Config::default() };
        assert_eq!(config.address().unwrap_err().kind, Kind::Forbidden, "{listen}");
    }
    assert!(Config { listen: "[::1]:8080".into(), ..Config::default() }.address().is_ok());
    assert_eq!(
        Config { listen: "here".into(), ..Config::default() }.address().unwrap_err().kind,
        Kind::Invalid
    );
}

#[test]
fn where_notifications_may_go_is_set_and_the_password_of_the_mail_server_is_not_shown() {
    let text = r#"subscriptions.hosts = ["hooks.example:8443"]
        [smtp]
        url = "smtps://anna:secret@mail.example"
        from = "care@hospital.example""#;
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(config.subscriptions.hosts, ["hooks.example:8443"]);
    assert!(!format!("{config:?}").contains("secret"));
    assert!(Config::default().subscriptions.hosts.is_empty(), "nothing leaves unless it is set");
}

#[test]
fn a_setting_that_is_not_known_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("carespine.toml");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Config::read(&Serve { data: None, listen: Some("127.0.0.1:9".into()), config: Some(file.clone()) })
    };
    assert!(read("liten = \"127.0.0.1:1\"").unwrap_err().to_string().contains("liten"));
    let config = read("data = \"here\"\nlisten = \"127.0.0.1:1\"").unwrap();
    assert_eq!((config.data, config.listen.as_str()), (Place::Folder("here".into()), "127.0.0.1:9"));
    let unsound = read("validation.set = \"uk-core\"").unwrap_err().to_string();
    assert!(unsound.contains("carespine.toml") && unsound.contains("There is no set"), "{unsound}");
    let config = read("data = \"postgres://anna:secret@db/care\"").unwrap();
    assert_eq!(config.data, Place::Postgres("postgres://anna:secret@db/care".into()));
    assert!(read("data = \"mysql://db/care\"").unwrap_err().to_string().contains("no engine of ours"));
}

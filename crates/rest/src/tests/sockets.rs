//! The skin over real sockets: limits of size and time, encodings, and that the next request is answered.

use super::*;
use flate2::read::GzDecoder;
use flate2::{Compression, write::GzEncoder};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A door that listens.
struct Listening {
    world: World,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Listening {
    fn new(change: impl Fn(&mut Config)) -> Listening {
        let world = World::new();
        let mut config = Config::at("http://127.0.0.1/fhir");
        change(&mut config);
        let app = crate::router(world.access.clone(), config);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, app).await });
        Listening { world, address, _runtime: runtime }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// A head with the token, up to but without the empty line.
    fn head(&self, method: &str, url: &str, headers: &str) -> String {
        let token = &self.world.system;
        format!("{method} /fhir/{url} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{headers}")
    }

    /// Sends bytes on a connection of their own and reads one answer.
    fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The server may answer and close before it has read all: that is no failure of the test.
        let _ = stream.write_all(bytes);
        answer(&mut stream)
    }

    fn send(&self, method: &str, url: &str, headers: &str, body: &[u8]) -> Answer {
        let mut bytes = self.head(method, url, headers).into_bytes();
        bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
        bytes.extend(body);
        self.raw(&bytes)
    }

    fn still_answers(&self) {
        assert_eq!(self.send("GET", "metadata?_format=json", "", b"").status, 200);
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 64 << 10];
    loop {
        if let Some(answer) = whole(&bytes) {
            return answer;
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => {
                return Answer {
                    status: 0,
                    head: String::from_utf8_lossy(&bytes).into_owned(),
                    body: Vec::new(),
                };
            }
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut answer = Answer { status, head, body: Vec::new() };
    let length: usize = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    answer.body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    Some(answer)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn who_is_not_known_is_answered_before_the_body_is_read() {
    let door = Listening::new(|_| ());
    for headers in ["content-length: 10485760\r\n", "transfer-encoding: chunked\r\n"] {
        // Nothing of the body is sent, so an answer means that nothing of it was waited for.
        let head = format!("POST /fhir/Patient HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let began = Instant::now();
        let answer = door.raw(head.as_bytes());
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.header("www-authenticate").is_some());
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    door.still_answers();
}

#[test]
fn a_connection_goes_on_after_a_refusal() {
    let door = Listening::new(|_| ());
    let mut stream = door.connect();
    let body = br#"{"resourceType":"Patient","name":["#;
    let head = door.head("POST", "Patient", &format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let refused = answer(&mut stream);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.body).contains("OperationOutcome"));
    stream.write_all(door.head("GET", "Patient/never", "\r\n").as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).status, 404);
}

#[test]
fn bodies_that_are_too_large_are_refused_whether_or_not_they_say_so() {
    let door = Listening::new(|_| ());
    let declared = door.head("POST", "", "content-length: 104857600\r\n\r\n");
    let began = Instant::now();
    assert_eq!(door.raw(declared.as_bytes()).status, 413);
    assert!(began.elapsed() < Duration::from_secs(5), "without waiting for the body");
    let mut stream = door.connect();
    stream.write_all(door.head("POST", "", "transfer-encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let mut chunk = format!("{:x}\r\n", 1 << 20).into_bytes();
    chunk.extend(vec![b' '; 1 << 20]);
    chunk.extend(b"\r\n");
    let mut sent = 0;
    while sent < 100 && stream.write_all(&chunk).is_ok() {
        sent += 1;
    }
    assert!(sent < 100, "the server stops reading");
    let refused = answer(&mut stream);
    assert!(matches!(refused.status, 413 | 0), "refused, or cut off while still sending: {refused:?}");
    door.still_answers();
}

#[test]
fn a_url_that_is_too_long_is_refused_with_a_sentence() {
    let door = Listening::new(|_| ());
    let long = format!("Patient?name={}", "x".repeat(crate::skin::URL_MAX));
    let answer = door.send("GET", &long, "", b"");
    assert_eq!(answer.status, 414);
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("too-long") && text.contains("POST to _search"), "{text}");
    door.still_answers();
}

#[test]
fn packed_bodies_are_taken_and_bombs_are_not() {
    let door = Listening::new(|_| ());
    let headers = "content-encoding: gzip\r\ncontent-type: application/fhir+json\r\n";
    assert_eq!(door.send("POST", "Patient", headers, &gzip(PATIENT.as_bytes())).status, 201);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let refused = door.send("POST", "Patient", headers, &bomb);
    assert_eq!(refused.status, 413, "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.body).contains("OperationOutcome"));
    door.still_answers();
}

#[test]
fn slow_bodies_are_cut_off_and_steady_ones_are_not() {
    let door = Listening::new(|config| {
        config.body_grace = Duration::from_millis(300);
        config.body_time = Duration::from_millis(1_500);
        config.body_rate = 200;
    });
    let began = Instant::now();
    let silent = door.raw(door.head("POST", "Patient", "content-length: 100\r\n\r\n{").as_bytes());
    assert_eq!(silent.status, 408, "{silent:?}");
    assert!((250..1_400).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let trickle = |pause: u64, count: usize| {
        let mut stream = door.connect();
        stream.write_all(door.head("POST", "Patient", "content-length: 1000\r\n\r\n").as_bytes()).unwrap();
        for _ in 0..count {
            if stream.write_all(&[b' '; 50]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(pause));
        }
        answer(&mut stream).status
    };
    assert_eq!(trickle(20, 20), 400, "fast enough to be read, and then no JSON");
    assert_eq!(trickle(600, 3), 408, "slower than the least rate");
    assert_eq!(trickle(150, 12), 408, "fast enough, but not done in time");
    door.still_answers();
}

#[test]
fn answers_are_packed_for_those_who_ask() {
    let door = Listening::new(|_| ());
    let plain = door.send("GET", "metadata", "", b"");
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
    let packed = door.send("GET", "metadata", "accept-encoding: br, gzip;q=0.5\r\n", b"");
    assert_eq!(
        (packed.header("content-encoding"), packed.header("vary")),
        (Some("gzip"), Some("accept-encoding"))
    );
    let mut text = Vec::new();
    GzDecoder::new(packed.body.as_slice()).read_to_end(&mut text).unwrap();
    assert!(text == plain.body && packed.body.len() < plain.body.len() / 4);
    assert_eq!(
        door.send("GET", "metadata", "accept-encoding: gzip;q=0\r\n", b"").header("content-encoding"),
        None
    );
    assert_eq!(
        door.send("GET", "Patient/x", "accept-encoding: gzip\r\n", b"").header("content-encoding"),
        None
    );
}

#[test]
fn too_much_at_once_is_told_to_come_again() {
    let door = Listening::new(|config| (config.bundles, config.wide) = (0, 0));
    let busy = door.send("POST", "", "", br#"{"resourceType":"Bundle","type":"batch"}"#);
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("1")));
    assert_eq!(door.send("GET", "Patient/x/$everything", "", b"").status, 503);
    assert_eq!(door.send("GET", "Patient/x", "", b"").status, 404, "small requests go on");
}

#[test]
fn requests_that_two_servers_might_read_differently_are_refused() {
    let door = Listening::new(|_| ());
    let inner = "GET /fhir/Patient/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for headers in [
        "content-length: 0\r\ncontent-length: 5\r\n",
        "content-length: +5\r\n",
        "content-length: 5, 5\r\n",
        "content-length: x\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding : chunked\r\n",
        "bad header: x\r\n",
        "x: a\0b\r\n",
        "x: a\r\n folded: b\r\n",
    ] {
        let mut stream = door.connect();
        let _ = stream.write_all(door.head("POST", "Patient", &format!("{headers}\r\n{inner}")).as_bytes());
        let first = answer(&mut stream);
        assert!(first.status == 0 || (400..500).contains(&first.status), "{headers:?}: {first:?}");
        let second = answer(&mut stream);
        assert_eq!(second.status, 0, "{headers:?} let a second request in: {second:?}");
    }
    // RFC 9112, 6.3: with both, the chunks are the body. What looks like a second request is in it.
    let both = "content-length: 0\r\ntransfer-encoding: chunked\r\nconnection: close\r\n";
    let mut stream = door.connect();
    let chunks = format!("{both}\r\n{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    stream.write_all(door.head("POST", "Patient", &chunks).as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).status, 400);
    assert_eq!(answer(&mut stream).status, 0);
    door.still_answers();
}

#[test]
fn a_browser_session_comes_in_over_the_socket() {
    let door = Listening::new(|_| ());
    let access = &door.world.access;
    access.add_user(&unseen::ann()).unwrap();
    let signed = access.sign_in("ann", unseen::PASSWORD, "127.0.0.1").unwrap();
    let get =
        format!("GET /fhir/Patient/never HTTP/1.1\r\nhost: x\r\ncookie: carespine={}\r\n\r\n", signed.cookie);
    assert_eq!(door.raw(get.as_bytes()).status, 404);
    let post = get.replace("GET /fhir/Patient/never", "POST /fhir/Patient");
    assert_eq!(door.raw(post.as_bytes()).status, 403, "no token, no origin");
}

#[test]
fn bombs_leave_memory_flat() {
    // In a process of its own: other tests use memory too.
    const CHILD: &str = "CARESPINE_BOMBS";
    if std::env::var_os(CHILD).is_none() {
        let test = "tests::sockets::bombs_leave_memory_flat";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let door = Listening::new(|_| ());
    let bomb = gzip(&vec![b' '; 200 << 20]);
    let number = format!(r#"{{"resourceType":"Observation","valueInteger":{}}}"#, "9".repeat(10 << 20));
    let deep = format!(r#"{{"resourceType":"Patient","extension":{}"#, "[".repeat(8 << 20));
    let round = || {
        door.send("POST", "Patient", "content-encoding: gzip\r\n", &bomb);
        door.send("POST", "Patient", "", number.as_bytes());
        door.send("POST", "Patient", "", deep.as_bytes());
        door.raw(door.head("POST", "", "content-length: 104857600\r\n\r\n").as_bytes());
        door.still_answers();
    };
    round();
    let before = peak_kib();
    for _ in 0..20 {
        round();
    }
    let grown = peak_kib().saturating_sub(before);
    println!("peak memory grew by {grown} KiB over 80 hostile requests");
    assert!(grown < 48 << 10, "{grown} KiB");
}

/// The most memory that this process has held at once.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

#[test]
fn rows_of_a_view_come_in_pieces_and_a_body_that_breaks_off_has_no_end() {
    let door = Listening::new(|_| ());
    let view = r#"{"resource":"Patient","select":[{"column":[{"name":"family","path":"name.family"}]}]}"#;
    let run = || {
        let mut stream = door.connect();
        let head = door.head("POST", "ViewDefinition/$run", "connection: close\r\n");
        let text = format!("{head}content-length: {}\r\n\r\n{view}", view.len());
        stream.write_all(text.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // A connection that is cut off may be reset.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    for n in 0..3 {
        let patient = format!(r#"{{"resourceType":"Patient","id":"p{n}","name":[{{"family":"Lee"}}]}}"#);
        expect(&door.world.put(&format!("Patient/p{n}"), &patient), 201);
    }
    let whole = run();
    assert!(whole.starts_with("HTTP/1.1 200") && whole.contains("transfer-encoding: chunked"), "{whole}");
    assert_eq!(whole.matches(r#"{"family":"Lee"}"#).count(), 3);
    assert!(whole.ends_with("\r\n0\r\n\r\n"), "{whole}");
    let two = r#"{"resourceType":"Patient","id":"q","name":[{"family":"a"},{"family":"b"}]}"#;
    expect(&door.world.put("Patient/q", two), 201);
    assert!(!run().ends_with("0\r\n\r\n"));
    door.still_answers();
}

#[test]
fn an_export_is_worked_on_beside_the_door_and_its_files_come_packed() {
    let door = Listening::new(|_| ());
    for i in 0..30 {
        let body = format!(r#"{{"resourceType":"Patient","id":"p{i}","name":[{{"family":"Ashe"}}]}}"#);
        door.send("PUT", &format!("Patient/p{i}"), "", body.as_bytes());
    }
    let begun = door.send("GET", "$export", "prefer: respond-async\r\n", b"");
    assert_eq!(begun.status, 202, "{begun:?}");
    let place = begun.header("content-location").unwrap();
    let place = place.strip_prefix("http://127.0.0.1/fhir/").unwrap().to_owned();
    let until = Instant::now() + Duration::from_secs(20);
    let manifest = loop {
        let answer = door.send("GET", &place, "accept: application/json\r\n", b"");
        match answer.status {
            200 => break String::from_utf8(answer.body).unwrap(),
            202 if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            _ => panic!("{answer:?}"),
        }
    };
    let manifest = Json::parse(manifest, Limits::DOOR).unwrap();
    let mut files = manifest.root().get("output").unwrap().items();
    let file = files.find(|file| file.str("type").as_deref() == Some("Patient")).unwrap();
    let file = file.str("url").unwrap();
    let link = file.strip_prefix("http://127.0.0.1/fhir/").unwrap();
    let headers = "accept: application/fhir+ndjson\r\naccept-encoding: gzip\r\n";
    let answer = door.send("GET", link, headers, b"");
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 30);
}

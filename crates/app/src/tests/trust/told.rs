//! What is told of a sealed thing to those who asked to be told: nothing.

use super::house::consent;
use super::{Caller, House};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Where notifications go: what is sent comes out of the channel.
pub fn receiver(listener: TcpListener) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let (mut text, mut part) = (Vec::new(), [0; 65_536]);
            while let Ok(read) = stream.read(&mut part) {
                text.extend_from_slice(&part[..read]);
                let so_far = String::from_utf8_lossy(&text);
                let length = so_far
                    .to_lowercase()
                    .find("content-length: ")
                    .and_then(|at| so_far[at + 16..].split("\r\n").next()?.parse::<usize>().ok());
                let body = so_far.split_once("\r\n\r\n").map(|(_, body)| body.len());
                if read == 0 || length.zip(body).is_some_and(|(length, body)| body >= length) {
                    break;
                }
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Subscribes to what meets criteria, and waits until it counts.
pub fn subscribe(caller: &Caller, criteria: &str, port: u16) -> String {
    let text = format!(
        r#"{{"resourceType":"Subscription","status":"requested","reason":"test","criteria":"{criteria}",
        "channel":{{"type":"rest-hook","endpoint":"http://127.0.0.1:{port}/told",
        "payload":"application/fhir+json"}}}}"#
    );
    let answer = caller.send("POST", "Subscription", &text);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json().root().str("id").unwrap().into_owned();
    let began = Instant::now();
    while !caller.get(&format!("Subscription/{id}")).body.contains("\"active\"") {
        assert!(began.elapsed() < Duration::from_secs(20), "the subscription never counts");
        std::thread::sleep(Duration::from_millis(20));
    }
    id
}

#[test]
fn row_11_whoever_does_not_see_it_is_told_of_no_change_and_no_number() {
    let [to_ann, to_ben] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = [&to_ann, &to_ben].map(|listener| listener.local_addr().unwrap().port());
    let house = House::telling(&ports);
    let (ann, ben) = (house.person("ann"), house.person("ben"));
    let (to_ann, to_ben) = (receiver(to_ann), receiver(to_ben));
    subscribe(&ann, "Observation?code=hiv", ports[0]);
    subscribe(&ben, "Observation?code=hiv", ports[1]);
    let note = |word: &str, patient: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","valueString":"{word}",
            "code":{{"coding":[{{"system":"urn:test","code":"hiv"}}]}},"subject":{{"reference":"Patient/{patient}"}}}}"#
        )
    };
    // A result that is sealed in the very transaction that files it.
    let sealing = consent("seal", "urn:uuid:5b1f6a44-0000-4000-8000-000000000001");
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"urn:uuid:5b1f6a44-0000-4000-8000-000000000001","resource":{},
        "request":{{"method":"POST","url":"Observation"}}}},
        {{"resource":{sealing},"request":{{"method":"POST","url":"Consent"}}}}]}}"#,
        note("stickleback", "p")
    );
    let answer = ann.send("POST", "", &bundle);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(ann.send("POST", "Observation", &note("pilchard", "q")).status, 201);
    let until = |told: &Receiver<String>, word: &str| {
        let mut all = String::new();
        while !all.contains(word) {
            all.push_str(
                &told.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{word}: {all}")),
            );
        }
        all
    };
    assert!(until(&to_ann, "pilchard").contains("stickleback"), "the team is told of both");
    let told = until(&to_ben, "pilchard");
    assert!(!told.contains("stickleback"), "{told}");
}

#[test]
fn row_42_an_export_under_way_ends_with_the_session_that_began_it() {
    let house = House::new();
    let ben = house.person("ben");
    let begun = ben.ask("GET", "/fhir/$export", "Prefer: respond-async\r\n", "");
    assert_eq!(begun.status, 202, "{}", begun.body);
    let sid = house.person("sid");
    house.access.leave(sid.session.as_ref().unwrap(), "ben").unwrap();
    let place = begun.header("content-location").unwrap().to_owned();
    let place = place.split_once("/fhir").unwrap().1;
    let left = Instant::now();
    while ben.ask("GET", &format!("/fhir{place}"), "", "").status != 401 {
        assert!(left.elapsed() < Duration::from_secs(5), "the export goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    let other = house.person("ann").ask("GET", &format!("/fhir{place}"), "", "");
    assert_eq!(other.status, 404, "nobody else has it: {}", other.body);
}

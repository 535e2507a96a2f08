//! E-mail, to a real mail server as far as RFC 5321 asks of one that takes everything.

use super::*;
use crate::Smtp;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// Takes every message, one after the other, and keeps what was said.
fn sink() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let messages = Arc::new(Mutex::new(Vec::new()));
    let kept = messages.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if let Some(message) = stream.ok().and_then(|stream| take(stream).ok()) {
                kept.lock().unwrap().push(message);
            }
        }
    });
    (url, messages)
}

fn take(mut stream: TcpStream) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut said = String::new();
    stream.write_all(b"220 sink\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        said.push_str(&line);
        said.push('\n');
        match line.split(' ').next().unwrap_or_default() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                    said.push_str(&line);
                    said.push('\n');
                }
                stream.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                break;
            }
            _ => stream.write_all(b"250 sink\r\n")?,
        }
    }
    Ok(said)
}

/// A mail server that others wrote: aiosmtpd, from PyPI. It prints the messages that it takes.
struct MailServer(Child);

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Python that has aiosmtpd; none, and a line that says so, when there is none on this machine.
fn python() -> Option<String> {
    let python = std::env::var("CARESPINE_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    eprintln!("SKIPPED: {python} has no aiosmtpd. Run: pip install aiosmtpd, and set CARESPINE_PYTHON");
    None
}

#[test]
fn a_mail_server_that_was_away_is_given_every_message_when_it_is_there() {
    let Some(python) = python() else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::with(|settings| {
        let url = format!("smtp://127.0.0.1:{port}");
        settings.smtp = Some(Smtp { url, from: "Carespine <carespine@hospital.example>".into() });
    });
    world.put(
        r#"{"resourceType":"Subscription","id":"s","status":"requested","reason":"test","criteria":"Observation",
        "channel":{"type":"email","endpoint":"mailto:ward@hospital.example"}}"#,
    );
    world.until_status("s", "active");
    world.observe(1..=3);
    world.until_status("s", "error");
    assert_eq!(world.member("s", "error"), "The mail server could not take the message.");
    let printed = world.home.folder().join("mail");
    let mut command = Command::new(python);
    command.args(["-u", "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Debugging", "stdout"]);
    command.args(["-l", &format!("127.0.0.1:{port}")]).stdin(Stdio::null());
    let _server = MailServer(command.stdout(std::fs::File::create(&printed).unwrap()).spawn().unwrap());
    let text = || std::fs::read_to_string(&printed).unwrap();
    until("three messages", || text().matches("END MESSAGE").count() == 3);
    world.until_status("s", "active");
    let text = text();
    assert_eq!(text.matches("To: ward@hospital.example").count(), 3, "{text}");
    assert!(text.contains("Subscription/s") && !text.contains("Observation"), "{text}");
}

#[test]
fn an_e_mail_says_that_something_happened_and_nothing_else() {
    let (url, messages) = sink();
    let world = World::with(|settings| {
        settings.smtp = Some(Smtp { url, from: "Carespine <carespine@hospital.example>".into() });
    });
    let text = |payload: &str| {
        format!(
            r#"{{"resourceType":"Subscription","id":"s","status":"requested","reason":"test","criteria":"Observation",
            "channel":{{"type":"email","endpoint":"mailto:ward@hospital.example"{payload}}}}}"#
        )
    };
    world.put(&text(""));
    world.until_status("s", "active");
    world.observe([1]);
    until("a message", || messages.lock().unwrap().len() == 1);
    let message = messages.lock().unwrap()[0].clone();
    for part in
        ["RCPT TO:<ward@hospital.example>", "MAIL FROM:<carespine@hospital.example>", "Subscription/s"]
    {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("Observation") && !message.contains("o1"), "{message}");
    let with_payload = Json::parse(text(r#","payload":"application/fhir+json""#), Limits::DOOR).unwrap();
    let issues = (world.subscriptions.guards()[0].check)(&world.system, with_payload.root()).unwrap();
    assert!(issues[0].text.contains("Nothing of a record goes out by e-mail"), "{issues:?}");
}

//! A running server with a few people and records, and callers over sockets.

use super::super::{Served, config, opened, served};
use access::{Access, NewProfile, NewUser, Session, SignedIn};
use fhir::json::{Json, Limits};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use testbed::Home;

pub const PASSWORD: &str = "three odd words";

/// Everything of the two patients, each resource under the id that the tests know it by.
const RECORD: &[&str] = &[
    r#"{"resourceType":"Patient","id":"p","name":[{"family":"Sealed","given":["Pat"]}],"birthDate":"1980-01-01"}"#,
    r#"{"resourceType":"Patient","id":"q","name":[{"family":"Open","given":["Quin"]}],"birthDate":"1981-01-01"}"#,
    r#"{"resourceType":"Condition","id":"k","code":{"coding":[{"system":"urn:test","code":"hiv"}]},
        "subject":{"reference":"Patient/p"}}"#,
    r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},
        "subject":{"reference":"Patient/p"},"diagnosis":[{"condition":{"reference":"Condition/k"}}]}"#,
    r#"{"resourceType":"Encounter","id":"f","status":"finished","class":{"code":"AMB"},
        "subject":{"reference":"Patient/q"},"diagnosis":[{"condition":{"reference":"Condition/m"}}]}"#,
    r#"{"resourceType":"Condition","id":"m","code":{"coding":[{"system":"urn:test","code":"hiv"}]},
        "subject":{"reference":"Patient/q"}}"#,
    r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"urn:test","code":"hiv"}]},
        "subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},
        "effectiveDateTime":"2026-03-01","valueString":"zebrafish",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">zebrafish</div>"}}"#,
    r#"{"resourceType":"Observation","id":"v","status":"final","code":{"coding":[{"system":"urn:test","code":"sugar"}]},
        "subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},
        "effectiveDateTime":"2026-03-02","valueString":"lungfish",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">lungfish</div>"}}"#,
    r#"{"resourceType":"Observation","id":"l","status":"final","code":{"coding":[{"system":"urn:test","code":"hiv"}]},
        "subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-03-03","valueString":"coelacanth"}"#,
    r#"{"resourceType":"Observation","id":"x","status":"final","code":{"coding":[{"system":"urn:test","code":"hiv"}]},
        "subject":{"reference":"Patient/q"},"encounter":{"reference":"Encounter/f"},
        "effectiveDateTime":"2026-03-04","valueString":"sturgeon"}"#,
    r#"{"resourceType":"List","id":"li","status":"current","mode":"working","subject":{"reference":"Patient/p"},
        "entry":[{"item":{"reference":"Observation/o"}}]}"#,
    r#"{"resourceType":"Task","id":"ta","status":"requested","intent":"order","for":{"reference":"Patient/p"},
        "focus":{"reference":"Observation/o"}}"#,
    r#"{"resourceType":"Provenance","id":"pr","recorded":"2026-03-01T09:00:00Z",
        "target":[{"reference":"Observation/o"}],"agent":[{"who":{"display":"Someone"}}]}"#,
    r#"{"resourceType":"DocumentReference","id":"dr","status":"current","subject":{"reference":"Patient/p"},
        "content":[{"attachment":{"title":"zebrafish"}}],
        "context":{"related":[{"reference":"Observation/o"}]}}"#,
    r#"{"resourceType":"DiagnosticReport","id":"re","status":"final","code":{"text":"report"},
        "subject":{"reference":"Patient/p"},"result":[{"reference":"Observation/o"}],"conclusion":"zebrafish"}"#,
    r#"{"resourceType":"Composition","id":"co","status":"final","type":{"text":"letter"},"date":"2026-03-05",
        "subject":{"reference":"Patient/p"},"author":[{"display":"Someone"}],"title":"Letter",
        "section":[{"entry":[{"reference":"Observation/o"}],"text":{"status":"generated",
        "div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">zebrafish</div>"}}]}"#,
    r#"{"resourceType":"List","id":"lv","status":"current","mode":"working","subject":{"reference":"Patient/p"},
        "entry":[{"item":{"reference":"Observation/v"}}]}"#,
];

/// Types and ids of what says Pat's sealed result again.
pub const ABOUT_SEALED: [&str; 7] = [
    "Observation/o",
    "List/li",
    "Task/ta",
    "Provenance/pr",
    "DocumentReference/dr",
    "DiagnosticReport/re",
    "Composition/co",
];

/// A running server.
pub struct House {
    pub access: Access,
    pub address: SocketAddr,
    /// Ends before the record goes away: fields are dropped in their order.
    _server: Served,
    _home: Home,
}

/// Someone who sends requests.
pub struct Caller {
    address: SocketAddr,
    /// Lines of the header of each request.
    headers: String,
    pub session: Option<Session>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeSet<String>,
    pub body: String,
}

impl House {
    /// With people and records, and Pat's results sealed and locked by Ann, as a program would do it.
    pub fn new() -> House {
        House::telling(&[])
    }

    /// The same, where notifications may go to these ports of this machine.
    pub fn telling(ports: &[u16]) -> House {
        let home = Home::new();
        let access = Access::open(opened(&home)).unwrap();
        for (name, profile) in staff() {
            access.add_user(&NewUser::new(name, name, profile, PASSWORD)).unwrap();
        }
        let mut config = config(&home);
        config.subscriptions.hosts = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let server = served(&config, &access);
        let house = House { access, address: server.address, _server: server, _home: home };
        let system = house.program("system");
        for text in RECORD {
            let json = Json::parse(*text, Limits::DOOR).unwrap();
            let name =
                format!("{}/{}", json.root().str("resourceType").unwrap(), json.root().str("id").unwrap());
            let answer = system.send("PUT", &name, text);
            assert!(answer.status < 300, "{name}: {}", answer.body);
        }
        let ann = house.person("ann");
        for (code, thing) in [("seal", "Observation/o"), ("seal", "Condition/k"), ("lock", "Observation/l")] {
            let answer = ann.send("POST", "Consent", &consent(code, thing));
            assert_eq!(answer.status, 201, "{}", answer.body);
        }
        house
    }

    /// Somebody signed in by a browser.
    pub fn person(&self, name: &str) -> Caller {
        self.signed_in(&self.access.sign_in(name, PASSWORD, "127.0.0.1").unwrap())
    }

    /// A browser with this sign-in.
    pub fn signed_in(&self, signed: &SignedIn) -> Caller {
        let (cookie, csrf, origin) = (&signed.cookie, &signed.session.csrf, self.address);
        let headers =
            format!("Cookie: carespine={cookie}\r\nOrigin: http://{origin}\r\nX-CSRF-Token: {csrf}\r\n");
        Caller { address: self.address, headers, session: Some(signed.session.clone()) }
    }

    /// A program in a role.
    pub fn program(&self, role: &str) -> Caller {
        Caller::bearing(self.address, &self.access.mint_token(role, 60).unwrap())
    }
}

/// Who works here, each with their role profile; and Pat.
fn staff() -> [(&'static str, NewProfile); 8] {
    let at = |role: &str, place: &str, team: &str| NewProfile::new(role).at(place).in_workgroups([team]);
    [
        ("ann", at("doctor", "ZN9", "clinic").with_activities(["bulk"])),
        ("ben", at("doctor", "ZN9", "ward").with_activities(["bulk", "delete", "system-history"])),
        ("nia", at("nurse", "ZN9", "ward")),
        ("cat", at("doctor", "ZX1", "clinic").with_activities(["bulk"])),
        ("rob", at("receptionist", "ZN9", "clinic")),
        ("sid", at("administrator", "ZN9", "clinic")),
        ("olu", at("privacy-officer", "ZN9", "clinic")),
        ("pat", NewProfile::new("patient").of_patient("p")),
    ]
}

/// A Consent of Pat by which Ann's team keeps a thing.
pub fn consent(code: &str, thing: &str) -> String {
    format!(
        r#"{{"resourceType":"Consent","status":"active","scope":{{"coding":[{{
        "system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}}]}},
        "category":[{{"coding":[{{"system":"http://loinc.org","code":"59284-0"}}]}}],
        "patient":{{"reference":"Patient/p"}},
        "policyRule":{{"coding":[{{"system":"urn:carespine:consent-rule","code":"{code}"}}]}},
        "provision":{{"type":"deny","actor":[{{"role":{{"coding":[{{
        "system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"CST"}}]}},
        "reference":{{"identifier":{{"system":"urn:carespine:workgroup","value":"clinic"}}}}}}],
        "data":[{{"meaning":"instance","reference":{{"reference":"{thing}"}}}}]}}}}"#
    )
}

impl Caller {
    /// Whoever has this token; nobody with an empty one.
    pub fn bearing(address: SocketAddr, token: &str) -> Caller {
        let headers = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        Caller { address, headers, session: None }
    }

    /// The server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads below `/fhir`.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", &format!("/fhir/{path}"), "", "")
    }

    /// Sends a body below `/fhir`.
    pub fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask(method, &format!("/fhir/{path}"), "Content-Type: application/fhir+json\r\n", body)
    }

    /// Asks anything, with more lines of the header.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (own, length) = (&self.headers, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{own}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::read(&String::from_utf8(answer).unwrap())
    }

    /// Types and ids of all that a search finds, through all its pages; each page's total must be what is found.
    pub fn found(&self, search: &str) -> BTreeSet<String> {
        let join = if search.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{search}{join}_count=3&_total=accurate"));
        let (mut found, mut matches, mut total) = (BTreeSet::new(), 0, None);
        while let Some(path) = next {
            let page = self.get(&path);
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            let json = page.json();
            let root = json.root();
            for entry in root.get("entry").into_iter().flat_map(|entries| entries.items()) {
                let resource = entry.get("resource").unwrap();
                let name =
                    format!("{}/{}", resource.str("resourceType").unwrap(), resource.str("id").unwrap());
                assert!(found.insert(name.clone()), "{name} twice in {search}");
                let mode = entry.get("search").and_then(|search| search.str("mode"));
                matches += usize::from(mode.as_deref() == Some("match"));
            }
            total = root.get("total").and_then(|total| total.as_number()?.parse::<usize>().ok()).or(total);
            let mut links = root.get("link").into_iter().flat_map(|links| links.items());
            let link = links.find(|link| link.str("relation").as_deref() == Some("next"));
            next = link.map(|link| {
                let url = link.str("url").unwrap();
                url.split_once("/fhir/").unwrap().1.to_owned()
            });
        }
        assert_eq!(total, Some(matches), "the total of {search}");
        found
    }

    /// How many match, by asking for the number only.
    pub fn count(&self, search: &str) -> usize {
        let join = if search.contains('?') { '&' } else { '?' };
        let answer = self.get(&format!("{search}{join}_summary=count"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json().root().get("total").unwrap().as_number().unwrap().parse().unwrap()
    }

    /// Lines of all files of an export, once it is done; errors too.
    pub fn exported(&self, path: &str) -> String {
        let begun = self.ask("GET", &format!("/fhir/{path}"), "Prefer: respond-async\r\n", "");
        assert_eq!(begun.status, 202, "{path}: {}", begun.body);
        self.collected(&begun)
    }

    /// The same of one that was begun.
    pub fn collected(&self, begun: &Answer) -> String {
        let place = path_of(begun.header("content-location").unwrap());
        let began = Instant::now();
        let manifest = loop {
            let answer = self.ask("GET", &place, "", "");
            if answer.status != 202 {
                break answer;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "the export never ends");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(manifest.status, 200, "{}", manifest.body);
        let json = manifest.json();
        let mut lines = String::new();
        for list in ["output", "error"] {
            for file in json.root().get(list).into_iter().flat_map(|files| files.items()) {
                let answer = self.ask("GET", &path_of(&file.str("url").unwrap()), "", "");
                assert_eq!(answer.status, 200, "{}", answer.body);
                lines.push_str(&answer.body);
            }
        }
        lines
    }
}

fn path_of(url: &str) -> String {
    format!("/fhir/{}", url.split_once("/fhir/").unwrap().1)
}

impl Answer {
    fn read(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeSet<String> = lines.map(str::to_owned).collect();
        let is_chunked = headers.iter().any(|line| line.to_lowercase() == "transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Answer { status, headers, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Json {
        Json::parse(self.body.as_str(), Limits::FILE).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// Without what is of this very request.
    pub fn shape(&self) -> Answer {
        let own = |line: &String| {
            let line = line.to_lowercase();
            line.starts_with("date:") || line.starts_with("x-request-id:")
        };
        let headers = self.headers.iter().filter(|line| !own(line)).cloned().collect();
        Answer { headers, ..self.clone() }
    }
}

fn unchunked(mut text: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        text = &rest[size + 2..];
        if size == 0 {
            break;
        }
    }
    whole
}

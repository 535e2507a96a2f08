//! Signing in at an issuer that others wrote: npm `oidc-provider`, as `checks/clients/issuer.mjs` sets it up.

use super::house::House;
use crate::jose::Algorithm;
use crate::{Issuers, Keys, People, Proof, Proofing, Returned, StaffClaims, Trusted};
use access::{Entered, Session};
use fhir::{Json, Limits};
use record::{Author, Kind, Prepared, Refusal};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const ORIGIN: &str = "https://care.example";
const BROWSER: &str = "a secret of this browser";
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// A house and an issuer beside it.
struct World {
    house: House,
    issuers: Issuers,
    base: String,
    issuer: Child,
    /// Open as long as it runs: it may still say something.
    _output: BufReader<ChildStdout>,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.issuer.kill();
        let _ = self.issuer.wait();
    }
}

impl World {
    /// Nothing where node or oidc-provider is not installed.
    fn new() -> Option<World> {
        if !Path::new(ROOT).join("checks/node_modules/oidc-provider").is_dir() {
            println!("skipped: npm oidc-provider is not installed in checks (npm ci --prefix checks)");
            return None;
        }
        let house = House::new();
        let keys = Keys::of(house.store.clone());
        let back = |name: &str| format!("\"{ORIGIN}/sign-in/with/{name}/back\"");
        let mut issuer = Command::new("node")
            .arg("checks/clients/issuer.mjs")
            .current_dir(ROOT)
            .env("REDIRECTS", format!("[{},{},{}]", back("cis2"), back("signed"), back("nhs")))
            .env("JWKS", keys.published(Algorithm::Es384).unwrap().tree().text())
            .env("ALG", "ES384")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is installed");
        let mut output = BufReader::new(issuer.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("issuer ").expect("the issuer says where it is").to_owned();
        let issuers = Issuers::new(house.access.clone(), ORIGIN, trusted(&base)).unwrap();
        Some(World { house, issuers, base, issuer, _output: output })
    }

    /// Goes to the issuer as somebody, and comes back with what it says.
    fn go(&self, name: &str, who: &str) -> Vec<(String, String)> {
        let address = self.issuers.begin(name, BROWSER, "/patients").unwrap();
        let mut address = format!("{address}&login_hint={who}");
        let mut cookies: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..8 {
            if let Some(query) = address.strip_prefix(&format!("{ORIGIN}/sign-in/with/{name}/back?")) {
                return query.split('&').filter_map(|pair| pair.split_once('=')).map(decoded).collect();
            }
            address = self.follow(&address, &mut cookies);
        }
        panic!("the issuer leads on and on, at last to {address}");
    }

    /// One page of the issuer, as a browser asks for it; answers where it leads.
    fn follow(&self, address: &str, cookies: &mut BTreeMap<String, String>) -> String {
        let path = address.strip_prefix(&self.base).unwrap_or(address);
        let host = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let all: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = all.join("; ");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let header = |line: &str, name: &str| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.to_owned())
        };
        for cookie in text.lines().filter_map(|line| header(line, "set-cookie")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = text.lines().find_map(|line| header(line, "location"));
        location.unwrap_or_else(|| panic!("{address} leads nowhere: {text:.600}"))
    }

    fn finish(
        &self,
        name: &str,
        back: &[(String, String)],
        browser: &str,
    ) -> Result<(Entered, String), Refusal> {
        let value =
            |wanted: &str| back.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let returned = Returned {
            state: value("state").unwrap_or_default(),
            code: value("code").unwrap_or_default(),
            issuer: value("iss"),
            error: value("error"),
        };
        self.issuers.finish(name, &returned, browser, "10.0.0.1")
    }

    fn signed_in(&self, name: &str, who: &str) -> Session {
        match self.finish(name, &self.go(name, who), BROWSER).unwrap() {
            (Entered::SignedIn(signed_in), next) => {
                assert_eq!(next, "/patients");
                signed_in.session
            }
            (Entered::Owing { owing, .. }, _) => panic!("{:?} is owed", owing.owed),
        }
    }

    fn refused(&self, name: &str, who: &str) -> Kind {
        self.finish(name, &self.go(name, who), BROWSER).unwrap_err().kind
    }
}

fn trusted(base: &str) -> Vec<Trusted> {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect()
    };
    let roles = map(&[("R8000", "doctor"), ("S8000:G8000:R8001", "nurse")]);
    let staff = Trusted {
        name: "cis2".into(),
        title: "Care Identity".into(),
        issuer: base.into(),
        client: "by-secret".into(),
        proof: Proof::Secret("a secret: 50% of it/+".into()),
        scopes: vec!["nationalrbacaccess".into()],
        parameters: Vec::new(),
        people: People::Staff(StaffClaims::cis2(roles, map(&[("B0083", "sponsor")]))),
    };
    let signed = Trusted {
        name: "signed".into(),
        client: "by-key".into(),
        proof: Proof::Signed(Algorithm::Es384),
        ..staff.clone()
    };
    let patients = Trusted {
        name: "nhs".into(),
        title: "NHS login".into(),
        scopes: vec!["profile".into()],
        people: People::Patients { least: Proofing::P9 },
        ..staff.clone()
    };
    vec![staff, signed, patients]
}

fn decoded((name, value): (&str, &str)) -> (String, String) {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let coded = (*first == b'%').then(|| std::str::from_utf8(&more[..2]).unwrap());
        bytes.push(coded.map_or(*first, |hex| u8::from_str_radix(hex, 16).unwrap()));
        rest = if coded.is_some() { &more[2..] } else { more };
    }
    (name.to_owned(), String::from_utf8(bytes).unwrap())
}

#[test]
fn staff_sign_in_elsewhere_in_the_role_that_their_claims_name() {
    let Some(world) = World::new() else { return };
    let nurse = world.signed_in("cis2", "nurse");
    assert_eq!((nurse.who.as_str(), nurse.capacity().as_str()), ("cis2.555000000001", "RX1/nurse/1"));
    assert!(nurse.workgroups.iter().eq(["ward-7b"]) && nurse.display.contains("Nora"));
    assert!(nurse.may(access::Permission::Sponsor), "an activity that is mapped; B9999 is not");
    assert_eq!(nurse.strength, access::Strength::Outside);
    // Two roles, one chosen there; and with our signed word in the place of a secret.
    let doctor = world.signed_in("signed", "both");
    assert_eq!(doctor.capacity(), "Z97001/doctor/2");
    assert_eq!(
        world.refused("cis2", "clerk"),
        Kind::Forbidden,
        "a role without a meaning here gives nothing"
    );
}

#[test]
fn patients_sign_in_elsewhere_once_they_have_proved_who_they_are() {
    let Some(world) = World::new() else { return };
    let patient = r#"{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"9990001006"}],"name":[{"family":"Example"}]}"#;
    let patient = Prepared::of(&Json::parse(patient, Limits::DOOR).unwrap(), "synthia").unwrap();
    world.house.store.write(Author::system("test"), move |tx| tx.put(patient, None).map(|_| ())).unwrap();
    let session = world.signed_in("nhs", "proved");
    assert_eq!((session.role.name.as_str(), session.display.as_str()), ("patient", "Synthia EXAMPLE"));
    let record::Reach::Patients(own) = &session.scope.reach else { panic!("narrowed") };
    assert!(own.iter().eq(["synthia"]));
    assert_eq!(world.refused("nhs", "unproved"), Kind::Forbidden);
    assert_eq!(world.refused("nhs", "stranger"), Kind::Forbidden, "no record is no other's record");
}

#[test]
fn what_comes_back_counts_once_for_the_browser_that_went_and_the_issuer_it_went_to() {
    let Some(world) = World::new() else { return };
    let back = world.go("cis2", "nurse");
    assert!(
        world.finish("cis2", &back, "another browser").is_err(),
        "a link that somebody sends signs nobody in"
    );
    assert!(world.finish("cis2", &back, BROWSER).is_err(), "and the state is used");

    let back = world.go("cis2", "nurse");
    assert!(world.finish("cis2", &back, BROWSER).is_ok());
    assert!(world.finish("cis2", &back, BROWSER).is_err(), "nor twice");

    let back = world.go("cis2", "nurse");
    assert!(world.finish("nhs", &back, BROWSER).is_err(), "nor as if from another");
    let swap = |name: &str, value: &str| -> Vec<(String, String)> {
        let mut back = world.go("cis2", "nurse");
        back.retain(|(found, _)| found != name);
        back.push((name.to_owned(), value.to_owned()));
        back
    };
    assert!(world.finish("cis2", &swap("iss", "https://evil.example"), BROWSER).is_err());
    assert!(world.finish("cis2", &swap("code", "made-up"), BROWSER).is_err());
    assert!(world.finish("cis2", &swap("state", "made-up"), BROWSER).is_err());
    assert!(world.finish("cis2", &swap("error", "access_denied"), BROWSER).is_err());
    let mut silent = world.go("cis2", "nurse");
    silent.retain(|(name, _)| name != "iss");
    assert!(world.finish("cis2", &silent, BROWSER).is_err(), "an issuer that names itself does so always");
    // A code that belongs to another visit: its verifier and nonce are not ours.
    let (mine, other) = (world.go("cis2", "nurse"), world.go("cis2", "both"));
    let code = other.iter().find(|(name, _)| name == "code").unwrap().1.clone();
    let mixed: Vec<_> =
        mine.into_iter().map(|(n, v)| if n == "code" { (n, code.clone()) } else { (n, v) }).collect();
    assert!(world.finish("cis2", &mixed, BROWSER).is_err());
    let late = world.go("cis2", "nurse");
    world.house.later(10 * 60_000);
    assert!(world.finish("cis2", &late, BROWSER).is_err(), "ten minutes are enough");
}

#[test]
fn an_issuer_is_asked_over_https_or_on_this_machine_only_and_must_be_itself() {
    let Some(world) = World::new() else { return };
    let begin = |issuer: &str| {
        let one = Trusted { issuer: issuer.into(), ..trusted(&world.base).remove(0) };
        let issuers = Issuers::new(world.house.access.clone(), ORIGIN, vec![one]).unwrap();
        issuers.begin("cis2", BROWSER, "/").map(|_| ()).unwrap_err().kind
    };
    assert_eq!(begin("http://192.0.2.1"), Kind::Busy);
    assert_eq!(begin(&world.base.replace("127.0.0.1", "localhost")), Kind::Unauthenticated, "another name");
    let named = |name: &str| {
        let one = Trusted { name: name.into(), ..trusted(&world.base).remove(0) };
        Issuers::new(world.house.access.clone(), ORIGIN, vec![one]).is_ok()
    };
    assert!(named("cis2") && !named("a.b") && !named(""));
}

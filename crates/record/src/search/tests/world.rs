//! Invented resources that often meet the same queries, and a plain list of all their versions.

use crate::tests::prepared;
use crate::{Author, Instant, Options, Scope, Store, verify};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Random numbers that are the same on every run (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) % sides as u64) as usize
    }

    pub fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.roll(of.len())]
    }

    /// True once in `sides`.
    pub fn once_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

pub const PATIENTS: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
pub const FAMILIES: [&str; 5] = ["Smith", "Smithson", "O'Brien", "Müller", "Obri"];
pub const CODES: [&str; 4] =
    ["http://loinc.org|29463-7", "http://loinc.org|8480-6", "urn:local|29463-7", "|bp"];
pub const DATES: [&str; 8] = [
    "2024",
    "2024-02",
    "2024-02-28",
    "2024-02-29",
    "2024-02-29T10:30:00Z",
    "2024-02-29T10:30:00.250Z",
    "2024-03-01T00:30:00+01:00",
    "2025-01-01",
];
pub const VALUES: [&str; 6] = ["72.5", "72.50", "80", "-3", "0.05", "1e2"];

/// A version.
pub struct Version {
    pub txn: u64,
    pub at: Instant,
    /// Nothing for a deletion.
    pub text: Option<String>,
}

/// A store and all that was ever in it.
pub struct World {
    pub store: Store,
    home: testbed::Home,
    pub dice: Dice,
    /// By type and id.
    pub versions: BTreeMap<(&'static str, String), Vec<Version>>,
    /// False keeps each resource with the patients it has.
    pub moves: bool,
}

impl World {
    pub fn new(seed: u64, moves: bool) -> World {
        let home = testbed::Home::new();
        let ticks = AtomicI64::new(1_700_000_000_000);
        let clock = Arc::new(move || Instant(ticks.fetch_add(400, Ordering::Relaxed)));
        let store = Store::open(
            crate::tests::place(&home),
            Options { readers: 3, durable: false, clock, ..Options::default() },
        )
        .unwrap();
        World { store, home, dice: Dice(seed), versions: BTreeMap::new(), moves }
    }

    /// Checks the store against itself.
    pub fn sound(&self) {
        assert_eq!(verify(crate::tests::place(&self.home), &mut |_, _| {}).unwrap().findings, []);
    }

    /// The number of the last commit.
    pub fn now(&self) -> u64 {
        self.store.reader(&Scope::all()).unwrap().txn()
    }

    /// The instant of some commit.
    pub fn some_instant(&mut self) -> Instant {
        let instants: Vec<Instant> = self.versions.values().flatten().map(|version| version.at).collect();
        instants[self.dice.roll(instants.len())]
    }

    /// Writes, changes or deletes some resource.
    pub fn step(&mut self) {
        if self.dice.once_in(20) {
            while self.store.take_in_words().unwrap() {}
        }
        let (kind, count): (&'static str, usize) = match self.dice.roll(20) {
            0..3 => ("Patient", PATIENTS.len()),
            3..5 => ("Practitioner", 3),
            5..7 => ("Encounter", 8),
            7..8 => ("Group", 2),
            8..9 => ("ValueSet", 3),
            9..11 => ("Condition", 8),
            11..12 => ("RiskAssessment", 4),
            _ => ("Observation", 30),
        };
        let number = self.dice.roll(count);
        let id = format!("{}{number}", kind.chars().next().unwrap().to_lowercase());
        let known = self.versions.get(&(kind, id.clone()));
        let lives = known.is_some_and(|versions| versions.last().unwrap().text.is_some());
        let (key, author) = (id.clone(), Author::system("test"));
        let (written, text) = if lives && self.dice.once_in(6) {
            (self.store.write(author, move |tx| tx.delete(kind, &key, None)).unwrap(), None)
        } else {
            let text = self.resource(kind, &id, number);
            let resource = prepared(&text);
            (Some(self.store.write(author, move |tx| tx.put(resource, None)).unwrap()), Some(text))
        };
        if let Some(written) = written.filter(|written| written.changed) {
            let version = Version { txn: self.now(), at: written.updated, text };
            self.versions.entry((kind, id)).or_default().push(version);
        }
    }

    fn patient(&mut self, number: usize) -> String {
        let patient = if self.moves && self.dice.once_in(4) { self.dice.roll(6) } else { number % 6 };
        // The last is no patient that there is.
        format!(r#"{{"reference":"Patient/p{patient}"}}"#)
    }

    fn code(&mut self) -> String {
        if self.dice.once_in(8) {
            return r#"{"text":"Body weight by hand"}"#.into();
        }
        let (system, code) = self.dice.pick(&CODES).split_once('|').unwrap();
        let system = if system.is_empty() { String::new() } else { format!(r#""system":"{system}","#) };
        let second = if self.dice.once_in(5) { r#",{"system":"urn:local","code":"second"}"# } else { "" };
        format!(r#"{{"coding":[{{{system}"code":"{code}"}}{second}]}}"#)
    }

    fn value(&mut self) -> String {
        let value = self.dice.pick(&VALUES);
        match self.dice.roll(6) {
            0 => String::new(),
            1 => r#","valueString":"high"#.to_owned() + r#"""#,
            2 => format!(r#","valueQuantity":{{"value":{value},"unit":"kg"}}"#),
            _ => format!(
                r#","valueQuantity":{{"value":{value},"unit":"kilo","system":"http://unitsofmeasure.org","code":"kg"}}"#
            ),
        }
    }

    fn when(&mut self, name: &str) -> String {
        let (a, b) = (self.dice.pick(&DATES), self.dice.pick(&DATES));
        match self.dice.roll(6) {
            0 => String::new(),
            1 => format!(r#","{name}Period":{{"start":"{}","end":"{}"}}"#, a.min(b), a.max(b)),
            2 => format!(r#","{name}Period":{{"start":"{a}"}}"#),
            _ => format!(r#","{name}DateTime":"{a}""#),
        }
    }

    fn resource(&mut self, kind: &str, id: &str, number: usize) -> String {
        let head = format!(r#"{{"resourceType":"{kind}","id":"{id}""#);
        let status = self.dice.pick(&["final", "amended"]);
        match kind {
            "Patient" => {
                let (family, given) = (self.dice.pick(&FAMILIES), self.dice.pick(&["Ann", "Bo", "Å"]));
                let long = if self.dice.once_in(6) { "x".repeat(300) } else { String::new() };
                let birth = self.dice.pick(&["1960-05-01", "1960-05", "2001-12-31"]);
                let tag = if self.dice.once_in(3) {
                    r#","meta":{"tag":[{"system":"urn:t","code":"demo"}]}"#
                } else {
                    ""
                };
                let active = self.dice.pick(&["true", "false"]);
                let practitioner = self.dice.roll(4);
                let gp = if self.dice.once_in(2) {
                    format!(r#","generalPractitioner":[{{"reference":"Practitioner/p{practitioner}"}}]"#)
                } else {
                    String::new()
                };
                format!(
                    r#"{head}{tag},"identifier":[{{"type":{{"coding":[{{"system":"urn:type","code":"MR"}}]}},"system":"urn:mrn","value":"{number}"}}],"active":{active},"name":[{{"family":"{family}{long}","given":["{given}"]}}],"birthDate":"{birth}"{gp}}}"#
                )
            }
            "Practitioner" => {
                format!(r#"{head},"name":[{{"family":"{}"}}]}}"#, self.dice.pick(&FAMILIES))
            }
            "Encounter" => {
                let (patient, doctor) = (self.patient(number), self.dice.roll(4));
                let (a, b) = (self.dice.pick(&DATES), self.dice.pick(&DATES));
                let period = format!(r#""period":{{"start":"{}","end":"{}"}}"#, a.min(b), a.max(b));
                format!(
                    r#"{head},"status":"finished","class":{{"code":"AMB"}},"subject":{patient},"participant":[{{"individual":{{"reference":"Practitioner/p{doctor}"}}}}],{period}}}"#
                )
            }
            "Group" => {
                let (a, b) = (self.patient(number), self.patient(number + 1));
                format!(
                    r#"{head},"type":"person","actual":true,"member":[{{"entity":{a}}},{{"entity":{b}}}]}}"#
                )
            }
            "ValueSet" => {
                let url = self.dice.pick(&["http://x/a", "http://x/a/b", "http://x/ab"]);
                format!(r#"{head},"status":"active","url":"{url}"}}"#)
            }
            "Condition" => {
                let (patient, code) = (self.patient(number), self.code());
                let encounter = self.dice.roll(8);
                format!(
                    r#"{head},"subject":{patient},"code":{code},"encounter":{{"reference":"Encounter/e{encounter}"}}}}"#
                )
            }
            "RiskAssessment" => {
                let patient = self.patient(number);
                let probability = self.dice.pick(&VALUES);
                format!(
                    r#"{head},"status":"{status}","subject":{patient},"prediction":[{{"probabilityDecimal":{probability}}}]}}"#
                )
            }
            _ => {
                let subject = match if self.moves { self.dice.roll(8) } else { number % 8 } {
                    0 => r#","subject":{"reference":"Group/g0"}"#.to_owned(),
                    1 => r#","subject":{"identifier":{"system":"urn:mrn","value":"1"}}"#.to_owned(),
                    2 => r#","subject":{"reference":"http://elsewhere/Patient/p1"}"#.to_owned(),
                    3 => String::new(),
                    _ => format!(r#","subject":{}"#, self.patient(number)),
                };
                let performer = match self.dice.roll(3) {
                    0 => format!(r#","performer":[{{"reference":"Practitioner/p{}"}}]"#, self.dice.roll(4)),
                    1 if self.moves => format!(r#","performer":[{}]"#, self.patient(number + 2)),
                    _ => String::new(),
                };
                let encounter = self.dice.roll(10);
                let (code, when, value) = (self.code(), self.when("effective"), self.value());
                let (inner, inner_value) = (self.code(), self.value());
                format!(
                    r#"{head},"status":"{status}","code":{code}{subject}{performer},"encounter":{{"reference":"Encounter/e{encounter}"}}{when}{value},"component":[{{"code":{inner}{inner_value}}}]}}"#
                )
            }
        }
    }
}

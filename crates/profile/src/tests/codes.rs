//! Codes as far as definitions spell them out: what a test of profiles needs, and no more.

use fhir::codes::{Coded, Codes, Known, Subsumption};
use fhir::{Json, Value};
use package::{Library, Source, canonical};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// By code: its displays.
type System = Arc<HashMap<String, Vec<String>>>;

pub struct Listed {
    library: Arc<Library>,
    /// The codes of each code system that is here as a whole, with their displays.
    systems: Mutex<HashMap<String, Option<System>>>,
    sets: Mutex<HashMap<String, Arc<Set>>>,
}

/// System and code; whether that is all; systems of which every code is in it.
#[derive(Default)]
struct Set {
    codes: HashSet<(String, String)>,
    is_whole: bool,
    /// Systems whose codes cannot be listed.
    open: HashSet<String>,
}

impl Listed {
    pub fn new(library: Arc<Library>) -> Listed {
        Listed { library, systems: Mutex::default(), sets: Mutex::default() }
    }

    fn system(&self, url: &str) -> Option<Arc<HashMap<String, Vec<String>>>> {
        if let Some(known) = self.systems.lock().unwrap().get(url) {
            return known.clone();
        }
        let found = self.library.find("CodeSystem", url, None);
        let whole = found.filter(|system| system.root().str("content").as_deref() == Some("complete"));
        let listed = whole.map(|system| {
            let mut codes = HashMap::new();
            concepts(system.root(), &mut codes);
            Arc::new(codes)
        });
        self.systems.lock().unwrap().insert(url.to_owned(), listed.clone());
        listed
    }

    fn set(&self, url: &str, depth: usize) -> Arc<Set> {
        if let Some(known) = self.sets.lock().unwrap().get(url) {
            return known.clone();
        }
        let (address, version) = canonical(url);
        let found = self.library.find("ValueSet", address, version).filter(|_| depth < 8);
        let set = Arc::new(found.map_or_else(Set::default, |found| self.expanded(&found, depth)));
        self.sets.lock().unwrap().insert(url.to_owned(), set.clone());
        set
    }

    fn expanded(&self, set: &Json, depth: usize) -> Set {
        let compose = set.root().get("compose");
        let part = |name: &str| compose.and_then(|c| c.get(name)).into_iter().flat_map(Value::items);
        let mut all = Set { is_whole: compose.is_some(), ..Set::default() };
        for include in part("include") {
            self.include(include, &mut all, depth);
        }
        for exclude in part("exclude") {
            let mut out = Set { is_whole: true, ..Set::default() };
            self.include(exclude, &mut out, depth);
            all.is_whole &= out.is_whole;
            all.codes.retain(|code| !out.codes.contains(code));
        }
        all
    }

    fn include(&self, include: Value<'_>, all: &mut Set, depth: usize) {
        let system = include.str("system").unwrap_or_default().into_owned();
        let mut listed = include.get("concept").into_iter().flat_map(Value::items).peekable();
        for url in include.get("valueSet").into_iter().flat_map(Value::items).filter_map(Value::as_str) {
            let other = self.set(&url, depth + 1);
            all.is_whole &= other.is_whole;
            all.codes.extend(other.codes.iter().cloned());
            all.open.extend(other.open.iter().cloned());
        }
        if listed.peek().is_some() {
            all.codes.extend(listed.filter_map(|c| Some((system.clone(), c.str("code")?.into_owned()))));
        } else if !system.is_empty() {
            match self.system(&system).filter(|_| include.get("filter").is_none()) {
                Some(codes) => all.codes.extend(codes.keys().map(|code| (system.clone(), code.clone()))),
                None => {
                    all.is_whole = false;
                    all.open.insert(system);
                }
            }
        }
    }
}

fn concepts(value: Value<'_>, codes: &mut HashMap<String, Vec<String>>) {
    for concept in value.get("concept").into_iter().flat_map(Value::items) {
        if let Some(code) = concept.str("code") {
            let others = concept.get("designation").into_iter().flat_map(Value::items);
            let others = others.filter_map(|other| other.str("value"));
            let displays = concept.str("display").into_iter().chain(others);
            codes.insert(code.into_owned(), displays.map(|text| text.into_owned()).collect());
        }
        concepts(concept, codes);
    }
}

impl Codes for Listed {
    fn member(&self, value_set: &str, code: Coded<'_>) -> Known {
        let set = self.set(value_set, 0);
        let same = |(system, known): &(String, String)| {
            known == code.code && code.system.is_none_or(|told| told == system)
        };
        let found = match code.system {
            Some(system) => set.codes.contains(&(system.to_owned(), code.code.to_owned())),
            None => set.codes.iter().any(same),
        };
        // What comes of a system that cannot be listed may be in it; what comes of another is not.
        let elsewhere = !set.open.is_empty() && code.system.is_some_and(|told| !set.open.contains(told));
        let is = if found { Some(true) } else { (set.is_whole || elsewhere).then_some(false) };
        Known { is, ..Known::default() }
    }

    fn known(&self, code: Coded<'_>) -> Known {
        let Some(system) = code.system.and_then(|system| self.system(system)) else {
            return Known::default();
        };
        let Some(displays) = system.get(code.code) else {
            return Known { is: Some(false), ..Known::default() };
        };
        let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let is_right =
            |told: &str| displays.is_empty() || displays.iter().any(|known| plain(known) == plain(told));
        let wrong = code.display.is_some_and(|told| !is_right(told));
        Known { is: Some(!wrong), display: displays.first().filter(|_| wrong).cloned(), why: None }
    }

    fn subsumes(&self, _: &str, _: Option<&str>, _: &str, _: &str) -> Option<Subsumption> {
        None
    }
}

//! Which acts are worth a look: pure rules over looks at records, failed sign-ins, and who people are.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Patients in an hour, beyond which someone looks at many.
pub const MANY: usize = 200;
/// Failed sign-ins within [`BURST_MS`] that are a burst.
pub const BURST: usize = 5;
const BURST_MS: i64 = 10 * 60_000;
/// Days before and after a look in which a patient comes or is in care, where the look is expected.
pub const NEAR_DAYS: i64 = 7;
/// The hours of the night, in London: from, until.
const NIGHT: (u32, u32) = (22, 6);

/// What is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    Barred,
    OwnRecord,
    SameAddress,
    SameSurname,
    Colleague,
    Many,
    FailedSignIns,
    Night,
    NoContact,
}

impl Rule {
    /// All rules, in the order of the page.
    pub const ALL: [Rule; 9] = [
        Rule::Barred,
        Rule::OwnRecord,
        Rule::SameAddress,
        Rule::SameSurname,
        Rule::Colleague,
        Rule::Many,
        Rule::FailedSignIns,
        Rule::Night,
        Rule::NoContact,
    ];

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Rule::Barred => "Tried to open their own or a relative's record",
            Rule::OwnRecord => "Own record, by name",
            Rule::SameAddress => "Patient at the same address",
            Rule::SameSurname => "Patient with the same surname",
            Rule::Colleague => "Colleague's record, by name",
            Rule::Many => "More than 200 patients in an hour",
            Rule::FailedSignIns => "Five failed sign-ins within ten minutes",
            Rule::Night => "Between 22:00 and 06:00",
            Rule::NoContact => "No appointment or encounter within seven days",
        }
    }
}

/// A look at a patient's record.
#[derive(Clone, Debug)]
pub struct Look {
    /// The number of the act.
    pub seq: u64,
    /// When, in milliseconds.
    pub at: i64,
    /// The hour of the day in London.
    pub hour: u32,
    /// The account.
    pub who: String,
    /// The patient's id.
    pub patient: String,
    /// True when it was refused, since it is themselves or their family.
    pub barred: bool,
}

/// A sign-in that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The number of the act.
    pub seq: u64,
    /// When, in milliseconds.
    pub at: i64,
    /// The name that was tried.
    pub who: String,
}

/// Someone's name, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name {
    pub given: String,
    pub family: String,
}

/// A patient as the rules know them.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub name: Name,
    /// First line and postcode, folded; empty when not known.
    pub home: String,
    /// Appointments and encounters: from, until, in milliseconds.
    pub contacts: Vec<(i64, i64)>,
}

/// All that the rules are applied to.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Looks by people, in their order.
    pub looks: Vec<Look>,
    /// In their order.
    pub failures: Vec<Failure>,
    /// People with accounts, by account.
    pub staff: HashMap<String, Name>,
    /// Patients by id.
    pub people: HashMap<String, Person>,
    /// Addresses of patients who bear the name of a member of staff, by account.
    pub homes: HashMap<String, BTreeSet<String>>,
}

/// Something worth a look. The same of one person and patient is told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub rule: Rule,
    pub who: String,
    /// Empty where many patients or none are concerned.
    pub patient: String,
    /// The first act.
    pub seq: u64,
    pub at: i64,
    /// How many acts.
    pub acts: usize,
}

/// All alerts, by rule, and within it by the number of the first act.
pub fn alerts(world: &World) -> Vec<Alert> {
    let colleagues: HashMap<&Name, &str> =
        world.staff.iter().map(|(who, name)| (name, who.as_str())).collect();
    let mut found: BTreeMap<(Rule, &str, &str), Alert> = BTreeMap::new();
    let mut note = |rule: Rule, look: &'_ Look, who, patient| {
        let alert = found.entry((rule, who, patient)).or_insert_with(|| Alert {
            rule,
            who: look.who.clone(),
            patient: look.patient.clone(),
            seq: look.seq,
            at: look.at,
            acts: 0,
        });
        alert.acts += 1;
    };
    for look in &world.looks {
        for rule in rules(world, &colleagues, look) {
            note(rule, look, &look.who, &look.patient);
        }
    }
    let mut all: Vec<Alert> = found.into_values().collect();
    all.extend(many(&world.looks));
    all.extend(bursts(&world.failures));
    all.sort_by_key(|alert| (alert.rule, alert.seq));
    all
}

/// The rules that one look meets by itself.
fn rules(world: &World, colleagues: &HashMap<&Name, &str>, look: &Look) -> Vec<Rule> {
    if look.barred {
        return vec![Rule::Barred];
    }
    let mut met = Vec::new();
    if look.hour >= NIGHT.0 || look.hour < NIGHT.1 {
        met.push(Rule::Night);
    }
    let Some(person) = world.people.get(&look.patient) else { return met };
    let near = |(from, until): &(i64, i64)| {
        from - NEAR_DAYS * DAY_MS <= look.at && look.at <= until + NEAR_DAYS * DAY_MS
    };
    if !person.contacts.iter().any(near) {
        met.push(Rule::NoContact);
    }
    let known = |name: &&Name| !name.family.is_empty() && !name.given.is_empty();
    let Some(name) = world.staff.get(&look.who).filter(known) else { return met };
    let own = *name == person.name;
    if own {
        met.push(Rule::OwnRecord);
    } else if colleagues.contains_key(&person.name) {
        met.push(Rule::Colleague);
    }
    if !own && name.family == person.name.family {
        met.push(Rule::SameSurname);
    }
    let homes = world.homes.get(&look.who);
    if !own && !person.home.is_empty() && homes.is_some_and(|homes| homes.contains(&person.home)) {
        met.push(Rule::SameAddress);
    }
    met
}

/// The looks of somebody's last hour, how many were at each patient, and whether it was told that there were many.
type Hour<'l> = (VecDeque<&'l Look>, HashMap<&'l str, usize>, bool);

/// Who looked at more than [`MANY`] patients in an hour; told once for each time it begins.
fn many(looks: &[Look]) -> Vec<Alert> {
    let mut found = Vec::new();
    let mut last: HashMap<&str, Hour<'_>> = HashMap::new();
    for look in looks {
        let (window, patients, told) = last.entry(&look.who).or_default();
        window.push_back(look);
        *patients.entry(&look.patient).or_default() += 1;
        while let Some(first) = window.front().filter(|first| look.at - first.at >= HOUR_MS) {
            let times = patients.entry(&first.patient).or_default();
            *times -= 1;
            if *times == 0 {
                patients.remove(first.patient.as_str());
            }
            window.pop_front();
        }
        let over = patients.len() > MANY;
        if over && !*told {
            let (seq, at) = window.front().map_or((look.seq, look.at), |first| (first.seq, first.at));
            let (who, acts) = (look.who.clone(), window.len());
            found.push(Alert { rule: Rule::Many, who, patient: String::new(), seq, at, acts });
        }
        *told = over;
    }
    found
}

/// Failed sign-ins that come thick; told once for each time it begins.
fn bursts(failures: &[Failure]) -> Vec<Alert> {
    let mut found = Vec::new();
    let mut last: HashMap<&str, (VecDeque<&Failure>, bool)> = HashMap::new();
    for failure in failures {
        let (window, told) = last.entry(&failure.who).or_default();
        window.push_back(failure);
        while window.front().is_some_and(|first| failure.at - first.at >= BURST_MS) {
            window.pop_front();
        }
        let over = window.len() >= BURST;
        if over && !*told {
            let (seq, at) = window.front().map_or((failure.seq, failure.at), |first| (first.seq, first.at));
            let (who, acts) = (failure.who.clone(), window.len());
            found.push(Alert { rule: Rule::FailedSignIns, who, patient: String::new(), seq, at, acts });
        }
        *told = over;
    }
    found
}

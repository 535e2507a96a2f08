//! What an app is let do in somebody's name: scopes of SMART App Launch 2.2 (and those of version 1), and what they
//! come to. A grant only ever takes away: what its giver may not do or see, the app may not either.

use crate::{Permission, Session};
use fhir::definitions::{RESOURCES, patient_compartment};
use record::{Reach, Scope};
use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::sync::Arc;

/// Characters of the scopes of one request.
const TEXT_MAX: usize = 4_000;

/// Whose data a scope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of the patient in context.
    Patient,
    /// What the user sees.
    User,
    /// What the program itself sees.
    System,
}

/// What can be done with resources of a type (SMART 2.2, section 3.0.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interaction {
    /// `c`
    Create,
    /// `r`: read, vread, history of one.
    Read,
    /// `u`: update and patch.
    Update,
    /// `d`
    Delete,
    /// `s`: search, history of a type.
    Search,
}

impl Interaction {
    const ALL: [(char, Interaction); 5] = [
        ('c', Interaction::Create),
        ('r', Interaction::Read),
        ('u', Interaction::Update),
        ('d', Interaction::Delete),
        ('s', Interaction::Search),
    ];
}

/// One scope over resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowed {
    /// Whose.
    pub level: Level,
    /// The type; none for all.
    pub kind: Option<&'static str>,
    /// What may be done.
    pub may: BTreeSet<Interaction>,
}

/// What was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Over resources.
    pub allowed: BTreeSet<Allowed>,
    /// Others, such as `openid` and `launch/patient`.
    pub words: BTreeSet<&'static str>,
}

/// Scopes that are not over resources.
const WORDS: [&str; 8] = [
    "fhirUser",
    "launch",
    "launch/encounter",
    "launch/patient",
    "offline_access",
    "online_access",
    "openid",
    "profile",
];

impl Grant {
    /// Reads scopes. What is not known here, or is narrowed by a query that is not kept, is left out.
    pub fn parse(text: &str) -> Grant {
        let mut grant = Grant::default();
        for scope in text.get(..TEXT_MAX.min(text.len())).unwrap_or_default().split_ascii_whitespace() {
            match WORDS.iter().find(|word| **word == scope) {
                Some(word) => _ = grant.words.insert(word),
                None => grant.allowed.extend(allowed(scope)),
            }
        }
        grant
    }

    /// What is in both.
    #[must_use]
    pub fn within(&self, other: &Grant) -> Grant {
        let mut allowed: BTreeSet<Allowed> = BTreeSet::new();
        for mine in &self.allowed {
            for theirs in other.allowed.iter().filter(|theirs| theirs.level == mine.level) {
                let kind = match (mine.kind, theirs.kind) {
                    (Some(a), Some(b)) if a != b => continue,
                    (a, b) => a.or(b),
                };
                let may: BTreeSet<Interaction> = mine.may.intersection(&theirs.may).copied().collect();
                if !may.is_empty() {
                    allowed.insert(Allowed { level: mine.level, kind, may });
                }
            }
        }
        Grant { allowed, words: self.words.intersection(&other.words).copied().collect() }
    }

    /// Without what a session may not do anyway, so that nothing is granted that would be refused.
    #[must_use]
    pub fn of(&self, session: &Session) -> Grant {
        let may = |interaction: &Interaction| session.may(permission(*interaction, session));
        let narrowed = self.allowed.iter().filter_map(|allowed| {
            let is_seen = allowed.kind.is_none_or(|kind| session.scope.has_type(kind));
            let may: BTreeSet<Interaction> = allowed.may.iter().copied().filter(may).collect();
            (is_seen && !may.is_empty()).then_some(Allowed { may, ..allowed.clone() })
        });
        Grant { allowed: narrowed.collect(), words: self.words.clone() }
    }

    /// True when nothing over resources and nobody's name is in it.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && !self.words.contains("openid")
    }

    /// True when some of it is about the patient in context, who must then be chosen.
    pub fn needs_patient(&self) -> bool {
        self.words.contains("launch/patient")
            || self.allowed.iter().any(|allowed| allowed.level == Level::Patient)
    }

    /// Whether something may be done with resources of a type; `*` stands for all types.
    pub fn may(&self, kind: &str, interaction: Interaction) -> bool {
        let is_of = |allowed: &&Allowed| allowed.kind.is_none_or(|of| of == kind);
        self.allowed.iter().filter(is_of).any(|allowed| allowed.may.contains(&interaction))
    }

    /// Whether something may be done with resources of any type.
    pub fn may_any(&self, interaction: Interaction) -> bool {
        self.allowed.iter().any(|allowed| allowed.may.contains(&interaction))
    }

    /// What is seen under it, to narrow a sight to. Where a type is granted both of the patient and of the user, the
    /// patient counts.
    pub(crate) fn scope(&self, patient: Option<&str>) -> Scope {
        let reads = |allowed: &&Allowed| {
            allowed.may.contains(&Interaction::Read) || allowed.may.contains(&Interaction::Search)
        };
        let all = self.allowed.iter().filter(reads).any(|allowed| allowed.kind.is_none());
        let types: BTreeSet<&'static str> =
            self.allowed.iter().filter(reads).filter_map(|allowed| allowed.kind).collect();
        let of_patients = |allowed: &Allowed| {
            allowed.kind.is_none_or(|kind| kind == "Patient" || !patient_compartment(kind).is_empty())
        };
        let is_narrow =
            self.allowed.iter().any(|allowed| allowed.level == Level::Patient && of_patients(allowed));
        let reach = match is_narrow {
            true => Reach::Patients(Arc::new(patient.into_iter().map(str::to_owned).collect())),
            false => Reach::Everyone,
        };
        Scope { types: (!all).then(|| Arc::new(types)), reach, ..Scope::all() }
    }

    /// In plain words, a line each, for whoever is asked.
    pub fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.allowed.iter().map(Allowed::told).collect();
        let words = [
            ("openid", "Know who you are"),
            ("offline_access", "Go on when you are not there, until you end it"),
            ("online_access", "Go on while you are signed in"),
        ];
        lines.extend(
            words.iter().filter(|(word, _)| self.words.contains(word)).map(|(_, told)| (*told).to_owned()),
        );
        lines
    }
}

/// What the session must be able to do for an interaction.
fn permission(interaction: Interaction, session: &Session) -> Permission {
    match interaction {
        Interaction::Create | Interaction::Update => Permission::Write,
        Interaction::Delete => Permission::Delete,
        Interaction::Read | Interaction::Search if session.may(Permission::ReadRecord) => {
            Permission::ReadRecord
        }
        Interaction::Read | Interaction::Search => Permission::Trace,
    }
}

impl Allowed {
    fn told(&self) -> String {
        let can = |interaction| self.may.contains(&interaction);
        let mut verbs = Vec::new();
        if can(Interaction::Read) || can(Interaction::Search) {
            verbs.push("see");
        }
        if can(Interaction::Create) {
            verbs.push("add");
        }
        if can(Interaction::Update) {
            verbs.push("change");
        }
        if can(Interaction::Delete) {
            verbs.push("delete");
        }
        let (mut verbs, last) = (verbs.clone(), verbs.last().copied().unwrap_or("see"));
        verbs.pop();
        let verbs =
            if verbs.is_empty() { last.to_owned() } else { format!("{} and {last}", verbs.join(", ")) };
        let what = self.kind.map_or("everything".to_owned(), words);
        let whose = match self.level {
            Level::Patient => "of the patient whom you choose",
            Level::User => "of everyone whose record you can see",
            Level::System => "of everyone whom the program may see",
        };
        let mut text = format!("{verbs} {what} {whose}");
        text[..1].make_ascii_uppercase();
        text
    }
}

/// `AllergyIntolerance` as `allergy intolerance`.
fn words(kind: &'static str) -> String {
    let mut text = String::new();
    for c in kind.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// A scope over resources; nothing when it is none of ours.
fn allowed(scope: &str) -> Option<Allowed> {
    let (level, rest) = scope.split_once('/')?;
    let level = match level {
        "patient" => Level::Patient,
        "user" => Level::User,
        "system" => Level::System,
        _ => return None,
    };
    let (kind, may) = rest.split_once('.')?;
    let kind = match kind {
        "*" => None,
        name => Some(*RESOURCES.iter().find(|known| **known == name)?),
    };
    let all = |letters: &str| -> BTreeSet<Interaction> {
        let named = Interaction::ALL.iter().filter(|(letter, _)| letters.contains(*letter));
        named.map(|(_, interaction)| *interaction).collect()
    };
    let may = match may {
        "read" => all("rs"),
        "write" => all("cud"),
        "*" => all("cruds"),
        // In this order, each once (SMART 2.2, section 3.0.2.2).
        letters => {
            let places =
                letters.chars().map(|c| Interaction::ALL.iter().position(|(letter, _)| *letter == c));
            let places: Vec<usize> = places.collect::<Option<_>>()?;
            if places.is_empty() || places.windows(2).any(|pair| pair[0] >= pair[1]) {
                return None;
            }
            all(letters)
        }
    };
    Some(Allowed { level, kind, may })
}

/// As scopes are written, version 2.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for word in &self.words {
            write!(f, "{gap}{word}")?;
            gap = " ";
        }
        for allowed in &self.allowed {
            let level = match allowed.level {
                Level::Patient => "patient",
                Level::User => "user",
                Level::System => "system",
            };
            write!(f, "{gap}{level}/{}.", allowed.kind.unwrap_or("*"))?;
            for (letter, _) in Interaction::ALL.iter().filter(|(_, i)| allowed.may.contains(i)) {
                f.write_char(*letter)?;
            }
            gap = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_22_scopes_of_both_versions_are_read_and_written_as_version_2() {
        for (text, expected) in [
            ("patient/Observation.read", "patient/Observation.rs"),
            ("user/*.write", "user/*.cud"),
            ("system/*.*", "system/*.cruds"),
            ("patient/Observation.rs openid", "openid patient/Observation.rs"),
            ("launch/patient patient/*.r", "launch/patient patient/*.r"),
            ("patient/Observation.sr", ""),
            ("patient/Observation.", ""),
            ("patient/Nothing.r", ""),
            ("patient/Observation.rr", ""),
            ("Patient/Observation.r", ""),
            ("patient/Observation.rs?category=laboratory", ""),
            ("everything", ""),
        ] {
            assert_eq!(Grant::parse(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn s_22_what_is_in_both_is_never_more_than_either() {
        let within = |a: &str, b: &str| Grant::parse(a).within(&Grant::parse(b)).to_string();
        assert_eq!(within("user/*.cruds", "user/Observation.rs"), "user/Observation.rs");
        assert_eq!(within("user/Observation.cu", "user/*.rs"), "");
        assert_eq!(within("patient/*.rs", "user/*.rs"), "");
        assert_eq!(within("openid offline_access", "openid fhirUser"), "openid");
    }

    #[test]
    fn a_grant_says_in_plain_words_what_it_allows() {
        let told = Grant::parse("openid patient/AllergyIntolerance.rs user/Task.cu").told();
        assert_eq!(
            told,
            [
                "See allergy intolerance of the patient whom you choose",
                "Add and change task of everyone whose record you can see",
                "Know who you are",
            ]
        );
    }
}

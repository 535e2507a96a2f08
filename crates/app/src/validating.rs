//! `[validation]` of the configuration: how resources are held to profiles when they are written.

use fhir::definitions::RESOURCES;
use profile::Policy;
use record::{Issue, Kind, Refusal};
use serde::{Deserialize, Deserializer, de::Error};
use service::interaction::{ByType, Rule, Validation};
use std::collections::BTreeMap;

/// How resources are held to profiles when they are written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Validating {
    /// What follows from an error against a profile: `off`, `warn` or `refuse`.
    #[serde(deserialize_with = "policy")]
    pub policy: Policy,
    /// By type: profiles that every resource of it is held to, besides those that its `meta.profile` names.
    pub profiles: ByType,
    /// Sets of profiles by their name; in each, by type, what a resource is held to when its `meta.profile` names none.
    pub sets: BTreeMap<String, ByType>,
    /// The set that holds where no organisation's own rule says otherwise.
    pub set: Option<String>,
    /// By the ODS code or name that accounts and tokens say: rules that organisations have chosen.
    pub organisation: BTreeMap<String, Chosen>,
}

/// What an organisation has chosen; what it leaves out is as for all.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Chosen {
    /// What follows from an error against a profile: `off`, `warn` or `refuse`.
    #[serde(deserialize_with = "some_policy")]
    pub policy: Option<Policy>,
    /// The name of one of the sets.
    pub set: Option<String>,
}

impl Validating {
    /// The rules for who writes, where those act for `organisation` whose account or token names none. Refuses what
    /// would silently hold nothing: a set that is not there, a type that is none, a profile without an address.
    pub fn rules(&self, organisation: &str) -> Result<Validation, Refusal> {
        let mut issues = faults("validation.profiles", &self.profiles);
        for (name, set) in &self.sets {
            issues.extend(faults(&format!("validation.sets.{name}"), set));
        }
        let mut set =
            |at: &str, name: &Option<String>| match name.as_ref().map(|name| (name, self.sets.get(name))) {
                None => None,
                Some((_, Some(set))) => Some(set.clone()),
                Some((name, None)) => {
                    let text =
                        format!("There is no set {name:?}. Add [validation.sets.{name}], or name another.");
                    issues.push(Issue::new("not-found", at, text));
                    None
                }
            };
        let of_all = set("validation.set", &self.set).unwrap_or_default();
        let (mut organisations, mut twice) = (BTreeMap::new(), Vec::new());
        for (code, chosen) in &self.organisation {
            let own = set(&format!("validation.organisation.{code}.set"), &chosen.set);
            let policy = chosen.policy.unwrap_or(self.policy);
            let rule = Rule { policy, set: own.unwrap_or_else(|| of_all.clone()) };
            if organisations.insert(code.to_uppercase(), rule).is_some() {
                twice.push(code);
            }
        }
        issues.extend(twice.iter().map(|code| {
            let text = format!("{code:?} is there twice, in other letters. Leave one of them out.");
            Issue::new("duplicate", "validation.organisation", text)
        }));
        for code in self.organisation.keys().filter(|code| !is_code(code)) {
            issues.push(Issue::new("value", "validation.organisation", no_code(code)));
        }
        let organisation = organisation.trim();
        if !organisation.is_empty() && !is_code(organisation) {
            issues.push(Issue::new("value", "organisation", no_code(organisation)));
        }
        if !issues.is_empty() {
            return Err(Refusal::many(Kind::Invalid, issues));
        }
        let (policy, profiles) = (self.policy, self.profiles.clone());
        let organisation = organisation.to_uppercase();
        Ok(Validation { policy, profiles, set: of_all, organisations, organisation, ..Validation::default() })
    }
}

/// What is wrong with profiles by type.
fn faults(at: &str, profiles: &ByType) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (kind, addresses) in profiles {
        if !RESOURCES.contains(&kind.as_str()) {
            let text =
                format!("{kind:?} is no resource type of FHIR R4. Write it as Patient, with its capitals.");
            issues.push(Issue::new("value", at, text));
        }
        if addresses.is_empty() {
            let text = "No profile is named. Name one by its canonical address, or leave the type out.";
            issues.push(Issue::new("required", format!("{at}.{kind}"), text));
        }
        for address in addresses.iter().filter(|address| !is_canonical(address)) {
            let text = format!(
                "{address:?} is no canonical address. Write it as https://host/StructureDefinition/NAME."
            );
            issues.push(Issue::new("value", format!("{at}.{kind}"), text));
        }
    }
    issues
}

/// True for a code as accounts and tokens have it: letters and digits, as the Organisation Data Service gives them.
fn is_code(code: &str) -> bool {
    (1..=12).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric())
}

fn no_code(code: &str) -> String {
    format!(
        "{code:?} is no code of an organisation. Give its ODS code: up to 12 letters and digits, such as RX1."
    )
}

/// True for an absolute address, perhaps with a version after a bar.
fn is_canonical(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    !scheme.is_empty()
        && scheme.chars().all(|c| c.is_ascii_alphanumeric())
        && !address.chars().any(char::is_whitespace)
}

fn named<E: Error>(name: &str) -> Result<Policy, E> {
    Policy::named(name).ok_or_else(|| E::custom(format!("{name:?} is none of off, warn, refuse")))
}

fn policy<'de, D: Deserializer<'de>>(from: D) -> Result<Policy, D::Error> {
    named(&String::deserialize(from)?)
}

fn some_policy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Policy>, D::Error> {
    policy(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        policy = "warn"
        set = "base"
        [profiles]
        Observation = ["http://example.org/always"]
        [sets.base]
        Patient = ["http://example.org/plain"]
        [sets.uk-core]
        Patient = ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]
        [organisation."RXX"]
        policy = "refuse"
        set = "uk-core"
        [organisation."ryy"]
        policy = "off"
        [organisation."RZZ"]
        set = "uk-core""#;

    fn read(text: &str) -> Result<Validation, String> {
        let read: Validating = toml::from_str(text).map_err(|e| e.to_string())?;
        read.rules(" rxx ").map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn what_an_organisation_leaves_out_is_as_for_all() {
        let rules = read(RULES).unwrap();
        let told = |rule: &Rule| (rule.policy, rule.set["Patient"][0].rsplit('/').next().unwrap().to_owned());
        let of = |code: &str| told(&rules.organisations[code]);
        assert_eq!(of("RXX"), (Policy::Refuse, "UKCore-Patient".to_owned()));
        assert_eq!(of("RYY"), (Policy::Off, "plain".to_owned()));
        assert_eq!(of("RZZ"), (Policy::Warn, "UKCore-Patient".to_owned()));
        assert_eq!((rules.policy, rules.organisation.as_str()), (Policy::Warn, "RXX"));
        assert_eq!(rules.set["Patient"], ["http://example.org/plain"]);
        assert_eq!(rules.profiles["Observation"], ["http://example.org/always"]);
    }

    #[test]
    fn what_would_hold_nothing_is_refused_with_its_place() {
        for (from, to, said) in [
            ("set = \"base\"", "set = \"bass\"", "validation.set: There is no set \"bass\""),
            ("[sets.uk-core]", "[sets.uk]", "validation.organisation.RXX.set: There is no set \"uk-core\""),
            ("Observation =", "observation =", "\"observation\" is no resource type"),
            ("[\"http://example.org/always\"]", "[]", "validation.profiles.Observation: No profile is named"),
            ("http://example.org/plain", "plain", "validation.sets.base.Patient: \"plain\" is no canonical"),
            ("\"ryy\"", "\" RYY\"", "\" RYY\" is no code"),
            ("[organisation.\"ryy\"]", "[organisation.rxx]", "is there twice"),
            ("\"off\"", "\"of\"", "none of off, warn, refuse"),
            ("[sets.base]", "[set.base]", "set"),
            ("policy = \"off\"", "police = \"off\"", "police"),
        ] {
            let changed = RULES.replacen(from, to, 1);
            assert_ne!(changed, RULES);
            let refused = read(&changed).expect_err(to);
            assert!(refused.contains(said), "{to}: {refused}");
        }
    }
}

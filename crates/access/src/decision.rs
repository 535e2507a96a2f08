//! From who somebody is to what they see: the one place where marks get a meaning. The record holds every scan to
//! what comes out.
//!
//! | mark | borne by | held by |
//! |---|---|---|
//! | `org:X` | what organisation X has custody of | everyone; agreements of organisations are still to come |
//! | `unshared@X` | the same, of a patient who wants it kept there | staff of X |
//! | `sealed:T` | what team T has sealed | team T, and whom the seal is for; others when it is broken |
//! | `locked:T` | what team T has sealed and locked | team T, and whom the seal is for |
//! | `withheld:…` | what must not be told by law | nobody but the system |
//!
//! A program of the installation itself (role `system`) sees everything, and stands on the trail as such.

use crate::Role;
use record::{Marks, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The role that is held to no marks.
const SYSTEM: &str = "system";
/// Purposes of use (HL7 v3 PurposeOfUse) beyond care, which a national opt-out is about: research of every kind, and
/// marketing.
const BEYOND_CARE: &[&str] = &[
    "CLINTRCH",
    "CLINTRCHNPC",
    "CLINTRCHPC",
    "DSRCH",
    "HMARKT",
    "HRESCH",
    "POARCH",
    "PRECLINTRCH",
    "TRANSRCH",
];

/// What a patient holds of their own record: seals keep others out.
pub(crate) const OF_ONESELF: &[&str] = &["sealed:*", "locked:*"];

/// What is seen in a role, for an organisation, in these teams.
pub(crate) fn scope(role: &Role, organisation: &str, workgroups: &BTreeSet<String>) -> Scope {
    if role.name == SYSTEM {
        return role.scope();
    }
    let mut held = Marks::from(["org:*".to_owned()]);
    if !organisation.is_empty() {
        held.insert(format!("unshared@{organisation}"));
    }
    if !BEYOND_CARE.contains(&role.purpose.as_str()) {
        held.insert("optout:*".to_owned());
    }
    for team in workgroups {
        held.extend([format!("sealed:{team}"), format!("locked:{team}")]);
    }
    Scope { marks: Some(Arc::new(held)), ..role.scope() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(role: &str, organisation: &str, teams: &[&str]) -> Vec<String> {
        let teams = teams.iter().map(|team| (*team).to_owned()).collect();
        let scope = scope(Role::named(role).unwrap(), organisation, &teams);
        scope.marks.unwrap().iter().cloned().collect()
    }

    #[test]
    fn a_team_holds_its_own_seals_and_nobody_elses() {
        let all = held("doctor", "ZN9", &["ash-ward"]);
        assert_eq!(all, ["locked:ash-ward", "optout:*", "org:*", "sealed:ash-ward", "unshared@ZN9"]);
        assert_eq!(held("doctor", "", &[]), ["optout:*", "org:*"]);
    }

    #[test]
    fn only_the_installation_itself_is_held_to_no_marks() {
        for role in crate::roles() {
            let scope = scope(role, "ZN9", &BTreeSet::new());
            assert_eq!(scope.marks.is_none(), role.name == "system", "{}", role.name);
        }
    }
}

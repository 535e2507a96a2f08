//! From who somebody is, and how they stand to patients, to what they see: the one place where marks get a meaning.
//! The record holds every scan to what comes out.
//!
//! | mark | borne by | held by |
//! |---|---|---|
//! | `org:X` | what organisation X has custody of | staff of X, and of organisations that X has an agreement with |
//! | `unshared@X` | the same, of a patient who wants it kept there | staff of X |
//! | `optout:…` | the record of who wants it used for care only | whoever is here for care |
//! | `sealed:T` | what team T has sealed | team T, and whom the seal is for; others of whom it is broken |
//! | `locked:T` | what team T has sealed and locked | team T, and whom the seal is for |
//! | `withheld:T` | what the law keeps to team T | team T |
//! | `thirdparty:…` | what others told in confidence, or what would harm somebody | staff |
//! | `restricted:…` | where people are who must not be found | who has that permission, and themselves |
//!
//! A program of the installation itself (role `system`) sees everything, and stands on the trail as such.

use crate::glass::{Glass, Pane};
use crate::{Permission, Role};
use record::{Marks, Opened, Reach, Scope};
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
/// What a patient holds of their own record: these keep others out.
const OF_ONESELF: &[&str] = &["locked:*", "restricted:*", "sealed:*"];

/// How somebody stands to the record at a moment.
pub(crate) struct Standpoint<'a> {
    pub role: &'a Role,
    /// The ODS code of the organisation that they act for; empty for none.
    pub organisation: &'a str,
    pub workgroups: &'a BTreeSet<String>,
    /// What they are here for.
    pub purpose: &'a str,
    /// Other organisations that have an agreement with theirs.
    pub sharing: BTreeSet<String>,
    /// Patients whom they treat; none where nobody asks.
    pub related: Option<Arc<BTreeSet<String>>>,
    /// Whom they are, in a role that sees only its own record.
    pub oneself: Option<&'a str>,
    /// Themselves and their family, as patients.
    pub kin: BTreeSet<String>,
    /// Glass that they broke and that is still open.
    pub glass: Arc<Vec<Glass>>,
}

/// What is seen from there.
pub(crate) fn sight(from: &Standpoint<'_>) -> Scope {
    let seen = Scope { types: from.role.types.clone(), ..Scope::all() };
    if from.role.name == SYSTEM {
        return seen;
    }
    if from.role.own {
        let patients: BTreeSet<String> = from.oneself.into_iter().map(str::to_owned).collect();
        let opened = Opened { patients: patients.clone(), marks: texts(OF_ONESELF) };
        return Scope {
            marks: Some(Arc::new(texts(&["optout:*", "org:*", "unshared@*"]))),
            reach: Reach::Patients(Arc::new(patients)),
            // Who acts for somebody does not see what that person keeps to a team.
            opened: (!from.role.proxy).then(|| Arc::new(opened)),
            ..seen
        };
    }
    let through = |pane: Pane| {
        let broken = from.glass.iter().filter(move |glass| glass.pane == pane);
        broken.map(|glass| glass.patient.clone()).collect::<BTreeSet<String>>()
    };
    let (unrelated, unsealed) = (through(Pane::Relationship), through(Pane::Seal));
    let reach = match &from.related {
        None => Reach::Everyone,
        Some(related) if unrelated.is_empty() => Reach::Patients(related.clone()),
        Some(related) => Reach::Patients(Arc::new(&**related | &unrelated)),
    };
    let finds_people = from.related.is_some() && from.role.may(Permission::Trace);
    let opened = Opened { patients: unsealed, marks: texts(&["sealed:*"]) };
    Scope {
        traced: finds_people.then(|| Arc::new(BTreeSet::from(["Patient"]))),
        reach,
        // Not by glass either: somebody else looks after them.
        barred: (!from.kin.is_empty()).then(|| Arc::new(from.kin.clone())),
        marks: Some(Arc::new(held(from))),
        opened: (!opened.patients.is_empty()).then(|| Arc::new(opened)),
        ..seen
    }
}

/// The marks that are held of everyone.
fn held(from: &Standpoint<'_>) -> Marks {
    let mut held = Marks::from(["thirdparty:*".to_owned()]);
    held.extend(from.sharing.iter().map(|organisation| format!("org:{organisation}")));
    if !from.organisation.is_empty() {
        held.extend(["org:", "unshared@"].map(|kind| format!("{kind}{}", from.organisation)));
    }
    if !BEYOND_CARE.contains(&from.purpose) {
        held.insert("optout:*".to_owned());
    }
    for team in from.workgroups {
        held.extend(["sealed", "locked", "withheld"].map(|kind| format!("{kind}:{team}")));
    }
    held
}

fn texts(marks: &[&str]) -> Marks {
    marks.iter().map(|mark| (*mark).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Instant;

    /// A doctor of ZN9 in a team, whom nobody asks for relationships, changed as told.
    fn seen(role: &str, change: impl FnOnce(&mut Standpoint<'_>)) -> Scope {
        let role = Role::named(role).unwrap();
        let teams = BTreeSet::from(["ash-ward".to_owned()]);
        let mut from = Standpoint {
            role,
            organisation: "ZN9",
            workgroups: &teams,
            purpose: &role.purpose,
            sharing: BTreeSet::new(),
            related: None,
            oneself: None,
            kin: BTreeSet::new(),
            glass: Arc::default(),
        };
        change(&mut from);
        sight(&from)
    }

    fn marks(scope: &Scope) -> Vec<&str> {
        scope.marks.as_ref().unwrap().iter().map(String::as_str).collect()
    }

    fn patients(ids: &[&str]) -> Arc<BTreeSet<String>> {
        Arc::new(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    fn glass(pane: Pane, patient: &str) -> Glass {
        let text = String::new();
        Glass {
            id: text.clone(),
            pane,
            patient: patient.to_owned(),
            profile: text.clone(),
            reason: text.clone(),
            why: text,
            from: Instant(0),
            until: Instant(1),
        }
    }

    #[test]
    fn a_team_holds_its_own_seals_and_its_own_organisation_and_nobody_elses() {
        let scope = seen("doctor", |_| ());
        assert_eq!(
            marks(&scope),
            [
                "locked:ash-ward",
                "optout:*",
                "org:ZN9",
                "sealed:ash-ward",
                "thirdparty:*",
                "unshared@ZN9",
                "withheld:ash-ward"
            ]
        );
        assert_eq!((scope.reach, scope.traced, scope.opened), (Reach::Everyone, None, None));
    }

    #[test]
    fn an_agreement_adds_the_giver_but_not_what_a_patient_keeps_there() {
        let scope = seen("doctor", |from| from.sharing = BTreeSet::from(["ZX1".to_owned()]));
        assert!(marks(&scope).contains(&"org:ZX1") && !marks(&scope).contains(&"unshared@ZX1"));
    }

    #[test]
    fn beyond_care_who_opted_out_is_not_there() {
        let scope = seen("doctor", |from| from.purpose = "HRESCH");
        assert!(!marks(&scope).contains(&"optout:*"));
    }

    #[test]
    fn where_relationships_are_asked_for_only_related_patients_are_reached_and_people_are_found() {
        let scope = seen("doctor", |from| from.related = Some(patients(&["p"])));
        assert_eq!(scope.reach, Reach::Patients(patients(&["p"])));
        assert_eq!(scope.traced, Some(Arc::new(BTreeSet::from(["Patient"]))));
    }

    #[test]
    fn broken_glass_adds_one_patient_and_nothing_of_anyone_else() {
        let broken = Arc::new(vec![glass(Pane::Relationship, "q")]);
        let scope = seen("doctor", |from| {
            from.related = Some(patients(&["p"]));
            from.glass = broken;
        });
        assert_eq!(scope.reach, Reach::Patients(patients(&["p", "q"])));
        assert_eq!(scope.opened, None);
    }

    #[test]
    fn a_broken_seal_opens_what_is_sealed_of_one_patient_and_never_what_is_locked_or_withheld() {
        let broken = Arc::new(vec![glass(Pane::Seal, "p")]);
        let scope = seen("doctor", |from| {
            from.related = Some(patients(&["q"]));
            from.glass = broken;
        });
        let opened = scope.opened.as_ref().unwrap();
        assert_eq!((&opened.patients, &opened.marks), (&*patients(&["p"]), &texts(&["sealed:*"])));
        assert_eq!(scope.reach, Reach::Patients(patients(&["q"])), "it is no relationship");
    }

    #[test]
    fn a_patient_sees_their_own_record_also_what_is_sealed_but_not_what_is_withheld_or_of_third_parties() {
        let scope = seen("patient", |from| from.oneself = Some("p"));
        assert_eq!(scope.reach, Reach::Patients(patients(&["p"])));
        assert_eq!(marks(&scope), ["optout:*", "org:*", "unshared@*"]);
        assert_eq!(scope.opened.unwrap().marks, texts(OF_ONESELF));
        assert_eq!(seen("patient", |_| ()).reach, Reach::Patients(patients(&[])), "nobody is nobody");
    }

    #[test]
    fn oneself_and_ones_family_are_barred_whatever_glass_is_broken() {
        let broken = Arc::new(vec![glass(Pane::Relationship, "p")]);
        let scope = seen("doctor", |from| {
            from.kin = BTreeSet::from(["p".to_owned()]);
            from.glass = broken;
        });
        assert_eq!(scope.barred, Some(patients(&["p"])));
    }

    #[test]
    fn a_proxy_reaches_that_patient_and_opens_no_seal() {
        let scope = seen("proxy", |from| from.oneself = Some("p"));
        assert_eq!((scope.reach, scope.opened), (Reach::Patients(patients(&["p"])), None));
    }

    #[test]
    fn who_acts_for_no_organisation_sees_what_none_has_custody_of() {
        let scope = seen("doctor", |from| from.organisation = "");
        assert!(!marks(&scope).iter().any(|mark| mark.starts_with("org:") || mark.starts_with("unshared")));
    }

    #[test]
    fn only_the_installation_itself_is_held_to_no_marks() {
        for role in crate::roles() {
            assert_eq!(seen(&role.name, |_| ()).marks.is_none(), role.name == "system", "{}", role.name);
        }
    }
}

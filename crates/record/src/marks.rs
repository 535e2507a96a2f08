//! Marks: what a resource bears and a reader must hold to see it. The record keeps them, passes them on from what is
//! pointed at to what points at it, and holds every scan to them; what they mean is decided in access.

use crate::Refusal;
use fhir::definitions::{ParamKind, SEARCH_PARAMS};
use std::collections::BTreeSet;

/// Marks, each `kind:value`.
pub type Marks = BTreeSet<String>;

/// What a mark is laid over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The resource itself.
    Itself,
    /// All that concerns a patient, now and from now on, but not the Patient resource itself.
    Whole,
}

/// The kind of the mark of who has custody of a resource.
pub(crate) const CUSTODIAN: &str = "org:";
/// Ends a mark that takes the custodian of each resource as its value.
pub(crate) const OF_CUSTODIAN: char = '@';
/// Kinds of marks that pass from what is pointed at to what points at it.
const PASSED: &[&str] = &["sealed:", "locked:", "withheld:", "thirdparty:"];
/// Marks on one resource at most, and characters of one.
const MARKS_MAX: usize = 16;
const MARK_CHARS: usize = 100;

/// Types that say again, gather up or comment on what they point at: they bear the marks of all of it.
const GATHER: &[&str] = &[
    "AuditEvent",
    "ClinicalImpression",
    "Communication",
    "Composition",
    "DetectedIssue",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "Flag",
    "Group",
    "ImagingStudy",
    "List",
    "MeasureReport",
    "Media",
    "Provenance",
    "RiskAssessment",
    "Task",
];
/// Other types, and the parameters by which they say again what stands elsewhere.
const SAY_AGAIN: &[(&str, &str)] = &[
    ("MedicationAdministration", "request"),
    ("MedicationDispense", "prescription"),
    ("Observation", "based-on"),
    ("Observation", "derived-from"),
    ("Observation", "has-member"),
];
/// Parameters by which what happened belongs to an encounter or an episode: it bears the marks of these.
const WITHIN: &[&str] = &["context", "encounter", "episode-of-care"];
/// Who and where: a mark on one of these is about it and not about what names it.
const NOT_PASSED_BY: &[&str] =
    &["Device", "Location", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson"];

/// True when marks pass along this search parameter (by its `number` in fhir) to the resource that has it.
pub(crate) fn passes_along(param: usize) -> bool {
    let param = &SEARCH_PARAMS[param];
    if param.kind != ParamKind::Reference {
        return false;
    }
    let part_of_encounter = (param.base, param.code) == ("Encounter", "part-of");
    GATHER.contains(&param.base)
        || SAY_AGAIN.contains(&(param.base, param.code))
        || WITHIN.contains(&param.code)
        || part_of_encounter
}

/// True when resources of this type pass their marks on.
pub(crate) fn is_passed_by(kind: &str) -> bool {
    !NOT_PASSED_BY.contains(&kind)
}

/// Those of some marks that pass on.
pub(crate) fn passed(marks: &Marks) -> impl Iterator<Item = &String> {
    marks.iter().filter(|mark| PASSED.iter().any(|kind| mark.starts_with(kind)))
}

/// Marks as a column has them.
pub(crate) fn text_of(marks: &Marks) -> String {
    marks.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The reverse of [`text_of`].
pub(crate) fn marks_of(text: &str) -> Marks {
    text.split(' ').filter(|mark| !mark.is_empty()).map(str::to_owned).collect()
}

/// True when whoever holds `held` holds this mark: itself, or all of its kind as `kind:*` or `kind@*`.
pub(crate) fn holds(held: &Marks, mark: &str) -> bool {
    let of_kind = |end: usize| held.contains(&format!("{}*", &mark[..=end]));
    held.contains(mark) || mark.find([':', OF_CUSTODIAN]).is_some_and(of_kind)
}

/// What is held by both: a mark of one that the other holds, too.
pub(crate) fn held_by_both(a: &Marks, b: &Marks) -> Marks {
    let of_a = a.iter().filter(|mark| holds(b, mark));
    of_a.chain(b.iter().filter(|mark| holds(a, mark))).cloned().collect()
}

/// Refuses what is no mark.
pub(crate) fn check(marks: &Marks) -> Result<(), Refusal> {
    let is_mark = |mark: &String| {
        let plain = mark.chars().all(|c| c.is_ascii_graphic() && c != '*');
        plain && mark.len() <= MARK_CHARS && mark.split_once(':').is_some_and(|(kind, _)| !kind.is_empty())
            || plain && mark.len() <= MARK_CHARS && mark.ends_with(OF_CUSTODIAN)
    };
    if let Some(wrong) = marks.iter().find(|mark| !is_mark(mark)) {
        return Err(Refusal::invalid("", format!("{wrong:?} is no mark. Write kind:value without spaces.")));
    }
    if marks.len() > MARKS_MAX {
        return Err(Refusal::invalid("", format!("A resource bears at most {MARKS_MAX} marks.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Marks {
        marks_of(text)
    }

    #[test]
    fn a_mark_is_held_by_itself_or_by_its_kind() {
        assert!(holds(&marks("sealed:a org:x"), "sealed:a"));
        assert!(holds(&marks("sealed:*"), "sealed:a"));
        assert!(
            holds(&marks("unshared@*"), "unshared@ZN9") && !holds(&marks("unshared@ZN8"), "unshared@ZN9")
        );
        assert!(!holds(&marks("sealed:a"), "sealed:b"));
        assert!(!holds(&marks("seal:*"), "sealed:a"));
        assert_eq!(held_by_both(&marks("a:* b:1"), &marks("a:1 b:1 b:2 c:1")), marks("a:1 b:1"));
        assert_eq!(held_by_both(&marks("a:*"), &marks("a:*")), marks("a:*"));
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        for good in ["sealed:t", "unshared@", "org:RXX", "restricted:s"] {
            assert!(check(&Marks::from([good.to_owned()])).is_ok(), "{good}");
        }
        for bad in
            ["", "sealed", ":t", "sealed:a b", "sealed:*", "séaled:t", &format!("a:{}", "b".repeat(100))]
        {
            assert!(check(&Marks::from([bad.to_owned()])).is_err(), "{bad}");
        }
        assert!(check(&(0..17).map(|n| format!("a:{n}")).collect()).is_err());
    }

    #[test]
    fn marks_pass_along_what_gathers_and_what_happens_within() {
        let passes = |base: &str, code: &str| {
            let at = SEARCH_PARAMS.iter().position(|param| (param.base, param.code) == (base, code));
            passes_along(at.unwrap_or_else(|| panic!("{base} has no {code}")))
        };
        for (base, code) in SAY_AGAIN.iter().copied().chain([
            ("List", "item"),
            ("Provenance", "target"),
            ("Observation", "encounter"),
            ("MedicationDispense", "context"),
            ("Encounter", "part-of"),
            ("Encounter", "episode-of-care"),
            ("DiagnosticReport", "result"),
        ]) {
            assert!(passes(base, code), "{base}.{code}");
        }
        for (base, code) in
            [("Encounter", "diagnosis"), ("Condition", "evidence-detail"), ("Observation", "code")]
        {
            assert!(!passes(base, code), "{base}.{code}");
        }
        assert!(GATHER.iter().all(|kind| fhir::definitions::RESOURCES.contains(kind)));
    }
}

//! What was recorded of a resource, and when. A problem that is resolved now was active once, a stay that has
//! ended was going on, a medicine that was stopped was taken: of those there is an earlier form as well.

use fhir::json::Value;
use fhir::{Instant, Tree};

/// A resource as it was recorded at an instant; without one, when the history begins.
pub(super) struct Form {
    pub at: Option<Instant>,
    pub text: String,
}

/// The form of now, and the one before it if there was another.
pub(super) fn forms(resource: Value<'_>) -> (Form, Option<Form>) {
    let earlier = earlier(resource);
    let recorded = recorded(resource);
    let changed = earlier.as_ref().and_then(|(_, changed)| *changed);
    let now = Form { at: changed.or(recorded), text: resource.raw().to_owned() };
    (now, earlier.map(|(tree, _)| Form { at: recorded, text: tree.text() }))
}

/// When a resource was recorded: the first of these that it has. A birth is recorded when it happens.
fn recorded(resource: Value<'_>) -> Option<Instant> {
    const NAMES: &[&str] = &[
        "recordedDate",
        "authoredOn",
        "issued",
        "effectiveDateTime",
        "occurrenceDateTime",
        "performedDateTime",
        "recorded",
        "created",
        "date",
        "dateAsserted",
        "startDate",
        "birthDate",
    ];
    const PERIODS: &[&str] = &["period", "performedPeriod", "effectivePeriod"];
    let named = NAMES.iter().find_map(|name| instant(resource.get(name)));
    named.or_else(|| PERIODS.iter().find_map(|name| instant(resource.get(name)?.get("start"))))
}

fn instant(value: Option<Value<'_>>) -> Option<Instant> {
    let (start, _) = fhir::date::PartialDate::parse(&value?.as_str()?)?.range();
    Some(Instant(start))
}

/// What was recorded before, and when that changed.
fn earlier(resource: Value<'_>) -> Option<(Tree, Option<Instant>)> {
    let status = resource.str("status");
    match (&*resource.str("resourceType")?, status.as_deref()) {
        ("Condition", _) => {
            let ended = instant(resource.get("abatementDateTime"))?;
            let mut tree = without(resource, &["abatementDateTime"]);
            let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
            let coding = Tree::object().with("system", system).with("code", "active");
            tree.set("clinicalStatus", Tree::object().with("coding", vec![coding]));
            Some((tree, Some(ended)))
        }
        ("Encounter", Some("finished")) => {
            let ended = instant(resource.get("period")?.get("end"))?;
            let mut tree = without(resource, &["length", "hospitalization", "diagnosis"]);
            tree.set("status", "in-progress");
            tree.set("period", without(resource.get("period")?, &["end"]));
            Some((tree, Some(ended)))
        }
        ("MedicationRequest", Some("stopped" | "completed" | "on-hold")) => {
            let supply = resource.get("dispenseRequest")?;
            let period = supply.get("validityPeriod")?;
            let ended = instant(period.get("end"));
            // What is held was held in the stay that goes on now; an order that ran out has its end.
            if ended.is_none() && status.as_deref() != Some("on-hold") {
                return None;
            }
            let mut tree = without(resource, &["statusReason"]);
            tree.set("status", "active");
            let period = without(period, &["end"]);
            let mut supply = Tree::from(supply);
            supply.set("validityPeriod", period);
            tree.set("dispenseRequest", supply);
            Some((tree, Some(ended.unwrap_or(Instant(i64::MAX)))))
        }
        _ => None,
    }
}

fn without(object: Value<'_>, names: &[&str]) -> Tree {
    let kept = object.members().filter(|(name, _)| !names.contains(&&**name));
    Tree::Object(kept.map(|(name, value)| (name.into_owned(), value.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{Json, Limits};

    fn both(text: &str) -> (Form, Option<Form>) {
        forms(Json::parse(text, Limits::DOOR).unwrap().root())
    }

    #[test]
    fn a_resolved_problem_was_active_from_its_record_to_its_end() {
        let (now, before) = both(
            r#"{"resourceType":"Condition","clinicalStatus":{"coding":[{"code":"resolved"}]},"recordedDate":"2020-01-02","abatementDateTime":"2021-03-04"}"#,
        );
        let before = before.unwrap();
        assert_eq!(now.at, Instant::parse("2021-03-04T00:00:00Z"));
        assert_eq!(before.at, Instant::parse("2020-01-02T00:00:00Z"));
        assert!(before.text.contains("active") && !before.text.contains("abatement"), "{}", before.text);
    }

    #[test]
    fn what_has_not_changed_has_one_form() {
        let (now, before) = both(r#"{"resourceType":"Observation","effectiveDateTime":"2020-01-02"}"#);
        assert!(before.is_none() && now.at == Instant::parse("2020-01-02T00:00:00Z"));
    }
}

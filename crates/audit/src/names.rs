//! Whom an act is about.

use fhir::{Json, Limits, Value};

/// True when an act's detail names the patient: as `patient`, or among `patients` or `ids`.
pub fn names(detail: &str, patient: &str) -> bool {
    if !detail.contains(patient) {
        return false;
    }
    let Ok(detail) = Json::parse(detail, Limits::DOOR) else { return false };
    let detail = detail.root();
    let listed = |name: &str| detail.get(name).into_iter().flat_map(Value::each).any(|v| says(v, patient));
    listed("patient") || listed("patients") || listed("ids")
}

fn says(value: Value<'_>, patient: &str) -> bool {
    value.as_str().is_some_and(|text| text == patient || text.strip_prefix("Patient/") == Some(patient))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_about_a_patient_when_it_names_them_whole() {
        assert!(names(r#"{"patient":"p1"}"#, "p1"));
        assert!(names(r#"{"patients":["p0","p1"]}"#, "p1"));
        assert!(names(r#"{"ids":["Patient/p1"]}"#, "p1"));
        assert!(!names(r#"{"patient":"p11"}"#, "p1"));
        assert!(!names(r#"{"query":"p1"}"#, "p1"));
        assert!(!names("p1 is no JSON", "p1"));
    }
}

//! Expressions, and the filters they become.

use super::super::tests::{parse_pair, show};
use super::{FILTER_DEPTH_MAX, FILTER_TERMS_MAX};

fn parsed(kind: &str, text: &str) -> String {
    let query = parse_pair(kind, "_filter", text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    show(&query.filters[0])
}

fn refused(kind: &str, text: &str) -> String {
    match parse_pair(kind, "_filter", text) {
        Ok(query) => panic!("{text}: {query:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn an_expression_becomes_the_filters_of_a_query() {
    for (kind, text, wanted) in [
        ("Patient", r#"given eq "Peter""#, "Patient.given Same \"peter\""),
        (
            "Patient",
            r#"family ew "son" and birthdate po 2014"#,
            "Patient.family Ends \"son\" AND Patient.birthdate",
        ),
        ("Patient", "gender ne male", "Patient.gender other *|male"),
        ("Patient", "active pr false", "Patient.active missing true"),
        ("Patient", "not (_id eq a)", "NOT (id a)"),
        ("Patient", "_id ne a", "NOT (id a)"),
        ("Observation", "code eq http://loinc.org|8302-2", "Observation.code http://loinc.org|8302-2"),
        ("Observation", r#"code eq "a|b""#, "Observation.code *|a|b"),
        (
            "Observation",
            "subject:Patient.family sw \"a\"",
            "Observation.subject -> Patient (Patient.family Starts",
        ),
        (
            "Observation",
            "encounter[status eq finished].class eq AMB",
            "Observation.encounter -> Encounter (Encounter.status *|finished AND Encounter.class *|AMB)",
        ),
        (
            "Observation",
            "status eq final or status eq amended and code eq x",
            "Observation.status *|final OR Observation.status *|amended AND Observation.code *|x",
        ),
        (
            "Observation",
            "status eq final or (status eq amended and code eq x)",
            "Observation.status *|final OR Observation.status *|amended AND Observation.code *|x",
        ),
        ("Observation", "subject re Patient/p", "Observation.subject"),
        ("Observation", "value-quantity gt 5.4", "Observation.value-quantity Gt"),
    ] {
        let shown = parsed(kind, text);
        assert!(shown.starts_with(wanted), "{text}: {shown}");
    }
}

#[test]
fn what_is_no_expression_is_refused_with_a_sentence() {
    for (text, said) in [
        ("given", "no operator"),
        ("given eq", "A value is missing"),
        ("given is x", "no operator"),
        (r#"given eq "x"#, "closing quotation mark"),
        ("(given eq x", "A ) is missing"),
        ("given eq x)", "left over"),
        ("given eq x birthdate eq 2000", "left over"),
        ("nonsense eq x", "no search parameter"),
        ("gender co ma", "cannot be compared so"),
        ("family gt x", "cannot be compared so"),
        ("gender in http://a.example/v", "terminology"),
        ("general-practitioner[name eq x] eq y", "After [...]"),
        ("active pr maybe", "pr takes true or false"),
        (" and ", "no operator"),
    ] {
        let refusal = refused("Patient", text);
        assert!(refusal.contains(said), "{text}: {refusal}");
    }
}

#[test]
fn a_hostile_expression_is_refused_at_once() {
    let deep = format!("{}given eq x{}", "(".repeat(FILTER_DEPTH_MAX + 1), ")".repeat(FILTER_DEPTH_MAX + 1));
    let deeper = "(".repeat(8_000);
    let nots = format!("{}given eq x{}", "not (".repeat(1_000), ")".repeat(1_000));
    let wide = vec!["given eq x"; FILTER_TERMS_MAX + 1].join(" or ");
    let long = format!("given eq {}", "x".repeat(10_000));
    let brackets = "link[".repeat(1_000);
    for text in [&deep, &deeper, &nots, &wide, &long, &brackets] {
        let refusal = refused("Patient", text);
        assert!(!refusal.is_empty(), "{}", &text[..40]);
    }
    let forks = "patient.link.link.link.link.link.name eq x";
    assert!(refused("Observation", forks).contains("links"));
}

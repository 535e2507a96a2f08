//! Marks by example: who sees what when something is sealed, and after.

use super::{ANN, Desk, prepared};
use crate::{Author, Found, Marks, Opened, Over, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;

fn marks(list: &[&str]) -> Marks {
    list.iter().map(|mark| (*mark).to_owned()).collect()
}

fn holding(list: &[&str]) -> Scope {
    Scope { marks: Some(Arc::new(marks(list))), ..Scope::all() }
}

fn sees(desk: &Desk, scope: &Scope, kind: &str, id: &str) -> bool {
    matches!(desk.store.reader(scope).unwrap().read(kind, id).unwrap(), Found::Here(_))
}

fn lay(desk: &Desk, kind: &'static str, id: &'static str, over: Over, list: &[&str]) -> u64 {
    let marks = marks(list);
    desk.store.write(Author::system("test"), move |tx| tx.mark(kind, id, over, &marks)).unwrap()
}

/// A test result of Ann's, a list that names it, a letter about the list, and another result.
fn sealed() -> Desk {
    let desk = Desk::new();
    for text in [
        ANN,
        r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},
            "subject":{"reference":"Patient/ann"}}"#,
        r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"a test"},
            "subject":{"reference":"Patient/ann"},"encounter":{"reference":"Encounter/e"}}"#,
        r#"{"resourceType":"Observation","id":"p","status":"final","code":{"text":"another"},
            "subject":{"reference":"Patient/ann"}}"#,
        r#"{"resourceType":"List","id":"l","status":"current","mode":"working",
            "entry":[{"item":{"reference":"Observation/o"}}]}"#,
        r#"{"resourceType":"Composition","id":"c","status":"final","type":{"text":"Letter"},"date":"2026-01-01",
            "author":[{"reference":"Practitioner/x"}],"title":"Letter",
            "section":[{"entry":[{"reference":"List/l"}]}]}"#,
    ] {
        desk.put(text);
    }
    desk
}

#[test]
fn what_is_sealed_is_there_only_for_who_holds_the_seal_and_so_is_all_that_says_it_again() {
    let desk = sealed();
    let (inside, outside) = (holding(&["sealed:t"]), holding(&[]));
    assert_eq!(lay(&desk, "Observation", "o", Over::Itself, &["sealed:t"]), 3);
    for (kind, id) in [("Observation", "o"), ("List", "l"), ("Composition", "c")] {
        assert!(sees(&desk, &inside, kind, id), "{kind}");
        assert!(!sees(&desk, &outside, kind, id), "{kind}");
    }
    for (kind, id) in [("Observation", "p"), ("Patient", "ann"), ("Encounter", "e")] {
        assert!(sees(&desk, &outside, kind, id), "{kind}");
    }
    assert_eq!(lay(&desk, "Observation", "o", Over::Itself, &[]), 3);
    assert!(sees(&desk, &outside, "Composition", "c"));
    desk.sound();
}

#[test]
fn a_seal_counts_for_every_past_moment_and_for_versions_that_pointed_at_it() {
    let desk = sealed();
    desk.put(r#"{"resourceType":"List","id":"l","status":"current","mode":"working"}"#);
    let before = desk.store.now();
    lay(&desk, "Observation", "o", Over::Itself, &["locked:t"]);
    let outside = holding(&["sealed:*"]);
    let then = desk.store.reader_at(&outside, before).unwrap();
    assert_eq!(then.read("Observation", "o").unwrap(), Found::Absent);
    // The list names it no more, but its first version did.
    assert!(!sees(&desk, &outside, "List", "l"));
    desk.sound();
}

#[test]
fn what_happens_within_a_sealed_encounter_is_sealed_also_when_it_is_filed_later() {
    let desk = sealed();
    lay(&desk, "Encounter", "e", Over::Itself, &["sealed:t"]);
    let outside = holding(&[]);
    assert!(!sees(&desk, &outside, "Observation", "o"));
    desk.put(
        r#"{"resourceType":"Condition","id":"later","subject":{"reference":"Patient/ann"},
            "encounter":{"reference":"Encounter/e"}}"#,
    );
    assert!(!sees(&desk, &outside, "Condition", "later"));
    assert!(sees(&desk, &holding(&["sealed:t"]), "Condition", "later"));
    desk.sound();
}

#[test]
fn a_whole_record_is_sealed_but_for_who_the_patient_is_and_opened_for_one_patient_only() {
    let desk = sealed();
    desk.put(r#"{"resourceType":"Patient","id":"eve"}"#);
    desk.put(
        r#"{"resourceType":"Observation","id":"of-eve","status":"final","code":{"text":"a test"},
            "subject":{"reference":"Patient/eve"}}"#,
    );
    for patient in ["ann", "eve"] {
        lay(&desk, "Patient", patient, Over::Whole, &["sealed:t"]);
    }
    assert!(sees(&desk, &holding(&[]), "Patient", "ann"));
    assert!(!sees(&desk, &holding(&[]), "Observation", "p"));
    let opened = Opened { patients: BTreeSet::from(["ann".to_owned()]), marks: marks(&["sealed:*"]) };
    let glass = Scope { opened: Some(Arc::new(opened)), ..holding(&[]) };
    assert!(sees(&desk, &glass, "Observation", "p"));
    assert!(!sees(&desk, &glass, "Observation", "of-eve"));
    lay(&desk, "Observation", "p", Over::Itself, &["locked:u"]);
    assert!(!sees(&desk, &glass, "Observation", "p"), "what is locked is not opened");
    desk.sound();
}

#[test]
fn what_was_filed_under_the_wrong_patient_and_put_right_does_not_keep_that_patients_seal() {
    let desk = sealed();
    desk.put(r#"{"resourceType":"Patient","id":"eve"}"#);
    lay(&desk, "Patient", "ann", Over::Whole, &["locked:u"]);
    let of = |patient: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"slip","status":"final","code":{{"text":"a test"}},
            "subject":{{"reference":"Patient/{patient}"}}}}"#
        )
    };
    desk.put(&of("ann"));
    assert!(!sees(&desk, &holding(&[]), "Observation", "slip"));
    desk.put(&of("eve"));
    assert!(sees(&desk, &holding(&[]), "Observation", "slip"));
    lay(&desk, "Observation", "slip", Over::Itself, &["sealed:t"]);
    desk.put(&of("ann"));
    assert!(!sees(&desk, &holding(&["sealed:t"]), "Observation", "slip"), "it is Ann's after all");
    desk.put(&of("eve"));
    assert!(sees(&desk, &holding(&["sealed:t"]), "Observation", "slip"));
    assert!(!sees(&desk, &holding(&[]), "Observation", "slip"), "its own seal stays");
    desk.sound();
}

#[test]
fn organisations_see_their_own_and_what_is_shared_until_the_patient_dissents() {
    let desk = Desk::new();
    desk.put(ANN);
    let author = Author { custodian: Some("RAA".into()), ..Author::system("test") };
    let test = prepared(
        r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"a test"},
            "subject":{"reference":"Patient/ann"}}"#,
    );
    desk.store.write(author, move |tx| tx.put(test, None)).unwrap();
    let (own, agreed, other) = (
        holding(&["org:RAA", "unshared@RAA"]),
        holding(&["org:RBB", "unshared@RBB", "org:RAA"]),
        holding(&["org:RCC"]),
    );
    let seen = |desk: &Desk| [&own, &agreed, &other].map(|scope| sees(desk, scope, "Observation", "o"));
    assert_eq!(seen(&desk), [true, true, false]);
    lay(&desk, "Patient", "ann", Over::Whole, &["unshared@"]);
    assert_eq!(seen(&desk), [true, false, false]);
    // Whoever changes it, whose it is stays.
    desk.put(
        r#"{"resourceType":"Observation","id":"o","status":"amended","code":{"text":"a test"},
            "subject":{"reference":"Patient/ann"}}"#,
    );
    assert_eq!(seen(&desk), [true, false, false]);
    lay(&desk, "Patient", "ann", Over::Whole, &[]);
    assert_eq!(seen(&desk), [true, true, false]);
    desk.sound();
}

#[test]
fn marks_are_laid_only_on_what_the_author_sees_and_with_the_command_or_not_at_all() {
    let desk = sealed();
    lay(&desk, "Observation", "o", Over::Itself, &["sealed:t"]);
    let outside = Author { scope: holding(&[]), ..Author::system("test") };
    let seal = marks(&["sealed:u"]);
    let mine = seal.clone();
    let refused =
        desk.store.write(outside.clone(), move |tx| tx.mark("Observation", "o", Over::Itself, &mine));
    assert_eq!(refused.unwrap_err().kind, crate::Kind::NotFound);
    let refused = desk.store.write(Author::system("test"), move |tx| {
        tx.mark("Observation", "p", Over::Itself, &seal)?;
        assert!(matches!(tx.read("Observation", "p")?, Found::Here(_)));
        Err::<(), _>(crate::Refusal::invalid("", "No."))
    });
    assert!(refused.is_err());
    assert!(sees(&desk, &holding(&[]), "Observation", "p"));
    let wrong = desk.store.write(Author::system("test"), |tx| {
        tx.mark("Observation", "p", Over::Whole, &Marks::from(["a:b".to_owned()]))
    });
    assert_eq!(wrong.unwrap_err().kind, crate::Kind::Invalid);
    desk.sound();
}

#[test]
fn another_node_holds_to_marks_at_once_and_files_by_them() {
    let desk = sealed();
    let other = crate::Store::open(super::place(&desk.home), crate::Options::default()).unwrap();
    lay(&desk, "Encounter", "e", Over::Itself, &["sealed:t"]);
    let outside = holding(&[]);
    let read = |kind: &str, id: &str| other.reader(&outside).unwrap().read(kind, id).unwrap();
    assert_eq!(read("Encounter", "e"), Found::Absent);
    let later = prepared(
        r#"{"resourceType":"Condition","id":"later","subject":{"reference":"Patient/ann"},
            "encounter":{"reference":"Encounter/e"}}"#,
    );
    other.write(Author::system("test"), move |tx| tx.put(later, None)).unwrap();
    assert_eq!(read("Condition", "later"), Found::Absent);
    assert!(!sees(&desk, &outside, "Condition", "later"));
    drop(other);
    desk.sound();
}

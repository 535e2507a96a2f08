mod fhirpath;
mod xml;

use super::*;
use crate::suites;
use crate::xml::{Node, Part};
use crate::{Json, Limits};

fn parse(text: &str) -> Json {
    Json::parse(text, Limits::FILE).unwrap()
}

/// The document after the patch, or the sentences of the refusal.
fn patched(document: &str, patch: &str) -> Result<String, String> {
    let (document, patch) = (parse(document), parse(patch));
    json_patch(document.root(), patch.root()).map(|tree| tree.text()).map_err(|refusal| refusal.to_string())
}

fn check(document: &str, patch: &str, expected: &str) {
    assert_eq!(patched(document, patch).as_deref(), Ok(expected), "{patch}");
}

fn refused(document: &str, patch: &str, reason: &str) {
    let expected = format!("Operation 0 of the patch cannot be done: {reason}. Nothing has been changed.");
    assert_eq!(patched(document, patch), Err(expected), "{patch}");
}

#[test]
fn each_operation_does_what_it_says() {
    check(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":{"c":null}}]"#, r#"{"a":1,"b":{"c":null}}"#);
    check(r#"{"a":1}"#, r#"[{"op":"add","path":"/a","value":2.50}]"#, r#"{"a":2.50}"#);
    check(r#"{"a":[1,3]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, r#"{"a":[1,2,3]}"#);
    check(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, r#"{"a":[1,2]}"#);
    check(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":[2]}]"#, r#"{"a":[1,[2]]}"#);
    check(r#"{"a":1}"#, r#"[{"op":"add","path":"","value":[]}]"#, "[]");
    check(r#"{"a":1,"b":2}"#, r#"[{"op":"remove","path":"/a"}]"#, r#"{"b":2}"#);
    check(r#"{"a":[1,2,3]}"#, r#"[{"op":"remove","path":"/a/1"}]"#, r#"{"a":[1,3]}"#);
    check(
        r#"{"a":{"b":1},"c":2}"#,
        r#"[{"op":"replace","path":"/a/b","value":"x"}]"#,
        r#"{"a":{"b":"x"},"c":2}"#,
    );
    check(r#"{"a":[1]}"#, r#"[{"op":"replace","path":"","value":{"b":1}}]"#, r#"{"b":1}"#);
    check(r#"{"a":{"b":1}}"#, r#"[{"op":"move","from":"/a/b","path":"/c"}]"#, r#"{"a":{},"c":1}"#);
    check(r#"{"a":[1,2,3]}"#, r#"[{"op":"move","from":"/a/0","path":"/a/2"}]"#, r#"{"a":[2,3,1]}"#);
    check(r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#, r#"{"a":1}"#);
    check(r#"{"a":{"b":1}}"#, r#"[{"op":"copy","from":"/a","path":"/a/c"}]"#, r#"{"a":{"b":1,"c":{"b":1}}}"#);
    check(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1,"more":"is ignored"}]"#, r#"{"a":1}"#);
    check(r#"{"a":1}"#, "[]", r#"{"a":1}"#);
}

#[test]
fn pointers_are_unescaped() {
    let document = r#"{"a/b":1,"m~n":2,"":3,"~1":4}"#;
    check(document, r#"[{"op":"test","path":"/a~1b","value":1}]"#, document);
    check(document, r#"[{"op":"test","path":"/m~0n","value":2}]"#, document);
    check(document, r#"[{"op":"test","path":"/","value":3}]"#, document);
    check(document, r#"[{"op":"test","path":"/~01","value":4}]"#, document);
    refused(
        document,
        r#"[{"op":"test","path":"/a~","value":1}]"#,
        "in a JSON pointer ~ must be followed by 0 or 1",
    );
    refused(
        document,
        r#"[{"op":"test","path":"/a~2","value":1}]"#,
        "in a JSON pointer ~ must be followed by 0 or 1",
    );
    refused(
        document,
        r#"[{"op":"test","path":"a","value":1}]"#,
        "a JSON pointer must be empty or begin with /",
    );
    refused(document, r#"[{"op":"remove","path":"/x~1y"}]"#, "there is nothing at \"/x~1y\"");
}

#[test]
fn tests_compare_by_value() {
    let same = [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0", "-0.0"),
        ("1.50", "15E-1"),
        ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"),
    ];
    for (a, b) in same {
        assert!(
            patched(&format!("[{a}]"), &format!(r#"[{{"op":"test","path":"/0","value":{b}}}]"#)).is_ok(),
            "{a}"
        );
    }
    let other = [
        ("1", "\"1\""),
        ("10", "1"),
        ("1", "-1"),
        ("0", "null"),
        ("[1,2]", "[2,1]"),
        ("{\"a\":1}", "{\"a\":1,\"b\":1}"),
    ];
    for (a, b) in other {
        refused(
            &format!("[{a}]"),
            &format!(r#"[{{"op":"test","path":"/0","value":{b}}}]"#),
            "the test failed, there is another value at \"/0\"",
        );
    }
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let document = r#"{"a":[1],"b":"text"}"#;
    let cases = [
        (r#"{"op":"add","path":"/x/y","value":1}"#, "there is nothing at \"/x\""),
        (r#"{"op":"add","path":"/a/2","value":1}"#, "\"/a\" has 1 items, so none can be put at 2"),
        (r#"{"op":"add","path":"/a/01","value":1}"#, "\"01\" in \"/a/01\" is no index of an array"),
        (r#"{"op":"add","path":"/a/+1","value":1}"#, "\"+1\" in \"/a/+1\" is no index of an array"),
        (r#"{"op":"add","path":"/a/","value":1}"#, "\"\" in \"/a/\" is no index of an array"),
        (r#"{"op":"add","path":"/b/c","value":1}"#, "\"/b\" is neither an object nor an array"),
        (r#"{"op":"remove","path":"/c"}"#, "there is nothing at \"/c\""),
        (r#"{"op":"remove","path":"/a/1"}"#, "there is nothing at \"/a/1\""),
        (r#"{"op":"remove","path":"/a/-"}"#, "there is nothing at \"/a/-\""),
        (r#"{"op":"remove","path":""}"#, "the whole resource cannot be removed"),
        (r#"{"op":"replace","path":"/c","value":1}"#, "there is nothing at \"/c\""),
        (r#"{"op":"move","from":"/a","path":"/a/0"}"#, "\"/a\" cannot be moved into itself"),
        (r#"{"op":"move","from":"/c","path":"/d"}"#, "there is nothing at \"/c\""),
        (r#"{"op":"copy","from":"/b/c","path":"/d"}"#, "there is nothing at \"/b/c\""),
        (r#"{"op":"test","path":"/c","value":null}"#, "there is nothing at \"/c\""),
        (r#"{"op":"add","path":"/c"}"#, "it needs \"value\""),
        (r#"{"op":"add","value":1}"#, "it needs \"path\", a JSON pointer as text"),
        (r#"{"op":"copy","path":"/c"}"#, "it needs \"from\", a JSON pointer as text"),
        (r#"{"path":"/c"}"#, "it needs \"op\", as text"),
        (r#"{"op":"spam","path":"/c"}"#, "\"op\" must be one of add, remove, replace, move, copy and test"),
        (r#""add""#, "it needs \"op\", as text"),
    ];
    for (operation, reason) in cases {
        refused(document, &format!("[{operation}]"), reason);
    }
    assert_eq!(patched(document, "{}"), Err("A JSON Patch must be an array of operations.".to_owned()));
}

#[test]
fn malformed_operations_are_all_told_at_once_and_before_any_is_done() {
    let patch = r#"[{"op":"remove","path":"/none"},{"op":"add","path":"/b"},{"op":"x"}]"#;
    let refusal = json_patch(parse("{}").root(), parse(patch).root()).unwrap_err();
    let told: Vec<_> = refusal.issues.iter().map(|i| i.text.split(" of the").next().unwrap()).collect();
    assert_eq!(told, ["Operation 1", "Operation 2"]);
}

#[test]
fn a_later_operation_that_fails_is_named() {
    let patch = r#"[{"op":"add","path":"/b","value":1},{"op":"test","path":"/b","value":2}]"#;
    assert!(
        patched("{}", patch)
            .unwrap_err()
            .starts_with("Operation 1 of the patch cannot be done: the test failed")
    );
}

#[test]
fn a_patch_cannot_blow_a_resource_up() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let inwards = format!(r#"[{{"op":"copy","from":"/a","path":"/a{}"}}]"#, "/0".repeat(39));
    refused(&deep, &inwards, "it makes the resource deeper than 64");
    let wide = format!("{{\"a\":[{}],\"b\":[]}}", vec!["1"; 1000].join(","));
    let copies = vec![r#"{"op":"copy","from":"/a","path":"/b/-"}"#; 1000].join(",");
    let told = patched(&wide, &format!("[{copies}]")).unwrap_err();
    assert!(told.starts_with("Operation 999 of the patch cannot be done: it makes the resource too large"));
    let many = format!("[{}]", vec![r#"{"op":"test","path":"","value":{}}"#; OPERATIONS_MAX + 1].join(","));
    let refusal = json_patch(parse("{}").root(), parse(&many).root()).unwrap_err();
    assert_eq!(refusal.kind, crate::Kind::TooLarge);
}

#[test]
fn the_published_cases_give_what_they_should() {
    let Some(folder) = suites::folder("fhir-patch") else { return };
    let cases = parse(&std::fs::read_to_string(folder.join("json-patch-tests.json")).unwrap());
    assert!(cases.root().items().count() > 10);
    let mut outcomes = Outcomes::of("fhir-patch json");
    for case in cases.root().items() {
        let outcome = json_patch(case.get("doc").unwrap(), case.get("patch").unwrap());
        let right = match (outcome, case.get("expected")) {
            (Ok(tree), Some(expected)) => same(&tree, &expected.into()),
            (outcome, _) => outcome.is_err() == case.get("error").is_some(),
        };
        outcomes.note(&case.str("comment").unwrap_or_default(), right, &format!("{case:?}"));
    }
    outcomes.end(&[]);
}

/// How the cases of a suite went.
struct Outcomes {
    suite: &'static str,
    passed: usize,
    /// Name and what happened.
    failed: Vec<(String, String)>,
}

impl Outcomes {
    fn of(suite: &'static str) -> Outcomes {
        Outcomes { suite, passed: 0, failed: Vec::new() }
    }

    fn note(&mut self, name: &str, right: bool, what: &str) {
        match right {
            true => self.passed += 1,
            false => self.failed.push((name.to_owned(), what.to_owned())),
        }
    }

    /// Fails unless the cases that failed are the known ones, each with a reason.
    fn end(self, known: &[(&str, &str)]) {
        println!("SUITE {}: passed {}, failed {}, skipped 0", self.suite, self.passed, self.failed.len());
        let names: Vec<_> = self.failed.iter().map(|(name, _)| name.as_str()).collect();
        let known: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, known, "{:#?}", self.failed);
    }
}

/// The cases of a suite in XML.
fn cases(file: &str) -> Vec<Part> {
    let Some(folder) = suites::folder("fhir-patch") else { return Vec::new() };
    let suite = Document::read(std::fs::read(folder.join(file)).unwrap(), Limits::FILE).unwrap();
    elements(&suite.root).cloned().collect()
}

fn elements(part: &Part) -> impl Iterator<Item = &Part> {
    part.nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        _ => None,
    })
}

fn inside<'p>(part: &'p Part, name: &str) -> Option<&'p Part> {
    elements(part).find(|element| element.local == name)
}

/// The document in the first element of the element called so.
fn document(case: &Part, name: &str) -> Option<Document> {
    let root = elements(inside(case, name)?).next()?.clone();
    Some(Document { root })
}

/// Without what says nothing: layout, declarations, the form of narratives.
fn plain(mut document: Document) -> Document {
    fn strip(part: &mut Part) {
        part.source = None;
        part.declared.clear();
        part.attributes.sort_by(|a, b| a.local.cmp(&b.local));
        for node in &mut part.nodes {
            match node {
                Node::Element(element) => strip(element),
                Node::Text(text) | Node::Comment(text) => *text = text.trim().to_owned(),
            }
        }
        part.nodes.retain(|node| *node != Node::Text(String::new()));
    }
    strip(&mut document.root);
    document
}

fn named(case: &Part) -> &str {
    &case.attributes.iter().find(|a| a.local == "name").unwrap().value
}

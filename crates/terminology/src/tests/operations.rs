//! Small value sets and code systems, all invented.

use super::compare::difference;
use super::*;

const WARDS: &str = r#"{"resourceType": "CodeSystem", "url": "http://example.org/wards", "version": "1", "status": "active",
    "content": "complete", "caseSensitive": false, "language": "en",
    "property": [{"code": "parent", "type": "code"}, {"code": "beds", "type": "integer"},
                 {"code": "closed", "uri": "http://hl7.org/fhir/concept-properties#inactive", "type": "boolean"}],
    "concept": [
        {"code": "ALL", "display": "All wards", "property": [{"code": "notSelectable", "valueBoolean": true}]},
        {"code": "ASH", "display": "Ash ward", "designation": [{"language": "cy", "value": "Ward Onnen"}],
            "property": [{"code": "parent", "valueCode": "ALL"}, {"code": "beds", "valueInteger": 12}]},
        {"code": "OAK", "display": "Oak ward for children",
            "property": [{"code": "parent", "valueCode": "ALL"}, {"code": "closed", "valueBoolean": true}]},
        {"code": "OAK1", "display": "Oak ward, bay 1", "property": [{"code": "parent", "valueCode": "OAK"}]}
    ]}"#;

/// A value set of these includes and excludes.
fn set(name: &str, compose: &str) -> String {
    format!(
        r#"{{"resourceType": "ValueSet", "url": "http://example.org/{name}", "version": "1", "status": "active",
            "compose": {compose}}}"#
    )
}

fn terminology(sets: &[String]) -> Terminology {
    let texts: Vec<&str> = sets.iter().map(String::as_str).chain([WARDS]).collect();
    Terminology::new(vec![Arc::new(Resources::of(&texts))])
}

/// The codes of an expansion, those within others in brackets.
fn codes(tree: &Tree) -> String {
    let Some(Tree::Array(all)) = tree.get("contains") else { return String::new() };
    let one = |item: &Tree| {
        let code = item.get("code").and_then(Tree::as_text).unwrap();
        match codes(item).as_str() {
            "" => code.to_owned(),
            inner => format!("{code}({inner})"),
        }
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn expand(terminology: &Terminology, pairs: &[(&str, &str)]) -> String {
    match ask(terminology, "ValueSet", "expand", pairs) {
        Ok(tree) => codes(tree.get("expansion").unwrap()),
        Err(refused) => format!("refused: {}", refused.issues[0].code),
    }
}

#[test]
fn filters_choose_by_place_and_by_property() {
    let check = |property: &str, op: &str, value: &str, expected: &str| {
        let filter = format!(r#"{{"property": "{property}", "op": "{op}", "value": "{value}"}}"#);
        let compose =
            format!(r#"{{"include": [{{"system": "http://example.org/wards", "filter": [{filter}]}}]}}"#);
        let terminology = terminology(&[set("some", &compose)]);
        let got = expand(&terminology, &[("url", "http://example.org/some"), ("excludeNested", "true")]);
        assert_eq!(got, expected, "{property} {op} {value}");
    };
    check("concept", "is-a", "OAK", "OAK OAK1");
    check("concept", "is-a", "oak", "OAK OAK1");
    check("concept", "descendent-of", "ALL", "ASH OAK OAK1");
    check("concept", "child-of", "ALL", "ASH OAK");
    check("concept", "descendent-leaf", "ALL", "ASH OAK1");
    check("concept", "is-not-a", "OAK", "ALL ASH");
    check("concept", "generalizes", "OAK1", "ALL OAK OAK1");
    check("concept", "in", "ash, oak1", "ASH OAK1");
    check("code", "regex", "OAK.?", "OAK OAK1");
    check("code", "regex", "AK", "");
    check("code", "regex", "(", "refused: invalid");
    check("parent", "=", "OAK", "OAK1");
    check("child", "exists", "true", "ALL OAK");
    check("beds", "=", "12", "ASH");
    check("beds", "exists", "false", "ALL OAK OAK1");
    check("inactive", "=", "true", "OAK");
    check("inactive", "=", "false", "ALL ASH OAK1");
    check("notSelectable", "not-in", "true", "ASH OAK OAK1");
    check("storey", "=", "2", "refused: invalid");
    check("beds", "is-a", "12", "refused: not-supported");
}

#[test]
fn an_expansion_is_nested_paged_searched_and_shortened() {
    let all = set("all", r#"{"include": [{"system": "http://example.org/wards"}]}"#);
    let terminology = terminology(&[all]);
    let check = |pairs: &[(&str, &str)], expected: &str| {
        let pairs: Vec<_> =
            [("url", "http://example.org/all")].into_iter().chain(pairs.iter().copied()).collect();
        assert_eq!(expand(&terminology, &pairs), expected, "{pairs:?}");
    };
    check(&[], "ALL(ASH OAK(OAK1))");
    check(&[("excludeNested", "true")], "ALL ASH OAK OAK1");
    check(&[("count", "2")], "ALL ASH");
    check(&[("count", "2"), ("offset", "2")], "OAK OAK1");
    check(&[("offset", "9")], "");
    check(&[("count", "0")], "");
    check(&[("activeOnly", "true")], "ALL(ASH) OAK1");
    // The words of the text in any order, each by its beginning, the shortest name first.
    check(&[("filter", "war oak")], "OAK1 OAK");
    check(&[("filter", "onnen")], "ASH");
    check(&[("filter", "elm")], "");
    check(&[("count", "two")], "refused: invalid");
    check(&[("offset", "18446744073709551615")], "refused: invalid");
    check(&[("activeOnly", "perhaps")], "refused: invalid");
}

#[test]
fn a_value_set_is_what_is_included_less_what_is_excluded() {
    let wards = |rest: &str| format!(r#"{{"system": "http://example.org/wards"{rest}}}"#);
    let listed = wards(r#", "concept": [{"code": "ASH"}, {"code": "OAK"}, {"code": "ELM"}]"#);
    let import = r#"{"valueSet": ["http://example.org/two", "http://example.org/under"]}"#;
    let under = wards(r#", "filter": [{"property": "concept", "op": "is-a", "value": "OAK"}]"#);
    let gone = wards(r#", "concept": [{"code": "OAK1"}]"#);
    let foreign =
        r#"{"system": "http://example.org/elsewhere", "concept": [{"code": "X", "display": "Ten"}]}"#;
    let terminology = terminology(&[
        set("two", &format!(r#"{{"include": [{listed}]}}"#)),
        set("under", &format!(r#"{{"include": [{under}]}}"#)),
        set("both", &format!(r#"{{"include": [{import}]}}"#)),
        set("less", &format!(r#"{{"include": [{}], "exclude": [{gone}, {import}]}}"#, wards(""))),
        set(
            "within",
            &format!(r#"{{"include": [{}]}}"#, wards(r#", "valueSet": ["http://example.org/two"]"#)),
        ),
        set("open", &format!(r#"{{"inactive": false, "include": [{}]}}"#, wards(""))),
        set(
            "opened",
            r#"{"include": [{"valueSet": ["http://example.org/two", "http://example.org/open"]}]}"#,
        ),
        set("mixed", &format!(r#"{{"include": [{listed}, {foreign}, {listed}]}}"#)),
        set("self", r#"{"include": [{"valueSet": ["http://example.org/self"]}]}"#),
        set("lost", r#"{"include": [{"valueSet": ["http://example.org/nowhere"]}]}"#),
        set("foreign", r#"{"include": [{"system": "http://example.org/elsewhere"}]}"#),
    ]);
    let check = |name: &str, expected: &str| {
        let url = format!("http://example.org/{name}");
        assert_eq!(expand(&terminology, &[("url", &url), ("excludeNested", "true")]), expected, "{name}");
    };
    // What a list has and its system has not is left out.
    check("two", "ASH OAK");
    check("both", "OAK");
    check("less", "ALL ASH");
    check("within", "ASH OAK");
    // What is active only stays so where it is imported.
    check("open", "ALL ASH OAK1");
    check("opened", "ASH");
    // A list of a system that is not here stands as it is; twice is once.
    check("mixed", "ASH OAK X");
    check("self", "refused: processing");
    check("lost", "refused: not-found");
    check("foreign", "refused: not-found");
    check("none", "refused: not-found");
}

#[test]
fn value_sets_that_import_each_other_over_and_over_are_refused() {
    let doubled = |n: usize| {
        let import = format!(r#"{{"valueSet": ["http://example.org/v{}"]}}"#, n + 1);
        set(&format!("v{n}"), &format!(r#"{{"include": [{import}, {import}]}}"#))
    };
    let mut sets: Vec<String> = (0..28).map(doubled).collect();
    sets.push(set("v28", r#"{"include": [{"system": "http://example.org/wards"}]}"#));
    let terminology = terminology(&sets);
    assert_eq!(expand(&terminology, &[("url", "http://example.org/v0")]), "refused: too-costly");
    assert_eq!(expand(&terminology, &[("url", "http://example.org/v20")]), "ALL ASH OAK OAK1");
}

#[test]
fn a_code_system_can_be_left_out_of_an_expansion() {
    let foreign = r#"{"system": "http://example.org/elsewhere", "concept": [{"code": "X"}]}"#;
    let compose = format!(r#"{{"include": [{{"system": "http://example.org/wards"}}, {foreign}]}}"#);
    let terminology = terminology(&[set("mixed", &compose)]);
    let check = |excluded: &str, expected: &str| {
        let pairs = [("url", "http://example.org/mixed"), ("exclude-system", excluded)];
        assert_eq!(expand(&terminology, &pairs), expected, "{excluded}");
    };
    check("http://example.org/wards", "X");
    check("http://example.org/wards|1", "X");
    check("http://example.org/wards|2", "ALL ASH OAK OAK1 X");
    check("http://example.org/elsewhere", "ALL ASH OAK OAK1");
}

#[test]
fn a_search_finds_what_a_filter_allows_however_many_others_there_are() {
    let filters = r#""filter": [{"property": "concept", "op": "is-a", "value": "OAK"},
        {"property": "inactive", "op": "=", "value": "false"}]"#;
    let compose = format!(r#"{{"include": [{{"system": "http://example.org/wards", {filters}}}]}}"#);
    // All have the word, and the limit is below their number.
    let terminology = terminology(&[set("oak", &compose)]).with_limit(2);
    assert_eq!(expand(&terminology, &[("url", "http://example.org/oak"), ("filter", "ward")]), "OAK1");
}

#[test]
fn a_code_of_another_version_than_the_value_set_has_is_not_in_it() {
    let compose = r#"{"include": [{"system": "http://example.org/wards", "version": "1"}]}"#;
    let terminology = terminology(&[set("one", compose)]);
    let validate = |version: &str| {
        let pairs = [
            ("url", "http://example.org/one"),
            ("system", "http://example.org/wards"),
            ("systemVersion", version),
            ("code", "ASH"),
        ];
        ask(&terminology, "ValueSet", "validate-code", &pairs).unwrap().text()
    };
    assert!(validate("1").contains(r#""name":"result","valueBoolean":true"#));
    let other = validate("2");
    assert!(
        other.contains("VALUESET_VALUE_MISMATCH") && other.contains("UNKNOWN_CODESYSTEM_VERSION"),
        "{other}"
    );
}

#[test]
fn a_value_set_may_be_the_whole_body_beside_a_query() {
    let terminology = terminology(&[]);
    let body = json(&set("body", r#"{"include": [{"system": "http://example.org/wards"}]}"#));
    let parameters = json(&crate::parameters([("count", "1")], Some(body.root())).text());
    let request = Request {
        operation: "expand",
        kind: Some("ValueSet"),
        instance: None,
        parameters: Some(parameters.root()),
        languages: None,
        now: Instant(0),
    };
    let tree = terminology.operation(&request).unwrap();
    assert_eq!(codes(tree.get("expansion").unwrap()), "ALL");
    // At an instance the resource is that of the address.
    let request = Request { instance: Some(body.root()), parameters: None, ..request };
    let tree = terminology.operation(&request).unwrap();
    assert_eq!(codes(tree.get("expansion").unwrap()), "ALL(ASH OAK(OAK1))");
}

#[test]
fn a_value_set_that_was_published_as_an_expansion_has_its_codes() {
    let stored = r#"{"resourceType": "ValueSet", "url": "http://example.org/stored", "status": "active",
        "expansion": {"timestamp": "2026-01-01", "contains": [
            {"system": "http://example.org/wards", "code": "ALL", "abstract": true, "contains": [
                {"system": "http://example.org/wards", "code": "ASH"}]},
            {"system": "http://example.org/elsewhere", "code": "X", "display": "Ten"}]}}"#;
    let terminology = terminology(&[stored.to_owned()]);
    assert_eq!(expand(&terminology, &[("url", "http://example.org/stored")]), "ASH X");
}

/// The answer to a validation in the value set of all wards.
fn validate(pairs: &[(&str, &str)]) -> String {
    let all = set("all", r#"{"include": [{"system": "http://example.org/wards"}]}"#);
    let fixed = [("url", "http://example.org/all"), ("system", "http://example.org/wards")];
    let pairs: Vec<_> = fixed.into_iter().chain(pairs.iter().copied()).collect();
    ask(&terminology(&[all]), "ValueSet", "validate-code", &pairs).unwrap().text()
}

const IS: &str = r#""name":"result","valueBoolean":true"#;

#[test]
fn a_code_that_only_groups_others_can_be_refused() {
    assert!(validate(&[("code", "ALL")]).contains(IS));
    let refused = validate(&[("code", "ALL"), ("abstract", "false")]);
    assert!(!refused.contains(IS) && refused.contains("ABSTRACT_CODE_NOT_ALLOWED"), "{refused}");
}

#[test]
fn displays_are_looked_at_in_the_language_that_is_wanted() {
    let check = |display: &str, languages: &str, right: bool| {
        let got = validate(&[("code", "ASH"), ("display", display), ("displayLanguage", languages)]);
        assert_eq!(got.contains(IS), right, "{display} {languages}: {got}");
    };
    check("Ash ward", "en", true);
    check("ASH WARD", "en-GB", true);
    check("Ward Onnen", "cy", true);
    check("Ward Onnen", "cy-GB", true);
    check("Ash ward", "cy", false);
    check("Ash ward", "cy, en;q=0.5", true);
    check("Elm ward", "en", false);
    // Nothing is known in Dutch, so the usual name will do.
    check("Ash ward", "nl", true);
    check("Elm ward", "nl", false);
}

#[test]
fn a_batch_has_a_limit() {
    let one = r#"{"name": "validation", "resource": {"resourceType": "Parameters"}}"#;
    let all = vec![one; 1_001].join(",");
    let parameters = json(&format!(r#"{{"resourceType": "Parameters", "parameter": [{all}]}}"#));
    let refused = terminology(&[]).operation(&Request {
        operation: "batch-validate-code",
        kind: Some("ValueSet"),
        instance: None,
        parameters: Some(parameters.root()),
        languages: None,
        now: Instant(0),
    });
    assert_eq!(refused.unwrap_err().text(), "Send at most 1000 validations at once, not 1001.");
}

#[test]
fn versions_are_those_that_are_asked_for() {
    let newer = WARDS.replace(r#""version": "1""#, r#""version": "2""#).replace("Ash ward", "Ash unit");
    let one = r#"{"include": [{"system": "http://example.org/wards", "version": "1", "concept": [{"code": "ASH"}]}]}"#;
    let free = one.replace(r#""version": "1", "#, "");
    let texts = [newer, WARDS.to_owned(), set("one", one), set("free", &free)];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let terminology = Terminology::new(vec![Arc::new(Resources::of(&texts))]);
    let check = |set: &str, pairs: &[(&str, &str)], expected: &str| {
        let url = format!("http://example.org/{set}");
        let pairs: Vec<_> = [("url", url.as_str())].into_iter().chain(pairs.iter().copied()).collect();
        let got = match ask(&terminology, "ValueSet", "expand", &pairs) {
            Ok(tree) => tree.text(),
            Err(refused) => refused.issues[0].code.to_owned(),
        };
        assert!(got.contains(expected), "{set} {pairs:?}: {got}");
    };
    check("free", &[], "Ash unit");
    check("one", &[], "Ash ward");
    check("free", &[("system-version", "http://example.org/wards|1")], "Ash ward");
    check("one", &[("system-version", "http://example.org/wards|2")], "Ash ward");
    check("one", &[("force-system-version", "http://example.org/wards|2")], "Ash unit");
    check("one", &[("check-system-version", "http://example.org/wards|2")], "exception");
    check("free", &[("check-system-version", "http://example.org/wards|2")], "Ash unit");
}

#[test]
fn the_same_expansion_has_the_same_identifier() {
    let all = set("all", r#"{"include": [{"system": "http://example.org/wards"}]}"#);
    let terminology = terminology(&[all]);
    let identifier = |count: &str| {
        let pairs = [("url", "http://example.org/all"), ("count", count)];
        let tree = ask(&terminology, "ValueSet", "expand", &pairs).unwrap();
        tree.get("expansion").unwrap().get("identifier").and_then(Tree::as_text).unwrap().to_owned()
    };
    assert_eq!(identifier("1"), identifier("1"));
    assert_ne!(identifier("1"), identifier("2"));
    assert_eq!(identifier("1").len(), "urn:uuid:12345678-1234-8234-8234-123456789012".len());
}

#[test]
fn what_changed_is_seen_after_it_is_said() {
    struct Changing(std::sync::Mutex<String>);
    impl Source for Changing {
        fn find(&self, kind: &str, url: &str, _version: Option<&str>) -> Option<Arc<Json>> {
            let text = self.0.lock().unwrap().clone();
            (kind == "CodeSystem" && url == "http://example.org/wards").then(|| Arc::new(json(&text)))
        }
    }
    use fhir::codes::{Coded, Codes};
    let source = Arc::new(Changing(std::sync::Mutex::new(WARDS.to_owned())));
    let terminology = Terminology::new(vec![source.clone()]);
    let known = || {
        let system = Some("http://example.org/wards");
        terminology.known(Coded { system, code: "ELM", ..Coded::default() }).is
    };
    assert_eq!(known(), Some(false));
    *source.0.lock().unwrap() = WARDS.replace("OAK1", "ELM");
    terminology.forget();
    assert_eq!(known(), Some(true));
}

#[test]
fn requests_that_cannot_be_understood_are_refused() {
    let terminology = terminology(&[]);
    let check = |kind: &str, operation: &str, pairs: &[(&str, &str)], expected: &str| {
        let refused = ask(&terminology, kind, operation, pairs).unwrap_err();
        assert_eq!(refused.issues[0].code, expected, "{operation}: {}", refused.text());
        assert!(refused.outcome().text().contains(expected));
    };
    check("ValueSet", "expand", &[], "invalid");
    check("ValueSet", "find-matches", &[], "not-supported");
    check("CodeSystem", "expand", &[], "not-supported");
    check("CodeSystem", "lookup", &[("code", "ASH")], "invalid");
    check("CodeSystem", "lookup", &[("code", "ELM"), ("system", "http://example.org/wards")], "not-found");
    check("CodeSystem", "subsumes", &[("codeA", "ASH")], "invalid");
    check("CodeSystem", "validate-code", &[("code", "ASH")], "invalid");
    check("ConceptMap", "translate", &[("url", "http://example.org/none"), ("code", "ASH")], "not-found");
}

#[test]
fn what_makes_no_sense_is_refused_or_answered_and_nothing_breaks() {
    let terminology = terminology(&[set("all", r#"{"include": [{"system": "http://example.org/wards"}]}"#)]);
    let bodies = [
        r#"{"name": "url", "valueCoding": {"code": "x"}}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "coding", "valueString": "x"}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "coding", "valueCoding": {}}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "code", "valueInteger": 7}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "codeableConcept", "valueCodeableConcept": {"coding": [7, {}]}}"#,
        r#"{"name": "valueSet", "resource": {"resourceType": "Patient"}}, {"name": "code", "valueCode": "x"}"#,
        r##"{"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": {"include": [{"filter": [{}]}, {"system": 1}, {"valueSet": ["", "#", 2]}]}}}"##,
        r##"{"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": {"include": [{"valueSet": ["#a"]}]}, "contained": [{"resourceType": "ValueSet", "id": "a", "compose": {"include": [{"valueSet": ["#a"]}]}}]}}"##,
        r#"{"name": "tx-resource", "resource": {"resourceType": "CodeSystem", "url": "u:", "concept": [{"code": "a", "property": [{"code": "parent", "valueCode": "b"}]}, {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}, {}, {"code": 7}]}}, {"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": {"include": [{"system": "u:", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]}]}}}, {"name": "system", "valueUri": "u:"}, {"name": "code", "valueCode": "b"}, {"name": "codeA", "valueCode": "a"}, {"name": "codeB", "valueCode": "b"}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "offset", "valueInteger": 18446744073709551615}, {"name": "count", "valueInteger": 18446744073709551615}"#,
        r#"{"name": "url", "valueUri": "http://example.org/all"}, {"name": "count", "valueInteger": -1}"#,
        r#"{"name": "url", "valueUri": "http://snomed.info/sct?fhir_vs=ecl/%F0%9"}"#,
        r#"{"name": 7}, {}, 7"#,
    ];
    for body in bodies {
        let parameters = json(&format!(r#"{{"resourceType": "Parameters", "parameter": [{body}]}}"#));
        for (kind, operation) in [
            ("ValueSet", "expand"),
            ("ValueSet", "validate-code"),
            ("CodeSystem", "validate-code"),
            ("CodeSystem", "lookup"),
            ("CodeSystem", "subsumes"),
            ("ConceptMap", "translate"),
            ("ValueSet", "batch-validate-code"),
        ] {
            for instance in [None, Some(parameters.root())] {
                let answer = terminology.operation(&Request {
                    operation,
                    kind: Some(kind),
                    instance,
                    parameters: Some(parameters.root()),
                    languages: Some("*;q=x,,;;,en-;q=9"),
                    now: Instant(0),
                });
                assert!(answer.is_ok() || !answer.unwrap_err().issues.is_empty(), "{operation} {body}");
            }
        }
    }
}

#[test]
fn a_bare_code_is_of_the_system_that_the_value_set_names() {
    let all = set("all", r#"{"include": [{"system": "http://example.org/wards"}]}"#);
    let terminology = terminology(&[all]);
    let validate = |code: &str| {
        let pairs = [("url", "http://example.org/all"), ("code", code), ("inferSystem", "true")];
        ask(&terminology, "ValueSet", "validate-code", &pairs).unwrap().text()
    };
    let known = validate("ash");
    assert!(known.contains(r#""name":"result","valueBoolean":true"#), "{known}");
    assert!(known.contains(r#""valueUri":"http://example.org/wards""#), "{known}");
    let unknown = validate("ELM");
    assert!(unknown.contains("UNABLE_TO_INFER_CODESYSTEM"), "{unknown}");
}

#[test]
fn a_map_says_what_becomes_of_codes_that_it_does_not_list() {
    let map = |name: &str, unmapped: &str| {
        format!(
            r#"{{"resourceType": "ConceptMap", "url": "http://example.org/{name}", "group": [{{
                "source": "http://example.org/wards", "target": "http://example.org/units",
                "element": [{{"code": "ASH", "target": [{{"code": "{name}", "equivalence": "wider"}}]}},
                    {{"code": "OAK", "target": [{{"equivalence": "unmatched"}}]}}],
                "unmapped": {unmapped}}}]}}"#
        )
    };
    let texts = [
        map("one", r#"{"mode": "provided"}"#),
        map("two", r#"{"mode": "fixed", "code": "UNIT", "display": "Some unit"}"#),
        map("three", r#"{"mode": "other-map", "url": "http://example.org/two"}"#),
        map("ring", r#"{"mode": "other-map", "url": "http://example.org/ring"}"#),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let terminology = Terminology::new(vec![Arc::new(Resources::of(&texts))]);
    let check = |name: &str, code: &str, reverse: &str, expected: &str| {
        let url = format!("http://example.org/{name}");
        let pairs = [("url", url.as_str()), ("code", code), ("reverse", reverse)];
        let got = ask(&terminology, "ConceptMap", "translate", &pairs).unwrap().text();
        assert!(got.contains(expected), "{name} {code}: {got}");
    };
    check(
        "one",
        "ASH",
        "false",
        r#""valueCode":"wider"},{"name":"concept","valueCoding":{"system":"http://example.org/units","code":"one"}"#,
    );
    check(
        "one",
        "one",
        "true",
        r#""valueCode":"narrower"},{"name":"concept","valueCoding":{"system":"http://example.org/wards","code":"ASH"}"#,
    );
    check("one", "OAK", "false", r#""name":"result","valueBoolean":false"#);
    check("one", "ELM", "false", r#""code":"ELM""#);
    check("two", "ELM", "false", r#""code":"UNIT","display":"Some unit""#);
    check("three", "ELM", "false", r#""code":"UNIT","display":"Some unit""#);
    check("three", "ASH", "false", r#""code":"three""#);
    check("ring", "ELM", "false", r#""name":"result","valueBoolean":false"#);
}

#[test]
fn the_comparison_with_expected_answers_sees_what_differs() {
    let check = |expected: &str, actual: &str, fits: bool| {
        let found = difference(json(expected).root(), json(actual).root(), "");
        assert_eq!(found.is_none(), fits, "{expected} {actual}: {found:?}");
    };
    check(r#"{"a": 1}"#, r#"{"a": 1.0}"#, true);
    check(r#"{"a": 1}"#, r#"{"a": 2}"#, false);
    check(r#"{"a": true}"#, r#"{"a": false}"#, false);
    check(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false);
    check(r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#, false);
    check(r#"{"$optional-properties$": ["b"], "a": 1, "b": 2}"#, r#"{"a": 1}"#, true);
    check(r#"{"a": [{"code": "x"}, {"code": "y"}]}"#, r#"{"a": [{"code": "y"}, {"code": "x"}]}"#, true);
    check(r#"{"a": [{"code": "x"}]}"#, r#"{"a": [{"code": "x"}, {"code": "x"}]}"#, false);
    check(r#"{"a": [{"$optional$": true, "code": "x"}]}"#, r#"{"a": []}"#, true);
    check(r#"{"a": "$fragments:one|two$"}"#, r#"{"a": "one and two"}"#, true);
    check(r#"{"a": "$fragments:one|two$"}"#, r#"{"a": "one"}"#, false);
    check(r#"{"a": "$choice:one|two$"}"#, r#"{"a": "three"}"#, false);
    check(r#"{"a": "$instant$"}"#, r#"{"a": "today"}"#, false);
}

#[test]
fn an_expansion_that_would_take_hours_is_refused() {
    let codes = (0..2_000).map(|i| format!(r#"{{"code": "c{i}"}}"#)).collect::<Vec<_>>().join(",");
    let system = format!(
        r#"{{"resourceType": "CodeSystem", "url": "http://example.org/many", "version": "1", "status": "active",
            "content": "complete", "concept": [{codes}]}}"#
    );
    let check = |excludes: usize, pattern: &str, expected: &str| {
        let one = |i| {
            format!(
                r#"{{"system": "http://example.org/many", "filter": [
                    {{"property": "code", "op": "regex", "value": "{pattern}{i}"}}]}}"#
            )
        };
        let excludes = (1..=excludes).map(one).collect::<Vec<_>>().join(",");
        let compose =
            format!(r#"{{"include": [{{"system": "http://example.org/many"}}], "exclude": [{excludes}]}}"#);
        let some = set("some", &compose);
        let terminology = Terminology::new(vec![Arc::new(Resources::of(&[&some, &system]))]);
        let got = expand(&terminology, &[("url", "http://example.org/some"), ("filter", "c1999")]);
        let all = expand(&terminology, &[("url", "http://example.org/some"), ("count", "3")]);
        assert_eq!(format!("{got} / {all}"), expected);
    };
    check(2, "c[0-9]*", "c1999 / c0 c3 c4");
    check(20, &format!("{}x", "y?".repeat(3_000)), "c1999 / refused: too-costly");
}

use super::*;
use crate::json::{Json, Limits};

use proptest::prelude::*;

mod context;
mod invariants;
mod search_expressions;
mod suite;
mod xml;

const PATIENT: &str = r##"{
    "resourceType": "Patient", "id": "p", "active": true,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
    "identifier": [{"system": "http://x", "value": "1"}],
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"],
         "_given": [null, {"extension": [{"url": "http://e", "valueCode": "m"}]}]},
        {"use": "usual", "given": ["Jim"]}
    ],
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "deceasedBoolean": false,
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"},
        {"reference": "http://y/Organization/2/_history/3"},
        {"type": "PractitionerRole", "identifier": {"value": "z"}}, {"reference": "urn:uuid:1"}]
}"##;

const OBSERVATION: &str = r#"{
    "resourceType": "Observation", "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/example"},
    "valueQuantity": {"value": 185.50, "unit": "lbs", "system": "http://u", "code": "[lb_av]"},
    "component": [{"valueString": "a"}, {"valueQuantity": {"value": 2, "unit": "x"}},
        {"valueQuantity": {"value": 3}}]
}"#;

/// The result in short: computed values and primitives as text, other items as their type.
fn shown(text: &str, expression: &str) -> String {
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let expression = match Expression::parse(expression) {
        Ok(expression) => expression,
        Err(error) => return format!("refused: {error}"),
    };
    match expression.evaluate(json.root()) {
        Ok(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Err(fault) => format!("fault: {fault}"),
    }
}

pub(super) fn show(item: &Item<'_>) -> String {
    match (item, item.scalar()) {
        (_, Some(scalar)) => scalar.to_string(),
        (Item::Node(node), None) => node.kind.name.to_owned(),
        (Item::Computed(_), None) => unreachable!("what is computed is a value"),
    }
}

fn check(text: &str, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(shown(text, expression), *expected, "{expression}");
    }
}

#[test]
fn paths_walk_the_resource() {
    check(
        PATIENT,
        &[
            ("Patient.name.given", "Peter, James, Jim"),
            ("name.family", "Chalmers"),
            ("Resource.id", "p"),
            ("DomainResource.name.count()", "2"),
            ("Observation.name", ""),
            ("Patient.name[1].given[0]", "Jim"),
            ("Patient.name[7]", ""),
            ("Patient.contained.name", "Ward"),
            ("`Patient`.`name`.given.first()", "Peter"),
            ("Patient.nonsense", ""),
            ("%resource.id | %context.id", "p"),
        ],
    );
}

#[test]
fn choices_are_found_by_their_common_name_and_by_type() {
    check(
        OBSERVATION,
        &[
            ("Observation.value", "185.50 '[lb_av]'"),
            ("Observation.value.unit", "lbs"),
            ("Observation.value.ofType(Quantity).unit", "lbs"),
            ("(Observation.value as Quantity).unit", "lbs"),
            ("Observation.value.as(Quantity).unit", "lbs"),
            ("Observation.value as string", ""),
            ("value is Quantity", "true"),
            ("value.is(FHIR.Quantity)", "true"),
            ("Observation.component.value.ofType(Quantity).value", "2, 3"),
            ("Observation.component.value as string", "a"),
            ("Observation.valueQuantity", ""),
            ("component.where(value is Quantity).value.unit", "x"),
        ],
    );
    check(
        PATIENT,
        &[("deceased", "false"), ("Patient.multipleBirth as integer", "2"), ("deceased as boolean", "false")],
    );
}

#[test]
fn a_choice_behind_a_known_type_becomes_one_look_up() {
    let expression = Expression::parse("Observation.value.ofType(Quantity)").unwrap();
    let ast::Node::As { on, .. } = &expression.root else { panic!() };
    let ast::Node::Member { found: Some(found), .. } = on.as_ref() else { panic!() };
    assert_eq!(found.iter().map(|f| f.name).collect::<Vec<_>>(), ["valueQuantity"]);
}

#[test]
fn functions_of_search_parameters_work() {
    check(
        PATIENT,
        &[
            ("name.where(use = 'official').family", "Chalmers"),
            ("name.exists(use = 'old')", "false"),
            ("name.exists() and photo.empty()", "true"),
            ("name.given.first() | name.given.last()", "Peter, Jim"),
            ("name.given.tail()", "James, Jim"),
            ("name.given.skip(1).take(1)", "James"),
            ("name.given.count()", "3"),
            ("Patient.deceased.exists() and Patient.deceased != false", "false"),
            ("birthDate.extension('http://time').value", "1974-12-25T14:35:45-05:00"),
            ("name.given.extension.value", "m"),
            ("generalPractitioner.where(resolve() is Practitioner).reference", "Practitioner/1"),
            (
                "generalPractitioner.where(resolve() is Organization).reference",
                "http://y/Organization/2/_history/3",
            ),
            ("generalPractitioner.where(resolve() is PractitionerRole).identifier.value", "z"),
            ("generalPractitioner.resolve()", "Practitioner, Organization, PractitionerRole"),
            ("managingOrganization.resolve().name", "Ward"),
            ("name.select(given.first() + '!')", "Peter!, Jim!"),
            ("name.given.where($this.startsWith('J'))", "James, Jim"),
            ("name.given.where($index = 1)", "James"),
            ("iif(active, 'yes', 'no')", "yes"),
            ("iif(photo.exists(), 1)", ""),
            ("name.repeat(given)", "Peter, James, Jim"),
            ("Patient.active.not()", "false"),
        ],
    );
}

#[test]
fn functions_beyond_search_work() {
    check(
        PATIENT,
        &[
            ("(3 | 1 | 2).sort()", "1, 2, 3"),
            ("name.given.sort(-$this)", "Peter, Jim, James"),
            ("(@2024 | @2024-05 | @2023-01 | @2024-02).sort().count()", "4"),
            ("(1 | 'a').sort()", "fault: A String has no order with a Integer."),
            ("name.given.aggregate($total + $this.length(), 0)", "13"),
            (
                "name.defineVariable('first', given.first()).select(given.where($this != %first))",
                "James, Jim",
            ),
            ("name.select(defineVariable('g', given.count()).select(%g))", "2, 1"),
            ("defineVariable('a', 1).select(%a) | defineVariable('a', 2).select(%a)", "1, 2"),
            ("(name.defineVariable('a') | name).select(%a)", "fault: The variable %a is not defined here."),
            ("defineVariable('a').defineVariable('a')", "fault: The variable %a is defined already."),
            ("coalesce(photo, name.family, id)", "Chalmers"),
            ("'a-b-c'.split('-').join('+')", "a+b+c"),
            ("'abc'.split('')", "a, b, c"),
            ("name.suffix.join(',')", ""),
            ("'abcabc'.lastIndexOf('b')", "4"),
            ("'2024-02'.replaceMatches('(\\\\d+)-(\\\\d+)', '$2/$1')", "02/2024"),
            ("'A\nB'.matches('^a.b$', 'i')", "true"),
            ("'aab'.matchesFull('a|aab') and 'aab'.matchesFull('a' & '') = false", "true"),
            ("active or name.single()", "true"),
            ("name.given.matches('a', 'z')", "refused: character 12: the flag z is not known; i and m are"),
            ("name.given.where($this.matches('^J' & ''))", "James, Jim"),
            ("'x'.matches('(')", "refused: character 5: this is no regular expression that can be used here"),
            ("'<&>'.escape('html').unescape('html') = '<&>'", "true"),
            ("'é'.encode('hex').decode('hex')", "é"),
            ("'zz'.decode('hex')", ""),
            ("'1.50'.toDecimal()", "1.50"),
            ("1.50.toString() & '|' & 3.10.precision().toString()", "1.50|2"),
            ("'4.5 \\'mg\\''.toQuantity('g')", "0.0045 'g'"),
            ("1 year.toString() & ', ' & 2 'years'.toString()", "1 year, 2 years"),
            ("'2024-13'.convertsToDate()", "false"),
            ("@2024-02-29T10:00:00Z.toDate()", "2024-02-29"),
            ("@2024-01-31 + 1 month", "2024-02-29"),
            ("@2024-02-29 - 1 year", "2023-02-28"),
            ("@2024 + 13 months", "2025"),
            ("@T23:30 + 2 hours", "01:30"),
            ("@T01:00 - 90 minutes", "23:30"),
            ("@T01 - 90 minutes", "00"),
            ("@9999-12-31 + 1 day", ""),
            ("@2024-02 = @2024", ""),
            ("4 'g' + 500 'mg'", "4.5 'g'"),
            ("10 'm' / 2 's'", "5 'm/s'"),
            ("10 'm' * 2", "20 'm'"),
            ("1 'g' > 1 'm'", ""),
            ("2 = 2 '1'", "true"),
            ("2 'mg'.value", "2"),
            ("type().name & birthDate.type().name & 1.type().namespace", "PatientdateSystem"),
            ("checkModifiers('http://x').id", "p"),
            ("@2024-02.highBoundary()", "2024-02-29"),
            ("gender.exists() or birthDate.is(System.Date)", "false"),
            ("(5.5).round() | 2.345.round(2)", "6, 2.35"),
            ("2.power(200)", ""),
            ("'<div>a</div>'.htmlChecks()", "true"),
        ],
    );
}

#[test]
fn thousands_of_items_are_told_apart_within_the_budget() {
    let items: Vec<String> = (0..5_000)
        .map(|n| format!(r#"{{"linkId": "{n}", "item": [{{"linkId": "{n}", "x": {n}.0}}, {{"x": {n}, "linkId": "{n}"}}]}}"#))
        .collect();
    let text = format!(r#"{{"resourceType": "Questionnaire", "item": [{}]}}"#, items.join(","));
    check(
        &text,
        &[
            ("repeat(item).count()", "10000"),
            ("item.item.distinct().count()", "5000"),
            ("descendants().linkId.isDistinct()", "false"),
            ("item.linkId.isDistinct()", "true"),
            ("item.select(linkId).count()", "5000"),
        ],
    );
}

#[test]
fn operators_bind_as_the_grammar_says() {
    check(
        PATIENT,
        &[
            ("1 + 2 * 3 - 4", "3"),
            ("-1 + 3", "2"),
            ("(1 + 2) * 3", "9"),
            ("7 div 2 | 7 mod 2 | 7 / 2", "3, 1, 3.5"),
            ("1.5 + 1", "2.5"),
            ("1 / 0", ""),
            ("'a' & {} & 'b'", "ab"),
            ("1 < 2 = true", "true"),
            ("1 | 2 | 1", "1, 2"),
            ("2 in (1 | 2)", "true"),
            ("(1 | 2) contains 3", "false"),
            ("true or {}", "true"),
            ("false and {}", "false"),
            ("true and {}", ""),
            ("false implies {}", "true"),
            ("true xor true", "false"),
            ("{} = {}", ""),
            ("1 = 1.0", "true"),
            ("(1 | 2) = (2 | 1)", "false"),
            ("(1 | 2) ~ (2 | 1)", "true"),
            ("'A  b' ~ 'a B'", "true"),
            ("@2024-02 < @2024-03-01", "true"),
            ("@2024-02 = @2024-02-01", ""),
            ("birthDate < today", ""),
            ("birthDate = @1974-12-25", "true"),
            ("birthDate != @1974-12-26", "true"),
            ("@T10:30 > @T10:29:59.9", "true"),
            ("4 'mg' = 4 'mg'", "true"),
            ("4 'mg' < 5 'mg'", "true"),
            ("3 days = 3 day", "true"),
            ("'\\u0041\\'\\n'.length()", "3"),
            ("name.given contains 'Jim' // a comment", "true"),
        ],
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check(
        PATIENT,
        &[
            ("", "refused: character 1: a value, a name or ( is expected here"),
            ("name.", "refused: character 6: a name is expected here"),
            ("name.where(use =", "refused: character 17: a value, a name or ( is expected here"),
            ("name)", "refused: character 5: the expression should end here"),
            ("name.fly()", "refused: character 6: the function fly is not supported"),
            ("name.first(1)", "refused: character 6: first takes 0 arguments, not 1"),
            ("'abc", "refused: character 1: a string is not closed with '"),
            ("name is Nurse", "refused: character 9: no type is called Nurse"),
            ("%nonsense", "refused: character 1: the variable %nonsense is not known"),
            ("@2024-13", "refused: character 9: there is no such date or time"),
            ("name ? 1", "refused: character 6: this character has no meaning here"),
            ("1 + 'a'", "fault: A Integer and a String cannot be reckoned together."),
            ("name.given and true", "fault: One condition is expected where 3 items are."),
            ("name.single()", "fault: single() stands on 2 items."),
        ],
    );
}

#[test]
fn limits_hold() {
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(shown(PATIENT, &deep).contains("more than 64 deep"));
    assert!(shown(PATIENT, &"-".repeat(10_000)).contains("more than 64 deep"));
    assert!(shown(PATIENT, &vec!["a"; 10_000].join(".")).contains("more than 64 deep"));
    assert!(shown(PATIENT, &vec!["1"; 10_000].join("|")).contains("more than 64 deep"));
    // What is just not too deep fits on the stack.
    let nested = |levels| (0..levels).fold("1".to_owned(), |all, _| format!("iif(true, {all} | 1)"));
    let deepest = (0..100).take_while(|levels| Expression::parse(&nested(*levels)).is_ok()).last().unwrap();
    assert!(deepest > 10 && shown(PATIENT, &nested(deepest)) == "1");
    let within = |levels| (0..levels).fold("id".to_owned(), |all, _| format!("where({all}.exists())"));
    let deepest = (0..100).take_while(|levels| Expression::parse(&within(*levels)).is_ok()).last().unwrap();
    assert!(deepest > 10 && shown(PATIENT, &within(deepest)) == "Patient");
    let many = "descendants()".to_owned() + &".select(%resource.descendants())".repeat(8);
    assert!(shown(PATIENT, &many).contains("more than 1000000 steps"));
    let long = "'aaaaaaaaaaaaaaaa'".to_owned() + &".replace('a', 'aaaaaaaaaaaaaaaa')".repeat(20);
    assert!(shown(PATIENT, &long).contains("too long a text"));
    assert!(shown(PATIENT, &format!("'{}'", "a".repeat(2 << 20))).len() > 1 << 20);
    let doubling =
        (0..40).fold("(1)".to_owned(), |all, n| format!("{all}.defineVariable('v{n}').combine(%v{n})"));
    assert!(shown(PATIENT, &doubling).contains("more than"), "{}", shown(PATIENT, &doubling));
    let copies = format!("%resource.descendants().select('{}')", "a".repeat(2 << 20));
    assert!(shown(PATIENT, &copies).contains("more than 1000000 steps"));
    assert!(shown(PATIENT, "'a'.matches('(((a{100}){100}){100}){100}')").contains("no regular expression"));
    let backtracking = format!("'{}'.matches('^(a+)+$')", "a".repeat(50_000) + "b");
    assert_eq!(shown(PATIENT, &backtracking), "false");
    assert!(shown(PATIENT, "('aaaa' & '').replaceMatches('', 'b')").contains("aaaa"));
    let long = "'a'.replaceMatches('a', 'aaaaaaaaaaaaaaaa')".to_owned()
        + &".replaceMatches('a', '$0$0$0$0$0$0$0$0')".repeat(20);
    assert!(shown(PATIENT, &long).contains("more than 1000000 steps"));
    let groups = format!("('{}' & '').replaceMatches('.*', '{}')", "a".repeat(100_000), "$0".repeat(100_000));
    assert!(shown(PATIENT, &groups).contains("too long a text"));
    for endless in ["2.power(1000000000)", "1.1.power(2000000000)", "1e9.exp()", "'1'.toQuantity('m')"] {
        assert!(shown(PATIENT, endless).len() < 80, "{endless}");
    }
    // The unit would be too long.
    let product = (0..10).fold("1 'm'".to_owned(), |all, _| format!("({all} * {all})"));
    assert_eq!(shown(PATIENT, &product), "");
}

/// Words that an expression may be made of, sound or not.
const WORDS: &[&str] = &[
    "name",
    "Patient",
    ".",
    "given",
    "where(",
    "(",
    ")",
    "[",
    "]",
    "0",
    "1.5",
    "'a'",
    "=",
    "!=",
    "~",
    "and",
    "or",
    "is",
    "as",
    "string",
    "|",
    "+",
    "-",
    "*",
    "/",
    "div",
    "mod",
    "&",
    "<",
    ">=",
    "in",
    "contains",
    "exists()",
    "first()",
    "count()",
    "$this",
    "$index",
    "%resource",
    "@2024-02",
    "@T10:30",
    "{}",
    "true",
    "not()",
    "resolve()",
    "children()",
    "descendants()",
    "substring(",
    "replace(",
    ",",
    "4 'mg'",
    "extension(",
    "birthDate",
    "iif(",
    "toString()",
    "days",
    "repeat(",
    "select(",
    "distinct()",
    "9223372036854775807",
    "`x`",
    "implies",
    "xor",
    "ofType(",
    "skip(",
    "sort(",
    "aggregate(",
    "$total",
    "defineVariable('v')",
    "%v",
    "matches(",
    "toQuantity()",
    "lowBoundary()",
    "highBoundary(",
    "round(",
    "power(",
    "split(",
    "join(",
    "type()",
    "1 year",
];

proptest! {
    #[test]
    fn no_text_makes_the_parser_fall(text in ".*") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn no_expression_makes_the_evaluator_fall(words in prop::collection::vec(0..WORDS.len(), 1..12)) {
        let text: String = words.iter().map(|i| format!("{} ", WORDS[*i])).collect();
        for text in [text.replace(" . ", "."), text.replace(' ', ""), text] {
            let _ = shown(PATIENT, &text);
        }
    }
}

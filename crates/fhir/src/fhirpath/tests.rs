use super::*;
use crate::json::{Json, Limits};

use proptest::prelude::*;

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
    let many = "descendants()".to_owned() + &".select(%resource.descendants())".repeat(8);
    assert!(shown(PATIENT, &many).contains("more than 1000000 steps"));
    let long = "'aaaaaaaaaaaaaaaa'".to_owned() + &".replace('a', 'aaaaaaaaaaaaaaaa')".repeat(20);
    assert!(shown(PATIENT, &long).contains("too long a text"));
    assert!(shown(PATIENT, &format!("'{}'", "a".repeat(2 << 20))).len() > 1 << 20);
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

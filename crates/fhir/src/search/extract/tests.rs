use super::*;
use crate::definitions::{SEARCH_PARAMS, search_param, search_params};
use crate::fhirpath::Expression;
use crate::json::{Json, Limits};
use crate::search::{Target, alias};
use crate::{Instant, suites};

fn parse(text: &str) -> Json {
    Json::parse(text, Limits::DOOR).unwrap()
}

/// A value in few words.
fn show(value: &SearchValue) -> String {
    let end = |ms: i64| match ms {
        i64::MIN | i64::MAX => String::new(),
        _ => Instant(ms).to_string().replace("T00:00:00.000Z", "").replace("T23:59:59.999Z", "+"),
    };
    let number = |d: &Option<crate::search::Decimal>| d.as_ref().map_or(String::new(), |d| d.to_string());
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    match value {
        SearchValue::Token { system, code, types } => {
            let types: String = types.iter().map(|(s, c)| format!(" of {s}|{c}")).collect();
            system.as_ref().map_or(format!("{code}{types}"), |system| format!("{system}|{code}{types}"))
        }
        SearchValue::TokenText(text) => format!("text {text}"),
        SearchValue::String(text) => text.clone(),
        SearchValue::Date { start, end: last } => format!("{}..{}", end(*start), end(*last)),
        SearchValue::Number { low, high } => format!("{}..{}", number(low), number(high)),
        SearchValue::Quantity { low, high, system, code, unit } => {
            let (system, code, unit) = (or_none(system), or_none(code), or_none(unit));
            format!("{}..{} {system}|{code} {unit}", number(low), number(high))
        }
        SearchValue::Uri(uri) => uri.clone(),
        SearchValue::Present => "present".to_owned(),
        SearchValue::Reference(Target::Local(kind, id)) => format!("{kind}/{id}"),
        SearchValue::Reference(Target::Url(url)) => url.clone(),
        SearchValue::ReferenceIdentifier { system, value } => {
            format!("identifier {}|{value}", or_none(system))
        }
        SearchValue::Composite(parts) => {
            let part = |values: &Vec<SearchValue>| values.iter().map(show).collect::<Vec<_>>().join(" or ");
            parts.iter().map(part).collect::<Vec<_>>().join(" $ ")
        }
    }
}

fn check(kind: &str, resource: &str, cases: &[(&str, &[&str])]) {
    let json = parse(&format!(r#"{{"resourceType":"{kind}",{resource}}}"#));
    for (code, expected) in cases {
        let param = search_param(kind, code).unwrap_or_else(|| panic!("{kind}.{code}"));
        let values: Vec<String> = extract_param(json.root(), param).iter().map(show).collect();
        assert_eq!(values, *expected, "{kind}.{code}");
    }
}

#[test]
fn tokens_are_read_from_every_type_that_has_them() {
    check(
        "Patient",
        r#""active":true,"gender":"male","deceasedDateTime":"2020",
        "identifier":[
            {"system":"http://x","value":"1",
                "type":{"coding":[{"system":"http://t","code":"MR"}],"text":"Medical record"}},
            {"value":"2"},{"system":"http://y"},{"use":"usual"}],
        "telecom":[{"system":"phone","value":"0123"},{"system":"email","value":"a@b"},{"value":"x"}],
        "meta":{"tag":[{"system":"http://t","code":"c","display":"Tag"}],
            "source":"http://s","profile":["http://p"]}"#,
        &[
            ("active", &["true"]),
            ("gender", &["male"]),
            (
                "identifier",
                &["text Medical record", "http://x|1 of http://t|MR", "2", "http://y|", "present"],
            ),
            ("telecom", &["0123", "a@b", "x"]),
            ("phone", &["0123"]),
            ("email", &["a@b"]),
            ("deceased", &["true"]),
            ("death-date", &["2020-01-01..2020-12-31+"]),
            ("_tag", &["http://t|c", "text Tag"]),
            ("_source", &["http://s"]),
            ("_profile", &["http://p"]),
        ],
    );
    check("Patient", r#""deceasedBoolean":false"#, &[("deceased", &["false"]), ("death-date", &[])]);
    check("Patient", r#""id":"x""#, &[("deceased", &["false"])]);
    check(
        "Condition",
        r#""code":{"coding":[{"system":"http://s","code":"1","display":"One"},{"code":"2"},
            {"display":"Three"}],"text":"Uno"}"#,
        &[("code", &["http://s|1", "text One", "2", "text Three", "text Uno"])],
    );
}

#[test]
fn strings_are_read_from_names_and_addresses() {
    check(
        "Patient",
        r#""name":[{"use":"official","text":"Dr Eve Ng","family":"Ng","given":["Eve","Eve"],
            "prefix":["Dr"],"suffix":["PhD"]},{"family":"Ng"}],
        "address":[{"use":"home","text":"1 A St","line":["1 A St","Flat"],"city":"B","district":"C",
            "state":"D","postalCode":"E","country":"F"}]"#,
        &[
            ("name", &["Dr Eve Ng", "Ng", "Eve", "Dr", "PhD"]),
            ("family", &["Ng"]),
            ("given", &["Eve"]),
            ("address", &["1 A St", "Flat", "B", "C", "D", "E", "F"]),
            ("address-city", &["B"]),
            ("address-use", &["home"]),
        ],
    );
    check("Observation", r#""valueString":"a b""#, &[("value-string", &["a b"])]);
    check("Observation", r#""valueCodeableConcept":{"text":"a"}"#, &[("value-string", &["a"])]);
}

#[test]
fn dates_are_read_as_ranges() {
    check("Patient", r#""birthDate":"1974-12""#, &[("birthdate", &["1974-12-01..1974-12-31+"])]);
    check(
        "Encounter",
        r#""period":{"start":"2024-01-02","end":"2024-01"}"#,
        &[("date", &["2024-01-02..2024-01-31+"])],
    );
    check(
        "Encounter",
        r#""period":{"start":"2024-01-02T10:00:00+01:00"}"#,
        &[("date", &["2024-01-02T09:00:00.000Z.."])],
    );
    check("Encounter", r#""period":{"end":"2024"}"#, &[("date", &["..2024-12-31+"])]);
    check("Encounter", r#""period":{"id":"x"}"#, &[("date", &["present"])]);
    check(
        "Observation",
        r#""effectiveTiming":{"event":["2024-03","2023-01-05"]}"#,
        &[("date", &["2023-01-05..2024-03-31+"])],
    );
    check(
        "ServiceRequest",
        r#""occurrenceTiming":{"repeat":{"boundsPeriod":{"start":"2024"}}}"#,
        &[("occurrence", &["2024-01-01.."])],
    );
    check(
        "Observation",
        r#""effectiveInstant":"2024-01-02T00:00:00.5Z""#,
        &[("date", &["2024-01-02T00:00:00.500Z..2024-01-02T00:00:00.599Z"])],
    );
    check("Patient", r#""birthDate":"soon""#, &[("birthdate", &["present"])]);
}

#[test]
fn numbers_and_quantities_keep_their_ends() {
    check(
        "RiskAssessment",
        r#""prediction":[{"probabilityDecimal":0.80},
        {"probabilityRange":{"low":{"value":1},"high":{"value":2}}},
        {"probabilityRange":{"high":{"value":3}}}]"#,
        &[("probability", &["0.8..0.8", "1..2", "..3"])],
    );
    let quantity = |quantity: &str, expected: &[&str]| {
        check("Observation", &format!(r#""valueQuantity":{quantity}"#), &[("value-quantity", expected)]);
    };
    quantity(r#"{"value":5.40,"unit":"mg","system":"http://u","code":"m"}"#, &["5.4..5.4 http://u|m mg"]);
    quantity(r#"{"value":5,"comparator":"<"}"#, &["..4.999999999999999999999999 | "]);
    quantity(r#"{"value":0,"comparator":">"}"#, &["0.0000000000000000000000001.. | "]);
    quantity(r#"{"value":5,"comparator":">="}"#, &["5.. | "]);
    quantity(r#"{"unit":"mg"}"#, &["present"]);
    check(
        "Observation",
        r#""valueSampledData":{"origin":{"value":2048,"unit":"x"}}"#,
        &[("value-quantity", &["2048..2048 | x"]), ("combo-value-quantity", &["2048..2048 | x"])],
    );
    check(
        "Invoice",
        r#""totalNet":{"value":40,"currency":"EUR"}"#,
        &[("totalnet", &["40..40 urn:iso:std:iso:4217|EUR "])],
    );
    check(
        "Condition",
        r#""onsetRange":{"low":{"value":1,"unit":"a"},"high":{"value":2}}"#,
        &[("onset-age", &["1..2 | a"])],
    );
}

#[test]
fn references_tell_where_they_point() {
    let reference = |reference: &str, subject: &[&str], patient: &[&str]| {
        let text = format!(r#""subject":{{{reference}}}"#);
        check("Observation", &text, &[("subject", subject), ("patient", patient)]);
    };
    reference(r#""reference":"Patient/1""#, &["Patient/1"], &["Patient/1"]);
    reference(r#""reference":"Patient/1/_history/2""#, &["Patient/1"], &["Patient/1"]);
    reference(r#""reference":"Group/1""#, &["Group/1"], &[]);
    reference(r#""reference":"http://x/Patient/1""#, &["http://x/Patient/1"], &["http://x/Patient/1"]);
    reference(r#""reference":"urn:uuid:1","type":"Patient""#, &["urn:uuid:1"], &["urn:uuid:1"]);
    reference(r##""reference":"#p""##, &["present"], &[]);
    let contained = r##""reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}],"x":{"##;
    reference(contained, &["present"], &["present"]);
    reference(r#""display":"Somebody""#, &["present"], &[]);
    reference(r#""reference":"Nurse/1""#, &["present"], &[]);
    reference(
        r#""type":"Patient","identifier":{"system":"http://x","value":"1"}"#,
        &["identifier http://x|1"],
        &["identifier http://x|1"],
    );
    check(
        "Measure",
        r#""library":["http://l|1.0"],"relatedArtifact":[
            {"type":"depends-on","resource":"http://a"},{"type":"citation","resource":"http://b"}]"#,
        &[("depends-on", &["http://l", "http://l|1.0", "http://a"])],
    );
    check("ValueSet", r#""url":"http://v""#, &[("url", &["http://v"])]);
}

#[test]
fn composites_stand_together() {
    check(
        "Observation",
        r#""code":{"coding":[{"code":"bp"}]},"valueDateTime":"2024","component":[
            {"code":{"coding":[{"code":"sys"}]},"valueQuantity":{"value":120}},
            {"code":{"coding":[{"code":"dia"}]},"valueQuantity":{"value":80}},
            {"code":{"coding":[{"code":"no"}]}}]"#,
        &[
            ("component-code-value-quantity", &["sys $ 120..120 | ", "dia $ 80..80 | "]),
            ("combo-code-value-quantity", &["sys $ 120..120 | ", "dia $ 80..80 | "]),
            ("code-value-date", &["bp $ 2024-01-01..2024-12-31+"]),
            ("code-value-quantity", &[]),
        ],
    );
    check(
        "MolecularSequence",
        r#""referenceSeq":{"chromosome":{"coding":[{"code":"1"}]}},"variant":[{"start":5,"end":7}]"#,
        &[("chromosome-variant-coordinate", &["1 $ 5..5 $ 7..7"])],
    );
    check(
        "DocumentReference",
        r#""relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/1"}}]"#,
        &[("relationship", &["DocumentReference/1 $ replaces"])],
    );
    check(
        "Group",
        r#""characteristic":[{"code":{"text":"c"},"valueBoolean":true}]"#,
        &[("characteristic-value", &["text c $ true"])],
    );
}

#[test]
fn all_values_of_a_resource_come_in_the_order_of_its_parameters() {
    let json = parse(
        r#"{"resourceType":"Encounter","status":"finished","class":{"system":"http://c","code":"AMB"},
        "subject":{"reference":"Patient/1"},"participant":[{"individual":{"reference":"Practitioner/2"}},
        {"individual":{"reference":"Practitioner/2"}}],"period":{"start":"2024"}}"#,
    );
    let values: Vec<String> = extract(json.root())
        .iter()
        .map(|entry| format!("{} {}", SEARCH_PARAMS[usize::from(entry.param)].code, show(&entry.value)))
        .collect();
    assert_eq!(
        values,
        [
            "class http://c|AMB",
            "date 2024-01-01..",
            "participant Practitioner/2",
            "status finished",
            "subject Patient/1"
        ]
    );
    assert_eq!(extract(parse(r#"{"resourceType":"Nurse"}"#).root()), []);
    assert_eq!(extract(parse("[1]").root()), []);
}

#[test]
fn many_values_come_once_too() {
    let given: Vec<String> = (0..5000).map(|i| format!("\"n{}\"", i % 2500)).collect();
    let json = parse(&format!(r#"{{"resourceType":"Patient","name":[{{"given":[{}]}}]}}"#, given.join(",")));
    let values = extract_param(json.root(), search_param("Patient", "given").unwrap());
    assert_eq!(values.len(), 2500);
    assert_eq!(values[2499], SearchValue::String("n2499".into()));
}

/// The tree of paths is a short cut: what it takes must be what the evaluator finds.
#[test]
fn the_plan_takes_what_the_evaluator_finds_in_every_example() {
    let mut count = 0;
    for (name, text) in suites::files("fhir-r4-examples") {
        let json = parse(&text);
        let kind = json.root().str("resourceType").unwrap();
        let mut all = Vec::new();
        for param in search_params(&kind) {
            if param.kind == ParamKind::Composite {
                count += extract_param(json.root(), param).len();
                continue;
            }
            let items = Expression::parse(param.expression).unwrap().evaluate(json.root()).unwrap();
            let mut entries = Vec::new();
            items.iter().for_each(|item| {
                read::item(param.kind, item, &mut read::Sink { param: param.number, entries: &mut entries });
            });
            let found = in_order(entries);
            let values: Vec<SearchValue> = found.iter().map(|entry| entry.value.clone()).collect();
            let mut taken = extract_param(json.root(), param);
            taken.sort_by_key(show);
            let mut sorted = values;
            sorted.sort_by_key(show);
            assert_eq!(taken, sorted, "{name} {}", param.code);
            if alias(param).is_none() {
                all.extend(found);
            }
        }
        let mut taken = extract(json.root());
        count += taken.len();
        let key = |entry: &Entry| (entry.param, show(&entry.value));
        taken.sort_by_key(key);
        all.sort_by_key(key);
        assert_eq!(taken, all, "{name}");
    }
    eprintln!("{count} values taken from the examples");
}

/// What an alias stands for is among the values of the other parameter.
#[test]
fn the_values_of_an_alias_are_those_of_the_whole_that_fit() {
    for (name, text) in suites::files("fhir-r4-examples") {
        let json = parse(&text);
        let kind = json.root().str("resourceType").unwrap();
        for (param, whole) in search_params(&kind).iter().filter_map(|p| Some((p, alias(p)?))) {
            let all = extract_param(json.root(), whole);
            let local = |value: &&SearchValue| match value {
                SearchValue::Reference(Target::Local(kind, _)) => param.targets == [kind.as_str()],
                _ => false,
            };
            let narrowed = extract_param(json.root(), param);
            assert!(narrowed.iter().all(|value| all.contains(value)), "{name} {}", param.code);
            assert_eq!(
                narrowed.iter().filter(local).collect::<Vec<_>>(),
                all.iter().filter(local).collect::<Vec<_>>(),
                "{name} {}",
                param.code
            );
        }
    }
}

#[test]
fn every_composite_is_made_of_parts_that_are_known() {
    let json = |kind: &str| parse(&format!(r#"{{"resourceType":"{kind}"}}"#));
    for param in SEARCH_PARAMS.iter().filter(|param| param.kind == ParamKind::Composite) {
        assert!(param.components.len() >= 2, "{}.{}", param.base, param.code);
        assert_eq!(extract_param(json(param.base).root(), param), [], "{}.{}", param.base, param.code);
    }
}

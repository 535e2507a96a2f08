use super::*;
use crate::definitions::{Primitive, TYPES};
use crate::suites;
use crate::{Json, Limits};

/// Each fault as `code place: sentence`.
fn faults(text: &str) -> Vec<String> {
    let json = Json::parse(text, Limits::FILE).unwrap();
    structure(json.root()).iter().map(|f| format!("{} {}: {}", f.code, f.at, f.text)).collect()
}

/// Each fault as `code place`.
fn places(text: &str) -> Vec<String> {
    let json = Json::parse(text, Limits::FILE).unwrap();
    structure(json.root()).iter().map(|f| format!("{} {}", f.code, f.at)).collect()
}

fn patient(members: &str) -> Vec<String> {
    faults(&format!(r#"{{"resourceType":"Patient",{members}}}"#))
}

#[test]
fn every_published_example_is_sound() {
    for (name, text) in suites::files("fhir-r4-examples") {
        let found = places(&text);
        if name == "examplescenario-questionnaire.json" {
            // Its items have no linkId, which the standard demands (Questionnaire.item.linkId, 1..1).
            let all_link_ids = found.iter().all(|f| f.starts_with("required ") && f.ends_with(".linkId"));
            assert!(found.len() == 88 && all_link_ids, "{found:?}");
        } else {
            assert_eq!(found, [""; 0], "{name}");
        }
    }
}

#[test]
fn a_sound_resource_has_no_faults() {
    let observation = r#"{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},
        "valueQuantity":{"value":1.50,"unit":"mg"},"effectiveDateTime":"2024-02-29T23:59:60.5+01:00",
        "component":[{"code":{"text":"y"},"referenceRange":[{"low":{"value":0}}],"valueInteger":-3}]}"#;
    assert_eq!(faults(observation), [""; 0]);
    assert_eq!(faults(r#"{"resourceType":"Patient"}"#), [""; 0]);
}

#[test]
fn the_type_must_be_said_and_known() {
    assert_eq!(places("[]"), ["structure "]);
    assert_eq!(places("{}"), ["structure "]);
    assert_eq!(places(r#"{"resourceType":1}"#), ["structure "]);
    assert_eq!(faults(r#"{"resourceType":"Pat"}"#), ["structure : Pat is not a resource type of FHIR R4."]);
    assert_eq!(places(r#"{"resourceType":"DomainResource"}"#), ["structure "]);
    assert_eq!(places(r#"{"resourceType":"HumanName"}"#), ["structure "]);
}

#[test]
fn unknown_members_are_named() {
    assert_eq!(
        patient(r#""nmae":[],"name":[{"famly":"x","given":["a"]}]"#),
        [
            "structure Patient.nmae: Patient has no element called nmae. Correct the name, or leave it out.",
            "structure Patient.name[0].famly: HumanName has no element called famly. Correct the name, or leave it out.",
        ]
    );
    assert_eq!(
        patient(r#""fhir_comments":["x"]"#),
        ["structure Patient.fhir_comments: FHIR R4 has no comments in JSON. Leave fhir_comments out."]
    );
    assert_eq!(
        patient(r#""period":{"resourceType":"Period"}"#),
        [
            "structure Patient.period: Patient has no element called period. Correct the name, or leave it out."
        ]
    );
    assert_eq!(
        patient(r#""maritalStatus":{"resourceType":"CodeableConcept","text":"x"}"#),
        ["structure Patient.maritalStatus.resourceType: CodeableConcept is not a resource and must not \
             have a resourceType."]
    );
    let long = patient(&format!(r#""{}":1"#, "é".repeat(50)));
    let cut = format!("{}...", "é".repeat(40));
    assert_eq!(
        long,
        [format!(
            "structure Patient.{cut}: Patient has no element called {cut}. Correct the name, or leave it out."
        )]
    );
}

#[test]
fn the_makers_of_the_package_add_nothing() {
    assert_eq!(
        places(r#"{"resourceType":"Patient","meta":{"project":"x"}}"#),
        ["structure Patient.meta.project"]
    );
}

#[test]
fn kinds_of_json_must_fit() {
    assert_eq!(
        patient(
            r#""name":"Ash","active":"true","birthDate":1980,"maritalStatus":[1],"multipleBirthInteger":"2""#
        ),
        [
            "structure Patient.name: This must be an array. Put it in [ and ].",
            "structure Patient.name: This must be a JSON object (HumanName).",
            "value Patient.active: This must be true or false, without quotes.",
            "value Patient.birthDate: This must be text in quotes.",
            "structure Patient.maritalStatus: This may come once only and must not be in an array.",
            "structure Patient.maritalStatus[0]: This must be a JSON object (CodeableConcept).",
            "value Patient.multipleBirth: This must be a whole number, without quotes.",
        ]
    );
    assert_eq!(places(r#"{"resourceType":"Patient","contained":["x"]}"#), ["structure Patient.contained[0]"]);
}

#[test]
fn what_is_inside_is_looked_at_also_where_the_array_is_wrong() {
    assert_eq!(
        places(r#"{"resourceType":"Patient","name":{"family":1},"maritalStatus":[{"text":1}]}"#),
        [
            "structure Patient.name",
            "value Patient.name.family",
            "structure Patient.maritalStatus",
            "value Patient.maritalStatus[0].text"
        ]
    );
}

#[test]
fn nothing_may_be_empty() {
    assert_eq!(
        patient(r#""name":[],"contact":[{}],"maritalStatus":{"id":"x"},"language":"","gender":null"#),
        [
            "structure Patient.name: This array is empty. Leave it out.",
            "structure Patient.contact[0]: This is empty. Give it content or leave it out.",
            "structure Patient.maritalStatus: This is empty. Give it content or leave it out.",
            "value Patient.language: A code must not be empty, nor begin or end with a space or have two \
             together.",
            "structure Patient.gender: null says nothing. Leave it out, or say why there is no value in an \
             extension.",
        ]
    );
    assert_eq!(places(r#"{"resourceType":"Patient","contact":[null]}"#), ["structure Patient.contact[0]"]);
}

#[test]
fn what_must_be_there_is_missed() {
    assert_eq!(
        faults(r#"{"resourceType":"Observation","component":[{"valueInteger":1}]}"#),
        [
            "required Observation.component[0].code: Observation.component must have code.",
            "required Observation.status: Observation must have status.",
            "required Observation.code: Observation must have code.",
        ]
    );
    assert_eq!(
        places(
            r#"{"resourceType":"MedicationRequest","status":"active","intent":"order",
            "subject":{"reference":"Patient/1"}}"#
        ),
        ["required MedicationRequest.medication"]
    );
    // An extension may stand in for the value.
    let with_extension = r#"{"resourceType":"Observation","code":{"text":"x"},
        "_status":{"extension":[{"url":"http://example.org","valueCode":"unknown"}]}}"#;
    assert_eq!(places(with_extension), [""; 0]);
}

#[test]
fn an_element_without_a_limit_comes_any_number_of_times() {
    let given = vec![r#""A""#; usize::from(u16::MAX) + 1].join(",");
    assert_eq!(patient(&format!(r#""name":[{{"given":[{given}]}}]"#)), [""; 0]);
}

#[test]
fn a_choice_is_made_once() {
    let two = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a",
        "_valueString":{"id":"1"},"valueInteger":1,"valueBoolean":true}"#;
    assert_eq!(
        faults(two),
        ["structure Observation.value: Only one of valueBoolean, valueInteger, valueString may be given.",]
    );
    let siblings = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a",
        "_valueString":{"id":"1"}}"#;
    assert_eq!(faults(siblings), [""; 0]);
    let wrong_type =
        r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueAddress":{}}"#;
    assert_eq!(places(wrong_type), ["structure Observation.valueAddress"]);
}

#[test]
fn required_codes_are_checked_and_told_when_they_are_few() {
    assert_eq!(
        patient(r#""gender":"femail""#),
        ["code-invalid Patient.gender: This code is not allowed here. Use one of: female, male, other, \
          unknown."]
    );
    let many = r#"{"resourceType":"SearchParameter","url":"u","name":"n","status":"active","description":"d",
        "code":"c","base":["Patient","Pat"],"type":"token"}"#;
    assert_eq!(
        faults(many),
        ["code-invalid SearchParameter.base[1]: This code is not one of the 148 that are allowed here."]
    );
}

#[test]
fn the_place_is_the_fhirpath_of_the_element() {
    assert_eq!(
        places(r#"{"resourceType":"Patient","name":[{"given":["a",""]}]}"#),
        ["value Patient.name[0].given[1]"]
    );
    let bundle = r##"{"resourceType":"Bundle","type":"collection","entry":[{"resource":
        {"resourceType":"Basic","code":{"text":"x"},"contained":[
        {"resourceType":"Patient","id":"#","birthDate":"x"}]}},
        {"resource":{"resourceType":"Nope"}}]}"##;
    assert_eq!(
        places(bundle),
        [
            "value Bundle.entry[0].resource.contained[0].id",
            "value Bundle.entry[0].resource.contained[0].birthDate",
            "structure Bundle.entry[1].resource",
        ]
    );
}

#[test]
fn contained_resources_contain_none() {
    let nested = r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a",
        "contained":[{"resourceType":"Patient","id":"b"}]}]}"#;
    assert_eq!(places(nested), ["structure Patient.contained[0].contained"]);
}

#[test]
fn extensions_have_a_url_and_a_value_or_extensions() {
    let extension = |text: &str| places(&format!(r#"{{"resourceType":"Patient","extension":[{text}]}}"#));
    assert_eq!(extension(r#"{"url":"u","valueCode":"x"}"#), [""; 0]);
    assert_eq!(extension(r#"{"url":"u","extension":[{"url":"v","valueDate":"2020"}]}"#), [""; 0]);
    assert_eq!(extension(r#"{"url":"u","_valueCode":{"extension":[{"url":"v","valueCode":"x"}]}}"#), [""; 0]);
    assert_eq!(extension(r#"{"valueCode":"x"}"#), ["required Patient.extension[0].url"]);
    assert_eq!(extension(r#"{"url":"u"}"#), ["invariant Patient.extension[0]"]);
    assert_eq!(
        extension(r#"{"url":"u","valueCode":"x","extension":[{"url":"v","valueDate":"2020"}]}"#),
        ["invariant Patient.extension[0]"]
    );
    assert_eq!(
        extension(r#"{"url":"u","valueCode":"x","_url":{"id":"1"}}"#),
        ["structure Patient.extension[0]._url"]
    );
    let names: Vec<_> =
        type_def("Extension").unwrap().elements.iter().map(|e| (e.path, 1 << e.group)).collect();
    assert!(names.contains(&("extension", EXTENSIONS)) && names.contains(&("value", EXTENSION_VALUE)));
}

/// What [`Check::item`] and the masks rely on.
#[test]
fn the_id_is_the_first_element_of_every_complex_type() {
    for def in TYPES.iter().filter(|t| t.kind != TypeKind::Primitive) {
        assert_eq!((def.elements[0].name, def.elements[0].group), ("id", 0), "{}", def.name);
        assert!(def.elements.iter().all(|e| 1u128 << e.group != UNKNOWN), "{}", def.name);
    }
}

#[test]
fn values_may_have_ids_and_extensions_beside_them() {
    let extension = r#"{"extension":[{"url":"http://example.org","valueCode":"x"}]}"#;
    let sound = [
        format!(r#""birthDate":"2020","_birthDate":{extension}"#),
        format!(r#""_birthDate":{extension}"#),
        r#""birthDate":"2020","_birthDate":{"id":"b"}"#.to_owned(),
        format!(r#""name":[{{"given":["a",null,"c"],"_given":[null,{extension},{{"id":"c"}}]}}]"#),
        format!(r#""name":[{{"_given":[{extension}]}}]"#),
    ];
    for members in sound {
        assert_eq!(patient(&members), [""; 0], "{members}");
    }
}

#[test]
fn what_stands_beside_a_value_must_fit_it() {
    let extension = r#"{"extension":[{"url":"http://example.org","valueCode":"x"}]}"#;
    let cases = [
        (r#""_birthDate":{"id":"b"}"#.to_owned(), "structure Patient.birthDate"),
        (r#""_birthDate":{}"#.to_owned(), "structure Patient.birthDate"),
        (r#""birthDate":"2020","_birthDate":"x""#.to_owned(), "structure Patient.birthDate"),
        (r#""birthDate":"2020","_birthDate":[]"#.to_owned(), "structure Patient.birthDate"),
        (r#""birthDate":"2020","_birthDate":{"value":1}"#.to_owned(), "structure Patient.birthDate.value"),
        (
            r#""birthDate":"2020","_birthDate":{"extension":[{"url":""}]}"#.to_owned(),
            "value Patient.birthDate.extension[0].url",
        ),
        (r#""_maritalStatus":{"id":"x"}"#.to_owned(), "structure Patient._maritalStatus"),
        (r#""id":"a","_id":{"id":"x"}"#.to_owned(), "structure Patient._id"),
        (format!(r#""name":[{{"given":["a"],"_given":{extension}}}]"#), "structure Patient.name[0].given"),
        (
            format!(r#""name":[{{"given":["a","b"],"_given":[{extension}]}}]"#),
            "structure Patient.name[0].given",
        ),
        (r#""name":[{"given":["a",null]}]"#.to_owned(), "structure Patient.name[0].given[1]"),
        (
            r#""name":[{"given":[null,"b"],"_given":[null,{"id":"b"}]}]"#.to_owned(),
            "structure Patient.name[0].given[0]",
        ),
        (format!(r#""name":[{{"_given":[null,{extension}]}}]"#), "structure Patient.name[0].given[0]"),
        (r#""name":[{"given":["a"],"_given":[]}]"#.to_owned(), "structure Patient.name[0].given"),
        (r#""name":[{"given":["a"],"_given":["b"]}]"#.to_owned(), "structure Patient.name[0].given[0]"),
    ];
    for (members, place) in cases {
        let found = places(&format!(r#"{{"resourceType":"Patient",{members}}}"#));
        assert!(found.iter().any(|f| f == place), "{members}: {found:?}");
    }
}

#[test]
fn a_flood_of_faults_is_cut_off() {
    let names = vec!["1"; 100_000].join(",");
    let found = patient(&format!(r#""name":[{{"given":[{names}]}}]"#));
    assert_eq!(found.len(), FAULTS_MAX + 1);
    assert_eq!(found[FAULTS_MAX], "too-costly : There are more faults. The first 100 are listed.");
}

#[test]
fn sentences_do_not_repeat_what_a_resource_says() {
    let said = patient(r#""gender":"SECRET","birthDate":"SECRET","name":[{"use":"SECRET"}],"id":"SECRET_""#);
    assert_eq!(said.len(), 4);
    assert!(!said.concat().contains("SECRET"));
}

/// Values that are right and wrong, as JSON.
fn check_values(primitive: Primitive, right: &[&str], wrong: &[&str]) {
    let fault = |text: &str| primitive::fault(primitive, Json::parse(text, Limits::FILE).unwrap().root());
    for text in right {
        assert_eq!(fault(text), None, "{primitive:?} {text}");
    }
    for text in wrong {
        assert!(fault(text).is_some(), "{primitive:?} {text}");
    }
}

#[test]
fn numbers_are_in_their_range() {
    use Primitive::{Boolean, Decimal, Integer, PositiveInt, UnsignedInt};
    check_values(Boolean, &["true", "false"], &["\"true\"", "1", "null"]);
    check_values(Decimal, &["1.50", "-0", "1e-7", "12345678901234567890.5"], &["\"1\"", "true"]);
    check_values(Integer, &["0", "-2147483648", "2147483647"], &["-0", "1.0", "1e2", "2147483648", "\"1\""]);
    check_values(UnsignedInt, &["0", "2147483647"], &["-1", "-0", "2147483648", "99999999999999999999"]);
    check_values(PositiveInt, &["1"], &["0", "-1", "1.5"]);
}

#[test]
fn texts_are_not_empty() {
    for primitive in [Primitive::String, Primitive::Markdown] {
        let long = format!("\"{}\"", "a".repeat((1 << 20) + 1));
        check_values(primitive, &["\"a\"", "\" a \\n\"", "\"é\""], &["\"\"", "\" \\t\\n\"", "1", &long]);
    }
    check_values(
        Primitive::Xhtml,
        &["\"<div xmlns='http://www.w3.org/1999/xhtml'>a</div>\"", "\"<div/>\"", "\" <div>a</div>\\n\""],
        &["\"\"", "\"text\"", "\"<p>a</p>\"", "\"<divan>a</divan>\"", "\"<div>a\""],
    );
}

#[test]
fn codes_and_addresses_follow_their_patterns() {
    use Primitive::{Canonical, Code, Id, Oid, Uri, Url, Uuid};
    let long = format!("\"{}\"", "a".repeat(65));
    check_values(
        Id,
        &["\"a\"", "\"A-1.b\"", &long.replacen('a', "", 1)],
        &["\"\"", "\"a_b\"", "\"a/b\"", "\"é\"", &long],
    );
    check_values(Code, &["\"a\"", "\"a b\"", "\"<=\""], &["\"\"", "\" a\"", "\"a \"", "\"a  b\"", "\"\\t\""]);
    for primitive in [Uri, Url, Canonical] {
        check_values(
            primitive,
            &["\"http://a.b/c|1\"", "\"urn:x\"", "\"é\""],
            &["\"\"", "\"a b\"", "\"a\\n\"", "1"],
        );
    }
    check_values(
        Oid,
        &["\"urn:oid:1.2.840.0\""],
        &["\"1.2.3\"", "\"urn:oid:3.1\"", "\"urn:oid:1\"", "\"urn:oid:1.02\"", "\"urn:oid:1.\""],
    );
    check_values(
        Uuid,
        &["\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""],
        &[
            "\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\"",
            "\"c757873d-ec9a-4326-a141-556f43239520\"",
            "\"urn:uuid:c757873dec9a-4326-a141-556f432395200\"",
        ],
    );
}

#[test]
fn dates_and_times_exist() {
    use Primitive::{Date, DateTime, Instant, Time};
    let dates = ["\"2024\"", "\"2024-12\"", "\"2024-02-29\"", "\"2000-02-29\"", "\"9999-12-31\""];
    let no_dates = [
        "\"\"",
        "\"24\"",
        "\"0000\"",
        "\"2024-13\"",
        "\"2024-00\"",
        "\"2023-02-29\"",
        "\"1900-02-29\"",
        "\"2024-04-31\"",
        "\"2024-04-00\"",
        "\"2024-4-1\"",
        "\"2024/04/01\"",
        "\"2024-04-01 \"",
        "\"01.04.2024\"",
        "\"2024é\"",
    ];
    check_values(Date, &dates, &no_dates);
    check_values(Date, &[], &["\"2024-02-29T10:00:00Z\""]);
    check_values(DateTime, &dates, &no_dates);
    let instants = [
        "\"2024-02-29T10:00:00Z\"",
        "\"2024-02-29T23:59:60.123456789+14:00\"",
        "\"2024-02-29T00:00:00.0-00:00\"",
    ];
    let no_instants = [
        "\"2024-02-29T10:00:00\"",
        "\"2024-02-29T10:00Z\"",
        "\"2024-02-29T24:00:00Z\"",
        "\"2024-02-29T10:60:00Z\"",
        "\"2024-02-29T10:00:61Z\"",
        "\"2024-02-29T10:00:00.Z\"",
        "\"2024-02-29T10:00:00+14:01\"",
        "\"2024-02-29T10:00:00+0100\"",
        "\"2023-02-29T10:00:00Z\"",
        "\"2024-02-29 10:00:00Z\"",
        "\"2024-02-29T10:00:00z\"",
        "\"2024-02-29T10:00+01:00\"",
    ];
    for primitive in [DateTime, Instant] {
        check_values(primitive, &instants, &no_instants);
    }
    check_values(Instant, &[], &dates);
    check_values(
        Time,
        &["\"00:00:00\"", "\"23:59:60.5\""],
        &["\"24:00:00\"", "\"10:00\"", "\"10:00:00.\"", "\"10:00:00Z\"", "\"1:00:00\""],
    );
}

#[test]
fn base64_is_whole() {
    check_values(
        Primitive::Base64Binary,
        &["\"QUJD\"", "\"QUI=\"", "\"QQ==\"", "\"QU JD\\r\\nQUJD\"", "\"+/+/\""],
        &["\"\"", "\" \"", "\"QUJ\"", "\"QUJ*\"", "\"QQ=Q\"", "\"Q===\"", "\"====\"", "\"-_-_\""],
    );
}

//! Views that are refused, and what the published tests leave out.

use super::written::text;
use crate::{Format, View};
use fhir::{Json, Limits};

fn view(select: &str) -> Result<View, String> {
    let text = format!(r#"{{"resource":"Patient","select":[{select}]}}"#);
    parsed(&text)
}

fn parsed(text: &str) -> Result<View, String> {
    View::parse(Json::parse(text, Limits::DOOR).unwrap().root()).map_err(|refusal| refusal.to_string())
}

/// The lines that a view makes of a resource, or why it makes none.
fn lines(view: &View, resource: &str) -> Result<String, String> {
    let resource = Json::parse(resource, Limits::DOOR).unwrap();
    let mut rows = view.rows();
    view.run(resource.root(), &mut rows).map_err(|refusal| refusal.to_string())?;
    Ok(text(view, Format::Ndjson, &rows))
}

fn refused(select: &str) -> String {
    view(select).unwrap_err()
}

#[test]
fn a_refusal_names_the_place_and_what_to_do() {
    let column = |column: &str| refused(&format!(r#"{{"column":[{column}]}}"#));
    assert!(column(r#"{"name":"a","path":"name.("}"#).starts_with("select[0].column[0].path: "));
    assert!(column(r#"{"path":"id"}"#).starts_with("select[0].column[0].name: A column needs a name"));
    assert!(column(r#"{"name":"a b","path":"id"}"#).contains("letters, digits and underscores"));
    assert!(column(r#"{"name":"a","path":"id","type":"identity"}"#).contains("identity is no type of R4"));
    assert!(column(r#"{"name":"a","path":"familie"}"#).starts_with("select[0].column[0].path: "));
    assert!(column(r#"{"name":"a","path":"%b"}"#).contains("the variable %b is not known"));
    assert!(column(r#"{"name":"a","path":"id","colection":true}"#).contains("colection is not known here"));
    assert!(refused(r#"{"forEach":"name"}"#).starts_with("select[0]: A select needs columns"));
    let both = r#"{"forEach":"name","forEachOrNull":"name","column":[{"name":"a","path":"family"}]}"#;
    assert!(refused(both).contains("forEach and forEachOrNull exclude each other"));
}

#[test]
fn all_faults_are_told_at_once() {
    let text = r#"{"resource":"Person2","fhirVersion":["5.0.0"],"constant":[{"name":"a","valueInteger":"x"}],
        "where":[{"path":"("}],"select":[]}"#;
    let refusal = View::parse(Json::parse(text, Limits::DOOR).unwrap().root()).unwrap_err();
    let places: Vec<_> = refusal.issues.iter().map(|issue| issue.at.as_str()).collect();
    assert_eq!(places, ["resource", "fhirVersion", "constant[0].valueInteger", "where[0].path", "select"]);
}

#[test]
fn names_of_columns_are_unlike_and_those_of_a_union_alike() {
    let twice = r#"{"column":[{"name":"a","path":"id"}]},{"column":[{"name":"a","path":"id"}]}"#;
    assert!(refused(twice).starts_with("select[1].column[0].path: There is another column a"));
    let union = |other: &str| {
        format!(r#"{{"unionAll":[{{"column":[{{"name":"a","path":"id"}}]}},{{"column":[{other}]}}]}}"#)
    };
    assert!(refused(&union(r#"{"name":"b","path":"id"}"#)).starts_with("select[0].unionAll[1]: Its columns"));
    assert!(refused(&union(r#"{"name":"a","path":"active"}"#)).contains("of another type"));
    assert!(view(&union(r#"{"name":"a","path":"id"}"#)).is_ok());
}

#[test]
fn items_within_items_are_found_by_repeat_with_their_index() {
    let text = r#"{"resource":"QuestionnaireResponse","select":[{"repeat":["item","answer.item"],"column":[
        {"name":"link","path":"linkId","type":"string"},{"name":"row","path":"%rowIndex","type":"integer"}]}]}"#;
    let response = r#"{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","item":[
        {"linkId":"1","item":[{"linkId":"1.1"}]},{"linkId":"2","answer":[{"item":[{"linkId":"2.1"}]}]}]}"#;
    let wanted = "{\"link\":\"1\",\"row\":0}\n{\"link\":\"1.1\",\"row\":1}\n{\"link\":\"2\",\"row\":2}\n{\"link\":\"2.1\",\"row\":3}\n";
    assert_eq!(lines(&parsed(text).unwrap(), response).unwrap(), wanted);
    let endless = text.replace(r#""item","answer.item""#, r#""$this""#);
    assert!(lines(&parsed(&endless).unwrap(), response).unwrap_err().contains("leads on without end"));
}

#[test]
fn each_level_has_its_own_row_index() {
    let select = r#"{"forEach":"name","column":[{"name":"n","path":"%rowIndex + 1"}],"select":[{"unionAll":[
        {"forEach":"given","column":[{"name":"g","path":"%rowIndex"},{"name":"v","path":"$this"}]},
        {"column":[{"name":"g","path":"%rowIndex"},{"name":"v","path":"family"}]}]}]}"#;
    let patient =
        r#"{"resourceType":"Patient","name":[{"family":"Lee"},{"family":"Roe","given":["Jo","Al"]}]}"#;
    let wanted = "{\"n\":1,\"g\":0,\"v\":\"Lee\"}\n{\"n\":2,\"g\":0,\"v\":\"Jo\"}\n{\"n\":2,\"g\":1,\"v\":\"Al\"}\n{\"n\":2,\"g\":1,\"v\":\"Roe\"}\n";
    assert_eq!(lines(&view(select).unwrap(), patient).unwrap(), wanted);
    let empty = r#"{"forEachOrNull":"contact","column":[{"name":"n","path":"%rowIndex"},{"name":"g","path":"gender"}]}"#;
    assert_eq!(lines(&view(empty).unwrap(), patient).unwrap(), "{\"n\":0,\"g\":null}\n");
}

#[test]
fn constants_of_every_type_stand_for_their_value() {
    for (kind, value, path) in [
        ("Boolean", "true", "active = %c"),
        ("Integer", "2", "name.count() = %c"),
        ("PositiveInt", "2", "name.count() = %c"),
        ("Integer64", "\"2\"", "name.count() = %c"),
        ("Decimal", "2.0", "name.count() = %c"),
        ("Date", "\"1990-01-02\"", "birthDate = %c"),
        ("DateTime", "\"1990-01-03\"", "birthDate < %c"),
        ("Instant", "\"2020-01-02T03:04:05Z\"", "meta.lastUpdated = %c"),
        ("Time", "\"10:00:00\"", "@T11:00:00 > %c"),
        ("Code", "\"male\"", "gender = %c"),
        ("String", "\"Lee\"", "name.first().family = %c"),
        ("Uri", "\"http://example.org/a\"", "identifier.system = %c"),
    ] {
        let text = format!(
            r#"{{"resource":"Patient","constant":[{{"name":"c","value{kind}":{value}}}],
                "select":[{{"column":[{{"name":"is","path":"{path}"}}]}}]}}"#
        );
        let patient = r#"{"resourceType":"Patient","meta":{"lastUpdated":"2020-01-02T03:04:05Z"},"active":true,
            "identifier":[{"system":"http://example.org/a"}],"gender":"male","birthDate":"1990-01-02",
            "name":[{"family":"Lee"},{"family":"Roe"}]}"#;
        assert_eq!(lines(&parsed(&text).unwrap(), patient).as_deref(), Ok("{\"is\":true}\n"), "{kind}");
    }
}

#[test]
fn a_value_that_is_not_of_its_columns_type_stops_the_run_with_its_place() {
    let patient =
        r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"family":"a"},{"family":"b"}]}"#;
    let refused = |column: &str| {
        lines(&view(&format!(r#"{{"column":[{{"name":"a",{column}}}]}}"#)).unwrap(), patient).unwrap_err()
    };
    assert_eq!(
        refused(r#""path":"active","type":"string""#),
        "select[0].column[0].path: On Patient/p: The value is a boolean, but the column's type wants text. Change the type or the path."
    );
    assert!(refused(r#""path":"name.family""#).contains("has 2 values. Take one, e.g. with first()"));
    assert!(refused(r#""path":"name.first().select(%context.name.first())""#).contains("no primitive"));
    let condition =
        r#"{"resource":"Patient","where":[{"path":"id"}],"select":[{"column":[{"name":"a","path":"id"}]}]}"#;
    assert!(
        lines(&parsed(condition).unwrap(), patient).unwrap_err().starts_with("where[0].path: On Patient/p")
    );
}

#[test]
fn selects_that_multiply_beyond_all_bounds_are_stopped() {
    let names: Vec<String> = (0..400).map(|n| format!("\"{n}\"")).collect();
    let patient = format!(r#"{{"resourceType":"Patient","name":[{{"given":[{}]}}]}}"#, names.join(","));
    let each =
        |name: &str| format!(r#"{{"forEach":"name.given","column":[{{"name":"{name}","path":"$this"}}]}}"#);
    let view = view(&format!("{},{}", each("a"), each("b"))).unwrap();
    assert!(lines(&view, &patient).unwrap_err().contains("more than 100000 rows"));
}

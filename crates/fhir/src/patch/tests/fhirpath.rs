use super::*;
use crate::xml::{self, Layout};

/// The resource after a patch of these operations: type, path, and more parts.
fn patched(resource: &str, operations: &[(&str, &str, &str)]) -> Result<String, String> {
    let operations = operations.iter().map(|(kind, path, more)| {
        let path = Tree::from(*path).text();
        let more = if more.is_empty() { String::new() } else { format!(",{more}") };
        format!(
            r#"{{"name":"operation","part":[{{"name":"type","valueCode":"{kind}"}},
               {{"name":"path","valueString":{path}}}{more}]}}"#
        )
    });
    let operations = operations.collect::<Vec<_>>().join(",");
    let patch = parse(&format!(r#"{{"resourceType":"Parameters","parameter":[{operations}]}}"#));
    let resource = parse(&format!(r#"{{"resourceType":"Patient",{resource}}}"#));
    let tree = fhirpath_patch(resource.root(), patch.root()).map_err(|refusal| refusal.to_string())?;
    Ok(tree.text().replacen(r#"{"resourceType":"Patient""#, "", 1).trim_matches(&[',', '}'][..]).to_owned())
}

fn one(resource: &str, kind: &str, path: &str, more: &str) -> String {
    patched(resource, &[(kind, path, more)]).unwrap_or_else(|reason| reason)
}

#[test]
fn the_published_cases_give_what_they_should() {
    let mut outcomes = Outcomes::of("fhir-patch fhirpath");
    let cases = cases("fhir-patch-tests.xml");
    for case in &cases {
        let read = |name: &str| document(case, name).map(|d| xml::read(d.text(), Limits::FILE).unwrap());
        let (input, diff) = (read("input").unwrap(), read("diff").unwrap());
        let patched = fhirpath_patch(input.root(), diff.root());
        let written = |json: &Json| {
            let text = xml::write(json.root(), Layout::Compact).unwrap();
            plain(Document::read(text, Limits::FILE).unwrap())
        };
        let right = match (&patched, read("output")) {
            (Ok(tree), Some(output)) => written(&parse(&tree.text())) == written(&output),
            (outcome, _) => outcome.is_err() && inside(case, "error").is_some(),
        };
        outcomes.note(named(case), right, &format!("{patched:?}"));
    }
    if !cases.is_empty() {
        assert!(outcomes.passed + outcomes.failed.len() > 25);
        outcomes.end(&[]);
    }
}

#[test]
fn a_value_and_its_extensions_move_together() {
    let names = r#""name":[{"given":["A",null,"C"],"_given":[{"id":"a"},{"id":"b"},null]}]"#;
    assert_eq!(
        one(
            names,
            "move",
            "Patient.name.given",
            r#"{"name":"source","valueInteger":2},{"name":"destination","valueInteger":0}"#
        ),
        r#""name":[{"given":["C","A",null],"_given":[null,{"id":"a"},{"id":"b"}]}]"#
    );
    assert_eq!(
        one(names, "delete", "Patient.name.given[1]", ""),
        r#""name":[{"given":["A","C"],"_given":[{"id":"a"},null]}]"#
    );
    assert_eq!(
        one(
            names,
            "insert",
            "Patient.name.given",
            r#"{"name":"index","valueInteger":3},{"name":"value","valueString":"D","_valueString":{"id":"d"}}"#
        ),
        r#""name":[{"given":["A",null,"C","D"],"_given":[{"id":"a"},{"id":"b"},null,{"id":"d"}]}]"#
    );
    assert_eq!(
        one(
            r#""birthDate":"1970""#,
            "add",
            "Patient.birthDate",
            r#"{"name":"name","valueString":"extension"},{"name":"value","valueExtension":{"url":"u"}}"#
        ),
        r#""birthDate":"1970","_birthDate":{"extension":[{"url":"u"}]"#
    );
}

#[test]
fn a_choice_takes_the_type_of_its_value() {
    let value = r#"{"name":"name","valueString":"deceased"},{"name":"value","valueBoolean":true}"#;
    assert_eq!(one(r#""id":"a""#, "add", "Patient", value), r#""id":"a","deceasedBoolean":true"#);
    assert_eq!(
        one(
            r#""deceasedBoolean":true"#,
            "replace",
            "Patient.deceased",
            r#"{"name":"value","valueDateTime":"2024"}"#
        ),
        r#""deceasedDateTime":"2024""#
    );
}

#[test]
fn what_becomes_empty_goes() {
    let contact = r#""active":true,"contact":[{"name":{"text":"x"}}]"#;
    assert_eq!(one(contact, "delete", "Patient.contact.name.text", ""), r#""active":true"#);
    assert_eq!(
        one(contact, "delete", "Patient.contact.where(gender='male')", ""),
        contact,
        "nothing is found"
    );
}

#[test]
fn contained_resources_and_places_by_condition_are_reached() {
    let contained = r#""contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"}}],
        "identifier":[{"system":"a","value":"1"},{"system":"b","value":"2"}]"#;
    let done = patched(
        contained,
        &[
            ("replace", "Patient.contained[0].code.text", r#"{"name":"value","valueString":"y"}"#),
            (
                "replace",
                "Patient.identifier.where(system = 'b').value",
                r#"{"name":"value","valueString":"3"}"#,
            ),
        ],
    );
    let done = done.unwrap();
    assert!(done.contains(r#""text":"y""#) && done.contains(r#"{"system":"b","value":"3"}"#), "{done}");
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let two = r#""active":true,"identifier":[{"value":"1"},{"value":"2"}]"#;
    let name = |name: &str| {
        format!(r#"{{"name":"name","valueString":"{name}"}},{{"name":"value","valueString":"x"}}"#)
    };
    let cases = [
        ("add", "Patient", name("nonsense"), "Patient has no element nonsense"),
        ("add", "Patient", name("active"), "Patient has active already. Replace it"),
        ("add", "Patient.contact", name("gender"), "there is nothing at Patient.contact"),
        ("add", "Patient", r#"{"name":"value","valueString":"x"}"#.to_owned(), "it needs a part called name"),
        ("delete", "Patient.identifier", String::new(), "leads to 2 elements and must lead to one"),
        ("delete", "Patient", String::new(), "is the whole resource, which stays"),
        ("delete", "Patient.identifier.count()", String::new(), "leads to what is no part of the resource"),
        ("replace", "Patient.birthDate", name("x"), "there is nothing at Patient.birthDate"),
        (
            "insert",
            "Patient.identifier",
            r#"{"name":"index","valueInteger":3},{"name":"value","valueIdentifier":{}}"#.to_owned(),
            "the list has 2 items, so none can be put at 3",
        ),
        (
            "insert",
            "Patient.active",
            r#"{"name":"index","valueInteger":0},{"name":"value","valueBoolean":true}"#.to_owned(),
            "does not lead to one list",
        ),
        (
            "insert",
            "Patient.name",
            r#"{"name":"index","valueInteger":0},{"name":"value","valueString":"x"}"#.to_owned(),
            "there is no list at Patient.name",
        ),
        (
            "insert",
            "Patient.identifier",
            r#"{"name":"index","valueInteger":-1},{"name":"value","valueString":"x"}"#.to_owned(),
            "the part index must have a whole number from 0 up",
        ),
        (
            "move",
            "Patient.identifier",
            r#"{"name":"source","valueInteger":0},{"name":"destination","valueInteger":2}"#.to_owned(),
            "the list has 2 items, so 0 cannot move to 2",
        ),
        ("spam", "Patient", String::new(), "its type must be one of add, insert, delete, replace and move"),
        ("delete", "Patient..x", String::new(), "its path is no FHIRPath"),
    ];
    for (kind, path, more, reason) in cases {
        let told = one(two, kind, path, &more);
        assert!(told.contains(reason), "{kind} {path}: {told}");
    }
    let many = patched(two, &[("delete", "Patient.name", ""); 251]);
    assert!(many.unwrap_err().contains("too many for this resource"));
    let other = parse(r#"{"resourceType":"Basic"}"#);
    assert!(fhirpath_patch(other.root(), other.root()).is_err());
}

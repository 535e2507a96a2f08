use super::*;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"a","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><br />x</div>"},"identifier":[{"system":"urn:a","value":"1"},{"system":"urn:b","value":"2"}],"birthDate":"1970"}"#;

/// The patient after these operations.
fn patched(operations: &str) -> String {
    let patch =
        format!("<diff xmlns:f=\"http://hl7.org/fhir\" xmlns=\"http://hl7.org/fhir\">{operations}</diff>");
    let patch = Document::read(patch, Limits::DOOR).unwrap();
    match xml_patch(parse(PATIENT).root(), &patch) {
        Ok(tree) => tree.text(),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn the_published_cases_give_what_they_should() {
    let mut outcomes = Outcomes::of("fhir-patch xml");
    let cases = cases("xml-patch-tests.xml");
    for case in &cases {
        let patch = Document { root: inside(case, "patch").unwrap().clone() };
        let outcome = match document(case, "target") {
            Some(mut target) => crate::patch::xml::apply(&mut target, &patch).map(|()| target),
            // Without a target there is no document to be read.
            None => Document::read("", Limits::DOOR),
        };
        let right = match (&outcome, document(case, "patched")) {
            (Ok(document), Some(expected)) => plain(document.clone()) == plain(expected),
            (outcome, _) => outcome.is_err() && inside(case, "error").is_some(),
        };
        outcomes.note(named(case), right, &format!("{outcome:?}"));
    }
    if !cases.is_empty() {
        assert!(outcomes.passed + outcomes.failed.len() > 20);
        outcomes.end(&[]);
    }
}

proptest::proptest! {
    #[test]
    fn no_path_makes_the_patch_fall(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..12)) {
        let sel = pieces.concat().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let told = patched(&format!("<replace sel=\"{sel}\"><birthDate value=\"1\"/></replace>"));
        proptest::prop_assert!(!told.is_empty());
    }
}

/// What paths are put together from.
const PIECES: &[&str] = &[
    "/",
    "Patient",
    "f:Patient",
    "identifier",
    "*",
    "@",
    "value",
    "[",
    "]",
    "1",
    "0",
    "99999999999999999999",
    "=",
    "'",
    "\"",
    "text()",
    "comment()",
    ".",
    "..",
    ":",
    "é",
    " ",
    "<",
    "&",
    "|",
    "(",
    ")",
];

#[test]
fn a_resource_is_patched_in_its_xml_form_and_the_rest_stays_as_it_came() {
    let same = |from: &str, to: &str| PATIENT.replace(from, to);
    assert_eq!(
        patched(r#"<replace sel="f:Patient/f:birthDate/@value">1971</replace>"#),
        same("1970", "1971")
    );
    assert_eq!(
        patched(r#"<add sel="/f:Patient"><active value="true"/></add>"#),
        same(r#"],"birthDate""#, r#"],"active":true,"birthDate""#),
        "an element that a patch has put at the end is put where it belongs"
    );
    assert_eq!(
        patched(r#"<remove sel="f:Patient/f:identifier[f:system/@value='urn:a']"/>"#),
        same(r#"{"system":"urn:a","value":"1"},"#, "")
    );
    assert_eq!(
        patched(
            r#"<replace sel="Patient/identifier[2]"><identifier><value value="3"/></identifier></replace>"#
        ),
        same(r#"{"system":"urn:b","value":"2"}"#, r#"{"value":"3"}"#)
    );
    assert_eq!(
        patched(
            r#"<add sel="Patient/identifier[1]" pos="before"><identifier><value value="0"/></identifier></add>"#
        ),
        same(r#""identifier":["#, r#""identifier":[{"value":"0"},"#)
    );
    assert_eq!(
        patched(r#"<add sel="Patient/birthDate" type="@id">b</add>"#),
        same(r#""birthDate":"1970""#, r#""birthDate":"1970","_birthDate":{"id":"b"}"#)
    );
    let narrative =
        r#"<add xmlns:h="http://www.w3.org/1999/xhtml" sel="Patient/text/h:div"><h:p>y</h:p></add>"#;
    assert_eq!(patched(narrative), same("<br />x</div>", "<br/>x<p>y</p></div>"));
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let cases = [
        ("", "The XML Patch has no operations."),
        (r#"<spam sel="Patient"/>"#, "it must be one of add, replace and remove"),
        (r#"<remove/>"#, "it needs the attribute sel"),
        (r#"<remove sel="Patient"/>"#, "the root can only be replaced"),
        (r#"<remove sel="Patient/active"/>"#, "there is nothing at Patient/active"),
        (r#"<remove sel="Patient/identifier"/>"#, "leads to 2 nodes and must lead to one"),
        (r#"<remove sel="x:Patient"/>"#, "the prefix \"x\" stands for no namespace"),
        (r#"<remove sel="//Patient"/>"#, "its path is one of names"),
        (r#"<remove sel="Patient/identifier[position()=1]"/>"#, "its path is one of names"),
        (r#"<remove sel="Patient/identifier[1"/>"#, "must end with ]"),
        (r#"<remove sel="Patient/identifier[@id='1]"/>"#, "a text in its path does not end"),
        (r#"<remove sel="Patient|Basic"/>"#, "is not understood"),
        (r#"<replace sel="Patient/birthDate">x</replace>"#, "replaced by exactly one element"),
        (r#"<add sel="Patient/birthDate" type="@value">x</add>"#, "there is an attribute value already"),
        (r#"<add sel="Patient/birthDate" pos="here"/>"#, "its pos must be prepend, before or after"),
        (r#"<add sel="Patient"><nonsense/></add>"#, "Patient has no element nonsense."),
        (r#"<add sel="Patient"><birthDate value="1"/></add>"#, "This may come once only."),
        (r#"<add sel="Patient"><active xmlns="" value="true"/></add>"#, "active must be in the namespace"),
    ];
    for (operation, reason) in cases {
        let told = patched(operation);
        assert!(told.contains(reason), "{operation}: {told}");
    }
    assert!(
        patched(&format!(r#"<remove sel="Patient{}"/>"#, "/a".repeat(100))).contains("more than 64 parts")
    );
    let many = r#"<remove sel="Patient/active"/>"#.repeat(251);
    assert!(patched(&many).contains("too many for this resource"));
    let wide = format!("<diff>{}</diff>", "<a/>".repeat(300_000));
    assert!(
        Document::read(wide, Limits::DOOR).unwrap_err().to_string().contains("more than 250000 elements")
    );
}

use super::*;
use crate::{Json, Limits, suites};

/// A value with its members sorted by name, so that two can be compared without regard to their order.
fn sorted(value: crate::Value<'_>) -> String {
    let mut tree = crate::Tree::from(value);
    sort(&mut tree);
    tree.text()
}

fn sort(tree: &mut crate::Tree) {
    match tree {
        crate::Tree::Object(members) => {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members.iter_mut().for_each(|(_, value)| sort(value));
        }
        crate::Tree::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[test]
fn every_published_json_example_survives_the_way_through_xml() {
    let files = suites::files("fhir-r4-examples");
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, text) in &files {
        let json = Json::parse(text.as_str(), Limits::FILE).unwrap();
        let outcome = (|| {
            let compact = write(json.root(), Layout::Compact)?;
            let pretty = write(json.root(), Layout::Pretty)?;
            Ok((read(compact, Limits::FILE)?, read(pretty, Limits::FILE)?))
        })();
        let outcome = outcome.map_err(|refusal: crate::Refusal| refusal.to_string());
        match outcome {
            Ok((compact, pretty))
                if sorted(compact.root()) == sorted(json.root()) && compact.text() == pretty.text() =>
            {
                passed += 1;
            }
            Ok((compact, _)) => {
                let (a, b) = (sorted(json.root()), sorted(compact.root()));
                let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b).unwrap_or(0);
                let at = at.saturating_sub(60);
                let part = |s: &str| s.chars().skip(at).take(160).collect::<String>();
                failed.push(format!("{name}: {} became {}", part(&a), part(&b)));
            }
            Err(reason) => failed.push(format!("{name}: {reason}")),
        }
    }
    println!("SUITE fhir-r4-examples JSON-XML-JSON: passed {passed}, failed {}, skipped 0", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Every XML file in a folder of the suites and the folders in it.
fn documents(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|e| e == "xml") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn every_xml_file_of_uk_core_survives_the_way_through_json() {
    let Some(folder) = suites::folder("uk-core") else { return };
    let mut paths = Vec::new();
    documents(&folder, &mut paths);
    assert!(paths.len() > 100);
    // Each with its reason.
    let known = [(
        "CodeSystem-UKCore-EthnicCategoryScotland.xml",
        "a word stands between two elements, where FHIR has no text",
    )];
    let (mut failed, mut listed) = (Vec::new(), 0);
    for path in &paths {
        let outcome = (|| {
            let json = read(std::fs::read(path).unwrap(), Limits::FILE)?;
            let xml = write(json.root(), Layout::Compact)?;
            let again = read(xml.as_str(), Limits::FILE)?;
            Ok((json.text() == again.text(), write(again.root(), Layout::Compact)? == xml))
        })();
        match outcome.map_err(|refusal: crate::Refusal| refusal.to_string()) {
            Ok((true, true)) => {}
            Err(reason)
                if known.iter().any(|(name, _)| path.ends_with(name)) && reason.contains("Text has no") =>
            {
                listed += 1;
            }
            other => failed.push(format!("{}: {other:?}", path.display())),
        }
    }
    let (all, wrong) = (paths.len(), failed.len() + listed);
    println!("SUITE uk-core XML-JSON-XML-JSON: passed {}, failed {wrong}, skipped 0", all - wrong);
    assert!(failed.is_empty() && listed == known.len(), "{}", failed.join("\n"));
}

/// Documents of the validator's suite that are not read, each with its reason. Most are there to be refused.
const REFUSED: &[(&str, &str)] = &[
    (
        "Observation-ex-pain.xml",
        "a status has an attribute that FHIR does not know, a valueInteger an element",
    ),
    ("cda/example-no-styles.xml", "a CDA document, no resource"),
    ("cda/example.xml", "a CDA document, no resource"),
    ("pat-security-bad-string2.xml", "a script stands in a name"),
    ("xml-bad-entities.xml", "a narrative has an entity of HTML"),
    ("xml-fail.xml", "text and a coding stand where they may not"),
];

#[test]
fn every_xml_file_of_the_validator_that_is_fhir_survives_the_way_through_json() {
    let Some(folder) = suites::folder("fhir-validator") else { return };
    let mut paths = Vec::new();
    documents(&folder, &mut paths);
    let (mut passed, mut refused) = (0, Vec::new());
    for path in &paths {
        let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        match read(std::fs::read(path).unwrap(), Limits::FILE) {
            Ok(json) => {
                let xml = write(json.root(), Layout::Compact).unwrap();
                assert_eq!(read(xml, Limits::FILE).unwrap().text(), json.text(), "{name}");
                passed += 1;
            }
            Err(refusal) => refused.push((name, refusal.to_string())),
        }
    }
    println!("SUITE fhir-validator XML-JSON-XML-JSON: passed {passed}, failed {}, skipped 0", refused.len());
    let names: Vec<_> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, REFUSED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{refused:#?}");
}

fn json_of(xml: &str) -> String {
    read(xml, Limits::DOOR).map(|json| json.text().to_owned()).unwrap_or_else(|refusal| refusal.to_string())
}

fn patient(inside: &str) -> String {
    json_of(&format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>"))
}

fn xml_of(json: &str) -> String {
    let json = Json::parse(json, Limits::DOOR).unwrap();
    let xml = write(json.root(), Layout::Compact).unwrap();
    xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap().to_owned()
}

#[test]
fn each_shape_of_json_has_its_shape_in_xml() {
    let shapes = [
        ("<id value=\"a\"/><active value=\"true\"/>", r#""id":"a","active":true"#),
        ("<birthDate id=\"b\" value=\"1970-01-01\"/>", r#""birthDate":"1970-01-01","_birthDate":{"id":"b"}"#),
        (
            "<birthDate><extension url=\"urn:x\"><valueDecimal value=\"1.0\"/></extension></birthDate>",
            r#""_birthDate":{"extension":[{"url":"urn:x","valueDecimal":1.0}]}"#,
        ),
        (
            "<name id=\"n\"><given value=\"A\"/><given id=\"g\" value=\"B\"/><given value=\"C\"/></name>",
            r#""name":[{"id":"n","given":["A","B","C"],"_given":[null,{"id":"g"},null]}]"#,
        ),
        (
            "<name><given><extension url=\"urn:x\"><valueCode value=\"c\"/></extension></given><given value=\"B\"/></name>",
            r#""name":[{"given":[null,"B"],"_given":[{"extension":[{"url":"urn:x","valueCode":"c"}]},null]}]"#,
        ),
        (
            "<contained><Basic><code><text value=\"x\"/></code></Basic></contained>",
            r#""contained":[{"resourceType":"Basic","code":{"text":"x"}}]"#,
        ),
        ("<deceasedBoolean value=\"false\"/>", r#""deceasedBoolean":false"#),
        ("<multipleBirthInteger value=\"-2\"/>", r#""multipleBirthInteger":-2"#),
        (
            "<text><status value=\"empty\"/><div xmlns=\"http://www.w3.org/1999/xhtml\" title='a'>1 &lt; 2<br />é&#160;</div></text>",
            r#""text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" title='a'>1 &lt; 2<br />é&#160;</div>"}"#,
        ),
        ("<gender value=\"a &amp; &lt; &gt; &quot; ' é&#10;&#9;\"/>", r#""gender":"a & < > \" ' é\n\t""#),
    ];
    for (xml, json) in shapes {
        let json = format!(r#"{{"resourceType":"Patient",{json}}}"#);
        assert_eq!(patient(xml), json);
        assert_eq!(xml_of(&json), format!("<Patient xmlns=\"http://hl7.org/fhir\">{xml}</Patient>"));
    }
    assert_eq!(patient(""), r#"{"resourceType":"Patient"}"#);
    assert_eq!(xml_of(r#"{"resourceType":"Patient"}"#), "<Patient xmlns=\"http://hl7.org/fhir\"/>");
}

#[test]
fn elements_come_out_in_the_order_of_the_standard() {
    let json =
        r#"{"birthDate":"1970","name":[{"given":["B"],"family":"A"}],"id":"1","resourceType":"Patient"}"#;
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/><name><family value=\"A\"/>\
        <given value=\"B\"/></name><birthDate value=\"1970\"/></Patient>";
    assert_eq!(xml_of(json), xml);
    let pretty = write(Json::parse(json, Limits::DOOR).unwrap().root(), Layout::Pretty).unwrap();
    assert!(pretty.contains("\n  <name>\n    <family value=\"A\"/>\n    <given"), "{pretty}");
    let other_order = "<birthDate value=\"1970\"/><name/><active value=\"true\"/><name id=\"x\"/>";
    let wanted = r#"{"resourceType":"Patient","active":true,"name":[{},{"id":"x"}],"birthDate":"1970"}"#;
    assert_eq!(patient(other_order), wanted, "what a patch has put at the end is taken");
}

#[test]
fn prefixes_comments_instructions_and_space_say_nothing() {
    let xml = "\u{feff}<?xml version='1.0' encoding='utf-8'?><?x y?><!-- a -->\n<f:Patient xmlns:f='http://hl7.org/fhir'
        xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'
        xsi:schemaLocation='http://hl7.org/fhir patient.xsd'>
        <!-- b --> <f:text><f:status value=\"empty\"/><h:div a=\"1\"><h:p/>x<![CDATA[<]]></h:div></f:text>
        <?z?> <f:multipleBirthInteger value=' +1 '/></f:Patient><!-- c -->\n";
    let json = r#"{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" a=\"1\"><p/>x&lt;</div>"},"multipleBirthInteger":1}"#;
    assert_eq!(json_of(xml), json);
}

#[test]
fn a_narrative_that_is_no_xhtml_makes_no_unsound_xml() {
    for div in ["<div>a&nbsp;b</div>", "<div><p></div>", "<div>a</div><div>b</div>", "<div onclick=x>a</div>"]
    {
        let json = crate::Tree::resource("Patient")
            .with("text", crate::Tree::object().with("status", "empty").with("div", div));
        let xml = xml_of(&json.text());
        let again = json_of(&xml);
        assert!(again.contains("&lt;div"), "{again}");
    }
    let plain = xml_of(r#"{"resourceType":"Patient","text":{"status":"empty","div":"<div>a<br/></div>"}}"#);
    assert!(plain.contains("<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/></div>"), "{plain}");
    let control = xml_of("{\"resourceType\":\"Patient\",\"language\":\"a\\u0001b\"}");
    assert!(control.contains("a\u{fffd}b"));
}

#[test]
fn faults_are_told_all_at_once_with_their_places() {
    let told = patient(
        "<nonsense><deep/></nonsense>\n<name>text</name><name lang=\"en\"><given/></name>\
         <birthDate value=\"1970\"/><birthDate value=\"1971\"/><active value=\"yes\"/>\
         <multipleBirthInteger value=\"1.5\"/><gender xmlns=\"urn:x\" value=\"male\"/>\
         <contained/><text><div/></text>",
    );
    let wanted = [
        "Patient.nonsense: Line 1, column 38: Patient has no element nonsense.",
        "Patient.name[0]: Line 2, column 7: Text has no meaning here. A value stands in the attribute value.",
        "Patient.name[1]: Line 2, column 18: HumanName has no attribute lang.",
        "Patient.name[1].given[0]: Line 2, column 42: There is neither a value nor an extension here.",
        "Patient.birthDate: Line 2, column 74: This may come once only.",
        "This must be true or false.",
        "This must be a whole number.",
        "gender must be in the namespace http://hl7.org/fhir.",
        "Patient.contained[0]: ",
        "A resource must stand here.",
        "Patient.text.div: ",
        "div must be in the namespace http://www.w3.org/1999/xhtml.",
    ];
    for part in wanted {
        assert!(told.contains(part), "{part:?} in {told}");
    }
    let many = patient(&"<x/>".repeat(1000));
    assert!(many.ends_with("There are more faults. The first 100 are listed."), "{many}");
}

#[test]
fn what_is_not_sound_xml_is_refused_with_its_place() {
    let cases = [
        ("", "line 1, column 1: the text ends before its elements do"),
        ("  \n ", "the text ends before its elements do"),
        ("{}", "text stands outside the root element"),
        ("<Patient", "the text ends inside a tag"),
        ("<Patient xmlns=\"http://hl7.org/fhir\">", "the text ends before its elements do"),
        ("<Patient xmlns=\"http://hl7.org/fhir\"></Pat>", "</Pat> ends what <Patient> begins"),
        ("<Patient xmlns=\"http://hl7.org/fhir\"/><Patient/>", "a second root element"),
        ("<Patient xmlns=\"http://hl7.org/fhir\"/>x", "text stands outside the root element"),
        ("<!DOCTYPE Patient><Patient/>", "a document type declaration is not taken"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><id value='&x;'/></Patient>",
            "Patient: The XML is not sound: line 1, column 38: &x; is not taken",
        ),
        ("<Patient xmlns='http://hl7.org/fhir'>&x;</Patient>", "&x; is not taken"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='&#0;'/></Patient>", "&#0; is not taken"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='&#xD800;'/></Patient>", "&#xD800; is not taken"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='&#+65;'/></Patient>", "is not taken"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='<'/></Patient>", "must be written as &lt;"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='a'value='b'/></Patient>", "after a space"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value=a/></Patient>", "an attribute must be written"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='a' value='b'/></Patient>", "stands twice"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><f:id value='a'/></Patient>",
            "the prefix f stands for no namespace",
        ),
        ("<1/>", "this is no name of an element"),
        ("<Patient xmlns='http://hl7.org/fhir'>]]></Patient>", "]]> must not stand in text"),
        ("<Patient xmlns='http://hl7.org/fhir'><!-- -- --></Patient>", "two hyphens"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><id value='\u{1}'/></Patient>",
            "this character may not stand in XML",
        ),
        ("<?xml version='1.0' encoding='latin1'?><Patient/>", "the encoding must be UTF-8"),
        ("<?xml version='1.1'?><Patient/>", "the version of XML must be 1.0"),
        (" <?xml version='1.0'?><Patient/>", "the very beginning"),
        ("<Patient/>", "Patient must be in the namespace http://hl7.org/fhir."),
        ("<Patient xmlns='http://hl7.org/fhir/'/>", "must be in the namespace"),
        ("<Nonsense xmlns='http://hl7.org/fhir'/>", "Nonsense is not a resource type of FHIR R4."),
        ("<Resource xmlns='http://hl7.org/fhir'/>", "Resource is not a resource type"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><text><div xmlns='http://www.w3.org/1999/xhtml'><svg xmlns='urn:s'/></div></text></Patient>",
            "a narrative has elements of",
        ),
        (
            "<Patient xmlns='http://hl7.org/fhir' xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd'/></Patient>",
            "Patient has no element include.",
        ),
    ];
    for (xml, reason) in cases {
        let told = json_of(xml);
        assert!(told.contains(reason), "{xml}: {told}");
    }
    let told = read(b"<Patient xmlns='http://hl7.org/fhir'>\n\xff</Patient>".as_slice(), Limits::DOOR);
    assert!(told.unwrap_err().to_string().contains("line 2, column 1: the text is not UTF-8"));
}

#[test]
fn hostile_documents_are_refused_soon() {
    let began = std::time::Instant::now();
    let bomb =
        "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><Patient>&lol2;</Patient>";
    assert!(json_of(bomb).contains("a document type declaration is not taken"));
    let deep = patient(&"<extension url=\"u\">".repeat(1000));
    assert!(deep.contains("nested deeper than 64"), "{deep}");
    let deep = patient(&format!("<text><div xmlns=\"{XHTML}\">{}", "<p>".repeat(1_000_000)));
    assert!(deep.contains("nested deeper than 256"), "{deep}");
    let many: String = (0..10_000).map(|i| format!(" a{i}=\"\"")).collect();
    assert!(patient(&format!("<name{many}/>")).contains("more than 64 attributes"));
    let declared: String = (0..60).map(|i| format!(" xmlns:a{i}=\"urn:{i}\"")).collect();
    assert!(
        patient(&format!("<name{declared}><given{declared}/></name>")).contains("more than 64 namespaces")
    );
    let long = format!("<multipleBirthInteger value=\"{}\"/>", "9".repeat(1_000_000));
    assert!(patient(&long).contains("longer than 128 characters"));
    let huge = format!("<Patient xmlns=\"{FHIR}\"><id value=\"{}\"/></Patient>", "x".repeat(17 << 20));
    assert_eq!(read(huge, Limits::DOOR).unwrap_err().kind, crate::Kind::TooLarge);
    let wide = patient(&"<name/>".repeat(1 << 20));
    assert!(wide.len() > 3_000_000, "a million empty names are read, for the validator to refuse");
    let whole = "<?xml version=\"1.0\"?><Patient xmlns=\"http://hl7.org/fhir\"><!-- a --><text><status value=\"empty\"/>\
        <div xmlns=\"http://www.w3.org/1999/xhtml\">é&#160;<![CDATA[x]]></div></text><name id='n'/><?a b?></Patient>";
    assert!(read(whole, Limits::DOOR).is_ok());
    for end in 0..whole.len() {
        assert!(read(&whole.as_bytes()[..end], Limits::DOOR).is_err(), "{}", &whole[..end.min(60)]);
    }
    let odd = [
        "<!-->",
        "<!--->",
        "<!---->",
        "<!>",
        "<>",
        "</>",
        "< />",
        "<?>",
        "<??>",
        "<![CDATA[]]>",
        "<![CDATA[",
        "&;",
        "&#;",
        "&#x;",
        "&",
        "<a",
        "<a/",
        "<a =\"\"/>",
        "<a b/>",
        "<a b=/>",
        "<a b=\"/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<a xmlns:=\"\"/>",
        "<xmlns:a/>",
        "<a xmlns:xml=\"u\"/>",
        "<a xmlns:b=\"\"/>",
    ];
    for text in odd {
        let _ = read(text, Limits::DOOR).unwrap_err();
        // Only an empty comment says nothing.
        let inside = patient(&format!("<name>{text}</name>"));
        assert_eq!(inside.starts_with('{'), text == "<!---->", "{text}: {inside}");
    }
    println!("hostile documents took {:?}", began.elapsed());
    assert!(began.elapsed().as_secs() < 30);
}

#[test]
fn a_second_byte_order_mark_is_refused() {
    let twice = "\u{feff}\u{feff}<Patient xmlns='http://hl7.org/fhir'/>";
    assert!(read(twice, Limits::DOOR).unwrap_err().to_string().contains("a second byte order mark"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_and_what_it_takes_it_gives_back(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)
    ) {
        let text = pieces.concat();
        if let Ok(json) = read(text, Limits::DOOR) {
            let xml = write(json.root(), Layout::Compact).unwrap();
            let again = read(xml, Limits::DOOR).unwrap();
            proptest::prop_assert_eq!(again.text(), json.text());
        }
    }

    #[test]
    fn any_text_in_a_value_survives(text in "\\PC{0,40}|[\\t\\n\\r &<>\"']{0,10}") {
        let json = crate::Tree::resource("Patient").with("language", text.as_str()).text();
        proptest::prop_assert_eq!(json_of(&xml_of(&json)), json);
    }
}

/// What hostile documents are put together from.
const PIECES: &[&str] = &[
    "<Patient xmlns=\"http://hl7.org/fhir\">",
    "</Patient>",
    "<name>",
    "</name>",
    "<given value=\"a\"/>",
    "<given",
    " value='",
    "'",
    "\"",
    "/>",
    ">",
    "<",
    "&amp;",
    "&#65;",
    "&x;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?pi",
    "?>",
    "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">",
    "</div></text>",
    "<birthDate>",
    "</birthDate>",
    "<extension url=\"u\"><valueInteger value=\"+1\"/></extension>",
    "é",
    "\u{feff}",
    " ",
    "\n",
    "<!DOCTYPE",
    "xmlns:f=",
];

//! S-14: for each type of resource and each interaction, what another team has sealed is answered as what never was.
//! S-16: also in the same time.

use super::house::consent;
use super::{Answer, Caller, House};
use fhir::Tree;
use fhir::definitions::{Element, Primitive, RESOURCES, TypeDef, type_def};

/// An id as long as those of the samples, which nothing has.
const ABSENT: &str = "00000000-0000-4000-8000-00000000ffff";
/// Types that are no resources of their own here, or that only who runs the installation may write.
const NOT_STORED: &[&str] = &["AuditEvent", "Parameters"];
/// What is asked of each, beside reads and searches.
const CHANGES: &[(&str, &str)] =
    &[("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("DELETE", "?_id="), ("PUT", "?_id=")];
/// Values deep, at most, in a sample.
const DEPTH_MAX: usize = 5;

/// A small sound resource of a type: what must be there, and Pat as the subject where there can be one.
pub fn sample(kind: &str, id: &str) -> String {
    let def = type_def(kind).expect("it is a type");
    let mut tree = Tree::resource(kind).with("id", id);
    for (name, value) in content(def, 0) {
        tree.set(name, value);
    }
    if kind == "Subscription" {
        tree.set("criteria", "Patient");
        tree.set("channel", Tree::object().with("type", "websocket"));
    }
    let is_subject = |element: &&Element| {
        ["subject", "patient", "for", "beneficiary", "individual"].contains(&element.name)
            && element.type_name == "Reference"
            && element.targets.contains(&"Patient")
    };
    if let Some(subject) = def.elements.iter().find(is_subject) {
        let to = Tree::object().with("reference", "Patient/p");
        tree.set(subject.name, if subject.max > 1 { Tree::from(vec![to]) } else { to });
    }
    tree.text()
}

/// What must stand in a value of a type.
fn content(def: &'static TypeDef, depth: usize) -> Vec<(&'static str, Tree)> {
    let mut groups = (0..128).filter(|group| def.required >> group & 1 == 1).peekable();
    if groups.peek().is_none() && depth > 0 {
        // A value must have something in it.
        let any = def.elements.iter().find(|e| ["display", "text", "value", "title"].contains(&e.name));
        let is_simple =
            |e: &&Element| e.name != "id" && type_def(e.type_name).is_some_and(|def| def.primitive.is_some());
        let any = any.or_else(|| def.elements.iter().find(is_simple));
        return any.map(|element| (element.name, value(element, depth))).into_iter().collect();
    }
    let first = |group: u8| def.elements.iter().find(|element| element.group == group);
    groups.filter_map(|group| first(group).map(|element| (element.name, value(element, depth)))).collect()
}

fn value(element: &'static Element, depth: usize) -> Tree {
    let def = type_def(element.type_name);
    let one = match def.and_then(|def| def.primitive) {
        Some(_) if !element.codes.is_empty() => Tree::from(element.codes[0]),
        Some(primitive) => simple(primitive),
        None if element.type_name == "Reference" => Tree::object().with("display", "someone"),
        None if element.type_name == "Resource" => {
            Tree::resource("Basic").with("code", Tree::object().with("text", "x"))
        }
        None if depth >= DEPTH_MAX => Tree::object(),
        None => {
            let members = def.map(|def| content(def, depth + 1)).unwrap_or_default();
            members.into_iter().fold(Tree::object(), |tree, (name, value)| tree.with(name, value))
        }
    };
    if element.max > 1 { Tree::from(vec![one]) } else { one }
}

fn simple(primitive: Primitive) -> Tree {
    match primitive {
        Primitive::Boolean => Tree::from(true),
        Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal => {
            Tree::from(1i64)
        }
        Primitive::Date | Primitive::DateTime => Tree::from("2026-03-01"),
        Primitive::Instant => Tree::from("2026-03-01T09:00:00Z"),
        Primitive::Time => Tree::from("09:00:00"),
        Primitive::Base64Binary => Tree::from("AAAA"),
        Primitive::Canonical | Primitive::Uri | Primitive::Url => Tree::from("http://care.example/x"),
        Primitive::Oid => Tree::from("urn:oid:1.2.3"),
        Primitive::Uuid => Tree::from("urn:uuid:00000000-0000-4000-8000-000000000000"),
        Primitive::Xhtml => Tree::from("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"),
        Primitive::Code | Primitive::Id | Primitive::Markdown | Primitive::String => Tree::from("x"),
    }
}

/// Asks one thing of an id.
fn ask(caller: &Caller, method: &str, kind: &str, rest: &str, id: &str) -> Answer {
    let body = sample(kind, id);
    let (path, content, body) = match (method, rest) {
        ("PUT", "") => (format!("{kind}/{id}"), "application/fhir+json", body.as_str()),
        ("PUT", _) => (format!("{kind}{rest}{id}"), "application/fhir+json", body.as_str()),
        ("PATCH", _) => (
            format!("{kind}/{id}"),
            "application/json-patch+json",
            r#"[{"op":"add","path":"/language","value":"en"}]"#,
        ),
        (_, rest) if rest.starts_with('?') => (format!("{kind}{rest}{id}"), "", ""),
        (_, rest) => (format!("{kind}/{id}{rest}"), "", ""),
    };
    let header = if content.is_empty() { String::new() } else { format!("Content-Type: {content}\r\n") };
    let answer = caller.ask(method, &format!("/fhir/{path}"), &header, body).shape();
    let plain = |text: &str| text.replace(id, "ID");
    Answer {
        status: answer.status,
        headers: answer.headers.iter().map(|line| plain(line)).collect(),
        body: plain(&answer.body),
    }
}

#[test]
fn s_14_what_another_team_has_sealed_is_as_absent_for_every_type_and_interaction() {
    let house = House::new();
    let (system, ann, ben) = (house.program("system"), house.person("ann"), house.person("ben"));
    let mut there: Vec<(&str, String)> = Vec::new();
    for (number, kind) in RESOURCES.iter().enumerate().filter(|(_, kind)| !NOT_STORED.contains(kind)) {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        let answer = system.send("PUT", &format!("{kind}/{id}"), &sample(kind, &id));
        assert_eq!(answer.status, 201, "{kind}: {}\n{}", sample(kind, &id), answer.body);
        there.push((kind, id));
    }
    let reads: &[(&str, &str)] = &[
        ("GET", ""),
        ("HEAD", ""),
        ("GET", "/_history"),
        ("GET", "/_history/1"),
        ("GET", "?_summary=count&_id="),
        ("GET", "?_total=accurate&_id="),
        ("GET", "?_id:not="),
        ("GET", "?_elements=id&_id="),
    ];
    // Something can be found before it is sealed.
    let seen = there.iter().filter(|(kind, id)| ask(&ben, "GET", kind, "", id).status == 200).count();
    assert_eq!(seen, there.len());
    for (kind, id) in &there {
        let answer = ann.send("POST", "Consent", &consent("seal", &format!("{kind}/{id}")));
        assert_eq!(answer.status, 201, "{kind}: {}", answer.body);
    }
    let mut cells = 0;
    let mut leaks = Vec::new();
    for (kind, id) in &there {
        for (method, rest) in reads.iter().chain(CHANGES) {
            let hidden = ask(&ben, method, kind, rest, id);
            let absent = ask(&ben, method, kind, rest, ABSENT);
            cells += 1;
            let created = hidden.status == 201 && absent.status == 201;
            if hidden != absent && !created {
                leaks.push(format!("{method} {kind}{rest}\n  {hidden:?}\n  {absent:?}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{} of {cells}:\n{}", leaks.len(), leaks.join("\n"));
    assert!(cells > 1_500, "{cells}");
    for (kind, id) in &there {
        assert_eq!(ask(&ann, "GET", kind, "", id).status, 200, "{kind} is untouched");
    }
}

//! The CapabilityStatement is true: each claim is tried.

use super::*;
use fhir::Tree;
use fhir::Value;
use fhir::definitions::{COMPARTMENTS, TypeDef, search_param, type_def};

/// Claims that are tried, by what they are.
#[derive(Default, Debug)]
struct Tried {
    interactions: usize,
    parameters: usize,
    modifiers: usize,
    includes: usize,
    operations: usize,
}

#[test]
fn every_claim_of_the_statement_holds() {
    let world = World::new();
    let response = handle(&world.rest, &Request::new("GET", "metadata"));
    expect(&response, 200);
    let statement = json(&response);
    assert!(fhir::validate::structure(statement.root()).is_empty(), "it is a sound resource itself");
    let rest = statement.root().get("rest").unwrap().items().next().unwrap();
    let mut tried = Tried::default();
    formats(&world, statement.root());
    let types: Vec<Value<'_>> = rest.get("resource").unwrap().items().collect();
    assert_eq!(types.len(), fhir::definitions::RESOURCES.len());
    for resource in types {
        let kind = resource.str("type").unwrap().into_owned();
        interactions(&world, &kind, resource, &mut tried);
        parameters(&world, &kind, resource, &mut tried);
        includes(&world, &kind, resource, &mut tried);
    }
    for code in rest.get("interaction").unwrap().items().map(|i| i.str("code").unwrap()) {
        let response = match &*code {
            "transaction" | "batch" => {
                world.post("", &format!(r#"{{"resourceType":"Bundle","type":"{code}"}}"#))
            }
            "history-system" => world.get("_history"),
            "search-system" => world.get("?_type=Patient,Observation&_lastUpdated=gt2020"),
            other => panic!("{other} is claimed and not tried"),
        };
        expect(&response, 200);
        tried.interactions += 1;
    }
    for operation in rest.get("operation").unwrap().items().map(|o| o.str("name").unwrap()) {
        let response = match &*operation {
            "meta" => world.get("$meta"),
            "graphql" => world.get("$graphql?query={PatientList{id}}"),
            "process-message" => world.post("$process-message", super::operations::MESSAGE),
            "run" => world.post(
                "ViewDefinition/$run",
                r#"{"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]}"#,
            ),
            "export" | "import" => {
                let ask = |method, body: &str| {
                    let request = Request::new(method, &format!("${operation}")).body(body);
                    world.send(
                        request
                            .with("prefer", "respond-async")
                            .with("content-type", "application/fhir+ndjson"),
                    )
                };
                let response = match &*operation {
                    "export" => world.send(Request::new("GET", "$export").with("prefer", "respond-async")),
                    _ => ask("POST", "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}}"),
                };
                expect(&response, 202);
                tried.operations += 1;
                continue;
            }
            other => panic!("{other} is claimed and not tried"),
        };
        expect(&response, 200);
        tried.operations += 1;
    }
    for compartment in rest.get("compartment").unwrap().items().map(|c| c.as_str().unwrap()) {
        let of = compartment.rsplit('/').next().unwrap();
        let kind = COMPARTMENTS.iter().find(|kind| kind.eq_ignore_ascii_case(of)).unwrap();
        expect(&world.get(&format!("{kind}/x/Observation")), 200);
        expect(&world.get(&format!("{kind}/x/*")), 200);
    }
    for param in rest.get("searchParam").unwrap().items().map(|p| p.str("name").unwrap()) {
        let value = if param == "_lastUpdated" { "2020" } else { "x" };
        expect(&world.get(&format!("?{param}={value}")), 200);
        tried.parameters += 1;
    }
    println!("{tried:?} in {} bytes", response.body.len());
    assert!(tried.interactions > 1_300 && tried.parameters > 1_000, "{tried:?}");
}

#[test]
fn the_definition_of_every_operation_of_ours_is_read_and_found_where_the_statement_says() {
    let mut world = World::new();
    let mut config = Config::at(BASE);
    config.subscriptions =
        Some(subscription::Subscriptions::new(world.access.clone(), subscription::Settings::at(BASE)));
    world.rest = Rest::new(world.access.clone(), config);
    for _ in 0..2 {
        crate::operation::ours::file(world.access.store(), BASE).unwrap();
    }
    let response = handle(&world.rest, &Request::new("GET", "metadata"));
    let statement = json(&response);
    let rest = statement.root().get("rest").unwrap().items().next().unwrap();
    let places = rest.get("resource").unwrap().items().chain([rest]);
    let claims = places.flat_map(|place| place.get("operation").into_iter().flat_map(Value::items));
    let mut ours = std::collections::BTreeSet::new();
    for claim in claims {
        let (name, definition) = (claim.str("name").unwrap(), claim.str("definition").unwrap());
        assert!(definition.contains("://"), "{definition}");
        // What is not ours is published by those whose it is.
        let Some(place) = definition.strip_prefix(BASE) else {
            let published = ["http://hl7.org/fhir/", "http://sql-on-fhir.org/"];
            assert!(published.iter().any(|base| definition.starts_with(base)), "{definition}");
            continue;
        };
        let read = world.get(place.trim_start_matches('/'));
        expect(&read, 200);
        assert!(fhir::validate::structure(json(&read).root()).is_empty(), "{}", read.text());
        assert_eq!((at(&read, "url"), at(&read, "code")), (definition.to_string(), name.to_string()));
        assert_eq!(at(&read, "meta.versionId"), "1", "filed again it is the same");
        let found = world.get(&format!("OperationDefinition?url={definition}"));
        assert_eq!(at(&found, "total"), "1", "{}", found.text());
        ours.insert(name.into_owned());
    }
    assert!(ours.iter().eq(["import", "resend"]), "{ours:?}");
}

/// Each format can be had and sent, and each kind of patch is taken.
fn formats(world: &World, statement: Value<'_>) {
    let claimed = |name: &str| statement.get(name).unwrap().items().map(|f| f.as_str().unwrap().into_owned());
    for format in claimed("format") {
        let response = world.get(&format!("metadata?_format={}", format.replace('+', "%2B")));
        assert_eq!(response.status, 200, "{format}");
        assert!(response.header("content-type").unwrap().contains(format.rsplit(['/', '+']).next().unwrap()));
    }
    for kind in claimed("patchFormat") {
        world.put("Patient/p", r#"{"resourceType":"Patient","id":"p","active":true}"#);
        let body = super::patches::deactivates(&kind);
        let patched = world.send(Request::new("PATCH", "Patient/p").with("content-type", &kind).body(body));
        expect(&patched, 200);
        assert_eq!(at(&patched, "active"), "false", "{kind}");
    }
}

/// The trail is read and searched, and no more is claimed.
fn trail(world: &World, resource: Value<'_>, tried: &mut Tried) {
    for code in resource.get("interaction").unwrap().items().map(|i| i.str("code").unwrap()) {
        let found = world.get("AuditEvent?_count=1");
        let response = match &*code {
            "read" => world.get(&format!("AuditEvent/{}", at(&found, "entry.0.resource.id"))),
            "search-type" => found,
            other => panic!("{other} is claimed and not tried"),
        };
        expect(&response, 200);
        tried.interactions += 1;
    }
}

fn interactions(world: &World, kind: &str, resource: Value<'_>, tried: &mut Tried) {
    if kind == "AuditEvent" {
        return trail(world, resource, tried);
    }
    let codes: Vec<String> =
        resource.get("interaction").unwrap().items().map(|i| i.str("code").unwrap().into_owned()).collect();
    let text = least(kind).text();
    let created = world.post(kind, &text);
    assert_eq!(created.status, 201, "{kind}: {text} {}", created.text());
    let id = id(&created);
    let with_id = least(kind).with("id", id.as_str()).with("language", "en").text();
    let patch = r#"[{"op":"replace","path":"/language","value":"cy"}]"#;
    let patch = Request::new("PATCH", &format!("{kind}/{id}"))
        .with("content-type", "application/json-patch+json")
        .body(patch);
    for code in &codes {
        let (response, status) = match code.as_str() {
            "create" => (world.post(kind, &text), 201),
            "read" => (world.get(&format!("{kind}/{id}")), 200),
            "vread" => (world.get(&format!("{kind}/{id}/_history/1")), 200),
            "update" => (world.put(&format!("{kind}/{id}"), &with_id), 200),
            "patch" => (world.send(patch.clone()), 200),
            "history-instance" => (world.get(&format!("{kind}/{id}/_history")), 200),
            "history-type" => (world.get(&format!("{kind}/_history")), 200),
            "search-type" => (world.get(kind), 200),
            "delete" => (world.send(Request::new("DELETE", &format!("{kind}/never"))), 204),
            other => panic!("{other} is claimed and not tried"),
        };
        assert_eq!(response.status, status, "{kind} {code}: {}", response.text());
        tried.interactions += 1;
    }
    expect(&world.post(&format!("{kind}/_search"), ""), 200);
    conditions(world, kind, &id, resource, &text);
    for operation in resource.get("operation").into_iter().flat_map(|list| list.items()) {
        let name = operation.str("name").unwrap();
        let at_instance = format!("{kind}/{id}/${name}");
        let labels = r#"{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":
            {"tag":[{"system":"urn:test","code":"claimed"}]}}]}"#;
        let response = match &*name {
            "lastn" => world.get("Observation/$lastn?patient=x&category=laboratory"),
            "meta" => {
                expect(&world.get(&format!("{kind}/$meta")), 200);
                expect(&world.get(&format!("{kind}/{id}/_history/1/$meta")), 200);
                world.get(&at_instance)
            }
            "graphql" => world.get(&format!("{at_instance}?query={{id __typename}}")),
            "meta-add" | "meta-delete" => world.post(&at_instance, labels),
            "expand" | "translate" | "subsumes" => world.get(&format!("{kind}/${name}?{}", terms(&name))),
            "lookup" | "validate-code" => world.get(&format!("{kind}/${name}?{}", terms(kind))),
            "export" => {
                let place = if kind == "Patient" { kind.to_owned() } else { format!("{kind}/{id}") };
                let request =
                    Request::new("GET", &format!("{place}/$export")).with("prefer", "respond-async");
                expect(&world.send(request), 202);
                tried.operations += 1;
                continue;
            }
            _ => world.get(&at_instance),
        };
        assert_eq!(response.status, 200, "{at_instance}: {}", response.text());
        tried.operations += 1;
    }
    expect(&world.send(Request::new("DELETE", &format!("{kind}/{id}"))), 204);
}

/// What is claimed of conditions: criteria that mean this one resource, by its id.
fn conditions(world: &World, kind: &str, id: &str, resource: Value<'_>, text: &str) {
    let claimed = |name: &str| resource.get(name).is_some_and(|v| v.as_bool() == Some(true));
    assert!(claimed("readHistory") && claimed("updateCreate"));
    if claimed("conditionalCreate") {
        let request = Request::new("POST", kind).with("if-none-exist", &format!("_id={id}")).body(text);
        expect(&world.send(request), 200);
    }
    if claimed("conditionalUpdate") {
        expect(&world.put(&format!("{kind}?_id={id}"), text), 200);
    }
    if resource.str("conditionalRead").as_deref() == Some("full-support") {
        let tag = world.get(&format!("{kind}/{id}")).header("etag").unwrap().to_owned();
        let request = Request::new("GET", &format!("{kind}/{id}")).with("if-none-match", &tag);
        assert_eq!(world.send(request).status, 304);
    }
    if resource.get("conditionalDelete").is_some() {
        expect(&world.send(Request::new("DELETE", &format!("{kind}?_id=never"))), 204);
    }
}

fn parameters(world: &World, kind: &str, resource: Value<'_>, tried: &mut Tried) {
    for claim in resource.get("searchParam").unwrap().items() {
        let (name, of) = (claim.str("name").unwrap(), claim.str("type").unwrap());
        let value = value(kind, &name, &of);
        let ask = |suffix: &str, value: &str| {
            let response = world.get(&format!("{kind}?{name}{suffix}={value}"));
            assert_eq!(response.status, 200, "{kind}?{name}{suffix}={value}: {}", response.text());
        };
        ask("", &value);
        tried.parameters += 1;
        let about = claim.str("documentation").unwrap_or_default().into_owned();
        let listed =
            about.strip_prefix("Modifiers: ").or(about.strip_prefix("Modifier: ")).unwrap_or_default();
        let listed = listed.split('.').next().unwrap().split(", ").filter(|modifier| !modifier.is_empty());
        for modifier in listed {
            match modifier {
                "missing" => ask(":missing", "true"),
                "above" | "below" if of == "token" => {
                    ask(&format!(":{modifier}"), "http://hl7.org/fhir/administrative-gender|female")
                }
                "in" | "not-in" => {
                    ask(&format!(":{modifier}"), "http://hl7.org/fhir/ValueSet/administrative-gender")
                }
                "above" | "below" => ask(&format!(":{modifier}"), "http://a.example/b"),
                "identifier" => ask(":identifier", "a|b"),
                "exact" | "contains" | "not" | "text" => ask(&format!(":{modifier}"), "x"),
                "of-type" => ask(":of-type", "http://a.example/b|MR|1"),
                "a type" => {
                    let target = value.split('/').next().unwrap();
                    ask(&format!(":{target}"), "x");
                }
                other => panic!("{other} is claimed and not tried"),
            }
            tried.modifiers += 1;
        }
        if about.contains("Prefixes") {
            for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
                ask("", &format!("{prefix}{value}"));
                tried.modifiers += 1;
            }
        }
    }
}

/// A value that a parameter of this type can be asked for.
fn value(kind: &str, name: &str, of: &str) -> String {
    match of {
        "number" => "1".into(),
        "date" => "2020-01".into(),
        "quantity" => "1|http://unitsofmeasure.org|mg".into(),
        "uri" => "http://a.example/b".into(),
        "reference" => {
            let target = search_param(kind, name).and_then(|p| p.targets.first());
            format!("{}/x", target.unwrap_or(&"Patient"))
        }
        "composite" => {
            let components = search_param(kind, name).unwrap().components;
            let one = |(code, _): &(&str, &str)| {
                let component = search_param(kind, code).unwrap();
                let of = format!("{:?}", component.kind).to_lowercase();
                value(kind, code, &of)
            };
            components.iter().map(one).collect::<Vec<_>>().join("$")
        }
        _ => "x".into(),
    }
}

fn includes(world: &World, kind: &str, resource: Value<'_>, tried: &mut Tried) {
    for (member, name) in [("searchInclude", "_include"), ("searchRevInclude", "_revinclude")] {
        for claim in resource.get(member).into_iter().flat_map(|list| list.items()) {
            let claim = claim.as_str().unwrap();
            expect(&world.get(&format!("{kind}?{name}={claim}&_count=1")), 200);
            tried.includes += 1;
        }
    }
}

/// The least that a resource of a type must have.
fn least(kind: &str) -> Tree {
    let mut tree = Tree::resource(kind);
    fill(&mut tree, type_def(kind).unwrap());
    tree
}

fn fill(tree: &mut Tree, def: &TypeDef) {
    let mut choices: Vec<&str> = Vec::new();
    for element in def.elements.iter().filter(|element| element.min > 0) {
        if element.choice && choices.contains(&element.path) {
            continue;
        }
        choices.push(element.path);
        let one = match element.codes.first() {
            Some(code) if element.type_name == "code" => Tree::from(*code),
            _ => sample(element.type_name),
        };
        tree.set(element.name, if element.max > 1 { Tree::Array(vec![one]) } else { one });
    }
}

fn sample(kind: &str) -> Tree {
    match kind {
        "boolean" => Tree::Bool(true),
        "integer" | "positiveInt" | "unsignedInt" | "decimal" => Tree::Number("1".into()),
        "date" | "dateTime" => "2020-01-01".into(),
        "instant" => "2020-01-01T00:00:00Z".into(),
        "time" => "10:00:00".into(),
        "uri" | "url" | "canonical" => "http://a.example/b".into(),
        "oid" => "urn:oid:1.2.3".into(),
        "uuid" => "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a".into(),
        "base64Binary" => "AAAA".into(),
        "xhtml" => "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>".into(),
        "Reference" => Tree::object().with("display", "x"),
        "CodeableConcept" => Tree::object().with("text", "x"),
        "Quantity" | "SimpleQuantity" | "Duration" | "Age" | "Money" => {
            Tree::object().with("value", Tree::Number("1".into()))
        }
        "Identifier" => Tree::object().with("value", "x"),
        "Period" | "Timing" | "Range" | "Ratio" | "HumanName" | "Attachment" | "Coding" | "Annotation"
        | "Resource" => known(kind),
        complex => match type_def(complex).filter(|def| !def.elements.is_empty()) {
            Some(def) => {
                let mut tree = Tree::object();
                fill(&mut tree, def);
                if tree == Tree::object() {
                    tree.set("id", "x");
                }
                tree
            }
            None => "x".into(),
        },
    }
}

fn known(kind: &str) -> Tree {
    match kind {
        "Period" => Tree::object().with("start", "2020"),
        "Attachment" => Tree::object().with("title", "x"),
        "Annotation" | "HumanName" => Tree::object().with("text", "x"),
        "Coding" => Tree::object().with("code", "x"),
        "Resource" => least("Basic"),
        _ => Tree::object().with("id", "x"),
    }
}

/// A question that R4's own definitions answer, for an operation of terminology or for a type.
fn terms(of: &str) -> &'static str {
    match of {
        "expand" => "url=http://hl7.org/fhir/ValueSet/administrative-gender",
        "ValueSet" => {
            "url=http://hl7.org/fhir/ValueSet/administrative-gender&code=female\
             &system=http://hl7.org/fhir/administrative-gender"
        }
        "translate" => {
            "url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3&code=female\
             &system=http://hl7.org/fhir/administrative-gender"
        }
        "subsumes" => "system=http://hl7.org/fhir/administrative-gender&codeA=male&codeB=female",
        _ => {
            "system=http://hl7.org/fhir/administrative-gender&url=http://hl7.org/fhir/administrative-gender&code=female"
        }
    }
}

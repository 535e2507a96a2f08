//! The three kinds of patch, alone and in Bundles.

use super::*;
use fhir::patch::Patch;
use fhir::xml::{self, Layout};

/// A patch of this media type that sets `Patient.active` to false.
pub(super) fn deactivates(kind: &str) -> String {
    let parameters = r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[
        {"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.active"},
        {"name":"value","valueBoolean":false}]}]}"#;
    match kind {
        Patch::JSON => r#"[{"op":"replace","path":"/active","value":false}]"#.to_owned(),
        Patch::XML => {
            "<diff xmlns:f=\"http://hl7.org/fhir\"><replace sel=\"f:Patient/f:active/@value\">false\
             </replace></diff>"
                .to_owned()
        }
        "application/fhir+json" => parameters.to_owned(),
        "application/fhir+xml" => {
            xml::write(Json::parse(parameters, Limits::DOOR).unwrap().root(), Layout::Compact).unwrap()
        }
        other => panic!("{other} is claimed and not known"),
    }
}

const KINDS: [&str; 4] = [Patch::JSON, Patch::XML, "application/fhir+json", "application/fhir+xml"];

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn active(world: &World) {
    world.put("Patient/a", r#"{"resourceType":"Patient","id":"a","active":true,"birthDate":"1970"}"#);
}

#[test]
fn each_kind_honours_versions_and_criteria() {
    let world = World::new();
    for kind in KINDS {
        active(&world);
        let version = world.get("Patient/a").header("etag").unwrap().to_owned();
        let patch = |url: &str, tag: &str| {
            let request = Request::new("PATCH", url).with("content-type", kind).body(deactivates(kind));
            world.send(if tag.is_empty() { request } else { request.with("if-match", tag) })
        };
        expect(&patch("Patient/a", "W/\"999\""), 412);
        expect(&patch("Patient/none", ""), 404);
        expect(&patch("Patient?birthdate=1971", ""), 404);
        assert_eq!(at(&world.get("Patient/a"), "active"), "true", "{kind}");
        let patched = patch("Patient/a", &version);
        expect(&patched, 200);
        assert_eq!(
            (at(&patched, "active"), at(&patched, "birthDate")),
            ("false".into(), "1970".into()),
            "{kind}"
        );
        active(&world);
        expect(&patch("Patient?birthdate=1970", ""), 200);
        assert_eq!(at(&world.get("Patient/a"), "active"), "false", "{kind}");
    }
}

#[test]
fn each_kind_travels_in_a_bundle() {
    let world = World::new();
    for kind in KINDS {
        let patch = deactivates(kind);
        let resource = match kind {
            Patch::JSON | Patch::XML => {
                format!(r#"{{"resourceType":"Binary","contentType":"{kind}","data":"{}"}}"#, base64(&patch))
            }
            _ => deactivates("application/fhir+json"),
        };
        for of in ["batch", "transaction"] {
            active(&world);
            let bundle = format!(
                r#"{{"resourceType":"Bundle","type":"{of}","entry":[
                    {{"resource":{resource},"request":{{"method":"PATCH","url":"Patient/a"}}}}]}}"#
            );
            let answer = world.post("", &bundle);
            expect(&answer, 200);
            assert!(at(&answer, "entry.0.response.status").starts_with("200"), "{}", answer.text());
            assert_eq!(at(&world.get("Patient/a"), "active"), "false", "{kind} in a {of}");
        }
    }
    let wrong = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Binary",
        "contentType":"text/plain","data":"AAAA"},"request":{"method":"PATCH","url":"Patient/a"}}]}"#;
    let refused = world.post("", wrong);
    expect(&refused, 400);
    assert_eq!(at(&refused, "issue.0.expression.0"), "Bundle.entry[0].resource");
}

#[test]
fn a_patch_that_cannot_be_done_changes_nothing_and_says_why() {
    let world = World::new();
    active(&world);
    let send = |kind: &str, body: &str| {
        world.send(Request::new("PATCH", "Patient/a").with("content-type", kind).body(body))
    };
    for (kind, body) in [
        (Patch::JSON, "no json"),
        (Patch::XML, "no xml"),
        (Patch::XML, "<diff/>"),
        (Patch::XML, "<diff><remove sel=\"Patient/nonsense\"/></diff>"),
        (Patch::XML, "<diff><replace sel=\"Patient/id/@value\">b</replace></diff>"),
        (Patch::XML, "<diff><remove sel=\"Patient/active/@value\"/></diff>"),
        ("application/fhir+json", "{}"),
        ("application/fhir+json", r#"{"resourceType":"Patient"}"#),
        ("application/fhir+xml", "<Parameters xmlns='http://hl7.org/fhir'><parameter/></Parameters>"),
    ] {
        let response = send(kind, body);
        assert!((400..500).contains(&response.status), "{kind} {body}: {}", response.text());
        assert_eq!(at(&response, "resourceType"), "OperationOutcome");
        assert_eq!(world.get("Patient/a").header("etag"), Some("W/\"1\""), "{kind} {body}");
    }
    expect(&send("text/plain", ""), 415);
    expect(
        &world.send(
            Request::new("PATCH", "Patient/a")
                .with("content-type", "application/json-patch+json; charset=utf-16")
                .body("[]"),
        ),
        415,
    );
}

#[test]
fn a_patch_sees_no_more_than_its_sender() {
    let world = World::new();
    world.put("Basic/b", r#"{"resourceType":"Basic","id":"b","code":{"text":"x"}}"#);
    let body = deactivates(Patch::XML);
    let stranger = Request::new("PATCH", "Basic/b").with("content-type", Patch::XML).body(body);
    assert_eq!(handle(&world.rest, &stranger).status, 401);
}

//! A Binary as a resource and as the bytes that it is about.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff";

fn raw(world: &World, url: &str) -> Response {
    world.get(url)
}

#[test]
fn bytes_become_a_binary_and_come_back_as_bytes() {
    let world = World::new();
    let post = Request::new("POST", "Binary").with("content-type", "image/png");
    let created = world.send(post.with("x-security-context", "Patient/a").body(PNG));
    expect(&created, 201);
    assert_eq!(
        (at(&created, "resourceType"), at(&created, "contentType")),
        ("Binary".into(), "image/png".into())
    );
    assert_eq!(at(&created, "securityContext.reference"), "Patient/a");
    let url = format!("Binary/{}", id(&created));
    let fetched = raw(&world, &url);
    assert_eq!((fetched.status, fetched.body.as_slice()), (200, PNG));
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-disposition", "attachment"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("x-security-context", "Patient/a"),
        ("cache-control", "no-store"),
        ("etag", "W/\"1\""),
    ] {
        assert_eq!(fetched.header(name), Some(value));
    }
    assert_eq!(raw(&world, &format!("{url}/_history/1")).body, PNG);
    let accept = |accept: &str| world.send(Request::new("GET", &url).with("accept", accept));
    assert_eq!(accept("image/png, */*;q=0.1").body, PNG);
    assert_eq!(accept("application/json").body, PNG, "only FHIR's own types ask for the resource");
    assert_eq!(at(&accept("application/fhir+json"), "resourceType"), "Binary");
    assert!(accept("application/fhir+xml").text().contains("<contentType value=\"image/png\"/>"));
    assert_eq!(at(&world.get(&format!("{url}?_format=json")), "resourceType"), "Binary");
    let head = world.send(Request::new("HEAD", &url));
    assert_eq!((head.status, head.body.len(), head.header("content-type")), (200, 0, Some("image/png")));
    let known = Request::new("GET", &url).with("if-none-match", "W/\"1\"");
    assert_eq!(world.send(known).status, 304);
}

#[test]
fn bytes_replace_those_of_a_binary() {
    let world = World::new();
    let put = |text: &str, tag: &str| {
        let request =
            Request::new("PUT", "Binary/b").with("content-type", "text/plain; charset=latin1").body(text);
        world.send(if tag.is_empty() { request } else { request.with("if-match", tag) })
    };
    expect(&put("one", ""), 201);
    expect(&put("two", "W/\"1\""), 200);
    expect(&put("three", "W/\"1\""), 412);
    let fetched = raw(&world, "Binary/b");
    assert_eq!((fetched.text(), fetched.header("content-type")), ("two", Some("text/plain; charset=latin1")));
}

#[test]
fn what_is_a_binary_already_is_taken_as_one_and_what_is_not_becomes_content() {
    let world = World::new();
    let post = |kind: &str, body: &str| {
        world.send(Request::new("POST", "Binary").with("content-type", kind).body(body))
    };
    let binary = r#"{"resourceType":"Binary","contentType":"text/plain","data":"aGk="}"#;
    assert_eq!(raw(&world, &format!("Binary/{}", id(&post("application/fhir+json", binary)))).text(), "hi");
    assert_eq!(raw(&world, &format!("Binary/{}", id(&world.post("Binary", binary)))).text(), "hi");
    let in_xml = "<Binary xmlns=\"http://hl7.org/fhir\"><contentType value=\"text/plain\"/><data value=\"aGk=\"/></Binary>";
    assert_eq!(raw(&world, &format!("Binary/{}", id(&post("application/fhir+xml", in_xml)))).text(), "hi");
    for (kind, body) in [
        ("application/fhir+json", PATIENT),
        ("application/json", "[1, 2]"),
        ("application/xml", "<note/>"),
        ("text/xml", "no xml"),
    ] {
        let fetched = raw(&world, &format!("Binary/{}", id(&post(kind, body))));
        assert_eq!((fetched.text(), fetched.header("content-type")), (body, Some(kind)));
    }
    let json = raw(
        &world,
        &format!("Binary/{}?_pretty=true", id(&post("application/fhir+json; charset=utf-8", PATIENT))),
    );
    assert_eq!(json.text(), PATIENT, "the bytes stay as they came");
    expect(&post("application/fhir+json", "{\"resourceType\":\"Binary\""), 400);
    expect(&world.post("Binary", "{}"), 400);
    expect(&post("text/plain", ""), 400);
}

#[test]
fn nothing_in_a_binary_gets_into_a_header() {
    let world = World::new();
    let put = |content: &str| {
        let tree =
            fhir::Tree::resource("Binary").with("id", "b").with("contentType", content).with("data", "aGk=");
        world.put("Binary/b", &tree.text())
    };
    for content in ["nonsense", "text/html\u{e9}", &"a/".repeat(200)] {
        put(content);
        assert_eq!(
            raw(&world, "Binary/b").header("content-type"),
            Some("application/octet-stream"),
            "{content}"
        );
    }
    put("text/html");
    let fetched = raw(&world, "Binary/b");
    assert_eq!(fetched.header("content-type"), Some("text/html"));
    assert!(fetched.header("content-security-policy").unwrap().contains("sandbox"));
    let odd =
        Request::new("POST", "Binary").with("content-type", "text/plain").with("x-security-context", "é");
    expect(&world.send(odd.body("x")), 400);
    expect(&world.send(Request::new("POST", "Binary").with("content-type", "é/x").body("x")), 415);
}

#[test]
fn a_large_binary_and_one_without_data_come_back() {
    let world = World::new();
    let bytes: Vec<u8> = (0..5_000_000u32).map(|i| (i * 7 % 251) as u8).collect();
    let created = world.send(
        Request::new("POST", "Binary")
            .with("content-type", "application/dicom")
            .with("prefer", "return=minimal")
            .body(bytes.clone()),
    );
    assert_eq!(created.status, 201);
    let url = created.header("location").unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert!(raw(&world, &url).body == bytes);
    world.put("Binary/n", r#"{"resourceType":"Binary","id":"n","contentType":"text/plain"}"#);
    let empty = raw(&world, "Binary/n");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
}

#[test]
fn in_a_bundle_a_binary_is_a_resource() {
    let world = World::new();
    world.put("Binary/b", r#"{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"aGk="}"#);
    let batch =
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Binary/b"}}]}"#;
    assert_eq!(at(&world.post("", batch), "entry.0.resource.data"), "aGk=");
    assert_eq!(at(&world.get("Binary?_id=b"), "entry.0.resource.data"), "aGk=");
    expect(&world.get("Binary/none"), 404);
}

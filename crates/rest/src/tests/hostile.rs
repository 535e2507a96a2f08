//! Input that nobody means well: a clear refusal, and the next request is answered.

use super::*;

fn refused(world: &World, what: &str, request: Request) -> Response {
    let response = world.send(request);
    assert!((400..500).contains(&response.status), "{what}: {} {}", response.status, response.text());
    assert_eq!(at(&response, "resourceType"), "OperationOutcome", "{what}");
    let text = response.text().to_ascii_lowercase();
    for leak in ["sqlite", "select ", "panicked", "src/", ".rs:"] {
        assert!(!text.contains(leak), "{what}: {leak} in {text}");
    }
    expect(&world.get("Patient/absent"), 404);
    response
}

#[test]
fn bodies_that_are_no_resource_are_refused() {
    let world = World::new();
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let number = format!(r#"{{"resourceType":"Observation","valueInteger":{}}}"#, "9".repeat(10 << 20));
    let keys: String = (0..200_000).map(|i| format!("\"k{i}\":1,")).collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("a truncated object", br#"{"resourceType":"Patient","name":[{"family":"#.to_vec()),
        ("a number of 10 MB", number.into_bytes()),
        ("nesting 1,000 deep", format!(r#"{{"resourceType":"Patient","extension":{deep}}}"#).into_bytes()),
        ("a member twice", br#"{"resourceType":"Patient","id":"a","id":"b"}"#.to_vec()),
        ("a member twice by escape", br#"{"resourceType":"Patient","id":"a","\u0069d":"b"}"#.to_vec()),
        ("the wrong type", br#"{"resourceType":"Patient","birthDate":1970}"#.to_vec()),
        ("a list for one", br#"{"resourceType":"Patient","gender":["male"]}"#.to_vec()),
        ("an unknown type", br#"{"resourceType":"Nonsense"}"#.to_vec()),
        ("no type", br#"{"id":"a"}"#.to_vec()),
        ("a type that is no text", br#"{"resourceType":7}"#.to_vec()),
        ("a list", b"[]".to_vec()),
        ("a word", b"null".to_vec()),
        ("XML", b"<Patient xmlns=\"http://hl7.org/fhir\"/>".to_vec()),
        ("no UTF-8", b"{\"resourceType\":\"Patient\",\"language\":\"\xff\"}".to_vec()),
        ("a lone surrogate", br#"{"resourceType":"Patient","language":"\ud800"}"#.to_vec()),
        ("200,000 unknown members", format!("{{{keys}\"resourceType\":\"Patient\"}}").into_bytes()),
        ("more after the end", br#"{"resourceType":"Patient"}{"resourceType":"Patient"}"#.to_vec()),
    ];
    for (what, body) in bodies {
        refused(&world, what, Request::new("POST", "Patient").body(body));
    }
}

#[test]
fn bundles_that_are_none_are_refused() {
    let world = World::new();
    let entries = |entry: &str, count: usize| {
        format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
            vec![entry; count].join(",")
        )
    };
    for (what, body) in [
        ("no entries", r#"{"resourceType":"Bundle","type":"transaction","entry":[]}"#.to_owned()),
        (
            "entries that are no list",
            r#"{"resourceType":"Bundle","type":"transaction","entry":{"a":1}}"#.to_owned(),
        ),
        ("entries that are words", entries("1", 2)),
        (
            "10,000 broken entries",
            entries(
                r#"{"resource":{"resourceType":"Patient","x":1},"request":{"method":"POST",
                    "url":"Patient"}}"#,
                10_000,
            ),
        ),
        (
            "a reference to nowhere",
            entries(
                r#"{"resource":{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:x"}},
                    "request":{"method":"POST","url":"Patient"}}"#,
                1,
            ),
        ),
        ("a condition of all", entries(r#"{"request":{"method":"DELETE","url":"Patient"}}"#, 1)),
        ("a path that climbs", entries(r#"{"request":{"method":"DELETE","url":"../../etc/passwd"}}"#, 1)),
    ] {
        refused(&world, what, Request::new("POST", "").body(body));
    }
}

#[test]
fn urls_that_nobody_means_are_refused() {
    let world = World::new();
    world.post("Patient", PATIENT);
    let long = "x".repeat(100_000);
    for url in [
        "Patient?name=%",
        "Patient?name=%zz",
        "Patient?name=a%00b",
        "Patient?name=%ff%fe",
        "Patient/%00",
        "Patient/%c3%28",
        "Patient?birthdate='; DROP TABLE head; --",
        "Patient?birthdate=1970-01-01' OR '1'='1",
        "Patient?_id:nonsense=1",
        "Patient?nonsense=1",
        "Patient?name.nonsense=1",
        "Patient?_has:a:b:c=1",
        "Patient?_sort=Patient.name.given",
        "Patient?_include=Patient:nonsense",
        "Patient?_count=-1",
        "Patient?_count=99999999999999999999",
        "Patient?_page=x",
        "Patient?_page=..%2f..%2fetc",
        "Patient?Patient.name.where(true)=1",
        "Patient?_total=maybe",
        "Patient?_summary=x",
        "Patient?organization.partof.partof.partof.partof.partof.partof.name=x",
        "Observation?value-quantity=gtx",
        "Observation?date=2020-99-99",
        "Observation?code:in=http://a.example/vs",
        "Location?near=1|2|3",
        "Patient?identifier:of-type=x",
        "?name=x",
        "?_type=Nonsense",
        "Patient?birthdate=lt",
        &format!("Patient/{long}"),
        "Patient/1/_history/99999999999999999999999",
        "Patient/../metadata",
        "Patient/'%20OR%201=1",
    ] {
        refused(&world, url, Request::new("GET", url));
    }
    let many = vec!["name=x"; 5_000].join("&");
    refused(&world, "5,000 parameters", Request::new("GET", &format!("Patient?{many}")));
}

#[test]
fn text_that_looks_like_code_is_only_text() {
    let world = World::new();
    world.post("Patient", PATIENT);
    for text in [
        "'; DROP TABLE head; --",
        "\" OR 1=1",
        "%25",
        "_%25_",
        "Patient.name.given",
        "1.iif(true)",
        "${jndi:ldap://a.example}",
        "%F0%9F%92%A9",
        "a%0d%0aset-cookie:x=1",
        "\\",
        "|",
        "||",
        "a|b|c",
    ] {
        for name in
            ["name", "identifier", "_id", "name:exact", "name:contains", "general-practitioner", "_tag"]
        {
            let response = world.get(&format!("Patient?{name}={text}&_total=accurate"));
            assert!(response.status < 500, "{name}={text}: {}", response.text());
            if response.status == 200 {
                assert_eq!(at(&response, "total"), "0", "{name}={text}");
            }
        }
    }
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "1");
}

#[test]
fn headers_that_nobody_means_do_no_harm() {
    let world = World::new();
    let id = id(&world.post("Patient", PATIENT));
    for (name, value) in [
        ("if-none-match", "\0"),
        ("if-modified-since", "-1"),
        ("prefer", ";;;,,,=="),
        ("accept-encoding", "\u{fffd}"),
        ("x-request-id", "a\r\nset-cookie: x"),
        ("x-correlation-id", &"x".repeat(10_000)),
        ("x-http-method-override", "DELETE"),
    ] {
        let response = world.send(Request::new("GET", &format!("Patient/{id}")).with(name, value));
        assert_eq!(response.status, 200, "{name}");
        assert!(response.headers.iter().all(|(_, v)| !v.contains(['\r', '\n', '\0'])), "{name}");
        assert_eq!(response.header("x-correlation-id"), None);
    }
    refused(&world, "If-Match", Request::new("DELETE", &format!("Patient/{id}")).with("if-match", "*; drop"));
}

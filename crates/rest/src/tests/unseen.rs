//! What a caller may not see is as if it were not there, and every try is on the audit trail.

use super::*;

const HIDDEN: &str = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},
    "subject":{"reference":"Patient/p"}}"#;

fn world() -> (World, String) {
    let world = World::new();
    world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#);
    world.put("Observation/o", HIDDEN);
    let receptionist = world.access.mint_token("receptionist", 60).unwrap();
    (world, receptionist)
}

/// The password of [`ann`].
pub(super) const PASSWORD: &str = "correct horse battery";

/// A doctor with an account.
pub(super) fn ann() -> access::NewUser {
    access::NewUser::new("ann", "Ann", access::NewProfile::new("doctor"), PASSWORD)
}

/// Everything of a response but what names this very request.
fn shape(response: &Response) -> (u16, Vec<(&'static str, String)>, String) {
    let headers = response.headers.iter().filter(|(name, _)| *name != "x-request-id").cloned().collect();
    (response.status, headers, response.text().to_owned())
}

#[test]
fn a_hidden_resource_answers_like_an_absent_one() {
    let (world, receptionist) = world();
    let send = |method: &str, url: &str, body: &str| {
        let request = Request::new(method, url).with(
            "content-type",
            if method == "PATCH" { "application/json-patch+json" } else { "application/json" },
        );
        shape(&world.send_with(&receptionist, request.body(body)))
    };
    let absent = |text: String| text.replace("Observation/n", "Observation/o").replace("\"n\"", "\"o\"");
    for (method, url) in [
        ("GET", "Observation/o"),
        ("HEAD", "Observation/o"),
        ("GET", "Observation/o/_history"),
        ("GET", "Observation/o/_history/1"),
        ("DELETE", "Observation/o"),
        ("PATCH", "Observation/o"),
    ] {
        let hidden = send(method, url, "[]");
        let (status, headers, text) = send(method, &url.replace("/o", "/n"), "[]");
        assert_eq!(hidden, (status, headers, absent(text)), "{method} {url}");
    }
    let (status, headers, text) = send("PUT", "Observation/n", &HIDDEN.replace("\"o\"", "\"n\""));
    assert_eq!(send("PUT", "Observation/o", HIDDEN), (status, headers, absent(text)));
    let search = world.send_with(&receptionist, Request::new("GET", "Observation?_total=accurate"));
    assert_eq!((at(&search, "total"), at(&search, "entry")), ("0".into(), String::new()));
}

#[test]
fn a_role_without_a_permission_is_told_so() {
    let (world, receptionist) = world();
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    expect(&world.send_with(&doctor, Request::new("DELETE", "Patient/p")), 403);
    let officer = world.access.mint_token("privacy-officer", 60).unwrap();
    expect(&world.send_with(&officer, Request::new("POST", "Patient").body(PATIENT)), 403);
    let write = Request::new("POST", "Observation").body(HIDDEN);
    expect(&world.send_with(&receptionist, write), 403);
    expect(&world.send_with(&receptionist, Request::new("GET", "Patient/p")), 200);
}

#[test]
fn who_is_not_known_gets_nothing_but_the_statement() {
    let world = World::new();
    let bare = |request: Request| handle(&world.rest, &request);
    expect(&bare(Request::new("GET", "metadata")), 200);
    for (method, url) in [
        ("GET", "Patient/1"),
        ("GET", "Patient"),
        ("POST", "Patient"),
        ("PUT", "Patient/1"),
        ("PATCH", "Patient/1"),
        ("DELETE", "Patient/1"),
        ("GET", "_history"),
        ("POST", ""),
        ("POST", "_search"),
        ("GET", "Nonsense"),
        ("GET", "Patient/1/$everything"),
        ("OPTIONS", "Patient"),
        ("POST", "metadata"),
    ] {
        let response = bare(Request::new(method, url));
        expect(&response, 401);
        assert!(response.header("www-authenticate").is_some_and(|v| v.starts_with("Bearer")));
    }
    for value in ["Bearer nonsense", "Basic eDp5", "Bearer", "nonsense", "Bearer a b"] {
        expect(&bare(Request::new("GET", "Patient/1").with("authorization", value)), 401);
    }
    assert_eq!(world.trail(1)[0].0, "refused");
}

#[test]
fn a_browser_changes_nothing_without_its_token_and_our_origin() {
    let world = World::new();
    world.access.add_user(&ann()).unwrap();
    let signed = world.access.sign_in("ann", PASSWORD, "127.0.0.1").unwrap();
    let cookie = format!("theme=dark; carespine={}", signed.cookie);
    let post = |origin: &str, token: &str| {
        let request = Request::new("POST", "Patient").with("cookie", &cookie);
        let request = request.with("origin", origin).with("x-csrf-token", token);
        handle(&world.rest, &request.body(PATIENT))
    };
    let csrf = signed.session.csrf.as_str();
    assert!(!csrf.is_empty());
    expect(&post("https://care.example", csrf), 201);
    expect(&post("https://care.example", ""), 403);
    expect(&post("https://care.example", "x"), 403);
    expect(&post("https://evil.example", csrf), 403);
    expect(&post("https://care.example.evil.example", csrf), 403);
    expect(&post("", csrf), 403);
    expect(&handle(&world.rest, &Request::new("GET", "Patient/x").with("cookie", &cookie)), 404);
    expect(&handle(&world.rest, &Request::new("GET", "Patient/x").with("cookie", "carespine=nonsense")), 401);
}

#[test]
fn each_read_is_on_the_audit_trail_also_in_vain() {
    let (world, _) = world();
    for (url, action, inside) in [
        ("Patient/p", "read", "Patient/p/_history/1"),
        ("Patient/never", "read", "not-found"),
        ("Patient/p/_history/1", "vread", "Patient/p/_history/1"),
        ("Patient/p/_history", "history", "Patient/p/_history/1"),
        ("Observation?patient=p", "search", "Observation/o/_history/1"),
        ("Observation?patient=never", "search", "\"count\":0"),
        ("Patient/p/Observation", "search", "Observation/o/_history/1"),
    ] {
        world.get(url);
        let (found, detail) = world.trail(1).remove(0);
        assert_eq!(found, action, "{url}");
        assert!(detail.contains(inside), "{url}: {detail}");
        assert!(detail.contains("\"as\":\"-/system/-\""), "{detail}");
    }
    let request = Request::new("GET", "Patient/p").with("x-request-id", "r-9");
    world.send(request);
    assert!(world.trail(1)[0].1.contains("\"request\":\"r-9\""));
}

/// Every version of a resource that a response shows, as the audit trail names it.
fn shown(value: fhir::Value<'_>, out: &mut Vec<String>) {
    if let (Some(kind), Some(id), Some(version)) = (
        value.str("resourceType"),
        value.str("id"),
        value.at(&["meta", "versionId"]).and_then(|v| v.as_str()),
    ) {
        out.push(format!("{kind}/{id}/_history/{version}"));
    }
    for (_, member) in value.members() {
        shown(member, out);
    }
    for item in value.items() {
        shown(item, out);
    }
}

#[test]
fn whatever_goes_out_is_on_the_audit_trail() {
    let (world, _) = world();
    world.put(
        "Patient/p",
        r#"{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:t",
        "value":"1"}]}"#,
    );
    let batch = |kind: &str, url: &str| {
        let body = format!(
            r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{{"request":{{"method":"GET",
                "url":"{url}"}}}}]}}"#
        );
        Request::new("POST", "").body(body)
    };
    let met = Request::new("POST", "Patient").with("if-none-exist", "identifier=urn:t|1").body(PATIENT);
    let requests = [
        Request::new("GET", "Patient/p"),
        Request::new("GET", "Patient/p/_history/1"),
        Request::new("GET", "Patient/p/_history"),
        Request::new("GET", "_history"),
        Request::new("GET", "Observation?_include=Observation:subject"),
        Request::new("GET", "Patient?_revinclude=Observation:subject&_count=1"),
        Request::new("GET", "Patient/p/*"),
        Request::new("GET", "Patient/p/$everything"),
        Request::new("GET", "Patient/p/$everything?_count=1"),
        batch("batch", "Patient/p"),
        batch("batch", "Observation?_include=Observation:subject"),
        batch("transaction", "Patient/p"),
        batch("transaction", "Observation?_include=Observation:subject"),
        met,
    ];
    for request in requests {
        let what = request.url();
        let before = world.access.store().reader(&Scope::all()).unwrap().audit(None, 1).unwrap()[0].seq;
        let response = world.send(request);
        assert!(response.status < 300, "{what}: {}", response.text());
        let mut out = Vec::new();
        shown(json(&response).root(), &mut out);
        assert!(!out.is_empty(), "{what} shows something");
        let rows = world.access.store().reader(&Scope::all()).unwrap().audit(None, 100).unwrap();
        let fresh: String = rows.into_iter().filter(|row| row.seq > before).map(|row| row.detail).collect();
        for version in out {
            assert!(fresh.contains(&format!("\"{version}\"")), "{what}: {version} is not in {fresh}");
        }
    }
}

#[test]
fn what_was_asked_for_in_one_role_profile_is_not_answered_in_another() {
    let (world, _) = world();
    world.access.add_user(&ann().and(access::NewProfile::new("receptionist"))).unwrap();
    let entered = world.access.enter("ann", PASSWORD, "127.0.0.1").unwrap();
    let access::Entered::Owing { cookie, .. } = entered else { panic!("a profile must be chosen") };
    let take = |cookie: &str, profile: &str| match world.access.take_profile(cookie, profile, "127.0.0.1") {
        Ok(access::Entered::SignedIn(signed)) => signed.cookie,
        other => panic!("{other:?}"),
    };
    let get = |cookie: &str, url: &str| {
        let request = Request::new("GET", url).with("cookie", &format!("carespine={cookie}"));
        handle(&world.rest, &request.with("prefer", "respond-async"))
    };
    let doctor = take(&cookie, "1");
    let begun = get(&doctor, "Observation?patient=p");
    expect(&begun, 202);
    let place = begun.header("content-location").unwrap().strip_prefix(BASE).unwrap().to_owned();
    world.work();
    assert!(get(&doctor, &place).text().contains("Observation/o"));
    let receptionist = take(&doctor, "2");
    let hidden = get(&receptionist, &place);
    expect(&hidden, 404);
    assert!(get(&take(&receptionist, "1"), &place).text().contains("Observation/o"), "it is still there");
}

//! What must hold at every address: who may come, what every answer carries, that no form is taken unasked.

use super::house::{CATALOGUE, House, Reply};
use crate::Config;
use crate::help::HELP;
use crate::page::OWN;
use axum::body::Body;
use axum::http::{Method, StatusCode};

/// Every address of the door, with ids in place of parameters. New routes come in by themselves, except those
/// that the router names one by one.
fn addresses() -> Vec<String> {
    let own = OWN.iter().map(|own| own.path.to_owned());
    let pages = CATALOGUE.pages().map(|page| page.path.replace("{id}", "1"));
    let commands = CATALOGUE.commands().map(|listed| listed.path());
    let named = [
        "/",
        "/sign-in",
        "/sign-in/role",
        "/sign-in/code",
        "/sign-in/set-up",
        "/lock",
        "/invitation",
        "/invitation/new",
        "/oauth/authorize",
        "/oauth/launch",
        "/sign-in/with/x",
        "/sign-in/with/x/back",
        "/sign-out",
        "/account/sign-out-everywhere",
        "/assets/x",
        "/nowhere",
        "/services/x",
        "/fhir",
    ];
    let help = HELP.iter().map(|help| help.path.to_owned());
    own.chain(help).chain(pages).chain(commands).chain(named.map(str::to_owned)).collect()
}

/// What anyone may ask for, and what they are answered.
const PUBLIC: [(&str, u16); 13] = [
    ("/invitation", 200),
    ("/", 303),
    ("/sign-in", 200),
    ("/sign-in/role", 303),
    ("/sign-in/code", 303),
    ("/sign-in/set-up", 303),
    ("/sign-in/with/x", 404),
    ("/sign-in/with/x/back", 404),
    ("/sign-out", 303),
    ("/assets/x", 404),
    ("/help", 200),
    ("/help/keyboard", 200),
    ("/help/accessibility", 200),
];

#[test]
fn the_router_names_no_address_that_the_sweep_does_not_know() {
    let source = include_str!("../lib.rs");
    let routes = source.matches(".route(").count();
    assert_eq!(routes, 15 + 4, "fifteen single routes and four loops: add new ones to the sweep");
}

#[test]
fn anyone_unknown_is_led_to_sign_in_from_everywhere_but_the_public_addresses() {
    let house = House::new();
    for path in addresses() {
        let reply = house.browser().get(&path);
        if let Some((_, status)) = PUBLIC.iter().find(|(public, _)| *public == path) {
            assert_eq!(reply.status.as_u16(), *status, "{path}");
            continue;
        }
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(reply.location(), format!("/sign-in?next={path}"));
        assert!(reply.text.is_empty(), "{path}");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let mut browser = house.browser();
            let request = browser.request(method.clone(), &path).header("origin", browser.origin.clone());
            let reply = browser.send(request, Body::empty());
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "{method} {path}");
        }
    }
}

#[test]
fn every_answer_carries_the_headers_that_protect_it() {
    for (config, secure) in [
        (Config::default(), false),
        (Config { origin: Some("https://care.example".into()), ..Config::default() }, true),
    ] {
        let house = House::with(config);
        let mut doctor = house.browser();
        if secure {
            doctor.origin = "https://care.example".into();
        }
        doctor.sign_in("doctor", super::house::PASSWORD);
        for path in addresses().iter().map(String::as_str).chain(["/patients/fault", "/patients/file"]) {
            let reply = doctor.get(path);
            assert!(reply.header("content-security-policy").starts_with("default-src 'none';"), "{path}");
            assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert!(!reply.header("content-security-policy").contains("unsafe"), "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(reply.header("cache-control"), "no-store", "{path}");
            assert_eq!(reply.header("strict-transport-security").is_empty(), !secure, "{path}");
            has_nothing_inline(&reply, path);
        }
    }
}

fn has_nothing_inline(reply: &Reply, path: &str) {
    if !reply.header("content-type").starts_with("text/html") {
        return;
    }
    for inline in ["<style", " style=", "<script>", " onclick=", " onload=", "javascript:"] {
        assert!(!reply.text.contains(inline), "{path} has {inline}");
    }
    assert_eq!(
        reply.text.matches("<script").count(),
        reply.text.matches("<script src=\"/assets/").count(),
        "{path}"
    );
    for address in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
        assert!(!reply.text.contains(address), "{path} leads to another host");
    }
}

/// Everything that a form can change, with fields that would change it.
fn forms() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        ("/sign-out", vec![]),
        ("/account/sign-out-everywhere", vec![]),
        ("/calls/note", vec![("person", "Patient/1"), ("day", "2026-11-24"), ("request", "r1")]),
    ]
}

#[test]
fn a_form_is_taken_only_from_our_own_page_with_the_token_of_the_session() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let other = house.signed_in("doctor").get("/home").hidden("csrf");
    let token = doctor.get("/home").hidden("csrf");
    assert!(token.len() > 20 && token != other);
    for (path, fields) in forms() {
        let own = doctor.origin.clone();
        for (origin, token, why) in [
            (Some("http://evil.example"), token.as_str(), "another origin"),
            (Some("http://127.0.0.1:9090"), token.as_str(), "another port"),
            (Some("https://127.0.0.1:8080"), token.as_str(), "another scheme"),
            (Some("null"), token.as_str(), "an origin kept secret"),
            (None, token.as_str(), "no origin"),
            (Some(own.as_str()), "", "no token"),
            (Some(own.as_str()), "guess", "a wrong token"),
            (Some(own.as_str()), other.as_str(), "the token of another session"),
        ] {
            let mut request = doctor
                .request(Method::POST, path)
                .header("content-type", "application/x-www-form-urlencoded");
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let body = format!("{}&csrf={token}", fields.join("&"));
            let reply = doctor.send(request, Body::from(body));
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} with {why}");
        }
    }
    assert_eq!(house.calls(), 0);
    assert_eq!(doctor.get("/home").status, StatusCode::OK, "still signed in");
    // The same with everything right, last as it ends the session.
    for (path, mut fields) in forms().into_iter().rev() {
        fields.push(("csrf", &token));
        assert_eq!(doctor.post(path, &fields).status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(house.calls(), 1);
    assert_eq!(doctor.get("/home").status, StatusCode::SEE_OTHER, "signed out");
}

#[test]
fn the_sign_in_form_is_taken_only_from_the_browser_it_was_made_for() {
    let house = House::new();
    let theirs = house.browser().get("/sign-in").hidden("csrf");
    let fields = |token: &str| {
        [("name", "doctor"), ("password", super::house::PASSWORD), ("csrf", token)]
            .map(|(n, v)| (n, v.to_owned()))
    };
    for (with_cookie, token) in [(false, theirs.as_str()), (true, theirs.as_str()), (true, "")] {
        let mut browser = house.browser();
        if with_cookie {
            browser.get("/sign-in");
        }
        let fields = fields(token);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(browser.post("/sign-in", &fields).status, StatusCode::FORBIDDEN);
        assert!(!browser.cookies.contains_key("carespine"));
    }
}

#[test]
fn no_get_changes_anything() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let before = house.access.store().reader(&record::Scope::all()).unwrap().txn();
    let query = "?person=Patient/1&day=2026-11-24&request=r1&csrf=x&locked=1&name=doctor&password=x";
    for path in addresses() {
        doctor.get(&format!("{path}{query}"));
    }
    assert_eq!(house.access.store().reader(&record::Scope::all()).unwrap().txn(), before);
    assert_eq!(doctor.get("/home").status, StatusCode::OK);
}

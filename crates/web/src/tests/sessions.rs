//! Signing in and out, locking, and what cookies are like.

use super::house::{House, MINUTE, PASSWORD};
use crate::Config;
use access::{IDLE_MINUTES, SESSION_HOURS};
use axum::body::Body;
use axum::http::{Method, StatusCode};

const COOKIE: &str = "carespine";

#[test]
fn someone_signs_in_and_comes_to_where_they_wanted() {
    let house = House::new();
    let mut browser = house.browser();
    let led = browser.get("/patients?q=jones");
    assert_eq!(led.location(), "/sign-in?next=/patients%3Fq%3Djones");
    let form = browser.get(led.location());
    form.has(&["<h1 class=\"app-h1\">Sign in</h1>", "autocomplete=\"current-password\""]);
    let (token, next) = (form.hidden("csrf"), form.hidden("next"));
    let fields = [("name", "doctor"), ("password", PASSWORD), ("csrf", &token), ("next", &next)];
    let reply = browser.post("/sign-in", &fields);
    assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/patients?q=jones"));
    browser.get(reply.location()).has(&["A DOCTOR", "Found nobody called jones"]);
    assert_eq!(browser.get("/sign-in").location(), "/home", "who is signed in need not again");
}

#[test]
fn next_leads_to_no_other_host() {
    let house = House::new();
    for next in ["//evil.example", "https://evil.example/", "/\\evil.example", "/%09/evil.example", "x"] {
        let mut browser = house.browser();
        let fields = [("name", "doctor"), ("password", PASSWORD), ("next", next)];
        let token = browser.get("/sign-in").hidden("csrf");
        let reply = browser.post("/sign-in", &[&fields[..], &[("csrf", &token)]].concat());
        let location = reply.location();
        assert!(location == "/home" || location == "/%09/evil.example", "{next} leads to {location}");
    }
}

#[test]
fn an_unknown_name_and_a_wrong_password_get_the_same_page() {
    let house = House::new();
    let page = |name: &str| {
        let mut browser = house.browser();
        let reply = browser.sign_in(name, "wrong");
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(!browser.cookies.contains_key(COOKIE));
        reply.has(&["The name or the password is wrong", "<title>Error: Sign in", "id=\"password-error\""]);
        let token = reply.hidden("csrf");
        reply.text.replace(name, "NAME").replace(&token, "TOKEN")
    };
    assert_eq!(page("doctor"), page("nobody"));
    let page = house.browser().sign_in("doctor", "wrong secret");
    assert!(!page.text.contains("wrong secret"), "a password is never sent back");
}

#[test]
fn ten_failures_are_told_to_wait() {
    let house = House::new();
    let mut browser = house.browser();
    for _ in 0..10 {
        assert_eq!(browser.sign_in("doctor", "wrong").status, StatusCode::UNAUTHORIZED);
    }
    let reply = browser.sign_in("doctor", PASSWORD);
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    reply.has(&["Too many failed tries. Wait 1 minute"]);
    house.later(MINUTE);
    assert_eq!(browser.sign_in("doctor", PASSWORD).status, StatusCode::SEE_OTHER);
}

#[test]
fn behind_a_proxy_failures_go_by_the_address_that_the_proxy_names() {
    let config = Config { forwarded: true, ..Config::default() };
    let house = House::with(config);
    let mut browser = house.browser();
    let token = browser.get("/sign-in").hidden("csrf");
    let mut status = |name: &str, forwarded: &str| {
        let request = browser
            .request(Method::POST, "/sign-in")
            .header("origin", browser.origin.clone())
            .header("x-forwarded-for", forwarded)
            .header("content-type", "application/x-www-form-urlencoded");
        let body = format!("name={name}&password=x&csrf={token}");
        browser.send(request, Body::from(body)).status
    };
    for i in 0..10 {
        // The client makes up the first address; the proxy adds the last.
        assert_eq!(status(&format!("n{i}"), &format!("1.1.1.{i}, 10.0.0.7")), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(status("n11", "2.2.2.2, 10.0.0.7"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("n11", "10.0.0.8"), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_cookie_that_was_planted_before_is_not_the_session() {
    let house = House::new();
    let mut browser = house.browser();
    browser.cookies.insert(COOKIE.into(), "planted".into());
    browser.sign_in("doctor", PASSWORD);
    assert_ne!(browser.cookies[COOKIE], "planted");
    let mut thief = house.browser();
    thief.cookies.insert(COOKIE.into(), "planted".into());
    assert_eq!(thief.get("/home").status, StatusCode::SEE_OTHER);
}

#[test]
fn a_new_sign_in_in_the_same_browser_ends_the_old_session() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let mut old = browser.clone();
    let token = browser.get("/sign-in?locked=1").hidden("csrf");
    let reply = browser.post("/sign-in", &[("name", "desk"), ("password", PASSWORD), ("csrf", &token)]);
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    browser.get("/home").has(&["A DESK"]);
    assert_eq!(old.get("/home").status, StatusCode::SEE_OTHER);
}

#[test]
fn an_idle_browser_is_locked_and_goes_on_where_it_was() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    house.later(IDLE_MINUTES * MINUTE);
    let led = browser.get("/patients/7?at=2026-01-01");
    assert_eq!(led.location(), "/sign-in?locked=1&next=/patients/7%3Fat%3D2026-01-01");
    let page = browser.get(led.location());
    page.has(&["<h1 class=\"app-h1\">Locked</h1>", "A DOCTOR", "Enter your password"]);
    assert!(!page.text.contains("Record 7"));

    let wrong = browser.fill(led.location(), "/sign-in", &[("password", "wrong")]);
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    wrong.has(&["Locked", "The name or the password is wrong"]);
    assert_eq!(browser.get("/home").status, StatusCode::SEE_OTHER, "still locked");

    let old = browser.cookies[COOKIE].clone();
    let reply = browser.fill(led.location(), "/sign-in", &[("password", PASSWORD)]);
    assert_eq!(reply.location(), "/patients/7?at=2026-01-01");
    assert_ne!(browser.cookies[COOKIE], old);
    browser.get(reply.location()).has(&["Record 7"]);
}

#[test]
fn what_is_sent_while_locked_is_not_done_and_leads_back_to_its_form() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let form = browser.get("/calls/note");
    house.later(IDLE_MINUTES * MINUTE);
    let (token, once) = (form.hidden("csrf"), form.hidden("request"));
    let request = browser
        .request(Method::POST, "/calls/note")
        .header("origin", browser.origin.clone())
        .header("referer", "http://127.0.0.1:8080/calls/note?person=Patient/1")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = format!("csrf={token}&request={once}&person=Patient/1&day=2026-11-24");
    let reply = browser.send(request, Body::from(body));
    assert_eq!(reply.location(), "/sign-in?locked=1&next=/calls/note%3Fperson%3DPatient/1");
    assert_eq!(house.calls(), 0);
}

#[test]
fn the_lock_page_of_a_script_goes_back_to_the_page_it_came_from() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    house.later(IDLE_MINUTES * MINUTE);
    let request = browser
        .request(Method::GET, "/sign-in?locked=1")
        .header("referer", "http://127.0.0.1:8080/patients/7?at=2026-01-01");
    let page = browser.send(request, Body::empty());
    assert_eq!(page.hidden("next"), "/patients/7?at=2026-01-01");
}

#[test]
fn a_session_is_over_after_half_a_day_of_work() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    for _ in 0..SESSION_HOURS * 6 - 1 {
        house.later(10 * MINUTE);
        assert_eq!(browser.get("/services").status, StatusCode::OK);
    }
    house.later(10 * MINUTE);
    assert_eq!(browser.get("/services").location(), "/sign-in?next=/services");
    assert!(!browser.cookies.contains_key(COOKIE), "the cookie is taken back");
}

#[test]
fn signing_out_ends_the_session_for_every_copy_of_its_cookie() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let mut copy = browser.clone();
    browser.get("/sign-out").has(&["You are signed in as", "A DOCTOR"]);
    assert_eq!(copy.get("/home").status, StatusCode::OK, "asking is not doing");
    assert_eq!(browser.fill("/sign-out", "/sign-out", &[]).location(), "/sign-in");
    assert!(!browser.cookies.contains_key(COOKIE));
    assert_eq!(copy.get("/home").status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/sign-out").location(), "/sign-in");
}

#[test]
fn signing_out_works_while_locked_and_everywhere() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let mut other = house.signed_in("doctor");
    let mut desk = house.signed_in("desk");
    browser.fill("/account", "/account/sign-out-everywhere", &[]);
    assert_eq!(other.get("/home").status, StatusCode::SEE_OTHER);
    assert_eq!(desk.get("/home").status, StatusCode::OK);
    house.later(IDLE_MINUTES * MINUTE);
    assert_eq!(desk.fill("/sign-out", "/sign-out", &[]).location(), "/sign-in");
    assert_eq!(desk.get("/home").location(), "/sign-in?next=/home");
}

#[test]
fn a_closed_account_is_out_within_a_second() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    house.access.set_disabled("doctor", true).unwrap();
    assert_eq!(browser.get("/home").status, StatusCode::SEE_OTHER);
}

#[test]
fn cookies_are_for_this_host_only_and_out_of_reach_of_scripts() {
    for (origin, start, end) in [
        (None, "carespine=", "; Path=/; HttpOnly; SameSite=Lax"),
        (Some("https://care.example"), "__Host-carespine=", "; Path=/; HttpOnly; SameSite=Lax; Secure"),
    ] {
        let house = House::with(Config { origin: origin.map(str::to_owned), ..Config::default() });
        let mut browser = house.browser();
        if let Some(origin) = origin {
            browser.origin = origin.into();
        }
        let reply = browser.sign_in("doctor", PASSWORD);
        let cookie = reply.header("set-cookie");
        assert!(cookie.starts_with(start) && cookie.ends_with(end), "{cookie}");
        assert!(!cookie.contains("Domain") && !cookie.contains("Max-Age"), "{cookie}");
        assert_eq!(browser.get("/home").status, StatusCode::OK);
    }
}

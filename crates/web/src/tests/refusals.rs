//! Every "no" is a designed page that says what to do next.

use super::house::House;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, StatusCode};
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};

#[test]
fn each_kind_of_no_has_its_status_and_its_words() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for (path, status, parts) in [
        ("/nowhere", StatusCode::NOT_FOUND, &["There is no page at this address", "href=\"/patients\""][..]),
        ("/patients/absent", StatusCode::NOT_FOUND, &["The patient is not known here"]),
        (
            "/patients/clash",
            StatusCode::CONFLICT,
            &["Dr B changed this at 09:40.", "Nothing of what you sent was saved"],
        ),
        (
            "/patients/fault",
            StatusCode::INTERNAL_SERVER_ERROR,
            &["Something went wrong", "tell support this number"],
        ),
        ("/patients/busy", StatusCode::SERVICE_UNAVAILABLE, &["Too much at once.", "Try again"]),
    ] {
        let reply = doctor.get(path);
        assert_eq!(reply.status, status, "{path}");
        reply.has(parts).has(&["<h1 class=\"app-h1\">", "A DOCTOR", "href=\"/home\""]);
    }
    assert_eq!(doctor.get("/patients/busy").header("retry-after"), "5");
}

#[test]
fn a_page_that_breaks_off_gives_a_number_and_the_door_goes_on() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let reply = doctor.get("/patients/panic");
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    reply.has(&["tell support this number"]);
    assert!(!reply.text.contains("breaks off"), "what broke is in the log only");
    assert_eq!(doctor.get("/home").status, StatusCode::OK);
}

#[test]
fn a_page_that_a_role_may_not_see_says_so_and_is_on_the_trail() {
    let house = House::new();
    let mut desk = house.signed_in("desk");
    let reply = desk.get("/patients/1");
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    reply.has(&["The role Receptionist may not read clinical records", "See what your role may do"]);
    assert!(!reply.text.contains("Record 1"));
    let trail = house.trail();
    let row = trail.last().unwrap();
    assert!(row.starts_with("desk refused") && row.contains("/patients/{id}"), "{row}");
    assert_eq!(desk.get("/calls/note").status, StatusCode::FORBIDDEN);
    assert!(house.trail().last().unwrap().contains("calls.note"));
}

#[test]
fn an_address_used_in_a_way_it_is_not_made_for_says_so() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for method in [Method::PUT, Method::DELETE] {
        let request = doctor.request(method, "/home");
        let reply = doctor.send(request, Body::empty());
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
        reply.has(&["This address cannot be used in this way"]);
    }
}

#[test]
fn a_form_that_is_too_large_or_no_form_is_refused() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for (kind, body, status) in [
        ("application/x-www-form-urlencoded", "x".repeat(65 << 10), StatusCode::PAYLOAD_TOO_LARGE),
        ("application/json", "{}".to_owned(), StatusCode::BAD_REQUEST),
        ("application/x-www-form-urlencoded", "csrf=%GG".to_owned(), StatusCode::FORBIDDEN),
    ] {
        let request = doctor
            .request(Method::POST, "/calls/note")
            .header("origin", doctor.origin.clone())
            .header("content-type", kind);
        assert_eq!(doctor.send(request, Body::from(body)).status, status);
    }
}

#[test]
fn whoever_is_unknown_is_answered_before_the_body_is_read() {
    let house = House::new();
    let mut nobody = house.browser();
    let request = nobody
        .request(Method::POST, "/calls/note")
        .header("origin", nobody.origin.clone())
        .header("content-type", "application/x-www-form-urlencoded");
    // A body that never comes: reading it would take until the time for a form is over.
    let body = Body::new(Never);
    let reply = nobody.send(request, body);
    assert_eq!(reply.location(), "/sign-in?next=/home");
}

/// A body of which nothing ever arrives.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

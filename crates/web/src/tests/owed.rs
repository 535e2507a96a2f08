//! Choosing a role, codes that change, and a terminal that several people use.

use super::house::{House, MINUTE, PASSWORD, Reply};
use access::{NewProfile, NewUser};
use axum::http::StatusCode;
use ring::hmac;

/// A house with somebody who has two roles.
fn two_hats() -> House {
    let house = House::new();
    let user = NewUser::new("hats", "A HATS", NewProfile::new("doctor").at("ZN9"), PASSWORD);
    house.access.add_user(&user.and(NewProfile::new("receptionist").at("Z97001"))).unwrap();
    house
}

/// The code that a telephone shows for the secret of a page.
fn code(house: &House, page: &Reply) -> String {
    let secret = page.text.split_once("<code class=\"app-strong\">").unwrap().1.split_once('<').unwrap().0;
    let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u64;
    let letters: Vec<char> = secret.chars().filter(|c| *c != ' ').collect();
    let groups = letters.chunks(8).map(|group| group.iter().fold(0, |bits, c| bits << 5 | value(*c)));
    let secret: Vec<u8> = groups.flat_map(|bits| bits.to_be_bytes()[3..].to_vec()).collect();
    code_of(house, &secret)
}

fn code_of(house: &House, secret: &[u8]) -> String {
    let step = house.access.now().0 / 30_000;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn who_has_two_roles_chooses_one_and_comes_to_where_they_wanted() {
    let house = two_hats();
    let mut browser = house.browser();
    let led =
        browser.fill("/sign-in?next=/patients", "/sign-in", &[("name", "hats"), ("password", PASSWORD)]);
    assert_eq!(led.location(), "/sign-in/role?next=/patients");
    assert_eq!(
        browser.get("/patients").location(),
        "/sign-in/role?next=/patients",
        "nothing is shown before"
    );
    let page = browser.get(led.location());
    page.has(&["Choose your role", "Doctor, ZN9", "Receptionist, Z97001"]);
    assert_eq!(
        browser.fill(led.location(), "/sign-in/role", &[("profile", "9")]).status,
        StatusCode::BAD_REQUEST
    );

    let before = browser.cookies.clone();
    let (csrf, fields) = (page.hidden("csrf"), [("next", "/patients"), ("profile", "2")]);
    assert_eq!(
        browser.post("/sign-in/role", &fields).status,
        StatusCode::FORBIDDEN,
        "the form needs its token"
    );
    let chosen = browser.post("/sign-in/role", &[&fields[..], &[("csrf", csrf.as_str())]].concat());
    assert_eq!((chosen.status, chosen.location()), (StatusCode::SEE_OTHER, "/patients"));
    assert_ne!(before, browser.cookies, "the cookie is new");
    browser.get("/account").has(&["Receptionist", "Z97001"]);

    // And later another.
    let page = browser.get("/sign-in/role?next=/account");
    page.has(&["app-btn--primary\" type=\"submit\" aria-current=\"true\">Receptionist, Z97001"]);
    let csrf = page.hidden("csrf");
    browser.post("/sign-in/role", &[("csrf", &csrf), ("next", "/account"), ("profile", "1")]);
    browser.get("/account").has(&["Doctor", "ZN9"]);
    assert!(house.trail().iter().any(|row| row.starts_with("hats switch-profile")));
}

#[test]
fn a_code_is_set_up_with_a_picture_and_asked_for_from_then_on() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let page = browser.get("/sign-in/set-up?next=/account");
    page.has(&["<svg", "role=\"img\"", "autocomplete=\"one-time-code\""]);
    let csrf = page.hidden("csrf");
    let wrong = browser.post("/sign-in/set-up", &[("csrf", &csrf), ("next", "/account"), ("code", "12")]);
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    wrong.has(&["The code is wrong", "id=\"code-error\""]);
    assert_eq!(code(&house, &wrong), code(&house, &page), "the same picture again");
    let now = code(&house, &page);
    let done = browser.post("/sign-in/set-up", &[("csrf", &csrf), ("next", "/account"), ("code", &now)]);
    assert_eq!(done.location(), "/account");
    browser.get("/account").has(&["A password and a code"]);

    house.later(MINUTE);
    let mut other = house.browser();
    assert_eq!(other.sign_in("doctor", PASSWORD).location(), "/sign-in/code?next=/home");
    assert_eq!(other.get("/sign-in/role").location(), "/sign-in/code?next=/home");
    assert_eq!(other.get("/sign-in/set-up").location(), "/sign-in/code?next=/home");
    let asked = other.get("/sign-in/code?next=/home");
    asked.has(&["Enter your code"]);
    let now = code(&house, &page);
    let csrf = asked.hidden("csrf");
    let done = other.post("/sign-in/code", &[("csrf", &csrf), ("next", "/home"), ("code", &now)]);
    assert_eq!(done.location(), "/home");
    other.get("/home").has(&["A DOCTOR"]);
}

#[test]
fn a_terminal_is_locked_and_somebody_else_sees_nothing_of_the_last() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let csrf = browser.get("/patients/4711").hidden("csrf");
    let locked = browser.post("/lock", &[("csrf", &csrf)]);
    assert!(locked.location().starts_with("/sign-in?locked=1"));
    assert_eq!(browser.get("/patients/4711").location(), "/sign-in?locked=1&next=/patients/4711");
    let page = browser.get("/sign-in?locked=1&next=/patients/4711");
    page.has(&["Locked", "A DOCTOR", "/sign-in?other=1"]);
    assert!(!page.text.contains("Record 4711"));

    let other = browser.get("/sign-in?other=1");
    assert!(!other.text.contains("A DOCTOR") && !other.text.contains("4711"), "nothing of who was here");
    let mut last = browser.clone();
    let fields = [("name", "desk"), ("password", PASSWORD)];
    assert_eq!(browser.fill("/sign-in?other=1", "/sign-in", &fields).location(), "/home");
    browser.get("/home").has(&["A DESK"]);
    assert_eq!(last.get("/home").location(), "/sign-in?next=/home", "and the last one's session has ended");
}

#[test]
fn who_locked_their_terminal_goes_on_where_they_were() {
    let house = House::new();
    let mut browser = house.signed_in("doctor");
    let csrf = browser.get("/patients/4711").hidden("csrf");
    browser.post("/lock", &[("csrf", &csrf)]);
    let page = "/sign-in?locked=1&next=/patients/4711";
    let opened = browser.fill(page, "/sign-in", &[("password", PASSWORD)]);
    assert_eq!(opened.location(), "/patients/4711");
    browser.get("/patients/4711").has(&["Record 4711"]);
}

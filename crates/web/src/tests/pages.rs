//! Pages of the house and of services, parts, files and what the browser loads.

use super::house::House;
use axum::body::Body;
use axum::http::{Method, StatusCode};

#[test]
fn home_greets_finds_and_shows_what_the_services_put_there() {
    let house = House::new();
    let home = house.signed_in("doctor").get("/home");
    home.has(&[
        "Good ",
        ", A DOCTOR</h1>",
        "Ash ward",
        "Find a patient",
        "Nobody called A DOCTOR",
        "All services",
    ]);
    home.has(&["Broken card could not be loaded"]);
    assert!(!home.text.contains("This installation"));
}

#[test]
fn home_shows_each_role_what_it_may_use() {
    let house = House::new();
    let keeper = house.signed_in("keeper").get("/home");
    keeper.has(&["This installation", "Transactions in the log", "Your role opens nothing here."]);
    for hidden in ["find-here", "Nobody called", "Broken card"] {
        assert!(!keeper.text.contains(hidden), "an administrator sees {hidden}");
    }
}

#[test]
fn all_services_link_only_to_what_the_role_may_open() {
    let house = House::new();
    let doctor = house.signed_in("doctor").get("/services");
    doctor.has(&["Calls", "Notes of calls.", "href=\"/patients\">Find a patient", "href=\"/calls/note\""]);
    let desk = house.signed_in("desk").get("/services");
    desk.has(&["href=\"/patients\">Find a patient"]);
    assert!(!desk.text.contains("/calls/note"));
}

#[test]
fn the_account_says_who_i_am_what_i_may_and_where_i_am_signed_in() {
    let house = House::new();
    let mut browser = house.signed_in("desk");
    house.signed_in("desk");
    let page = browser.get("/account");
    page.has(&["A DESK", "Receptionist", "Ash ward", "find people", "read clinical records"]);
    assert_eq!(page.text.matches("This browser").count(), 1);
    assert_eq!(page.text.matches("Another browser").count(), 1);
}

#[test]
fn help_and_places_that_are_not_built_yet_are_pages() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for (path, part) in [
        ("/help", "Read a record"),
        ("/help/keyboard", "Goes to the box that finds a patient"),
        ("/help/accessibility", "2.2 at level AA"),
        ("/boards", "Not there yet"),
        ("/schedule", "Not there yet"),
        ("/worklists", "Not there yet"),
        ("/reports", "Not there yet"),
    ] {
        let reply = doctor.get(path);
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        reply.has(&[part, "<h1 class=\"app-h1\">"]);
    }
}

#[test]
fn help_is_for_everyone_in_their_own_frame() {
    let house = House::new();
    let anyone = house.browser().get("/help/accessibility");
    assert!(!anyone.text.contains("Sign out"));
    house.signed_in("doctor").get("/help/accessibility").has(&["Sign out", "A DOCTOR"]);
}

#[test]
fn every_link_of_the_house_leads_somewhere() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec!["/home".to_owned()];
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let reply = doctor.get(&path);
        assert!(reply.status.is_success() || reply.status.is_redirection(), "{path} is {}", reply.status);
        let links = reply.text.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
        open.extend(links.map(|(link, _)| link.to_owned()).filter(|link| link.starts_with('/')));
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn what_a_page_read_is_on_the_trail_when_the_answer_comes() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for id in ["1", "absent", "fault"] {
        doctor.get(&format!("/patients/{id}"));
        let trail = house.trail();
        let row = trail.last().unwrap();
        assert!(row.starts_with("doctor read") && row.contains(&format!("\"patient\":\"{id}\"")), "{row}");
    }
}

#[test]
fn a_part_is_only_the_part() {
    let house = House::new();
    let part = house.signed_in("doctor").get("/patients?part=suggest&q=jo%20ann");
    assert_eq!(part.text, "<p>Found nobody called jo ann</p>");
    assert_eq!(part.header("content-type"), "text/html; charset=utf-8");
}

#[test]
fn a_page_may_lead_on_to_our_pages_only() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    assert_eq!(doctor.get("/patients/moved").location(), "/patients/1");
    assert_eq!(doctor.get("/patients/away").location(), "/home");
}

#[test]
fn a_file_is_saved_and_never_shown_under_our_name() {
    let house = House::new();
    let file = house.signed_in("doctor").get("/patients/file");
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"a__letter___.pdf\"");
    assert_eq!(file.text, "%PDF");
}

#[test]
fn head_is_get_without_the_body_and_counts_as_activity() {
    let house = House::new();
    let mut doctor = house.signed_in("doctor");
    for _ in 0..3 {
        house.later((access::IDLE_MINUTES - 1) * super::house::MINUTE);
        let request = doctor.request(Method::HEAD, "/home");
        let reply = doctor.send(request, Body::empty());
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, ""));
    }
}

#[test]
fn what_the_browser_loads_is_kept_for_ever_and_packed_for_those_who_can() {
    let house = House::new();
    let mut anyone = house.browser();
    let page = anyone.get("/sign-in");
    let addresses: Vec<&str> = page.text.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(addresses.len() >= 5, "{addresses:?}");
    for address in addresses {
        let plain = anyone.get(address);
        assert_eq!(plain.status, StatusCode::OK, "{address}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        let request = anyone.request(Method::GET, address).header("accept-encoding", "gzip, br");
        let packed = anyone.send(request, Body::empty());
        assert_eq!(packed.header("content-type"), plain.header("content-type"));
        assert_eq!(packed.header("content-encoding"), "gzip", "{address}");
        assert!(packed.text.len() < plain.text.len() * 2);
    }
    for path in ["/assets/app.css", "/assets/..%2f..%2fCargo.toml", "/assets/manifest.txt"] {
        assert_eq!(anyone.get(path).status, StatusCode::NOT_FOUND, "{path}");
    }
}

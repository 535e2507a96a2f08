use crate::*;

fn who() -> Option<Who> {
    Some(Who { display: "Dr Amara OKAFOR".into(), role: "Doctor".into(), place: "Ward 7B".into() })
}

#[test]
fn a_page_holds_no_inline_style_or_script() {
    let assets = Assets::default();
    let page = Frame { who: who(), idle_seconds: Some(900), ..Frame::new("My work", Nav::Home, &assets) };
    let text = frame(&page, html! { p { "Hello" } }).into_string();
    assert!(!text.contains("style=") && !text.contains("onclick") && !text.contains("<script>"));
    assert!(text.contains("data-idle=\"900\"") && text.contains("<title>My work – Carespine</title>"));
    assert!(text.contains("aria-current=\"page\">Home</a>"));
}

#[test]
fn before_sign_in_there_is_no_search_and_no_navigation() {
    let assets = Assets::default();
    let text = frame(&Frame::new("Sign in", Nav::None, &assets), html! {}).into_string();
    assert!(
        !text.contains("data-suggest")
            && !text.contains("aria-label=\"Main\"")
            && !text.contains("data-idle")
    );
}

#[test]
fn a_past_record_says_so_on_screen_and_on_paper() {
    let assets = Assets::default();
    let as_at = AsAt { at: parse_local("2026-11-12T09:05").unwrap(), back: "/patients/1/results".into() };
    let page = Frame { who: who(), as_at: Some(as_at), ..Frame::new("Results", Nav::Patients, &assets) };
    let text = frame(&page, html! {}).into_string();
    assert!(text.contains(
        "As at <time datetime=\"2026-11-12T09:05+00:00\">12-Nov-2026 09:05</time></strong> — not current."
    ));
    assert!(text.contains("<a href=\"/patients/1/results\">Back to now</a>"));
    assert!(text.contains("12-Nov-2026 09:05</time>, not current"));
}

#[test]
fn what_people_typed_is_escaped() {
    let assets = Assets::default();
    let page = Frame { who: who(), search: "\"><script>x", ..Frame::new("<b>", Nav::Patients, &assets) };
    let text = frame(&page, html! {}).into_string();
    assert!(!text.contains("<script>x") && !text.contains("<b>"));
}

#[test]
fn a_list_shows_who_someone_is() {
    let name = PersonName { family: "Nduka".into(), given: "Chidera".into(), title: None };
    let number = NhsNumber::parse("999 002 9776").ok();
    let now = parse_local("2026-11-12T09:42").unwrap();
    let line = PersonLine {
        name: &name,
        href: "/patients/1",
        born: When::parse("2022-10-03"),
        died: Died::No,
        nhs_number: number.as_ref(),
        at: now,
    };
    let text = person_in_list(&line).into_string();
    assert!(text.contains("<a href=\"/patients/1\">NDUKA, Chidera</a>"));
    assert!(text.contains("03-Oct-2022</time> (4y 1m)") && text.contains("999 002 9776"));
    let died = PersonLine { died: Died::On(When::parse("2026-01-02").unwrap()), ..line };
    assert!(person_in_list(&died).into_string().contains("2022</time>, died <time datetime=\"2026-01-02\">"));
}

use crate::*;
use maud::Render;

fn when(text: &str) -> When {
    When::parse(text).unwrap_or_else(|| panic!("{text} is no date"))
}

#[test]
fn dates_are_written_as_exactly_as_they_are_known() {
    for (fhir, shown) in [
        ("1945-03-14", "14-Mar-1945"),
        ("1945-03", "Mar-1945"),
        ("1945", "1945"),
        ("2026-11-12T09:05:00Z", "12-Nov-2026 09:05"),
        ("2026-07-01T23:30:00Z", "02-Jul-2026 00:30"),
        ("2026-07-01T09:05:59.999+02:00", "01-Jul-2026 08:05"),
        ("2026-07-01T09:05", "01-Jul-2026 09:05"),
    ] {
        assert_eq!(when(fhir).text(), shown);
    }
    for text in ["", "45", "1945-13", "1945-02-30", "14-Mar-1945", "T09:05"] {
        assert_eq!(When::parse(text), None, "{text}");
    }
}

#[test]
fn a_date_is_a_time_element_in_one_piece() {
    assert_eq!(when("1945-03-14").render().into_string(), "<time datetime=\"1945-03-14\">14-Mar-1945</time>");
    assert_eq!(
        when("2026-07-01T08:05:00Z").render().into_string(),
        "<time datetime=\"2026-07-01T09:05+01:00\">01-Jul-2026 09:05</time>"
    );
}

#[test]
fn other_forms_of_a_date() {
    assert_eq!(when("2027-01-05").with_weekday(), "Tue 05-Jan-2027");
    assert_eq!(when("1945-03-04").for_patients(), "4 March 1945");
    assert_eq!(clock(when("2026-07-01T08:05:00Z").start()), "09:05");
}

#[test]
fn a_browsers_local_time_is_londons() {
    let summer = parse_local("2026-07-01T09:05").unwrap();
    assert_eq!(When::Moment(summer).text(), "01-Jul-2026 09:05");
    assert_eq!(local_input(summer), "2026-07-01T09:05");
    // The hour that spring leaves out, and the one that autumn has twice.
    assert_eq!(local_input(parse_local("2026-03-29T01:30").unwrap()), "2026-03-29T02:30");
    assert_eq!(parse_local("2026-10-25T01:30"), parse_local("2026-10-25T01:30:00"));
    assert_eq!(local_input(parse_local("2026-10-25").unwrap()), "2026-10-25T23:59");
    assert_eq!(parse_local("yesterday"), None);
}

#[test]
fn durations_are_whole_numbers_of_at_most_two_units() {
    for (minutes, shown) in [
        (0, "0min"),
        (12, "12min"),
        (102, "1hr 42min"),
        (120, "2hr"),
        (1500, "1d 1hr"),
        (4 * 1440, "4d"),
        (20 * 1440 + 90, "20d"),
    ] {
        assert_eq!(duration(minutes * 60_000), shown);
    }
}

#[test]
fn how_much_of_a_list_is_shown() {
    assert_eq!(showing(0, 12, 12), "All 12 shown");
    assert_eq!(showing(0, 200, 3104), "Showing 200 of 3,104");
    assert_eq!(showing(200, 200, 3104), "Showing 201 to 400 of 3,104");
}

#[test]
fn nothing_there_and_not_loaded_never_look_alike() {
    let nothing = empty("No results", "Results appear here when they are reported.", html! {}).into_string();
    let failed = missing("Results", 0).into_string();
    assert!(nothing.contains("app-empty") && !nothing.contains("alert"));
    assert!(failed.contains("app-failed") && failed.contains("could not be loaded"));
}

#[test]
fn flags_are_words() {
    for (code, words) in
        [("HH", "H critical"), ("LL", "L critical"), ("H", "H"), ("A", "Abnormal"), ("N", "In range")]
    {
        assert_eq!(Flag::from_code(code).map(Flag::words), Some(words));
    }
    assert_eq!(Flag::from_code("POS"), None);
}

#[test]
fn a_chart_has_title_description_and_its_points_in_order() {
    let point = |day: &str, value: f64, out| Point { at: when(day), value, shown: value.to_string(), out };
    let points =
        [point("2026-11-10", 4.2, false), point("2026-11-11", 5.1, false), point("2026-11-12", 6.1, true)];
    let band = Band { low: Some(3.5), high: Some(5.3) };
    let chart = Trend { id: "k", title: "Potassium", unit: "mmol/L", points: &points, band };
    let svg = trend(&chart).into_string();
    for part in [
        "role=\"img\"",
        "<title id=\"k-title\">Potassium, mmol/L</title>",
        "3 values from 10-Nov-2026 to 12-Nov-2026. Lowest 4.2, highest 6.1, latest 6.1 mmol/L.",
        "app-chart__band",
        "app-chart__point--out",
        "Out of range",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    assert!(!svg.contains("style="));
}

#[test]
fn figures_that_would_overlap_are_left_to_the_table() {
    let points: Vec<Point> = (1..=28)
        .flat_map(|day| [0, 6, 12].map(|hour| format!("2026-02-{day:02}T{hour:02}:00")))
        .map(|at| Point { at: when(&at), value: 1.0, shown: "1.0".into(), out: false })
        .collect();
    let chart = Trend { id: "k", title: "K", unit: "", points: &points, band: Band::default() };
    let figures = trend(&chart).into_string().matches("app-chart__figure").count();
    assert!((8..=18).contains(&figures), "{figures} figures");
}

use super::house::House;

#[test]
fn a_patient_is_found_by_whatever_is_known() {
    let house = House::new();
    for typed in [
        "hargreaves dorothy",
        "dorothy hargreaves",
        "dor harg",
        "HARGREAVES, Dorothy",
        "pell",
        "dot",
        "14-Mar-1945",
        "14/3/1945",
        "14.03.45",
        "14 March 1945",
        "1945-03-14",
        "14031945",
        "harg March 1945",
        "999 000 1006",
        "9990001006",
        "N0482216",
        "ng4 7qt",
        "NG47QT",
        "NG4",
        "dorothy 1945 NG4",
    ] {
        let query = typed.replace(' ', "+").replace(',', "%2C");
        let page = house.words("doctor", &format!("/patients?q={query}"));
        assert!(page.contains("HARGREAVES, Dorothy 14-Mar-1945 (81y) · 999 000 1006"), "{typed}: {page}");
    }
}

#[test]
fn people_with_like_names_are_marked() {
    let page = House::new().words("doctor", "/patients?q=harg+1945");
    assert_eq!(page.matches("Similar name").count(), 2, "{page}");
    assert!(page.contains("All 2 shown"));
}

#[test]
fn nobody_found_says_what_to_try() {
    let house = House::new();
    let page = house.words("doctor", "/patients?q=hargreaves+1946");
    assert!(page.contains("No patient fits all of what you typed") && page.contains("Try fewer"));
    let page = house.page("doctor", "/patients?q=999+000+1007");
    assert!(page.contains("<title>Error: Find a patient") && page.contains("not a valid NHS number"));
    assert!(!page.contains("No patient fits"));
}

#[test]
fn suggestions_are_options_that_lead_to_the_record() {
    let house = House::new();
    let part = house.page("doctor", "/patients?part=suggest&q=dorothy");
    assert!(part.starts_with("<li role=\"option\" data-href=\"/patients/dorothy\">"), "{part}");
    assert!(!part.contains("<a ") && !part.contains("<html"));
    assert_eq!(house.page("doctor", "/patients?part=suggest&q="), "");
}

#[test]
fn what_is_typed_comes_back_escaped() {
    let page = House::new().page("doctor", "/patients?q=%22%3E%3Cscript%3Ex");
    assert!(!page.contains("<script>x"));
}

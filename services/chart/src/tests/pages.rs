use super::house::{House, same};
use record::Kind;

/// Every page of a record that a role may open, by the navigation.
fn sections() -> Vec<String> {
    let mut addresses: Vec<String> = crate::SECTIONS
        .iter()
        .filter(|section| section.name != "access-log")
        .map(|section| format!("/patients/dorothy/{}", section.name).trim_end_matches('/').to_owned())
        .collect();
    addresses.extend(
        ["results/2823-3", "documents/letter", "items/Condition/pneumonia", "items/Patient/dorothy"]
            .map(|rest| format!("/patients/dorothy/{rest}")),
    );
    addresses
}

#[test]
fn every_page_names_the_patient_first_and_holds_no_inline_style_or_script() {
    let house = House::new();
    for address in sections() {
        let page = house.page("doctor", &address);
        let banner =
            page.find("HARGREAVES, Dorothy (Mrs)").unwrap_or_else(|| panic!("{address} has no banner"));
        assert!(banner < page.find("<main").unwrap(), "{address}");
        for word in ["style=", "<script>", "onclick", "javascript:", "wrong patient", "Migraine"] {
            assert!(!page.contains(word), "{address} holds {word}");
        }
        assert!(page.contains("Known allergies: penicillins"), "{address}");
    }
}

#[test]
fn the_overview_says_what_one_needs_to_know_first() {
    same("overview", &House::new().words("doctor", "/patients/dorothy"));
}

#[test]
fn medicines_are_lines_with_their_status_in_words() {
    same("medicines", &House::new().words("doctor", "/patients/dorothy/medicines"));
}

#[test]
fn results_stand_oldest_left_with_ranges_and_flags_in_words() {
    same("results", &House::new().words("doctor", "/patients/dorothy/results"));
}

#[test]
fn the_timeline_has_everything_newest_first() {
    same("timeline", &House::new().words("doctor", "/patients/dorothy/timeline"));
}

#[test]
fn the_timeline_can_be_narrowed() {
    let house = House::new();
    let problems = house.words("doctor", "/patients/dorothy/timeline?kind=problem&period=month");
    assert!(
        problems.contains("pneumonia") && !problems.contains("Fracture") && !problems.contains("Potassium")
    );
    let none = house.words("doctor", "/patients/dorothy/timeline?kind=procedure&period=month");
    assert!(none.contains("Nothing of this kind in this period"));
}

#[test]
fn an_item_shows_all_its_fields_versions_and_source() {
    let page = House::new().words("doctor", "/patients/dorothy/items/MedicationRequest/ramipril");
    let (fields, rest) = page.split_once(" Versions ").unwrap();
    same("item", fields);
    assert!(rest.starts_with("Version 1, shown here") && rest.contains("Source as FHIR JSON {"));
}

#[test]
fn an_earlier_version_says_that_it_is_not_the_latest() {
    let house = House::new();
    house.file(
        r#"[{"resourceType":"Condition","id":"pneumonia","code":{"text":"Pneumonia, other"},
            "subject":{"reference":"Patient/dorothy"}}]"#,
    );
    let path = "/patients/dorothy/items/Condition/pneumonia";
    assert!(house.words("doctor", path).contains("Pneumonia, other"));
    let old = house.words("doctor", &format!("{path}?version=1"));
    assert!(old.contains("A later version has taken its place") && old.contains("right lower zone"));
}

#[test]
fn a_letter_is_shown_without_what_could_run() {
    let page = House::new().page("doctor", "/patients/dorothy/documents/letter");
    assert!(page.contains("<h3>Dear Dr Pell</h3><p>Walks with <b>one stick</b>.</p>"));
    assert!(!page.contains("alert(1)"));
}

#[test]
fn results_can_be_saved_as_a_file() {
    let house = House::new();
    let Ok(service::Answer::File { name, bytes, .. }) =
        house.ask(&house.someone("doctor"), "/patients/dorothy/results?format=csv")
    else {
        panic!("no file")
    };
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(name, "results.csv");
    assert!(
        text.contains("12-Nov-2026 08:15,Potassium,2823-3,6.1,mmol/L,3.5 to 5.3,H critical,Preliminary\r\n")
    );
}

#[test]
fn absent_hidden_and_of_another_patient_look_the_same() {
    let house = House::new();
    let nobody = house.refused("doctor", "/patients/nobody");
    assert_eq!(nobody.kind, Kind::NotFound);
    let narrow = house.someone("doctor").with_reach(["doris".to_owned()]);
    assert_eq!(house.ask(&narrow, "/patients/dorothy").unwrap_err(), nobody);
    let absent = house.refused("doctor", "/patients/dorothy/items/Condition/none");
    assert_eq!(house.refused("doctor", "/patients/dorothy/items/Condition/of-doris"), absent);
    let absent = house.refused("doctor", "/patients/dorothy/documents/none");
    assert_eq!(house.refused("doctor", "/patients/doris/documents/letter"), absent);
}

#[test]
fn a_receptionist_sees_who_and_when_and_nothing_of_health() {
    let house = House::new();
    for address in ["/patients/dorothy", "/patients/dorothy/details", "/patients/dorothy/appointments"] {
        let page = house.page("receptionist", address).to_lowercase();
        for word in
            ["penicillin", "allerg", "pneumonia", "falls", "potassium", "ward 7b", "/medicines", "/results"]
        {
            assert!(!page.contains(word), "{address} holds {word}");
        }
        assert!(page.contains("hargreaves, dorothy (mrs)"));
    }
    assert!(house.page("receptionist", "/patients/dorothy").contains("Chest clinic"));
    assert_eq!(house.refused("receptionist", "/patients/dorothy/problems").kind, Kind::Forbidden);
    assert_eq!(
        house.refused("receptionist", "/patients/dorothy/items/Condition/pneumonia").kind,
        Kind::NotFound
    );
}

#[test]
fn nothing_recorded_is_said_on_each_page() {
    let house = House::new();
    for (section, words) in [
        ("medicines", "No current medicines recorded"),
        ("allergies", "Allergies not recorded"),
        ("results", "No results recorded"),
        ("observations", "No observations recorded"),
        ("immunisations", "No immunisations recorded"),
        ("procedures", "No procedures recorded"),
        ("encounters", "No past stays or visits recorded"),
        ("documents", "No documents recorded"),
        ("appointments", "No appointments booked"),
        ("timeline", "Migraine"),
    ] {
        let page = house.words("doctor", &format!("/patients/doris/{section}"));
        assert!(page.contains(words), "{section}: {page}");
    }
}

#[test]
fn before_a_record_began_there_is_none_and_links_keep_the_moment() {
    let house = House::new();
    let refusal = house.refused("doctor", "/patients/dorothy?at=2020-01-01T10:00");
    assert!(refusal.to_string().contains("at that moment"), "{refusal}");
    assert_eq!(house.refused("doctor", "/patients/dorothy?at=2030-01-01T10:00").kind, Kind::Invalid);
    assert_eq!(house.refused("doctor", "/patients/dorothy?at=soon").kind, Kind::Invalid);
}

#[test]
fn looking_is_put_on_the_trail_and_remembered() {
    let house = House::new();
    let doctor = house.someone("doctor");
    house.ask(&doctor, "/patients/dorothy/results").unwrap();
    house.ask(&doctor, "/patients/doris").unwrap();
    let Ok(service::Answer::Page(recent)) = house.ask(&doctor, "/patients") else { panic!("no page") };
    let recent = recent.into_string();
    let (dorothy, doris) = (recent.find("HARGREAVES, Dorothy"), recent.find("HARGREAVES, Doris"));
    assert!(doris.unwrap() < dorothy.unwrap());
}

#[test]
fn who_has_looked_is_shown_to_those_who_watch_over_it() {
    let house = House::new();
    let doctor = house.someone("doctor");
    house.ask(&doctor, "/patients/dorothy/results").unwrap();
    house.ask(&doctor, "/patients?q=hargreaves").unwrap();
    house.ask(&doctor, "/patients/doris/problems").unwrap();
    let page = house.words("privacy-officer", "/patients/dorothy/access-log");
    for words in
        ["Doctor", "Looked at the record", "Results", "Found in a search", "Changed the record", "Care"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("Problems"));
    assert_eq!(house.refused("doctor", "/patients/dorothy/access-log").kind, Kind::Forbidden);
}

#[test]
fn a_record_that_was_merged_leads_to_the_other() {
    let house = House::new();
    house.file(
        r#"[{"resourceType":"Patient","id":"dolly","name":[{"family":"Hargreaves","given":["Dolly"]}],
            "link":[{"other":{"reference":"Patient/dorothy"},"type":"replaced-by"}]}]"#,
    );
    let page = house.page("doctor", "/patients/dolly/details");
    assert!(page.contains("merged into another") && page.contains("<a href=\"/patients/dorothy\">"));
}

//! Searches as a client sees them: Bundles, pages, links, what is passed over.

use super::*;

fn world() -> World {
    let world = World::new();
    for (id, family, born) in
        [("a", "Ashe", "1970"), ("b", "Birch", "1980"), ("c", "Cedar", "1990"), ("d", "Ashe", "2000")]
    {
        let body = format!(
            r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}],
                "birthDate":"{born}"}}"#
        );
        expect(&world.put(&format!("Patient/{id}"), &body), 201);
    }
    for (id, patient) in [("1", "a"), ("2", "a"), ("3", "b")] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final",
                "code":{{"coding":[{{"system":"http://loinc.org","code":"8302-2"}}]}},
                "subject":{{"reference":"Patient/{patient}"}}}}"#
        );
        expect(&world.put(&format!("Observation/{id}"), &body), 201);
    }
    world
}

/// Ids of the entries of a mode.
fn ids(response: &Response, mode: &str) -> Vec<String> {
    expect(response, 200);
    let json = json(response);
    let entries = json.root().get("entry").into_iter().flat_map(|e| e.items());
    let of_mode = entries
        .filter(|entry| entry.at(&["search", "mode"]).and_then(|m| m.as_str()).as_deref() == Some(mode));
    of_mode
        .map(|entry| {
            entry.at(&["resource", "id"]).and_then(|id| id.as_str()).unwrap_or_default().into_owned()
        })
        .collect()
}

fn link(response: &Response, relation: &str) -> Option<String> {
    let json = json(response);
    let links = json.root().get("link")?;
    let link = links.items().find(|link| link.str("relation").as_deref() == Some(relation))?;
    Some(link.str("url")?.strip_prefix(BASE).expect("links begin with the base").to_owned())
}

#[test]
fn matches_and_what_they_include_are_told_apart() {
    let world = world();
    let response = world.get("Observation?code=8302-2&_include=Observation:subject&_sort=_id");
    assert_eq!(ids(&response, "match"), ["1", "2", "3"]);
    let mut included = ids(&response, "include");
    included.sort();
    assert_eq!(included, ["a", "b"]);
    let response = world.get("Patient?_id=a&_revinclude=Observation:subject");
    assert_eq!((ids(&response, "match"), ids(&response, "include").len()), (vec!["a".to_owned()], 2));
    assert_eq!(at(&response, "entry.0.fullUrl"), format!("{BASE}/Patient/a"));
    assert_eq!(at(&response, "type"), "searchset");
}

#[test]
fn get_and_post_find_the_same() {
    let world = world();
    let got = ids(&world.get("Patient?family=ashe&_sort=_id"), "match");
    assert_eq!(got, ["a", "d"]);
    let form = "application/x-www-form-urlencoded";
    let post = Request::new("POST", "Patient/_search?family=ashe")
        .with("content-type", form)
        .body("_sort=_id&_pretty=true");
    assert_eq!(ids(&world.send(post), "match"), got);
    let system =
        Request::new("POST", "_search").with("content-type", form).body("_type=Patient&_id=a,b&_sort=_id");
    assert_eq!(ids(&world.send(system), "match"), ["a", "b"]);
    let json = Request::new("POST", "Patient/_search").with("content-type", "application/json").body("{}");
    expect(&world.send(json), 415);
}

#[test]
fn links_list_what_was_honoured_and_lead_on() {
    let world = world();
    let page = world.get("Patient?_count=3&_sort=birthdate&_format=json");
    assert_eq!(ids(&page, "match"), ["a", "b", "c"]);
    let own = link(&page, "self").unwrap();
    for part in ["_count=3", "_sort=birthdate", "_format=json"] {
        assert!(own.contains(part), "{own}");
    }
    assert_eq!(link(&page, "first").as_deref(), Some(own.as_str()));
    let second = world.get(&link(&page, "next").unwrap());
    assert_eq!(ids(&second, "match"), ["d"]);
    assert_eq!(link(&second, "next"), None);
    assert_eq!(link(&second, "first"), link(&page, "first"));
    assert_ne!(link(&second, "self"), link(&second, "first"));
}

#[test]
fn writes_between_pages_neither_skip_nor_repeat() {
    let world = world();
    let mut seen = Vec::new();
    let mut url = "Patient?_count=1&_sort=-birthdate".to_owned();
    for i in 0..10 {
        let page = world.get(&url);
        seen.extend(ids(&page, "match"));
        let born = 2010 + i;
        world.put(
            &format!("Patient/n{i}"),
            &format!(r#"{{"resourceType":"Patient","id":"n{i}","birthDate":"{born}"}}"#),
        );
        world.send(Request::new("DELETE", &format!("Patient/n{}", i / 2)));
        match link(&page, "next") {
            Some(next) => url = next,
            None => break,
        }
    }
    assert_eq!(seen, ["d", "c", "b", "a"]);
}

#[test]
fn a_page_token_is_bound_to_query_and_caller() {
    let world = world();
    let next = link(&world.get("Patient?_count=1&_sort=_id"), "next").unwrap();
    let token = next.split("_page=").nth(1).unwrap();
    let other = world.get(&format!("Patient?_count=1&_sort=-_id&_page={token}"));
    assert!((400..500).contains(&other.status), "{}", other.text());
    let receptionist = world.access.mint_token("receptionist", 60).unwrap();
    let other = world.send_with(&receptionist, Request::new("GET", &next));
    assert!((400..500).contains(&other.status), "{}", other.text());
}

#[test]
fn totals_counts_and_parts() {
    let world = world();
    let count = world.get("Patient?_summary=count");
    assert_eq!((at(&count, "total"), at(&count, "entry")), ("4".into(), String::new()));
    let zero = world.get("Patient?_count=0");
    assert_eq!((at(&zero, "total"), at(&zero, "entry")), ("4".into(), String::new()));
    assert_eq!(at(&world.get("Patient?_count=1&_total=accurate"), "total"), "4");
    assert_eq!(at(&world.get("Patient?_count=1&_total=none"), "total"), "");
    let part = world.get("Patient?_id=a&_elements=name");
    assert_eq!(
        (at(&part, "entry.0.resource.birthDate"), at(&part, "entry.0.resource.name.0.family")),
        (String::new(), "Ashe".into())
    );
    let summary = world.get("Observation?_id=1&_summary=true&_include=Observation:subject");
    assert_eq!(at(&summary, "entry.0.resource.meta.tag.0.code"), "SUBSETTED");
    assert_eq!(
        ids(&world.get("Patient?_count=100000"), "match").len(),
        4,
        "more than the limit is the limit"
    );
}

#[test]
fn what_is_not_understood_is_refused_or_passed_over_and_said() {
    let world = world();
    let strict = world.get("Patient?family=ashe&nonsense=1&name:nonsense=2");
    expect(&strict, 400);
    assert!(
        strict.text().contains("nonsense") && !at(&strict, "issue.1.code").is_empty(),
        "all at once: {}",
        strict.text()
    );
    let lenient =
        world.send(Request::new("GET", "Patient?family=ashe&nonsense=1").with("prefer", "handling=lenient"));
    assert_eq!(ids(&lenient, "match").len(), 2);
    assert_eq!(ids(&lenient, "outcome").len(), 1);
    assert!(lenient.text().contains("nonsense"));
    assert!(!link(&lenient, "self").unwrap().contains("nonsense"), "the link lists only what was honoured");
}

#[test]
fn an_encounter_a_practitioner_and_a_device_have_compartments_too() {
    let world = world();
    let put = |kind: &str, id: &str, more: &str| {
        expect(
            &world.put(&format!("{kind}/{id}"), &format!(r#"{{"resourceType":"{kind}","id":"{id}"{more}}}"#)),
            201,
        );
    };
    let class = r#","status":"finished","class":{"code":"AMB"}"#;
    put("Practitioner", "d", "");
    put("RelatedPerson", "r", r#","patient":{"reference":"Patient/a"}"#);
    put("Device", "m", "");
    put(
        "Encounter",
        "e",
        &format!(r#"{class},"participant":[{{"individual":{{"reference":"Practitioner/d"}}}}]"#),
    );
    put("Encounter", "f", class);
    let of = |by: &str, encounter: &str| {
        format!(
            r#","status":"final","code":{{"text":"x"}},"encounter":{{"reference":"Encounter/{encounter}"}},
               "performer":[{{"reference":"{by}"}}],"device":{{"reference":"Device/m"}}"#
        )
    };
    put("Observation", "11", &of("Practitioner/d", "e"));
    put("Observation", "12", &of("RelatedPerson/r", "f"));
    for (url, found) in [
        ("Encounter/e/Observation", "11"),
        ("Encounter/f/Observation", "12"),
        ("Encounter/e/*", "11 e"),
        ("Encounter/e/Encounter", "e"),
        ("Practitioner/d/Observation", "11"),
        ("Practitioner/d/Encounter", "e"),
        ("RelatedPerson/r/Observation", "12"),
        ("Device/m/Observation", "11 12"),
        ("Encounter/never/Observation", ""),
    ] {
        let mut ids = ids(&world.get(url), "match");
        ids.sort();
        assert_eq!(ids.join(" "), found, "{url}");
    }
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    let hidden = world.send_with(&clerk, Request::new("GET", "Encounter/e/Observation?_total=accurate"));
    assert_eq!((at(&hidden, "total"), at(&hidden, "entry")), ("0".into(), String::new()));
}

#[test]
fn a_list_chooses_what_it_points_at_if_the_list_may_be_seen() {
    let world = world();
    let list = r#"{"resourceType":"List","id":"l","status":"current","mode":"working",
        "entry":[{"item":{"reference":"Observation/1"}},{"item":{"reference":"Patient/b"}}]}"#;
    expect(&world.put("List/l", list), 201);
    assert_eq!(ids(&world.get("Observation?_list=l"), "match"), ["1"]);
    assert_eq!(ids(&world.get("Patient?_list=l"), "match"), ["b"]);
    assert_eq!(ids(&world.get("?_list=l&_type=Observation,Patient"), "match").len(), 2);
    let functional = world.get("Observation?_list=$current-problems");
    expect(&functional, 400);
    assert!(functional.text().contains("a server would make itself"));
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    assert_eq!(ids(&world.send_with(&clerk, Request::new("GET", "Patient?_list=l")), "match").len(), 0);
}

#[test]
fn a_filter_is_an_expression() {
    let world = world();
    for (url, found) in [
        ("Patient?_filter=family eq \"ashe\" and birthdate lt 1990", "a"),
        ("Patient?_filter=not (family sw \"a\")", "b c"),
        ("Patient?_filter=family ew \"h\" or (birthdate ge 1990 and birthdate lt 1995)", "b c"),
        ("Observation?_filter=subject:Patient[birthdate eq 1970].family co \"sh\"", "1 2"),
        ("Observation?_filter=patient ne a", "3"),
    ] {
        let mut ids = ids(&world.get(&url.replace(' ', "%20").replace('"', "%22")), "match");
        ids.sort();
        assert_eq!(ids.join(" "), found, "{url}");
    }
    let unknown = world.get("Patient?_filter=nonsense%20eq%20x");
    expect(&unknown, 400);
    let deep = format!("Patient?_filter={}", "(".repeat(5_000));
    expect(&world.get(&deep), 400);
}

#[test]
fn missing_knows_what_is_there_and_cannot_be_compared() {
    let world = world();
    let observation = |id: &str, subject: &str| {
        let body = format!(
            r##"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}}{subject}}}"##
        );
        expect(&world.put(&format!("Observation/{id}"), &body), 201);
    };
    observation("named", r#","subject":{"display":"Somebody"}"#);
    observation(
        "inside",
        r##","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]"##,
    );
    observation("nobody", "");
    assert_eq!(ids(&world.get("Observation?subject:missing=true"), "match"), ["nobody"]);
    let mut there = ids(&world.get("Observation?subject:missing=false"), "match");
    there.sort();
    assert_eq!(there, ["1", "2", "3", "inside", "named"]);
}

#[test]
fn a_result_below_a_limit_is_not_found_at_it() {
    let world = world();
    let body = r#"{"resourceType":"Observation","id":"q","status":"final","code":{"text":"x"},
        "valueQuantity":{"value":5,"comparator":"<"}}"#;
    expect(&world.put("Observation/q", body), 201);
    for (value, found) in [
        ("ge5", false),
        ("gt5", false),
        ("lt5", true),
        ("le5", true),
        ("ge4.9", true),
        ("eb5", true),
        ("sa4", false),
    ] {
        assert_eq!(
            ids(&world.get(&format!("Observation?value-quantity={value}")), "match") == ["q"],
            found,
            "{value}"
        );
    }
}

#[test]
fn a_compartment_holds_what_is_the_patients() {
    let world = world();
    assert_eq!(ids(&world.get("Patient/a/Observation?_sort=_id"), "match"), ["1", "2"]);
    assert_eq!(ids(&world.get("Patient/a/Observation?_id=3"), "match").len(), 0);
    assert_eq!(ids(&world.get("Patient/never/Observation"), "match").len(), 0);
    let all = ids(&world.get("Patient/a/*"), "match");
    assert!(
        all.contains(&"1".to_owned()) && all.contains(&"2".to_owned()) && !all.contains(&"3".to_owned()),
        "{all:?}"
    );
    let page = world.get("Patient/a/Observation?_count=1");
    assert!(link(&page, "next").unwrap().starts_with("/Patient/a/Observation?"));
    assert_eq!(ids(&world.get(&link(&page, "next").unwrap()), "match").len(), 1);
}

//! The small operations: what they give, what they refuse, and that they show nothing that is hidden.

use super::*;

fn observation(id: &str, codes: &str, when: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{{codes}}},
            "category":[{{"coding":[{{"code":"laboratory"}}]}}],
            "subject":{{"reference":"Patient/p"}},"effectiveDateTime":"{when}"}}"#
    )
}

fn coding(codes: &[&str]) -> String {
    let all: Vec<_> = codes.iter().map(|code| format!(r#"{{"system":"urn:c","code":"{code}"}}"#)).collect();
    format!(r#""coding":[{}]"#, all.join(","))
}

fn world() -> World {
    let world = World::new();
    world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#);
    for (id, codes, when) in [
        ("a1", coding(&["a"]), "2024-01-01"),
        ("a2", coding(&["a", "alias"]), "2024-01-02"),
        ("a3", coding(&["alias"]), "2024-01-03"),
        ("b1", coding(&["b"]), "2024-01-01"),
        ("t1", r#""text":"Mood"}"#.trim_end_matches('}').to_owned(), "2023-01-01"),
        ("t2", r#""text":"mood"}"#.trim_end_matches('}').to_owned(), "2023-01-02"),
    ] {
        expect(&world.put(&format!("Observation/{id}"), &observation(id, &codes, when)), 201);
    }
    world
}

fn ids(response: &Response) -> String {
    expect(response, 200);
    let json = json(response);
    let entries = json.root().get("entry").into_iter().flat_map(|entry| entry.items());
    let one = |entry: fhir::Value<'_>| entry.at(&["resource", "id"]).unwrap().as_str().unwrap().into_owned();
    entries.map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_last_results_of_each_kind_are_given_newest_first() {
    let world = world();
    let ask = |more: &str| world.get(&format!("Observation/$lastn?patient=p&{more}"));
    assert_eq!(ids(&ask("category=laboratory")), "a3 b1 t2", "a code and its translation are one kind");
    assert_eq!(ids(&ask("category=laboratory&max=2")), "a3 a2 b1 t2 t1");
    assert_eq!(ids(&ask("code=urn:c|a&max=9")), "a2 a1");
    assert_eq!(at(&ask("category=laboratory"), "total"), "3");
    let parameters = r#"{"resourceType":"Parameters","parameter":[{"name":"max","valuePositiveInt":1},
        {"name":"subject","valueUri":"Patient/p"},{"name":"code","valueString":"b"}]}"#;
    assert_eq!(ids(&world.post("Observation/$lastn", parameters)), "b1");
    for bad in ["max=0", "max=x&code=a", "_sort=date&code=a", "_count=1&code=a", "code=a&nonsense=1"] {
        expect(&ask(bad), 400);
    }
    expect(&world.get("Observation/$lastn?code=a"), 400);
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    let hidden = Request::new("GET", "Observation/$lastn?patient=p&category=laboratory");
    let hidden = world.send_with(&clerk, hidden);
    assert_eq!((at(&hidden, "total"), ids(&hidden)), ("0".into(), String::new()));
}

#[test]
fn only_what_is_given_of_the_last_is_on_the_audit_trail() {
    let world = world();
    world.get("Observation/$lastn?patient=p&code=a&max=1");
    let detail = world.trail(1).remove(0).1;
    assert!(detail.contains("Observation/a2/_history/1") && !detail.contains("a1/_history"), "{detail}");
}

fn labels(name: &str, security: &str) -> String {
    format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"meta","valueMeta":{{
            "tag":[{{"system":"urn:t","code":"{name}"}}]{security}}}}}]}}"#
    )
}

const SECRET: &str =
    r#","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]"#;

#[test]
fn labels_are_read_added_and_taken_away() {
    let world = world();
    let added = world.post("Patient/p/$meta-add", &labels("one", SECRET));
    expect(&added, 200);
    assert_eq!(at(&added, "parameter.0.valueMeta.tag.0.code"), "one");
    world.post("Patient/p/$meta-add", &labels("one", ""));
    world.post("Patient/p/$meta-add", &labels("two", ""));
    let read = world.get("Patient/p/$meta");
    assert_eq!(at(&read, "parameter.0.valueMeta.tag.1.code"), "two");
    assert_eq!(at(&read, "parameter.0.valueMeta.tag.2.code"), "", "each is there once");
    assert_eq!(at(&world.get("Patient/p/_history/2/$meta"), "parameter.0.valueMeta.tag.1.code"), "");
    for url in ["Patient/$meta", "$meta"] {
        assert_eq!(at(&world.get(url), "parameter.0.valueMeta.security.0.code"), "V", "{url}");
    }
    expect(&world.post("Patient/p/$meta-delete", &labels("one", "")), 200);
    assert_eq!(at(&world.get("Patient/p"), "meta.tag.0.code"), "two");
    assert_eq!(at(&world.get("Patient?_tag=one&_summary=count"), "total"), "0");
    expect(&world.post("Patient/p/$meta-delete", &labels("two", SECRET)), 200);
    assert_eq!(at(&world.get("Patient/p/$meta"), "parameter.0.valueMeta"), "{}");
    expect(&world.get("Patient/p/$meta-add"), 405);
    expect(&world.post("Patient/p/$meta-add", r#"{"resourceType":"Parameters"}"#), 400);
    expect(&world.get("Patient/never/$meta"), 404);
}

#[test]
fn a_label_is_taken_away_only_by_who_may_and_hidden_labels_are_not_told() {
    let world = world();
    world.post("Observation/a1/$meta-add", &labels("hidden", SECRET));
    world.post("Patient/p/$meta-add", &labels("seen", SECRET));
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let take =
        |body: &str| world.send_with(&doctor, Request::new("POST", "Patient/p/$meta-delete").body(body));
    expect(&take(&labels("seen", SECRET)), 403);
    expect(&take(&labels("seen", "")), 200);
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    let ask =
        |method: &str, url: &str| world.send_with(&clerk, Request::new(method, url).body(labels("x", "")));
    let everything = world.send_with(&clerk, Request::new("GET", "$meta"));
    expect(&everything, 200);
    assert!(!everything.text().contains("hidden"), "{}", everything.text());
    expect(&world.send_with(&clerk, Request::new("GET", "Observation/a1/$meta")), 404);
    let (hidden, absent) =
        (ask("POST", "Observation/a1/$meta-add"), ask("POST", "Observation/never/$meta-add"));
    assert_eq!(
        (hidden.status, hidden.text().replace("a1", "never")),
        (absent.status, absent.text().to_owned())
    );
}

const COMPOSITION: &str = r##"{"resourceType":"Composition","id":"c","status":"final","type":{"text":"Letter"},
    "date":"2024-01-01","title":"Letter","subject":{"reference":"Patient/p"},
    "author":[{"reference":"Practitioner/d"}],"section":[{"title":"Results","entry":[
    {"reference":"Observation/a2"},{"reference":"Observation/a1"},{"reference":"#x"},
    {"reference":"http://elsewhere.example/Observation/9"}],
    "section":[{"entry":[{"reference":"Observation/a2"},{"reference":"Observation/b1"}]}]}]}"##;

#[test]
fn a_document_has_the_composition_first_and_all_that_it_names() {
    let world = world();
    world.put("Practitioner/d", r#"{"resourceType":"Practitioner","id":"d"}"#);
    expect(&world.put("Composition/c", COMPOSITION), 201);
    let document = world.get("Composition/c/$document");
    assert_eq!(ids(&document), "c p d a2 a1 b1");
    assert_eq!(
        (at(&document, "type"), at(&document, "entry.3.fullUrl")),
        ("document".into(), format!("{BASE}/Observation/a2"))
    );
    assert!(fhir::validate::structure(json(&document).root()).is_empty(), "{}", document.text());
    let inline = COMPOSITION.replace(r#""id":"c","#, "");
    let document = world.post("Composition/$document", &inline);
    expect(&document, 200);
    assert!(at(&document, "entry.0.fullUrl").starts_with("urn:uuid:"));
    assert_eq!(at(&document, "entry.5.resource.id"), "b1");
    assert_eq!(ids(&world.get("Composition/$document?id=c")), "c p d a2 a1 b1");
    expect(&world.get("Composition/c/$document?persist=true"), 400);
    let filed = world.post("Composition/c/$document?persist=true", "");
    expect(&filed, 201);
    let location = filed.header("location").unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(ids(&world.get(&location)), "c p d a2 a1 b1");
    expect(&world.post("Composition/$document", r#"{"resourceType":"Patient"}"#), 400);
    expect(&world.get("Composition/$document"), 400);
    expect(&world.get("Composition/never/$document"), 404);
}

#[test]
fn a_document_that_would_be_incomplete_is_refused_whether_hidden_or_absent() {
    let world = world();
    world.put("Practitioner/d", r#"{"resourceType":"Practitioner","id":"d"}"#);
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    let ask = |observation: &str| {
        let body = COMPOSITION.replace("a2", observation);
        let response = world.send_with(&clerk, Request::new("POST", "Composition/$document").body(body));
        (response.status, response.text().replace(observation, "X"))
    };
    assert_eq!(ask("a2"), ask("never"));
    assert_eq!(ask("a2").0, 412);
}

/// A message of an event that is known.
pub(super) const MESSAGE: &str = r#"{"resourceType":"Bundle","type":"message","timestamp":"2024-01-01T00:00:00Z","entry":[
    {"fullUrl":"urn:uuid:0d0a2b9c-0000-4000-8000-000000000001","resource":{"resourceType":"MessageHeader","id":"m-1",
     "eventCoding":{"system":"http://terminology.hl7.org/CodeSystem/message-events","code":"observation-provide"},
     "source":{"endpoint":"http://laboratory.example/fhir"},
     "focus":[{"reference":"urn:uuid:0d0a2b9c-0000-4000-8000-000000000002"}]}},
    {"fullUrl":"urn:uuid:0d0a2b9c-0000-4000-8000-000000000002","resource":{"resourceType":"Observation","status":"final",
     "code":{"text":"sent"},"subject":{"reference":"urn:uuid:0d0a2b9c-0000-4000-8000-000000000003"}}},
    {"fullUrl":"urn:uuid:0d0a2b9c-0000-4000-8000-000000000003","resource":{"resourceType":"Patient",
     "name":[{"family":"Sent"}]}}]}"#;

fn answer(response: &Response) -> (String, String) {
    expect(response, 200);
    assert!(fhir::validate::structure(json(response).root()).is_empty(), "{}", response.text());
    assert_eq!(at(response, "entry.0.resource.response.identifier"), "m-1");
    (at(response, "entry.0.resource.response.code"), at(response, "entry.1.resource.issue.0.diagnostics"))
}

#[test]
fn a_message_is_filed_once_and_answered() {
    let world = World::new();
    let send = |body: &str| world.post("$process-message", body);
    let first = send(MESSAGE);
    assert_eq!(answer(&first), ("ok".into(), String::new()));
    assert_eq!(answer(&send(MESSAGE)), ("ok".into(), String::new()), "again");
    assert_eq!(at(&world.get("Observation?patient.family=sent&_summary=count"), "total"), "1");
    let parameters =
        format!(r#"{{"resourceType":"Parameters","parameter":[{{"name":"content","resource":{MESSAGE}}}]}}"#);
    assert_eq!(answer(&send(&parameters)).0, "ok");
    let (code, reason) = answer(&send(&MESSAGE.replace("Sent", "Other")));
    assert!(code == "fatal-error" && reason.contains("used before"), "{reason}");
    assert_eq!(at(&world.get("Patient?_summary=count"), "total"), "1");
}

#[test]
fn a_message_that_cannot_be_taken_in_is_answered_with_the_reason() {
    let world = World::new();
    let send = |body: &str| world.post("$process-message", body);
    for (body, said) in [
        (MESSAGE.replace("observation-provide", "nonsense"), "not known"),
        (MESSAGE.replace("observation-provide", "diagnosticreport-provide"), "not about Observation"),
        (MESSAGE.replace(r#""status":"final","#, ""), "status"),
        (MESSAGE.replace("0002\"}]", "0009\"}]"), "does not bring"),
    ] {
        let (code, reason) = match send(&body) {
            // A resource that is no FHIR is refused before anything is answered.
            response if response.status == 422 => ("fatal-error".into(), response.text().to_owned()),
            response => answer(&response),
        };
        assert!(code == "fatal-error" && reason.contains(said), "{code}: {reason}");
    }
    assert_eq!(at(&world.get("?_type=Observation,Patient&_summary=count"), "total"), "0");
    for body in [r#"{"resourceType":"Patient"}"#, r#"{"resourceType":"Bundle","type":"message"}"#, ""] {
        let response = send(body);
        assert!((400..500).contains(&response.status), "{body}: {}", response.text());
    }
    expect(&world.get("$process-message"), 405);
    let officer = world.access.mint_token("privacy-officer", 60).unwrap();
    let refused = world.send_with(&officer, Request::new("POST", "$process-message").body(MESSAGE));
    assert_eq!(answer(&refused).0, "fatal-error");
}

#[test]
fn words_are_found_in_texts_and_only_in_those_that_may_be_seen() {
    let world = World::new();
    world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#);
    let report = r#"{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{"text":"Chest"},
        "subject":{"reference":"Patient/p"},"conclusion":"No sign of pneumonia",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Lungs clear</div>"}}"#;
    expect(&world.put("DiagnosticReport/r", report), 201);
    for (url, found) in [
        ("DiagnosticReport?_content=pneumonia", "r"),
        ("DiagnosticReport?_content=pneumonia%20lungs", "r"),
        ("DiagnosticReport?_text=pneumonia", ""),
        ("DiagnosticReport?_text=lung*", "r"),
        ("Patient?_has:DiagnosticReport:patient:_content=pneumonia", "p"),
        ("?_content=pneumonia", "r"),
    ] {
        assert_eq!(ids(&world.get(url)), found, "{url}");
    }
    expect(&world.get("DiagnosticReport?_text=%22open"), 400);
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    for url in ["?_content=pneumonia", "Patient?_has:DiagnosticReport:patient:_content=pneumonia"] {
        assert_eq!(ids(&world.send_with(&clerk, Request::new("GET", url))), "", "{url}");
    }
}

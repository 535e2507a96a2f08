//! Terminology through the door: R4's own definitions, and those that someone puts into the record.

use super::*;

const COLOURS: &str = r#"{"resourceType":"CodeSystem","id":"colours","url":"http://example.org/colours",
    "status":"active","content":"complete","concept":[{"code":"red","display":"Red","concept":[
    {"code":"crimson","display":"Crimson"}]},{"code":"blue","display":"Blue"}]}"#;
const REDS: &str = r#"{"resourceType":"ValueSet","id":"reds","url":"http://example.org/reds","status":"active",
    "compose":{"include":[{"system":"http://example.org/colours",
    "filter":[{"property":"concept","op":"is-a","value":"red"}]}]}}"#;

/// What is not known is said as the tests of HL7's terminology ecosystem want it: in `details`.
fn not_known(response: &Response) {
    assert_eq!(response.status, 404, "{}", response.text());
    assert!(!at(response, "issue.0.details.text").is_empty(), "{}", response.text());
}

#[test]
fn the_codes_of_r4_are_expanded_looked_up_and_validated() {
    let world = World::new();
    let expanded = world.get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender");
    expect(&expanded, 200);
    assert_eq!(at(&expanded, "expansion.total"), "4");
    let found = world.get("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=female");
    expect(&found, 200);
    assert!(found.text().contains("Female"), "{}", found.text());
    let asked = r#"{"resourceType":"Parameters","parameter":[
        {"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/administrative-gender"},
        {"name":"coding","valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":"femail"}}]}"#;
    let refused = world.post("ValueSet/$validate-code", asked);
    expect(&refused, 200);
    assert!(refused.text().contains(r#""name":"result","valueBoolean":false"#), "{}", refused.text());
    not_known(&world.get("ValueSet/$expand?url=http://example.org/nothing"));
}

#[test]
fn a_definition_counts_from_when_it_is_written_until_it_is_deleted() {
    let world = World::new();
    let place = "ValueSet/$expand?url=http://example.org/reds";
    not_known(&world.get(place));
    expect(&world.put("CodeSystem/colours", COLOURS), 201);
    expect(&world.put("ValueSet/reds", REDS), 201);
    let expanded = world.get(place);
    expect(&expanded, 200);
    assert_eq!(at(&expanded, "expansion.total"), "2");
    let more = COLOURS
        .replace(r#"{"code":"crimson","display":"Crimson"}"#, r#"{"code":"crimson"},{"code":"scarlet"}"#);
    expect(&world.put("CodeSystem/colours", &more), 200);
    assert_eq!(at(&world.get("ValueSet/reds/$expand"), "expansion.total"), "3");
    let subsumes = "CodeSystem/$subsumes?system=http://example.org/colours&codeA=red&codeB=scarlet";
    assert!(world.get(subsumes).text().contains("subsumes"));
    expect(&world.send(Request::new("DELETE", "ValueSet/reds")), 204);
    not_known(&world.get(place));
}

#[test]
fn what_was_written_a_moment_ago_is_expanded_and_validated_by_while_others_ask() {
    let world = World::new();
    let set = |n: usize| {
        format!(
            r#"{{"resourceType":"ValueSet","id":"s","url":"http://example.org/s","status":"active","compose":{{
            "include":[{{"system":"http://example.org/c","concept":[{{"code":"c{n}"}}]}}]}}}}"#
        )
    };
    let profile = |n: usize| {
        format!(
            r#"{{"resourceType":"StructureDefinition","id":"p{n}","url":"http://example.org/p{n}","name":"P",
            "status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","differential":{{"element":[
            {{"id":"Patient.gender","path":"Patient.gender","min":1}}]}}}}"#
        )
    };
    /// Ends the other thread, also when a check here fails.
    struct Ends<'e>(&'e std::sync::atomic::AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let ends = std::sync::atomic::AtomicBool::new(false);
    let ask = || world.get("ValueSet/$expand?url=http://example.org/s");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(std::sync::atomic::Ordering::Relaxed) {
                ask();
            }
        });
        let _ends = Ends(&ends);
        let mut missed = Vec::new();
        for n in 0..60 {
            assert!(world.put("ValueSet/s", &set(n)).status < 300);
            if !ask().text().contains(&format!("\"c{n}\"")) {
                missed.push(format!("set {n}"));
            }
            assert_eq!(world.put(&format!("StructureDefinition/p{n}"), &profile(n)).status, 201);
            let place = format!("Patient/$validate?profile=http://example.org/p{n}");
            // Only by the profile is a patient without a gender wrong.
            if !world.post(&place, r#"{"resourceType":"Patient"}"#).text().contains("Patient.gender") {
                missed.push(format!("profile {n}"));
            }
        }
        assert!(missed.is_empty(), "{missed:?}");
    });
}

#[test]
fn a_search_finds_by_value_sets_and_by_codes_above_and_below() {
    let world = World::new();
    expect(&world.put("CodeSystem/colours", COLOURS), 201);
    expect(&world.put("ValueSet/reds", REDS), 201);
    expect(&world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#), 201);
    for code in ["red", "crimson", "blue"] {
        let text = format!(
            r#"{{"resourceType":"Observation","id":"{code}","status":"final","code":{{"coding":[
                {{"system":"http://example.org/colours","code":"{code}"}}]}},"subject":{{"reference":"Patient/p"}}}}"#
        );
        expect(&world.put(&format!("Observation/{code}"), &text), 201);
    }
    let found = |query: &str| {
        let answer = world.get(&format!("Observation?_sort=_id&{query}"));
        expect(&answer, 200);
        let json = json(&answer);
        let entries = json.root().get("entry").into_iter().flat_map(|list| list.items());
        entries.map(|e| e.at(&["resource", "id"]).unwrap().as_str().unwrap().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("code:in=http://example.org/reds"), ["crimson", "red"]);
    assert_eq!(found("code:not-in=http://example.org/reds"), ["blue"]);
    assert_eq!(found("code:below=http://example.org/colours|red"), ["crimson", "red"]);
    assert_eq!(found("code:above=http://example.org/colours|crimson"), ["crimson", "red"]);
    assert_eq!(
        found("status:in=http://hl7.org/fhir/ValueSet/observation-status"),
        ["blue", "crimson", "red"]
    );
    let last = |query: &str| {
        let answer = world.get(&format!("Observation/$lastn?subject=Patient/p&{query}"));
        expect(&answer, 200);
        at(&answer, "total")
    };
    assert_eq!(last("code:in=http://example.org/reds"), "2");
    assert_eq!(last("code:not-in=http://example.org/reds"), "1");
    for (filter, count) in [("code:in", "2"), ("code:not-in", "1")] {
        let filter = format!("Observation%3F{filter}%3Dhttp://example.org/reds");
        let place =
            world.begin(Request::new("GET", &format!("$export?_type=Observation&_typeFilter={filter}")));
        world.work();
        assert_eq!(at(&world.get(&place), "output.0.count"), count, "{filter}");
    }
    expect(&world.get("Observation?code:in=http://example.org/none"), 404);
    expect(&world.get("Observation?code:below=red"), 400);
}

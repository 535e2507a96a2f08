//! Terminology through the door: R4's own definitions, and those that someone puts into the record.

use super::*;

const COLOURS: &str = r#"{"resourceType":"CodeSystem","id":"colours","url":"http://example.org/colours",
    "status":"active","content":"complete","concept":[{"code":"red","display":"Red","concept":[
    {"code":"crimson","display":"Crimson"}]},{"code":"blue","display":"Blue"}]}"#;
const REDS: &str = r#"{"resourceType":"ValueSet","id":"reds","url":"http://example.org/reds","status":"active",
    "compose":{"include":[{"system":"http://example.org/colours",
    "filter":[{"property":"concept","op":"is-a","value":"red"}]}]}}"#;

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
    expect(&world.get("ValueSet/$expand?url=http://example.org/nothing"), 404);
}

#[test]
fn a_definition_counts_from_when_it_is_written_until_it_is_deleted() {
    let world = World::new();
    let place = "ValueSet/$expand?url=http://example.org/reds";
    expect(&world.get(place), 404);
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
    expect(&world.get(place), 404);
}

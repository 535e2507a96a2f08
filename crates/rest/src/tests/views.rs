//! `ViewDefinition/$run`: rows of the record and of resources that come with the view.

use super::*;

const RUN: &str = "ViewDefinition/$run";
const VIEW: &str = r#"{"resourceType":"ViewDefinition","resource":"Patient","select":[
    {"column":[{"name":"id","path":"id"},{"name":"family","path":"name.family"}]}]}"#;

fn people(world: &World) {
    for (id, family) in [("ann", "Lee"), ("bob", "Roe")] {
        let patient = format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#);
        expect(&world.put(&format!("Patient/{id}"), &patient), 201);
    }
}

/// A Parameters with the view and more parameters.
fn with(more: &str) -> String {
    format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"viewResource","resource":{VIEW}}}{}{more}]}}"#,
        if more.is_empty() { "" } else { "," }
    )
}

#[test]
fn rows_of_the_record_come_in_the_format_that_is_asked_for() {
    let world = World::new();
    people(&world);
    let lines = "{\"id\":\"ann\",\"family\":\"Lee\"}\n{\"id\":\"bob\",\"family\":\"Roe\"}\n";
    for response in [
        world.post(RUN, VIEW),
        world.post(RUN, &with("")),
        world.post(&format!("{RUN}?_format=ndjson"), VIEW),
        world.send(Request::new("POST", RUN).with("accept", "application/x-ndjson").body(VIEW)),
    ] {
        assert_eq!((response.status, response.text()), (200, lines));
        assert_eq!(response.header("content-type"), Some("application/x-ndjson"));
    }
    let table = "id,family\r\nann,Lee\r\nbob,Roe\r\n";
    let csv = world.send(Request::new("POST", RUN).with("accept", "text/csv, */*;q=0.1").body(VIEW));
    assert_eq!(csv.text(), table);
    let bare = r#"{"name":"_format","valueCode":"csv"},{"name":"header","valueBoolean":false},{"name":"_limit","valueInteger":1}"#;
    assert_eq!(world.post(RUN, &with(bare)).text(), "ann,Lee\r\n");
    assert!(world.post(&format!("{RUN}?_format=parquet"), VIEW).body.starts_with(b"PAR1"));
    assert_eq!(at(&world.post(&format!("{RUN}?_format=json"), VIEW), "1.family"), "Roe");
    let (action, detail) = &world.trail(1)[0];
    assert!(action == "view" && detail.contains("of Patient"), "{action} {detail}");
}

#[test]
fn resources_that_come_with_a_view_are_used_in_place_of_the_record() {
    let world = World::new();
    people(&world);
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let given = r#"{"name":"resource","resource":{"resourceType":"Patient","id":"cy"}},
        {"name":"resource","resource":{"resourceType":"Bundle","type":"collection","entry":[
            {"resource":{"resourceType":"Patient","id":"di"}},{"resource":{"resourceType":"Group","id":"g"}}]}}"#;
    let response = world.send_with(&doctor, Request::new("POST", RUN).body(with(given)));
    assert_eq!(response.text(), "{\"id\":\"cy\",\"family\":null}\n{\"id\":\"di\",\"family\":null}\n");
    // Who may not take many people's data out at once may still run a view on what they have.
    expect(&world.send_with(&doctor, Request::new("POST", RUN).body(VIEW)), 403);
}

#[test]
fn what_is_wrong_with_a_view_or_its_parameters_is_told() {
    let world = World::new();
    let wrong = VIEW.replace("name.family", "name.(");
    let response = world.post(RUN, &wrong);
    expect(&response, 400);
    assert_eq!(at(&response, "issue.0.expression.0"), "select[0].column[1].path");
    expect(&world.post(RUN, r#"{"resourceType":"Parameters","parameter":[]}"#), 400);
    expect(&world.get(RUN), 400);
    expect(&world.post(&format!("{RUN}?_format=xlsx"), VIEW), 406);
    expect(&world.post(&format!("{RUN}?_limit=few"), VIEW), 400);
    expect(&world.post(&format!("{RUN}?patient=ann"), VIEW), 400);
    expect(&world.post("Patient?_format=csv", PATIENT), 406);
}

#[test]
fn rows_do_not_stand_in_the_answer_of_a_batch() {
    let world = World::new();
    let batch = format!(
        r#"{{"resourceType":"Bundle","type":"batch","entry":[
            {{"resource":{VIEW},"request":{{"method":"POST","url":"{RUN}"}}}}]}}"#
    );
    let response = world.post("", &batch);
    expect(&response, 200);
    assert_eq!(at(&response, "entry.0.response.status"), "406 Not Acceptable");
}

#[test]
fn rows_that_multiply_are_refused_before_they_fill_the_memory() {
    let world = World::new();
    let names = vec![r#"{"family":"a"}"#; 300].join(",");
    let patient = format!(r#"{{"resourceType":"Patient","name":[{names}]}}"#);
    let columns = |of: &str, count: usize| {
        let one = |i| format!(r#"{{"name":"{of}{i}","path":"family"}}"#);
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    let run = |columns_each: usize, patients: usize| {
        let select = |of: &str| format!(r#"{{"forEach":"name","column":[{}]}}"#, columns(of, columns_each));
        let view = format!(
            r#"{{"resourceType":"ViewDefinition","resource":"Patient","select":[{},{}]}}"#,
            select("a"),
            select("b")
        );
        let patients = format!(r#",{{"name":"resource","resource":{patient}}}"#).repeat(patients);
        let body = format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"viewResource","resource":{view}}}{patients}]}}"#
        );
        world.post(RUN, &body).status
    };
    assert_eq!(run(1, 1), 200, "90,000 rows of 2 cells");
    assert_eq!(run(20, 1), 400, "as many of 40 cells");
    assert_eq!(run(5, 3), 413, "as many of 10 cells, three times");
}

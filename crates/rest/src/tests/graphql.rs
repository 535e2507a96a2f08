//! $graphql: what a query gives, and what it must not.

use super::*;

fn world() -> World {
    let world = World::new();
    for (url, body) in [
        (
            "Patient/p",
            r##"{"resourceType":"Patient","id":"p","active":true,"birthDate":"1970-01-01",
                "name":[{"use":"official","family":"Ashe","given":["Bo","Ann"]},{"use":"usual","given":["Bobby"]}],
                "contained":[{"resourceType":"Organization","id":"o","name":"Inside"}],
                "managingOrganization":{"reference":"#o"},
                "generalPractitioner":[{"reference":"Practitioner/d"},{"reference":"Practitioner/never"}]}"##,
        ),
        ("Practitioner/d", r#"{"resourceType":"Practitioner","id":"d","name":[{"family":"Green"}]}"#),
        ("Observation/1", &observation("1", "2024-01-01", "5.40")),
        ("Observation/2", &observation("2", "2024-01-02", "6")),
    ] {
        let response = world.put(url, body);
        assert!(response.status < 300, "{url}: {}", response.text());
    }
    world
}

fn observation(id: &str, when: &str, value: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},
            "subject":{{"reference":"Patient/p"}},"effectiveDateTime":"{when}","valueQuantity":{{"value":{value}}}}}"#
    )
}

fn request(url: &str, query: &str) -> Request {
    Request::new("POST", url).with("content-type", "application/graphql").body(query)
}

/// The data of an answer.
fn data(world: &World, url: &str, query: &str) -> String {
    let response = world.send(request(url, query));
    expect(&response, 200);
    json(&response).root().get("data").unwrap().raw().to_owned()
}

#[test]
fn fields_aliases_and_arguments_choose_what_is_given() {
    let world = world();
    for (query, wanted) in [
        ("{id birthDate}", r#"{"id":"p","birthDate":"1970-01-01"}"#),
        ("{born: birthDate active}", r#"{"born":"1970-01-01","active":true}"#),
        ("{name{family given}}", r#"{"name":[{"family":"Ashe","given":["Bo","Ann"]},{"given":["Bobby"]}]}"#),
        (r#"{name(use: official){given}}"#, r#"{"name":[{"given":["Bo","Ann"]}]}"#),
        (r#"{name(fhirpath: "family.exists()"){use}}"#, r#"{"name":[{"use":"official"}]}"#),
        ("{name(_offset: 1){use}}", r#"{"name":[{"use":"usual"}]}"#),
        ("{name @first{use}}", r#"{"name":[{"use":"official"}]}"#),
        ("{name @flatten{use given @first}}", r#"{"use":["official","usual"],"given":["Bo","Bobby"]}"#),
        ("{name @flatten @first{use}}", r#"{"use":"official"}"#),
        (r#"{name(use: usual) @flatten{use @singleton}}"#, r#"{"use":"usual"}"#),
        (
            r#"{name @slice(fhirpath: "use"){given}}"#,
            r#"{"name.official":{"given":["Bo","Ann"]},"name.usual":{"given":["Bobby"]}}"#,
        ),
        ("{resourceType __typename}", r#"{"resourceType":"Patient","__typename":"Patient"}"#),
        ("{id @skip(if: true) active @include(if: true)}", r#"{"active":true}"#),
        (
            "{...a} fragment a on Patient{id ...b} fragment b on Resource{active}",
            r#"{"id":"p","active":true}"#,
        ),
        ("{... on Observation{id} ... on Patient{active}}", r#"{"active":true}"#),
        ("{contained{... on Organization{name}}}", r#"{"contained":[{"name":"Inside"}]}"#),
        ("{deceasedBoolean id}", r#"{"id":"p"}"#),
    ] {
        assert_eq!(data(&world, "Patient/p/$graphql", query), wanted, "{query}");
    }
}

#[test]
fn references_are_followed_forwards_and_backwards() {
    let world = world();
    assert_eq!(
        data(&world, "Observation/1/$graphql", "{subject{resource{... on Patient{birthDate}}}}"),
        r#"{"subject":{"resource":{"birthDate":"1970-01-01"}}}"#
    );
    assert_eq!(
        data(&world, "Patient/p/$graphql", "{managingOrganization{resource{... on Organization{name}}}}"),
        r#"{"managingOrganization":{"resource":{"name":"Inside"}}}"#
    );
    let query =
        "{generalPractitioner{resource(optional: true, type: Practitioner){... on Practitioner{id}}}}";
    assert_eq!(
        data(&world, "Patient/p/$graphql", query),
        r#"{"generalPractitioner":[{"resource":{"id":"d"}},{}]}"#
    );
    let query = "{ObservationList(_reference: patient, _sort: \"-date\"){id valueQuantity{value}}}";
    assert_eq!(
        data(&world, "Patient/p/$graphql", query),
        r#"{"ObservationList":[{"id":"2","valueQuantity":{"value":6}},{"id":"1","valueQuantity":{"value":5.40}}]}"#
    );
    let dangling = "{generalPractitioner{resource{... on Practitioner{id}}}}";
    let response = world.send(request("Patient/p/$graphql", dangling));
    expect(&response, 200);
    assert_eq!(at(&response, "data.generalPractitioner.1.resource"), "null");
    assert!(at(&response, "errors.0.message").contains("Practitioner/never"));
    assert_eq!(at(&response, "errors.0.extensions.resource.resourceType"), "OperationOutcome");
}

#[test]
fn the_base_gives_resources_lists_and_pages() {
    let world = world();
    assert_eq!(data(&world, "$graphql", "{Patient(id: p){id}}"), r#"{"Patient":{"id":"p"}}"#);
    assert_eq!(
        data(&world, "$graphql", "{PatientList(family: ashe, _filter: \"birthdate lt 1980\"){id}}"),
        r#"{"PatientList":[{"id":"p"}]}"#
    );
    assert_eq!(data(&world, "$graphql", "{PatientList(family: nobody){id}}"), r#"{"PatientList":[]}"#);
    let query = "{general: PatientList(general_practitioner: \"Practitioner/d\"){id}}";
    assert_eq!(data(&world, "$graphql", query), r#"{"general":[{"id":"p"}]}"#);
    let page =
        "{ObservationConnection(_count: 1, _sort: date){count pagesize next edges{mode resource{id}}}}";
    let first = world.send(request("$graphql", page));
    assert_eq!(at(&first, "data.ObservationConnection.count"), "2");
    assert_eq!(at(&first, "data.ObservationConnection.edges.0.resource.id"), "1");
    let next = at(&first, "data.ObservationConnection.next");
    let page = page.replace("_count: 1", &format!("_count: 1, _cursor: \"{next}\""));
    let second = world.send(request("$graphql", &page));
    assert_eq!(at(&second, "data.ObservationConnection.edges.0.resource.id"), "2", "{}", second.text());
    assert_eq!(at(&second, "data.ObservationConnection.next"), "null");
}

#[test]
fn a_query_comes_by_url_or_by_body_and_with_variables() {
    let world = world();
    let get = world.get("$graphql?query={PatientList{id}}");
    assert_eq!(at(&get, "data.PatientList.0.id"), "p");
    assert_eq!(get.header("content-type"), Some("application/json; charset=utf-8"));
    let body = r#"{"query":"query a($who: ID!, $n: Int = 1){Patient(id: $who){name(_count: $n){use}}} query b{PatientList{id}}",
        "operationName":"a","variables":{"who":"p"}}"#;
    let send = |body: &str| {
        world.send(Request::new("POST", "$graphql").with("content-type", "application/json").body(body))
    };
    let answer = send(body);
    assert_eq!(
        (at(&answer, "data.Patient.name.0.use"), at(&answer, "data.Patient.name.1.use")),
        ("official".into(), String::new())
    );
    expect(&send(&body.replace(r#""operationName":"a","#, "")), 400);
    expect(&send(r#"{"variables":{}}"#), 400);
}

#[test]
fn types_and_fields_can_be_learnt() {
    let world = world();
    let patient = data(
        &world,
        "$graphql",
        "{__type(name: \"Patient\"){kind fields{name type{kind name ofType{name}}}}}",
    );
    for part in [
        r#"{"name":"birthDate","type":{"kind":"SCALAR","name":"date","ofType":null}}"#,
        r#"{"name":"name","type":{"kind":"LIST","name":null,"ofType":{"name":"HumanName"}}}"#,
    ] {
        assert!(patient.contains(part), "{patient}");
    }
    let schema = data(
        &world,
        "$graphql",
        "{__schema{queryType{name} types{kind name fields{name args{name} type{name}}}}}",
    );
    assert!(schema.contains("ObservationList") && schema.contains("general_practitioner"));
    assert_eq!(data(&world, "$graphql", "{__type(name: \"Nonsense\"){name}}"), r#"{"__type":null}"#);
}

#[test]
fn what_is_hidden_is_in_graphql_as_if_it_were_not_there() {
    let world = world();
    let clerk = world.access.mint_token("receptionist", 60).unwrap();
    let ask = |url: &str, query: &str| {
        let response = world.send_with(&clerk, request(url, query));
        (response.status, response.text().replace("Observation/1", "Observation/never"))
    };
    assert_eq!(ask("$graphql", "{ObservationList{id}}"), (200, r#"{"data":{"ObservationList":[]}}"#.into()));
    let counted = ask("$graphql", "{ObservationConnection{count}}").1;
    assert_eq!(counted, r#"{"data":{"ObservationConnection":{"count":0}}}"#);
    let reverse = ask("Patient/p/$graphql", "{id ObservationList(_reference: patient){id}}").1;
    assert_eq!(reverse, r#"{"data":{"id":"p","ObservationList":[]}}"#);
    assert_eq!(
        ask("$graphql", "{o: Observation(id: \"1\"){id}}"),
        ask("$graphql", "{o: Observation(id: never){id}}")
    );
    assert_eq!(ask("Observation/1/$graphql", "{id}"), ask("Observation/never/$graphql", "{id}"));
    let chained = ask("$graphql", "{PatientList(_filter: \"_id eq p\"){id}}").1;
    assert!(chained.contains("\"p\""));
    let officer = world.access.mint_token("privacy-officer", 60).unwrap();
    let none = world.send_with(&officer, request("$graphql", "{ObservationList{id}}"));
    assert!(!none.text().contains("\"1\""), "{}", none.text());
}

#[test]
fn what_graphql_shows_is_on_the_audit_trail() {
    let world = world();
    let seen = |world: &World| world.trail(4).into_iter().map(|(_, detail)| detail).collect::<String>();
    world.send(request("Patient/p/$graphql", "{id ObservationList(_reference: patient){id}}"));
    let trail = seen(&world);
    for version in ["Patient/p/_history/1", "Observation/1/_history/1", "Observation/2/_history/1"] {
        assert!(trail.contains(version), "{version}: {trail}");
    }
}

#[test]
fn a_hostile_query_is_refused() {
    let world = world();
    let deep = format!("{}id{}", "{contained".repeat(2_000), "}".repeat(2_000));
    let loops = "{...a} fragment a on Patient{...a}".to_owned();
    let pair = "{...a} fragment a on Patient{...b ...b} fragment b on Patient{...a ...a}".to_owned();
    let wide = format!("{{{}}}", "id ".repeat(40_000));
    let fan = format!(
        "{{{}}}",
        (0..60)
            .map(|i| format!(
                "a{i}: ObservationList(_reference: patient, _count: 1000){{subject{{resource{{...p}}}}}} "
            ))
            .collect::<String>()
    );
    let fan = format!(
        "{fan} fragment p on Patient{{ObservationList(_reference: patient){{subject{{resource{{...q}}}}}}}} fragment q on Patient{{{}}}",
        (0..60).map(|i| format!("b{i}: ObservationList(_reference: patient){{id}} ")).collect::<String>()
    );
    for query in [deep, loops, pair, wide, fan] {
        let began = std::time::Instant::now();
        let response = world.send(request("Patient/p/$graphql", &query));
        assert!((400..500).contains(&response.status), "{}: {}", &query[..30], response.status);
        assert!(began.elapsed().as_secs() < 30, "{}", &query[..30]);
    }
    for query in [
        "",
        "{",
        "{nonsense}",
        "mutation{PatientCreate{id}}",
        "{name}",
        "{id{x}}",
        "{...missing}",
        "{name(nonsense: 1){use}}",
        "{ObservationList{id}}",
        "{id @nonsense}",
        "{name(fhirpath: \"((\"){use}}",
        "{name @flatten{use @singleton}}",
        "{ObservationList(_reference: patient, _include: \"x\"){id}}",
        "{name{given} name{use}}",
    ] {
        let response = world.send(request("Patient/p/$graphql", query));
        expect(&response, 400);
    }
}

#[test]
fn a_query_that_finds_nothing_or_the_same_again_is_limited_too() {
    let world = world();
    let data = "QUJD".repeat(1 << 18);
    let binary =
        format!(r#"{{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"{data}"}}"#);
    expect(&world.put("Binary/b", &binary), 201);
    let names = |count: usize| (0..count).map(|i| format!("a{i}: data ")).collect::<String>();
    expect(&world.send(request("Binary/b/$graphql", &format!("{{{}}}", names(2)))), 200);
    expect(&world.send(request("Binary/b/$graphql", &format!("{{{}}}", names(40)))), 413);
    let nothing = "PatientList(family:n){id}";
    expect(&world.send(request("$graphql", &format!("{{{}}}", nothing.repeat(2)))), 200);
    expect(&world.send(request("$graphql", &format!("{{{}}}", nothing.repeat(2_100)))), 413);
}

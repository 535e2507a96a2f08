//! `$export` and `$import` through the door.

use super::*;
use crate::door::answer;
use record::{Found, Page, Reader};
use std::collections::BTreeMap;

/// A door whose jobs work in small portions, so that there are many of them.
pub(super) fn world() -> World {
    World::with(|config| {
        config.pace.page = 40;
        config.pace.file_bytes = 60_000;
    })
}

/// With some invented people.
fn peopled(people: usize) -> World {
    let world = world();
    let until = fhir::Instant::parse("2026-11-24T09:00:00Z").unwrap();
    let plan = population::Plan { seed: 7, people, until };
    for text in plan.places().into_iter().chain((0..people).map(|i| plan.person(i))) {
        expect(&world.post("", &text), 200);
    }
    world
}

impl World {
    /// Begins what is answered later, and gives its place.
    pub(super) fn begin(&self, request: Request) -> String {
        let response = self.send(request.with("prefer", "respond-async"));
        expect(&response, 202);
        response.header("content-location").unwrap().strip_prefix(BASE).unwrap().to_owned()
    }

    /// Works until nothing is left to do.
    pub(super) fn work(&self) {
        while self.rest.work().unwrap() {}
    }

    /// The manifest of an export.
    fn export(&self, url: &str) -> Response {
        let place = self.begin(Request::new("GET", url));
        expect(&self.get(&place), 202);
        self.work();
        let manifest = self.get(&place);
        expect(&manifest, 200);
        manifest
    }

    /// The lines of the files of one list, each with the type that the manifest says.
    fn lines(&self, manifest: &Response, list: &str) -> Vec<(String, Json)> {
        let manifest = json(manifest);
        let mut lines = Vec::new();
        for file in manifest.root().get(list).unwrap().items() {
            let url = file.str("url").unwrap();
            let response = self.get(url.strip_prefix(BASE).unwrap());
            assert_eq!(response.status, 200, "{}", response.text());
            assert_eq!(response.header("content-type"), Some("application/fhir+ndjson"));
            let before = lines.len();
            for line in response.text().lines() {
                let line = Json::parse(line, Limits::FILE).unwrap();
                lines.push((file.str("type").unwrap().into_owned(), line));
            }
            let count = file.get("count").and_then(|n| n.as_number().map(str::to_owned)).unwrap();
            assert_eq!(count, (lines.len() - before).to_string());
        }
        lines
    }

    /// What an export put out: by type and id, each once.
    fn out(&self, manifest: &Response) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (kind, line) in self.lines(manifest, "output") {
            assert_eq!(line.root().str("resourceType").as_deref(), Some(kind.as_str()));
            let name = format!("{kind}/{}", line.root().str("id").unwrap());
            assert!(out.insert(name.clone(), line.text().to_owned()).is_none(), "{name} twice");
        }
        out
    }

    /// What the record itself has, by type and id.
    fn whole(&self, reader: &Reader) -> BTreeMap<String, record::Body> {
        let mut all = BTreeMap::new();
        for kind in fhir::definitions::RESOURCES {
            let now = self.access.store().now();
            let mut query =
                fhir::search::Query::parse(Some(kind), &[], fhir::search::Handling::Strict, now, BASE)
                    .unwrap();
            loop {
                let results = reader.search(&query, &Page { count: 1_000, total: false }).unwrap();
                all.extend(results.matches.into_iter().map(|b| (format!("{}/{}", b.kind, b.id), b)));
                match results.next {
                    Some(next) => query.page = Some(next),
                    None => break,
                }
            }
        }
        all
    }
}

fn names(out: &BTreeMap<String, String>) -> Vec<&str> {
    out.keys().map(String::as_str).collect()
}

#[test]
fn an_export_of_everything_is_the_record_to_the_letter() {
    let world = peopled(6);
    let store = world.access.store().clone();
    let manifest = world.export("$export?_outputFormat=application%2Ffhir%2Bndjson");
    let whole = world.whole(&store.reader(&Scope::all()).unwrap());
    let out = world.out(&manifest);
    assert!(out.len() > 500, "{} resources", out.len());
    assert_eq!(out.len(), whole.len());
    for (name, body) in &whole {
        assert_eq!(out.get(name), Some(&body.text), "{name}");
    }
    assert_eq!(at(&manifest, "request"), format!("{BASE}/$export?_outputFormat=application%2Ffhir%2Bndjson"));
    assert_eq!(at(&manifest, "requiresAccessToken"), "true");
    assert!(manifest.header("expires").is_some());
    let last = store.reader(&Scope::all()).unwrap();
    let last = last.commits_after(last.txn() - 1, 1).unwrap().remove(0);
    assert_eq!(at(&manifest, "transactionTime"), last.at.to_string());
    let files = json(&manifest).root().get("output").unwrap().items().count();
    assert!(files > 5, "{files} files");
    println!("{} resources in {files} files", out.len());
}

#[test]
fn an_export_of_patients_has_what_is_of_patients_and_one_of_a_group_what_is_of_its_members() {
    let world = peopled(5);
    let reader = world.access.store().reader(&Scope::all()).unwrap();
    let whole = world.whole(&reader);
    let of = |wanted: &dyn Fn(&record::Body) -> bool| {
        let of = whole.iter().filter(|(_, body)| wanted(body)).map(|(name, _)| name.as_str());
        of.collect::<Vec<_>>()
    };
    let patients: Vec<String> =
        whole.values().filter(|b| b.kind == "Patient").map(|b| b.id.clone()).collect();
    assert_eq!(names(&world.out(&world.export("Patient/$export"))), of(&|b| !b.patients.is_empty()));

    let member = |id: &str, more: &str| format!(r#"{{"entity":{{"reference":"Patient/{id}"}}{more}}}"#);
    let (a, b, c) = (&patients[0], &patients[1], &patients[2]);
    let members = [member(a, ""), member(b, ""), member(c, r#","inactive":true"#), member("never", "")];
    let group = format!(
        r#"{{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{}]}}"#,
        members.join(",")
    );
    expect(&world.put("Group/g", &group), 201);
    drop(reader);
    let mut expected = of(&|body| body.patients.contains(a) || body.patients.contains(b));
    expected.push("Group/g");
    expected.sort_unstable();
    assert_eq!(names(&world.out(&world.export("Group/g/$export"))), expected);

    let one = format!(
        r#"{{"resourceType":"Parameters","parameter":[
            {{"name":"patient","valueReference":{{"reference":"Patient/{a}"}}}},
            {{"name":"patient","valueReference":{{"reference":"Patient/{c}"}}}},
            {{"name":"_type","valueString":"Patient,Observation"}}]}}"#
    );
    let place = world.begin(Request::new("POST", "Group/g/$export").body(one));
    world.work();
    let expected = of(&|body| body.patients.contains(a) && matches!(body.kind, "Patient" | "Observation"));
    assert_eq!(names(&world.out(&world.get(&place))), expected, "the one who is no member now is not in it");
    let stranger = Request::new("GET", "Group/never/$export").with("prefer", "respond-async");
    expect(&world.send(stranger), 404);
}

fn observation(id: &str, patient: &str, status: &str, code: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"{status}","code":{{"text":"x",
            "coding":[{{"system":"urn:c","code":"{code}"}}]}},"subject":{{"reference":"Patient/{patient}"}},
            "valueString":"v"}}"#
    )
}

fn two_patients() -> World {
    let world = world();
    world.put("Patient/p", &PATIENT.replacen('{', r#"{"id":"p","#, 1));
    world.put("Patient/q", r#"{"resourceType":"Patient","id":"q","active":true}"#);
    for (id, patient, status, code) in
        [("1", "p", "final", "a"), ("2", "p", "preliminary", "b"), ("3", "q", "final", "b")]
    {
        expect(&world.put(&format!("Observation/{id}"), &observation(id, patient, status, code)), 201);
    }
    world
}

#[test]
fn types_filters_and_elements_narrow_an_export() {
    let world = two_patients();
    let out = |url: &str| world.out(&world.export(url));
    let check = |url: &str, expected: &[&str]| assert_eq!(names(&out(url)), expected, "{url}");
    check("$export?_type=Patient", &["Patient/p", "Patient/q"]);
    check(
        "$export?_type=Observation&_typeFilter=Observation%3Fstatus%3Dfinal",
        &["Observation/1", "Observation/3"],
    );
    check(
        "$export?_typeFilter=Observation%3Fstatus%3Dpreliminary,Observation%3Fcode%3Da,b%26status%3Dpreliminary",
        &["Observation/2", "Patient/p", "Patient/q"],
    );
    check(
        "$export?_type=Observation&_typeFilter=Observation%3Fcode%3Da&_typeFilter=Observation%3Fpatient%3Dq",
        &["Observation/1", "Observation/3"],
    );
    let some = out("$export?_elements=Patient.name,status");
    let patient = Json::parse(some["Patient/p"].as_str(), Limits::FILE).unwrap();
    assert!(patient.root().get("name").is_some() && patient.root().get("birthDate").is_none());
    assert!(patient.text().contains("SUBSETTED"));
    let observation = Json::parse(some["Observation/1"].as_str(), Limits::FILE).unwrap();
    assert!(observation.root().get("status").is_some() && observation.root().get("valueString").is_none());
    for bad in [
        "_outputFormat=text/csv",
        "_since=yesterday",
        "_type=Nonsense",
        "_typeFilter=Observation",
        "_typeFilter=Nonsense%3Fa%3Db",
        "_typeFilter=Observation%3F_sort%3Ddate",
        "_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal",
        "patient=p",
        "includeAssociatedData=x",
    ] {
        let request = Request::new("GET", &format!("Patient/$export?{bad}")).with("prefer", "respond-async");
        expect(&world.send(request), 400);
    }
    let lenient = Request::new("GET", "$export?includeAssociatedData=x&_type=Patient");
    let place = world.begin(lenient.with("prefer", "handling=lenient"));
    world.work();
    expect(&world.get(&place), 200);
    expect(&world.get("$export"), 400);
}

#[test]
fn an_export_since_the_last_has_what_changed_and_what_was_deleted() {
    let world = two_patients();
    let a_moment = || std::thread::sleep(std::time::Duration::from_millis(3));
    a_moment();
    expect(&world.put("Organization/last", r#"{"resourceType":"Organization","id":"last"}"#), 201);
    let first = world.export("$export");
    let since = at(&first, "transactionTime");
    a_moment();
    world.put("Observation/1", &observation("1", "p", "amended", "a"));
    world.put("Observation/1", &observation("1", "p", "corrected", "a"));
    world.put("Observation/4", &observation("4", "q", "final", "a"));
    world.put("Observation/5", &observation("5", "q", "final", "a"));
    for id in ["2", "5"] {
        expect(&world.send(Request::new("DELETE", &format!("Observation/{id}"))), 204);
    }
    let deleted = |manifest: &Response| {
        let lines = world.lines(manifest, "deleted").into_iter();
        lines
            .map(|(kind, line)| {
                assert_eq!(kind, "Bundle");
                let entry = line.root().get("entry").unwrap().items().next().unwrap();
                let request = entry.get("request").unwrap();
                assert_eq!(request.str("method").unwrap(), "DELETE");
                request.str("url").unwrap().into_owned()
            })
            .collect::<Vec<_>>()
    };
    let changed = world.export(&format!("$export?_since={since}"));
    let out = world.out(&changed);
    // What was committed last before has the instant itself, and so comes once more.
    let names: Vec<&str> = names(&out).into_iter().filter(|name| *name != "Organization/last").collect();
    assert_eq!(names, ["Observation/1", "Observation/4"]);
    assert!(out["Observation/1"].contains("corrected"));
    assert_eq!(deleted(&changed), ["Observation/2", "Observation/5"]);

    let group = r#"{"resourceType":"Group","id":"g","type":"person","actual":true,
        "member":[{"entity":{"reference":"Patient/p"}}]}"#;
    world.put("Group/g", group);
    let of_group = world.export(&format!("Group/g/$export?_since={since}"));
    assert_eq!(world.out(&of_group).keys().collect::<Vec<_>>(), ["Group/g", "Observation/1"]);
    assert_eq!(deleted(&of_group), ["Observation/2"]);
    let later = world.export("$export?_since=2999-01-01T00:00:00Z");
    assert!(world.out(&later).is_empty() && deleted(&later).is_empty());
}

#[test]
fn an_export_has_only_what_its_asker_may_see() {
    let world = two_patients();
    world.put("Observation/6", &observation("6", "p", "final", "a"));
    world.send(Request::new("DELETE", "Observation/6"));
    let session = world.access.bearer(&world.system).unwrap().with_reach(["q".to_owned()]);
    let send = |method: &str, url: &str| {
        let request = Request::new(method, url).with("prefer", "respond-async");
        answer(&world.rest, Some(&session), &request).response
    };
    for url in ["$export", "Patient/$export", "$export?_since=2020-01-01T00:00:00Z"] {
        let begun = send("GET", url);
        expect(&begun, 202);
        let place = begun.header("content-location").unwrap().strip_prefix(BASE).unwrap().to_owned();
        world.work();
        let manifest = send("GET", &place);
        assert_eq!(names(&world.out(&manifest)), ["Observation/3", "Patient/q"], "{url}");
        assert_eq!(world.lines(&manifest, "deleted").len(), 0, "{url}");
    }
    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let request = Request::new("GET", "$export").with("prefer", "respond-async");
    expect(&world.send_with(&doctor, request), 403);
    let (action, detail) = world.trail(1).remove(0);
    assert_eq!(action, "export", "the try is on the trail: {detail}");
}

#[test]
fn a_job_is_its_askers_alone_and_its_files_have_signed_links() {
    let world = two_patients();
    let place = world.begin(Request::new("GET", "$export?_type=Patient"));
    world.work();
    let manifest = world.get(&place);
    let link = at(&manifest, "output.0.url").strip_prefix(BASE).unwrap().to_owned();
    let other = world.access.mint_token("system", 60).unwrap();
    for (method, url) in [("GET", &place), ("DELETE", &place), ("GET", &link)] {
        expect(&world.send_with(&other, Request::new(method, url)), 404);
        assert_eq!(handle(&world.rest, &Request::new(method, url)).status, 401, "{url}");
    }
    assert_eq!(world.get(&link).text().lines().count(), 2);
    let (action, detail) = world.trail(1).remove(0);
    assert!(action == "job-file" && detail.contains("Patient-1"), "{action} {detail}");
    for altered in [
        link.replace("signature=", "signature=A"),
        link.split('?').next().unwrap().to_owned(),
        link.replace("expires=", "expires=1"),
        link.replace("/Patient-1", "/Patient-2"),
        link.replace("/Patient-1", "/..%2F..%2Frecord"),
    ] {
        expect(&world.get(&altered), 404);
    }
    expect(&world.send(Request::new("PUT", &place)), 405);
    expect(&world.get("$jobs/never"), 404);
}

#[test]
fn a_cancelled_export_and_its_files_are_gone() {
    let world = two_patients();
    let done = world.begin(Request::new("GET", "$export"));
    world.work();
    let link = at(&world.get(&done), "output.0.url").strip_prefix(BASE).unwrap().to_owned();
    let waiting = world.begin(Request::new("GET", "$export"));
    let store = world.access.store();
    assert_eq!(store.parcel_owners().unwrap().len(), 1);
    for place in [&done, &waiting] {
        assert_eq!(world.send(Request::new("DELETE", place)).status, 202);
        expect(&world.get(place), 404);
        expect(&world.send(Request::new("DELETE", place)), 404);
    }
    expect(&world.get(&link), 404);
    assert!(!world.rest.work().unwrap(), "nothing is left to do");
    assert!(store.parcel_owners().unwrap().is_empty());
}

#[test]
fn an_export_ends_with_the_token_it_was_asked_for_with() {
    let world = two_patients();
    let token = world.access.mint_token("system", 60).unwrap();
    let request = Request::new("GET", "$export").with("prefer", "respond-async");
    expect(&world.send_with(&token, request), 202);
    world.access.revoke_token(&token).unwrap();
    world.work();
    let kept = world.access.store().reader(&Scope::all()).unwrap().kept_all("job", "").unwrap();
    let text = String::from_utf8(kept[0].1.clone()).unwrap();
    assert!(text.contains("\"failed\"") && text.contains("\"files\":[]"), "{text}");
    assert!(world.access.store().parcel_owners().unwrap().is_empty());
}

#[test]
fn a_caller_has_only_so_many_jobs_at_once() {
    let world = world();
    for _ in 0..service::jobs::OPEN_MAX {
        world.begin(Request::new("GET", "$export?_type=Patient"));
    }
    let one_more = Request::new("GET", "$export?_type=Patient").with("prefer", "respond-async");
    let refused = world.send(one_more.clone());
    expect(&refused, 503);
    assert!(refused.header("retry-after").is_some());
    world.work();
    expect(&world.send(one_more), 202);
}

fn here(world: &World, kind: &str, id: &str) -> bool {
    matches!(world.access.store().read(&Scope::all(), kind, id).unwrap(), Found::Here(_))
}

#[test]
fn lines_that_are_sent_are_taken_in_and_refusals_say_where() {
    let world = world();
    let lines = [
        // What it points at comes only later.
        observation("1", "p", "final", "a").replace(
            r#""status""#,
            r#""performer":[{"reference":"Practitioner?identifier=urn:n|7"}],"status""#,
        ),
        PATIENT.replacen('{', r#"{"id":"p","#, 1),
        r#"{"resourceType":"Patient","id":"bad","gender":"nonsense"}"#.to_owned(),
        "{broken".to_owned(),
        String::new(),
        r#"{"resourceType":"Practitioner","id":"n","identifier":[{"system":"urn:n","value":"7"}]}"#
            .to_owned(),
        observation("2", "p", "final", "a").replace(
            r#""status""#,
            r#""performer":[{"reference":"Practitioner?identifier=urn:n|8"}],"status""#,
        ),
    ];
    let body = lines.map(|line| line.replace('\n', " ")).join("\n");
    let request = |body: &str| {
        Request::new("POST", "$import").with("content-type", "application/fhir+ndjson").body(body)
    };
    let place = world.begin(request(&body));
    world.work();
    let manifest = world.get(&place);
    expect(&manifest, 200);
    assert!(
        here(&world, "Patient", "p") && here(&world, "Practitioner", "n") && here(&world, "Observation", "1")
    );
    assert!(!here(&world, "Patient", "bad") && !here(&world, "Observation", "2"));
    let said = |list: &str| {
        let lines = world.lines(&manifest, list).into_iter();
        lines.map(|(_, line)| line.text().to_owned()).collect::<Vec<_>>()
    };
    assert!(said("output")[0].contains("sent: 3 filed, 3 refused."), "{:?}", said("output"));
    let mut errors = said("error");
    errors.sort();
    for line in ["sent, line 3: ", "sent, line 4: ", "sent, line 7: "] {
        assert!(errors.iter().any(|error| error.contains(line)), "{line} in {errors:?}");
    }
    assert_eq!(errors.len(), 3);
    let txn = world.access.store().reader(&Scope::all()).unwrap().txn();
    world.begin(request(&body));
    world.work();
    assert_eq!(world.access.store().reader(&Scope::all()).unwrap().txn(), txn, "again, it changes nothing");

    let doctor = world.access.mint_token("doctor", 60).unwrap();
    let unwanted = request(&body).with("prefer", "respond-async");
    expect(&world.send_with(&doctor, unwanted), 403);
}

#[test]
fn refusals_of_an_import_are_put_into_files_as_they_come() {
    let world = world();
    let lines = "{}\n".repeat(2_000);
    let request = Request::new("POST", "$import").with("content-type", "application/fhir+ndjson").body(lines);
    let place = world.begin(request);
    world.work();
    let manifest = world.get(&place);
    let files = json(&manifest).root().get("error").unwrap().items().count();
    assert!(files > 2, "{files} of 60,000 bytes each");
    let errors = world.lines(&manifest, "error");
    assert_eq!(errors.len(), 2_000);
    assert!(errors[1_999].1.text().contains("sent, line 2000: "));
}

#[test]
fn an_import_takes_binaries_of_this_record_and_fetches_nothing() {
    let world = world();
    // {"resourceType":"Patient","id":"b"}
    let data = "eyJyZXNvdXJjZVR5cGUiOiJQYXRpZW50IiwiaWQiOiJiIn0=";
    let binary = format!(
        r#"{{"resourceType":"Binary","id":"lines","contentType":"application/fhir+ndjson","data":"{data}"}}"#
    );
    expect(&world.put("Binary/lines", &binary), 201);
    let named = |url: &str| {
        let body = format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"inputFormat","valueCode":"application/fhir+ndjson"}},
                {{"name":"input","part":[{{"name":"type","valueCode":"Patient"}},{{"name":"url","valueUri":"{url}"}}]}}]}}"#
        );
        Request::new("POST", "$import").with("prefer", "respond-async").body(body)
    };
    let place = world.begin(named(&format!("{BASE}/Binary/lines")));
    world.work();
    let manifest = world.get(&place);
    assert!(world.lines(&manifest, "output")[0].1.text().contains("Binary/lines: 1 filed, 0 refused."));
    assert!(here(&world, "Patient", "b"));
    for elsewhere in
        ["http://127.0.0.1/x.ndjson", "file:///etc/passwd", "Binary/../Patient/b", "Patient/b", ""]
    {
        expect(&world.send(named(elsewhere)), 400);
    }
    expect(&world.send(named("Binary/never")), 404);
    let nothing = Request::new("POST", "$import").body(r#"{"resourceType":"Parameters"}"#);
    expect(&world.send(nothing.clone().with("prefer", "respond-async")), 400);
    expect(&world.send(nothing), 400);
}

#[test]
fn what_is_imported_is_held_to_profiles_and_its_definitions_count() {
    let strict = "http://example.org/strict";
    let world = World::with(|config| {
        config.validation = service::interaction::Validation {
            policy: profile::Policy::Refuse,
            profiles: [("Patient".to_owned(), vec![strict.to_owned()])].into(),
            ..Default::default()
        };
    });
    expect(&world.put("StructureDefinition/strict", super::profiles::STRICT), 201);
    assert_eq!(world.get("ValueSet/$expand?url=http://example.org/v").status, 404);
    let body = concat!(
        r#"{"resourceType":"Patient","id":"born","birthDate":"1970-01-01"}"#,
        "\n",
        r#"{"resourceType":"Patient","id":"unborn"}"#,
        "\n",
        r#"{"resourceType":"ValueSet","id":"v","url":"http://example.org/v","status":"active","compose":{"include":[
            {"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"female"}]}]}}"#,
    );
    let body = body.replace("\n            ", " ");
    world.begin(
        Request::new("POST", "$import").with("content-type", "application/fhir+ndjson").body(body.as_str()),
    );
    world.work();
    assert!(here(&world, "Patient", "born") && here(&world, "ValueSet", "v"));
    assert!(!here(&world, "Patient", "unborn"));
    expect(&world.get("ValueSet/$expand?url=http://example.org/v"), 200);
}

//! Commands on either engine, on records that are there and on those that are not.

use crate::load::{Gauge, Loader, Rules, Tally};
use crate::{Arguments, SubscriptionCommand, keep, people, subscriptions};
use access::Access;
use clap::Parser;
use record::{Author, Kind, Options, Place, Scope, Store};
use service::interaction::{Policy, Rule, Validation};
use std::path::PathBuf;
use std::process::ExitCode;
use testbed::Home;

fn place(home: &Home) -> Place {
    home.place().parse().unwrap()
}

/// A record with one commit in it.
fn kept() -> Home {
    let home = Home::new();
    let store = Store::open(place(&home), Options { durable: false, ..Options::default() }).unwrap();
    store.write(Author::system("test"), |tx| tx.keep("test", "key", b"value", None)).unwrap();
    home
}

/// What comes of loading these files, with Patients held to a profile with a birth date; for the organisation RXX too,
/// whatever the policy for all is.
fn load(home: &Home, policy: Policy, files: &[&str]) -> Tally {
    load_for("", home, policy, files)
}

fn load_for(code: &str, home: &Home, policy: Policy, files: &[&str]) -> Tally {
    let store = Store::open(place(home), Options { durable: false, ..Options::default() }).unwrap();
    let access = Access::open(store).unwrap();
    let session = access.bearer(&access.mint_token_for(code, "system", 5).unwrap()).unwrap();
    let mut subscriptions = subscription::Settings::at("https://care.example/fhir");
    subscriptions.hosts = subscription::Hosts::new(["hooks.example".to_owned()]);
    let set: service::interaction::ByType =
        [("Patient".to_owned(), vec!["http://example.org/born".to_owned()])].into();
    let organisations = [("RXX".to_owned(), Rule { policy: Policy::Refuse, set: set.clone() })].into();
    let validation = Validation { policy, set, organisations, ..Validation::default() };
    let rules = Rules { data: place(home), releases: None, validation, subscriptions };
    let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    crate::load::load(&Loader::new(&access, &session, &rules), &paths, 2, &Gauge::default()).unwrap()
}

/// True when the resource is in the record.
fn here(home: &Home, kind: &str, id: &str) -> bool {
    let store = Store::open(place(home), Options { durable: false, ..Options::default() }).unwrap();
    matches!(store.read(&Scope::all(), kind, id).unwrap(), record::Found::Here(_))
}

const BORN: &str = r#"{"resourceType":"StructureDefinition","id":"born","url":"http://example.org/born","name":"Born",
    "status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
    "differential":{"element":[{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]}}"#;
const LINES: &str = r#"{"resourceType":"Patient","id":"with","birthDate":"1970-01-01"}
{"resourceType":"Patient","id":"without"}
"#;

#[test]
fn what_breaks_a_profile_is_not_loaded_where_that_is_the_policy_and_is_named() {
    let (home, aside) = (Home::new(), tempfile::tempdir().unwrap());
    let [profile, lines] = ["born.json", "lines.ndjson"].map(|name| aside.path().join(name));
    std::fs::write(&profile, BORN).unwrap();
    std::fs::write(&lines, LINES).unwrap();
    let (profile, lines) = (profile.to_str().unwrap(), lines.to_str().unwrap());
    assert_eq!(load(&home, Policy::Off, &[profile]).resources, 1);
    for refusing in [load(&home, Policy::Refuse, &[lines]), load_for("RXX", &home, Policy::Off, &[lines])] {
        assert_eq!((refusing.resources, refusing.refused.len()), (1, 1));
        let refused = &refusing.refused[0];
        assert_eq!((refused.file.as_str(), refused.position.as_str()), (lines, "line 2"));
        assert!(refused.reason.contains("Patient.birthDate"), "{}", refused.reason);
        assert!(here(&home, "Patient", "with") && !here(&home, "Patient", "without"));
    }
    let warning = load(&home, Policy::Warn, &[lines]);
    assert_eq!((warning.resources, warning.refused.len(), warning.warned), (2, 0, 1));
    assert!(warning.warnings[0].contains("Patient/without") && warning.warnings[0].contains("birthDate"));
    assert!(here(&home, "Patient", "without"));
    assert_eq!(load(&home, Policy::Off, &[lines]).warned, 0);
}

#[test]
fn a_seal_that_is_loaded_holds() {
    let (home, aside) = (Home::new(), tempfile::tempdir().unwrap());
    let file = aside.path().join("sealed.ndjson");
    let lines = r#"{"resourceType":"Patient","id":"p"}
{"resourceType":"Observation","id":"o","status":"final","code":{"text":"a test"},"subject":{"reference":"Patient/p"}}
{"resourceType":"Consent","id":"c","status":"active","scope":{"text":"privacy"},"category":[{"text":"seal"}],"patient":{"reference":"Patient/p"},"policyRule":{"coding":[{"system":"urn:carespine:consent-rule","code":"lock"}]},"provision":{"actor":[{"role":{"text":"team"},"reference":{"identifier":{"system":"urn:carespine:workgroup","value":"clinic"}}}],"data":[{"meaning":"instance","reference":{"reference":"Observation/o"}}]}}"#;
    std::fs::write(&file, lines).unwrap();
    let tally = load(&home, Policy::Off, &[file.to_str().unwrap()]);
    assert_eq!(tally.resources, 3, "{:?}", tally.refused);
    let store = Store::open(place(&home), Options { durable: false, ..Options::default() }).unwrap();
    let sees = |marks: &[&str]| {
        let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
        let scope = Scope { marks: Some(std::sync::Arc::new(marks)), ..Scope::all() };
        matches!(store.read(&scope, "Observation", "o").unwrap(), record::Found::Here(_))
    };
    assert!(!sees(&[]) && sees(&["locked:clinic"]));
}

#[test]
fn a_subscription_that_is_loaded_is_checked_and_has_an_owner() {
    let (home, aside) = (Home::new(), tempfile::tempdir().unwrap());
    let file = aside.path().join("subscriptions.ndjson");
    let one = |id: &str, host: &str| {
        let channel = format!(
            r#"{{"type":"rest-hook","endpoint":"https://{host}/x","payload":"application/fhir+json"}}"#
        );
        format!(
            r#"{{"resourceType":"Subscription","id":"{id}","status":"requested","reason":"r","criteria":"Patient","channel":{channel}}}"#
        )
    };
    std::fs::write(&file, [one("good", "hooks.example"), one("bad", "elsewhere.example")].join("\n"))
        .unwrap();
    let tally = load(&home, Policy::Off, &[file.to_str().unwrap()]);
    assert_eq!((tally.resources, tally.refused.len()), (1, 1), "{:?}", tally.refused);
    assert_eq!(tally.refused[0].position, "line 2");
    assert!(here(&home, "Subscription", "good") && !here(&home, "Subscription", "bad"));
    let store = Store::open(place(&home), Options { durable: false, ..Options::default() }).unwrap();
    // As the engine finds it when it next looks at the log.
    let owners = store.reader(&Scope::all()).unwrap().kept_all("subscription-owner", "").unwrap();
    assert_eq!(owners.len(), 1);
    assert!(owners[0].0.starts_with("good/"), "{}", owners[0].0);
    assert!(String::from_utf8_lossy(&owners[0].1).contains("\"who\":\"token-"));
}

#[test]
fn a_place_without_a_record_is_refused_and_stays_without() {
    let home = Home::new();
    for _ in 0..2 {
        let refusal = keep::verify(&place(&home)).unwrap_err();
        assert_eq!(refusal.kind, Kind::NotFound);
        assert!(refusal.to_string().contains("holds no record"), "{refusal}");
        assert_eq!(people::token(&place(&home), "", "doctor", 5).unwrap_err().kind, Kind::NotFound);
    }
}

#[test]
fn a_record_is_found_sound_and_gives_a_token() {
    let home = kept();
    keep::verify(&place(&home)).unwrap();
    people::token(&place(&home), "", "doctor", 5).unwrap();
}

#[test]
fn a_folder_is_backed_up_and_restored_and_a_database_says_with_what_it_is() {
    let home = kept();
    let aside = tempfile::tempdir().unwrap();
    let [copy, again] = ["copy", "again"].map(|name| Place::Folder(aside.path().join(name)));
    if home.database().is_some() {
        for refusal in [keep::backup(&place(&home), &copy), keep::restore(&copy, &place(&home))] {
            let refusal = refusal.unwrap_err();
            assert_eq!(refusal.kind, Kind::Unsupported);
            assert!(refusal.to_string().contains("pg_basebackup"), "{refusal}");
        }
        return;
    }
    keep::backup(&place(&home), &copy).unwrap();
    keep::restore(&copy, &again).unwrap();
    keep::verify(&again).unwrap();
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    // Nobody listens on port 1.
    let away: Place = "postgres://anna:secret@127.0.0.1:1/care".parse().unwrap();
    let refusal = keep::verify(&away).unwrap_err();
    assert_eq!(refusal.kind, Kind::Busy);
    let text = refusal.to_string();
    assert!(text.contains("postgres://127.0.0.1:1/care") && text.contains("refused"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn the_command_line_takes_folders_and_databases_and_no_other_engine() {
    let parsed = |data: &str| Arguments::try_parse_from(["carespine", "verify", "--data", data]);
    assert!(parsed("some/folder").is_ok());
    assert!(parsed("postgres://anna@db/care").is_ok());
    assert!(parsed("mysql://anna@db/care").unwrap_err().to_string().contains("no engine of ours"));
}

const PATIENTS: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
    {"resource":{"resourceType":"Patient","id":"ann","name":[{"family":"Lee"},{"family":"Roe"}]}},
    {"resource":{"resourceType":"Patient","id":"bob","name":[{"family":"Poe, jr"}]}}]}"#;
const NAMES: &str = r#"{"resourceType":"ViewDefinition","resource":"Patient","select":[
    {"column":[{"name":"id","path":"id"}]},{"forEach":"name","column":[{"name":"family","path":"family"}]}]}"#;

#[test]
fn a_view_of_the_record_goes_to_a_file_in_the_format_of_its_ending() {
    let (home, aside) = (Home::new(), tempfile::tempdir().unwrap());
    let [bundle, definition] = ["patients.json", "names.json"].map(|name| aside.path().join(name));
    std::fs::write(&bundle, PATIENTS).unwrap();
    std::fs::write(&definition, NAMES).unwrap();
    let done = |words: &[&str]| {
        let command = Arguments::try_parse_from(std::iter::once(&"carespine").chain(words)).unwrap().command;
        assert!(matches!(crate::run(command), std::ops::ControlFlow::Break(ExitCode::SUCCESS)), "{words:?}");
    };
    let data = home.place();
    let (data, bundle, definition) = (data.as_str(), bundle.to_str().unwrap(), definition.to_str().unwrap());
    load(&home, Policy::Off, &[bundle]);
    let run = |out: &str, more: &[&str]| {
        let out = aside.path().join(out);
        let place = ["--data", data, "--out", out.to_str().unwrap(), "--quiet"];
        done(&[&["view", "run", definition], &place[..], more].concat());
        std::fs::read(out).unwrap()
    };
    assert_eq!(run("a.csv", &[]), b"id,family\r\nann,Lee\r\nann,Roe\r\nbob,\"Poe, jr\"\r\n");
    assert_eq!(run("b.csv", &["--no-header", "--limit", "1"]), b"ann,Lee\r\n");
    assert_eq!(run("c", &["--limit", "1"]), b"{\"id\":\"ann\",\"family\":\"Lee\"}\n");
    assert_eq!(run("d.ndjson", &["--at", "2001-01-01"]), b"");
    assert!(run("e.parquet", &[]).starts_with(b"PAR1"));
    assert_eq!(std::fs::read_dir(aside.path()).unwrap().count(), 7, "no part of a file is left");
}

#[test]
fn subscriptions_are_listed_and_one_that_is_not_there_is_not_sent_again() {
    let home = kept();
    for command in [SubscriptionCommand::List, SubscriptionCommand::Failed { subscription: None }] {
        subscriptions::command(&place(&home), &command).unwrap();
    }
    let resend = SubscriptionCommand::Resend { subscription: "never".into(), number: None };
    assert_eq!(subscriptions::command(&place(&home), &resend).unwrap_err().kind, Kind::NotFound);
    let parsed = Arguments::try_parse_from(["carespine", "subscription", "resend", "s", "7", "--data", "x"]);
    assert!(parsed.is_ok());
}

#[test]
fn a_release_of_one_file_is_imported_and_what_it_does_not_say_is_asked_for() {
    let home = kept();
    let data = home.place();
    let aside = tempfile::tempdir().unwrap();
    let file = aside.path().join("OPCS410 CodesAndTitles Nov 2022 V1.0.txt");
    std::fs::write(&file, "Z01\tSynthetic operation\n").unwrap();
    let releases = aside.path().join("releases");
    let [from, index] = [&file, &releases].map(|path| path.to_str().unwrap());
    let run = |words: &[&str]| {
        let place = ["--data", &data, "--index", index];
        let words = [&["carespine", "terminology"], words, &place].concat();
        let command = Arguments::try_parse_from(words).unwrap().command;
        matches!(crate::run(command), std::ops::ControlFlow::Break(ExitCode::SUCCESS))
    };
    assert!(!run(&["import", "loinc", from]));
    assert!(!run(&["import", "snomed", from, "--version", "1"]), "its files say it");
    assert!(run(&["import", "opcs4", from]));
    assert!(run(&["import", "opcs4", from, "--version", "4.11", "--date", "2026-04-01"]));
    assert_eq!(std::fs::read_dir(index).unwrap().count(), 2);
    assert!(run(&["remove", "https://fhir.nhs.uk/Id/opcs-4|4.10"]));
    assert!(run(&["list"]) && run(&["check"]));
    let kept = std::fs::read_dir(index).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&kept).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    assert!(run(&["list"]) && !run(&["check"]));
}

#[test]
fn a_release_is_imported_listed_and_removed_and_a_package_too() {
    let home = kept();
    let data = home.place();
    let aside = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let command = Arguments::try_parse_from(std::iter::once(&"carespine").chain(words)).unwrap().command;
        matches!(crate::run(command), std::ops::ControlFlow::Break(ExitCode::SUCCESS))
    };
    let set = r#"{"resourceType":"ValueSet","url":"http://example.org/v","version":"1","status":"active"}"#;
    std::fs::write(aside.path().join("v.json"), set).unwrap();
    let from = aside.path().to_str().unwrap();
    assert!(!run(&["package", "add", from, "--data", &data]), "it has no name");
    assert!(run(&["package", "add", from, "--name", "example", "--version", "1", "--data", &data]));
    assert!(run(&["package", "list", "--data", &data]));
    assert!(run(&["package", "remove", "example#1", "--data", &data]));
    assert!(!run(&["package", "remove", "example#1", "--data", &data]));
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites");
    let suites = std::env::var("CARESPINE_SUITES").unwrap_or_else(|_| beside.to_owned());
    let release = format!("{suites}/terminology-releases/dmd-2021-08-26");
    if !std::path::Path::new(&release).is_dir() {
        eprintln!("skipped: {release} is not there; set CARESPINE_SUITES");
        return;
    }
    let index = aside.path().join("releases");
    let place = ["--data", &data, "--index", index.to_str().unwrap()];
    assert!(run(&[&["terminology", "import", "dmd", &release], &place[..]].concat()));
    assert!(run(&[&["terminology", "list"], &place[..]].concat()));
    assert!(!run(&[&["terminology", "remove", "https://dmd.nhs.uk|1"], &place[..]].concat()));
    assert_eq!(std::fs::read_dir(&index).unwrap().count(), 1);
}

//! Commands on either engine, on records that are there and on those that are not.

use crate::{Arguments, SubscriptionCommand, keep, people, subscriptions};
use clap::Parser;
use record::{Author, Kind, Options, Place, Store};
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
    done(&["load", bundle, "--data", data, "--quiet"]);
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

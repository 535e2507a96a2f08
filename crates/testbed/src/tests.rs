use crate::processes::{await_that, is_gone};
use crate::{Cluster, Database, Settings};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

const TABLE: &str = "CREATE TABLE bed (name text)";
const ROW: &str = "INSERT INTO bed VALUES ('Ash 4')";
const ROWS: &str = "SELECT count(*) FROM bed";

fn says(database: &Database, question: &str, expected: &str) {
    assert_eq!(database.sql(question).as_deref(), Ok(expected));
}

#[test]
fn two_databases_of_the_shared_server_are_apart() {
    let (one, other) = (crate::database(), crate::database());
    says(&one, TABLE, "");
    says(&one, ROW, "");
    says(&one, ROWS, "1");
    let reason = other.sql(ROWS).expect_err("the table is in the other one");
    assert!(reason.contains("does not exist"), "{reason}");
}

#[test]
fn a_database_is_reached_by_tcp_as_well() {
    let database = crate::database();
    says(&database, TABLE, "");
    assert_eq!(crate::database::ask(&database.tcp_url(), ROWS, &[]).as_deref(), Ok("0"));
}

#[test]
fn a_database_goes_with_its_value_also_when_somebody_is_connected() {
    const OTHERS: &str = "SELECT count(*) FROM pg_database WHERE datname LIKE 'test%'";
    let server = Cluster::start(Settings::fast());
    let database = server.database();
    assert_eq!(server.sql(OTHERS).as_deref(), Ok("1"));
    let url = database.url().to_owned();
    let sleeper = thread::spawn(move || crate::database::ask(&url, "SELECT pg_sleep(300)", &[]));
    await_that("somebody is connected", || {
        server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").as_deref()
            == Ok("1")
    });
    drop(database);
    assert!(sleeper.join().expect("psql does not panic").is_err());
    assert_eq!(server.sql(OTHERS).as_deref(), Ok("0"));
}

#[test]
fn what_was_committed_before_a_kill_is_there_after_it() {
    let server = Cluster::start(Settings::durable());
    let database = server.database();
    let tcp = database.tcp_url();
    says(&database, TABLE, "");
    for kill in 1..=3 {
        says(&database, ROW, "");
        server.kill();
        database.sql(ROWS).expect_err("nobody is there");
        server.restart();
        says(&database, ROWS, &kill.to_string());
    }
    assert_eq!(database.tcp_url(), tcp);
    let setting = |name| server.sql(&["SHOW ", name].concat());
    for name in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        assert_eq!(setting(name).as_deref(), Ok("on"), "{name}");
    }
}

#[test]
fn a_stopped_server_comes_back() {
    let server = Cluster::start(Settings::fast().with("work_mem", "7MB"));
    server.stop();
    server.sql("SELECT 1").expect_err("nobody is there");
    server.restart();
    assert_eq!(server.sql("SHOW work_mem").as_deref(), Ok("7MB"));
}

#[test]
fn a_replica_has_what_the_primary_has_and_takes_no_writes() {
    let primary = Cluster::start(Settings::durable());
    let replica = primary.replica("standby");
    primary.sql(&[TABLE, ROW].join(";")).expect("the primary takes writes");
    await_that("the row is on the replica", || replica.sql(ROWS).as_deref() == Ok("1"));
    let reason = replica.sql(ROW).expect_err("a standby is read only");
    assert!(reason.contains("read-only"), "{reason}");

    primary.require_standby("standby");
    primary.sql(ROW).expect("the standby is there");
    assert_eq!(primary.sql("SELECT sync_state FROM pg_stat_replication").as_deref(), Ok("sync"));
}

#[test]
fn a_commit_waits_for_a_standby_that_is_away() {
    let server = Cluster::start(Settings::durable());
    server.sql(TABLE).expect("no standby is required yet");
    server.require_standby("away");
    let url = server.url();
    let commit = thread::spawn(move || crate::database::ask(&url, ROW, &[]));
    await_that("the commit waits", || {
        server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").as_deref() == Ok("1")
    });
    assert!(!commit.is_finished());
    server.require_no_standby();
    assert_eq!(commit.join().expect("psql does not panic").as_deref(), Ok(""));
}

/// Run by itself in a process of its own, this test holds a server until it is killed.
#[test]
fn a_server_and_its_folder_do_not_outlive_a_process_that_is_killed() {
    const TELL: &str = "TESTBED_TELL_FOLDER";
    if let Some(file) = std::env::var_os(TELL) {
        let server = Cluster::start(Settings::fast());
        std::fs::write(file, server.folder().as_os_str().as_encoded_bytes())
            .expect("the test has made its folder");
        thread::park();
    }
    let told = tempfile::tempdir().expect("a temporary folder can be made").keep().join("folder");
    let own = std::env::current_exe().expect("the test is a program");
    let name = "tests::a_server_and_its_folder_do_not_outlive_a_process_that_is_killed";
    let mut holder =
        Command::new(own).args([name, "--exact"]).env(TELL, &told).spawn().expect("the test starts");
    let mut folder = PathBuf::new();
    await_that("the server has started", || {
        folder = std::fs::read_to_string(&told).unwrap_or_default().into();
        folder.is_dir()
    });
    let lock = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("the server runs");
    let server = lock.lines().next().expect("the first line is the process");
    assert!(!is_gone(server));
    holder.kill().expect("it is our child");
    holder.wait().expect("it is our child");
    await_that("the server is gone", || is_gone(server));
    await_that("its folder is gone", || !folder.exists());
}

//! The short form of what the commands do at length.

use crate::node::WORDS;
use crate::{Arguments, kills, run};
use clap::Parser;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Not a test of its own: what a process does that a test starts. Without the words it has nothing to do.
#[test]
fn what_a_child_of_a_test_does() {
    if let Ok(words) = std::env::var(WORDS) {
        let arguments = Arguments::parse_from(["crash"].into_iter().chain(words.split('\n')));
        assert_eq!(run(arguments), ExitCode::SUCCESS);
    }
}

/// One after the other: pauses are measured. Nothing where PostgreSQL is not installed.
fn alone() -> Option<MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::new(());
    match testbed::missing() {
        None => Some(ONE.lock().unwrap_or_else(PoisonError::into_inner)),
        Some(reason) => {
            println!("SKIPPED: {reason}");
            None
        }
    }
}

#[test]
fn r_15_a_database_that_is_killed_under_load_loses_and_doubles_nothing() {
    let Some(_alone) = alone() else { return };
    let killed = kills::kill_database(3, 1).unwrap();
    println!("{killed:?}");
    assert!(killed.ledger.acknowledged > 200, "too little was written to show anything: {killed:?}");
    assert!(killed.longest() < Duration::from_secs(30), "{killed:?}");
}

#[test]
fn a_node_that_is_killed_loses_and_doubles_nothing_and_the_other_goes_on() {
    let Some(_alone) = alone() else { return };
    let killed = kills::kill_nodes(4, 1).unwrap();
    println!("{killed:?}");
    assert!(killed.ledger.acknowledged > 200, "too little was written to show anything: {killed:?}");
    assert!(killed.longest() < Duration::from_secs(5), "{killed:?}");
}

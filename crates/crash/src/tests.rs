//! The short form of what the commands do at length.

use crate::node::WORDS;
use crate::stall::{Where, stall};
use crate::{Arguments, kills, run, standby};
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

/// Whether PostgreSQL is installed.
fn there() -> bool {
    let missing = testbed::missing();
    if let Some(reason) = &missing {
        println!("SKIPPED: {reason}");
    }
    missing.is_none()
}

/// One after the other, since pauses are measured. Nothing where PostgreSQL is not installed.
fn alone() -> Option<MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::new(());
    there().then(|| ONE.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn r_15_a_database_that_is_killed_under_load_loses_and_doubles_nothing() {
    let Some(_alone) = alone() else { return };
    let killed = kills::kill_database(3, 1).unwrap();
    println!("{killed:?}");
    assert!(killed.ledger.acknowledged > 30, "too little was written to show anything: {killed:?}");
    assert!(killed.pauses.iter().max() < Some(&Duration::from_secs(30)), "{killed:?}");
}

#[test]
fn r_15_a_standby_that_takes_the_place_of_a_killed_database_has_all_that_was_acknowledged() {
    let Some(_alone) = alone() else { return };
    let killed = kills::fail_over(1).unwrap();
    println!("{killed:?}");
    assert!(killed.ledger.acknowledged > 20, "too little was written to show anything: {killed:?}");
    assert!(killed.pauses.iter().max() < Some(&Duration::from_secs(30)), "{killed:?}");
}

#[test]
fn a_node_that_is_killed_loses_and_doubles_nothing_and_the_other_goes_on() {
    let Some(_alone) = alone() else { return };
    let killed = kills::kill_nodes(4, 1).unwrap();
    println!("{killed:?}");
    assert!(killed.ledger.acknowledged > 30, "too little was written to show anything: {killed:?}");
    assert!(killed.pauses.iter().max() < Some(&Duration::from_secs(5)), "{killed:?}");
}

#[test]
fn r_16_a_wait_for_a_standby_that_is_broken_off_is_no_success() {
    let Some(_alone) = alone() else { return };
    let ledger = standby::break_off(2).unwrap();
    println!("{ledger}");
    assert_eq!((ledger.acknowledged, ledger.again), (2, 2));
}

#[test]
fn a_node_that_stops_in_a_command_holds_the_others_up_for_ten_seconds_and_its_command_does_not_come_late() {
    if !there() {
        return;
    }
    let stalled = stall(Where::Command).unwrap();
    println!("{stalled:?}");
    assert!(stalled.waited < Duration::from_secs(15), "{stalled:?}");
}

#[test]
fn a_node_that_stops_while_it_copies_is_thrown_out_by_one_that_has_waited_for_thirty_seconds() {
    if !there() {
        return;
    }
    let stalled = stall(Where::Copy).unwrap();
    println!("{stalled:?}");
    assert!(stalled.waited < Duration::from_secs(40), "{stalled:?}");
}

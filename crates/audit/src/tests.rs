//! Heads, witnesses and proofs on a real record.

use crate::keeper::Keeper;
use crate::{Checked, Head, Key, Witness, check, check_proof, heads_in, prove};
use record::{Act, Options, Scope, Store};
use std::path::Path;
use testbed::Home;

/// A record with so many acts on its trail.
fn acted(store: &Store, count: usize) {
    let act = |n| Act { who: "a.okafor".into(), action: "read", detail: format!("{{\"patient\":\"p{n}\"}}") };
    let tickets: Vec<_> = (0..count).map(|n| store.audit(act(n))).collect();
    tickets.into_iter().for_each(|ticket| ticket.wait().unwrap());
}

fn checked(store: &Store, witnessed: &[Head]) -> Checked {
    check(&store.reader(&Scope::all()).unwrap(), witnessed, &[], &mut |_, _| ()).unwrap()
}

fn heads_of(path: &Path) -> Vec<Head> {
    heads_in(&std::fs::read_to_string(path).unwrap())
}

struct Kept {
    _home: Home,
    folder: tempfile::TempDir,
    store: Store,
    keeper: Keeper,
}

impl Kept {
    fn new() -> Kept {
        let home = Home::new();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(home.place().parse::<record::Place>().unwrap(), Options::default()).unwrap();
        let key = Key::open(&folder.path().join("key")).unwrap();
        let witness = Witness::File(folder.path().join("heads"));
        let keeper = Keeper::new(store.clone(), key, vec![witness]);
        Kept { _home: home, folder, store, keeper }
    }

    fn witnessed(&self) -> Vec<Head> {
        heads_of(&self.folder.path().join("heads"))
    }
}

#[test]
fn heads_are_signed_witnessed_and_fit_the_trail() {
    let mut kept = Kept::new();
    for acts in [3, 1_500, 1] {
        acted(&kept.store, acts);
        kept.keeper.head().unwrap();
        kept.keeper.give().unwrap();
    }
    let witnessed = kept.witnessed();
    assert_eq!(witnessed.iter().map(|head| head.size).collect::<Vec<_>>(), [3, 1_503, 1_504]);
    acted(&kept.store, 2);
    let checked = checked(&kept.store, &witnessed);
    assert_eq!(checked, Checked { rows: 1_506, heads: 6, uncovered: 2, findings: Vec::new() });
    // Another node goes on where this one stood.
    let key = Key::open(&kept.folder.path().join("key")).unwrap();
    drop(kept.keeper);
    std::thread::sleep(std::time::Duration::from_millis(1));
    let mut other = Keeper::new(kept.store.clone(), key, Vec::new());
    other.head().unwrap();
    assert_eq!(crate::last_head(&kept.store.reader(&Scope::all()).unwrap()).unwrap().unwrap().size, 1_504);
}

#[test]
fn a_row_is_proved_without_the_record_and_a_changed_proof_is_refused() {
    let mut kept = Kept::new();
    acted(&kept.store, 1_300);
    let reader = kept.store.reader(&Scope::all()).unwrap();
    assert!(prove(&reader, 5).unwrap_err().to_string().contains("No signed head"), "there is no head yet");
    kept.keeper.head().unwrap();
    let reader = kept.store.reader(&Scope::all()).unwrap();
    for seq in [1, 7, 1_024, 1_025, 1_300] {
        let proof = prove(&reader, seq).unwrap().text();
        assert_eq!(check_proof(&proof).unwrap().size, 1_300, "{seq}");
        let other = proof.replace("a.okafor", "b.okafor");
        assert!(check_proof(&other).is_err(), "{seq}");
        assert!(check_proof(&proof.replace(r#"\"patient\""#, r#"\"patience\""#)).is_err(), "{seq}");
    }
    assert!(prove(&reader, 1_301).is_err());
    assert!(check_proof("{}").is_err());
    assert!(check_proof("no proof").is_err());
}

/// Statements as someone sends them who owns the database.
fn sql(home: &Home, statements: &str) {
    match home.database() {
        Some(database) => drop(database.sql(statements).unwrap()),
        None => {
            let file = home.folder().join("record.db");
            rusqlite::Connection::open(file).unwrap().execute_batch(statements).unwrap();
        }
    }
}

/// The same for the same attempt, and otherwise any.
fn chance(attempt: u64, n: u8) -> u64 {
    let hash = crate::tree::leaf(&[&attempt.to_be_bytes()[..], &[n]].concat());
    u64::from_be_bytes(hash[..8].try_into().unwrap())
}

/// S-32. `CARESPINE_TAMPER_TRIES` tries more than the usual number.
#[test]
fn whatever_is_changed_in_the_database_the_last_witnessed_head_shows_it() {
    const ROWS: u64 = 1_100;
    let tries = std::env::var("CARESPINE_TAMPER_TRIES").map_or(60, |text| text.parse().unwrap());
    let mut kept = Kept::new();
    acted(&kept.store, ROWS as usize);
    kept.keeper.head().unwrap();
    kept.keeper.give().unwrap();
    let witnessed = kept.witnessed();
    assert_eq!(checked(&kept.store, &witnessed).findings, Vec::<String>::new());
    let home = &kept._home;
    sql(home, "CREATE TABLE untouched AS SELECT * FROM audit");
    for attempt in 0..tries {
        let [row, other] = [0, 1].map(|n| 1 + chance(attempt, n) % ROWS);
        let change = match attempt % 7 {
            0 => format!("DELETE FROM audit WHERE seq = {row}"),
            1 => format!("UPDATE audit SET who = 'somebody' WHERE seq = {row}"),
            2 => format!("UPDATE audit SET detail = '{{\"patient\":\"other{row}\"}}' WHERE seq = {row}"),
            3 => format!("UPDATE audit SET at = at + 1 WHERE seq = {row}"),
            4 => format!("DELETE FROM audit WHERE seq > {}", row - 1),
            5 => format!(
                "UPDATE audit SET detail = (SELECT u.detail FROM untouched u WHERE u.seq = {row} + {other} - audit.seq)
                 WHERE seq IN ({row}, {other})"
            ),
            // Put in: everything after it is one further.
            _ => format!(
                "DELETE FROM audit WHERE seq >= {row};
                 INSERT INTO audit SELECT seq, at, 'planted', action, txn, detail, hash FROM untouched WHERE seq = {row};
                 INSERT INTO audit SELECT seq + 1, at, who, action, txn, detail, hash FROM untouched WHERE seq >= {row}"
            ),
        };
        if row == other {
            continue;
        }
        // The record's own heads go, too: only the witness is left.
        sql(
            home,
            "CREATE TABLE heads AS SELECT * FROM kept WHERE space = 'audit-head';
                   DELETE FROM kept WHERE space = 'audit-head'",
        );
        sql(home, &change);
        assert!(!checked(&kept.store, &witnessed).findings.is_empty(), "not seen: {change}");
        sql(
            home,
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM untouched;
                   INSERT INTO kept SELECT * FROM heads; DROP TABLE heads",
        );
        assert!(checked(&kept.store, &witnessed).findings.is_empty(), "not put back: {change}");
    }
}

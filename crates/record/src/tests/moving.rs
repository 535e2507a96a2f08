//! Moving a record between engines, there and back.

use super::{ANN, ANN_AGAIN, BOB, prepared, weight};
use crate::{Author, Found, Kind, Moving, Options, Place, Scope, Store, move_record, verify};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn options() -> Options {
    Options { readers: 2, durable: false, ..Options::default() }
}

/// A small record with history, claims, facts and a file.
fn filled(folder: &Path) -> Place {
    let place = Place::from(folder);
    let store = Store::open(&place, options()).unwrap();
    for text in [ANN, ANN_AGAIN, BOB, &weight("w", "ann", "70"), &weight("w", "bob", "71")] {
        let resource = prepared(text);
        store.write(Author::system("test"), move |tx| tx.put(resource, None)).unwrap();
    }
    let hash = store.put_blob(b"a letter").unwrap();
    let note = move |tx: &mut crate::Tx<'_>| {
        tx.name_blob(&hash, 8)?;
        tx.claim("bed/7b/4", "ann")?;
        tx.keep("session", "s", b"open", None)?;
        tx.advance("feed", 3)?;
        tx.delete("Patient", "bob", None).map(drop)
    };
    store.write(Author::system("test"), note).unwrap();
    place
}

fn rows(progress: Moving) -> Option<(u64, u64)> {
    match progress {
        Moving::Rows(done, all) => Some((done, all)),
        _ => None,
    }
}

#[test]
fn a_record_is_moved_to_the_other_engine_and_back_and_is_the_same() {
    let folders = tempfile::tempdir().unwrap();
    let first = filled(&folders.path().join("first"));
    let database = testbed::database();
    let second: Place = database.url().parse().unwrap();
    let third = Place::from(&folders.path().join("third"));
    let before = verify(&first, &mut |_, _| {}).unwrap();
    for (from, to) in [(&first, &second), (&second, &third)] {
        let moved = move_record(from, to, &mut |_| {}).unwrap();
        assert_eq!(moved, before);
        assert_eq!(move_record(from, to, &mut |_| {}).unwrap_err().kind, Kind::Conflict, "it is taken");
    }
    for place in [&second, &third] {
        let store = Store::open(place, options()).unwrap();
        let reader = store.reader(&Scope::all()).unwrap();
        let Found::Here(weight) = reader.read("Observation", "w").unwrap() else { panic!("it is there") };
        assert!(weight.version == 2 && weight.text.contains("71"));
        assert_eq!(reader.cursor("feed").unwrap(), 3);
        assert_eq!(reader.kept("session", "s").unwrap(), Some(b"open".to_vec()));
        assert!(reader.kept_all("move", "").unwrap().is_empty());
        let blob = before.blobs;
        assert_eq!(blob, 1);
        let holder = store.write(Author::system("test"), |tx| tx.holder("bed/7b/4")).unwrap();
        assert_eq!(holder.as_deref(), Some("ann"));
        let ann = prepared(ANN);
        assert_eq!(store.write(Author::system("test"), move |tx| tx.put(ann, None)).unwrap().version, 3);
        drop(reader);
        assert_eq!(verify(place, &mut |_, _| {}).unwrap().findings, []);
    }
}

#[test]
fn a_move_that_was_interrupted_is_no_record_and_goes_on_where_it_was() {
    let folders = tempfile::tempdir().unwrap();
    let from = filled(&folders.path().join("from"));
    let database = testbed::database();
    let to: Place = database.url().parse().unwrap();
    let mut done_before = 0;
    let stopped = catch_unwind(AssertUnwindSafe(|| {
        move_record(&from, &to, &mut |progress| {
            let (done, all) = rows(progress).unwrap();
            done_before = done;
            assert!(done < all / 2, "stop here");
        })
    }));
    assert!(stopped.is_err() && done_before > 0);
    assert!(Store::open(&to, options()).is_err(), "half a record is no record");
    let mut first = None;
    let moved = move_record(&from, &to, &mut |progress| first = first.or(rows(progress))).unwrap();
    assert!(first.unwrap().0 > done_before);
    assert_eq!(moved, verify(&from, &mut |_, _| {}).unwrap());
}

#[test]
fn a_record_that_is_written_to_while_it_is_moved_is_not_finished() {
    let folders = tempfile::tempdir().unwrap();
    let from = filled(&folders.path().join("from"));
    let to = Place::from(&folders.path().join("to"));
    let store = Store::open(&from, options()).unwrap();
    let mut write = Some(prepared(ANN));
    let refusal = move_record(&from, &to, &mut |_| {
        if let Some(ann) = write.take() {
            store.write(Author::system("test"), move |tx| tx.put(ann, None)).unwrap();
        }
    });
    assert!(refusal.unwrap_err().to_string().contains("Stop its servers"));
    assert!(Store::open(&to, options()).is_err());
}

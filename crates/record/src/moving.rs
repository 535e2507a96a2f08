//! Moving a record from one engine to the other: table by table in the order of its key, part by part, each part
//! committed. A move that was interrupted goes on where it was. What is moved is a record only when all of it is
//! there and both sides verify.

use crate::blob::Blobs;
use crate::engine::{self, Bulk, Conn, Owned, Place, Value};
use crate::{BlobHash, Kind, Refusal, Report, fault, verify};

/// Rows moved in one commit.
const PART: i64 = if cfg!(test) { 7 } else { 5_000 };

/// A table that is moved.
struct Table {
    /// How its rows are written; they are read with the same columns.
    bulk: &'static Bulk,
    /// How many rows it has.
    count: &'static str,
    /// Rows after a key; the last value is how many.
    after: &'static str,
    /// The last key that is there.
    last: &'static str,
    /// Which columns the key is, among those of the bulk.
    key: &'static [usize],
    /// A key that is before all others.
    first: &'static [First],
}

#[derive(Clone, Copy)]
enum First {
    Int,
    Text,
    Bytes,
}

/// A table whose key is one column, which is its first.
macro_rules! by_first_column {
    ($bulk:ident, $table:literal, $key:literal, $rest:literal, $first:ident) => {
        Table {
            bulk: &engine::$bulk,
            count: concat!("SELECT count(*) FROM ", $table),
            after: concat!(
                "SELECT ",
                $key,
                ", ",
                $rest,
                " FROM ",
                $table,
                " WHERE ",
                $key,
                " > ?1 ORDER BY ",
                $key,
                " LIMIT ?2"
            ),
            last: concat!("SELECT ", $key, " FROM ", $table, " ORDER BY ", $key, " DESC LIMIT 1"),
            key: &[0],
            first: &[First::$first],
        }
    };
}

const TABLES: &[Table] = &[
    by_first_column!(TYPES, "type", "number", "name", Int),
    by_first_column!(PARAMS, "param", "number", "base, code", Int),
    by_first_column!(SYSTEMS, "system", "number", "uri", Int),
    by_first_column!(SEVERAL, "several", "number", "patients", Int),
    by_first_column!(CLASSES, "class", "number", "marks", Int),
    by_first_column!(DICTIONARIES, "dictionary", "number", "bytes", Int),
    by_first_column!(TXNS, "txn", "number", "at, who, behalf, purpose, command, request, last, hash", Int),
    by_first_column!(VERSIONS, "version", "vid", "type, res, ver, txn, at, prev, splice, pack, body", Int),
    by_first_column!(HEADS, "head", "res", "type, id, ver, vid, txn, live, patient, class, moved, rec", Int),
    by_first_column!(AUDITS, "audit", "seq", "at, who, action, txn, detail, hash", Int),
    by_first_column!(CLAIMS, "claim", "key", "holder, txn", Text),
    by_first_column!(CURSORS, "cursor", "name", "txn", Text),
    by_first_column!(BLOBS, "blob", "hash", "size, txn", Bytes),
    Table {
        bulk: &engine::INDEX,
        count: "SELECT count(*) FROM idx",
        after: "SELECT param, value, patient, res, class FROM idx
                WHERE (param, value, patient, res) > (?1, ?2, ?3, ?4)
                ORDER BY param, value, patient, res LIMIT ?5",
        last: "SELECT param, value, patient, res FROM idx
               ORDER BY param DESC, value DESC, patient DESC, res DESC LIMIT 1",
        key: &[0, 1, 2, 3],
        first: &[First::Int, First::Bytes, First::Int, First::Int],
    },
    Table {
        bulk: &engine::INDEX_PAST,
        count: "SELECT count(*) FROM idx_past",
        after: "SELECT param, value, patient, res, to_txn FROM idx_past
                WHERE (param, value, patient, res, to_txn) > (?1, ?2, ?3, ?4, ?5)
                ORDER BY param, value, patient, res, to_txn LIMIT ?6",
        last: "SELECT param, value, patient, res, to_txn FROM idx_past
               ORDER BY param DESC, value DESC, patient DESC, res DESC, to_txn DESC LIMIT 1",
        key: &[0, 1, 2, 3, 4],
        first: &[First::Int, First::Bytes, First::Int, First::Int, First::Int],
    },
    Table {
        bulk: &engine::MARKS,
        count: "SELECT count(*) FROM mark",
        after: "SELECT res, whole, marks FROM mark WHERE (res, whole) > (?1, ?2) ORDER BY res, whole LIMIT ?3",
        last: "SELECT res, whole FROM mark ORDER BY res DESC, whole DESC LIMIT 1",
        key: &[0, 1],
        first: &[First::Int, First::Int],
    },
    // The last, since it holds the end of the source that the move began with.
    Table {
        bulk: &engine::KEPT,
        count: "SELECT count(*) FROM kept",
        after: "SELECT space, key, value, until FROM kept
                WHERE (space, key) > (?1, ?2) AND space <> 'move' ORDER BY space, key LIMIT ?3",
        last: "SELECT space, key FROM kept WHERE space <> 'move' ORDER BY space DESC, key DESC LIMIT 1",
        key: &[0, 1],
        first: &[First::Text, First::Text],
    },
];

/// How far a move has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// Rows moved, and rows in all.
    Rows(u64, u64),
    /// Steps of checking the source, and in all.
    CheckingSource(u64, u64),
    /// Steps of checking what was moved, and in all.
    CheckingTarget(u64, u64),
}

/// Moves the record at one place to another that is new, or into which it was being moved when that was
/// interrupted. Nothing may write to the record meanwhile: that is found out and refused. The source stays as it
/// is. What was checked of the target.
pub fn move_record(from: &Place, to: &Place, progress: &mut dyn FnMut(Moving)) -> Result<Report, Refusal> {
    let trouble = |place: &Place, e: engine::Error| {
        tracing::error!(error = %e, "a move cannot go on");
        Refusal::new(Kind::Conflict, format!("{place} cannot be used for this: {e}."))
    };
    if let Place::Folder(folder) = to {
        std::fs::create_dir_all(folder).map_err(|e| fault("make the folder to move to", e))?;
    }
    let source = from.open_whole().map_err(|e| trouble(from, e))?;
    let target = to.open_target().map_err(|e| trouble(to, e))?;
    let end = end_of(&source).map_err(|e| trouble(from, e))?;
    begin(&target, &end).map_err(|e| trouble(to, e))??;
    copy(&source, &target, progress).map_err(|e| trouble(to, e))?;
    copy_files(&source, from, to)?;
    let now = from.open_whole().and_then(|conn| end_of(&conn)).map_err(|e| trouble(from, e))?;
    if now != end {
        return Err(moved_on());
    }
    let before = verify(from, &mut |done, all| progress(Moving::CheckingSource(done, all)))?;
    let after = verify(to, &mut |done, all| progress(Moving::CheckingTarget(done, all)))?;
    if before != after || !after.findings.is_empty() {
        let text = format!(
            "{from} and {to} are not the same: {before:?} against {after:?}. Empty it and move again."
        );
        return Err(Refusal::new(Kind::Conflict, text));
    }
    let finish = || {
        target.execute("DELETE FROM kept WHERE space = 'move'", &[])?;
        target.finish_tables()
    };
    finish().map_err(|e| trouble(to, e))?;
    Ok(after)
}

fn moved_on() -> Refusal {
    Refusal::new(
        Kind::Conflict,
        "The record was written to while it was being moved. Stop its servers, empty the target, and move again.",
    )
}

/// The end of a record's log and of its audit trail, as text.
fn end_of(conn: &Conn) -> engine::Result<String> {
    let last = |sql| Ok::<_, engine::Error>(conn.first(sql, &[], |r| r.get::<i64>(0))?.unwrap_or(0));
    let txn = last("SELECT number FROM txn ORDER BY number DESC LIMIT 1")?;
    let audit = last("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1")?;
    Ok(format!("{txn} {audit}"))
}

/// Notes in the target what is moved into it, or finds the note of an interrupted move: it must be of the same end.
fn begin(target: &Conn, end: &str) -> engine::Result<Result<(), Refusal>> {
    let read = "SELECT value FROM kept WHERE space = 'move' AND key = 'end'";
    match target.first(read, &[], |r| r.get::<Vec<u8>>(0))? {
        Some(before) if before == end.as_bytes() => {}
        Some(_) => return Ok(Err(moved_on())),
        None => {
            let note = ["move".into(), "end".into(), end.as_bytes().into(), Value::Null];
            target.bulk(&engine::KEPT, &note)?;
        }
    }
    Ok(Ok(()))
}

fn copy(source: &Conn, target: &Conn, progress: &mut dyn FnMut(Moving)) -> engine::Result<()> {
    let count = |conn: &Conn, table: &Table| conn.one(table.count, &[], |r| r.get::<i64>(0));
    let (mut all, mut done) = (0, 0);
    for table in TABLES {
        all += count(source, table)? as u64;
        done += count(target, table)? as u64;
    }
    for table in TABLES {
        let mut last = target
            .first(table.last, &[], |r| columns(r, table.key.len()))?
            .unwrap_or_else(|| table.first.iter().map(|first| first.value()).collect());
        loop {
            let mut values: Vec<Value<'_>> = last.iter().map(Value::from).collect();
            values.push(PART.into());
            let width = table.bulk.columns.len();
            let rows = source.all(table.after, &values, |r| columns(r, width))?;
            let Some(end) = rows.last() else { break };
            let next = table.key.iter().map(|at| end[*at].clone()).collect();
            let values: Vec<Value<'_>> = rows.iter().flatten().map(Value::from).collect();
            target.batch("BEGIN")?;
            target.bulk(table.bulk, &values)?;
            target.batch("COMMIT")?;
            done += rows.len() as u64;
            progress(Moving::Rows(done, all));
            last = next;
        }
    }
    Ok(())
}

fn columns(row: &engine::Row<'_>, count: usize) -> engine::Result<Vec<Owned>> {
    (0..count).map(|at| row.get(at)).collect()
}

impl First {
    fn value(self) -> Owned {
        match self {
            First::Int => Owned::Int(-1),
            First::Text => Owned::Text(String::new()),
            First::Bytes => Owned::Bytes(Vec::new()),
        }
    }
}

fn copy_files(source: &Conn, from: &Place, to: &Place) -> Result<(), Refusal> {
    let (from, to) = (Blobs::open(from)?, Blobs::open(to)?);
    let hashes = source.all("SELECT hash FROM blob", &[], |r| r.get::<[u8; 32]>(0));
    for hash in hashes.map_err(|e| fault("list files", e))? {
        to.put(&from.get(&BlobHash(hash))?)?;
    }
    Ok(())
}

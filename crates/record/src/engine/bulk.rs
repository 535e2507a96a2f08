//! Writing many rows at once: on SQLite one prepared statement, row by row, since a call there costs next to
//! nothing; on PostgreSQL one statement over arrays, or `COPY` in its binary form where the rows are many.
//!
//! Rows that are there are found from the arrays, one by one through their key, and changed at the place where they
//! lie. Said as a plain join, a statement that was planned while the table was small goes through all of it when it
//! is large.

use postgres::types::Type;

/// How rows of a table are written.
pub(crate) struct Bulk {
    /// Types of the columns, in the order of the values.
    pub columns: &'static [Type],
    /// For one row, on SQLite.
    pub row: &'static str,
    /// For many, on PostgreSQL: takes an array for each column.
    pub rows: &'static str,
    /// For very many, all of them new, on PostgreSQL.
    pub copy: Option<&'static str>,
}

const INT2: Type = Type::INT2;
const INT4: Type = Type::INT4;
const INT8: Type = Type::INT8;
const TEXT: Type = Type::TEXT;
const BYTEA: Type = Type::BYTEA;

/// Commits.
pub(crate) const TXNS: Bulk = Bulk {
    columns: &[INT8, INT8, TEXT, TEXT, TEXT, TEXT, TEXT, INT8, BYTEA],
    row: "INSERT INTO txn (number, at, who, behalf, purpose, command, request, last, hash)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    rows: "INSERT INTO txn (number, at, who, behalf, purpose, command, request, last, hash)
           SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                $8::int8[], $9::bytea[])",
    copy: Some("COPY txn (number, at, who, behalf, purpose, command, request, last, hash) FROM STDIN BINARY"),
};

/// Versions.
pub(crate) const VERSIONS: Bulk = Bulk {
    columns: &[INT8, INT2, INT8, INT4, INT8, INT8, INT8, INT4, INT2, BYTEA],
    row: "INSERT INTO version (vid, type, res, ver, txn, at, prev, splice, pack, body)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    rows: "INSERT INTO version (vid, type, res, ver, txn, at, prev, splice, pack, body)
           SELECT * FROM unnest($1::int8[], $2::int2[], $3::int8[], $4::int4[], $5::int8[], $6::int8[], $7::int8[],
                                $8::int4[], $9::int2[], $10::bytea[])",
    copy: Some("COPY version (vid, type, res, ver, txn, at, prev, splice, pack, body) FROM STDIN BINARY"),
};

/// Heads of resources that had none.
pub(crate) const HEADS: Bulk = Bulk {
    columns: &[INT8, INT2, BYTEA, INT4, INT8, INT8, INT2, INT8, INT2, INT8, BYTEA],
    row: "INSERT INTO head (res, type, id, ver, vid, txn, live, patient, class, moved, rec)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    rows: "INSERT INTO head (res, type, id, ver, vid, txn, live, patient, class, moved, rec)
           SELECT * FROM unnest($1::int8[], $2::int2[], $3::bytea[], $4::int4[], $5::int8[], $6::int8[], $7::int2[],
                                $8::int8[], $9::int2[], $10::int8[], $11::bytea[])",
    copy: Some("COPY head (res, type, id, ver, vid, txn, live, patient, class, moved, rec) FROM STDIN BINARY"),
};

/// Heads of resources that had one.
pub(crate) const NEXT_HEADS: Bulk = Bulk {
    columns: &[INT8, INT4, INT8, INT8, INT2, INT8, INT2, INT8, BYTEA],
    row: "UPDATE head SET ver = ?2, vid = ?3, txn = ?4, live = ?5, patient = ?6, class = ?7, moved = ?8, rec = ?9
          WHERE res = ?1",
    rows: "UPDATE head SET ver = n.ver, vid = n.vid, txn = n.txn, live = n.live, patient = n.patient,
                  class = n.class, moved = n.moved, rec = n.rec
           FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int8[], $5::int2[], $6::int8[], $7::int2[],
                       $8::int8[], $9::bytea[]) AS n (res, ver, vid, txn, live, patient, class, moved, rec)
           CROSS JOIN LATERAL (SELECT ctid AS place FROM head WHERE res = n.res OFFSET 0) AS h
           WHERE head.ctid = h.place",
    copy: None,
};

/// Rows of the index.
pub(crate) const INDEX: Bulk = Bulk {
    columns: &[INT2, BYTEA, INT8, INT8, INT2],
    row: "INSERT INTO idx (param, value, patient, res, class) VALUES (?1, ?2, ?3, ?4, ?5)",
    rows: "INSERT INTO idx (param, value, patient, res, class)
           SELECT * FROM unnest($1::int2[], $2::bytea[], $3::int8[], $4::int8[], $5::int2[])",
    copy: Some("COPY idx (param, value, patient, res, class) FROM STDIN BINARY"),
};

/// Rows of the index that hold no more.
pub(crate) const INDEX_GONE: Bulk = Bulk {
    columns: &[INT2, BYTEA, INT8, INT8],
    row: "DELETE FROM idx WHERE param = ?1 AND value = ?2 AND patient = ?3 AND res = ?4",
    rows: "DELETE FROM idx
           USING unnest($1::int2[], $2::bytea[], $3::int8[], $4::int8[]) AS g (param, value, patient, res)
           CROSS JOIN LATERAL (
             SELECT ctid AS place FROM idx
             WHERE param = g.param AND value = g.value AND patient = g.patient AND res = g.res OFFSET 0) AS i
           WHERE idx.ctid = i.place",
    copy: None,
};

/// The same as rows of the past. One that came and went twice in a commit is there once.
pub(crate) const INDEX_PAST: Bulk = Bulk {
    columns: &[INT2, BYTEA, INT8, INT8, INT8],
    row: "INSERT INTO idx_past (param, value, patient, res, to_txn) VALUES (?1, ?2, ?3, ?4, ?5)
          ON CONFLICT DO NOTHING",
    rows: "INSERT INTO idx_past (param, value, patient, res, to_txn)
           SELECT * FROM unnest($1::int2[], $2::bytea[], $3::int8[], $4::int8[], $5::int8[])
           ON CONFLICT DO NOTHING",
    copy: None,
};

/// Other classes of rows of the index.
pub(crate) const INDEX_CLASS: Bulk = Bulk {
    columns: &[INT2, BYTEA, INT8, INT8, INT2],
    row: "UPDATE idx SET class = ?5 WHERE param = ?1 AND value = ?2 AND patient = ?3 AND res = ?4",
    rows: "UPDATE idx SET class = g.class
           FROM unnest($1::int2[], $2::bytea[], $3::int8[], $4::int8[], $5::int2[]) AS g (param, value, patient, res,
                                                                                             class)
           CROSS JOIN LATERAL (
             SELECT ctid AS place FROM idx
             WHERE param = g.param AND value = g.value AND patient = g.patient AND res = g.res OFFSET 0) AS i
           WHERE idx.ctid = i.place",
    copy: None,
};

/// Other classes of heads.
pub(crate) const HEAD_CLASS: Bulk = Bulk {
    columns: &[INT8, INT2],
    row: "UPDATE head SET class = ?2 WHERE res = ?1",
    rows: "UPDATE head SET class = n.class FROM unnest($1::int8[], $2::int2[]) AS n (res, class)
           CROSS JOIN LATERAL (SELECT ctid AS place FROM head WHERE res = n.res OFFSET 0) AS h
           WHERE head.ctid = h.place",
    copy: None,
};

/// Marks that are laid, in the place of what was there.
pub(crate) const MARKS: Bulk = Bulk {
    columns: &[INT8, INT8, TEXT],
    row: "INSERT INTO mark (res, whole, marks) VALUES (?1, ?2, ?3)
          ON CONFLICT (res, whole) DO UPDATE SET marks = excluded.marks",
    rows: "INSERT INTO mark (res, whole, marks) SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[])
           ON CONFLICT (res, whole) DO UPDATE SET marks = excluded.marks",
    copy: None,
};

/// Marks that are lifted.
pub(crate) const MARKS_GONE: Bulk = Bulk {
    columns: &[INT8, INT8],
    row: "DELETE FROM mark WHERE res = ?1 AND whole = ?2",
    rows: "DELETE FROM mark USING unnest($1::int8[], $2::int8[]) AS g (res, whole)
           CROSS JOIN LATERAL (
             SELECT ctid AS place FROM mark WHERE res = g.res AND whole = g.whole OFFSET 0) AS m
           WHERE mark.ctid = m.place",
    copy: None,
};

/// Access classes.
pub(crate) const CLASSES: Bulk = Bulk {
    columns: &[INT8, TEXT],
    row: "INSERT INTO class (number, marks) VALUES (?1, ?2)",
    rows: "INSERT INTO class (number, marks) SELECT * FROM unnest($1::int8[], $2::text[])",
    copy: None,
};

/// The audit trail.
pub(crate) const AUDITS: Bulk = Bulk {
    columns: &[INT8, INT8, TEXT, TEXT, INT8, TEXT, BYTEA],
    row: "INSERT INTO audit (seq, at, who, action, txn, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    rows: "INSERT INTO audit (seq, at, who, action, txn, detail, hash)
           SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::int8[], $6::text[], $7::bytea[])",
    copy: Some("COPY audit (seq, at, who, action, txn, detail, hash) FROM STDIN BINARY"),
};

/// Small facts, in the place of what was there.
pub(crate) const KEPT: Bulk = Bulk {
    columns: &[TEXT, TEXT, BYTEA, INT8],
    row: "INSERT INTO kept (space, key, value, until) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, until = excluded.until",
    rows: "INSERT INTO kept (space, key, value, until)
           SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int8[])
           ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, until = excluded.until",
    copy: None,
};

/// Small facts that are dropped.
pub(crate) const KEPT_GONE: Bulk = Bulk {
    columns: &[TEXT, TEXT],
    row: "DELETE FROM kept WHERE space = ?1 AND key = ?2",
    rows: "DELETE FROM kept USING unnest($1::text[], $2::text[]) AS g (space, key)
           CROSS JOIN LATERAL (
             SELECT ctid AS place FROM kept WHERE space = g.space AND key = g.key OFFSET 0) AS k
           WHERE kept.ctid = k.place",
    copy: None,
};

/// Claims that are taken.
pub(crate) const CLAIMS: Bulk = Bulk {
    columns: &[TEXT, TEXT, INT8],
    row: "INSERT INTO claim (key, holder, txn) VALUES (?1, ?2, ?3)",
    rows: "INSERT INTO claim (key, holder, txn) SELECT * FROM unnest($1::text[], $2::text[], $3::int8[])",
    copy: None,
};

/// Claims that are given back.
pub(crate) const CLAIMS_GONE: Bulk = Bulk {
    columns: &[TEXT],
    row: "DELETE FROM claim WHERE key = ?1",
    rows: "DELETE FROM claim USING unnest($1::text[]) AS g (key)
           CROSS JOIN LATERAL (SELECT ctid AS place FROM claim WHERE key = g.key OFFSET 0) AS c
           WHERE claim.ctid = c.place",
    copy: None,
};

/// Cursors that move.
pub(crate) const CURSORS: Bulk = Bulk {
    columns: &[TEXT, INT8],
    row: "INSERT INTO cursor (name, txn) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET txn = excluded.txn",
    rows: "INSERT INTO cursor (name, txn) SELECT * FROM unnest($1::text[], $2::int8[])
           ON CONFLICT (name) DO UPDATE SET txn = excluded.txn",
    copy: None,
};

/// Resource types.
pub(crate) const TYPES: Bulk = Bulk {
    columns: &[INT8, TEXT],
    row: "INSERT INTO type (number, name) VALUES (?1, ?2)",
    rows: "INSERT INTO type (number, name) SELECT * FROM unnest($1::int8[], $2::text[])",
    copy: None,
};

/// Search parameters.
pub(crate) const PARAMS: Bulk = Bulk {
    columns: &[INT8, TEXT, TEXT],
    row: "INSERT INTO param (number, base, code) VALUES (?1, ?2, ?3)",
    rows: "INSERT INTO param (number, base, code) SELECT * FROM unnest($1::int8[], $2::text[], $3::text[])",
    copy: None,
};

/// Code systems.
pub(crate) const SYSTEMS: Bulk = Bulk {
    columns: &[INT8, TEXT],
    row: "INSERT INTO system (number, uri) VALUES (?1, ?2)",
    rows: "INSERT INTO system (number, uri) SELECT * FROM unnest($1::int8[], $2::text[])",
    copy: None,
};

/// Sets of patients.
pub(crate) const SEVERAL: Bulk = Bulk {
    columns: &[INT8, TEXT],
    row: "INSERT INTO several (number, patients) VALUES (?1, ?2)",
    rows: "INSERT INTO several (number, patients) SELECT * FROM unnest($1::int8[], $2::text[])",
    copy: None,
};

/// Compression dictionaries.
pub(crate) const DICTIONARIES: Bulk = Bulk {
    columns: &[INT8, BYTEA],
    row: "INSERT INTO dictionary (number, bytes) VALUES (?1, ?2)",
    rows: "INSERT INTO dictionary (number, bytes) SELECT * FROM unnest($1::int8[], $2::bytea[])",
    copy: None,
};

/// Words, and the versions that have them.
pub(crate) const WORDS: Bulk = Bulk {
    columns: &[BYTEA, INT8, BYTEA],
    row: "INSERT INTO word (word, last, vids) VALUES (?1, ?2, ?3)",
    rows: "INSERT INTO word (word, last, vids) SELECT * FROM unnest($1::bytea[], $2::int8[], $3::bytea[])",
    copy: Some("COPY word (word, last, vids) FROM STDIN BINARY"),
};

/// Whom rows of the audit trail are about.
pub(crate) const TRAIL: Bulk = Bulk {
    columns: &[TEXT, INT8, BYTEA],
    row: "INSERT INTO trail (about, last, seqs) VALUES (?1, ?2, ?3)",
    rows: "INSERT INTO trail (about, last, seqs) SELECT * FROM unnest($1::text[], $2::int8[], $3::bytea[])",
    copy: Some("COPY trail (about, last, seqs) FROM STDIN BINARY"),
};

/// Names of files.
pub(crate) const BLOBS: Bulk = Bulk {
    columns: &[BYTEA, INT8, INT8],
    row: "INSERT INTO blob (hash, size, txn) VALUES (?1, ?2, ?3)",
    rows: "INSERT INTO blob (hash, size, txn) SELECT * FROM unnest($1::bytea[], $2::int8[], $3::int8[])",
    copy: None,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Desk, place};

    #[test]
    fn rows_that_are_there_are_found_through_their_keys_also_when_planned_while_there_are_none() {
        let desk = Desk::new();
        let conn = place(&desk.home).open_writer(false).unwrap();
        for bulk in
            [&NEXT_HEADS, &HEAD_CLASS, &INDEX_CLASS, &INDEX_GONE, &KEPT_GONE, &CLAIMS_GONE, &MARKS_GONE]
        {
            let plan = conn.plan(if conn.is_far() { bulk.rows } else { bulk.row }).unwrap();
            assert!(!plan.is_empty() && plan.iter().all(|step| step.seeks), "{plan:?}");
        }
    }
}

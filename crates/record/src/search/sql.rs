//! All SQL of search. Each statement is a constant, every value in it is bound, and every relation it names
//! is guarded: the caller's scope stands inside the view (see `sqlite/guard.rs` and
//! `postgres/guard.rs`).

use crate::engine::{Conn, Result, Row, Value};

/// A statement on guarded relations.
pub(super) struct Statement(&'static str);

impl Statement {
    /// All rows of the answer.
    pub fn all<T>(
        &self,
        conn: &Conn,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        debug_assert!(verified(self.0), "a relation without a guard: {}", self.0);
        conn.all(self.0, values, read)
    }

    /// The first row of the answer, if there is one.
    pub fn first<T>(
        &self,
        conn: &Conn,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        debug_assert!(verified(self.0), "a relation without a guard: {}", self.0);
        conn.first(self.0, values, read)
    }
}

/// The relations that search may name.
const GUARDED: [&str; 6] =
    ["guarded_idx", "guarded_past", "guarded_head", "guarded_version", "guarded_name", "guarded_word"];

/// What may stand after a relation, so that no second one can follow it unseen.
const AFTER: [&str; 3] = ["WHERE", "JOIN", "ON"];

/// True when the text reads, and reads guarded relations only.
fn verified(sql: &str) -> bool {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let mut named =
        (0..words.len()).filter(|i| matches!(words[*i], "FROM" | "JOIN")).map(|i| i + 1).peekable();
    let reads = words.first() == Some(&"SELECT") && !sql.contains(';') && named.peek().is_some();
    reads
        && named.all(|i| {
            words.get(i).is_some_and(|relation| GUARDED.contains(relation))
                && words.get(i + 1).is_some_and(|next| AFTER.contains(next))
        })
}

/// Resources by one value, of one patient.
pub(super) const ONE_OF_PATIENT: Statement =
    Statement("SELECT res FROM guarded_idx WHERE param = ?1 AND value = ?2 AND patient = ?3 LIMIT ?4");
/// The same among superseded rows.
pub(super) const PAST_ONE_OF_PATIENT: Statement = Statement(
    "SELECT res FROM guarded_past WHERE param = ?1 AND value = ?2 AND patient = ?3 AND to_txn > ?5 LIMIT ?4",
);
/// Resources by a range of values.
pub(super) const RANGE: Statement =
    Statement("SELECT res FROM guarded_idx WHERE param = ?1 AND value >= ?2 AND value < ?3 LIMIT ?4");
/// The same among superseded rows.
pub(super) const PAST_RANGE: Statement = Statement(
    "SELECT res FROM guarded_past WHERE param = ?1 AND value >= ?2 AND value < ?3 AND to_txn > ?5 LIMIT ?4",
);
/// The first value in a range.
pub(super) const FIRST_VALUE: Statement = Statement(
    "SELECT value FROM guarded_idx WHERE param = ?1 AND value >= ?2 AND value < ?3 ORDER BY value LIMIT 1",
);
/// The same among superseded rows.
pub(super) const PAST_FIRST_VALUE: Statement = Statement(
    "SELECT value FROM guarded_past WHERE param = ?1 AND value >= ?2 AND value < ?3 AND to_txn > ?4
     ORDER BY value LIMIT 1",
);

/// Rows of a range after a row, in order.
pub(super) const ROWS_UP: Statement = Statement(
    "SELECT value, patient, res FROM guarded_idx
     WHERE param = ?1 AND value < ?2 AND (value, patient, res) > (?3, ?4, ?5)
     ORDER BY value, patient, res LIMIT ?6",
);
/// The same among superseded rows.
pub(super) const PAST_ROWS_UP: Statement = Statement(
    "SELECT value, patient, res FROM guarded_past
     WHERE param = ?1 AND value < ?2 AND (value, patient, res) > (?3, ?4, ?5) AND to_txn > ?7
     ORDER BY value, patient, res LIMIT ?6",
);
/// Rows of a range before a row, in falling order.
pub(super) const ROWS_DOWN: Statement = Statement(
    "SELECT value, patient, res FROM guarded_idx
     WHERE param = ?1 AND value >= ?2 AND (value, patient, res) < (?3, ?4, ?5)
     ORDER BY value DESC, patient DESC, res DESC LIMIT ?6",
);
/// The same among superseded rows.
pub(super) const PAST_ROWS_DOWN: Statement = Statement(
    "SELECT value, patient, res FROM guarded_past
     WHERE param = ?1 AND value >= ?2 AND (value, patient, res) < (?3, ?4, ?5) AND to_txn > ?7
     ORDER BY value DESC, patient DESC, res DESC LIMIT ?6",
);

/// Live resources of a type after one, in order.
pub(super) const LISTING: Statement =
    Statement("SELECT res FROM guarded_head WHERE type = ?1 AND live = 1 AND res > ?2 ORDER BY res LIMIT ?3");
/// The head of a resource.
pub(super) const HEAD: Statement =
    Statement("SELECT type, vid, txn, live, patient, rec, id FROM guarded_head WHERE res = ?1");
/// The heads of many resources, where asking costs a round trip.
pub(super) const HEADS: Statement =
    Statement("SELECT type, vid, txn, live, patient, rec, id, res FROM guarded_head WHERE res = ANY (?1)");
/// The number of an id.
pub(super) const NAME: Statement = Statement("SELECT res FROM guarded_name WHERE type = ?1 AND id = ?2");

/// Versions that have a word.
pub(super) const WORD: Statement = Statement("SELECT vids FROM guarded_word WHERE word = ?1");
/// Versions that have a word in a range.
pub(super) const WORDS: Statement = Statement("SELECT vids FROM guarded_word WHERE word >= ?1 AND word < ?2");
/// How far words are taken in.
pub(super) const WORDS_LAST: Statement =
    Statement("SELECT last FROM guarded_word WHERE word = ?1 ORDER BY last DESC LIMIT 1");
/// The resource of a version.
pub(super) const RESOURCE_OF: Statement = Statement("SELECT res FROM guarded_version WHERE vid = ?1");
/// The resources of many versions, where asking costs a round trip.
pub(super) const RESOURCES_OF: Statement = Statement("SELECT res FROM guarded_version WHERE vid = ANY (?1)");
/// The resources of versions after one.
pub(super) const RESOURCES_AFTER: Statement =
    Statement("SELECT res FROM guarded_version WHERE vid > ?1 ORDER BY vid LIMIT ?2");

/// A version.
pub(super) const VERSION: Statement =
    Statement("SELECT prev, txn, pack, body FROM guarded_version WHERE vid = ?1");
/// When a version was committed.
pub(super) const INSTANT: Statement = Statement("SELECT at FROM guarded_version WHERE vid = ?1");
/// Versions of a type before one, newest first.
pub(super) const LOG_DOWN: Statement = Statement(
    "SELECT vid, res, at, txn FROM guarded_version WHERE type = ?1 AND vid < ?2 ORDER BY vid DESC LIMIT ?3",
);
/// Versions of a type after one, oldest first.
pub(super) const LOG_UP: Statement = Statement(
    "SELECT vid, res, at, txn FROM guarded_version WHERE type = ?1 AND vid > ?2 ORDER BY vid LIMIT ?3",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;
    use std::sync::Arc;

    const ALL: [Statement; 22] = [
        WORD,
        WORDS,
        WORDS_LAST,
        RESOURCE_OF,
        RESOURCES_AFTER,
        ONE_OF_PATIENT,
        PAST_ONE_OF_PATIENT,
        RANGE,
        PAST_RANGE,
        FIRST_VALUE,
        PAST_FIRST_VALUE,
        ROWS_UP,
        PAST_ROWS_UP,
        ROWS_DOWN,
        PAST_ROWS_DOWN,
        LISTING,
        HEAD,
        NAME,
        VERSION,
        INSTANT,
        LOG_DOWN,
        LOG_UP,
    ];

    #[test]
    fn every_statement_seeks_and_none_sorts() {
        let desk = crate::tests::Desk::new();
        let place = crate::tests::place(&desk.home);
        let names = Arc::new(Names::known(&place.open_whole().unwrap()).unwrap());
        // Not a reader: an explanation is no reading that it may do.
        let mut conn = place.open_writer(false).unwrap();
        conn.guard(&names).unwrap();
        for statement in ALL {
            assert!(verified(statement.0), "{}", statement.0);
            let plan = conn.plan(statement.0).unwrap();
            assert!(!plan.is_empty());
            for step in &plan {
                assert!(step.seeks, "{}: {} in {plan:?}", statement.0, step.text);
            }
        }
    }

    #[test]
    fn only_guarded_relations_pass() {
        assert!(verified("SELECT a, b FROM guarded_idx WHERE (a, b) > (?1, ?2)"));
        assert!(verified("SELECT 1 FROM guarded_idx JOIN guarded_head ON 1"));
        for bad in [
            "SELECT res FROM idx",
            "SELECT res FROM guarded_idx JOIN head ON 1",
            "SELECT res FROM guarded_idx, head",
            "SELECT res FROM guarded_idx , head",
            "SELECT res FROM guarded_idx i, head",
            "SELECT (SELECT 1 FROM main.head) FROM guarded_idx",
            "SELECT res FROM guarded_idx; DELETE FROM guarded_idx",
            "DELETE FROM guarded_idx",
            "SELECT 1",
        ] {
            assert!(!verified(bad), "{bad}");
        }
    }
}

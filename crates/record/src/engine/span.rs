//! How far a statement reaches. Sharded by patient, a store would keep one patient's rows together; this says of
//! every statement whether it would stay there, and fails a test on one that would not and does not say why.

/// How far a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// One patient's rows.
    Patient,
    /// Rows by their own key: one look-up each in a directory of the store.
    Key,
    /// Tables that belong to no patient: the log, the audit trail, names, small facts. One place for a store.
    Store,
    /// Many patients' rows.
    Across(&'static str),
}

/// Tables with rows of patients.
const OF_PATIENTS: &[&str] = &[
    "idx",
    "idx_past",
    "head",
    "version",
    "guarded_idx",
    "guarded_past",
    "guarded_head",
    "guarded_version",
    "guarded_name",
];

/// Conditions that name a row by its own key.
const KEYS: &[&str] = &[
    "res = ?1",
    "vid = ?1",
    "v.vid = h.vid",
    "type = ?1 AND id = ?2",
    "h.type = ?1 AND h.id = ?2",
    "= ANY (?1)",
    "h.res = v.res",
    "res = n.res",
    "INSERT INTO version",
    "INSERT INTO head",
    "INSERT INTO idx",
    "UPDATE head",
    "type = w.type AND id = w.id",
];

/// Statements that reach over patients, by how they begin or what they hold, with the reason.
const ACROSS: &[(&str, &str)] = &[
    ("FROM guarded_idx WHERE param = ?1 AND value", "a search that names no patient"),
    ("FROM guarded_past WHERE param = ?1 AND value", "a search of a past state that names no patient"),
    ("FROM guarded_idx\n     WHERE param = ?1 AND value", "a page along an index"),
    ("FROM guarded_past\n     WHERE param = ?1 AND value", "a page along an index of a past state"),
    ("FROM guarded_head WHERE type = ?1 AND live = 1 AND res > ?2", "all of a type"),
    ("UNION SELECT res FROM idx_past WHERE param = ?1", "what points at a resource whose marks change"),
    ("AND h.res > ?2\n     ORDER BY h.res", "all of a type"),
    ("FROM guarded_version WHERE type = ?1 AND vid", "the history of a type"),
    ("FROM guarded_version WHERE vid > ?1", "versions whose words are not taken in yet"),
    ("FROM guarded_version\n               WHERE type = ?1 AND vid < ?2", "the history of a type"),
    ("FROM guarded_version\n               WHERE vid < ?1", "the history of the store"),
    ("WHERE v.vid > ?1 AND v.vid <= ?2", "what a commit changed, for readers of the log"),
    ("WHERE body IS NOT NULL ORDER BY vid DESC", "samples for a compression dictionary"),
    ("coalesce(max(", "the end of the log, when a store is opened"),
    ("count(*)", "verifying or moving a store"),
    ("WHERE v.vid >= ?1 ORDER BY v.vid", "verifying a store"),
    ("WHERE ver > 0 AND res > ?1 ORDER BY res", "verifying a store"),
    ("ORDER BY vid LIMIT", "moving a store"),
    ("ORDER BY res LIMIT", "moving a store"),
    ("ORDER BY param", "moving a store"),
    ("vid FROM version ORDER BY vid DESC LIMIT 1", "moving a store"),
    ("res FROM head ORDER BY res DESC LIMIT 1", "moving a store"),
];

/// How far a statement reaches; nothing when it reaches over patients and nobody has said why.
pub(crate) fn of(sql: &str) -> Option<Span> {
    let words: Vec<&str> = sql.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')')).collect();
    let named = |pair: &[&str]| {
        matches!(pair[0], "FROM" | "JOIN" | "INTO" | "UPDATE") && OF_PATIENTS.contains(&pair[1])
    };
    if !words.windows(2).any(named) {
        return Some(Span::Store);
    }
    if sql.contains("patient = ?") || sql.contains("patient = g.patient") {
        return Some(Span::Patient);
    }
    if KEYS.iter().any(|key| sql.contains(key)) && !sql.contains("vid > ") {
        return Some(Span::Key);
    }
    ACROSS.iter().find(|(text, _)| sql.contains(text)).map(|(_, why)| Span::Across(why))
}

/// Fails when a statement reaches over patients and nobody has said why. Each text is looked at once. Statements that
/// are tried because they must be refused say so at their end.
pub(crate) fn check(sql: &'static str) {
    static SEEN: std::sync::Mutex<std::collections::BTreeSet<usize>> =
        std::sync::Mutex::new(std::collections::BTreeSet::new());
    if SEEN.lock().is_ok_and(|mut seen| seen.insert(sql.as_ptr() as usize)) {
        let refused = sql.ends_with("-- forbidden");
        assert!(refused || of(sql).is_some(), "this reaches over patients; say why in engine/span.rs: {sql}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_over_patients_that_gives_no_reason_is_told_from_others() {
        assert_eq!(
            of("SELECT res FROM guarded_idx WHERE param = ?1 AND value = ?2 AND patient = ?3"),
            Some(Span::Patient)
        );
        assert_eq!(of("SELECT rec FROM head WHERE res = ?1"), Some(Span::Key));
        assert_eq!(of("SELECT max(number) FROM txn"), Some(Span::Store));
        assert_eq!(
            of("SELECT res FROM guarded_idx WHERE param = ?1 AND value >= ?2"),
            Some(Span::Across("a search that names no patient"))
        );
        assert_eq!(of("SELECT a.res FROM head a JOIN idx b ON b.res = a.res WHERE b.param = ?1"), None);
    }
}

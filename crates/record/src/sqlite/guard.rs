//! The guard: no row is read that the caller's scope does not hold.
//!
//! First line: the only relations that search and read name are the `guarded_*` views, and each holds the
//! check in its own WHERE, so it stands inside every scan, join and subquery. Second: the builder of search
//! SQL (`search/sql.rs`) can name nothing else. Third, here: on reading connections SQLite's authorizer
//! refuses to compile any statement that touches a base table other than through those views.

use crate::lens::Lens;
use crate::names::Names;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, RwLock};

/// What a connection sees now.
#[derive(Clone)]
pub(crate) struct Sight(Arc<RwLock<Lens>>);

impl Sight {
    /// Looks through another lens from now on.
    pub fn set(&self, lens: Lens) {
        *self.0.write().expect("no thread panics with a lens locked") = lens;
    }
}

/// `guarded_name` holds only the store's numbers of ids, also of those that are hidden or not there: a reference
/// to such a one stands in bodies that may be seen, and is compared by number. So does `guarded_word`, under a word
/// that the caller must name; each number is asked of `guarded_version` before it counts for anything.
const VIEWS: &str = "
CREATE TEMP VIEW guarded_idx AS
  SELECT param, value, patient, res, class FROM main.idx WHERE visible_row(param, patient, class);
CREATE TEMP VIEW guarded_past AS
  SELECT p.param, p.value, p.patient, p.res, p.to_txn FROM main.idx_past p CROSS JOIN main.head h ON h.res = p.res
  WHERE visible_row(p.param, p.patient, h.class);
CREATE TEMP VIEW guarded_head AS
  SELECT res, type, id, ver, vid, txn, live, patient, class, rec FROM main.head
  WHERE ver > 0 AND visible(type, patient, class);
CREATE TEMP VIEW guarded_version AS
  SELECT v.vid, v.type, v.res, v.ver, v.txn, v.at, v.prev, v.splice, v.pack, v.body
  FROM main.version v CROSS JOIN main.head h ON h.res = v.res
  WHERE visible(v.type, h.patient, h.class) AND (v.vid >= h.moved OR visible_before_moves());
CREATE TEMP VIEW guarded_word AS SELECT word, last, vids FROM main.word;
CREATE TEMP VIEW guarded_name AS SELECT res, type, id, ver FROM main.head;
";

/// Makes the views and the functions they call. The connection sees everything until told otherwise.
pub(crate) fn install(conn: &Connection, names: &Arc<Names>) -> rusqlite::Result<Sight> {
    let sight = Sight(Arc::new(RwLock::new(Lens::default())));
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    let of_type = AssertUnwindSafe((sight.clone(), names.clone()));
    conn.create_scalar_function("visible", 3, flags, move |args| {
        let (sight, names) = &*of_type;
        let lens = sight.0.read().expect("no thread panics with a lens locked");
        Ok(lens.sees(names, args.get(0)?, args.get(1)?, args.get(2)?))
    })?;
    let of_param = AssertUnwindSafe((sight.clone(), names.clone()));
    conn.create_scalar_function("visible_row", 3, flags, move |args| {
        let (sight, names) = &*of_param;
        let lens = sight.0.read().expect("no thread panics with a lens locked");
        Ok(lens.sees(names, names.param_type(args.get(0)?), args.get(1)?, args.get(2)?))
    })?;
    let of_moves = AssertUnwindSafe(sight.clone());
    conn.create_scalar_function("visible_before_moves", 0, flags, move |_| {
        Ok(of_moves.0.0.read().expect("no thread panics with a lens locked").sees_before_moves())
    })?;
    conn.execute_batch(VIEWS)?;
    Ok(sight)
}

/// Tables that say nothing of any patient; readers may name them.
const OPEN_TABLES: &[&str] = &[
    "txn",
    "kept",
    "audit",
    "trail",
    "claim",
    "cursor",
    "system",
    "several",
    "class",
    "dictionary",
    "sqlite_master",
    "sqlite_temp_master",
];

/// Refuses statements that read a base table other than inside a guarded view, and all that is no reading.
pub(crate) fn forbid_base_tables(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.authorizer(Some(|context: AuthContext<'_>| {
        let allowed = match context.action {
            AuthAction::Select | AuthAction::Function { .. } | AuthAction::Transaction { .. } => true,
            AuthAction::Recursive => true,
            AuthAction::Read { table_name, .. } => {
                let inside = context.accessor.is_some_and(|view| view.starts_with("guarded_"));
                inside || table_name.starts_with("guarded_") || OPEN_TABLES.contains(&table_name)
            }
            _ => false,
        };
        if allowed { Authorization::Allow } else { Authorization::Deny }
    }))
}

//! The guard on PostgreSQL: readers act as a role that may read the `guarded_*` views and the tables that say
//! nothing of any patient, and nothing else; and each view holds the caller's lens in its own WHERE.
//!
//! The lens is in settings of the connection. One that was never set shows nothing. Each setting stands in a
//! subquery of its own, so that it is read once for a statement and not once for a row.

use crate::lens::Lens;
use crate::names::Names;
use std::collections::HashSet;
use std::fmt::Write;

/// The condition that a row is seen: by its type (or that of its parameter), its patient and its class.
macro_rules! seen {
    ($setting:literal, $number:literal, $patient:literal, $class:literal) => {
        concat!(
            "((SELECT current_setting('carespine.lens', true)) = 'all'
              OR get_byte((SELECT decode(current_setting('carespine.",
            $setting,
            "', true), 'hex')), ",
            $number,
            ") > 0 AND (",
            $patient,
            " = 0 OR (SELECT current_setting('carespine.everyone', true)) = 'yes'
              OR get_byte((SELECT decode(current_setting('carespine.",
            $setting,
            "', true), 'hex')), ",
            $number,
            ") = 2 OR ",
            $patient,
            " > 0 AND ",
            $patient,
            " = ANY ((SELECT current_setting('carespine.patients', true)::int8[])::int8[]) OR ",
            $patient,
            " < 0 AND coalesce((SELECT string_to_array(s.patients, ' ')::int8[]
                                       <@ current_setting('carespine.patients', true)::int8[]
                                FROM several s WHERE s.number = -",
            $patient,
            "), false)) AND ((SELECT current_setting('carespine.everyclass', true)) = 'yes' OR ",
            $class,
            " = ANY ((SELECT current_setting('carespine.classes', true)::int8[])::int8[]) OR ",
            $patient,
            " = ANY ((SELECT current_setting('carespine.opened', true)::int8[])::int8[]) AND ",
            $class,
            " = ANY ((SELECT current_setting('carespine.openedclasses', true)::int8[])::int8[])) AND
              ((SELECT current_setting('carespine.barred', true)) = '{}' OR ",
            $patient,
            " = 0 OR ",
            $patient,
            " > 0 AND ",
            $patient,
            " <> ALL ((SELECT current_setting('carespine.barred', true)::int8[])::int8[]) OR ",
            $patient,
            " < 0 AND NOT coalesce((SELECT string_to_array(s.patients, ' ')::int8[]
                                           && current_setting('carespine.barred', true)::int8[]
                                    FROM several s WHERE s.number = -",
            $patient,
            "), true)))"
        )
    };
}

/// The views; see `sqlite/guard.rs`, where they are the same.
pub(super) const VIEWS: &str = concat!(
    "CREATE VIEW guarded_idx AS SELECT param, value, patient, res, class FROM idx WHERE ",
    seen!("params", "param", "patient", "class"),
    ";
    CREATE VIEW guarded_past AS
      SELECT p.param, p.value, p.patient, p.res, p.to_txn FROM idx_past p JOIN head h ON h.res = p.res WHERE ",
    seen!("params", "p.param", "p.patient", "h.class"),
    ";
    CREATE VIEW guarded_head AS
      SELECT res, type, id, ver, vid, txn, live, patient, class, rec FROM head WHERE ver > 0 AND ",
    seen!("types", "type", "patient", "class"),
    ";
    CREATE VIEW guarded_version AS
      SELECT v.vid, v.type, v.res, v.ver, v.txn, v.at, v.prev, v.splice, v.pack, v.body
      FROM version v JOIN head h ON h.res = v.res
      WHERE (v.vid >= h.moved OR (SELECT current_setting('carespine.lens', true)) = 'all'
             OR (SELECT current_setting('carespine.everyone', true)) = 'yes'
                AND (SELECT current_setting('carespine.barred', true)) = '{}') AND ",
    seen!("types", "v.type", "h.patient", "h.class"),
    ";
    CREATE VIEW guarded_word AS SELECT word, last, vids FROM word;
    CREATE VIEW guarded_name AS SELECT res, type, id, ver FROM head;"
);

/// Makes the role that readers act as, where the server does not have it yet, and lets it read what it may.
/// Roles belong to the whole server, so that two stores may make it at once. Whoever may not make roles finds it
/// made, and is a member of it. From version 16 on who makes a role may not yet act as it.
pub(super) const ROLE: &str = "
    DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'carespine_reader') THEN
        CREATE ROLE carespine_reader NOLOGIN;
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    DO $$ BEGIN
      SET LOCAL ROLE carespine_reader;
      RESET ROLE;
    EXCEPTION WHEN insufficient_privilege THEN
      EXECUTE format('GRANT carespine_reader TO %I', current_user);
    END $$;
    GRANT SELECT ON guarded_idx, guarded_past, guarded_head, guarded_version, guarded_word, guarded_name,
      txn, kept, audit, trail, claim, cursor, system, several, class, dictionary, type, param, file
      TO carespine_reader;";

/// The values of the settings, for [`SET`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub lens: &'static str,
    pub types: String,
    pub params: String,
    pub everyone: &'static str,
    pub patients: String,
    pub everyclass: &'static str,
    pub classes: String,
    pub opened: String,
    pub openedclasses: String,
    pub barred: String,
}

/// Looks through other settings from now on.
pub(super) const SET: &str =
    "SELECT set_config('carespine.lens', ?1, false), set_config('carespine.types', ?2, false),
       set_config('carespine.params', ?3, false), set_config('carespine.everyone', ?4, false),
       set_config('carespine.patients', ?5, false), set_config('carespine.everyclass', ?6, false),
       set_config('carespine.classes', ?7, false), set_config('carespine.opened', ?8, false),
       set_config('carespine.openedclasses', ?9, false), set_config('carespine.barred', ?10, false)";

impl Settings {
    pub fn of(lens: &Lens, names: &Names) -> Settings {
        let all = *lens == Lens::default();
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let kind_seen = |kind: i64| {
            let seen = lens.types.as_ref().is_none_or(|types| types.contains(&kind));
            let traced = lens.traced.as_ref().is_some_and(|types| types.contains(&kind));
            u8::from(seen) + u8::from(seen && traced)
        };
        let (mut types, mut params) = (String::new(), String::new());
        if !all {
            types = (0..names.kinds_end()).map(|kind| flag(kind_seen(kind as i64))).collect();
            let of = |param: usize| kind_seen(names.param_type(param as i64));
            params = (0..names.params_end()).map(|param| flag(of(param))).collect();
        }
        Settings {
            lens: if all { "all" } else { "some" },
            types,
            params,
            everyone: yes(lens.patients.is_none()),
            patients: array(lens.patients.as_deref()),
            everyclass: yes(lens.classes.is_none()),
            classes: array(lens.classes.as_deref()),
            opened: array(lens.opened.as_ref().map(|(patients, _)| &**patients)),
            openedclasses: array(lens.opened.as_ref().map(|(_, classes)| &**classes)),
            barred: array(lens.barred.as_deref()),
        }
    }
}

/// A byte, in hexadecimal: not seen, seen of who is reached, seen of everyone.
fn flag(sight: u8) -> &'static str {
    ["00", "01", "02"][usize::from(sight)]
}

fn array(numbers: Option<&HashSet<i64>>) -> String {
    let mut sorted: Vec<i64> = numbers.into_iter().flatten().copied().collect();
    sorted.sort_unstable();
    let mut text = String::from("{");
    for (i, number) in sorted.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{number}");
    }
    text.push('}');
    text
}

//! One connection to one of the two engines, SQLite or PostgreSQL, and what both can do: run a constant statement
//! with bound values, and write many rows at once. All SQL of the record is said once, in the words that both
//! understand; `?1` stands for the first value.

mod bulk;
mod column;
mod place;
#[cfg(test)]
mod span;

pub(crate) use bulk::*;
pub(crate) use column::{Column, FromColumn, Owned, Value};
pub use place::{Place, exists};

use crate::body::IdKey;
use crate::lens::Lens;
use crate::names::Names;
use crate::tx::Before;
use crate::{postgres, sqlite};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Layout of the tables. A store of another layout is refused.
pub(crate) const LAYOUT: i64 = 6;
pub(crate) const UNFINISHED: &str =
    "a record is being moved into it; run `carespine move` again to finish that";
pub(crate) const TAKEN: &str = "it holds a record already; move into a new folder or an empty database";

pub(crate) fn other_layout(found: i64) -> Error {
    Error::Shape(format!("its layout is {found}, this program needs {LAYOUT}"))
}

/// What goes wrong below the record.
#[derive(Debug)]
pub(crate) enum Error {
    Sqlite(rusqlite::Error),
    Postgres(::postgres::Error),
    /// A row that should be there, or a column, is not what it must be.
    Shape(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Sqlite(e) => e.fmt(f),
            // Its own text is only "db error"; what the server said is the source.
            Error::Postgres(e) => match e.as_db_error() {
                Some(said) => write!(f, "{said} ({})", said.code().code()),
                None => match std::error::Error::source(e) {
                    Some(cause) => write!(f, "{e}: {cause}"),
                    None => e.fmt(f),
                },
            },
            Error::Shape(text) => f.write_str(text),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Error {
        Error::Sqlite(e)
    }
}

impl From<::postgres::Error> for Error {
    fn from(e: ::postgres::Error) -> Error {
        Error::Postgres(e)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A row of an answer.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r ::postgres::Row),
}

impl Row<'_> {
    /// A column, counted from 0.
    pub fn get<'s, T: FromColumn<'s>>(&'s self, at: usize) -> Result<T> {
        T::from_column(self.column(at)?).map_err(|text| Error::Shape(format!("column {at}: {text}")))
    }

    fn column(&self, at: usize) -> Result<Column<'_>> {
        match self {
            Row::Sqlite(row) => Ok(row.get_ref(at)?.into()),
            Row::Postgres(row) => Ok(row.try_get(at)?),
        }
    }
}

/// A connection.
pub(crate) enum Conn {
    Sqlite(sqlite::Connection),
    Postgres(Box<postgres::Connection>),
}

impl Conn {
    /// Runs a statement that changes rows, and says how many.
    pub fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize> {
        #[cfg(test)]
        span::check(sql);
        match self {
            Conn::Sqlite(conn) => conn.execute(sql, values),
            Conn::Postgres(conn) => conn.execute(sql, values),
        }
    }

    /// All rows of an answer.
    pub fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        #[cfg(test)]
        span::check(sql);
        match self {
            Conn::Sqlite(conn) => conn.all(sql, values, read),
            Conn::Postgres(conn) => conn.all(sql, values, read),
        }
    }

    /// The first row of an answer, if there is one.
    pub fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        #[cfg(test)]
        span::check(sql);
        match self {
            Conn::Sqlite(conn) => conn.first(sql, values, read),
            Conn::Postgres(conn) => conn.first(sql, values, read),
        }
    }

    /// The one row of an answer that always has one.
    pub fn one<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.first(sql, values, read)?.ok_or_else(|| Error::Shape("a row that must be there is not".into()))
    }

    /// Runs statements without values, one after the other.
    pub fn batch(&self, sql: &'static str) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch(sql),
            Conn::Postgres(conn) => conn.batch(sql),
        }
    }

    /// Writes many rows. `values` has them one after the other.
    pub fn bulk(&self, bulk: &Bulk, values: &[Value<'_>]) -> Result<()> {
        match self {
            _ if values.is_empty() => Ok(()),
            Conn::Sqlite(conn) => conn.bulk(bulk, values),
            Conn::Postgres(conn) => conn.bulk(bulk, values),
        }
    }
}

/// What came of a commit.
pub(crate) enum Committed {
    /// It is on disk, and on that of a standby where one is waited for.
    Yes,
    /// It is not, and the connection goes on.
    No(Error),
    /// Nobody knows: the database went away, or stopped waiting for its standby.
    Unknown(String),
}

impl Conn {
    /// Puts the guard on a connection that also writes: its searches go through the same views.
    pub fn guard(&mut self, names: &Arc<Names>) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => conn.guard(names),
            Conn::Postgres(_) => Ok(()),
        }
    }

    /// Looks through this lens from now on.
    pub fn see(&self, lens: Lens, names: &Names) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => conn.see(lens),
            Conn::Postgres(conn) => conn.see(&lens, names),
        }
    }

    /// Begins a snapshot, and says the number of the last commit in it.
    pub fn begin_reading(&self) -> Result<i64> {
        match self {
            Conn::Sqlite(conn) => conn.begin_reading(),
            Conn::Postgres(conn) => conn.begin_reading(),
        }
    }

    /// Ends a snapshot.
    pub fn end_reading(&self) -> Result<()> {
        self.batch(if matches!(self, Conn::Sqlite(_)) { "ROLLBACK" } else { "COMMIT" })
    }

    /// Begins to write, alone: no other node or process writes until the commit. `last` are the last commit and
    /// audit row that the caller knows of; true when others have written since.
    pub fn begin_writing(&self, last: (i64, i64)) -> Result<bool> {
        match self {
            Conn::Sqlite(conn) => conn.begin_writing(),
            Conn::Postgres(conn) => conn.begin_writing(last),
        }
    }

    /// Commits what was written. `moved` when the log has moved on, which other nodes are told.
    pub fn commit(&self, moved: bool) -> Committed {
        match self {
            Conn::Sqlite(conn) => conn.batch("COMMIT").map_or_else(Committed::No, |()| Committed::Yes),
            Conn::Postgres(conn) => conn.commit(moved),
        }
    }

    /// True when the database has gone away and the connection is of no more use.
    pub fn is_closed(&self) -> bool {
        match self {
            Conn::Sqlite(_) => false,
            Conn::Postgres(conn) => conn.is_closed(),
        }
    }

    /// The heads of resources by type and id, those that are there.
    pub fn heads(&self, wanted: &BTreeSet<(i64, String)>) -> Result<Vec<((i64, String), Before)>> {
        let ids: Vec<(i64, IdKey<'_>)> = wanted.iter().map(|(kind, id)| (*kind, IdKey::of(id))).collect();
        let (kinds, keys) =
            ids.iter().map(|(kind, id)| (Value::Int(*kind), Value::Bytes(id.bytes()))).unzip();
        match self {
            Conn::Sqlite(_) => Ok(Vec::new()),
            Conn::Postgres(conn) => conn.heads(kinds, keys),
        }
    }

    /// From now on what was moved here is a record.
    pub fn finish_tables(&self) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => conn.finish_tables(),
            Conn::Postgres(conn) => conn.finish_tables(),
        }
    }

    /// True when each statement is a round trip to a server.
    pub fn is_far(&self) -> bool {
        matches!(self, Conn::Postgres(_))
    }

    /// After an undone command: what the connection sees is not known any more.
    pub fn forget_lens(&self) {
        if let Conn::Postgres(conn) = self {
            conn.forget_lens();
        }
    }

    /// Before the last connection goes.
    pub fn fold(&self) {
        if let Conn::Sqlite(conn) = self {
            conn.fold();
        }
    }

    /// How a statement would be run: each step that reads a table or sorts.
    #[cfg(test)]
    pub fn plan(&self, sql: &'static str) -> Result<Vec<Step>> {
        match self {
            Conn::Sqlite(conn) => conn.plan(sql),
            Conn::Postgres(conn) => conn.plan(sql),
        }
    }
}

/// A step of a plan.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Step {
    pub text: String,
    /// True when it goes to the rows it needs by an index.
    pub seeks: bool,
}

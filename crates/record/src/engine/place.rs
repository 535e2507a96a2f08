//! Where a record is kept, and how its connections are opened.

use super::{Conn, Error, Result};
use crate::names::Names;
use crate::{Kind, Refusal, postgres, sqlite};
use ::postgres::error::SqlState;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Where a record is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, with an SQLite database and the files beside it.
    Folder(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host:port/database`, or any URL that libpq takes.
    Postgres(String),
}

impl FromStr for Place {
    type Err = String;

    /// Reads what an operator writes: a URL that begins with `postgres://` or `postgresql://`, or a folder.
    fn from_str(text: &str) -> std::result::Result<Place, String> {
        if text.is_empty() {
            return Err("name a folder, or a database as postgres://user@host/database".into());
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            text.parse::<::postgres::Config>().map_err(|e| format!("this is no PostgreSQL URL: {e}"))?;
            return Ok(Place::Postgres(text.to_owned()));
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(format!("{scheme} is no engine of ours: use a folder or postgres://…")),
            None => Ok(Place::Folder(text.into())),
        }
    }
}

impl fmt::Display for Place {
    /// Without a password, which may stand before the host or behind the question mark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Folder(folder) => folder.display().fmt(f),
            Place::Postgres(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                write!(f, "postgres://{}", host.split_once('?').map_or(host, |(host, _)| host))
            }
        }
    }
}

impl From<&Path> for Place {
    fn from(folder: &Path) -> Place {
        Place::Folder(folder.to_owned())
    }
}

impl From<&PathBuf> for Place {
    fn from(folder: &PathBuf) -> Place {
        Place::Folder(folder.clone())
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Place {
        place.clone()
    }
}

/// Whether a place holds a record. Refused when that cannot be found out: its database is away, or does not let
/// us in.
pub fn exists(place: &Place) -> std::result::Result<bool, Refusal> {
    match place {
        Place::Folder(folder) => Ok(folder.join(sqlite::FILE).exists()),
        Place::Postgres(url) => postgres::exists(url).map_err(|e| place.closed(&e)),
    }
}

impl Place {
    /// Why it cannot be opened, and what to check, for the operator who opens it.
    pub(crate) fn closed(&self, error: &Error) -> Refusal {
        tracing::error!(place = %self, %error, "the record cannot be opened");
        let check = match (self, error) {
            (_, Error::Shape(_)) => "",
            (_, Error::Postgres(e)) if e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                " Its user must own the database, and be a member of the role carespine_reader or able to make it."
            }
            (Place::Folder(_), _) => " Check that the folder is this user's to read and write.",
            (Place::Postgres(_), _) => {
                " Check that its server runs and takes connections, and the host, port, database, user and \
                 password of the URL."
            }
        };
        Refusal::new(Kind::Busy, format!("The record in {self} cannot be opened: {error}.{check}"))
    }

    /// Opens the connection that writes, making the tables in a place that has none.
    pub(crate) fn open_writer(&self, durable: bool) -> Result<Conn> {
        match self {
            Place::Folder(folder) => {
                sqlite::open_writer(&folder.join(sqlite::FILE), durable).map(Conn::Sqlite)
            }
            Place::Postgres(url) => postgres::open_writer(url, durable).map(Box::new).map(Conn::Postgres),
        }
    }

    /// Opens a connection that can only read, and only what its lens shows: nothing until it has one.
    pub(crate) fn open_reader(&self, names: &Arc<Names>) -> Result<Conn> {
        match self {
            Place::Folder(folder) => sqlite::open_reader(&folder.join(sqlite::FILE), names).map(Conn::Sqlite),
            Place::Postgres(url) => postgres::open_reader(url).map(Box::new).map(Conn::Postgres),
        }
    }

    /// Opens what a record is being moved into.
    pub(crate) fn open_target(&self) -> Result<Conn> {
        match self {
            Place::Folder(folder) => sqlite::open_target(&folder.join(sqlite::FILE)).map(Conn::Sqlite),
            Place::Postgres(url) => postgres::open_target(url).map(Box::new).map(Conn::Postgres),
        }
    }

    /// Opens a connection that reads all tables in one state, for checking and copying.
    pub(crate) fn open_whole(&self) -> Result<Conn> {
        match self {
            Place::Folder(folder) => sqlite::open_whole(&folder.join(sqlite::FILE)).map(Conn::Sqlite),
            Place::Postgres(url) => postgres::open_whole(url).map(Box::new).map(Conn::Postgres),
        }
    }
}

//! The engines that keep what a server is given, and the place of one store.

use crate::process::{Process, bytes_below};
use clap::ValueEnum;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use testbed::{Cluster, Database, Settings};

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// What is set otherwise than PostgreSQL sets it by itself; `fsync` and all that makes a commit durable is on.
pub const SETTINGS: &str = "shared_buffers 256MB, max_wal_size 4GB, wal_compression lz4";

/// A PostgreSQL server of our own.
pub struct Postgres {
    cluster: Cluster,
    /// The process whose children all others of the server are.
    pub process: Process,
}

impl Postgres {
    pub fn start() -> io::Result<Postgres> {
        if let Some(missing) = testbed::missing() {
            return Err(io::Error::new(io::ErrorKind::NotFound, missing));
        }
        let settings = Settings::durable().with("max_wal_size", "4GB").with("wal_compression", "lz4");
        let cluster = Cluster::start(settings);
        let lock = fs::read_to_string(cluster.folder().join("data/postmaster.pid"))?;
        let id = lock.lines().next().and_then(|line| line.trim().parse().ok());
        let id = id.ok_or_else(|| io::Error::other("PostgreSQL does not say which process it is"))?;
        Ok(Postgres { cluster, process: Process::of(id) })
    }

    /// Its version, as it tells it.
    pub fn version(&self) -> String {
        self.cluster.sql("SHOW server_version").unwrap_or_default()
    }
}

/// Where one server keeps its store: a folder, or a database. Both are gone when it is dropped.
pub struct Place<'p> {
    folder: PathBuf,
    database: Option<(Database, &'p Postgres)>,
}

/// The largest tables (with what is kept beside them) and indexes, with their bytes.
const PARTS: &str = "SELECT relname, bytes FROM (SELECT relname,
        CASE relkind WHEN 'i' THEN pg_relation_size(oid) ELSE pg_table_size(oid) END AS bytes
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')) AS part
    ORDER BY bytes DESC LIMIT 9";

impl<'p> Place<'p> {
    /// An empty one.
    pub fn new(folder: PathBuf, postgres: Option<&'p Postgres>) -> io::Result<Place<'p>> {
        fs::create_dir_all(folder.join("data"))?;
        Ok(Place { folder, database: postgres.map(|server| (server.cluster.database(), server)) })
    }

    /// The same, empty again.
    pub fn empty(&mut self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        *self = Place::new(std::mem::take(&mut self.folder), self.database.take().map(|(_, server)| server))?;
        Ok(())
    }

    pub fn engine(&self) -> Engine {
        if self.database.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    /// A folder for the server's own files: what it is told, what it says.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A folder for its data; nothing is in it when there is a database.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What `--data` of Carespine's commands is.
    pub fn address(&self) -> String {
        match &self.database {
            Some((database, _)) => database.url().to_owned(),
            None => self.data().display().to_string(),
        }
    }

    /// The database's address as host and port, if there is one.
    pub fn database_url(&self) -> Option<String> {
        self.database.as_ref().map(|(database, _)| database.tcp_url())
    }

    /// The process that the database's others are children of, if there is one.
    pub fn database_process(&self) -> Option<Process> {
        self.database.as_ref().map(|(_, server)| server.process)
    }

    /// What the database does by itself within a minute after much was written is done now, so that it does not
    /// fall into what is measured next. Not for an empty store, of which it would learn that it stays empty.
    pub fn settle(&self) -> io::Result<()> {
        self.sql("VACUUM (ANALYZE); CHECKPOINT").map(drop)
    }

    /// Bytes that the store takes on disk.
    pub fn bytes(&self) -> io::Result<u64> {
        if self.database.is_none() {
            return bytes_below(&self.data());
        }
        let text = self.sql("CHECKPOINT; SELECT pg_database_size(current_database())")?;
        text.parse().map_err(io::Error::other)
    }

    /// The largest parts of the database, if there is one.
    pub fn parts(&self) -> io::Result<Vec<(String, u64)>> {
        let text = self.sql(PARTS)?;
        let parts = text.lines().filter_map(|line| line.split_once('|'));
        Ok(parts.filter_map(|(name, bytes)| Some((name.to_owned(), bytes.parse().ok()?))).collect())
    }

    fn sql(&self, statements: &str) -> io::Result<String> {
        match &self.database {
            Some((database, _)) => database.sql(statements).map_err(io::Error::other),
            None => Ok(String::new()),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // What is left behind when that fails lies in the folder that the user chose, or in a temporary one.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

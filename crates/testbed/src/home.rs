//! Where one test keeps one store, on the engine that the tests of this process are run on.

use crate::{Database, database};
use std::path::Path;
use tempfile::TempDir;

/// The environment variable that names the engine: `sqlite` (also when it is not set) or `postgres`.
pub const ENGINE: &str = "CARESPINE_TEST_ENGINE";

/// A place for one store, gone when it is dropped.
pub struct Home {
    folder: TempDir,
    database: Option<Database>,
}

impl Home {
    /// An empty folder, and an empty database where the engine is PostgreSQL.
    #[expect(clippy::new_without_default, reason = "it makes files, which a default should not")]
    pub fn new() -> Home {
        let database = match std::env::var(ENGINE).as_deref() {
            Err(_) | Ok("sqlite") => None,
            Ok("postgres") => Some(database()),
            Ok(other) => panic!("{ENGINE} is {other}; set it to sqlite or postgres"),
        };
        Home { folder: tempfile::tempdir().expect("a temporary folder can be made"), database }
    }

    /// What the store is opened by: a folder, or a URL.
    pub fn place(&self) -> String {
        match &self.database {
            Some(database) => database.url().to_owned(),
            None => self.folder.path().to_str().expect("temporary folders have plain names").to_owned(),
        }
    }

    /// A folder that is the test's own, whatever the engine.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database, where the engine is PostgreSQL.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }
}

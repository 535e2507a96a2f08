//! Real services that tests start: see README.md.

mod cluster;
mod database;
mod home;
mod processes;
mod programs;
#[cfg(test)]
mod tests;

pub use cluster::{Cluster, Settings};
pub use database::Database;
pub use home::{ENGINE, Home};
pub use programs::missing;

use std::sync::OnceLock;

/// The environment variable that names a running server for [`database`].
pub const SHARED: &str = "CARESPINE_TEST_POSTGRES";

/// A fresh, empty database on the server that all tests of this process share.
pub fn database() -> Database {
    static OWN: OnceLock<Cluster> = OnceLock::new();
    match std::env::var(SHARED) {
        Ok(url) => Database::on(&url),
        // Never dropped: its guard sees the end of the process.
        Err(_) => OWN.get_or_init(|| Cluster::start(Settings::fast())).database(),
    }
}

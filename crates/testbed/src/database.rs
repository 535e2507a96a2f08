//! One database of a server, and psql to speak to it, so that no test needs a client of PostgreSQL for this.

use crate::programs;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::process::{Command, Stdio};

/// A database of its own, empty at first, dropped with the value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Makes one on the server that an address of any of its databases names.
    pub fn on(server: &str) -> Database {
        let name = format!("test_{:016x}", random());
        // template0 takes no connections, so nobody can be in the way of copying it.
        ask(server, r#"CREATE DATABASE :"name" TEMPLATE template0"#, &[("name", &name)])
            .unwrap_or_else(|reason| panic!("No database for the test: {reason}"));
        Database { server: server.to_owned(), url: address(server, &name), name }
    }

    /// How to reach it: by socket if the server was named so, which is faster.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to reach it by TCP.
    pub fn tcp_url(&self) -> String {
        let Some((_, query)) = self.url.split_once('?') else { return self.url.clone() };
        let value = |key: &str| query.split('&').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
        match (value("host"), value("port"), value("user")) {
            (Some(_), Some(port), Some(user)) => format!("postgres://{user}@127.0.0.1:{port}/{}", self.name),
            _ => self.url.clone(),
        }
    }

    /// What psql answers: a line for a row, `|` between columns. Each statement commits by itself.
    pub fn sql(&self, statements: &str) -> Result<String, String> {
        ask(&self.url, statements, &[])
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that a test has killed or stopped takes it along with its folder.
        let _ = ask(&self.server, r#"DROP DATABASE IF EXISTS :"name" WITH (FORCE)"#, &[("name", &self.name)]);
    }
}

/// What psql answers to statements, in which `:'name'` and `:"name"` stand for the variables.
pub fn ask(url: &str, statements: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let mut psql = Command::new(programs::find("psql")?);
    psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password"]);
    psql.args(["--set", "ON_ERROR_STOP=1", "--dbname", url]);
    for (name, value) in variables {
        psql.arg("--set").arg(format!("{name}={value}"));
    }
    psql.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = psql.spawn().map_err(|e| format!("psql did not start: {e}"))?;
    // When psql has ended early, its own message says more than the broken pipe does.
    let _ = child.stdin.take().expect("it was asked for as a pipe").write_all(statements.as_bytes());
    let output = child.wait_with_output().map_err(|e| format!("psql: {e}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// The same server's address with another database in it.
fn address(server: &str, database: &str) -> String {
    let (before, query) = match server.split_once('?') {
        Some((before, query)) => (before, format!("?{query}")),
        None => (server, String::new()),
    };
    let authority = before.find("://").map_or(0, |at| at + 3);
    let end = before[authority..].find('/').map_or(before.len(), |at| authority + at);
    format!("{}/{database}{query}", &before[..end])
}

/// A number that no other test has: the standard library seeds its hash maps from the operating system.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_all_but_the_database() {
        let check = |server, expected| assert_eq!(address(server, "x"), expected);
        check(
            "postgres://me:secret@db:5432/postgres?sslmode=disable",
            "postgres://me:secret@db:5432/x?sslmode=disable",
        );
        check("postgres://db", "postgres://db/x");
        check("postgres:///postgres?host=/run/a&port=1", "postgres:///x?host=/run/a&port=1");
    }
}

//! An export of a whole store, as a client of the Bulk Data Access IG has it.

use crate::client::{Answer, Connection, Request};
use crate::server::Server;
use std::io;
use std::time::Duration;

/// How often it is asked for how far the export is.
const EVERY: Duration = Duration::from_millis(50);

/// Begins an export of everything, waits for it and fetches each file.
pub fn whole(server: &Server) -> io::Result<()> {
    let mut connection = Connection::open(server.address)?;
    let mut answer = Answer { status: 0, body: Vec::new() };
    let mut headers = server.headers.clone();
    headers.push("Prefer: respond-async".to_owned());
    let begin = Request::get(&format!("{}/$export", server.base), &headers);
    connection.ask(&begin, &mut answer)?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let id = text.split_once("/$jobs/").and_then(|(_, rest)| rest.split([' ', '"']).next());
    let id = id.ok_or_else(|| io::Error::other(format!("$export: {} {text}", answer.status)))?;
    let status = Request::get(&format!("{}/$jobs/{id}", server.base), &server.headers);
    loop {
        connection.ask(&status, &mut answer)?;
        if answer.status != 202 {
            break;
        }
        std::thread::sleep(EVERY);
    }
    let manifest = String::from_utf8_lossy(&answer.body).into_owned();
    if !answer.is_good() {
        return Err(io::Error::other(format!("$export: {} {manifest}", answer.status)));
    }
    for place in manifest.split("/$jobs/").skip(1) {
        let place = place.split('"').next().unwrap_or_default();
        let file = Request::get(&format!("{}/$jobs/{place}", server.base), &server.headers);
        connection.ask(&file, &mut answer)?;
        if !answer.is_good() {
            return Err(io::Error::other(format!("a file of $export: {}", answer.status)));
        }
    }
    Ok(())
}

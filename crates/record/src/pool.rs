//! Reading connections, lent one by one.

use crate::Refusal;
use crate::engine::{Conn, Place};
use crate::names::Names;
use crate::writer::away;
use std::sync::{Arc, Condvar, Mutex};

/// The connections for reading of one store.
pub(crate) struct Pool {
    place: Place,
    names: Arc<Names>,
    free: Mutex<Vec<Conn>>,
    returned: Condvar,
}

impl Pool {
    pub fn open(place: &Place, names: &Arc<Names>, size: usize) -> Result<Pool, Refusal> {
        let free = (0..size.max(1)).map(|_| place.open_reader(names)).collect::<Result<_, _>>();
        let free = free.map_err(|e| place.closed(&e))?;
        Ok(Pool {
            place: place.clone(),
            names: names.clone(),
            free: Mutex::new(free),
            returned: Condvar::new(),
        })
    }

    /// A connection, waiting until one is free. One whose database went away meanwhile is opened anew.
    pub fn lend(&self) -> Result<Conn, Refusal> {
        let conn = self.wait();
        if !conn.is_closed() {
            return Ok(conn);
        }
        self.renew(conn)
    }

    fn wait(&self) -> Conn {
        let mut free = self.free.lock().expect("no thread panics with the pool locked");
        loop {
            match free.pop() {
                Some(conn) => return conn,
                None => free = self.returned.wait(free).expect("no thread panics with the pool locked"),
            }
        }
    }

    /// A new connection in the place of one that is of no more use. Where none can be had the old one goes back,
    /// to be tried again.
    pub fn renew(&self, old: Conn) -> Result<Conn, Refusal> {
        self.place.open_reader(&self.names).map_err(|e| {
            self.give_back(old);
            away(e)
        })
    }

    pub fn give_back(&self, conn: Conn) {
        self.free.lock().expect("no thread panics with the pool locked").push(conn);
        self.returned.notify_one();
    }
}

impl Drop for Pool {
    /// A connection to a server must not be closed by a thread that drives asynchronous tasks, and the last store
    /// may be dropped by one.
    fn drop(&mut self) {
        let free = std::mem::take(self.free.get_mut().expect("no thread panics with the pool locked"));
        if free.iter().any(Conn::is_far) {
            // One that panics has said so.
            let _ = std::thread::spawn(move || drop(free)).join();
        }
    }
}

//! Reading from replicas. One is read from only when it has reached what the primary had when the read was asked
//! for, so that everyone sees their own last write and each other's, through whichever node it came.

use crate::engine::Place;
use crate::names::Names;
use crate::pool::Pool;
use crate::reader::begin;
use crate::store::Shared;
use crate::{Refusal, Scope};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a replica may take to catch up before the primary is read instead.
const CATCH_UP: Duration = Duration::from_millis(20);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long one that cannot be reached is left alone.
const AWAY: Duration = Duration::from_secs(5);

/// The replicas of a store.
pub(crate) struct Replicas {
    all: Vec<Replica>,
    next: AtomicUsize,
    began: Instant,
    /// Reads that a replica answered.
    pub reads: AtomicU64,
}

struct Replica {
    place: Place,
    size: usize,
    /// Opened at the first read: a replica that is away must not keep a node from starting.
    pool: std::sync::OnceLock<Arc<Pool>>,
    /// Milliseconds since the start until which it is left alone.
    away_until: AtomicU64,
}

impl Replicas {
    pub fn new(places: &[Place], size: usize) -> Replicas {
        let replica = |place: &Place| Replica {
            place: place.clone(),
            size,
            pool: std::sync::OnceLock::new(),
            away_until: AtomicU64::new(0),
        };
        Replicas {
            all: places.iter().map(replica).collect(),
            next: AtomicUsize::new(0),
            began: Instant::now(),
            reads: AtomicU64::new(0),
        }
    }

    /// A connection to a replica in a snapshot that has reached the primary, with the pool that it belongs to; nothing
    /// when there is none such.
    pub fn lend(&self, shared: &Shared, scope: &Scope) -> Option<(crate::engine::Conn, i64, Arc<Pool>)> {
        let now = self.began.elapsed().as_millis() as u64;
        let first = self.next.fetch_add(1, Relaxed);
        let turn = (0..self.all.len()).map(|i| &self.all[(first + i) % self.all.len()]);
        let replica = turn.into_iter().find(|replica| replica.away_until.load(Relaxed) <= now)?;
        let wanted = shared.primary_txn().ok()?;
        let found = replica.reach(&shared.names, scope, wanted);
        match found {
            Ok(found) => {
                self.reads.fetch_add(u64::from(found.is_some()), Relaxed);
                found
            }
            Err(_) => {
                replica.away_until.store(now + AWAY.as_millis() as u64, Relaxed);
                None
            }
        }
    }
}

impl Replica {
    fn pool(&self, names: &Arc<Names>) -> Result<&Arc<Pool>, Refusal> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let pool = Arc::new(Pool::open(&self.place, names, self.size)?);
        Ok(self.pool.get_or_init(|| pool))
    }

    fn reach(
        &self,
        names: &Arc<Names>,
        scope: &Scope,
        wanted: i64,
    ) -> Result<Option<(crate::engine::Conn, i64, Arc<Pool>)>, Refusal> {
        let pool = self.pool(names)?;
        let conn = pool.lend()?;
        let until = Instant::now() + CATCH_UP;
        loop {
            match begin(&conn, scope, names) {
                Ok(newest) if newest >= wanted => return Ok(Some((conn, newest, pool.clone()))),
                Ok(_) if conn.end_reading().is_ok() => {}
                Ok(_) => {
                    pool.give_back(conn);
                    return Ok(None);
                }
                Err(refusal) => {
                    pool.give_back(conn);
                    return Err(refusal);
                }
            }
            if Instant::now() >= until {
                pool.give_back(conn);
                return Ok(None);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

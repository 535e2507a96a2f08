//! Writing: what a command may do inside its transaction.

mod file;

use crate::body::IdKey;
use crate::chain::log_hash;
use crate::keys::Row;
use crate::names::Names;
use crate::snapshot::Snapshot;
use crate::writer::Core;
use crate::{BlobHash, Found, Instant, Kind, Page, Prepared, Refusal, Results, Scope, fault};
use fhir::search::Query;
use rusqlite::{Connection, OptionalExtension, params};
use std::cell::RefCell;

/// Who writes, why, and by which command; goes into the log with each commit.
#[derive(Clone, Debug)]
pub struct Author {
    /// Account, client or system name.
    pub who: String,
    /// On whose behalf, if not their own.
    pub behalf: Option<String>,
    /// Purpose of use, e.g. `TREAT`.
    pub purpose: String,
    /// The command, e.g. `fhir.update`, `beds.admit`.
    pub command: String,
    /// The caller's request id, if any.
    pub request: Option<String>,
    /// What the reads of the transaction may see.
    pub scope: Scope,
}

impl Author {
    /// The system itself, with a scope of everything. For set-up, jobs and tests.
    pub fn system(command: &str) -> Author {
        Author {
            who: "system".to_owned(),
            behalf: None,
            purpose: "SYSADMIN".to_owned(),
            command: command.to_owned(),
            request: None,
            scope: Scope::all(),
        }
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Resource type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The version that is current now.
    pub version: u64,
    /// Its instant.
    pub updated: Instant,
    /// True when it was not there before.
    pub created: bool,
    /// False when it was already exactly so and nothing was written.
    pub changed: bool,
}

/// A transaction in progress.
pub struct Tx<'w> {
    core: &'w mut Core,
    author: Author,
    txn: i64,
    /// Hashes of the versions written so far, in order.
    leaves: Vec<[u8; 32]>,
    /// Index rows to insert: (param, value, patient, res). Kept back and sorted, since neighbours in the index
    /// are cheap to insert one after the other. Searches of this transaction see them after a flush.
    rows: RefCell<Vec<(Row, i64, i64)>>,
    token_key: [u8; 32],
    scope_hash: [u8; 32],
}

/// What the head of a resource says before a write.
struct Before {
    res: i64,
    ver: i64,
    vid: i64,
    live: bool,
    patient: i64,
    class: i64,
    rec: Option<Vec<u8>>,
}

impl<'w> Tx<'w> {
    pub(crate) fn begin(core: &'w mut Core, author: Author) -> Result<Tx<'w>, Refusal> {
        let lens = author.scope.lens(&core.conn, &core.names)?;
        core.sight.set(lens);
        let (txn, token_key, scope_hash) = (core.next.txn, core.token_key, author.scope.fingerprint());
        Ok(Tx {
            core,
            author,
            txn,
            leaves: Vec::new(),
            rows: RefCell::new(Vec::new()),
            token_key,
            scope_hash,
        })
    }

    /// Closes the transaction: its log row and its place on the audit trail, if it wrote anything.
    pub(crate) fn finish(mut self) -> Result<(), Refusal> {
        self.flush()?;
        if self.leaves.is_empty() {
            return Ok(());
        }
        let at = self.core.now;
        let hash = log_hash(&self.core.next.txn_hash, self.txn, at, &self.author, &self.leaves);
        let a = &self.author;
        self.core
            .conn
            .prepare_cached(
                "INSERT INTO txn (number, at, who, behalf, purpose, command, request, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut s| {
                s.execute(params![self.txn, at.0, a.who, a.behalf, a.purpose, a.command, a.request, hash])
            })
            .map_err(|e| fault("write the log", e))?;
        self.core.next.txn += 1;
        self.core.next.txn_hash = hash;
        let (who, command) = (std::mem::take(&mut self.author.who), std::mem::take(&mut self.author.command));
        let detail = format!("{{\"versions\":{}}}", self.leaves.len());
        self.core.put_audit(&who, &command, Some(self.txn), &detail)
    }

    /// The instant of this commit.
    pub fn now(&self) -> Instant {
        self.core.now
    }

    pub(crate) fn names(&self) -> &Names {
        &self.core.names
    }

    pub(crate) fn conn(&self) -> &Connection {
        &self.core.conn
    }

    fn snapshot(&self) -> Snapshot<'_> {
        let mut snapshot = Snapshot::new(&self.core.conn, &self.core.names, self.txn, self.txn);
        snapshot.token_key = self.token_key;
        snapshot.scope = self.scope_hash;
        snapshot.everyone = self.author.scope.is_all();
        snapshot
    }

    /// Files a new resource; a conflict if the id is taken.
    pub fn create(&mut self, resource: Prepared) -> Result<Written, Refusal> {
        match self.before(resource.kind, &resource.id)? {
            Some(before) if before.ver > 0 => {
                let text = format!("The id {} is taken. Send it without an id.", resource.id);
                Err(Refusal::new(Kind::Conflict, text))
            }
            before => self.file(resource, before),
        }
    }

    /// Files the next version of a resource, or the first if it is new. With `expected`, only if that is the
    /// current version ([`Kind::Precondition`] otherwise). The same content as now writes nothing. A resource
    /// outside the scope is treated as absent and its id as taken elsewhere: not found.
    pub fn put(&mut self, resource: Prepared, expected: Option<u64>) -> Result<Written, Refusal> {
        let before = self.before(resource.kind, &resource.id)?;
        self.allowed(resource.kind, &resource.id, before.as_ref(), expected)?;
        if let Some(b) = before.as_ref().filter(|b| b.live)
            && self.same(b.vid, &resource)?
        {
            return Ok(Written {
                kind: resource.kind,
                id: resource.id,
                version: b.ver as u64,
                updated: self.instant_of(b.vid)?,
                created: false,
                changed: false,
            });
        }
        self.file(resource, before)
    }

    /// Refuses a write to what the author cannot see, or to another version than expected.
    fn allowed(
        &self,
        kind: &str,
        id: &str,
        before: Option<&Before>,
        expected: Option<u64>,
    ) -> Result<(), Refusal> {
        let there = before.filter(|b| b.ver > 0);
        if there.is_some() && self.snapshot().head(kind, id)?.is_none() {
            return Err(Refusal::not_found(&format!("{kind}/{id}")));
        }
        match (expected, there) {
            (None, _) => Ok(()),
            (Some(n), Some(b)) if n == b.ver as u64 => Ok(()),
            (Some(n), Some(b)) => Err(Refusal::new(
                Kind::Precondition,
                format!(
                    "{kind}/{id} is at version {}, not {n}. Read it again and repeat the change on that.",
                    b.ver
                ),
            )),
            (Some(_), None) => Err(Refusal::not_found(&format!("{kind}/{id}"))),
        }
    }

    fn before(&self, kind: &str, id: &str) -> Result<Option<Before>, Refusal> {
        let Some(number) = self.core.names.type_number(kind) else {
            return Err(Refusal::invalid("", format!("{kind} is no resource type of FHIR R4.")));
        };
        let read = |r: &rusqlite::Row<'_>| {
            Ok(Before {
                res: r.get(0)?,
                ver: r.get(1)?,
                vid: r.get(2)?,
                live: r.get(3)?,
                patient: r.get(4)?,
                class: r.get(5)?,
                rec: r.get(6)?,
            })
        };
        self.core
            .conn
            .prepare_cached(
                "SELECT res, ver, vid, live, patient, class, rec FROM head WHERE type = ?1 AND id = ?2",
            )
            .and_then(|mut s| s.query_row(params![number, IdKey::of(id)], read).optional())
            .map_err(|e| fault("find a resource to write", e))
    }

    fn same(&self, vid: i64, resource: &Prepared) -> Result<bool, Refusal> {
        let row = self
            .core
            .conn
            .prepare_cached("SELECT pack, body FROM version WHERE vid = ?1")
            .and_then(|mut s| {
                s.query_row([vid], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Option<Vec<u8>>>(1)?)))
            })
            .map_err(|e| fault("read the current version", e))?;
        match row {
            (pack, Some(body)) => Ok(self.core.names.unpack(&self.core.conn, pack, &body)? == resource.text),
            (_, None) => Ok(false),
        }
    }

    fn instant_of(&self, vid: i64) -> Result<Instant, Refusal> {
        self.core
            .conn
            .prepare_cached("SELECT at FROM version WHERE vid = ?1")
            .and_then(|mut s| s.query_row([vid], |r| r.get(0)))
            .map(Instant)
            .map_err(|e| fault("read the current version", e))
    }

    /// Marks a resource as deleted; its versions stay. Nothing when it is absent or deleted already.
    pub fn delete(
        &mut self,
        kind: &str,
        id: &str,
        expected: Option<u64>,
    ) -> Result<Option<Written>, Refusal> {
        let Some(before) = self.before(kind, id)?.filter(|b| b.ver > 0) else { return Ok(None) };
        let Some(head) = self.snapshot().head(kind, id)? else { return Ok(None) };
        self.allowed(kind, id, Some(&before), expected)?;
        if !before.live {
            return Ok(None);
        }
        let ver = before.ver + 1;
        let vid = self.version(head.kind, before.res, ver, Some(before.vid), 0, 0, None)?;
        self.leaf(kind, id, ver, None);
        self.replace_rows(&before, Vec::new(), before.patient)?;
        self.core
            .conn
            .prepare_cached(
                "UPDATE head SET ver = ?2, vid = ?3, txn = ?4, live = 0, rec = NULL WHERE res = ?1",
            )
            .and_then(|mut s| s.execute(params![before.res, ver, vid, self.txn]))
            .map_err(|e| fault("delete a resource", e))?;
        let kind = self.core.names.kind(head.kind);
        let updated = self.core.now;
        Ok(Some(Written {
            kind,
            id: id.to_owned(),
            version: ver as u64,
            updated,
            created: false,
            changed: true,
        }))
    }

    /// The resource as this transaction sees it, under the author's scope.
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.snapshot().read(kind, id)
    }

    /// Runs a query in this transaction, under the author's scope.
    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        self.flush()?;
        self.snapshot().search(query, page)
    }

    /// Takes `key` for `holder`. A conflict that names the holder if someone else has it.
    pub fn claim(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        let conn = &self.core.conn;
        let taken = conn
            .prepare_cached("INSERT OR IGNORE INTO claim (key, holder, txn) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![key, holder, self.txn]))
            .map_err(|e| fault("take a claim", e))?;
        if taken == 1 {
            return Ok(());
        }
        let has: String = conn
            .prepare_cached("SELECT holder FROM claim WHERE key = ?1")
            .and_then(|mut s| s.query_row([key], |r| r.get(0)))
            .map_err(|e| fault("read a claim", e))?;
        if has == holder {
            return Ok(());
        }
        Err(Refusal::new(
            Kind::Conflict,
            format!("{key} is taken by {has}. Choose another, or free it first."),
        ))
    }

    /// Gives a claim back. Nothing happens when the holder does not have it.
    pub fn release(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        self.execute(
            "give a claim back",
            "DELETE FROM claim WHERE key = ?1 AND holder = ?2",
            params![key, holder],
        )
    }

    /// Keeps a small fact, until an instant or for ever. Replaces what was there.
    pub fn keep(
        &mut self,
        space: &str,
        key: &str,
        value: &[u8],
        until: Option<Instant>,
    ) -> Result<(), Refusal> {
        self.execute(
            "keep a fact",
            "INSERT INTO kept (space, key, value, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, until = excluded.until",
            params![space, key, value, until.map(|t| t.0)],
        )
    }

    /// A small fact; nothing when it has run out.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        crate::reader::kept(&self.core.conn, self.core.now, space, key)
    }

    /// Drops a small fact.
    pub fn forget(&mut self, space: &str, key: &str) -> Result<(), Refusal> {
        self.execute("drop a fact", "DELETE FROM kept WHERE space = ?1 AND key = ?2", params![space, key])
    }

    /// Drops all small facts that have run out. For a job that runs now and then.
    pub fn forget_expired(&mut self) -> Result<(), Refusal> {
        let now = self.core.now.0;
        self.execute(
            "drop facts that have run out",
            "DELETE FROM kept WHERE until IS NOT NULL AND until < ?1",
            [now],
        )
    }

    /// Moves a reader of the log on.
    pub fn advance(&mut self, cursor: &str, txn: u64) -> Result<(), Refusal> {
        self.execute(
            "move a cursor",
            "INSERT INTO cursor (name, txn) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET txn = excluded.txn",
            params![cursor, txn as i64],
        )
    }

    /// Names a file that [`crate::Store::put_blob`] wrote.
    pub fn name_blob(&mut self, hash: &BlobHash, size: u64) -> Result<(), Refusal> {
        self.execute(
            "name a file",
            "INSERT OR IGNORE INTO blob (hash, size, txn) VALUES (?1, ?2, ?3)",
            params![hash.0, size as i64, self.txn],
        )
    }

    fn execute(&self, doing: &'static str, sql: &str, values: impl rusqlite::Params) -> Result<(), Refusal> {
        let step = self.core.conn.prepare_cached(sql).and_then(|mut s| s.execute(values));
        step.map(|_| ()).map_err(|e| fault(doing, e))
    }
}

//! Writing: what a command may do inside its transaction.

use crate::body::IdKey;
use crate::keys::{self, Row};
use crate::names::{Names, Naming};
use crate::snapshot::Snapshot;
use crate::writer::Core;
use crate::{BlobHash, Found, Instant, Kind, Page, Prepared, Refusal, Results, Scope, fault};
use fhir::search::{Query, SearchValue, Target};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
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

    /// Writes the next version, the head and the index rows of a resource.
    fn file(&mut self, resource: Prepared, before: Option<Before>) -> Result<Written, Refusal> {
        let type_number = self.core.names.type_number(resource.kind).unwrap_or(0);
        let res = before.as_ref().map_or(self.core.next.res, |b| b.res);
        let named = before.is_some();
        if !named {
            self.core.next.res += 1;
        }
        let ver = before.as_ref().map_or(0, |b| b.ver) + 1;
        let (rows, patient) = self.keyed(&resource, res)?;
        let rec = keys::pack(&rows);
        let (pack, body) = match resource.packed {
            Some(packed) => packed,
            None => self.core.names.dictionaries.pack(&resource.text)?,
        };
        let prev = before.as_ref().filter(|b| b.ver > 0).map(|b| b.vid);
        let vid = self.version(type_number, res, ver, prev, i64::from(resource.splice), pack, Some(&body))?;
        self.leaf(resource.kind, &resource.id, ver, Some(&resource.hash));
        let class = before.as_ref().map_or(0, |b| b.class);
        self.head(named, res, type_number, &resource.id, ver, vid, patient, &rec)?;
        match &before {
            Some(b) if b.live => self.replace_rows(b, rows, patient)?,
            _ => self.rows.get_mut().extend(rows.into_iter().map(|row| (row, patient, res))),
        }
        debug_assert!(class == 0, "access classes are set by sealing, which is not there yet");
        Ok(Written {
            kind: resource.kind,
            id: resource.id,
            version: ver as u64,
            updated: self.core.now,
            created: before.is_none_or(|b| !b.live),
            changed: true,
        })
    }

    /// Encodes what a resource can be found by, and its patient key: of every patient it points at.
    fn keyed(&mut self, resource: &Prepared, res: i64) -> Result<(Vec<Row>, i64), Refusal> {
        let core = &mut *self.core;
        let mut naming = Naming {
            conn: &core.conn,
            names: &core.names,
            fresh: &mut core.fresh,
            next_res: &mut core.next.res,
        };
        let rows = keys::encode(&resource.entries, core.names.params(), &mut naming)?;
        if resource.kind == "Patient" {
            return Ok((rows, res));
        }
        let mut patients = Vec::new();
        for entry in &resource.entries {
            if let SearchValue::Reference(Target::Local(kind, id)) = &entry.value
                && kind == "Patient"
            {
                patients.push(keys::Names::resource(&mut naming, kind, id)?);
            }
        }
        Ok((rows, naming.patient_key(patients)?))
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns of one row")]
    fn version(
        &mut self,
        kind: i64,
        res: i64,
        ver: i64,
        prev: Option<i64>,
        splice: i64,
        pack: i64,
        body: Option<&[u8]>,
    ) -> Result<i64, Refusal> {
        let vid = self.core.next.vid;
        self.core.next.vid += 1;
        let (txn, at) = (self.txn, self.core.now.0);
        self.core
            .conn
            .prepare_cached(
                "INSERT INTO version (vid, type, res, ver, txn, at, prev, splice, pack, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )
            .and_then(|mut s| s.execute(params![vid, kind, res, ver, txn, at, prev, splice, pack, body]))
            .map_err(|e| fault("write a version", e))?;
        Ok(vid)
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns of one row")]
    fn head(
        &mut self,
        named: bool,
        res: i64,
        kind: i64,
        id: &str,
        ver: i64,
        vid: i64,
        patient: i64,
        rec: &[u8],
    ) -> Result<(), Refusal> {
        let (conn, txn) = (&self.core.conn, self.txn);
        let step = if named {
            conn.prepare_cached(
                "UPDATE head SET ver = ?2, vid = ?3, txn = ?4, live = 1, patient = ?5, rec = ?6 WHERE res = ?1",
            )
            .and_then(|mut s| s.execute(params![res, ver, vid, txn, patient, rec]))
        } else {
            conn.prepare_cached(
                "INSERT INTO head (res, type, id, ver, vid, txn, live, patient, class, rec)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, 0, ?8)",
            )
            .and_then(|mut s| s.execute(params![res, kind, IdKey::of(id), ver, vid, txn, patient, rec]))
        };
        step.map(|_| ()).map_err(|e| fault("write a head", e))
    }

    /// Moves rows that no longer hold to the past and adds the new ones.
    fn replace_rows(&mut self, before: &Before, rows: Vec<Row>, patient: i64) -> Result<(), Refusal> {
        self.flush()?;
        let old: Vec<Row> = keys::unpack(before.rec.as_deref().unwrap_or_default())
            .map(|(param, value)| Row { param, value: value.to_vec() })
            .collect();
        let moved = before.patient != patient;
        for row in old.iter().filter(|row| moved || !rows.contains(row)) {
            self.supersede(row, before)?;
        }
        let new = rows.into_iter().filter(|row| moved || !old.contains(row));
        self.rows.get_mut().extend(new.map(|row| (row, patient, before.res)));
        Ok(())
    }

    fn supersede(&self, row: &Row, before: &Before) -> Result<(), Refusal> {
        let conn = &self.core.conn;
        let (param, value) = (row.param, &row.value);
        conn.prepare_cached("DELETE FROM idx WHERE param = ?1 AND value = ?2 AND patient = ?3 AND res = ?4")
            .and_then(|mut s| s.execute(params![param, value, before.patient, before.res]))
            .and_then(|_| {
                conn.prepare_cached(
                    "INSERT OR IGNORE INTO idx_past (param, value, patient, res, class, to_txn)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    param,
                    value,
                    before.patient,
                    before.res,
                    before.class,
                    self.txn
                ])
            })
            .map(|_| ())
            .map_err(|e| fault("move an index row to the past", e))
    }

    /// Inserts the rows kept back, in key order.
    fn flush(&self) -> Result<(), Refusal> {
        let mut rows = self.rows.take();
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_unstable();
        let insert = || {
            let mut statement = self.core.conn.prepare_cached(
                "INSERT OR IGNORE INTO idx (param, value, patient, res, class) VALUES (?1, ?2, ?3, ?4, 0)",
            )?;
            for (row, patient, res) in &rows {
                statement.execute(params![row.param, row.value, patient, res])?;
            }
            Ok(())
        };
        insert().map_err(|e: rusqlite::Error| fault("write the index", e))
    }

    fn leaf(&mut self, kind: &str, id: &str, ver: i64, content: Option<&[u8; 32]>) {
        self.leaves.push(version_hash(kind, id, ver, content));
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

/// The leaf of a version: SHA-256 over type, id, version and the hash of the stored text (none: deleted).
pub(crate) fn version_hash(kind: &str, id: &str, ver: i64, content: Option<&[u8; 32]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(id.as_bytes());
    hash.update([0]);
    hash.update(ver.to_be_bytes());
    hash.update(content.map_or(&[][..], |c| &c[..]));
    hash.finalize().into()
}

/// The link of a commit: SHA-256 over the link before it, the row, and the leaves of its versions in order.
pub(crate) fn log_hash(
    before: &[u8; 32],
    number: i64,
    at: Instant,
    author: &Author,
    leaves: &[[u8; 32]],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(number.to_be_bytes());
    hash.update(at.0.to_be_bytes());
    let optional = |t: &Option<String>| t.clone().unwrap_or_default();
    let parts = [
        &author.who,
        &optional(&author.behalf),
        &author.purpose,
        &author.command,
        &optional(&author.request),
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    for leaf in leaves {
        hash.update(leaf);
    }
    hash.finalize().into()
}

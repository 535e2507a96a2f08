//! Reading one state of the record through the guarded views: of now, or of a past commit.

use crate::body::IdKey;
use crate::engine::{self, Conn, Row, Value};
use crate::names::Names;
use crate::search::{self, Page, Results, SearchContext};
use crate::{Body, Found, Instant, Refusal, fault};
use fhir::search::Query;
use std::cell::RefCell;
use std::collections::HashMap;

/// A state of the record, seen through the lens that the connection has.
pub(crate) struct Snapshot<'c> {
    pub conn: &'c Conn,
    pub names: &'c Names,
    /// The state after this commit.
    pub txn: i64,
    /// The newest commit there is; equal to `txn` for a snapshot of now.
    pub newest: i64,
    pub token_key: [u8; 32],
    /// True when the scope reaches every patient, type and class, so that estimates can tell nothing hidden.
    pub everyone: bool,
    /// Hash of the scope, for page tokens.
    pub scope: [u8; 32],
    patients: RefCell<HashMap<i64, Vec<String>>>,
}

/// The current state of a resource.
pub(crate) struct Head {
    pub res: i64,
    pub kind: i64,
    pub id: String,
    pub vid: i64,
    pub patient: i64,
}

const HEAD: &str = "SELECT res, type, id, vid, patient FROM guarded_head WHERE type = ?1 AND id = ?2";
const HEAD_OF: &str = "SELECT res, type, id, vid, patient FROM guarded_head WHERE res = ?1";
const VERSION: &str = "SELECT ver, txn, at, splice, pack, body, prev FROM guarded_version WHERE vid = ?1";

/// A head with its current version and the id of its patient.
const NEWEST: &str =
    "SELECT v.ver, v.txn, v.at, v.splice, v.pack, v.body, v.prev, h.res, h.type, h.id, h.vid, h.patient, p.id
     FROM guarded_head h JOIN guarded_version v ON v.vid = h.vid LEFT JOIN guarded_head p ON p.res = h.patient
     WHERE h.type = ?1 AND h.id = ?2";

fn head(row: &Row<'_>) -> engine::Result<Head> {
    head_from(row, 0)
}

/// From five columns, of which this is the first.
fn head_from(row: &Row<'_>, at: usize) -> engine::Result<Head> {
    Ok(Head {
        res: row.get(at)?,
        kind: row.get(at + 1)?,
        id: IdKey::text(row.get(at + 2)?),
        vid: row.get(at + 3)?,
        patient: row.get(at + 4)?,
    })
}

/// A version as its row has it.
pub(crate) struct VersionRow {
    pub ver: i64,
    pub txn: i64,
    pub at: i64,
    pub splice: u32,
    pub pack: i64,
    pub body: Option<Vec<u8>>,
    pub prev: Option<i64>,
}

/// From the first seven columns.
pub(crate) fn version_row(row: &Row<'_>) -> engine::Result<VersionRow> {
    Ok(VersionRow {
        ver: row.get(0)?,
        txn: row.get(1)?,
        at: row.get(2)?,
        splice: row.get::<i64>(3)? as u32,
        pack: row.get(4)?,
        body: row.get(5)?,
        prev: row.get(6)?,
    })
}

/// Versions that are read with one question, at most.
const VERSIONS_MOST: usize = 1_000;

impl<'c> Snapshot<'c> {
    pub fn new(conn: &'c Conn, names: &'c Names, txn: i64, newest: i64) -> Snapshot<'c> {
        let patients = RefCell::new(HashMap::new());
        Snapshot { conn, names, txn, newest, token_key: [0; 32], everyone: false, scope: [0; 32], patients }
    }

    /// The state after another commit, through the same lens.
    pub fn at(&self, txn: i64) -> Snapshot<'c> {
        let mut snapshot = Snapshot::new(self.conn, self.names, txn, self.newest);
        (snapshot.token_key, snapshot.scope, snapshot.everyone) = (self.token_key, self.scope, self.everyone);
        snapshot
    }

    /// The head of a resource, if it is in the scope.
    pub fn head(&self, kind: &str, id: &str) -> Result<Option<Head>, Refusal> {
        let Some(number) = self.names.type_number(kind) else { return Ok(None) };
        let id = IdKey::of(id);
        let values = [number.into(), id.bytes().into()];
        self.conn.first(HEAD, &values, head).map_err(|e| fault("find a resource", e))
    }

    /// The head of a resource by its number.
    pub fn head_of(&self, res: i64) -> Result<Option<Head>, Refusal> {
        self.conn.first(HEAD_OF, &[res.into()], head).map_err(|e| fault("find a resource by number", e))
    }

    /// The version with this number in the log.
    pub fn version(&self, vid: i64) -> Result<Option<VersionRow>, Refusal> {
        self.conn.first(VERSION, &[vid.into()], version_row).map_err(|e| fault("read a version", e))
    }

    fn body_of(&self, head: &Head, row: VersionRow) -> Result<Body, Refusal> {
        let mut text = String::new();
        if let Some(packed) = &row.body {
            let stored = self.names.unpack(self.conn, row.pack, packed)?;
            text.reserve(stored.len() + 80);
            fhir::resource::served(&stored, row.splice, row.ver as u64, Instant(row.at), &mut text);
        }
        Ok(Body {
            kind: self.names.kind(head.kind),
            id: head.id.clone(),
            version: row.ver as u64,
            updated: Instant(row.at),
            deleted: row.body.is_none(),
            text,
            txn: row.txn as u64,
            patients: self.patients_of(head)?,
        })
    }

    /// The ids of the patients a resource concerns.
    fn patients_of(&self, head: &Head) -> Result<Vec<String>, Refusal> {
        if head.patient == head.res {
            return Ok(vec![head.id.clone()]);
        }
        if head.patient == 0 {
            return Ok(Vec::new());
        }
        if let Some(known) = self.patients.borrow().get(&head.patient) {
            return Ok(known.clone());
        }
        let mut ids = Vec::new();
        for number in self.names.patients_behind_now(self.conn, head.patient)? {
            ids.extend(self.id_of(number)?);
        }
        self.patients.borrow_mut().insert(head.patient, ids.clone());
        Ok(ids)
    }

    /// The id behind a number. A patient that is only pointed at has no row to see, and so no id here.
    fn id_of(&self, res: i64) -> Result<Option<String>, Refusal> {
        let sql = "SELECT id FROM guarded_head WHERE res = ?1";
        self.conn
            .first(sql, &[res.into()], |r| Ok(IdKey::text(r.get(0)?)))
            .map_err(|e| fault("find a patient's id", e))
    }

    /// The version of `head` that this state shows, if it was there yet.
    fn shown(&self, head: &Head) -> Result<Option<VersionRow>, Refusal> {
        let mut vid = head.vid;
        loop {
            match self.version(vid)? {
                Some(row) if row.txn <= self.txn => return Ok(Some(row)),
                Some(VersionRow { prev: Some(prev), .. }) => vid = prev,
                _ => return Ok(None),
            }
        }
    }

    /// The resource behind a number as this state shows it; nothing when it is absent, deleted or hidden.
    pub fn load(&self, res: i64) -> Result<Option<Body>, Refusal> {
        let Some(head) = self.head_of(res)? else { return Ok(None) };
        match self.shown(&head)? {
            Some(row) if row.body.is_some() => self.body_of(&head, row).map(Some),
            _ => Ok(None),
        }
    }

    /// The versions that heads name, in their order; nothing for one that says that the resource was deleted.
    pub fn bodies_at(&self, heads: &[Head]) -> Result<Vec<Body>, Refusal> {
        let vids: Vec<i64> = heads.iter().map(|head| head.vid).collect();
        let mut rows = self.versions(&vids)?;
        let mut bodies = Vec::with_capacity(heads.len());
        for head in heads {
            if let Some(row) = rows.remove(&head.vid).filter(|row| row.body.is_some()) {
                bodies.push(self.body_of(head, row)?);
            }
        }
        Ok(bodies)
    }

    /// The resources behind numbers as this state shows them, in their order, without those that are absent,
    /// deleted or hidden.
    pub fn load_all(&self, list: &[i64]) -> Result<Vec<Body>, Refusal> {
        let mut bodies = Vec::with_capacity(list.len());
        if !self.conn.is_far() {
            for res in list {
                bodies.extend(self.load(*res)?);
            }
            return Ok(bodies);
        }
        let mut heads = self.heads(list)?;
        let vids: Vec<i64> = heads.values().map(|head| head.vid).collect();
        let mut rows = self.versions(&vids)?;
        for head in list.iter().filter_map(|res| heads.remove(res)) {
            let row = match rows.remove(&head.vid) {
                Some(row) if row.txn > self.txn => self.shown(&head)?,
                row => row,
            };
            if let Some(row) = row.filter(|row| row.body.is_some()) {
                bodies.push(self.body_of(&head, row)?);
            }
        }
        Ok(bodies)
    }

    /// Many heads by number.
    fn heads(&self, list: &[i64]) -> Result<HashMap<i64, Head>, Refusal> {
        let sql = "SELECT res, type, id, vid, patient FROM guarded_head WHERE res = ANY (?1)";
        let rows = self.conn.all(sql, &[Value::Ints(list)], head);
        let rows = rows.map_err(|e| fault("find resources by number", e))?;
        Ok(rows.into_iter().map(|head| (head.res, head)).collect())
    }

    /// Many versions, by number: with one question where each costs a round trip.
    fn versions(&self, vids: &[i64]) -> Result<HashMap<i64, VersionRow>, Refusal> {
        let mut found = HashMap::with_capacity(vids.len());
        if self.conn.is_far() && vids.len() > 1 {
            let sql = "SELECT ver, txn, at, splice, pack, body, prev, vid FROM guarded_version WHERE vid = ANY (?1)";
            for part in vids.chunks(VERSIONS_MOST) {
                let rows = self.conn.all(sql, &[Value::Ints(part)], |r| Ok((r.get(7)?, version_row(r)?)));
                found.extend(rows.map_err(|e| fault("read versions", e))?);
            }
            return Ok(found);
        }
        for vid in vids {
            found.extend(self.version(*vid)?.map(|row| (*vid, row)));
        }
        Ok(found)
    }

    /// True when this state shows the resource behind a number.
    pub fn there(&self, res: i64) -> Result<bool, Refusal> {
        let Some(head) = self.head_of(res)? else { return Ok(false) };
        Ok(self.shown(&head)?.is_some_and(|row| row.body.is_some()))
    }

    /// The resource as this state shows it.
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        if self.txn == self.newest {
            return self.read_newest(kind, id);
        }
        let Some(head) = self.head(kind, id)? else { return Ok(Found::Absent) };
        let Some(row) = self.shown(&head)? else { return Ok(Found::Absent) };
        let body = self.body_of(&head, row)?;
        Ok(if body.deleted { Found::Gone(body) } else { Found::Here(body) })
    }

    /// The same of the newest state, with one statement.
    fn read_newest(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        let Some(number) = self.names.type_number(kind) else { return Ok(Found::Absent) };
        let id = IdKey::of(id);
        let values = [number.into(), id.bytes().into()];
        let read = |r: &Row<'_>| {
            Ok((version_row(r)?, head_from(r, 7)?, r.get::<Option<&[u8]>>(12)?.map(IdKey::text)))
        };
        let found = self.conn.first(NEWEST, &values, read).map_err(|e| fault("read a resource", e))?;
        let Some((row, head, patient)) = found else { return Ok(Found::Absent) };
        if head.patient > 0 {
            self.patients.borrow_mut().insert(head.patient, patient.into_iter().collect());
        }
        let body = self.body_of(&head, row)?;
        Ok(if body.deleted { Found::Gone(body) } else { Found::Here(body) })
    }

    /// One version of it, if this state has it.
    pub fn vread(&self, kind: &str, id: &str, version: u64) -> Result<Found, Refusal> {
        let Some(head) = self.head(kind, id)? else { return Ok(Found::Absent) };
        let mut next = Some(head.vid);
        while let Some(vid) = next {
            let Some(row) = self.version(vid)? else { break };
            if row.ver as u64 == version && row.txn <= self.txn {
                let body = self.body_of(&head, row)?;
                return Ok(if body.deleted { Found::Gone(body) } else { Found::Here(body) });
            }
            if (row.ver as u64) < version {
                break;
            }
            next = row.prev;
        }
        Ok(Found::Absent)
    }

    /// The version with this number in the log, whatever it is of.
    pub fn version_body(&self, vid: i64, res: i64) -> Result<Option<Body>, Refusal> {
        let Some(head) = self.head_of(res)? else { return Ok(None) };
        match self.version(vid)? {
            Some(row) => self.body_of(&head, row).map(Some),
            None => Ok(None),
        }
    }

    /// Versions of one resource, newest first: (vid, txn, at).
    pub fn chain(&self, head: &Head) -> Result<Vec<(i64, i64, i64)>, Refusal> {
        let mut list = Vec::new();
        let mut next = Some(head.vid);
        while let Some(vid) = next {
            let Some(row) = self.version(vid)? else { break };
            if row.txn <= self.txn {
                list.push((vid, row.txn, row.at));
            }
            next = row.prev;
        }
        Ok(list)
    }

    fn context(&self) -> SearchContext<'_> {
        SearchContext::new(self)
    }

    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        search::run(&self.context(), query, page)
    }

    pub fn count(&self, query: &Query) -> Result<u64, Refusal> {
        search::count(&self.context(), query)
    }
}

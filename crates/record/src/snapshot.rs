//! Reading one state of the record through the guarded views: of now, or of a past commit.

use crate::body::IdKey;
use crate::engine::{self, Conn, Row};
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

fn head(row: &Row<'_>) -> engine::Result<Head> {
    Ok(Head {
        res: row.get(0)?,
        kind: row.get(1)?,
        id: IdKey::text(row.get(2)?),
        vid: row.get(3)?,
        patient: row.get(4)?,
    })
}

/// A version as its row has it.
struct VersionRow {
    ver: i64,
    txn: i64,
    at: i64,
    splice: u32,
    pack: i64,
    body: Option<Vec<u8>>,
    prev: Option<i64>,
}

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

    fn version(&self, vid: i64) -> Result<Option<VersionRow>, Refusal> {
        let read = |row: &Row<'_>| {
            Ok(VersionRow {
                ver: row.get(0)?,
                txn: row.get(1)?,
                at: row.get(2)?,
                splice: row.get::<i64>(3)? as u32,
                pack: row.get(4)?,
                body: row.get(5)?,
                prev: row.get(6)?,
            })
        };
        self.conn.first(VERSION, &[vid.into()], read).map_err(|e| fault("read a version", e))
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

    /// The version that a head names; nothing when it says that the resource was deleted.
    pub fn body_at(&self, head: &Head) -> Result<Option<Body>, Refusal> {
        match self.version(head.vid)? {
            Some(row) if row.body.is_some() => self.body_of(head, row).map(Some),
            _ => Ok(None),
        }
    }

    /// True when this state shows the resource behind a number.
    pub fn there(&self, res: i64) -> Result<bool, Refusal> {
        let Some(head) = self.head_of(res)? else { return Ok(false) };
        Ok(self.shown(&head)?.is_some_and(|row| row.body.is_some()))
    }

    /// The resource as this state shows it.
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        let Some(head) = self.head(kind, id)? else { return Ok(Found::Absent) };
        let Some(row) = self.shown(&head)? else { return Ok(Found::Absent) };
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

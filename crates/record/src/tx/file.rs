//! Filing a resource: its version, its head, its index rows.

use super::{Before, Tx, Written};
use crate::body::IdKey;
use crate::chain::version_hash;
use crate::keys::{self, Row};
use crate::names::Naming;
use crate::{Prepared, Refusal, fault};
use rusqlite::params;

/// What a version is found by, and by whom.
struct Keyed {
    rows: Vec<Row>,
    /// Its patient key.
    patient: i64,
    /// True when it no longer points at a patient that the version before pointed at.
    dropped: bool,
}

const MOVED: &str = "UPDATE head SET moved = ?2 WHERE res = ?1";

impl Tx<'_> {
    /// Writes the next version, the head and the index rows of a resource.
    pub(super) fn file(&mut self, resource: Prepared, before: Option<Before>) -> Result<Written, Refusal> {
        let type_number = self.core.names.type_number(resource.kind).unwrap_or(0);
        let res = before.as_ref().map_or(self.core.next.res, |b| b.res);
        let named = before.is_some();
        if !named {
            self.core.next.res += 1;
        }
        let ver = before.as_ref().map_or(0, |b| b.ver) + 1;
        let Keyed { rows, patient, dropped } = self.keyed(&resource, res, before.as_ref())?;
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
        if dropped {
            self.execute("mark where a patient was taken off", MOVED, params![res, vid])?;
        }
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
    fn keyed(&mut self, resource: &Prepared, res: i64, before: Option<&Before>) -> Result<Keyed, Refusal> {
        let core = &mut *self.core;
        let mut naming = Naming {
            conn: &core.conn,
            names: &core.names,
            fresh: &mut core.fresh,
            next_res: &mut core.next.res,
            own: (core.names.type_number(resource.kind).unwrap_or(0), &resource.id, res),
        };
        let rows = keys::encode(&resource.entries, core.names.params(), &mut naming)?;
        if resource.kind == "Patient" {
            return Ok(Keyed { rows, patient: res, dropped: false });
        }
        let mut patients = Vec::new();
        for id in &resource.patients {
            patients.push(keys::Names::resource(&mut naming, "Patient", id)?);
        }
        let then = before.map_or_else(Vec::new, |before| naming.patients_behind(before.patient));
        let dropped = then.iter().any(|patient| !patients.contains(patient));
        Ok(Keyed { rows, patient: naming.patient_key(patients)?, dropped })
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns of one row")]
    pub(super) fn version(
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
                "INSERT INTO head (res, type, id, ver, vid, txn, live, patient, class, moved, rec)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, 0, 0, ?8)",
            )
            .and_then(|mut s| s.execute(params![res, kind, IdKey::of(id), ver, vid, txn, patient, rec]))
        };
        step.map(|_| ()).map_err(|e| fault("write a head", e))
    }

    /// Moves rows that no longer hold to the past and adds the new ones.
    pub(super) fn replace_rows(
        &mut self,
        before: &Before,
        rows: Vec<Row>,
        patient: i64,
    ) -> Result<(), Refusal> {
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
    pub(super) fn flush(&self) -> Result<(), Refusal> {
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

    pub(super) fn leaf(&mut self, kind: &str, id: &str, ver: i64, content: Option<&[u8; 32]>) {
        self.leaves.push(version_hash(kind, id, ver, content));
    }
}

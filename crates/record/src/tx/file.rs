//! Filing a resource: its version, its head, its index rows.

use super::{Before, Tx, Written};
use crate::body::IdKey;
use crate::chain::version_hash;
use crate::keys::{self, Row};
use crate::naming::Naming;
use crate::pending::{Gone, Head, Indexed, Pending, Version};
use crate::{Prepared, Refusal, fault};

/// What a version is found by, and by whom.
struct Keyed {
    rows: Vec<Row>,
    /// Its patient key.
    patient: i64,
    /// True when it no longer points at a patient that the version before pointed at.
    dropped: bool,
}

impl Tx<'_> {
    /// Writes the next version, the head and the index rows of a resource.
    pub(super) fn file(&mut self, resource: Prepared, before: Option<Before>) -> Result<Written, Refusal> {
        let kind = self.core.names.type_number(resource.kind).unwrap_or(0);
        let res = before.as_ref().map_or(self.core.next.res, |b| b.res);
        if before.is_none() {
            self.core.next.res += 1;
        }
        let ver = before.as_ref().map_or(0, |b| b.ver) + 1;
        let Keyed { rows, patient, dropped } = self.keyed(&resource, res, before.as_ref())?;
        let class = self.class_of(&resource, res, &rows, patient, before.as_ref())?;
        self.patients.extend(resource.patients.iter().cloned());
        if resource.kind == "Patient" {
            self.patients.insert(resource.id.clone());
        }
        if let Some(before) = before.as_ref().filter(|_| dropped) {
            self.concerned(before.patient)?;
        }
        let (pack, body) = match resource.packed {
            Some(packed) => packed,
            None => self.core.names.dictionaries.pack(&resource.text)?,
        };
        let vid = self.version(Version {
            vid: 0,
            kind,
            res,
            ver,
            txn: self.txn,
            at: self.core.now.0,
            prev: before.as_ref().filter(|b| b.ver > 0).map(|b| b.vid),
            splice: i64::from(resource.splice),
            pack,
            body: Some(body),
        });
        self.leaf(resource.kind, &resource.id, ver, Some(&resource.hash));
        let head = Head {
            kind,
            id: resource.id.clone(),
            ver,
            vid,
            txn: self.txn,
            live: true,
            patient,
            class,
            moved: if dropped { vid } else { before.as_ref().map_or(0, |b| b.moved) },
            rec: Some(keys::pack(&rows)),
            new: before.as_ref().is_none_or(|b| b.new),
        };
        self.head(res, head);
        match &before {
            Some(b) if b.live => self.replace_rows(b, rows, patient, class),
            _ => {
                let rows = rows.into_iter().map(|row| Indexed { row, patient, res, class });
                self.mine.get_mut().index.extend(rows);
            }
        }
        if let Some(before) = &before {
            self.pass_on(before, class)?;
        }
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
            group: core.pending.get_mut(),
            mine: self.mine.get_mut(),
            next: &mut core.next,
            resources: &mut core.resources,
            foreseen: core.foreseen.get_mut(),
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
        Ok(Keyed { rows, patient: naming.patient_key(patients), dropped })
    }

    /// Notes the patients behind a key for the audit trail.
    pub(super) fn concerned(&mut self, key: i64) -> Result<(), Refusal> {
        let core = &*self.core;
        let fresh = core.fresh.several.iter().find(|(_, number)| **number == -key);
        let numbers = match fresh {
            Some((patients, _)) => patients.clone(),
            None => core.names.patients_behind_now(&core.conn, key)?,
        };
        for number in numbers {
            let id = |pending: &Pending| pending.heads.get(&number).map(|head| head.id.clone());
            let written = id(&self.mine.borrow()).or_else(|| id(&core.pending.borrow()));
            let id = match written {
                Some(id) => Some(id),
                None => core
                    .conn
                    .first("SELECT id FROM head WHERE res = ?1", &[number.into()], |r| {
                        Ok(IdKey::text(r.get(0)?))
                    })
                    .map_err(|e| fault("find a patient's id", e))?,
            };
            self.patients.extend(id);
        }
        Ok(())
    }

    /// Adds a version, and gives it its number.
    pub(super) fn version(&mut self, mut version: Version) -> i64 {
        version.vid = self.core.next.vid;
        self.core.next.vid += 1;
        self.mine.get_mut().versions.push(version);
        self.core.next.vid - 1
    }

    pub(super) fn head(&mut self, res: i64, head: Head) {
        let key = (head.kind, head.id.clone());
        self.core.foreseen.get_mut().remove(&key);
        self.mine.get_mut().named.insert(key, res);
        self.mine.get_mut().heads.insert(res, head);
    }

    /// Moves rows that no longer hold to the past and adds the new ones.
    pub(super) fn replace_rows(&mut self, before: &Before, rows: Vec<Row>, patient: i64, class: i64) {
        let old: Vec<Row> = keys::unpack(before.rec.as_deref().unwrap_or_default())
            .map(|(param, value)| Row { param, value: value.to_vec() })
            .collect();
        let moved = (before.patient, before.class) != (patient, class);
        let (res, to_txn) = (before.res, self.txn);
        let gone = old.iter().filter(|row| moved || !rows.contains(row));
        self.mine.get_mut().gone.extend(gone.map(|row| Gone {
            was: Indexed { row: row.clone(), patient: before.patient, res, class: before.class },
            to_txn,
        }));
        let new = rows.into_iter().filter(|row| moved || !old.contains(row));
        self.mine.get_mut().index.extend(new.map(|row| Indexed { row, patient, res, class }));
    }

    pub(super) fn leaf(&mut self, kind: &str, id: &str, ver: i64, content: Option<&[u8; 32]>) {
        self.leaves.push(version_hash(kind, id, ver, content));
    }
}

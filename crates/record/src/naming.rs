//! Giving numbers while writing: to code systems, to resources that are pointed at before they are there, to sets
//! of patients.

use crate::body::IdKey;
use crate::engine::{self, Conn};
use crate::names::{Fresh, Names};
use crate::pending::{Head, Pending};
use crate::writer::{Foreseen, Position};
use crate::{Refusal, fault, keys};
use std::collections::HashMap;

/// More cached resource numbers than this and the cache starts anew.
const RESOURCES_MAX: usize = 100_000;

/// What naming needs of the writer and of the command.
pub(crate) struct Naming<'c> {
    pub conn: &'c Conn,
    pub names: &'c Names,
    /// Names of the commits that are open.
    pub fresh: &'c mut Fresh,
    /// Rows of commands before this one.
    pub group: &'c Pending,
    /// Rows of this command.
    pub mine: &'c mut Pending,
    pub next: &'c mut Position,
    pub resources: &'c mut HashMap<(i64, String), i64>,
    pub foreseen: &'c Foreseen,
    /// Type, id and number of the resource being filed: it may point at itself before it has a row.
    pub own: (i64, &'c str, i64),
}

impl Naming<'_> {
    fn find_or_make(&mut self, kind: i64, id: &str) -> engine::Result<i64> {
        if (kind, id) == (self.own.0, self.own.1) {
            return Ok(self.own.2);
        }
        let key = (kind, id.to_owned());
        if let Some(res) = self.resources.get(&key) {
            return Ok(*res);
        }
        let written = self.mine.head(kind, id).or_else(|| self.group.head(kind, id)).map(|(res, _)| res);
        let res = match (written, self.foreseen.get(&key)) {
            (Some(res), _) => res,
            (None, Some(Some(before))) => before.res,
            (None, Some(None)) => self.make(&key),
            (None, None) => match self.find(kind, id)? {
                Some(res) => res,
                None => self.make(&key),
            },
        };
        if self.resources.len() >= RESOURCES_MAX {
            self.resources.clear();
        }
        self.resources.insert(key, res);
        Ok(res)
    }

    fn find(&self, kind: i64, id: &str) -> engine::Result<Option<i64>> {
        let id = IdKey::of(id);
        let values = [kind.into(), id.bytes().into()];
        self.conn.first("SELECT res FROM head WHERE type = ?1 AND id = ?2", &values, |r| r.get(0))
    }

    fn make(&mut self, key: &(i64, String)) -> i64 {
        let res = self.next.res;
        self.next.res += 1;
        let head = Head {
            kind: key.0,
            id: key.1.clone(),
            ver: 0,
            vid: 0,
            txn: 0,
            live: false,
            patient: 0,
            class: 0,
            moved: 0,
            rec: None,
            new: true,
        };
        self.mine.heads.insert(res, head);
        self.mine.named.insert(key.clone(), res);
        res
    }

    /// The key of a set of patients: 0 for none, the patient for one, below 0 for several.
    pub fn patient_key(&mut self, mut patients: Vec<i64>) -> i64 {
        patients.sort_unstable();
        patients.dedup();
        match patients.as_slice() {
            [] => 0,
            [one] => *one,
            several => {
                let known = self.names.several_key(several);
                known.or_else(|| self.fresh.several.get(several).map(|n| -n)).unwrap_or_else(|| {
                    let number = self.next.several;
                    self.next.several += 1;
                    self.mine.several.push((number, patients.clone()));
                    self.fresh.several.insert(patients, number);
                    -number
                })
            }
        }
    }

    /// The patients that a key stands for, also one made in the commits that are open.
    pub fn patients_behind(&self, key: i64) -> Vec<i64> {
        let fresh = self.fresh.several.iter().find(|(_, number)| **number == -key);
        fresh.map_or_else(|| self.names.patients_behind(key), |(patients, _)| patients.clone())
    }
}

impl keys::Names for Naming<'_> {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        if let Some(number) = self.names.system(uri).or_else(|| self.fresh.systems.get(uri).copied()) {
            return Ok(number);
        }
        let number = self.next.system;
        self.next.system += 1;
        self.mine.systems.push((number, uri.to_owned()));
        self.fresh.systems.insert(uri.to_owned(), number);
        Ok(number)
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        let Some(number) = self.names.type_number(kind) else {
            return Err(Refusal::invalid("", format!("{kind} is no resource type of FHIR R4.")));
        };
        self.find_or_make(number, id).map_err(|e| fault("name a resource", e))
    }
}

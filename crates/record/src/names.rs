//! Numbers for what rows name again and again: resource types, search parameters, code systems, sets of
//! patients, compression dictionaries. They belong to one store and never leave it.

use crate::body::Dictionaries;
use crate::{Refusal, fault};
use fhir::definitions::{RESOURCES, SEARCH_PARAMS};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::sync::RwLock;

/// What all threads of a store share. Only committed names are in it.
pub(crate) struct Names {
    types: HashMap<&'static str, i64>,
    kinds: Vec<&'static str>,
    /// Store number of each of fhir's parameters, by its `number`.
    params: Vec<i64>,
    /// Type number of each of the store's parameters.
    param_types: Vec<i64>,
    systems: RwLock<HashMap<String, i64>>,
    several: RwLock<Several>,
    pub dictionaries: Dictionaries,
}

impl Names {
    /// Reads the names of a store, giving numbers to types and parameters that are new to it.
    pub fn load(conn: &Connection) -> Result<Names, Refusal> {
        Names::read(conn).map_err(|e| fault("read the store's names", e))
    }

    /// Reads the names of a store that must not be changed.
    pub fn known(conn: &Connection) -> rusqlite::Result<Names> {
        let list = |r: &rusqlite::Row<'_>| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?));
        let found = conn
            .prepare("SELECT name, number FROM type")?
            .query_map([], list)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let number = |kind: &str| found.iter().find(|(name, _)| name == kind).map_or(0, |(_, n)| *n);
        let types = RESOURCES.iter().map(|kind| (*kind, number(kind))).collect();
        Names::with_types(conn, types)
    }

    fn read(conn: &Connection) -> rusqlite::Result<Names> {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        let mut types = HashMap::new();
        for kind in RESOURCES {
            conn.prepare_cached("INSERT OR IGNORE INTO type (name) VALUES (?1)")?.execute([kind])?;
            let number = conn
                .prepare_cached("SELECT number FROM type WHERE name = ?1")?
                .query_row([kind], |r| r.get(0))?;
            types.insert(*kind, number);
        }
        let names = Names::with_types(conn, types)?;
        conn.execute_batch("COMMIT")?;
        Ok(names)
    }

    fn with_types(conn: &Connection, types: HashMap<&'static str, i64>) -> rusqlite::Result<Names> {
        let last = types.values().copied().max().unwrap_or(0);
        let mut kinds = vec![""; last as usize + 1];
        for (kind, number) in &types {
            kinds[*number as usize] = kind;
        }
        let (params, param_types) = read_params(conn, &types)?;
        let (systems, several) = (read_systems(conn)?, read_several(conn)?);
        let dictionaries = Dictionaries::load(conn)?;
        Ok(Names {
            types,
            kinds,
            params,
            param_types,
            systems: RwLock::new(systems),
            several: RwLock::new(Several::of(several)),
            dictionaries,
        })
    }

    /// Number of a resource type.
    pub fn type_number(&self, kind: &str) -> Option<i64> {
        self.types.get(kind).copied()
    }

    /// Name of a type number that this store gave.
    pub fn kind(&self, number: i64) -> &'static str {
        self.kinds.get(number as usize).copied().unwrap_or("")
    }

    /// Store numbers of fhir's parameters, by their `number`.
    pub fn params(&self) -> &[i64] {
        &self.params
    }

    /// Type number of a store's parameter.
    pub fn param_type(&self, param: i64) -> i64 {
        self.param_types.get(param as usize).copied().unwrap_or(0)
    }

    /// Number of a code system, if any committed row names it.
    pub fn system(&self, uri: &str) -> Option<i64> {
        self.systems.read().expect("no thread panics with names locked").get(uri).copied()
    }

    /// The patients behind a `patient` key below 0.
    pub fn several(&self, key: i64) -> Vec<i64> {
        let several = self.several.read().expect("no thread panics with names locked");
        several.sets.get(&-key).cloned().unwrap_or_default()
    }

    /// The patients that a key stands for: none for 0, one, or those of a set.
    pub fn patients_behind(&self, key: i64) -> Vec<i64> {
        match key {
            0 => Vec::new(),
            1.. => vec![key],
            _ => self.several(key),
        }
    }

    /// True when all patients behind a key below 0 pass.
    pub fn several_all(&self, key: i64, mut pass: impl FnMut(i64) -> bool) -> bool {
        let several = self.several.read().expect("no thread panics with names locked");
        several.sets.get(&-key).is_some_and(|patients| patients.iter().all(|p| pass(*p)))
    }

    /// The keys below 0 of sets that contain a patient, also of those that `conn` has and that are not committed
    /// or that another process has made.
    pub fn several_with(&self, conn: &Connection, patient: i64) -> Result<Vec<i64>, Refusal> {
        let (mut keys, known) = {
            let several = self.several.read().expect("no thread panics with names locked");
            (several.with.get(&patient).cloned().unwrap_or_default(), several.known)
        };
        let read = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)?, patients_of(&r.get::<_, String>(1)?)));
        let newer: Vec<(i64, Vec<i64>)> = conn
            .prepare_cached("SELECT number, patients FROM several WHERE number > ?1")
            .and_then(|mut s| s.query_map([known], read)?.collect())
            .map_err(|e| fault("find the sets that a patient is in", e))?;
        keys.extend(newer.iter().filter(|(_, patients)| patients.contains(&patient)).map(|(n, _)| -n));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// The key below 0 of a set of patients, which are in order.
    pub fn several_of(&self, conn: &Connection, patients: &[i64]) -> Result<Option<i64>, Refusal> {
        conn.prepare_cached("SELECT -number FROM several WHERE patients = ?1")
            .and_then(|mut s| s.query_row([text_of(patients)], |r| r.get(0)).optional())
            .map_err(|e| fault("find a set of patients", e))
    }

    /// Number of a code system, also of one that another process has named since.
    pub fn system_now(&self, conn: &Connection, uri: &str) -> Result<Option<i64>, Refusal> {
        if let Some(number) = self.system(uri) {
            return Ok(Some(number));
        }
        conn.prepare_cached("SELECT number FROM system WHERE uri = ?1")
            .and_then(|mut s| s.query_row([uri], |r| r.get(0)).optional())
            .map_err(|e| fault("find a code system", e))
    }

    /// Unpacks a body, with a dictionary that another process may have made.
    pub fn unpack(&self, conn: &Connection, pack: i64, body: &[u8]) -> Result<String, Refusal> {
        if !self.dictionaries.knows(pack) {
            self.dictionaries.refresh(conn).map_err(|e| fault("read the dictionaries", e))?;
        }
        self.dictionaries.unpack(pack, body)
    }

    /// Takes in what another process has named.
    pub fn refresh(&self, conn: &Connection) -> rusqlite::Result<()> {
        let mut fresh =
            Fresh { systems: read_systems(conn)?, several: read_several(conn)?, ..Fresh::default() };
        self.committed(&mut fresh);
        self.dictionaries.refresh(conn)
    }

    /// Takes in names that have just been committed.
    pub fn committed(&self, new: &mut Fresh) {
        if !new.systems.is_empty() {
            self.systems.write().expect("no thread panics with names locked").extend(new.systems.drain());
        }
        if !new.several.is_empty() {
            let mut several = self.several.write().expect("no thread panics with names locked");
            new.several.drain().for_each(|(number, patients)| several.add(number, patients));
        }
    }
}

/// Sets of patients.
#[derive(Default)]
struct Several {
    /// By number.
    sets: HashMap<i64, Vec<i64>>,
    /// The keys of the sets that a patient is in.
    with: HashMap<i64, Vec<i64>>,
    /// All numbers up to this one are here.
    known: i64,
}

impl Several {
    fn of(sets: HashMap<i64, Vec<i64>>) -> Several {
        let mut several = Several::default();
        sets.into_iter().for_each(|(number, patients)| several.add(number, patients));
        several
    }

    fn add(&mut self, number: i64, patients: Vec<i64>) {
        if self.sets.contains_key(&number) {
            return;
        }
        for patient in &patients {
            self.with.entry(*patient).or_default().push(-number);
        }
        self.sets.insert(number, patients);
        while self.sets.contains_key(&(self.known + 1)) {
            self.known += 1;
        }
    }
}

fn read_systems(conn: &Connection) -> rusqlite::Result<HashMap<String, i64>> {
    conn.prepare("SELECT uri, number FROM system")?.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}

fn read_several(conn: &Connection) -> rusqlite::Result<HashMap<i64, Vec<i64>>> {
    let read = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)?, patients_of(&r.get::<_, String>(1)?)));
    conn.prepare("SELECT number, patients FROM several")?.query_map([], read)?.collect()
}

fn read_params(
    conn: &Connection,
    types: &HashMap<&'static str, i64>,
) -> rusqlite::Result<(Vec<i64>, Vec<i64>)> {
    let mut known: HashMap<(String, String), i64> = conn
        .prepare("SELECT base, code, number FROM param")?
        .query_map([], |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut params = Vec::with_capacity(SEARCH_PARAMS.len());
    let mut param_types = vec![0; SEARCH_PARAMS.len() + known.len() + 1];
    for param in SEARCH_PARAMS {
        let key = (param.base.to_owned(), param.code.to_owned());
        let number = match known.get(&key) {
            Some(number) => *number,
            None => {
                conn.prepare_cached("INSERT INTO param (base, code) VALUES (?1, ?2)")?
                    .execute([param.base, param.code])?;
                let number = conn.last_insert_rowid();
                known.insert(key, number);
                number
            }
        };
        params.push(number);
        param_types[number as usize] = types.get(param.base).copied().unwrap_or(0);
    }
    Ok((params, param_types))
}

fn text_of(patients: &[i64]) -> String {
    patients.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

fn patients_of(text: &str) -> Vec<i64> {
    text.split(' ').filter_map(|n| n.parse().ok()).collect()
}

/// Names made in the group of commits that is open. Forgotten when one of them is undone.
#[derive(Default)]
pub(crate) struct Fresh {
    pub systems: HashMap<String, i64>,
    pub several: HashMap<i64, Vec<i64>>,
    /// (type, id) -> res, also of older resources; spares look-ups of practitioners and patients.
    pub resources: HashMap<(i64, String), i64>,
}

/// More cached resource numbers than this and the cache starts anew.
const RESOURCES_MAX: usize = 100_000;

/// Gives numbers while writing.
pub(crate) struct Naming<'c> {
    pub conn: &'c Connection,
    pub names: &'c Names,
    pub fresh: &'c mut Fresh,
    pub next_res: &'c mut i64,
    /// Type, id and number of the resource being filed: it may point at itself before it has a row.
    pub own: (i64, &'c str, i64),
}

impl Naming<'_> {
    fn make_system(&mut self, uri: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.names.system(uri).or_else(|| self.fresh.systems.get(uri).copied()) {
            return Ok(number);
        }
        let known = self
            .conn
            .prepare_cached("SELECT number FROM system WHERE uri = ?1")?
            .query_row([uri], |r| r.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.conn.prepare_cached("INSERT INTO system (uri) VALUES (?1)")?.execute([uri])?;
                self.conn.last_insert_rowid()
            }
        };
        self.fresh.systems.insert(uri.to_owned(), number);
        Ok(number)
    }

    fn make_resource(&mut self, type_number: i64, id: &str) -> rusqlite::Result<i64> {
        if (type_number, id) == (self.own.0, self.own.1) {
            return Ok(self.own.2);
        }
        if let Some(res) = self.fresh.resources.get(&(type_number, id.to_owned())) {
            return Ok(*res);
        }
        let key = crate::body::IdKey::of(id);
        let known = self
            .conn
            .prepare_cached("SELECT res FROM head WHERE type = ?1 AND id = ?2")?
            .query_row(params![type_number, key], |r| r.get(0))
            .optional()?;
        let res = match known {
            Some(res) => res,
            None => {
                let res = *self.next_res;
                *self.next_res += 1;
                self.conn
                    .prepare_cached(
                        "INSERT INTO head (res, type, id, ver, vid, txn, live, patient, class, moved)
                         VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0, 0)",
                    )?
                    .execute(params![res, type_number, key])?;
                res
            }
        };
        if self.fresh.resources.len() >= RESOURCES_MAX {
            self.fresh.resources.clear();
        }
        self.fresh.resources.insert((type_number, id.to_owned()), res);
        Ok(res)
    }

    /// The key of a set of patients: 0 for none, the patient for one, below 0 for several.
    pub fn patient_key(&mut self, mut patients: Vec<i64>) -> Result<i64, Refusal> {
        patients.sort_unstable();
        patients.dedup();
        match patients.as_slice() {
            [] => Ok(0),
            [one] => Ok(*one),
            _ => self.several_key(patients).map_err(|e| fault("name a set of patients", e)),
        }
    }

    /// The patients that a key stands for, also one made in the commits that are open.
    pub fn patients_behind(&self, key: i64) -> Vec<i64> {
        let fresh = self.fresh.several.get(&-key).cloned();
        fresh.unwrap_or_else(|| self.names.patients_behind(key))
    }

    fn several_key(&mut self, patients: Vec<i64>) -> rusqlite::Result<i64> {
        let text = text_of(&patients);
        self.conn.prepare_cached("INSERT OR IGNORE INTO several (patients) VALUES (?1)")?.execute([&text])?;
        let number: i64 = self
            .conn
            .prepare_cached("SELECT number FROM several WHERE patients = ?1")?
            .query_row([&text], |r| r.get(0))?;
        self.fresh.several.insert(number, patients);
        Ok(-number)
    }
}

impl crate::keys::Names for Naming<'_> {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        self.make_system(uri).map_err(|e| fault("name a code system", e))
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        let Some(type_number) = self.names.type_number(kind) else {
            return Err(Refusal::invalid("", format!("{kind} is no resource type of FHIR R4.")));
        };
        self.make_resource(type_number, id).map_err(|e| fault("name a resource", e))
    }
}

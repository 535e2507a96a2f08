//! Numbers for what rows name again and again: resource types, search parameters, code systems, sets of
//! patients, access classes, compression dictionaries. They belong to one store and never leave it.

mod classes;
mod several;

use crate::body::Dictionaries;
use crate::engine::{self, Conn, PARAMS, TYPES, Value};
use crate::marks::{self, Marks};
use crate::{Refusal, fault};
use classes::Classes;
pub(crate) use classes::Laid;
use fhir::definitions::{RESOURCES, SEARCH_PARAMS};
use several::Several;
pub(crate) use several::text_of;
use std::collections::{HashMap, HashSet};
use std::sync::{RwLock, RwLockReadGuard};

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
    classes: RwLock<Classes>,
    laid: RwLock<Laid>,
    /// Parameters that marks pass along.
    passing: HashSet<i64>,
    pub dictionaries: Dictionaries,
}

impl Names {
    /// Reads the names of a store, giving numbers to types and parameters that are new to it. The connection is
    /// one that is writing.
    pub fn load(conn: &Conn) -> engine::Result<Names> {
        let known = read_types(conn)?;
        let mut next = known.values().copied().max().unwrap_or(0);
        let mut fresh = Vec::new();
        for kind in RESOURCES.iter().filter(|kind| !known.contains_key(**kind)) {
            next += 1;
            fresh.extend([Value::Int(next), Value::Text(kind)]);
        }
        conn.bulk(&TYPES, &fresh)?;
        let known = read_params(conn)?;
        let mut next = known.values().copied().max().unwrap_or(0);
        let mut fresh = Vec::new();
        for param in SEARCH_PARAMS {
            if !known.contains_key(&(param.base.to_owned(), param.code.to_owned())) {
                next += 1;
                fresh.extend([Value::Int(next), Value::Text(param.base), Value::Text(param.code)]);
            }
        }
        conn.bulk(&PARAMS, &fresh)?;
        Names::known(conn)
    }

    /// Reads the names of a store that must not be changed.
    pub fn known(conn: &Conn) -> engine::Result<Names> {
        let found = read_types(conn)?;
        let number = |kind: &str| found.get(kind).copied().unwrap_or(0);
        let types: HashMap<_, _> = RESOURCES.iter().map(|kind| (*kind, number(kind))).collect();
        let last = types.values().copied().max().unwrap_or(0);
        let mut kinds = vec![""; last as usize + 1];
        for (kind, number) in &types {
            kinds[*number as usize] = kind;
        }
        let found = read_params(conn)?;
        let last = found.values().copied().max().unwrap_or(0);
        let mut param_types = vec![0; last as usize + 1];
        let mut params = Vec::with_capacity(SEARCH_PARAMS.len());
        for param in SEARCH_PARAMS {
            let number = found.get(&(param.base.to_owned(), param.code.to_owned())).copied().unwrap_or(0);
            params.push(number);
            param_types[number as usize] = types.get(param.base).copied().unwrap_or(0);
        }
        let along = params.iter().enumerate().filter(|(number, _)| marks::passes_along(*number));
        let passing = along.map(|(_, number)| *number).collect();
        Ok(Names {
            types,
            kinds,
            passing,
            params,
            param_types,
            systems: RwLock::new(read_systems(conn)?),
            several: RwLock::new(Several::read(conn)?),
            classes: RwLock::new(Classes::read(conn)?),
            laid: RwLock::new(classes::laid(conn)?),
            dictionaries: Dictionaries::load(conn)?,
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

    /// One more than the greatest number of a type.
    pub fn kinds_end(&self) -> usize {
        self.kinds.len()
    }

    /// One more than the greatest number of a parameter.
    pub fn params_end(&self) -> usize {
        self.param_types.len()
    }

    /// The patients that a key stands for: none for 0, one, or those of a set.
    pub fn patients_behind(&self, key: i64) -> Vec<i64> {
        match key {
            0 => Vec::new(),
            1.. => vec![key],
            _ => self.several().get(key).map(<[i64]>::to_vec).unwrap_or_default(),
        }
    }

    /// The same, also of a set that is not committed or that another process has made.
    pub fn patients_behind_now(&self, conn: &Conn, key: i64) -> Result<Vec<i64>, Refusal> {
        let known = self.patients_behind(key);
        if key >= 0 || !known.is_empty() {
            return Ok(known);
        }
        several::one(conn, key).map_err(|e| fault("read a set of patients", e))
    }

    /// True when all patients behind a key below 0 pass.
    pub fn several_all(&self, key: i64, mut pass: impl FnMut(i64) -> bool) -> bool {
        self.several().get(key).is_some_and(|patients| patients.iter().all(|p| pass(*p)))
    }

    /// The keys below 0 of sets that contain a patient, also of those that `conn` has and that are not committed
    /// or that another process has made.
    pub fn several_with(&self, conn: &Conn, patient: i64) -> Result<Vec<i64>, Refusal> {
        let (mut keys, known) = {
            let several = self.several();
            (several.with(patient).to_vec(), several.known())
        };
        let newer =
            several::newer(conn, known).map_err(|e| fault("find the sets that a patient is in", e))?;
        keys.extend(newer.iter().filter(|(_, patients)| patients.contains(&patient)).map(|(n, _)| -n));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// The key below 0 of a committed set of patients, which are in order.
    pub fn several_key(&self, patients: &[i64]) -> Option<i64> {
        self.several().key(patients)
    }

    /// The same, also of a set that is not committed or that another process has made.
    pub fn several_key_now(&self, conn: &Conn, patients: &[i64]) -> Result<Option<i64>, Refusal> {
        let (key, known) = {
            let several = self.several();
            (several.key(patients), several.known())
        };
        if key.is_some() {
            return Ok(key);
        }
        let newer = several::newer(conn, known).map_err(|e| fault("find a set of patients", e))?;
        Ok(newer.into_iter().find(|(_, set)| set == patients).map(|(number, _)| -number))
    }

    /// Parameters that marks pass along, to the resource that has them.
    pub fn passing(&self) -> &HashSet<i64> {
        &self.passing
    }

    /// The marks of a committed class.
    pub fn marks(&self, class: i64) -> Option<Marks> {
        self.classes().marks(class).cloned()
    }

    /// The number of a committed class.
    pub fn class(&self, marks: &str) -> Option<i64> {
        self.classes().number(marks)
    }

    /// The classes whose marks are all held, also of those that another process has made.
    pub fn classes_seen(&self, conn: &Conn, held: &Marks) -> engine::Result<HashSet<i64>> {
        let known = self.classes().known();
        let newer = classes::newer(conn, known)?;
        if !newer.is_empty() {
            let mut classes = self.classes.write().expect("no thread panics with names locked");
            newer.into_iter().for_each(|(number, text)| classes.add(number, text));
        }
        Ok(self.classes().seen_by(held))
    }

    /// The marks that were laid on a resource, or on all that concerns it, by committed commands.
    pub fn laid(&self, res: i64, whole: bool) -> Option<Marks> {
        self.laid.read().expect("no thread panics with names locked").get(&(res, whole)).cloned()
    }

    /// True when no marks are laid on anything.
    pub fn none_laid(&self) -> bool {
        self.laid.read().expect("no thread panics with names locked").is_empty()
    }

    fn classes(&self) -> RwLockReadGuard<'_, Classes> {
        self.classes.read().expect("no thread panics with names locked")
    }

    fn several(&self) -> RwLockReadGuard<'_, Several> {
        self.several.read().expect("no thread panics with names locked")
    }

    /// Number of a code system, also of one that another process has named since.
    pub fn system_now(&self, conn: &Conn, uri: &str) -> Result<Option<i64>, Refusal> {
        if let Some(number) = self.system(uri) {
            return Ok(Some(number));
        }
        conn.first("SELECT number FROM system WHERE uri = ?1", &[uri.into()], |r| r.get(0))
            .map_err(|e| fault("find a code system", e))
    }

    /// Unpacks a body, with a dictionary that another process may have made.
    pub fn unpack(&self, conn: &Conn, pack: i64, body: &[u8]) -> Result<String, Refusal> {
        self.know(conn, pack)?;
        self.dictionaries.unpack(pack, body)
    }

    /// Sees to it that bodies packed so can be unpacked without a connection.
    pub fn know(&self, conn: &Conn, pack: i64) -> Result<(), Refusal> {
        if !self.dictionaries.knows(pack) {
            self.dictionaries.refresh(conn).map_err(|e| fault("read the dictionaries", e))?;
        }
        Ok(())
    }

    /// Takes in what another process has named.
    pub fn refresh(&self, conn: &Conn) -> engine::Result<()> {
        let systems = read_systems(conn)?;
        self.systems.write().expect("no thread panics with names locked").extend(systems);
        let known = self.several().known();
        let newer = several::newer(conn, known)?;
        let mut several = self.several.write().expect("no thread panics with names locked");
        newer.into_iter().for_each(|(number, patients)| several.add(number, patients));
        drop(several);
        self.classes.write().expect("no thread panics with names locked").refresh(conn)?;
        *self.laid.write().expect("no thread panics with names locked") = classes::laid(conn)?;
        self.dictionaries.refresh(conn)
    }

    /// Takes in names that have just been committed.
    pub fn committed(&self, new: &mut Fresh) {
        if !new.systems.is_empty() {
            self.systems.write().expect("no thread panics with names locked").extend(new.systems.drain());
        }
        if !new.several.is_empty() {
            let mut several = self.several.write().expect("no thread panics with names locked");
            new.several.drain().for_each(|(patients, number)| several.add(number, patients));
        }
        if !new.classes.is_empty() {
            let mut classes = self.classes.write().expect("no thread panics with names locked");
            new.classes.drain().for_each(|(text, number)| classes.add(number, text));
        }
        if !new.laid.is_empty() {
            let mut laid = self.laid.write().expect("no thread panics with names locked");
            laid.extend(new.laid.drain());
            laid.retain(|_, marks| !marks.is_empty());
        }
    }
}

fn read_types(conn: &Conn) -> engine::Result<HashMap<String, i64>> {
    let all = conn.all("SELECT name, number FROM type", &[], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(all.into_iter().collect())
}

fn read_params(conn: &Conn) -> engine::Result<HashMap<(String, String), i64>> {
    let read = "SELECT base, code, number FROM param";
    Ok(conn.all(read, &[], |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))?.into_iter().collect())
}

fn read_systems(conn: &Conn) -> engine::Result<HashMap<String, i64>> {
    let all = conn.all("SELECT uri, number FROM system", &[], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(all.into_iter().collect())
}

/// Names made in the group of commits that is open.
#[derive(Default)]
pub(crate) struct Fresh {
    pub systems: HashMap<String, i64>,
    pub several: HashMap<Vec<i64>, i64>,
    pub classes: HashMap<String, i64>,
    /// By commands that are done; none where they were lifted.
    pub laid: Laid,
}

impl Fresh {
    /// Forgets what an undone command has named: numbers from these on.
    pub fn forget(&mut self, system: i64, several: i64, class: i64) {
        self.classes.retain(|_, number| *number < class);
        self.systems.retain(|_, number| *number < system);
        self.several.retain(|_, number| *number < several);
    }
}

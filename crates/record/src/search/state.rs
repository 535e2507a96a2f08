//! What one resource is in the state that is searched.
//!
//! The index and the heads are of now. A search as at a past commit takes as candidates the rows of now and
//! those superseded since; a resource whose head is not younger than that commit is what its head says, and
//! any other is read from the version that was current then.

use super::{SearchContext, sql};
use crate::body::IdKey;
use crate::engine::{self, Row};
use crate::keys::{self, Known, Names};
use crate::prepare::patients_of;
use crate::snapshot::Head;
use crate::{Body, Refusal, fault};
use fhir::{Json, Limits};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A live resource in the state searched.
pub(super) struct State {
    pub res: i64,
    /// Number of its type.
    pub kind: i64,
    /// The version.
    pub vid: i64,
    /// Its patient key then.
    pub patient: i64,
    pub id: Id,
    /// Its index rows, packed.
    pub rec: Vec<u8>,
}

/// A logical id as its column has it.
pub(super) enum Id {
    Uuid([u8; 16]),
    Text(String),
}

impl Id {
    fn of(column: &[u8]) -> Id {
        column.try_into().map_or_else(|_| Id::Text(IdKey::text(column)), Id::Uuid)
    }

    pub fn text(&self) -> String {
        match self {
            Id::Uuid(bytes) => IdKey::text(bytes),
            Id::Text(text) => text.clone(),
        }
    }
}

/// States that are remembered for what follows: sorting, loading, chains, includes.
const KEPT_MAX: usize = 4_096;

impl State {
    /// Values of a parameter.
    pub fn values(&self, param: i64) -> impl Iterator<Item = &[u8]> {
        keys::values_of(&self.rec, param)
    }

    /// Resources of this record that a reference parameter points at.
    pub fn targets(&self, param: i64) -> impl Iterator<Item = i64> {
        self.values(param).filter_map(keys::local_of)
    }
}

impl SearchContext<'_> {
    /// True when commits have followed the state that is searched.
    pub(super) fn is_past(&self) -> bool {
        self.snapshot.txn < self.snapshot.newest
    }

    /// The resource, if it is there in this state and in the scope.
    pub(super) fn state(&self, res: i64) -> Result<Option<Rc<State>>, Refusal> {
        if let Some(known) = self.states.borrow().get(&res) {
            return Ok(known.clone());
        }
        let state = self.read_state(res)?.map(Rc::new);
        let mut states = self.states.borrow_mut();
        if states.len() >= KEPT_MAX {
            states.clear();
        }
        states.insert(res, state.clone());
        Ok(state)
    }

    fn read_state(&self, res: i64) -> Result<Option<State>, Refusal> {
        let read = |r: &Row<'_>| {
            let state = State {
                res,
                kind: r.get(0)?,
                vid: r.get(1)?,
                patient: r.get(4)?,
                id: Id::of(r.get(6)?),
                rec: r.get::<Option<&[u8]>>(5)?.unwrap_or_default().to_vec(),
            };
            Ok((state, r.get::<i64>(2)?, r.get::<bool>(3)?))
        };
        let row = sql::HEAD
            .first(self.snapshot.conn, &[res.into()], read)
            .map_err(|e| fault("find a resource by number", e))?;
        let Some((state, txn, live)) = row else { return Ok(None) };
        if txn <= self.snapshot.txn { Ok(live.then_some(state)) } else { self.state_then(state) }
    }

    /// The resource as it is to be shown.
    pub(super) fn load(&self, res: i64) -> Result<Option<Body>, Refusal> {
        let Some(state) = self.state(res)? else { return Ok(None) };
        let head =
            Head { res, kind: state.kind, id: state.id.text(), vid: state.vid, patient: state.patient };
        self.snapshot.body_at(&head)
    }

    /// Goes back from the current version to the one that was current then.
    fn state_then(&self, now: State) -> Result<Option<State>, Refusal> {
        let mut next = Some(now.vid);
        while let Some(vid) = next {
            let Some(row) = self.version(vid)? else { return Ok(None) };
            if row.txn > self.snapshot.txn {
                next = row.prev;
                continue;
            }
            let Some(packed) = row.body else { return Ok(None) };
            let json = self.parse(row.pack, &packed)?;
            let entries = fhir::search::extract(json.root());
            let mut names = AsKnown(self);
            let rows = keys::encode(&entries, self.snapshot.names.params(), &mut names)?;
            let patient = self.patient_then(&now, &patients_of(json.root()))?;
            return Ok(Some(State { vid, patient, rec: keys::pack(&rows), ..now }));
        }
        Ok(None)
    }

    /// The patient key that these patients give, as the writer has it.
    fn patient_then(&self, now: &State, ids: &BTreeSet<String>) -> Result<i64, Refusal> {
        if self.snapshot.names.kind(now.kind) == "Patient" {
            return Ok(now.res);
        }
        let mut patients = Vec::new();
        for id in ids {
            patients.extend(self.resource("Patient", id)?);
        }
        patients.sort_unstable();
        Ok(match patients.as_slice() {
            [] => 0,
            [one] => *one,
            several => self.snapshot.names.several_key_now(self.snapshot.conn, several)?.unwrap_or(0),
        })
    }

    fn version(&self, vid: i64) -> Result<Option<VersionRow>, Refusal> {
        let row = |r: &Row<'_>| {
            Ok(VersionRow { prev: r.get(0)?, txn: r.get(1)?, pack: r.get(2)?, body: r.get(3)? })
        };
        sql::VERSION.first(self.snapshot.conn, &[vid.into()], row).map_err(|e| fault("read a version", e))
    }

    /// The resource itself, for tests that the index cannot decide.
    pub(super) fn resource_of(&self, state: &State) -> Result<Json, Refusal> {
        let row = self.version(state.vid)?.and_then(|row| Some((row.pack, row.body?)));
        let (pack, packed) = row.ok_or_else(|| fault("read a match", "its version is not there"))?;
        self.parse(pack, &packed)
    }

    fn parse(&self, pack: i64, packed: &[u8]) -> Result<Json, Refusal> {
        let text = self.snapshot.names.unpack(self.snapshot.conn, pack, packed)?;
        Json::parse(text, Limits::FILE).map_err(|e| fault("read a body", e))
    }

    /// When a version was committed.
    pub(super) fn instant(&self, vid: i64) -> Result<i64, Refusal> {
        sql::INSTANT
            .first(self.snapshot.conn, &[vid.into()], |r| r.get(0))
            .and_then(|at| at.ok_or_else(|| engine::Error::Shape("it is not there".into())))
            .map_err(|e| fault("read when a version was committed", e))
    }
}

struct VersionRow {
    prev: Option<i64>,
    txn: i64,
    pack: i64,
    body: Option<Vec<u8>>,
}

impl Known for SearchContext<'_> {
    fn system(&self, uri: &str) -> Result<Option<i64>, Refusal> {
        self.snapshot.names.system_now(self.snapshot.conn, uri)
    }

    fn resource(&self, kind: &str, id: &str) -> Result<Option<i64>, Refusal> {
        let Some(number) = self.snapshot.names.type_number(kind) else { return Ok(None) };
        let key = (number, id.to_owned());
        if let Some(known) = self.named.borrow().get(&key) {
            return Ok(*known);
        }
        let id = IdKey::of(id);
        let values = [number.into(), id.bytes().into()];
        let res = sql::NAME
            .first(self.snapshot.conn, &values, |r| r.get(0))
            .map_err(|e| fault("find a resource's number", e))?;
        self.named.borrow_mut().insert(key, res);
        Ok(res)
    }
}

/// Encodes what was once written, so that every name has its number. One that had none would be a fault that
/// `verify` finds; here it becomes a number that nothing has.
struct AsKnown<'c, 's>(&'c SearchContext<'s>);

impl Names for AsKnown<'_, '_> {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        Ok(Known::system(self.0, uri)?.unwrap_or(i64::MAX))
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        Ok(Known::resource(self.0, kind, id)?.unwrap_or(i64::MAX))
    }
}

//! What one resource is in the state that is searched.
//!
//! The index and the heads are of now. A search as at a past commit takes as candidates the rows of now and
//! those superseded since; a resource whose head is not younger than that commit is what its head says, and
//! any other is read from the version that was current then.

use super::{SearchContext, sql};
use crate::body::IdKey;
use crate::engine::{self, Row, Value};
use crate::keys::{self, Known, Names};
use crate::prepare::patients_of;
use crate::snapshot::Head;
use crate::{Body, Refusal, fault};
use fhir::{Json, Limits};
use std::collections::{BTreeSet, VecDeque};
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

/// Resources that are read together at first, and at most.
const AHEAD_FIRST: usize = 32;
const AHEAD_MOST: usize = 512;

/// Resources that will be asked for next.
#[derive(Default)]
pub(super) struct Ahead {
    list: VecDeque<i64>,
    read: usize,
}

fn head(r: &Row<'_>, res: i64) -> engine::Result<(State, i64, bool)> {
    let state = State {
        res,
        kind: r.get(0)?,
        vid: r.get(1)?,
        patient: r.get(4)?,
        id: Id::of(r.get(6)?),
        rec: r.get::<Option<&[u8]>>(5)?.unwrap_or_default().to_vec(),
    };
    Ok((state, r.get(2)?, r.get(3)?))
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
        if self.snapshot.conn.is_far() {
            self.read_ahead(res)?;
            return Ok(self.states.borrow().get(&res).cloned().flatten());
        }
        let row = sql::HEAD
            .first(self.snapshot.conn, &[res.into()], |r| head(r, res))
            .map_err(|e| fault("find a resource by number", e))?;
        let state = row.map(|row| self.shown(row)).transpose()?.flatten().map(Rc::new);
        self.keep_state(res, state.clone());
        Ok(state)
    }

    fn keep_state(&self, res: i64, state: Option<Rc<State>>) {
        let mut states = self.states.borrow_mut();
        if states.len() >= KEPT_MAX {
            states.clear();
        }
        states.insert(res, state);
    }

    /// Says which resources will be asked for, in their order, so that they are read together where asking costs
    /// a round trip.
    pub(super) fn expect(&self, list: impl IntoIterator<Item = i64>) {
        if self.snapshot.conn.is_far() {
            let mut ahead = self.ahead.borrow_mut();
            ahead.list = list.into_iter().collect();
            ahead.read = AHEAD_FIRST;
        }
    }

    /// Reads a resource, and some of those that are expected after it.
    fn read_ahead(&self, res: i64) -> Result<(), Refusal> {
        let mut wanted = vec![res];
        {
            let (mut ahead, states) = (self.ahead.borrow_mut(), self.states.borrow());
            while wanted.len() < ahead.read
                && let Some(next) = ahead.list.pop_front()
            {
                wanted.extend(Some(next).filter(|next| *next != res && !states.contains_key(next)));
            }
            ahead.read = (ahead.read * 2).min(AHEAD_MOST);
        }
        let rows = sql::HEADS
            .all(self.snapshot.conn, &[Value::Ints(&wanted)], |r| head(r, r.get(7)?))
            .map_err(|e| fault("find resources by number", e))?;
        if self.states.borrow().len() + wanted.len() > KEPT_MAX {
            self.states.borrow_mut().clear();
        }
        self.states.borrow_mut().extend(wanted.into_iter().map(|res| (res, None)));
        for row in rows {
            let res = row.0.res;
            let state = self.shown(row)?.map(Rc::new);
            self.states.borrow_mut().insert(res, state);
        }
        Ok(())
    }

    /// What a head, which is of now, says of the state that is searched.
    fn shown(&self, (state, txn, live): (State, i64, bool)) -> Result<Option<State>, Refusal> {
        if txn <= self.snapshot.txn { Ok(live.then_some(state)) } else { self.state_then(state) }
    }

    /// The resources as they are to be shown, in their order.
    pub(super) fn load_all(&self, list: &[i64]) -> Result<Vec<Body>, Refusal> {
        self.expect(list.iter().copied());
        let mut heads = Vec::with_capacity(list.len());
        for res in list {
            heads.extend(self.state(*res)?.map(|state| Head {
                res: *res,
                kind: state.kind,
                id: state.id.text(),
                vid: state.vid,
                patient: state.patient,
            }));
        }
        self.snapshot.bodies_at(&heads)
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

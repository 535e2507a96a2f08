//! Which rows exist for a caller.

use crate::body::IdKey;
use crate::engine::Conn;
use crate::lens::Lens;
use crate::marks::{Marks, held_by_both};
use crate::names::Names;
use crate::{Refusal, fault};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Whose resources a caller reaches. Resources of no patient are reached by anyone whose types allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every patient.
    Everyone,
    /// These patients only, by id. A resource that concerns several is reached only by someone who reaches all.
    Patients(Arc<BTreeSet<String>>),
}

/// Which rows exist for a caller: of which types, of whose, bearing which marks. What is outside is, in every answer,
/// as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Resource types; none for all.
    pub types: Option<Arc<BTreeSet<&'static str>>>,
    /// Those of them that are reached whoever the patient is, such as Patient itself for who may look for people.
    pub traced: Option<Arc<BTreeSet<&'static str>>>,
    /// Patients.
    pub reach: Reach,
    /// Patients of whom nothing is seen whatever else holds, such as the caller and their family.
    pub barred: Option<Arc<BTreeSet<String>>>,
    /// Marks that the caller holds; none for all. `kind:*` stands for every mark of a kind.
    pub marks: Option<Arc<Marks>>,
    /// What is held beyond them of some patients.
    pub opened: Option<Arc<Opened>>,
}

/// Marks that are held of some patients only, as where a seal was broken. Resources that concern several patients
/// stay closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The patients, by id.
    pub patients: BTreeSet<String>,
    /// The marks.
    pub marks: Marks,
}

impl Scope {
    /// Everything. For the system itself and for tests.
    pub fn all() -> Scope {
        Scope { types: None, traced: None, reach: Reach::Everyone, barred: None, marks: None, opened: None }
    }

    /// True when nothing is outside.
    pub fn is_all(&self) -> bool {
        let of_everyone = self.reach == Reach::Everyone && self.barred.is_none();
        self.types.is_none() && self.marks.is_none() && of_everyone
    }

    /// True when resources of this type can be in the scope.
    pub fn has_type(&self, kind: &str) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}

impl Scope {
    /// What is inside both, or a little less: what one reaches by tracing and the other by its patients is in neither.
    pub fn narrowed_to(&self, other: &Scope) -> Scope {
        let traced = match (&self.reach, &other.reach) {
            (Reach::Everyone, _) => other.traced.clone(),
            (_, Reach::Everyone) => self.traced.clone(),
            _ => self.traced.as_ref().zip(other.traced.as_ref()).map(|(a, b)| Arc::new(&**a & &**b)),
        };
        let (marks, opened) = match (&self.marks, &other.marks) {
            (None, marks) => (marks.clone(), other.opened.clone()),
            (marks, None) => (marks.clone(), self.opened.clone()),
            (Some(a), Some(b)) => (Some(Arc::new(held_by_both(a, b))), None),
        };
        let reach = match (&self.reach, &other.reach) {
            (Reach::Everyone, reach) | (reach, Reach::Everyone) => reach.clone(),
            (Reach::Patients(a), Reach::Patients(b)) => Reach::Patients(Arc::new(&**a & &**b)),
        };
        let barred = match (&self.barred, &other.barred) {
            (None, barred) | (barred, None) => barred.clone(),
            (Some(a), Some(b)) => Some(Arc::new(&**a | &**b)),
        };
        Scope { types: both(&self.types, &other.types), traced, reach, barred, marks, opened }
    }

    /// The scope in this store's numbers. Patients that the store does not know reach nothing.
    pub(crate) fn lens(&self, conn: &Conn, names: &Names) -> Result<Lens, Refusal> {
        let numbers_of = |types: &Arc<BTreeSet<&'static str>>| {
            Arc::new(types.iter().filter_map(|kind| names.type_number(kind)).collect::<HashSet<i64>>())
        };
        let patients = match &self.reach {
            Reach::Everyone => None,
            Reach::Patients(ids) => Some(Arc::new(numbers(conn, names, ids)?)),
        };
        let barred = self.barred.as_ref().map(|ids| numbers(conn, names, ids)).transpose()?.map(Arc::new);
        let seen = |held: &Marks| {
            names.classes_seen(conn, held).map(Arc::new).map_err(|e| fault("find the classes of a scope", e))
        };
        let Some(held) = &self.marks else {
            let (types, traced) = (self.types.as_ref().map(numbers_of), self.traced.as_ref().map(numbers_of));
            return Ok(Lens { types, traced, patients, barred, classes: None, opened: None });
        };
        let opened = self.opened.as_ref().map(|opened| {
            let more: Marks = &**held | &opened.marks;
            Ok::<_, Refusal>((Arc::new(numbers(conn, names, &opened.patients)?), seen(&more)?))
        });
        Ok(Lens {
            types: self.types.as_ref().map(numbers_of),
            traced: self.traced.as_ref().map(numbers_of),
            patients,
            barred,
            classes: Some(seen(held)?),
            opened: opened.transpose()?,
        })
    }

    /// A hash of the scope, so that a page token cannot be carried to another.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(format!("{self:?}").as_bytes()).into()
    }
}

/// What is in both; nothing stands for all.
fn both<T: Ord + Clone>(
    a: &Option<Arc<BTreeSet<T>>>,
    b: &Option<Arc<BTreeSet<T>>>,
) -> Option<Arc<BTreeSet<T>>> {
    match (a, b) {
        (None, set) | (set, None) => set.clone(),
        (Some(a), Some(b)) => Some(Arc::new(&**a & &**b)),
    }
}

fn numbers(conn: &Conn, names: &Names, ids: &BTreeSet<String>) -> Result<HashSet<i64>, Refusal> {
    let patient = names.type_number("Patient").unwrap_or(0);
    let find = |id: &String| {
        let sql = "SELECT res FROM guarded_name WHERE type = ?1 AND id = ?2 AND ver > 0";
        let id = IdKey::of(id);
        let values = [patient.into(), id.bytes().into()];
        conn.first(sql, &values, |r| r.get(0)).map_err(|e| fault("find the patients of a scope", e))
    };
    ids.iter().filter_map(|id| find(id).transpose()).collect()
}
